"""The shapes of JSON from outside: text where text belongs, an object where one belongs, or `Malformed`.

A missing optional part is read as empty; what is misshapen, or missing where nothing can be done without it, is an error at the
top and before anything is done, so that no wish is half done. What the parts mean does not belong here (`bot.reading`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

Raw = Mapping[str, Any]

# Slack's ids, triggers and time stamps are far shorter; what is longer would only fill memory as somebody's key.
_ID = 255
# Slack's own payloads nest some ten levels deep.
_DEEPEST = 60
# Halves of characters, which cannot be sent on as UTF-8, and the NUL that databases refuse.
_UNFIT = re.compile("[\x00\ud800-\udfff]")
# Each escape in JSON's text; the group holds those that stand for one of them. Two halves in the right order are a character.
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]|(u0000|u[dD][89a-fA-F])|.)", re.DOTALL)


class Malformed(ValueError):
    """What came is not what Slack sends. `str()` names the part that is wrong and holds nothing that was in it."""


def wrong(name: str) -> NoReturn:
    raise Malformed(name)


def text_in(value: object, name: str) -> str:
    """Text, "" where it is missing."""
    return value if isinstance(value, str) else "" if value is None else wrong(name)


def id_in(value: object, name: str) -> str:
    """An id, "" where it is missing."""
    text = text_in(value, name)
    return text if len(text) <= _ID else wrong(name)


def needed(value: object, name: str) -> str:
    """An id that nothing can be done without."""
    return id_in(value, name) or wrong(name)


def part(raw: Raw, name: str) -> Raw:
    """An object inside another; a missing one is empty."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {} if value is None else wrong(name)


def parts(raw: Raw, name: str) -> list[dict[str, Any]]:
    """A list of objects; a missing one is empty."""
    value = raw.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else wrong(name)


def from_json(text: str) -> Any:
    """The value of a JSON text that was decoded from bytes, as `fit` has it. Raises ValueError for what is no JSON."""
    value = json.loads(text)
    # Faster than to look at each of the hundreds of strings that a card has: in such a text only an escape can stand for what is
    # no character.
    if any(_ESCAPES.findall(text)):
        return fit(value)
    level = [value]
    for _ in range(_DEEPEST):
        level = [each for outer in level for each in _inside(outer) if isinstance(each, (dict, list))]
        if not level:
            return value
    wrong("nesting")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def fit(value: Any, depth: int = _DEEPEST) -> Any:
    """The same JSON value, fit to be sent on and stored: what is no character becomes U+FFFD. Raises Malformed when too deep."""
    if isinstance(value, str):
        return _UNFIT.sub("\ufffd", value) if _UNFIT.search(value) else value
    if not depth:
        wrong("nesting")
    if isinstance(value, dict):
        return {fit(name): fit(each, depth - 1) for name, each in value.items()}
    return [fit(each, depth - 1) for each in value] if isinstance(value, list) else value
