"""Close a case, and open it again."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cases import Person
from bot.desk import CaseDesk
from bot.fusedesk.models import Status
from bot.listening import Ack, Later
from bot.operations import CaseRef, Close, Reopen
from bot.payloads import Click, Place


async def typed(operation: Close | Reopen, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    status = Status.CLOSED if isinstance(operation, Close) else Status.OPEN
    done = await answers.patiently(place, desk.set_status(operation.case, status, by, key), "FuseDesk")
    await answers.finished(place, done.named, by, done.line, done.undo)


async def closed(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    seen = Seen.load(click.value)
    await ack()
    later(_set(click, seen, Status.CLOSED, by, desk, answers))


async def reopened(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    seen = Seen.load(click.value)
    await ack()
    later(_set(click, seen, Status.OPEN, by, desk, answers))


async def _set(click: Click, seen: Seen, status: Status, by: Person, desk: CaseDesk, answers: Answers) -> None:
    work = desk.set_status(CaseRef(caseid=seen.caseid), status, by, click.trigger, seen=seen)
    await answers.carried_out(work, click.place, seen.caseid, by, desk.look_again)
