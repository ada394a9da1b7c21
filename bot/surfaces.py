"""What Bolt calls for every request: it finds the route by its surface and id, lets the person in, and calls the function.

One middleware, and dicts, instead of a listener for every id: the fortieth button costs what the first does, and Bolt does not
ask each listener in turn whether it is meant. What was asked is read by the door and stands in Bolt's context as `asked`. Errors
before the acknowledgement end in `failed`, which makes them the answer that the surface can show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Set
from dataclasses import replace
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.access import Access
from bot.background import Background
from bot.cards.forms import Origin, field_block
from bot.cards.message import Message
from bot.cards.text import cut
from bot.cases import Person
from bot.errors import Refused
from bot.listening import Listening, Routes, Words
from bot.parts import Parts, call
from bot.payloads import Asked, Click, Command, HomeOpened, Place, Shortcut, Submission, Typeahead
from bot.people import People
from bot.slack import SlackDown
from bot.tokens import as_text
from bot.verbs import verb_of

# Of the 3 seconds that Slack gives: what finding out who it is may take, and until when a form's answer must be on its way.
_WHO = 1.5
_ANSWER = 1.8
_NAMES_WITHIN = 0.5


class Surfaces:
    """`parts` are what a listener can name besides what was asked."""

    def __init__(
        self, parts: Parts, people: People, access: Access, background: Background, listening: Listening, words: Words
    ) -> None:
        self._parts = parts
        self._people = people
        self._access = access
        self._background = background
        self._listening = listening
        self._words = words

    def route(
        self,
        app: AsyncApp,
        *,
        commands: Routes,
        shortcuts: Routes,
        actions: Routes,
        options: Routes,
        submissions: Routes,
        events: Routes,
        for_members: Set[str],
    ) -> None:
        self._for_members = for_members
        routes: dict[type[Asked], Routes] = {
            Command: commands,
            Shortcut: shortcuts,
            Click: actions,
            Typeahead: options,
            Submission: submissions,
            HomeOpened: events,
        }

        async def answered(ack: AsyncAck, context: AsyncBoltContext) -> BoltResponse:
            asked: Asked = context["asked"]
            await self._answer(routes[type(asked)].get(asked.route), asked, ack)
            return ack.response or BoltResponse(status=200, body="")

        app.use(answered)
        app.error(self.failed)

    async def _answer(self, function: Callable[..., Awaitable[None]] | None, asked: Asked, ack: AsyncAck) -> None:
        if function is None:
            raise Refused("This casebot does not know what you pressed any more. Ask again with /case.")
        until = asyncio.get_running_loop().time() + _ANSWER
        place = _where(asked)
        by = replace(await self._who(place.user), channel=place.channel)
        name = asked.route
        if name not in self._for_members:
            self._access.work(by)
        self._background.room()
        known: dict[str, Any] = {**self._parts, _NAMES[type(asked)]: asked, "by": by, "ack": ack, "parts": self._parts}
        known["later"] = self._listening.later(place, name, asked.trigger if isinstance(asked, Click) else "")
        if isinstance(asked, Click):
            known["staged"] = self._listening.staged(asked, name)
        if isinstance(asked, Submission):
            known["settle"] = self._listening.settle(asked, name, by, ack, until)
        if isinstance(asked, Command | Click | Submission):
            known["wish"] = self._listening.wish(asked, name, by)
        await call(function, known)

    async def _who(self, user: str) -> Person:
        """The person, and the rep that they are: right after the start the names may take a moment."""
        try:
            by = self._people.at_hand(user)
            if by is None:
                async with asyncio.timeout(_WHO):
                    by = await self._people.member(user)
            return await self._people.recognised(by, _NAMES_WITHIN)
        except TimeoutError as fault:
            raise SlackDown("users.info is slow") from fault

    async def failed(self, error: Exception, context: dict[str, Any]) -> BoltResponse:
        """What was not acknowledged yet becomes words, in the form that the surface can show."""
        asked: Asked = context["asked"]
        typed = as_text(asked.text) if isinstance(asked, Command) else ""
        messages = self._words(error, typed=typed)
        if not isinstance(asked, Typeahead):
            self._background.start(self._listening.refused(_where(asked), _what(asked), error))
        match asked:
            case Command():
                first, rest = messages[0], messages[1:]
                self._tell(asked, rest)
                return _json({"response_type": "ephemeral", "text": first.text, "blocks": first.blocks})
            case Submission():
                field = error.field if isinstance(error, Refused) else ""
                block = field_block(asked.view.blocks, field)
                says = getattr(error, "says", "") or messages[0].text
                return _json({"response_action": "errors", "errors": {block: cut(says, 1_000)}})
            case Typeahead():
                return _json({"options": []})
            case HomeOpened():
                self._background.start(self._listening.tell_home(asked.place.user, messages[0]))
            case Shortcut() | Click():
                self._tell(asked, messages)
        return BoltResponse(status=200, body="")

    def _tell(self, asked: Asked, messages: list[Message]) -> None:
        if messages:
            self._background.start(self._listening.tell(asked.place, messages))


def _where(asked: Asked) -> Place:
    """The place where it was asked, for the audit, too: Slack does not say in which channel a form was opened, the form does."""
    if not isinstance(asked, Submission):
        return asked.place
    try:
        channel = Origin.load(asked.view.metadata).place.channel
    except ValueError:
        # Its listener says that it cannot be read.
        return asked.place
    return asked.place.model_copy(update={"channel": channel})


def _what(asked: Asked) -> str:
    """What was asked, as the audit names it."""
    match asked:
        case Command():
            typed = verb_of(asked.text.strip().partition(" ")[0])
            return typed.name if typed else "case"
        case HomeOpened():
            return "home"
    return asked.route


_NAMES: dict[type[Asked], str] = {
    Command: "command",
    Shortcut: "shortcut",
    Click: "click",
    Typeahead: "typeahead",
    Submission: "submission",
    HomeOpened: "opened",
}


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=200, body=body)
