"""One Bolt listener for each Slack surface: it finds the route by its id, lets the person in, and calls the function.

A dict instead of a listener for every id: the fortieth button costs what the first does. What was asked is read by the door and
stands in Bolt's context as `asked`. Errors before the acknowledgement end in `failed`, which makes them the answer that the
surface can show.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.access import People
from bot.background import Background
from bot.cards.forms import field_block
from bot.cards.message import Message
from bot.cards.text import cut, unescape
from bot.errors import Refused
from bot.listening import Listening, Parts, Routes, Words, call
from bot.payloads import Asked, Click, Command, HomeOpened, Shortcut, Submission, Typeahead
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
        async def command(args: AsyncArgs) -> None:
            asked: Command = args.context["asked"]
            await self._answer(commands.get(asked.name), asked, args)

        async def shortcut(args: AsyncArgs) -> None:
            asked: Shortcut = args.context["asked"]
            await self._answer(shortcuts.get(asked.callback_id), asked, args)

        async def action(args: AsyncArgs) -> None:
            asked: Click = args.context["asked"]
            await self._answer(actions.get(asked.action.partition(":")[0]), asked, args)

        async def option(args: AsyncArgs) -> None:
            asked: Typeahead = args.context["asked"]
            await self._answer(options.get(asked.action), asked, args)

        async def view(args: AsyncArgs) -> None:
            asked: Submission = args.context["asked"]
            await self._answer(submissions.get(asked.view.callback_id), asked, args)

        async def event(args: AsyncArgs) -> None:
            await self._answer(events.get(str(args.body["event"]["type"])), args.context["asked"], args)

        app.command(_ANY)(command)
        app.shortcut(_ANY)(shortcut)
        app.action(_ANY)(action)
        app.options(_ANY)(option)
        app.view_submission(_ANY)(view)
        app.event(_ANY)(event)
        app.error(self.failed)

    async def _answer(self, function: Callable[..., Awaitable[None]] | None, asked: Asked, args: AsyncArgs) -> None:
        if function is None:
            raise Refused("This casebot does not know what you pressed any more. Ask again with /case.")
        by = await self._who(asked.place.user)
        self._background.room()
        known: dict[str, Any] = {**self._parts, _NAMES[type(asked)]: asked, "by": by, "ack": args.ack, "parts": self._parts}
        known["later"] = self._listening.later(asked.place)
        if isinstance(asked, Submission):
            known["settle"] = self._listening.settle(asked, args.ack)
        await call(function, known)

    async def _who(self, user: str) -> Any:
        try:
            return await asyncio.wait_for(self._people.member(user), _WHO)
        except TimeoutError as fault:
            raise SlackDown("users.info is slow") from fault

    async def failed(self, error: Exception, context: dict[str, Any]) -> BoltResponse:
        """What was not acknowledged yet becomes words, in the form that the surface can show."""
        asked: Asked = context["asked"]
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
