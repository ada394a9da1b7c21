"""Link a case to a contact."""

from __future__ import annotations

from uuid import UUID

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import CONTACT, Origin, link_form
from bot.cases import Person
from bot.desk import CaseDesk
from bot.errors import Refused
from bot.listening import Settle
from bot.operations import CaseRef, Link
from bot.payloads import Click, Place, Submission


async def typed(operation: Link, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    work = desk.link(operation.case, by, key, contactid=operation.contactid, contact_uuid=operation.contact_uuid)
    done = await answers.patiently(place, work, "FuseDesk")
    await answers.finished(place, done.named, by, done.line, done.undo)


def origin_of(click: Click, caseid: int) -> Origin:
    """A form about a case whose state does not matter to it."""
    return Origin(place=click.place, seen=Seen(caseid=caseid))


async def submitted(submission: Submission, by: Person, settle: Settle, desk: CaseDesk, answers: Answers) -> None:
    origin = Origin.load(submission.view.metadata)
    seen = origin.card
    typed = submission.view.text(CONTACT)
    contactid, contact_uuid = _contact(typed)
    named = desk.remembered(seen.caseid)
    await settle(
        _link(seen.caseid, contactid, contact_uuid, submission.view.id, origin.place, by, desk, answers),
        again=lambda fault: link_form(typed, origin, named=named, fault=fault),
        waiting="Linking the case …",
    )


def _contact(typed: str) -> tuple[int | None, str]:
    if typed.isascii() and typed.isdigit() and int(typed) > 0:
        return int(typed), ""
    try:
        return None, str(UUID(typed))
    except ValueError:
        raise Refused("Type the contact's number, such as 77, or its UUID.", field=CONTACT) from None


async def _link(
    caseid: int,
    contactid: int | None,
    contact_uuid: str,
    key: str,
    place: Place,
    by: Person,
    desk: CaseDesk,
    answers: Answers,
) -> None:
    done = await desk.link(CaseRef(caseid=caseid), by, key, contactid=contactid, contact_uuid=contact_uuid)
    await answers.changed(place, done.named, by, done.line, done.undo)
