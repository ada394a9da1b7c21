"""What is looked at twice within seconds is asked for once; what was written, or must be true now, is asked for."""

from __future__ import annotations

import pytest

from bot.cards import case, lists
from bot.fusedesk.models import Case
from bot.memory import Cases
from simulator.slack import JANE, SUPPORT
from tests.conftest import World, casebot_world
from tests.flows import answer, shared_card


def looks(world: World) -> int:
    return world.desk.calls.count("GET /cases/{id}")


async def test_a_case_of_a_list_is_shown_without_asking_again(world: World) -> None:
    found = await answer(world, "find status:all sort:id limit:10")
    caseid = next(element.value for element in found.elements if element.action_id == lists.SHOW)
    before = len(world.slack.seen(JANE, SUPPORT))

    await world.slack.click(JANE, found, lists.SHOW)

    await world.slack.until(lambda: len(world.slack.seen(JANE, SUPPORT)) > before)
    assert f"#{caseid}" in world.slack.last(JANE, SUPPORT).plain()
    assert looks(world) == 0


async def test_what_somebody_wrote_is_seen_at_once(world: World) -> None:
    await answer(world, "1234")
    await answer(world, "close 1234")

    assert "Closed" in (await answer(world, "1234")).plain()


async def test_a_write_whose_outcome_is_unknown_is_looked_at_anew(world: World) -> None:
    await answer(world, "1234")
    world.desk.fail("POST /cases/1234", when="after", how="drop")
    await answer(world, "close 1234")

    assert "Closed" in (await answer(world, "1234")).plain()


async def test_refresh_asks_fusedesk(world: World) -> None:
    card = await shared_card(world)
    world.desk.change(1234, summary="Changed in FuseDesk")

    await world.slack.click(JANE, card, case.MORE, option="Refresh")

    await world.slack.until(lambda: "Changed in FuseDesk" in card.plain())


async def test_without_a_time_to_keep_them_every_look_is_a_call() -> None:
    async with casebot_world(casebot_cases_ttl=0) as world:
        await answer(world, "1234")
        await answer(world, "1234")

        assert looks(world) == 2


def made(**fields: object) -> Case:
    whole = {"summary": "S", "details": "D", "openedby": "O", "status": "new", "departmentid": 1, "repid": 2, "tags": []}
    return Case.model_validate({"caseid": 7, **whole, **fields})


def test_an_answer_is_kept_for_its_time_and_no_longer() -> None:
    now = 0.0
    cases = Cases(fresh=30, clock=lambda: now)
    cases.freshen([made()], cases.mark)

    now = 29.0
    assert cases.glance(7) == made()
    now = 31.0
    assert cases.glance(7) is None


def test_an_answer_that_was_under_way_during_a_write_is_not_kept() -> None:
    cases = Cases(fresh=30)
    mark = cases.mark
    cases.written(7)

    cases.freshen([made()], mark)

    assert cases.glance(7) is None


@pytest.mark.parametrize("missing", ["details", "tags", "openedby"])
def test_a_case_that_a_search_tells_in_part_is_not_shown_in_part(missing: str) -> None:
    cases = Cases(fresh=30)
    fields = made().model_dump(exclude={missing})
    part = Case.model_validate({name: value for name, value in fields.items() if name in made().model_fields_set})

    cases.freshen([part], cases.mark)

    assert cases.glance(7) is None
