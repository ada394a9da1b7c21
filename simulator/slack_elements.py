"""What interactive elements hold: their state in `state.values`, what an action carries, and what a person may put in.

A state is Slack's object for one element, such as `{"type": "plain_text_input", "value": "x"}`. Not imitated: time zones of the
time picker, files, rich text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from simulator.blocks import elements
from simulator.slack_text import Json, units

Typed = dict[tuple[str, str], Json]

# Which key of an element's state holds what was chosen, and which key of the element what is chosen from the start.
HELD: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
TEXT = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
_SHOWN = ("text", "value", "style", "url", "placeholder", "confirm", "initial_option")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]{2,}")


def held_of(element: Json, given: object) -> Json:
    """The state of an element that holds `given`; None and "" empty it."""
    key, _ = HELD[element["type"]]
    several = key in ("selected_options", "selected_users", "selected_conversations", "selected_channels")
    empty: Any = [] if several else None
    return {"type": element["type"], key: given if given not in (None, "", []) else empty}


def state_of(blocks: list[Json], typed: Typed) -> Json:
    """`state.values`: block_id -> action_id -> state; what the person put in wins over what stood there from the start."""
    values: Json = {}
    for block, element in elements(blocks):
        if element["type"] in HELD:
            place = (block["block_id"], element["action_id"])
            start = held_of(element, element.get(HELD[element["type"]][1]))
            values.setdefault(place[0], {})[place[1]] = typed.get(place, start)
    return values


def kept(old_blocks: list[Json], old_typed: Typed, new_blocks: list[Json]) -> Typed:
    """What survives an update of a view: the state of each element whose block_id, action_id and type are still there.

    A changed `initial_option` of such an element is thus not shown, as in Slack.
    """
    before = state_of(old_blocks, old_typed)
    survived: Typed = {}
    for block, element in elements(new_blocks):
        place = (str(block["block_id"]), str(element["action_id"]))
        state = before.get(place[0], {}).get(place[1])
        if state and state["type"] == element["type"]:
            survived[place] = state
    return survived


def option_of(offered: Iterable[Json], wanted: object) -> Json | None:
    """The offered option that `wanted` means: the option itself, its text, or its value; text goes first."""
    options = list(offered)
    if isinstance(wanted, dict):
        return wanted if wanted in options else None
    by_text = [option for option in options if option["text"]["text"] == str(wanted)]
    by_value = [option for option in options if option.get("value") == str(wanted)]
    return next(iter(by_text or by_value), None)


def action_of(block_id: str, element: Json, state: Json | None, moment: str) -> Json:
    """The entry of `actions` in a block_actions payload; `state` is what a stateful element now holds."""
    shown = {key: element[key] for key in _SHOWN if key in element}
    action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id, "action_ts": moment}
    return action | shown | (state or {})


def refusals(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's client says at the fields before it sends anything: block_id -> words."""
    said = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values[block["block_id"]][element["action_id"]]
            held = state[HELD[element["type"]][0]]
            words = _refusal(element, held, optional=block.get("optional") is True)
            if words:
                said[str(block["block_id"])] = words
    return said


def _refusal(element: Json, held: Any, *, optional: bool) -> str:
    if held in (None, "", []):
        return "" if optional else "Please complete this required field."
    if element["type"] == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if not least <= units(held) <= most:
            return f"Must be {least} to {most} characters, has {units(held)}."
    if element["type"] == "email_text_input" and not _EMAIL.fullmatch(held):
        return "Enter an email address."
    if element["type"] == "url_text_input" and not re.fullmatch(r"https?://\S+", held):
        return "Enter a URL."
    if element["type"] == "number_input":
        return _number_refusal(element, held)
    if isinstance(held, list) and len(held) > element.get("max_selected_items", 1000):
        return f"At most {element['max_selected_items']} may be chosen."
    return ""


def _number_refusal(element: Json, held: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+", held):
        return "Enter a number."
    least, most = element.get("min_value"), element.get("max_value")
    if (least is not None and float(held) < float(least)) or (most is not None and float(held) > float(most)):
        return f"Enter a number from {least} to {most}."
    return ""
