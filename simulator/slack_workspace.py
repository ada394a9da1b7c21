"""The workspace: who and what there is, what each person sees, and every change to it.

The bot's identity is fixed: user U01CASEBOT, bot B01CASEBOT, app A01CASEBOT. Not imitated: presence, files, user groups,
reading marks, notifications, events of reactions.
"""

from __future__ import annotations

import inspect
import itertools
import time
from asyncio import timeout as within
from collections.abc import Callable
from typing import Any

from simulator.hooks import Hook
from simulator.slack_elements import kept
from simulator.slack_state import BOT_USER, Absent, Call, Changes, Channel, Message, NotPossible, User, View, with_ids
from simulator.slack_text import Json, as_stored

SUPPORT, BILLING, RANDOM = "C01SUPPORT", "C02BILLING", "C03RANDOM"
LEADS, BOARD = "G01LEADS", "G02BOARD"
JANE, BOB, MIA, ADA, GUS, OTTO, DORA = "U01JANE", "U02BOB", "U03MIA", "U04ADA", "U05GUS", "U06OTTO", "U07DORA"


class Workspace:
    """`faults` holds, as sentences, everything that Slack would have refused, and `calls` all that the bot asked."""

    def __init__(self, team: str = "T01ACME") -> None:
        self.team = team
        self.domain = "acme"
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.faults: list[str] = []
        self.calls: list[Call] = []
        self.changed = Changes()
        self.on_request: Hook | None = None  # gets the method's name and the arguments; before anything happens
        self.on_effect: Hook | None = None  # gets the Call; after a write took effect, before its answer
        self.on_answer: Hook | None = None  # gets the Call; after the answer left
        self.ids = itertools.count(1)
        self._ahead = 0.0
        self._last_ts = (0, 0)
        self._people()
        self._places()

    def _people(self) -> None:
        self.add_user(JANE, name="jane", real_name="Jane Doe", email="jane@acme.example")
        self.add_user(BOB, name="bob", real_name="Bob Stone", email="bob@acme.example", tz="America/New_York", tz_offset=-18000)
        self.add_user(MIA, name="mia", real_name="Mia Long", email="mia@acme.example")
        self.add_user(ADA, name="ada", real_name="Ada King", email="ada@acme.example", admin=True)
        self.add_user(GUS, name="gus", real_name="Gus Visitor", email="gus@guest.example", guest=True)
        self.add_user(OTTO, name="otto", real_name="Otto Other", email="otto@other.example", team="T09OTHER")
        self.add_user(DORA, name="dora", real_name="Dora Gone", email="dora@acme.example", deleted=True)
        self.add_user("U08ROBO", name="robo", real_name="Robo", bot=True)
        self.add_user(BOT_USER, name="casebot", real_name="casebot", bot=True)

    def _places(self) -> None:
        everybody = [JANE, BOB, MIA, ADA]
        self.add_channel(SUPPORT, "support", members=[*everybody, GUS, BOT_USER])
        self.add_channel(BILLING, "billing", members=[*everybody, OTTO, BOT_USER], shared=True)
        self.add_channel(RANDOM, "random", members=[*everybody, GUS])
        self.add_channel(LEADS, "leads", kind="private", members=[JANE, ADA, BOT_USER])
        self.add_channel(BOARD, "board", kind="private", members=[JANE, ADA])

    def add_user(self, id: str, *, name: str, real_name: str = "", email: str = "", team: str = "", **more: object) -> User:
        """`more`: tz, tz_offset, admin, guest, single_channel, stranger, deleted, bot. A user of that id is replaced."""
        # What `more` may be stands above: mypy cannot hold one type of value against User's several.
        user = User(id, name, real_name or name.title(), email, team or self.team, **more)  # type: ignore[arg-type]
        self.users[id] = user
        return user

    def add_channel(
        self, id: str, name: str, *, kind: str = "public", members: list[str] | None = None, shared: bool = False
    ) -> Channel:
        channel = Channel(id, name, kind, set(members or []), shared=shared)
        self.channels[id] = channel
        return channel

    def dm(self, user: str) -> Channel:
        """The direct messages between the bot and a person, opened at the first use."""
        id = "D" + user[1:]
        return self.channels.get(id) or self.add_channel(id, self.users[user].name, kind="im", members=[user, BOT_USER])

    def now(self) -> float:
        """The simulator's time in unix seconds, which `forward` moves on."""
        return time.time() + self._ahead

    def forward(self, seconds: float) -> None:
        """Lets time pass for triggers, response URLs and new messages; signatures keep the real time."""
        self._ahead += seconds

    def next_ts(self) -> str:
        """Unique and increasing."""
        second = int(self.now())
        last, count = self._last_ts
        self._last_ts = (second, 100) if second > last else (last, count + 100)
        return f"{self._last_ts[0]}.{self._last_ts[1]:06d}"

    def fault(self, says: str) -> None:
        self.faults.append(says)
        self.changed.note()

    def forgive(self, *codes: str) -> None:
        """Takes the faults of these codes off the list: the test meant them to happen. Raises Absent for one that did not."""
        for code in codes:
            if not any(code in fault for fault in self.faults):
                raise Absent(f"no fault {code!r} among {self.faults}")
            self.faults[:] = [fault for fault in self.faults if code not in fault]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def stored(self, text: str, *, labels: bool = False) -> str:
        """Typed text as Slack keeps it; see `as_stored`."""
        people = {user.real_name.lower(): user.id for user in self.users.values()}
        people |= {user.name.lower(): user.id for user in self.users.values()}
        places = {channel.name.lower(): channel.id for channel in self.channels.values() if channel.kind == "public"}
        return as_stored(text, people, places, labels=labels)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str = "", as_is: bool = False) -> str:
        """A person writes; returns the ts. `as_is`: the text is already as Slack stores it."""
        stored = text if as_is else self.stored(text)
        if thread_ts and not self.channels[channel].thread(thread_ts):
            raise NotPossible(f"no thread {thread_ts} in {channel}")
        team = self.users[user].team
        return self.put(Message(channel, "", user, stored, thread_ts=thread_ts, team=team, by_bot=user == BOT_USER)).ts

    def put(self, message: Message) -> Message:
        """Puts a message into its channel, gives it its ts, and its blocks their ids."""
        message.ts = self.next_ts()
        message.blocks = with_ids(message.blocks, self.ids)
        self.channels[message.channel].messages.append(message)
        self.changed.note()
        return message

    def edit(self, message: Message, text: str, blocks: list[Json]) -> None:
        message.edit(text, with_ids(blocks, self.ids))
        self.changed.note()

    def react(self, user: str, message: Message, name: str) -> None:
        """Adds the person's reaction, or takes it back; `name` is the emoji's, without colons."""
        who = message.reactions.setdefault(name, [])
        if user in who:
            who.remove(user)
        else:
            who.append(user)
        if not who:
            del message.reactions[name]
        self.changed.note()

    def remove(self, message: Message) -> None:
        message.deleted = True
        self.channels[message.channel].messages.remove(message)
        self.changed.note()

    def facts(self, message: Message) -> Json:
        """A message as Slack writes it, with the count of its thread."""
        thread = self.channels[message.channel].thread(message.ts)
        return message.facts(len(thread) - 1 if not message.thread_ts else 0)

    def can_see(self, user: str, channel: str) -> bool:
        place, person = self.channels[channel], self.users[user]
        open_to_all = place.kind == "public" and not person.guest and person.team == self.team
        return user in place.members or open_to_all

    def seen(self, user: str, channel: str, thread_ts: str | None = None) -> list[Message]:
        """The messages of a channel as that person sees them, oldest first; with `thread_ts`, those of the thread."""
        if not self.can_see(user, channel):
            return []
        seen = [message for message in self.channels[channel].messages if message.to in ("", user)]
        return [message for message in seen if thread_ts is None or thread_ts in (message.ts, message.thread_ts)]

    def last(self, user: str, channel: str) -> Message:
        """The newest message that the person sees there. Raises Absent."""
        seen = self.seen(user, channel)
        if not seen:
            raise Absent(f"{user} sees no message in {channel}")
        return seen[-1]

    def views(self, user: str) -> list[View]:
        """The person's open modals, the top one last."""
        return self.stacks.setdefault(user, [])

    def view(self, user: str) -> View:
        """The modal that the person sees. Raises Absent."""
        if not self.views(user):
            raise Absent(f"{user} has no modal open")
        return self.views(user)[-1]

    def home(self, user: str) -> View:
        """What the bot published for that person. Raises Absent."""
        if user not in self.homes:
            raise Absent(f"no Home was published for {user}")
        return self.homes[user]

    def new_view(self, user: str, content: Json, *, above: View | None = None) -> View:
        id = f"V{next(self.ids):05d}"
        root, previous = (above.root_id, above.id) if above else (id, None)
        content = content | {"blocks": with_ids(content["blocks"], self.ids)}
        return View(id, user, content, self.new_hash(), root, previous, team=self.team)

    def new_hash(self) -> str:
        return f"{self.now():.0f}.{next(self.ids):08x}"

    def put_view(self, view: View) -> View:
        """Opens a modal: on top of the stack if it belongs there, else instead of it; a Home replaces the person's Home."""
        if view.kind == "home":
            self.homes[view.user] = view
        else:
            if view.previous_id is None:
                self.close_views(view.user)
            self.views(view.user).append(view)
        self.changed.note()
        return view

    def change_view(self, view: View, content: Json) -> None:
        """Redraws a view; what was put in survives where block_id and action_id stay the same."""
        content = content | {"blocks": with_ids(content["blocks"], self.ids)}
        view.typed = kept(view.blocks, view.typed, content["blocks"])
        view.content, view.hash, view.errors = content, self.new_hash(), {}
        self.changed.note()

    def close_views(self, user: str, only: View | None = None) -> None:
        """Takes the person's modals away: one of them, or all."""
        for view in [only] if only else list(self.views(user)):
            self.views(user).remove(view)
            view.closed = True
        self.changed.note()

    def find_view(self, view_id: str = "", external_id: str = "") -> View | None:
        views = [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())
        fits = (view for view in views if view.id == view_id or (external_id and view.content.get("external_id") == external_id))
        return next(fits, None)

    # A time-out that says what is to be seen instead is worth more here than the one of asyncio.
    async def until(self, predicate: Callable[[], Any], *, timeout: float = 5.0, what: str = "") -> Any:  # noqa: ASYNC109
        """Asks again at every change (and every 20 ms, for what happens elsewhere) until the answer is true; returns it.

        A predicate that raises AssertionError is not true yet. Raises AssertionError that says what is to be seen instead.
        """
        missing = ""
        ends = time.monotonic() + timeout
        while True:
            version = self.changed.version
            try:
                answer = predicate()
                value = await answer if inspect.isawaitable(answer) else answer
                if value:
                    return value
            except AssertionError as fault:
                missing = f" ({fault})"
            if time.monotonic() > ends:
                raise AssertionError(f"not within {timeout} s: {what or predicate}{missing}\n{self.described()}")
            await self._change(version)

    async def _change(self, version: int) -> None:
        try:
            async with within(0.02):
                await self.changed.after(version)
        except TimeoutError:
            pass

    def described(self) -> str:
        """What is to be seen, for a failed expectation: the last messages, the open views, the faults and calls."""
        lines = [f"faults: {self.faults}"]
        lines += [f"call: {call.method} {'-> ' + call.error if call.error else ''}" for call in self.calls[-8:]]
        for channel in self.channels.values():
            for message in channel.messages[-4:]:
                whom = f" (only for {message.to})" if message.to else ""
                lines.append(f"[{channel.name}]{whom} {message.user}: {message.plain()} {message.buttons or ''}")
        for user, stack in self.stacks.items():
            lines += [f"modal of {user}: {view.plain()} {view.errors or ''}" for view in stack]
        lines += [f"home of {user}: {view.plain()}" for user, view in self.homes.items()]
        return "\n".join(lines)
