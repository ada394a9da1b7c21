"""The last of the hour's calls are kept for changes: what is shown comes from memory, and nothing asks by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.cards import home
from simulator.slack import JANE, MIA
from tests.conftest import World, casebot_world
from tests.flows import answer, writes
from tests.test_outage import home_of

LOW, PLENTY = 150, 1_500


@asynccontextmanager
async def low_world(left: int = LOW, **settings: object) -> AsyncIterator[World]:
    """Jane has seen case 1234 and her own cases, and then few calls are left, as the latest answer told."""
    async with casebot_world(casebot_cases_ttl=0, **settings) as world:
        await world.slack.until(lambda: world.bot.directory.ready, what="the names")
        await home_of(world)
        world.desk.quota_left = left + 1
        await answer(world, "1234")
        yield world
        assert world.slack.faults == []


async def test_a_case_shown_again_costs_no_call_and_bears_its_age() -> None:
    async with low_world() as world:
        calls = len(world.desk.calls)

        card = await answer(world, "1234")

        assert len(world.desk.calls) == calls
        assert "As of" in card.plain()
        assert "kept for changes" in card.plain()
        assert card.text.startswith("As of")


@pytest.mark.parametrize("typed", ["1235", "find status:closed"])
async def test_what_nobody_saw_is_refused_with_the_time_at_which_it_works_again(typed: str) -> None:
    async with low_world() as world:
        calls = len(world.desk.calls)

        told = await answer(world, typed)

        assert len(world.desk.calls) == calls
        assert "kept for changes" in told.plain()
        assert ":00 UTC" in told.plain()


async def test_changes_go_through_with_the_looks_they_need() -> None:
    async with low_world() as world:
        moved = await answer(world, "transfer 1235 to billing/jane")
        noted = await answer(world, f"note {world.desk.case(1236)['casenum']} Called back")

        assert "Billing" in moved.plain()
        assert "Added the note" in noted.plain()
        assert len(writes(world)) == 2


async def test_home_costs_nothing_neither_opened_nor_refreshed() -> None:
    async with low_world() as world:
        calls = len(world.desk.calls)

        opened = await home_of(world)
        await world.slack.click(JANE, world.slack.home(JANE), home.HOME_REFRESH)
        await world.slack.until(lambda: world.bot.busy == 0)
        strange = await home_of(world, MIA)

        assert len(world.desk.calls) == calls
        assert "As of" in opened
        assert f"{LOW} of 1,800 calls are left this hour: they are kept for changes" in opened
        assert "You have not opened any cases yet" in strange


@pytest.mark.parametrize(("left", "asked"), [(PLENTY, True), (LOW, False)])
async def test_names_are_not_renewed_while_few_calls_are_left(left: int, asked: bool) -> None:
    async with low_world(left, casebot_names_ttl=0.001) as world:
        calls = world.desk.calls.count("GET /departments")

        for _ in range(3):
            await answer(world, "note 1234 for support")
        await answer(world, "transfer 1234 to nowhere at all")

        assert (world.desk.calls.count("GET /departments") > calls) is asked


async def test_a_quota_used_up_shows_what_is_known_and_says_when_the_rest_can_be() -> None:
    async with low_world(left=0) as world:
        known = await answer(world, "1234")
        other = await answer(world, "1235")

        assert "As of" in known.plain()
        assert "allows no more calls this hour" in known.plain()
        assert "Try again after" in other.plain()


async def test_a_quota_that_somebody_else_used_up_is_noticed_by_the_next_look() -> None:
    async with low_world(left=PLENTY) as world:
        world.desk.quota_left = 0

        card = await answer(world, "1234")

        assert "As of" in card.plain()
        assert "allows no more calls this hour" in card.plain()
