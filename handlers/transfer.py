"""Transfer a case to a department or a rep: typed, by form, or taken with one click."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import DEPARTMENT, Origin, transfer_form
from bot.cases import Person
from bot.desk import CaseDesk, Done
from bot.directory import Directory
from bot.errors import Overtaken, Refused
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
    await _moved(work, click.place, seen, by, desk, answers)


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
        _moved(work, origin.place, seen, by, desk, answers),
        again=lambda fault: transfer_form(department, rep, origin, named=named, fault=fault),
        waiting="Transferring the case …",
    )


async def _moved(work: Awaitable[Done], place: Place, seen: Seen, by: Person, desk: CaseDesk, answers: Answers) -> None:
    try:
        done = await work
    except Overtaken:
        # The one who came second sees how the case stands now.
        await answers.changed(place, await desk.show(CaseRef(caseid=seen.caseid)), by, "")
        raise
    await answers.changed(place, done.named, by, done.line, done.undo)
