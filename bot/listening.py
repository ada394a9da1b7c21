"""What every listener gets: its arguments by name, and the words for the things it does after reading.

`ack` acknowledges, `later` runs the slow part behind the acknowledgement, `staged` does so in a modal where the click was in one
or in the Home. A change is stored instead, before the acknowledgement: by `wish`, or by `settle` for a form, which keeps what was
typed until FuseDesk has taken it, and with the wish, so that it can be tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.answers import PATIENCE, Answers
from bot.audit import AuditEntry, code
from bot.background import Background
from bot.cards.forms import field_block, message_view, waiting_view
from bot.cards.home import refused_home
from bot.cards.message import Message, View
from bot.cards.text import cut
from bot.cards.words import asking
from bot.cases import Person
from bot.database import DatabaseError
from bot.deeds import Watch
from bot.durable import Durable
from bot.errors import CaseError, Refused
from bot.intents import Deed, Intent
from bot.operations import Operation
from bot.payloads import Click, Command, Place, Submission
from bot.slack import Slack, SlackError
from bot.store import Store

# What a listener calls to acknowledge.
Ack = AsyncAck
Routes = Mapping[str, Callable[..., Awaitable[None]]]
Words = Callable[..., list[Message]]

log = logging.getLogger(__name__)


class Later(Protocol):
    def __call__(
        self,
        work: Coroutine[Any, Any, object],
        *,
        typed: str = "",
        operation: Operation | None = None,
        place: Place | None = None,
    ) -> object: ...


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


class Wish(Protocol):
    async def __call__(
        self,
        deed: Deed,
        *,
        typed: str = "",
        command: str = "",
        operation: Operation | None = None,
        place: Place | None = None,
    ) -> None: ...


class Settle(Protocol):
    async def __call__(
        self,
        deed: Deed,
        *,
        key: str,
        place: Place,
        again: Callable[[str], View],
        waiting: str,
        typed: str = "",
    ) -> None: ...


class Listening:
    """`words` turns an exception into messages; the only place that knows them is `bot.app`."""

    def __init__(
        self, background: Background, answers: Answers, slack: Slack, store: Store, durable: Durable, words: Words
    ) -> None:
        self._durable = durable
        self._background = background
        self._answers = answers
        self._slack = slack
        self._store = store
        self._words = words

    def later(self, place: Place, what: str, trigger: str = "") -> Later:
        """Binds the place where errors of the slow part are told; over a modal they are opened with the `trigger`. `what` names
        for the audit what was asked."""
        here = place

        def start(
            work: Coroutine[Any, Any, object],
            *,
            typed: str = "",
            operation: Operation | None = None,
            place: Place | None = None,
        ) -> object:
            async def failed(error: Exception) -> None:
                await self.refused(here, operation.verb if operation else what, error)
                await self.tell(place or here, self._words(error, typed=typed, operation=operation), trigger)

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
            _in_vain(lost)

    async def tell_home(self, user: str, message: Message) -> None:
        """The same for whoever opened the Home and does not get it."""
        try:
            await self._slack.publish_home(user, refused_home(message))
        except SlackError as lost:
            _in_vain(lost)

    async def _pushed(self, trigger: str, messages: list[Message]) -> bool:
        """Opens the words over the card in a modal, so that the card stays; False where it is too late for that."""
        blocks = [block for message in messages for block in message.blocks]
        try:
            await self._slack.push_view(trigger, message_view(Message(messages[0].text, blocks)))
        except SlackError:
            return False
        return True

    def wish(self, asked: Command | Click | Submission, what: str, by: Person) -> Wish:
        """Stores a change that was typed or asked of a card. Its identity is the trigger, which is unique for what a person did
        once. Its answer belongs to where it was asked, or to another `place`."""

        async def store(
            deed: Deed,
            *,
            typed: str = "",
            command: str = "",
            operation: Operation | None = None,
            place: Place | None = None,
        ) -> None:
            intent = Intent(
                key=asked.trigger,
                what=what,
                by=by,
                place=place or asked.place,
                deed=deed,
                surface="typed" if operation is not None else "card",
                typed=typed,
                command=command,
                operation=operation,
            )
            watch = await self._durable.accept(intent)
            if not watch.observed:
                watch.observed = True
                self._background.start(self._patiently(intent.place, watch))

        return store

    async def _patiently(self, place: Place, watch: Watch) -> None:
        """After a moment the person is told that FuseDesk is still asked."""
        await asyncio.wait({watch.ended}, timeout=PATIENCE)
        if not watch.ended.done():
            await self._answers.report(place, asking("FuseDesk"))

    def settle(self, submission: Submission, what: str, by: Person, ack: Ack, until: float) -> Settle:
        """Stores a change that was asked for by a form. The form shows how it ended: at once, if that is before `until`, the
        loop's time by which Slack's answer must be on its way."""

        async def store(
            deed: Deed,
            *,
            key: str,
            place: Place,
            again: Callable[[str], View],
            waiting: str,
            typed: str = "",
        ) -> None:
            view = submission.view
            intent = Intent(
                key=key,
                what=what,
                by=by,
                place=place,
                deed=deed,
                surface="form",
                view=view.id,
                typed=typed,
                form=again(""),
            )
            watch = await self._durable.accept(intent, again=again)
            left = until - asyncio.get_running_loop().time()
            in_time = False
            try:
                await asyncio.wait({watch.ended}, timeout=max(left, 0.1))
                in_time = watch.ended.done()
            finally:
                # Also where the request is given up: the wish waits for it before it tells how it ended.
                if watch.form is not None and not watch.form.done():
                    watch.form.set_result(in_time)
            if not in_time:
                await ack(response_action="update", view=waiting_view(waiting))
                return
            ended = watch.ended.result()
            if ended.overtaken:
                # Not an error at a field: sent once more, the form is about the case as it stands now.
                await ack(response_action="update", view=again(ended.says))
            elif ended.state == "failed":
                errors = {field_block(view.blocks, ended.field): cut(ended.says, 1_000)}
                await ack(response_action="errors", errors=errors)
            elif ended.state == "done" and (message := self._durable.shown(intent, ended)):
                await ack(response_action="update", view=message_view(message))
            else:
                # Closes this form alone: a card that it stood on is seen again.
                await ack()

        return store


def _in_vain(lost: SlackError) -> None:
    log.warning("a person could not be told", extra={"facts": {"error": type(lost).__name__, **lost.facts}})
