"""Transfer a case to a department or a rep: typed, by form, or taken with one click."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot import intents
from bot.answers import Answers
from bot.cards.case import Seen, seen_of
from bot.cards.forms import DEPARTMENT, REP, Origin, transfer_form
from bot.cases import Person
from bot.changes import Done
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.errors import Refused
from bot.fusedesk.models import Department, Rep
from bot.language import render
from bot.listening import Ack, Later, Settle, Wish
from bot.operations import CaseRef, Transfer
from bot.payloads import Click, Submission
from bot.writing import Writing
from handlers.choices import gone, still_there


async def wanted(operation: Transfer) -> intents.Transfer:
    return intents.Transfer(case=operation.case, to=operation.to)


async def effect(deed: intents.Transfer, by: Person, key: str, desk: CaseDesk, directory: Directory, writing: Writing) -> Done:
    if deed.to:
        department, rep = await _target(deed.to, by, desk, directory)
    else:
        department, rep = await _chosen(deed, directory)
    return await writing.transfer(deed.case, by, key, department=department, rep=rep, seen=deed.seen)


async def _chosen(deed: intents.Transfer, directory: Directory) -> tuple[Department | None, Rep | None]:
    """What was chosen in a form. Raises Refused for what is gone from FuseDesk meanwhile."""
    await directory.needed()
    department = directory.department_by_id(deed.departmentid) if deed.departmentid is not None else None
    rep = directory.rep_by_id(deed.repid)
    if deed.departmentid is not None and department is None:
        raise gone("this department", DEPARTMENT, directory)
    if deed.repid is not None and rep is None:
        raise gone("this rep", REP, directory)
    return department, rep


async def tell(result: Done, intent: intents.Intent, answers: Answers) -> None:
    await answers.carried_out(result, intent)


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


async def taken(click: Click, ack: Ack, wish: Wish) -> None:
    seen = Seen.load(click.value)
    operation = Transfer(case=CaseRef(caseid=seen.caseid), to="me")
    await wish(intents.Transfer(case=operation.case, to=operation.to, seen=seen), command=render(operation))
    await ack()


async def submitted(submission: Submission, settle: Settle, desk: CaseDesk, directory: Directory) -> None:
    origin = Origin.load(submission.view.metadata)
    department, rep = await still_there(submission.view, directory)
    seen = origin.card
    named = desk.remembered(seen.caseid)
    # The department that the case is in already is no transfer of its own.
    to = department if department and department.departmentid != seen.departmentid else None
    if to is None and rep is None:
        raise Refused("The case is in this department already. Choose another one, or a rep.", field=DEPARTMENT)
    case = CaseRef(caseid=seen.caseid)
    departmentid, repid = to.departmentid if to else None, rep.userid if rep else None
    name = "/".join(each.name for each in (to, rep) if each)
    await settle(
        intents.Transfer(case=case, departmentid=departmentid, repid=repid, name=name, seen=seen),
        key=f"{submission.view.id}:{departmentid}:{repid}:{seen.at}",
        place=origin.place,
        again=lambda fault: transfer_form(
            department, rep, _as_seen_now(origin, desk) if fault else origin, named=named, fault=fault
        ),
        waiting="Transferring the case …",
    )


def _as_seen_now(origin: Origin, desk: CaseDesk) -> Origin:
    """Who was overtaken and told so decides anew, about the case as it stands by now."""
    # A card counts whole seconds, and what was told may have happened in this one.
    now = datetime.now(UTC) + timedelta(seconds=1)
    named = desk.remembered(origin.card.caseid)
    seen = seen_of(named, now) if named else origin.card.model_copy(update={"at": int(now.timestamp())})
    return origin.model_copy(update={"seen": seen})
