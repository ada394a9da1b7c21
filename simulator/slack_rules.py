"""The rules that a value of a block, element or view must obey, and shapes made of them.

A rule takes a report, the path and the value, and notes what Slack would not take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.slack_text import Json, token_problems, units


class Report:
    """What was found, each as `path: what is wrong`."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def note(self, path: str, says: str) -> None:
        self.found.append(f"{path or '/'}: {says}")


Rule = Callable[[Report, str, object], None]


@dataclass(frozen=True)
class Shape:
    """`places` are the blocks that take the element, or the surfaces that take the block; `together` is checked last."""

    required: Mapping[str, Rule]
    optional: Mapping[str, Rule] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    together: Callable[[Report, str, Json], None] | None = None


def check(report: Report, path: str, thing: object, shape: Shape) -> None:
    """Every key known and of the right kind, the required ones there."""
    if not isinstance(thing, dict):
        return report.note(path, f"must be an object, not {type(thing).__name__}")
    for key in shape.required:
        if key not in thing:
            report.note(path, f"missing required field: {key}")
    for key, value in thing.items():
        rule = shape.required.get(key) or shape.optional.get(key)
        if rule:
            rule(report, f"{path}/{key}", value)
        elif key != "type":
            report.note(path, f"unknown key: {key}")
    if shape.together:
        shape.together(report, path, thing)
    return None


def string(limit: int, least: int = 1) -> Rule:
    def rule(report: Report, path: str, value: object) -> None:
        if not isinstance(value, str):
            return report.note(path, f"must be a string, not {type(value).__name__}")
        if units(value) > limit:
            report.note(path, f"must be at most {limit} characters, has {units(value)}")
        if units(value) < least:
            report.note(path, f"must be at least {least} character{'s' * (least > 1)}")
        return None

    return rule


def matching(pattern: str) -> Rule:
    def rule(report: Report, path: str, value: object) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            report.note(path, f"has the wrong form: {value!r}")

    return rule


def one_of(*values: object) -> Rule:
    def rule(report: Report, path: str, value: object) -> None:
        if value not in values:
            report.note(path, f"must be one of {values}, not {value!r}")

    return rule


def flag(report: Report, path: str, value: object) -> None:
    if not isinstance(value, bool):
        report.note(path, f"must be true or false, not {value!r}")


def whole(least: int, most: int) -> Rule:
    def rule(report: Report, path: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            report.note(path, f"must be a whole number from {least} to {most}, not {value!r}")

    return rule


def listing(most: int, each: Rule, least: int = 1) -> Rule:
    def rule(report: Report, path: str, value: object) -> None:
        if not isinstance(value, list):
            return report.note(path, f"must be a list, not {type(value).__name__}")
        if not least <= len(value) <= most:
            report.note(path, f"must have {least} to {most} items, has {len(value)}")
        for index, item in enumerate(value):
            each(report, f"{path}/{index}", item)
        return None

    return rule


def shaped(shape: Shape) -> Rule:
    return lambda report, path, value: check(report, path, value, shape)


def _mrkdwn_tokens(report: Report, path: str, thing: Json) -> None:
    for problem in token_problems(str(thing.get("text") or "")):
        report.note(f"{path}/text", problem)


def words(limit: int, *kinds: str) -> Rule:
    """A text object of one of the kinds (`plain_text` where none is given)."""

    def rule(report: Report, path: str, value: object) -> None:
        allowed = kinds or ("plain_text",)
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in allowed:
            return report.note(path, f"must be a text object of type {' or '.join(allowed)}, not {kind or value!r}")
        if kind == "mrkdwn":
            return check(report, path, value, Shape({"text": string(limit)}, {"verbatim": flag}, together=_mrkdwn_tokens))
        return check(report, path, value, Shape({"text": string(limit)}, {"emoji": flag}))

    return rule


BOTH = ("plain_text", "mrkdwn")
ADDRESS = matching(r"https?://\S{1,2990}")
