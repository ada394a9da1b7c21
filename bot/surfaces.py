"""One Bolt listener for each Slack surface: it finds the route by its id, lets the person in, and calls the function.

A dict instead of a listener for every id: the fortieth button costs what the first does. Errors before the acknowledgement end
in `failed`, which makes them the answer that the surface can show.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.access import People
from bot.background import Background
from bot.cards.forms import field_block
from bot.cards.message import Message
from bot.cards.text import cut, unescape
from bot.errors import Refused
from bot.listening import Listening, Parts, Routes, Words, call
from bot.payloads import (
    Asked,
    Click,
    Command,
    HomeOpened,
    Shortcut,
    Submission,
    Typeahead,
    asked_of,
    click_of,
    command_of,
    home_of,
    shortcut_of,
    submission_of,
    typeahead_of,
)
from bot.slack import SlackDown

_ANY = re.compile(r".*", re.DOTALL)
# Of the 3 seconds that Slack gives, what finding out who it is may take.
_WHO = 2.0


class Surfaces:
    """`parts` are what a listener can name besides what was asked."""

    def __init__(self, parts: Parts, people: People, background: Background, listening: Listening, words: Words) -> None:
        self._parts = parts
        self._people = people
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
    ) -> None:
        async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._answer(commands.get(str(body["command"])), command_of(body), ack)

        async def shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = shortcut_of(body)
            await self._answer(shortcuts.get(asked.callback_id), asked, ack)

        async def action(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = click_of(body)
            await self._answer(actions.get(asked.action.partition(":")[0]), asked, ack)

        async def option(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = typeahead_of(body)
            await self._answer(options.get(asked.action), asked, ack)

        async def view(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = submission_of(body)
            await self._answer(submissions.get(asked.view.callback_id), asked, ack)

        async def event(ack: AsyncAck, body: dict[str, Any]) -> None:
            handler = events.get(str(body["event"]["type"]))
            if handler is not None:
                await self._answer(handler, home_of(body), ack)

        async def closed(ack: AsyncAck) -> None:
            await ack()

        app.command(_ANY)(command)
        app.shortcut(_ANY)(shortcut)
        app.action(_ANY)(action)
        app.options(_ANY)(option)
        app.view_submission(_ANY)(view)
        app.view_closed(_ANY)(closed)
        app.event(_ANY)(event)
        app.error(self.failed)

    async def _answer(self, function: Callable[..., Awaitable[None]] | None, asked: Asked, ack: AsyncAck) -> None:
        if function is None:
            raise Refused("This casebot does not know what you pressed any more. Ask again with /case.")
        by = await self._who(asked.place.user)
        self._background.room()
        known: dict[str, Any] = {**self._parts, _NAMES[type(asked)]: asked, "by": by, "ack": ack, "parts": self._parts}
        known["later"] = self._listening.later(asked.place)
        if isinstance(asked, Submission):
            known["settle"] = self._listening.settle(asked, ack)
        await call(function, known)

    async def _who(self, user: str) -> Any:
        try:
            # Not `wait_for`: before Python 3.12 that makes a task of it, for an answer that is mostly there already.
            async with asyncio.timeout(_WHO):
                return await self._people.member(user)
        except TimeoutError as fault:
            raise SlackDown("users.info is slow") from fault

    async def failed(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        """What was not acknowledged yet becomes words, in the form that the surface can show."""
        asked = asked_of(body)
        typed = unescape(asked.text) if isinstance(asked, Command) else ""
        messages = self._words(error, typed=typed)
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
            case Shortcut() | Click():
                self._tell(asked, messages)
        return BoltResponse(status=200, body="")

    def _tell(self, asked: Asked, messages: list[Message]) -> None:
        if messages:
            self._background.start(self._listening.tell(asked.place, messages))


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
