"""Transfer a case to a department or a rep: typed, by form, or taken with one click."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.answers import Answers
from bot.cards.case import Seen, seen_of
from bot.cards.forms import DEPARTMENT, Origin, transfer_form
from bot.cases import Person
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.errors import Refused
from bot.fusedesk.models import Department, Rep
from bot.listening import Ack, Later, Settle
from bot.operations import CaseRef, Transfer
from bot.payloads import Click, Place, Submission
from handlers.choices import still_there


async def typed(
    operation: Transfer,
    place: Place,
    by: Person,
    key: str,
    desk: CaseDesk,
    directory: Directory,
    answers: Answers,
) -> None:
    department, rep = await _target(operation.to, by, desk, directory)
    work = desk.transfer(operation.case, by, key, department=department, rep=rep)
    done = await answers.patiently(place, work, "FuseDesk")
    await answers.finished(place, done.named, by, done.line, done.undo)


async def _target(to: str, by: Person, desk: CaseDesk, directory: Directory) -> tuple[Department | None, Rep | None]:
    name, slash, rep = to.rpartition("/")
    if to.casefold() == "me" or to.startswith("<@"):
        return None, await desk.rep(to, by)
    if slash and (rep.strip().casefold() == "me" or rep.strip().startswith("<@")):
        department = await desk.department(name.strip())
        return department, await desk.rep(rep.strip(), by, department)
    return await directory.target(to)


async def pressed(click: Click, ack: Ack, later: Later, desk: CaseDesk, directory: Directory, answers: Answers) -> None:
    seen = Seen.load(click.value)
    department = directory.department_by_id(seen.departmentid) if seen.departmentid is not None else None
    origin = Origin(place=click.place, seen=seen)
    view = transfer_form(department, None, origin, named=desk.remembered(seen.caseid))
    await ack()
    later(answers.form(click.place, click.trigger, view))


async def taken(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    seen = Seen.load(click.value)
    await ack()
    later(_take(click, seen, by, desk, answers))


async def _take(click: Click, seen: Seen, by: Person, desk: CaseDesk, answers: Answers) -> None:
    rep = await desk.as_rep(by)
    work = desk.transfer(CaseRef(caseid=seen.caseid), by, click.trigger, rep=rep, seen=seen)
    await answers.carried_out(work, click.place, seen.caseid, by, desk.look_again)


async def submitted(
    submission: Submission, by: Person, settle: Settle, desk: CaseDesk, directory: Directory, answers: Answers
) -> None:
    origin = Origin.load(submission.view.metadata)
    department, rep = await still_there(submission.view, directory)
    seen = origin.card
    named = desk.remembered(seen.caseid)
    # The department that the case is in already is no transfer of its own.
    to = department if department and department.departmentid != seen.departmentid else None
    if to is None and rep is None:
        raise Refused("The case is in this department already. Choose another one, or a rep.", field=DEPARTMENT)
    work = desk.transfer(CaseRef(caseid=seen.caseid), by, submission.view.id, department=to, rep=rep, seen=seen)
    await settle(
        answers.carried_out(work, origin.place, seen.caseid, by, desk.look_again),
        again=lambda fault: transfer_form(department, rep, _as_seen_now(origin, desk), named=named, fault=fault),
        waiting="Transferring the case …",
    )


def _as_seen_now(origin: Origin, desk: CaseDesk) -> Origin:
    """Who was overtaken and told so decides anew, about the case as it stands by now."""
    named = desk.remembered(origin.card.caseid)
    return origin.model_copy(update={"seen": seen_of(named, datetime.now(UTC))}) if named else origin
