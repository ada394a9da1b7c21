"""One Bolt listener for each Slack surface: it finds the route by its id, lets the person in, and calls the function.

A dict instead of a listener for every id: the fortieth button costs what the first does. What was asked is read by the door and
stands in Bolt's context as `asked`. Errors before the acknowledgement end in `failed`, which makes them the answer that the
surface can show.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Set
from dataclasses import replace
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.access import Access
from bot.background import Background
from bot.cards.forms import field_block
from bot.cards.home import refused_home
from bot.cards.message import Message
from bot.cards.text import cut
from bot.cases import Person
from bot.errors import Refused
from bot.listening import Listening, Routes, Words
from bot.parts import Parts, call
from bot.payloads import Asked, Click, Command, HomeOpened, Shortcut, Submission, Typeahead
from bot.people import People
from bot.slack import SlackDown
from bot.tokens import as_text
from bot.verbs import verb_of

_ANY = re.compile(r".*", re.DOTALL)
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

        async def command(ack: AsyncAck, context: AsyncBoltContext) -> None:
            asked: Command = context["asked"]
            await self._answer(commands, asked.name, asked, ack)

        async def shortcut(ack: AsyncAck, context: AsyncBoltContext) -> None:
            asked: Shortcut = context["asked"]
            await self._answer(shortcuts, asked.callback_id, asked, ack)

        async def action(ack: AsyncAck, context: AsyncBoltContext) -> None:
            asked: Click = context["asked"]
            await self._answer(actions, asked.action.partition(":")[0], asked, ack)

        async def option(ack: AsyncAck, context: AsyncBoltContext) -> None:
            asked: Typeahead = context["asked"]
            await self._answer(options, asked.action, asked, ack)

        async def view(ack: AsyncAck, context: AsyncBoltContext) -> None:
            asked: Submission = context["asked"]
            await self._answer(submissions, asked.view.callback_id, asked, ack)

        async def event(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
            await self._answer(events, str(body["event"]["type"]), context["asked"], ack)

        app.command(_ANY)(command)
        app.shortcut(_ANY)(shortcut)
        app.action(_ANY)(action)
        app.options(_ANY)(option)
        app.view_submission(_ANY)(view)
        app.event(_ANY)(event)
        app.error(self.failed)

    async def _answer(self, routes: Routes, name: str, asked: Asked, ack: AsyncAck) -> None:
        function = routes.get(name)
        if function is None:
            raise Refused("This casebot does not know what you pressed any more. Ask again with /case.")
        until = asyncio.get_running_loop().time() + _ANSWER
        by = replace(await self._who(asked.place.user), channel=asked.place.channel)
        if name not in self._for_members:
            self._access.work(by)
        self._background.room()
        known: dict[str, Any] = {**self._parts, _NAMES[type(asked)]: asked, "by": by, "ack": ack, "parts": self._parts}
        known["later"] = self._listening.later(asked.place, name, asked.trigger if isinstance(asked, Click) else "")
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
            # Not `wait_for`: before Python 3.12 that makes a task of it, for an answer that is mostly there already.
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
            self._background.start(self._listening.refused(asked.place, _what(asked), error))
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
                self._background.start(self._parts["slack"].publish_home(asked.place.user, refused_home(messages[0])))
            case Shortcut() | Click():
                self._tell(asked, messages)
        return BoltResponse(status=200, body="")

    def _tell(self, asked: Asked, messages: list[Message]) -> None:
        if messages:
            self._background.start(self._listening.tell(asked.place, messages))


def _what(asked: Asked) -> str:
    """What was asked, as the audit names it."""
    match asked:
        case Submission():
            return asked.view.callback_id
        case Click():
            return asked.action.partition(":")[0]
        case Shortcut():
            return asked.callback_id
        case Command():
            typed = verb_of(asked.text.strip().partition(" ")[0])
            return typed.name if typed else "case"
    return "home"


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
