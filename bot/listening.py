"""What every listener gets: its arguments by name, and the words for the three things it does after reading.

`ack` acknowledges, `later` runs the slow part behind the acknowledgement, `staged` does so in a modal where the click was in one
or in the Home, `settle` does so for a submitted form and keeps what was typed until FuseDesk has taken it.
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
from bot.audit import AuditEntry, code
from bot.background import Background
from bot.cards.forms import message_view, waiting_view
from bot.cards.message import Message, View
from bot.database import DatabaseError
from bot.errors import CaseError, Overtaken, Refused
from bot.operations import Operation
from bot.payloads import Click, Place, Submission
from bot.slack import Gone, Slack, SlackError
from bot.store import Store

# What a listener calls to acknowledge.
Ack = AsyncAck
Parts = Mapping[str, Any]
Routes = Mapping[str, Callable[..., Awaitable[None]]]
Words = Callable[..., list[Message]]

log = logging.getLogger(__name__)

# An update that overtakes the acknowledgement on its way to Slack would be overwritten by it.
_AFTER_ACK = 0.4


class Later(Protocol):
    def __call__(self, work: Coroutine[Any, Any, object], *, typed: str = "", operation: Operation | None = None) -> object: ...


class Staged(Protocol):
    def __call__(
        self,
        waiting: str,
        work: Callable[[Place], Coroutine[Any, Any, object]],
        *,
        modal: bool = False,
        typed: str = "",
        operation: Operation | None = None,
    ) -> object: ...


class Settle(Protocol):
    async def __call__(
        self, work: Coroutine[Any, Any, Message | None], *, again: Callable[[str], View], waiting: str, typed: str = ""
    ) -> None: ...


@cache
def _names(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


async def call(function: Callable[..., Awaitable[Any]], known: Parts) -> Any:
    """Calls `function` with those of `known` that it names; one that it names and nobody knows is a KeyError."""
    return await function(**{name: known[name] for name in _names(function)})


class Listening:
    """`words` turns an exception into messages; the only place that knows them is `bot.app`."""

    def __init__(self, background: Background, answers: Answers, slack: Slack, store: Store, words: Words) -> None:
        self._background = background
        self._answers = answers
        self._slack = slack
        self._store = store
        self._words = words

    def later(self, place: Place, what: str, trigger: str = "") -> Later:
        """Binds the place where errors of the slow part are told; over a modal they are opened with the `trigger`. `what` names
        for the audit what was asked."""

        def start(work: Coroutine[Any, Any, object], *, typed: str = "", operation: Operation | None = None) -> object:
            async def failed(error: Exception) -> None:
                await self.refused(place, operation.verb if operation else what, error)
                await self.tell(place, self._words(error, typed=typed, operation=operation), trigger)

            return self._background.start(work, failed)

        return start

    async def refused(self, place: Place, what: str, error: Exception) -> None:
        """Keeps it in the audit that something was asked and not done. Its words stay out: they may quote a customer."""
        facts = error.facts if isinstance(error, CaseError) else {}
        caseid = facts.get("caseid") or facts.get("case")
        outcome = "refused" if isinstance(error, Refused) else "failed"
        entry = AuditEntry(
            user=code(place.user),
            team=code(place.team),
            channel=code(place.channel),
            what=code(what.lstrip("/")),
            caseid=caseid if isinstance(caseid, int) else None,
            outcome=outcome,
            detail=type(error).__name__,
        )
        try:
            await self._store.audit(entry)
        except DatabaseError as fault:
            log.warning("a refusal is not remembered", extra={"facts": fault.facts})

    def staged(self, click: Click, what: str) -> Staged:
        """For a click whose answer needs a place of its own: its errors are told there, too. `modal`: a form, wherever it was."""

        def start(
            waiting: str,
            work: Callable[[Place], Coroutine[Any, Any, object]],
            *,
            modal: bool = False,
            typed: str = "",
            operation: Operation | None = None,
        ) -> object:
            async def stage() -> None:
                place = await self._answers.stage(click, waiting, modal=modal)
                self.later(place, what)(work(place), typed=typed, operation=operation)

            return self.later(click.place, what)(stage(), typed=typed, operation=operation)

        return start

    async def tell(self, place: Place, messages: list[Message], trigger: str = "") -> None:
        """The last word: where Slack takes it no way, the log has it that somebody waits in vain."""
        try:
            if not (place.view_id and trigger and await self._pushed(trigger, messages)):
                await self._answers.tell(place, messages)
        except SlackError as lost:
            log.warning("a person could not be told", extra={"facts": {"error": type(lost).__name__, **lost.facts}})

    async def _pushed(self, trigger: str, messages: list[Message]) -> bool:
        """Opens the words over the card in a modal, so that the card stays; False where it is too late for that."""
        blocks = [block for message in messages for block in message.blocks]
        try:
            await self._slack.push_view(trigger, message_view(Message(messages[0].text, blocks)))
        except SlackError:
            return False
        return True

    def settle(self, submission: Submission, what: str, ack: Ack, until: float) -> Settle:
        """`until` is the loop's time by which Slack's answer must be on its way."""

        async def run(
            work: Coroutine[Any, Any, Message | None], *, again: Callable[[str], View], waiting: str, typed: str = ""
        ) -> None:
            outcome: asyncio.Future[Message | None] = asyncio.ensure_future(work)
            left = until - asyncio.get_running_loop().time()
            await asyncio.wait({outcome}, timeout=max(left, 0.1))
            if not outcome.done():
                self.later(submission.place, what)(self._finish(submission, outcome, again), typed=typed)
                await ack(response_action="update", view=waiting_view(waiting))
            elif isinstance(overtaken := outcome.exception(), Overtaken):
                # Not an error at a field: sent once more, the form is about the case as it stands now.
                await self.refused(submission.place, what, overtaken)
                await ack(response_action="update", view=again(overtaken.says))
            elif message := outcome.result():
                await ack(response_action="update", view=message_view(message))
            else:
                # Closes this form alone: a card that it stood on is seen again.
                await ack()

        return run

    async def _finish(
        self, submission: Submission, outcome: asyncio.Future[Message | None], again: Callable[[str], View]
    ) -> None:
        await asyncio.wait({outcome})
        await asyncio.sleep(_AFTER_ACK)
        view_id = submission.view.id
        try:
            message = outcome.result()
        except CaseError as error:
            # The form comes back with what was typed; told as a message when it was closed meanwhile.
            try:
                await self.refused(submission.place, submission.view.callback_id, error)
                return await self._slack.update_view(view_id, again(error.says))
            except Gone:
                raise error from None
        try:
            await self._slack.update_view(view_id, message_view(message or Message("Done.", [])))
        except Gone:
            # Closed meanwhile. What was to be seen there alone is sent; without it, it was shown elsewhere already.
            if message is not None:
                await self._answers.report(Place(user=submission.place.user), message)
