"""Building cards: pure functions, so nothing but their own time."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median

from bench.inside import each
from bench.run import Run
from bench.table import Row, at_most
from bot.cards.case import case_card
from bot.cards.lists import case_list
from bot.cases import CasePage, NamedCase
from bot.fusedesk.models import Case
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_looks import Looks


async def rows(run: Run) -> list[Row]:
    found = _cases(10)
    page = CasePage(tuple(found), 0, 37, False, "find jane@example.com")
    count = max(run.size.lookups // 10, 1)
    one = [each(lambda: case_card(found[0], surface="private", now=datetime.now(UTC)), count) for _ in range(run.size.rounds)]
    ten = [each(lambda: case_list(page), count) for _ in range(run.size.rounds)]
    return [
        Row("building a case's card", "ms", median(one), goals=[at_most(0.3)]),
        Row("building a page of ten", "ms", median(ten), goals=[at_most(1)]),
    ]


def _cases(count: int) -> list[NamedCase]:
    """As FuseDesk's stand-in shows them."""
    desk = FuseDesk(cases=count)
    looks = Looks(desk)
    shown = [looks.case(row) for row in desk.store.search({}, limit=count, offset=0)]
    cases = [Case.model_validate(each, context={"zone": UTC}) for each in shown]
    url = "https://acme.fusedesk.com/app/#cases/view/1"
    return [NamedCase(case, "Technical Support", "Jane Doe", ("VIP", "Bug"), url) for case in cases]
