"""A person puts something into fields: what they mean by a word, a list or a moment becomes the element's state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from simulator.slack_elements import HELD, TEXT, held_of, option_of
from simulator.slack_state import Absent, Element, Message, NotPossible, View
from simulator.slack_text import Json

Where = Message | View
Typeahead = Callable[[str, Where, str, str], Awaitable[list[Json]]]


Name = str | tuple[str, str]


def field_of(where: Where, name: Name) -> Element:
    """The element of that action_id, else the one in the block of that block_id; a pair names both. Raises Absent."""
    for element in where.elements:
        if (element.block_id, element.action_id) == name and element.raw["type"] in HELD:
            return element
    for key in ("action_id", "block_id"):
        for element in where.elements:
            if getattr(element, key) == name and element.raw["type"] in HELD:
                return element
    there = [(element.block_id, element.action_id) for element in where.elements]
    raise Absent(f"no field {name!r}; there are {there} in:\n{where.plain()}")


class Filling:
    """`typeahead(user, where, action_id, typed)` asks the bot for options."""

    def __init__(self, typeahead: Typeahead) -> None:
        self._typeahead = typeahead

    async def fill(self, user: str, where: Where, values: Mapping[Any, Any]) -> None:
        """Puts values into fields: text; an option by its text, its value or itself; lists of these; None empties a field."""
        for name, given in values.items():
            element = field_of(where, name)
            where.typed[element.block_id, element.action_id] = await self.state(user, where, element, given)

    async def state(self, user: str, where: Where, element: Element, given: Any) -> Json:
        """The state of `element` once the person has put `given` in. Raises NotPossible."""
        kind = element.raw["type"]
        if kind not in HELD:
            raise NotPossible(f"{kind} {element.action_id!r} holds nothing")
        if given in (None, "", []):
            return held_of(element.raw, None)
        key = HELD[kind][0]
        if key == "selected_options":
            return held_of(element.raw, await self._options(user, where, element, given))
        if key == "selected_option":
            return held_of(element.raw, await self._option(user, where, element, given))
        if kind in TEXT:
            return held_of(element.raw, str(given))
        return held_of(element.raw, int(given.timestamp()) if isinstance(given, datetime) else given)

    async def _options(self, user: str, where: Where, element: Element, given: Any) -> list[Json]:
        if isinstance(given, bool):
            return element.options if given else []
        wanted = given if isinstance(given, list | tuple | set) else [given]
        return [await self._option(user, where, element, one) for one in wanted]

    async def _option(self, user: str, where: Where, element: Element, wanted: object) -> Json:
        if "external" in element.raw["type"]:
            return await self._found(user, where, element, wanted)
        option = option_of(element.options, wanted)
        if option is None:
            raise NotPossible(f"{element.action_id!r} does not offer {wanted!r}, but {_labels(element.options)}")
        return option

    async def _found(self, user: str, where: Where, element: Element, wanted: object) -> Json:
        """Types the word and takes the option of that text or value, else the only one; an option is taken as it is."""
        if isinstance(wanted, dict):
            return wanted
        offered = await self._typeahead(user, where, element.action_id, str(wanted))
        option = option_of(offered, wanted)
        if option is None and element.raw.get("min_query_length", 3) == 0:
            option = option_of(await self._typeahead(user, where, element.action_id, ""), wanted)
        if option is None and len(offered) == 1:
            option = offered[0]
        if option is None:
            raise NotPossible(f"{element.action_id!r} offers no {wanted!r}, but {_labels(offered)}")
        return option


def _labels(options: list[Json]) -> list[str]:
    return [option["text"]["text"] for option in options]
