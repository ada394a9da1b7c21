"""Find cases: by email and filters, my own, and turning the pages of a list."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.lists import case_list, turn_of
from bot.cases import CasePage, Person
from bot.desk import CaseDesk
from bot.language import parse
from bot.listening import Ack, Later
from bot.operations import Find, Mine, Operation
from bot.payloads import Click, Place


async def typed(operation: Find, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    page = await answers.patiently(place, desk.find(operation, by), "the cases")
    await answers.tell(place, case_list(page))


async def mine_typed(operation: Mine, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    page = await answers.patiently(place, desk.mine(operation, by), "your cases")
    await answers.tell(place, case_list(page))


async def turned(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    query, offset = turn_of(click.value)
    operation = parse(query, today=by.today())
    await ack()
    later(_turn(click.place, operation, offset, by, desk, answers))


async def _turn(place: Place, operation: Operation, offset: int, by: Person, desk: CaseDesk, answers: Answers) -> None:
    page = _page(operation, by, offset, desk)
    # In a modal "still asking" would take the list's place.
    shown = await page if place.view_id else await answers.patiently(place, page, "the cases")
    await answers.redraw(place, case_list(shown))


async def _page(operation: Operation, by: Person, offset: int, desk: CaseDesk) -> CasePage:
    if isinstance(operation, Mine):
        return await desk.mine(operation, by, offset)
    if not isinstance(operation, Find):
        raise TypeError(f"a list cannot be paged by {type(operation).__name__}")
    return await desk.find(operation, by, offset)
