"""What a person wants changed in FuseDesk, as values that can be stored: the only way a write reaches the client.

A wish knows its `key`: two wishes with the same key are the same wish (a double click, a second delivery), and end in one
effect. `caseid` orders wishes on one case; None for a case that is only to be opened.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.fusedesk.client import FuseDesk
from bot.fusedesk.models import Case, CaseSearch, NewCase, NewEmail, NewNote, Status
from bot.references import bears


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: str


class OpenCase(_Wish):
    kind: Literal["open"] = "open"
    caseid: None = None
    new: NewCase


class AddNote(_Wish):
    kind: Literal["note"] = "note"
    caseid: int
    note: NewNote


class AddTag(_Wish):
    kind: Literal["tag"] = "tag"
    caseid: int
    tagid: int


class RemoveTag(_Wish):
    kind: Literal["untag"] = "untag"
    caseid: int
    tagid: int


class Transfer(_Wish):
    kind: Literal["transfer"] = "transfer"
    caseid: int
    depid: int | None = None
    repid: int | None = None


class LinkContact(_Wish):
    kind: Literal["link"] = "link"
    caseid: int
    contactid: int | None = None
    contact_uuid: str = ""


class ImportHistory(_Wish):
    kind: Literal["history"] = "history"
    caseid: int
    items: tuple[NewNote | NewEmail, ...]


class SetStatus(_Wish):
    kind: Literal["status"] = "status"
    caseid: int
    status: Status


# A case is sought among so many that came last: by their ids, for its date may be typed.
_NEWEST = 200

Wish = Annotated[
    OpenCase | AddNote | AddTag | RemoveTag | Transfer | LinkContact | ImportHistory | SetStatus, Field(discriminator="kind")
]


async def perform(fusedesk: FuseDesk, wish: Wish) -> Case | None:
    """The wish's effect: one call. Returns the case where FuseDesk's answer holds it."""
    match wish:
        case OpenCase():
            return await fusedesk.open_case(wish.new)
        case Transfer():
            return await fusedesk.transfer(wish.caseid, depid=wish.depid, repid=wish.repid)
        case LinkContact():
            return await fusedesk.link_contact(wish.caseid, contactid=wish.contactid, contact_uuid=wish.contact_uuid)
        case SetStatus():
            return await fusedesk.set_status(wish.caseid, wish.status)
        case AddNote():
            await fusedesk.add_note(wish.caseid, wish.note)
        case AddTag():
            await fusedesk.tag(wish.caseid, wish.tagid)
        case RemoveTag():
            await fusedesk.untag(wish.caseid, wish.tagid)
        case ImportHistory():
            await fusedesk.import_history(wish.caseid, wish.items)
    return None


async def look_up(fusedesk: FuseDesk, wish: Wish) -> Case | None:
    """The case that shows the wish's effect: by the reference in a text, or by its state. None where it has to be done.

    One call, and for a case that is not there two. Items of a history import carry marks of their own, by which the import leaves
    out what is there already.
    """
    if isinstance(wish, OpenCase):
        # Anywhere, too: somebody, or a rule of FuseDesk's own, may have moved it on as soon as it was open.
        for depid in (wish.new.depid, None):
            newest = CaseSearch(depid=depid, limit=_NEWEST, orderby="caseid desc")
            if found := [case for case in await fusedesk.search(newest) if bears(wish.key, case.details)]:
                return found[0]
        return None
    if isinstance(wish, ImportHistory):
        return None
    case = await fusedesk.get_case(wish.caseid)
    return case if _shows(case, wish) else None


def _shows(case: Case, wish: AddNote | AddTag | RemoveTag | Transfer | LinkContact | SetStatus) -> bool:
    match wish:
        case AddNote():
            return any(bears(wish.key, item.note) for item in case.history)
        case AddTag():
            return wish.tagid in case.tags
        case RemoveTag():
            return wish.tagid not in case.tags
        case Transfer():
            return wish.depid in (None, case.departmentid) and wish.repid in (None, case.repid)
        case LinkContact():
            return case.contact_uuid == wish.contact_uuid if wish.contact_uuid else case.contactid == wish.contactid
    return case.status is wish.status
