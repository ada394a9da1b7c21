"""The shapes of Block Kit as data: which keys a block, element or view may have, and the rule for each.

Limits: Slack's reference of blocks and elements. Left out, and so refused: rich text input, files, video, tables, cards, and
whatever else casebot has no use for.
"""

from __future__ import annotations

from simulator.slack_rich import RICH_TEXT
from simulator.slack_rules import (
    ADDRESS,
    BOTH,
    Report,
    Rule,
    Shape,
    check,
    flag,
    listing,
    matching,
    one_of,
    shaped,
    string,
    whole,
    words,
)
from simulator.slack_text import Json, units

CONFIRM = shaped(
    Shape(
        {"title": words(100), "text": words(300, *BOTH), "confirm": words(30), "deny": words(30)},
        {"style": one_of("primary", "danger")},
    )
)
OPTION = shaped(Shape({"text": words(75), "value": string(150)}, {"description": words(75)}))
RICH_OPTION = shaped(Shape({"text": words(75, *BOTH), "value": string(150)}, {"description": words(75, *BOTH)}))
OVERFLOW_OPTION = shaped(Shape({"text": words(75), "value": string(150)}, {"url": string(3000), "description": words(75)}))
GROUP = shaped(Shape({"label": words(75), "options": listing(100, OPTION)}))


def _flat(thing: Json) -> list[object]:
    groups = thing.get("option_groups") or [{"options": thing.get("options") or []}]
    return [option for group in groups if isinstance(group, dict) for option in group.get("options") or []]


def _initial_offered(report: Report, path: str, thing: Json) -> None:
    """What is chosen from the start must be one of what is offered; no two may have the same value."""
    offered = _flat(thing)
    initial = thing.get("initial_options") or ([thing["initial_option"]] if "initial_option" in thing else [])
    for chosen in initial if isinstance(initial, list) else []:
        if chosen not in offered:
            report.note(path, "the initial option is not among the options")
    values = [option.get("value") for option in offered if isinstance(option, dict)]
    if len(set(values)) != len(values):
        report.note(path, "two options have the same value")


def _static(report: Report, path: str, thing: Json) -> None:
    if ("options" in thing) == ("option_groups" in thing):
        report.note(path, "must have either options or option_groups")
    _initial_offered(report, path, thing)


def _lengths(report: Report, path: str, thing: Json) -> None:
    least, most = thing.get("min_length", 0), thing.get("max_length", 3000)
    if not (isinstance(least, int) and isinstance(most, int)):
        return
    if least > most:
        report.note(path, "min_length is greater than max_length")
    if units(str(thing.get("initial_value") or "")) > most:
        report.note(f"{path}/initial_value", f"is longer than max_length ({most})")


def _picture(report: Report, path: str, thing: Json) -> None:
    if ("image_url" in thing) == ("slack_file" in thing):
        report.note(path, "must have either image_url or slack_file")


ACTION = {"action_id": string(255)}
FOCUS = {"focus_on_load": flag}
PLACEHOLDER = {"placeholder": words(150)}
DISPATCH = shaped(Shape({}, {"trigger_actions_on": listing(2, one_of("on_enter_pressed", "on_character_entered"))}))
ANYWHERE = frozenset({"section", "actions", "input"})
PRESSED = frozenset({"section", "actions"})
INPUT = frozenset({"input"})
PICTURE: dict[str, Rule] = {"image_url": ADDRESS, "slack_file": shaped(Shape({}, {"id": string(50), "url": string(3000)}))}


def _choosing(**more: Rule) -> Shape:
    return Shape({}, ACTION | PLACEHOLDER | FOCUS | {"confirm": CONFIRM} | more, ANYWHERE)


def _several(**more: Rule) -> Shape:
    return _choosing(max_selected_items=whole(1, 100), **more)


def _static_select(shape: Shape) -> Shape:
    offered = {"options": listing(100, OPTION), "option_groups": listing(100, GROUP)}
    return Shape(shape.required, {**shape.optional, **offered}, shape.places, _static)


FILTER = shaped(
    Shape(
        {},
        {
            "include": listing(4, one_of("im", "mpim", "private", "public")),
            "exclude_external_shared_channels": flag,
            "exclude_bot_users": flag,
        },
    )
)
_TYPED: dict[str, Rule] = ACTION | PLACEHOLDER | FOCUS | {"dispatch_action_config": DISPATCH}
_TEXT_INPUT: dict[str, Rule] = _TYPED | {
    "initial_value": string(3000, 0),
    "multiline": flag,
    "min_length": whole(0, 3000),
    "max_length": whole(1, 3000),
}
_NUMBER_INPUT: dict[str, Rule] = _TYPED | {"initial_value": string(100), "min_value": string(100), "max_value": string(100)}
_BUTTON: dict[str, Rule] = {
    **ACTION,
    "value": string(2000),
    "url": ADDRESS,
    "style": one_of("primary", "danger"),
    "accessibility_label": string(75),
    "confirm": CONFIRM,
}
_ID = string(50)
_IDS = listing(100, _ID)

ELEMENTS: dict[str, Shape] = {
    "button": Shape({"text": words(75)}, _BUTTON, PRESSED),
    "static_select": _static_select(_choosing(initial_option=OPTION)),
    "multi_static_select": _static_select(_several(initial_options=listing(100, OPTION))),
    "external_select": _choosing(initial_option=OPTION, min_query_length=whole(0, 100)),
    "multi_external_select": _several(initial_options=listing(100, OPTION), min_query_length=whole(0, 100)),
    "users_select": _choosing(initial_user=_ID),
    "multi_users_select": _several(initial_users=_IDS),
    "conversations_select": _choosing(
        initial_conversation=_ID, default_to_current_conversation=flag, response_url_enabled=flag, filter=FILTER
    ),
    "multi_conversations_select": _several(initial_conversations=_IDS, default_to_current_conversation=flag, filter=FILTER),
    "channels_select": _choosing(initial_channel=_ID, response_url_enabled=flag),
    "multi_channels_select": _several(initial_channels=_IDS),
    "overflow": Shape({"options": listing(5, OVERFLOW_OPTION)}, ACTION | {"confirm": CONFIRM}, PRESSED, _initial_offered),
    "checkboxes": Shape(
        {"options": listing(10, RICH_OPTION)},
        ACTION | FOCUS | {"initial_options": listing(10, RICH_OPTION), "confirm": CONFIRM},
        ANYWHERE,
        _initial_offered,
    ),
    "radio_buttons": Shape(
        {"options": listing(10, RICH_OPTION)},
        ACTION | FOCUS | {"initial_option": RICH_OPTION, "confirm": CONFIRM},
        ANYWHERE,
        _initial_offered,
    ),
    "datepicker": _choosing(initial_date=matching(r"\d{4}-\d{2}-\d{2}")),
    "timepicker": _choosing(initial_time=matching(r"\d{2}:\d{2}"), timezone=string(100)),
    "datetimepicker": Shape(
        {},
        ACTION | FOCUS | {"initial_date_time": whole(1_000_000_000, 9_999_999_999), "confirm": CONFIRM},
        frozenset({"actions", "input"}),
    ),
    "plain_text_input": Shape({}, _TEXT_INPUT, INPUT, _lengths),
    "email_text_input": Shape({}, _TYPED | {"initial_value": string(3000)}, INPUT),
    "url_text_input": Shape({}, _TYPED | {"initial_value": string(3000)}, INPUT),
    "number_input": Shape({"is_decimal_allowed": flag}, _NUMBER_INPUT, INPUT),
    "image": Shape({"alt_text": string(2000)}, PICTURE, frozenset({"section", "context"}), _picture),
}


def element(place: str) -> Rule:
    """An element that the block `place` takes."""

    def rule(report: Report, path: str, value: object) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind in BOTH and place == "context":
            return words(2000, *BOTH)(report, path, value)
        shape = ELEMENTS.get(str(kind))
        if shape is None:
            return report.note(path, f"unknown element: {kind!r}")
        if place not in shape.places:
            report.note(path, f"{kind} is not allowed in {place}")
        return check(report, path, value, shape)

    return rule


def _section(report: Report, path: str, thing: Json) -> None:
    if "text" not in thing and "fields" not in thing:
        report.note(path, "must have text or fields")


MESSAGE_ONLY = frozenset({"message"})
VIEWS_ONLY = frozenset({"modal"})
EVERY_SURFACE = frozenset({"message", "modal", "home"})
BLOCK_ID: dict[str, Rule] = {"block_id": string(255)}


BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {},
        BLOCK_ID
        | {
            "text": words(3000, *BOTH),
            "fields": listing(10, words(2000, *BOTH)),
            "accessory": element("section"),
            "expand": flag,
        },
        EVERY_SURFACE,
        _section,
    ),
    "header": Shape({"text": words(150)}, BLOCK_ID, EVERY_SURFACE),
    "divider": Shape({}, BLOCK_ID, EVERY_SURFACE),
    "context": Shape({"elements": listing(10, element("context"))}, BLOCK_ID, EVERY_SURFACE),
    "actions": Shape({"elements": listing(25, element("actions"))}, BLOCK_ID, EVERY_SURFACE),
    "input": Shape(
        {"label": words(2000), "element": element("input")},
        BLOCK_ID | {"hint": words(2000), "optional": flag, "dispatch_action": flag},
        EVERY_SURFACE,
    ),
    "image": Shape({"alt_text": string(2000)}, BLOCK_ID | PICTURE | {"title": words(2000)}, EVERY_SURFACE, _picture),
    "rich_text": Shape({"elements": RICH_TEXT}, BLOCK_ID, EVERY_SURFACE),
    "markdown": Shape({"text": string(12_000)}, BLOCK_ID, MESSAGE_ONLY),
    "alert": Shape(
        {"text": words(200, *BOTH)},
        BLOCK_ID | {"level": one_of("default", "info", "warning", "error", "success")},
        VIEWS_ONLY,
    ),
}

_VIEW: dict[str, Rule] = {"private_metadata": string(3000, 0), "callback_id": string(255, 0), "external_id": string(255, 0)}
MODAL = Shape(
    {"title": words(24), "blocks": lambda report, path, value: None},
    _VIEW
    | {
        "submit": words(24),
        "close": words(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
HOME = Shape({"blocks": lambda report, path, value: None}, _VIEW)
