"""What Slack sends, as typed values: below this border nobody sees a raw payload.

One class for each surface. Its `route` is the id by which `handlers` finds the function that answers, `Place` where it was asked
and so where the answer belongs. How a raw payload becomes one of them stands in `bot.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.shapes import Raw, part, parts, text_in, wrong

_YEAR_3000 = 32_503_680_000


class Place(BaseModel):
    """Where something was asked. Rides in a modal's `private_metadata`, hence the one-letter names.

    `message_ts` is the message that carried the button or that the shortcut was used on, `thread_ts` its thread; `view_id` is
    the modal that showed the card; `home` is true for the App Home.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    user: str = Field("", alias="u")
    team: str = Field("", alias="t")
    channel: str = Field("", alias="c")
    message_ts: str = Field("", alias="m")
    thread_ts: str = Field("", alias="h")
    response_url: str = Field("", alias="r")
    ephemeral: bool = Field(False, alias="e")
    view_id: str = Field("", alias="v")
    home: bool = Field(False, alias="o")

    @property
    def is_card(self) -> bool:
        """A message that everybody in the channel sees carried the button."""
        return bool(self.message_ts) and not self.ephemeral


@dataclass(frozen=True, slots=True)
class OpenView:
    """A modal or the Home as the person sees it; `fields` maps each element's action_id to its state."""

    id: str
    root_id: str
    callback_id: str
    metadata: str
    home: bool
    fields: Mapping[str, Raw]
    blocks: list[dict[str, Any]]

    def text(self, action: str) -> str:
        return text_in(self._field(action).get("value"), action).strip()

    def option(self, action: str) -> str:
        """The chosen option's value, or ""."""
        return text_in(part(self._field(action), "selected_option").get("value"), action)

    def options(self, action: str) -> tuple[str, ...]:
        return tuple(text_in(option.get("value"), action) for option in parts(self._field(action), "selected_options"))

    def moment(self, action: str) -> int | None:
        """A datetime picker's choice, in unix seconds."""
        chosen = self._field(action).get("selected_date_time")
        if chosen is None:
            return None
        return chosen if type(chosen) is int and 0 < chosen < _YEAR_3000 else wrong(action)

    def _field(self, action: str) -> Raw:
        return self.fields.get(action, {})


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """Somebody's message. `text` is as Slack stores it: escaped."""

    ts: str
    thread_ts: str
    text: str
    user: str
    bot_name: str
    files: tuple[str, ...] = ()
    emails: tuple[Raw, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """`route` is the command itself, such as `/case`."""

    route: str
    text: str
    trigger: str
    place: Place


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut (`message` is set) or a global one."""

    route: str
    trigger: str
    place: Place
    message: SlackMessage | None = None


@dataclass(frozen=True, slots=True)
class Click:
    """A pressed button, a chosen menu entry, or Enter in an input that reports it."""

    route: str
    value: str
    trigger: str
    place: Place
    view: OpenView | None = None


@dataclass(frozen=True, slots=True)
class Typeahead:
    route: str
    typed: str
    place: Place
    view: OpenView | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    route: str
    view: OpenView
    trigger: str
    place: Place


@dataclass(frozen=True, slots=True)
class HomeOpened:
    route: str
    place: Place
    tab: str = "home"


Asked = Command | Shortcut | Click | Typeahead | Submission | HomeOpened
