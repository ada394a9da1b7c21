"""What the Slack stand-in holds: people, channels, messages, views, and the record of what the bot asked.

Plain data and how Slack writes it as JSON; the rules of the Web API are elsewhere. A message or view keeps its identity when it
is edited, so a test may hold on to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.blocks import elements
from simulator.slack_elements import state_of
from simulator.slack_text import Json, plain, shown

APP = "A01CASEBOT"
BOT = "B01CASEBOT"
BOT_USER = "U01CASEBOT"
CHATS = {"chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete"}
WRITES = {"response_url", "views.open", "views.push", "views.update", "views.publish"} | CHATS


class NotPossible(AssertionError):
    """A person could not do this in Slack: the button is not there, the message is not theirs to see, the modal is closed."""


class Absent(NotPossible):
    """What was looked for is not (or not yet) there."""


@dataclass(eq=False)
class User:
    """`team` differs from the workspace's for somebody from another company; `stranger`: no channel in common.
    `single_channel` is for a guest who is in one channel only."""

    id: str
    name: str
    real_name: str
    email: str = ""
    team: str = "T01ACME"
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600
    admin: bool = False
    guest: bool = False
    single_channel: bool = False
    stranger: bool = False
    deleted: bool = False
    bot: bool = False

    def facts(self, *, email: bool, home_team: str) -> Json:
        """As `users.info` answers; `email`: the token may read addresses. A deactivated user has fewer fields."""
        profile: Json = {"real_name": self.real_name, "display_name": self.name, "team": self.team, "image_48": ""}
        if email and self.email and not self.stranger:
            profile["email"] = self.email
        facts: Json = {"id": self.id, "team_id": self.team, "name": self.name, "deleted": self.deleted, "profile": profile}
        facts |= {"is_bot": self.bot, "is_app_user": False, "updated": 1_780_000_000}
        if self.team != home_team:
            facts["is_stranger"] = self.stranger
        if self.deleted:
            return facts
        roles = {"is_admin": self.admin, "is_owner": False, "is_primary_owner": False}
        roles |= {"is_restricted": self.guest, "is_ultra_restricted": self.guest and self.single_channel}
        zone = {"tz": self.tz, "tz_label": self.tz, "tz_offset": self.tz_offset}
        return facts | roles | zone | {"real_name": self.real_name, "color": "9f69e7", "is_email_confirmed": True}


@dataclass(eq=False)
class Channel:
    """`kind` is public, private, mpim or im. Messages stand in the order of their ts, ephemeral ones among them."""

    id: str
    name: str
    kind: str = "public"
    members: set[str] = field(default_factory=set)
    archived: bool = False
    shared: bool = False
    messages: list[Message] = field(default_factory=list)

    @property
    def payload_name(self) -> str:
        return {"im": "directmessage", "private": "privategroup", "mpim": "privategroup"}.get(self.kind, self.name)

    @property
    def scope(self) -> str:
        """The family of scopes that reads it."""
        return {"public": "channels", "private": "groups"}.get(self.kind, self.kind)

    def message(self, ts: str) -> Message | None:
        return next((message for message in self.messages if message.ts == ts and not message.to), None)

    def thread(self, ts: str) -> list[Message]:
        """The message of that ts and its replies."""
        return [message for message in self.messages if not message.to and ts in (message.ts, message.thread_ts)]


@dataclass(frozen=True)
class Element:
    """An interactive element where it stands."""

    block_id: str
    raw: Json

    @property
    def action_id(self) -> str:
        return str(self.raw["action_id"])

    @property
    def label(self) -> str:
        return str((self.raw.get("text") or {}).get("text") or "")

    @property
    def value(self) -> str:
        return str(self.raw.get("value") or "")

    @property
    def options(self) -> list[Json]:
        groups = self.raw.get("option_groups") or [{"options": self.raw.get("options") or []}]
        return [option for group in groups for option in group["options"]]


class Blocks:
    """What a message and a view have in common for whoever looks for something in them."""

    blocks: list[Json]
    typed: dict[tuple[str, str], Json]

    @property
    def elements(self) -> list[Element]:
        return [Element(str(block["block_id"]), element) for block, element in elements(self.blocks)]

    @property
    def buttons(self) -> list[str]:
        """The labels of all buttons."""
        return [element.label for element in self.elements if element.raw["type"] == "button"]

    @property
    def state(self) -> Json:
        return {"values": state_of(self.blocks, self.typed)}

    def button(self, label: str, nth: int = 0) -> Element:
        """The nth button of that label. Raises Absent."""
        found = [element for element in self.elements if element.raw["type"] == "button" and element.label == label]
        if len(found) <= nth:
            raise Absent(f"no button {label!r} (number {nth}); there are {self.buttons} in:\n{self.plain()}")
        return found[nth]

    def element(self, action_id: str, nth: int = 0) -> Element:
        """The nth element of that action_id. Raises Absent."""
        found = [element for element in self.elements if element.action_id == action_id]
        if len(found) <= nth:
            there = sorted({element.action_id for element in self.elements})
            raise Absent(f"no element {action_id!r} (number {nth}); there are {there} in:\n{self.plain()}")
        return found[nth]

    def plain(self) -> str:
        """All that a person reads."""
        return plain(self.blocks)


@dataclass(eq=False)
class Message(Blocks):
    """`text` is as Slack stores it (escaped); `to` is the one person who sees it, "" for everybody in the channel.

    `edits` holds the text and blocks of every earlier state; `via_url` says that a response_url posted it; `reactions` are the
    people behind each emoji name.
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    to: str = ""
    by_bot: bool = False
    via_url: bool = False
    team: str = "T01ACME"
    deleted: bool = False
    metadata: Json | None = None
    edits: list[tuple[str, list[Json]]] = field(default_factory=list)
    typed: dict[tuple[str, str], Json] = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ephemeral(self) -> bool:
        return bool(self.to)

    def plain(self) -> str:
        return plain(self.blocks) if self.blocks else shown(self.text)

    def edit(self, text: str, blocks: list[Json]) -> None:
        self.edits.append((self.text, self.blocks))
        self.text, self.blocks, self.typed = text, blocks, {}

    def facts(self, replies: int = 0) -> Json:
        """As Slack writes it; `replies` is how many answers its thread has."""
        facts: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": self.team}
        if self.by_bot:
            facts |= {"bot_id": BOT, "app_id": APP, "bot_profile": {"id": BOT, "app_id": APP, "name": "casebot"}}
        if self.blocks:
            facts["blocks"] = self.blocks
        if self.thread_ts or replies:
            facts["thread_ts"] = self.thread_ts or self.ts
        if replies:
            facts["reply_count"] = replies
        if self.reactions:
            facts["reactions"] = [{"name": name, "users": who, "count": len(who)} for name, who in self.reactions.items()]
        if self.edits:
            facts["edited"] = {"user": self.user, "ts": self.ts}
        return facts if self.metadata is None else facts | {"metadata": self.metadata}


@dataclass(eq=False)
class View(Blocks):
    """A modal or a Home. `content` is what the bot sent; `errors` are the refusals shown at its fields, by block_id."""

    id: str
    user: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    closed: bool = False
    team: str = "T01ACME"
    typed: dict[tuple[str, str], Json] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:  # type: ignore[override]  # a view's blocks are part of its content
        return list(self.content["blocks"])

    @property
    def kind(self) -> str:
        return str(self.content["type"])

    @property
    def callback_id(self) -> str:
        return str(self.content.get("callback_id") or "")

    @property
    def title(self) -> str:
        return str((self.content.get("title") or {}).get("text") or "")

    def plain(self) -> str:
        return plain({key: self.content[key] for key in ("title", "blocks") if key in self.content})

    def facts(self) -> Json:
        """As Slack writes it in payloads and answers."""
        plain_defaults: Json = {"private_metadata": "", "callback_id": "", "external_id": ""}
        if self.kind == "modal":
            plain_defaults |= {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        return {
            **plain_defaults,
            **self.content,
            "id": self.id,
            "team_id": self.team,
            "hash": self.hash,
            "state": self.state,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "app_id": APP,
            "app_installed_team_id": self.team,
            "bot_id": BOT,
        }


@dataclass(frozen=True)
class Call:
    """One call of the Web API (`method`) or of a response_url (`response_url`), with what was answered; `at` in unix seconds.

    `path` is where it was sent, `faults` is what the workspace noted while it was judged.
    """

    method: str
    args: Json
    answer: Json
    at: float
    seconds: float
    status: int = 200
    path: str = ""
    faults: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        return str(self.answer.get("error") or "")

    @property
    def writes(self) -> bool:
        return self.method in WRITES


class Changes:
    """Counts every change, so that a page can follow and a test can wait."""

    def __init__(self) -> None:
        self.version = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def note(self) -> None:
        self.version += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def after(self, version: int) -> int:
        """Waits until something changed since `version`; returns the version then."""
        while self.version <= version:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        return self.version


def with_ids(blocks: list[Json], ids: Iterator[int]) -> list[Json]:
    """A copy of the blocks in which every block and element has its id, as Slack gives them."""
    filled = []
    for block in blocks:
        block = {"block_id": f"b{next(ids)}", **block}
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                block[key] = _with_action_id(block[key], ids)
        if block["type"] == "actions":
            block["elements"] = [_with_action_id(element, ids) for element in block["elements"]]
        filled.append(block)
    return filled


def _with_action_id(element: dict[str, Any], ids: Iterator[int]) -> Json:
    return element if element["type"] == "image" else {"action_id": f"a{next(ids)}", **element}
