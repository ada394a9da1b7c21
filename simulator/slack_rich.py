"""The inside of a `rich_text` block: its paragraphs and the runs of text in them.

Slack documents no limits of length here; the text counts towards a message's sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simulator.slack_rules import ADDRESS, Report, Rule, Shape, check, flag, listing, matching, one_of, shaped, string, whole
from simulator.slack_text import Json, units

STYLE = {
    "style": shaped(Shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "unlink"), flag)))
}
_ID = matching(r"[A-Z][A-Z0-9]+")
RUNS: dict[str, Shape] = {
    "text": Shape({"text": string(40_000)}, STYLE),
    "link": Shape({"url": ADDRESS}, {"text": string(40_000), "unsafe": flag, **STYLE}),
    "emoji": Shape({"name": string(100)}, {"unicode": string(100), "skin_tone": whole(1, 6)}),
    "user": Shape({"user_id": _ID}, STYLE),
    "usergroup": Shape({"usergroup_id": _ID}, STYLE),
    "channel": Shape({"channel_id": _ID}, STYLE),
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}),
    "color": Shape({"value": matching("#[0-9A-Fa-f]{6}")}),
    "date": Shape(
        {"timestamp": whole(0, 9_999_999_999), "format": string(200)}, {"url": ADDRESS, "fallback": string(500), **STYLE}
    ),
}


def _of_type(shapes: Mapping[str, Shape]) -> Rule:
    """An object whose `type` names one of the shapes."""

    def rule(report: Report, path: str, value: object) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = shapes.get(str(kind))
        if shape is None:
            return report.note(path, f"must be one of {sorted(shapes)}, not {kind!r}")
        return check(report, path, value, shape)

    return rule


_RUNS = listing(1000, _of_type(RUNS))
SECTION = Shape({"elements": _RUNS})
PARAGRAPHS: dict[str, Shape] = {
    "rich_text_section": SECTION,
    "rich_text_quote": Shape({"elements": _RUNS}, {"border": whole(0, 1)}),
    "rich_text_preformatted": Shape(
        {"elements": listing(1000, _of_type({key: RUNS[key] for key in ("text", "link")}))},
        {"border": whole(0, 1), "language": string(50)},
    ),
    "rich_text_list": Shape(
        {"elements": listing(1000, _of_type({"rich_text_section": SECTION})), "style": one_of("bullet", "ordered")},
        {"indent": whole(0, 8), "offset": whole(0, 10_000), "border": whole(0, 1)},
    ),
}
RICH_TEXT = listing(1000, _of_type(PARAGRAPHS))


def rich_length(block: Json) -> int:
    """The text of all runs, in UTF-16 units."""
    return sum(units(run["text"]) for run in _runs(block) if isinstance(run.get("text"), str))


def _runs(thing: object) -> Iterator[Json]:
    inside = thing.get("elements") if isinstance(thing, dict) else None
    if isinstance(thing, dict) and inside is None:
        yield thing
    for inner in inside if isinstance(inside, list) else []:
        yield from _runs(inner)
