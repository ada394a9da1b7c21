"""Typeahead, answered from memory, and the one choice that changes a form while it is filled in: the department."""

from __future__ import annotations

from bot.cards.forms import DEPARTMENT as DEPARTMENT_FIELD
from bot.cards.forms import (
    DETAILS,
    EMAIL,
    OPEN_FORM,
    SUMMARY,
    TAGS,
    THREAD,
    OpenValues,
    Origin,
    case_label,
    open_form,
    transfer_form,
)
from bot.cards.message import View
from bot.cards.text import option
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.drafts import Drafts
from bot.fusedesk.models import Department, Rep
from bot.listening import Ack, Later
from bot.operations import CaseRef
from bot.payloads import Click, OpenView, Typeahead
from bot.slack import Slack
from bot.tokens import case_ref
from handlers.transfer import chosen

_MOST = 100


async def departments(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    found = directory.suggest_departments(typeahead.typed, limit=_MOST)
    await ack(options=[option(directory.label(one), str(one.departmentid)) for one in found])


async def reps(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    """Only the reps of the department that the form shows, once it shows one."""
    department = typeahead.view.option(DEPARTMENT_FIELD) if typeahead.view else ""
    found = directory.suggest_reps(typeahead.typed, departmentid=int(department) if department else None, limit=_MOST)
    await ack(options=[option(directory.label(one), str(one.userid)) for one in found])


async def tags(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    found = directory.suggest_tags(typeahead.typed, limit=_MOST)
    await ack(options=[option(directory.label(one), str(one.id)) for one in found])


async def cases(typeahead: Typeahead, ack: Ack, desk: CaseDesk) -> None:
    """Cases seen lately; a number that is none of them is offered as it was typed."""
    found = desk.suggest(typeahead.typed, limit=_MOST - 1)
    options = [option(f"#{case.caseid} · {case.summary or case.casenum}", str(case.caseid)) for case in found]
    typed = case_ref(typeahead.typed.strip())
    if typed is not None and str(typed.key) not in {one["value"] for one in options}:
        options.insert(0, option(case_label(str(typed.key)), str(typed.key)))
    await ack(options=options)


def case_of(value: str) -> CaseRef:
    """A case option's value: an id or a case number."""
    return CaseRef(caseid=int(value)) if value.isdigit() else CaseRef(casenum=value)


async def department_chosen(
    click: Click, ack: Ack, later: Later, desk: CaseDesk, directory: Directory, drafts: Drafts, slack: Slack
) -> None:
    await ack()
    if click.view is not None:
        later(slack.update_view(click.view.id, _redrawn(click.view, desk, directory, drafts)))


def _redrawn(view: OpenView, desk: CaseDesk, directory: Directory, drafts: Drafts) -> View:
    """The form with a rep's field that belongs to the chosen department; a rep inside it stays chosen."""
    origin = Origin.load(view.metadata)
    department, rep = _inside(view, directory)
    if view.callback_id == OPEN_FORM:
        return open_form(open_values(view, directory, drafts), origin)
    return transfer_form(department, rep, origin, named=desk.remembered(origin.card.caseid))


def _inside(view: OpenView, directory: Directory) -> tuple[Department | None, Rep | None]:
    department, rep = chosen(view, directory)
    if department is not None and rep is not None and not directory.holds(department, rep):
        rep = None
    return department, rep


def open_values(view: OpenView, directory: Directory, drafts: Drafts) -> OpenValues:
    """What stands in the form for a new case right now. A rep outside the chosen department is left out."""
    origin = Origin.load(view.metadata)
    department, rep = _inside(view, directory)
    return OpenValues(
        summary=view.text(SUMMARY),
        details=view.text(DETAILS),
        email=view.text(EMAIL),
        department=department,
        rep=rep,
        tags=[tag for tag in (directory.tag_by_id(int(tag)) for tag in view.options(TAGS)) if tag is not None],
        thread=bool(view.options(THREAD)) if THREAD in view.fields else None,
        rest=len(drafts.rest(origin.draft)),
    )
