"""Show a case: by number, from a list, shared with the channel; and the way to FuseDesk."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.answers import Answers
from bot.cards.case import Seen, history_card
from bot.cards.forms import link_form
from bot.cases import Person
from bot.desk import CaseDesk
from bot.listening import Ack, Later
from bot.operations import CaseRef, Show
from bot.payloads import Click, Place
from bot.slack import Slack
from handlers.contact import origin_of


async def typed(operation: Show, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    named = await answers.patiently(place, desk.glance(operation.case), "the case")
    await answers.show(place, named, by)


async def pressed(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    caseid = int(click.value)
    await ack()
    later(_show(click, caseid, by, desk, answers))


async def _show(click: Click, caseid: int, by: Person, desk: CaseDesk, answers: Answers) -> None:
    place = await answers.stage(click, f"Fetching case #{caseid} …")
    await answers.show(place, await answers.patiently(place, desk.glance(CaseRef(caseid=caseid)), "the case"), by)


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


async def more(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, slack: Slack, answers: Answers) -> None:
    what, _, number = click.value.partition("|")
    caseid = int(number)
    await ack()
    if what == "link":
        later(answers.form(click.place, click.trigger, link_form("", origin_of(click, caseid), named=desk.remembered(caseid))))
    elif what == "history":
        later(_history(click, caseid, desk, answers))
    else:
        later(_refresh(click.place, caseid, by, desk, answers))


async def _history(click: Click, caseid: int, desk: CaseDesk, answers: Answers) -> None:
    place = await answers.stage(click, f"Fetching the history of case #{caseid} …")
    await answers.tell(place, history_card(await desk.show(CaseRef(caseid=caseid)), datetime.now(UTC)))


async def _refresh(place: Place, caseid: int, by: Person, desk: CaseDesk, answers: Answers) -> None:
    await answers.changed(place, await desk.show(CaseRef(caseid=caseid)), by, "")
