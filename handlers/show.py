"""Show a case: by number, from a list, shared with the channel; and the way to FuseDesk."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.access import Access
from bot.answers import Answers
from bot.cards.case import Seen, history_card
from bot.cards.forms import link_form
from bot.cases import NamedCase, Person
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.fusedesk.errors import NotFound
from bot.listening import Ack, Later, Staged
from bot.operations import CaseRef, Show
from bot.payloads import Click, Place
from handlers.contact import origin_of


async def typed(
    operation: Show, place: Place, by: Person, desk: CaseDesk, directory: Directory, answers: Answers, access: Access
) -> None:
    await _show(place, operation.case, by, desk, directory, answers, access)


async def pressed(
    click: Click, by: Person, ack: Ack, staged: Staged, desk: CaseDesk, directory: Directory, answers: Answers, access: Access
) -> None:
    ref = CaseRef(caseid=int(click.value))
    await ack()
    staged(f"Fetching case {ref} …", lambda place: _show(place, ref, by, desk, directory, answers, access))


async def _show(
    place: Place, ref: CaseRef, by: Person, desk: CaseDesk, directory: Directory, answers: Answers, access: Access
) -> None:
    named = await answers.patiently(place, _seen(ref, by, desk, directory, access), "the case")
    await answers.show(place, named, by)


async def _seen(ref: CaseRef, by: Person, desk: CaseDesk, directory: Directory, access: Access) -> NamedCase:
    """Whoever may not see a case does not learn either whether FuseDesk has one of that number."""
    known = desk.known_id(ref)
    # Until FuseDesk has told its names, nobody is known as a rep: then it says itself that it does not answer.
    if known is not None and directory.ready:
        await access.see(by, known)
    try:
        named = await desk.glance(ref)
    except NotFound:
        await access.see(by, known)
        raise
    await access.see(by, named.case.caseid)
    return named


async def shared(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    seen = Seen.load(click.value)
    await ack()
    later(_share(click.place, seen, by, desk, answers))


async def _share(place: Place, seen: Seen, by: Person, desk: CaseDesk, answers: Answers) -> None:
    named = await desk.show(CaseRef(caseid=seen.caseid))
    await answers.share(place, named, by, headline=f"Shared by {by.name}")


async def left(ack: Ack) -> None:
    """A button that opens an address is reported like any other."""
    await ack()


async def more(click: Click, by: Person, ack: Ack, later: Later, staged: Staged, desk: CaseDesk, answers: Answers) -> None:
    what, _, number = click.value.partition("|")
    caseid = int(number)
    await ack()
    if what == "link":
        later(answers.form(click.place, click.trigger, link_form("", origin_of(click, caseid), named=desk.remembered(caseid))))
    elif what == "history":
        staged(f"Fetching the history of case #{caseid} …", lambda place: _history(place, caseid, desk, answers))
    else:
        later(_refresh(click.place, caseid, by, desk, answers))


async def _history(place: Place, caseid: int, desk: CaseDesk, answers: Answers) -> None:
    named = await answers.patiently(place, desk.show_history(CaseRef(caseid=caseid)), "the history")
    await answers.tell(place, history_card(named, datetime.now(UTC)))


async def _refresh(place: Place, caseid: int, by: Person, desk: CaseDesk, answers: Answers) -> None:
    await answers.changed(place, await desk.show_anew(CaseRef(caseid=caseid)), by, "")
