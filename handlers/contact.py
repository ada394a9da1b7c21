"""Link a case to a contact."""

from __future__ import annotations

from uuid import UUID

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import CONTACT, Origin, link_form
from bot.cases import Person
from bot.changes import Done
from bot.desk import CaseDesk
from bot.errors import Refused
from bot.intents import Intent, LinkContact
from bot.listening import Settle
from bot.operations import CaseRef, Link
from bot.payloads import Click, Submission
from bot.writing import Writing


async def wanted(operation: Link) -> LinkContact:
    return LinkContact(case=operation.case, contactid=operation.contactid, contact_uuid=operation.contact_uuid)


def origin_of(click: Click, caseid: int) -> Origin:
    """A form about a case whose state does not matter to it."""
    return Origin(place=click.place, seen=Seen(caseid=caseid))


async def submitted(submission: Submission, settle: Settle, desk: CaseDesk) -> None:
    origin = Origin.load(submission.view.metadata)
    case = CaseRef(caseid=origin.card.caseid)
    typed = submission.view.text(CONTACT)
    contactid, contact_uuid = _contact(typed)
    named = desk.remembered(origin.card.caseid)
    await settle(
        LinkContact(case=case, contactid=contactid, contact_uuid=contact_uuid),
        key=f"{submission.view.id}:{typed}",
        place=origin.place,
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


async def effect(deed: LinkContact, by: Person, key: str, writing: Writing) -> Done:
    return await writing.link(deed.case, by, key, contactid=deed.contactid, contact_uuid=deed.contact_uuid)


async def tell(result: Done, intent: Intent, answers: Answers) -> None:
    await answers.carried_out(result, intent)
