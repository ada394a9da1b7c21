"""What becomes of a stored wish: its effect in FuseDesk, and how its end is told.

The effects and the ways to tell them are the handlers' (`handlers.WRITES`, by the kind of deed). What belongs here: their call,
what may be stored of their results, and the words for a wish that waits or was in vain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.answers import Answers, nowhere
from bot.cards.forms import message_view
from bot.cards.message import Message, View
from bot.cards.waiting import again, waits, wanted
from bot.desk import CaseDesk
from bot.errors import CaseError, Overtaken
from bot.intents import Intent, TakeBack, ref_of
from bot.ledger import State
from bot.parts import Parts, call
from bot.payloads import Place
from bot.slack import Gone, Slack

# An update that overtakes the acknowledgement on its way to Slack would be overwritten by it.
_AFTER_ACK = 0.4


@dataclass(frozen=True, slots=True)
class Write:
    """A deed's functions, whose arguments come by name: `deed`, `intent`, `by`, `place`, `key`, and casebot's parts.

    `effect` returns a `result`, a type that pydantic can write down, or raises CaseError; called again after a crash, it goes on
    from what was done. `tell` shows the result wherever it belongs. `shown` is what the form shows in the end; None: it closes.
    """

    effect: Callable[..., Awaitable[Any]]
    tell: Callable[..., Awaitable[None]]
    result: Any
    shown: Callable[..., Message | None] = lambda: None


# Made once for each type: making one takes a twentieth of a change's time in the event loop.
_stored = cache(TypeAdapter)

Writes = Mapping[str, Write]
Refused = Callable[[Place, str, Exception], Awaitable[None]]


class Ended(BaseModel):
    """A wish's end, as it is stored. `says` and `messages` are the words for one in vain, `field` is the field of its form to
    blame; `overtaken`: somebody else was faster."""

    model_config = ConfigDict(frozen=True)

    state: State
    result: Any = None
    says: str = ""
    field: str = ""
    messages: tuple[tuple[str, list[dict[str, Any]]], ...] = ()
    overtaken: bool = False

    def dump(self) -> str:
        return json.dumps(self.model_dump(mode="json"))

    @classmethod
    def load(cls, stored: str) -> Ended:
        return cls.model_validate(json.loads(stored))


@dataclass(slots=True)
class Watch:
    """Somebody in this process waits for a wish's end. `observed`: whoever waits hears when it takes long. `accepted`: this
    process stored it; `begun`: it carries it out already.

    `form` is fulfilled once the form's own answer is settled: True where that answer told the end. `again` draws the form anew,
    with what was wrong.
    """

    ended: asyncio.Future[Ended]
    form: asyncio.Future[bool] | None = None
    again: Callable[[str], View] | None = None
    observed: bool = False
    accepted: bool = False
    begun: bool = False


class Deeds:
    """`words` makes an exception into messages, `refused` puts it into the audit."""

    def __init__(
        self,
        writes: Writes,
        parts: Parts,
        desk: CaseDesk,
        answers: Answers,
        slack: Slack,
        words: Callable[..., list[Message]],
        refused: Refused,
    ) -> None:
        self._writes = writes
        self._parts = parts
        self._desk = desk
        self._answers = answers
        self._slack = slack
        self._words = words
        self._refused = refused

    async def effect(self, intent: Intent) -> Ended:
        """FuseDesk's part. Raises CaseError and whatever goes wrong."""
        write = self._writes[intent.deed.kind]
        result = await call(write.effect, self._known(intent))
        return Ended(state="done", result=_stored(write.result).dump_python(result, mode="json"))

    async def in_vain(self, intent: Intent, error: Exception) -> Ended:
        """The end of a wish that cannot be fulfilled."""
        await self._refused(intent.place, intent.operation.verb if intent.operation else intent.what, error)
        # What may pass is in vain only once it has waited as long as it could.
        said = wanted(intent, given_up=isinstance(error, CaseError) and error.passing)
        messages = self._words(error, typed=intent.typed, wanted=said, operation=intent.operation)
        says = error.says if isinstance(error, CaseError) else messages[0].text
        told = tuple((message.text, message.blocks) for message in messages)
        field = getattr(error, "field", "")
        return Ended(state="failed", says=says, field=field, messages=told, overtaken=isinstance(error, Overtaken))

    def fault(self, error: Exception) -> None:
        """Something in casebot is wrong, and nobody can be told: the log has it, without the error's own words."""
        self._words(error)

    async def waits(self, run: str, intent: Intent, because: str, watch: Watch | None) -> None:
        """The person hears that it waits."""
        message = waits(run, intent, because)
        if not (intent.view and await self._in_form(intent, message_view(message), watch)):
            await self._answers.report(intent.place, message)

    async def tell(self, run: str, intent: Intent, ended: Ended, watch: Watch | None) -> None:
        """Shows how it ended wherever it belongs."""
        settled = watch is not None and watch.form is not None and await watch.form
        if ended.state != "done":
            if ended.overtaken and intent.surface != "typed":
                await self._show_as_it_is(intent)
            if not settled:
                await self._tell_failure(run, intent, ended, watch)
            return
        if intent.view and not settled:
            shown = self.shown(intent, ended)
            if not await self._in_form(intent, message_view(shown or Message("Done.", [])), watch) and shown is not None:
                # What was to be seen in the form alone is sent; without it, it is shown elsewhere.
                await self._answers.report(Place(user=intent.by.user), shown)
        await call(self._writes[intent.deed.kind].tell, self._known(intent, ended))

    def shown(self, intent: Intent, ended: Ended) -> Message | None:
        """What the form shows after a wish was fulfilled; None: it closes."""
        return call(self._writes[intent.deed.kind].shown, self._known(intent, ended))

    async def _tell_failure(self, run: str, intent: Intent, ended: Ended, watch: Watch | None) -> None:
        messages = [Message(text, blocks) for text, blocks in ended.messages]
        if not (ended.overtaken and intent.surface == "card"):
            # Else the card, which shows by now what somebody else did, has the buttons for it.
            messages = again(messages, run, intent)
        if intent.view:
            redrawn = watch.again(ended.says) if watch is not None and watch.again is not None else None
            blocks = [block for message in messages for block in message.blocks]
            if await self._in_form(intent, redrawn or message_view(Message(ended.says, blocks)), watch):
                return
        await self._answers.report(intent.place, messages)

    async def _show_as_it_is(self, intent: Intent) -> None:
        """Who came second sees on the card how the case stands now."""
        ref = ref_of(intent.deed)
        if ref is not None and ref.caseid is not None and (named := await self._desk.look_again(ref.caseid)) is not None:
            # What was pressed in a channel to take something back is a line, and stays one.
            line = isinstance(intent.deed, TakeBack) and intent.place.is_card
            await self._answers.changed(nowhere(intent.place) if line else intent.place, named, intent.by, "")

    async def _in_form(self, intent: Intent, view: View, watch: Watch | None) -> bool:
        """Shows it in the form; False where that is closed."""
        if watch is not None and watch.form is not None and await watch.form:
            return True
        await asyncio.sleep(_AFTER_ACK)
        try:
            await self._slack.update_view(intent.view, view)
        except Gone:
            return False
        return True

    def _known(self, intent: Intent, ended: Ended | None = None) -> dict[str, Any]:
        known: dict[str, Any] = {"deed": intent.deed, "intent": intent, "by": intent.by, "place": intent.place, "key": intent.key}
        if ended is not None:
            known["result"] = _stored(self._writes[intent.deed.kind].result).validate_python(ended.result)
        return {**self._parts, **known}
