"""Close a case, and open it again."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cases import Person
from bot.changes import Done
from bot.fusedesk.models import Status
from bot.intents import Intent, SetStatus
from bot.language import render
from bot.listening import Ack, Wish
from bot.operations import CaseRef, Close, Reopen
from bot.payloads import Click
from bot.writing import Writing


async def wanted(operation: Close | Reopen) -> SetStatus:
    return SetStatus(case=operation.case, status=Status.CLOSED if isinstance(operation, Close) else Status.OPEN)


async def closed(click: Click, ack: Ack, wish: Wish) -> None:
    await _wish(Close, click, wish)
    await ack()


async def reopened(click: Click, ack: Ack, wish: Wish) -> None:
    await _wish(Reopen, click, wish)
    await ack()


async def _wish(verb: type[Close | Reopen], click: Click, wish: Wish) -> None:
    seen = Seen.load(click.value)
    operation = verb(case=CaseRef(caseid=seen.caseid))
    deed = await wanted(operation)
    await wish(deed.model_copy(update={"seen": seen}), command=render(operation))


async def effect(deed: SetStatus, by: Person, key: str, writing: Writing) -> Done:
    return await writing.set_status(deed.case, deed.status, by, key, seen=deed.seen)


async def tell(result: Done, intent: Intent, answers: Answers) -> None:
    await answers.carried_out(result, intent)
