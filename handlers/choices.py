"""Typeahead, answered from memory, and the one choice that changes a form while it is filled in: the department."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.cards.forms import DEPARTMENT as DEPARTMENT_FIELD
from bot.cards.forms import (
    DETAILS,
    EMAIL,
    OPEN_FORM,
    REP,
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
from bot.errors import Refused
from bot.fusedesk.models import Department, Rep
from bot.listening import Ack, Later
from bot.matching import Entry
from bot.operations import CaseRef
from bot.payloads import Click, OpenView, Typeahead
from bot.slack import Slack
from bot.tokens import case_ref

_MOST = 100
# Seconds that somebody waits for FuseDesk's names right after casebot's start, well within Slack's three.
_WITHIN = 0.7


async def departments(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    await directory.filled(_WITHIN)
    found = directory.suggest_departments(typeahead.typed, limit=_MOST)
    await ack(_offer(found))


async def reps(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    """Only the reps of the department that the form shows, once it shows one."""
    await directory.filled(_WITHIN)
    department = typeahead.view.option(DEPARTMENT_FIELD) if typeahead.view else ""
    found = directory.suggest_reps(typeahead.typed, departmentid=int(department) if department else None, limit=_MOST)
    await ack(_offer(found))


async def tags(typeahead: Typeahead, ack: Ack, directory: Directory) -> None:
    await directory.filled(_WITHIN)
    found = directory.suggest_tags(typeahead.typed, limit=_MOST)
    await ack(_offer(found))


def _offer(names: Iterable[Entry[Any]]) -> str:
    return f'{{"options": [{", ".join(_written(each.label, each.id) for each in names)}]}}'


@lru_cache(maxsize=4_096)
def _written(label: str, id: int) -> str:
    """A name's option as JSON. It is kept, since at each letter that somebody types much the same hundred names are offered."""
    return json.dumps(option(label, str(id)))


async def cases(typeahead: Typeahead, ack: Ack, desk: CaseDesk) -> None:
    """Cases seen lately; a number that is none of them is offered as it was typed."""
    found = desk.suggest(typeahead.typed, limit=_MOST - 1)
    options = [option(f"#{case.caseid} · {case.summary or case.casenum}", str(case.caseid)) for case in found]
    typed = case_ref(typeahead.typed.strip())
    if typed is not None and typed.key not in {key for case in found for key in (case.caseid, case.casenum.upper())}:
        options.insert(0, option(case_label(str(typed.key)), str(typed.key)))
    await ack(options=options)


def case_of(value: str) -> CaseRef:
    """A case option's value: an id or a case number."""
    return CaseRef(caseid=int(value)) if value.isdigit() else CaseRef(casenum=value)


def chosen(view: OpenView, directory: Directory) -> tuple[Department | None, Rep | None]:
    """The department and rep of a form; None for what was left empty or is gone from FuseDesk."""
    department, rep = view.option(DEPARTMENT_FIELD), view.option(REP)
    return (
        directory.department_by_id(int(department)) if department else None,
        directory.rep_by_id(int(rep)) if rep else None,
    )


async def still_there(view: OpenView, directory: Directory) -> tuple[Department | None, Rep | None]:
    """The department and rep of a submitted form. Raises Refused, at its field, for what is gone from FuseDesk."""
    await directory.filled(_WITHIN)
    department, rep = chosen(view, directory)
    if view.option(DEPARTMENT_FIELD) and department is None:
        raise gone("this department", DEPARTMENT_FIELD, directory)
    if view.option(REP) and rep is None:
        raise gone("this rep", REP, directory)
    return department, rep


def gone(what: str, field: str, directory: Directory) -> Refused:
    """Why something that was chosen is not to be found."""
    if not directory.ready:
        return Refused("casebot has not got FuseDesk's names yet. Try again in a minute.", field=field)
    return Refused(f"FuseDesk has {what} no longer. Choose again.", field=field)


async def department_chosen(click: Click, ack: Ack, later: Later, desk: CaseDesk, directory: Directory, slack: Slack) -> None:
    await ack()
    if click.view is not None:
        later(slack.update_view(click.view.id, _redrawn(click.view, desk, directory)))


def _redrawn(view: OpenView, desk: CaseDesk, directory: Directory) -> View:
    """The form with a rep's field that belongs to the chosen department; a rep inside it stays chosen."""
    origin = Origin.load(view.metadata)
    department, rep = _inside(view, directory)
    if view.callback_id == OPEN_FORM:
        return open_form(replace(open_values(view, directory), rep=rep), origin)
    return transfer_form(department, rep, origin, named=desk.remembered(origin.card.caseid))


def _inside(view: OpenView, directory: Directory) -> tuple[Department | None, Rep | None]:
    department, rep = chosen(view, directory)
    if department is not None and rep is not None and not directory.holds(department, rep):
        rep = None
    return department, rep


def open_values(view: OpenView, directory: Directory) -> OpenValues:
    """What stands in the form for a new case right now; what is gone from FuseDesk is left out."""
    department, rep = chosen(view, directory)
    return OpenValues(
        summary=view.text(SUMMARY),
        details=view.text(DETAILS),
        email=view.text(EMAIL),
        department=department,
        rep=rep,
        tags=[tag for tag in (directory.tag_by_id(int(tag)) for tag in view.options(TAGS)) if tag is not None],
        thread=bool(view.options(THREAD)) if THREAD in view.fields else None,
    )
