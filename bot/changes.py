"""Changes of a case as values: what was done, how the case stood before and after, and what takes it back.

What belongs here: reckoning with a change, without asking anybody. Making it is the desk's (`bot.desk`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot import wishes
from bot.audit import State
from bot.cases import NamedCase, Person
from bot.errors import CaseError, NameRefused
from bot.fusedesk.models import Case, Department, NewCase, Rep, Status, Tag
from bot.undo import State as StateOf
from bot.undo import Undo, What, state_of

TOOK_BACK = {
    "transfer": "took the transfer back",
    "tags": "took the change of tags back",
    "status": "took the change of status back",
    "contact": "took the change of contact back",
}


@dataclass(frozen=True, slots=True)
class Done:
    """A change as FuseDesk confirmed it. `line` continues the person's name; "" when there was nothing to do."""

    named: NamedCase
    line: str
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class NotTagged:
    """Why a tag was not changed; `names` are the tags that may have been meant."""

    says: str
    names: tuple[str, ...] = ()


def not_tagged(error: CaseError) -> NotTagged:
    return NotTagged(error.says, error.names if isinstance(error, NameRefused) else ())


@dataclass(frozen=True, slots=True)
class TagsDone:
    """Tags one by one: which were changed, and which not with the reason. `line` continues the person's name."""

    caseid: int
    changed: tuple[str, ...]
    refused: tuple[NotTagged, ...]
    line: str
    undo: Undo | None = None


def tag_wish(key: str, caseid: int, tag: Tag, *, adding: bool) -> wishes.AddTag | wishes.RemoveTag:
    return (wishes.AddTag if adding else wishes.RemoveTag)(key=key, caseid=caseid, tagid=tag.id)


def holder(case: Case) -> tuple[int | None, int | None]:
    return case.departmentid, case.repid


def states(before: Case, after: Case, what: What) -> tuple[State, State]:
    """How the case stood and stands, as the audit keeps it."""
    return named_state(before, what), named_state(after, what)


def named_state(case: Case, what: What) -> State:
    fields = {"transfer": ("departmentid", "repid"), "status": ("status",), "contact": ("contactid", "contact_uuid")}
    return dict(zip(fields[what], state_of(case, what), strict=True)) if what in fields else {"tags": list(case.tags)}


def inverse(undo: Undo, key: str) -> list[wishes.Wish]:
    """The wishes that bring the former state back."""
    caseid, was = undo.caseid, undo.before
    match undo.what:
        case "transfer":
            return [wishes.Transfer(key=key, caseid=caseid, depid=_number(was[0]), repid=_number(was[1]))]
        case "status":
            return [wishes.SetStatus(key=key, caseid=caseid, status=Status(str(was[0])))]
        case "contact":
            uuid = str(was[1] or "") if was[0] is None else ""
            return [wishes.LinkContact(key=key, caseid=caseid, contactid=_number(was[0]), contact_uuid=uuid)]
    back = [wishes.AddTag(key=f"{key}:+{tag}", caseid=caseid, tagid=int(tag)) for tag in was if tag and tag not in undo.after]
    gone = [wishes.RemoveTag(key=f"{key}:-{tag}", caseid=caseid, tagid=int(tag)) for tag in undo.after if tag and tag not in was]
    return [*back, *gone]


def wanted(new: NewCase) -> dict[str, object]:
    """What is known of a case that was opened, where FuseDesk tells no more than its id."""
    known = {"departmentid": new.depid, "repid": new.repid, "summary": new.summary, "details": new.details}
    return known | {"openedby": new.openedby, "contactid": new.contactid, "tags": new.casetags}


def former(undo: Undo) -> dict[str, object]:
    """The state before the change as fields of a case."""
    return _fields(undo, undo.before)


def left_by(undo: Undo) -> dict[str, object]:
    """The state after the change as fields of a case."""
    return _fields(undo, undo.after)


def _fields(undo: Undo, was: StateOf) -> dict[str, object]:
    match undo.what:
        case "transfer":
            return {"departmentid": was[0], "repid": was[1]}
        case "status":
            return {"status": Status(str(was[0]))}
        case "contact":
            return {"contactid": was[0], "contact_uuid": was[1] or ""}
    return {"tags": was}


def _number(value: int | str | None) -> int | None:
    return None if value is None else int(value)


def transferred(named: NamedCase, department: Department | None, rep: Rep | None, by: Person) -> str:
    if rep is not None and rep.userid == by.repid and department is None:
        return "took it"
    if department is not None:
        return f"transferred it to {named.department}" + (f" ({named.rep})" if named.rep else "")
    return f"transferred it to {named.rep}"
