"""What every listener gets: its arguments by name, and the words for the three things it does after reading.

`ack` acknowledges, `later` runs the slow part behind the acknowledgement, `settle` does so for a submitted form and keeps what
was typed until FuseDesk has taken it.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import cache
from typing import Any, Protocol

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.answers import Answers
from bot.background import Background
from bot.cards.forms import message_view, waiting_view
from bot.cards.message import Message, View
from bot.errors import CaseError
from bot.operations import Operation
from bot.payloads import Place, Submission
from bot.slack import Gone, Slack, SlackError

# What a listener calls to acknowledge.
Ack = AsyncAck
Parts = Mapping[str, Any]
Routes = Mapping[str, Callable[..., Awaitable[None]]]
Words = Callable[..., list[Message]]

log = logging.getLogger(__name__)

# Slack gives 3 seconds; what FuseDesk does within these is shown without a view in between.
_PATIENCE = 1.8
# An update that overtakes the acknowledgement on its way to Slack would be overwritten by it.
_AFTER_ACK = 0.4


class Later(Protocol):
    def __call__(self, work: Coroutine[Any, Any, object], *, typed: str = "", operation: Operation | None = None) -> object: ...


class Settle(Protocol):
    async def __call__(
        self, work: Coroutine[Any, Any, View | None], *, again: Callable[[str], View], waiting: str, typed: str = ""
    ) -> None: ...


@cache
def _names(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


async def call(function: Callable[..., Awaitable[Any]], known: Parts) -> Any:
    """Calls `function` with those of `known` that it names; one that it names and nobody knows is a KeyError."""
    return await function(**{name: known[name] for name in _names(function)})


class Listening:
    """`words` turns an exception into messages; the only place that knows them is `bot.app`."""

    def __init__(self, background: Background, answers: Answers, slack: Slack, words: Words) -> None:
        self._background = background
        self._answers = answers
        self._slack = slack
        self._words = words

    def later(self, place: Place) -> Later:
        """Binds the place where errors of the slow part are told."""

        def start(work: Coroutine[Any, Any, object], *, typed: str = "", operation: Operation | None = None) -> object:
            async def failed(error: Exception) -> None:
                await self.tell(place, self._words(error, typed=typed, operation=operation))

            return self._background.start(work, failed)

        return start

    async def tell(self, place: Place, messages: list[Message]) -> None:
        """The last word: where Slack takes it no way, the log has it that somebody waits in vain."""
        try:
            await self._answers.tell(place, messages)
        except SlackError as lost:
            log.warning("a person could not be told", extra={"facts": {"error": type(lost).__name__, **lost.facts}})

    def settle(self, submission: Submission, ack: Ack) -> Settle:
        async def run(
            work: Coroutine[Any, Any, View | None], *, again: Callable[[str], View], waiting: str, typed: str = ""
        ) -> None:
            outcome: asyncio.Future[View | None] = asyncio.ensure_future(work)
            done, _ = await asyncio.wait({outcome}, timeout=_PATIENCE)
            if not done:
                self.later(submission.place)(self._finish(submission.view.id, outcome, again), typed=typed)
                await ack(response_action="update", view=waiting_view(waiting))
            elif view := outcome.result():
                await ack(response_action="update", view=view)
            else:
                # Closes this form alone: a card that it stood on is seen again.
                await ack()

        return run

    async def _finish(self, view_id: str, outcome: asyncio.Future[View | None], again: Callable[[str], View]) -> None:
        await asyncio.wait({outcome})
        await asyncio.sleep(_AFTER_ACK)
        try:
            view = outcome.result() or message_view(Message("Done.", []))
        except CaseError as error:
            # The form comes back with what was typed; told as a message when it was closed meanwhile.
            try:
                return await self._slack.update_view(view_id, again(error.says))
            except Gone:
                raise error from None
        try:
            return await self._slack.update_view(view_id, view)
        except Gone:
            return None
