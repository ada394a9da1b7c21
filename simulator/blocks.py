"""Whether Slack would take a message's blocks or a view, judged as strictly as its reference can be read.

`problems` says what is wrong, `text_length` is what Slack adds up over a message's blocks, `active_tokens` lists what of a
message pings or links. Not imitated: blocks and elements that casebot has no use for (they are refused as unknown), and
whether an image's address leads to an image.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

from simulator.slack_rich import rich_length
from simulator.slack_rules import Report, check
from simulator.slack_shapes import BLOCKS, HOME, MODAL
from simulator.slack_text import Json, active_tokens, texts, units

__all__ = ["BLOCK_LIMIT", "TEXT_LIMIT", "Surface", "active_tokens", "elements", "problems", "text_length"]

Surface = Literal["message", "modal", "home"]

BLOCK_LIMIT: dict[str, int] = {"message": 50, "modal": 100, "home": 100}
TEXT_LIMIT = 12_000
VIEW_LIMIT = 250_000


def problems(what: object, surface: Surface) -> list[str]:
    """What Slack would refuse, each as `path: reason`; empty when it would take it.

    `what` is a list of blocks for a message, and a view for a modal or the Home. A bare list of blocks is judged by the
    surface's rules for blocks alone.
    """
    report = Report()
    blocks: object = what
    if isinstance(what, dict):
        blocks = what.get("blocks")
        _view(report, what, surface)
    elif surface == "message" and isinstance(what, list) and text_length(what) > TEXT_LIMIT:
        report.note("", f"msg_blocks_too_long: {text_length(what)} characters in all, at most {TEXT_LIMIT}")
    _blocks(report, blocks, surface)
    return report.found


def text_length(blocks: list[Json]) -> int:
    """The text of all text objects, rich text and markdown blocks, in UTF-16 units."""
    written = sum(units(thing["text"]) for _, thing in texts(blocks))
    markdown = [block["text"] for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"]
    rich = sum(rich_length(block) for block in blocks if isinstance(block, dict) and block.get("type") == "rich_text")
    return written + rich + sum(units(text) for text in markdown if isinstance(text, str))


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each interactive element with its block, in reading order."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element")]
        if block.get("type") == "actions":
            inside += block.get("elements") or []
        for element in inside:
            if isinstance(element, dict) and element.get("type") != "image":
                yield block, element


def _view(report: Report, view: Json, surface: Surface) -> None:
    if view.get("type") != surface:
        report.note("/type", f"must be {surface}, not {view.get('type')!r}")
    check(report, "", view, HOME if surface == "home" else MODAL)
    blocks = view.get("blocks")
    inputs = isinstance(blocks, list) and any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if surface == "modal" and inputs and "submit" not in view:
        report.note("", "submit is required when an input block is there")
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_LIMIT:
        report.note("", f"view_too_large: over {VIEW_LIMIT} bytes")


def _blocks(report: Report, blocks: object, surface: Surface) -> None:
    if not isinstance(blocks, list):
        return report.note("/blocks", f"must be a list, not {type(blocks).__name__}")
    if len(blocks) > BLOCK_LIMIT[surface]:
        report.note("/blocks", f"must be at most {BLOCK_LIMIT[surface]} blocks, are {len(blocks)}")
    for index, block in enumerate(blocks):
        _block(report, f"/blocks/{index}", block, surface)
    _unique(report, "/blocks", "block_id", [block for block in blocks if isinstance(block, dict)])
    markdown = sum(
        units(str(block.get("text"))) for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"
    )
    if markdown > TEXT_LIMIT:
        report.note("/blocks", f"markdown blocks have {markdown} characters in all, at most {TEXT_LIMIT}")
    return None


def _block(report: Report, path: str, block: object, surface: Surface) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    shape = BLOCKS.get(str(kind))
    if shape is None or not isinstance(block, dict):
        return report.note(path, f"unknown block: {kind if kind else block!r}")
    if surface not in shape.places:
        report.note(path, f"{kind} is not allowed in a {surface}")
    check(report, path, block, shape)
    if isinstance(block.get("elements", []), list):
        _unique(report, path, "action_id", [element for _, element in elements([block])])
    return None


def _unique(report: Report, path: str, key: str, things: list[Json]) -> None:
    seen: set[object] = set()
    for thing in things:
        given = thing.get(key)
        if isinstance(given, str) and given in seen:
            report.note(path, f"{key} {given!r} is there twice")
        if isinstance(given, str):
            seen.add(given)
