"""What Slack sends, as typed values: below this border nobody sees a raw payload.

One class for each surface; `Place` says where something was asked, and so where its answer belongs. Shapes: the interaction
payloads of Slack's documentation. Reading never raises for a missing optional part; what a listener cannot do without is read
with `[]`, so that a malformed payload is an error at the top and not a half-done wish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Raw = Mapping[str, Any]


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
        return str(self.fields.get(action, {}).get("value") or "").strip()

    def option(self, action: str) -> str:
        """The chosen option's value, or ""."""
        return str((self.fields.get(action, {}).get("selected_option") or {}).get("value") or "")

    def options(self, action: str) -> tuple[str, ...]:
        return tuple(str(option["value"]) for option in self.fields.get(action, {}).get("selected_options") or ())

    def moment(self, action: str) -> int | None:
        """A datetime picker's choice, in unix seconds."""
        chosen = self.fields.get(action, {}).get("selected_date_time")
        return int(chosen) if chosen else None


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

    @property
    def in_thread(self) -> bool:
        return bool(self.thread_ts)


@dataclass(frozen=True, slots=True)
class Command:
    text: str
    trigger: str
    place: Place


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut (`message` is set) or a global one."""

    callback_id: str
    trigger: str
    place: Place
    message: SlackMessage | None = None


@dataclass(frozen=True, slots=True)
class Click:
    """A pressed button, a chosen menu entry, or Enter in an input that reports it."""

    action: str
    value: str
    trigger: str
    place: Place
    view: OpenView | None = None


@dataclass(frozen=True, slots=True)
class Typeahead:
    action: str
    typed: str
    place: Place
    view: OpenView | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    view: OpenView
    trigger: str
    place: Place


@dataclass(frozen=True, slots=True)
class HomeOpened:
    place: Place
    tab: str = "home"


Asked = Command | Shortcut | Click | Typeahead | Submission | HomeOpened


def _who(body: Raw) -> dict[str, str]:
    user = body["user"]
    team = user.get("team_id") or (body.get("team") or {}).get("id") or ""
    return {"user": str(user["id"]), "team": str(team)}


def _view(body: Raw) -> OpenView | None:
    view = body.get("view")
    if not view:
        return None
    fields: dict[str, Raw] = {}
    for elements in ((view.get("state") or {}).get("values") or {}).values():
        fields.update(elements)
    return OpenView(
        id=str(view["id"]),
        root_id=str(view.get("root_view_id") or view["id"]),
        callback_id=str(view.get("callback_id") or ""),
        metadata=str(view.get("private_metadata") or ""),
        home=view.get("type") == "home",
        fields=fields,
        blocks=list(view.get("blocks") or ()),
    )


def _place(body: Raw, view: OpenView | None) -> Place:
    container = body.get("container") or {}
    message = body.get("message") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    thread_ts = message.get("thread_ts") or container.get("thread_ts") or ""
    return Place(
        **_who(body),
        channel=str(channel),
        message_ts=str(container.get("message_ts") or body.get("message_ts") or message.get("ts") or ""),
        thread_ts=str(thread_ts),
        response_url=str(body.get("response_url") or ""),
        ephemeral=bool(container.get("is_ephemeral")),
        view_id=view.id if view and not view.home else "",
        home=bool(view and view.home),
    )


def message_of(raw: Raw) -> SlackMessage:
    """A message of a shortcut's payload or of `conversations.replies`."""
    files = raw.get("files") or ()
    profile = raw.get("bot_profile") or {}
    return SlackMessage(
        ts=str(raw["ts"]),
        thread_ts=str(raw.get("thread_ts") or ""),
        text=str(raw.get("text") or ""),
        user=str(raw.get("user") or ""),
        bot_name=str(raw.get("username") or profile.get("name") or ""),
        files=tuple(str(file.get("title") or file.get("name") or "file") for file in files),
        emails=tuple(file for file in files if file.get("filetype") == "email"),
    )


def command_of(body: Raw) -> Command:
    place = Place(
        user=str(body["user_id"]),
        team=str(body.get("team_id") or ""),
        channel=str(body.get("channel_id") or ""),
        response_url=str(body.get("response_url") or ""),
    )
    return Command(text=str(body.get("text") or ""), trigger=str(body.get("trigger_id") or ""), place=place)


def shortcut_of(body: Raw) -> Shortcut:
    message = message_of(body["message"]) if body["type"] == "message_action" else None
    return Shortcut(str(body["callback_id"]), str(body.get("trigger_id") or ""), _place(body, None), message)


def click_of(body: Raw) -> Click:
    action = body["actions"][0]
    chosen = action.get("selected_option") or {}
    view = _view(body)
    value = action.get("value") or chosen.get("value") or ""
    return Click(str(action["action_id"]), str(value), str(body.get("trigger_id") or ""), _place(body, view), view)


def typeahead_of(body: Raw) -> Typeahead:
    view = _view(body)
    return Typeahead(str(body["action_id"]), str(body.get("value") or ""), _place(body, view), view)


def submission_of(body: Raw) -> Submission:
    view = _view(body)
    if view is None:
        raise KeyError("view")
    return Submission(view, str(body.get("trigger_id") or ""), _place(body, view))


def home_of(body: Raw) -> HomeOpened:
    event = body["event"]
    team = str(body.get("context_team_id") or body.get("team_id") or "")
    return HomeOpened(Place(user=str(event["user"]), team=team, home=True), str(event.get("tab") or "home"))


def asked_of(body: Raw) -> Asked | None:
    """Whatever it is that came in; None for what has no person waiting for an answer."""
    kind = body.get("type")
    if "command" in body and kind is None:
        return command_of(body)
    if (body.get("event") or {}).get("type") == "app_home_opened":
        return home_of(body)
    readers: Mapping[str, Callable[[Raw], Asked]] = {
        "message_action": shortcut_of,
        "shortcut": shortcut_of,
        "block_actions": click_of,
        "block_suggestion": typeahead_of,
        "view_submission": submission_of,
    }
    reader = readers.get(str(kind))
    return reader(body) if reader else None
