"""FuseDesk is down or hangs: people get what is known, with its age, or hear so at once; nothing old decides a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.cards import case, forms
from simulator.slack import BOB, JANE, MIA, SUPPORT
from tests.conftest import World, casebot_world
from tests.flows import answer, form, shared_card, writes

FOR_EVER = 3_600.0


@asynccontextmanager
async def outage_world(pause: float = FOR_EVER, **settings: object) -> AsyncIterator[World]:
    """Without the cache that shows a case for some seconds as if it came now: here it is always asked for."""
    async with casebot_world(fusedesk_pause=pause, casebot_cases_ttl=0, **settings) as world:
        await world.slack.until(lambda: world.bot.directory.ready, what="the names")
        yield world
        assert world.slack.faults == []


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with outage_world(pause=10.0) as made:
        yield made


async def break_off(world: World) -> int:
    """FuseDesk goes down, and three people ask in vain; how many calls it has seen then."""
    world.desk.down = True
    for number in ("1001", "1002", "1003"):
        await answer(world, number, BOB)
    return len(world.desk.calls)


async def home_of(world: World, user: str = JANE) -> str:
    await world.slack.open_home(user)
    await world.slack.until(lambda: world.bot.busy == 0, what="the Home")
    return world.slack.home(user).plain()


async def test_a_case_seen_before_is_shown_with_its_age(world: World) -> None:
    fresh = await answer(world, "1234")
    world.desk.down = True

    card = await answer(world, "1234")

    assert "As of" not in fresh.plain() + fresh.text
    assert "As of <!date^" in str(card.blocks)
    assert "FuseDesk does not answer right now" in card.plain()
    assert card.text.startswith("As of 20")
    assert "Transfer" in card.buttons


async def test_a_case_seen_in_a_list_is_shown_by_its_number_too(world: World) -> None:
    await answer(world, "find status:new")
    number = next(row for row in world.desk.find(status="new", limit=10))
    world.desk.down = True

    card = await answer(world, number["casenum"])

    assert f"#{number['caseid']}" in card.plain()
    assert "As of" in card.plain()


async def test_a_list_and_its_next_page_are_shown_with_their_age(world: World) -> None:
    fresh = await answer(world, "find status:active")
    world.desk.down = True

    again = await answer(world, "find status:active")
    await world.slack.click(JANE, again, again.button("Next"))
    await world.slack.until(lambda: "11–20" in again.plain(), what="the next page")

    assert "As of" not in fresh.plain()
    assert "FuseDesk does not answer right now" in again.plain()
    assert "As of" in again.text


async def test_a_search_that_found_nothing_says_of_when_that_is(world: World) -> None:
    await answer(world, "find nobody@example.com")
    world.desk.down = True

    again = await answer(world, "find nobody@example.com")

    assert "No case was found" in again.plain()
    assert "As of" in again.plain()
    assert "As of" in again.text


async def test_what_nobody_saw_is_said_to_be_out_of_reach(world: World) -> None:
    await answer(world, "find status:active")
    world.desk.down = True

    found = await answer(world, "find status:closed")

    assert "FuseDesk does not answer right now. Nothing was changed" in found.plain()


@pytest.mark.parametrize("user", [JANE, MIA])
async def test_home_shows_what_it_showed_before_with_its_age(world: World, user: str) -> None:
    await answer(world, "open Lamp is dark dept:support", user)
    fresh = await home_of(world, user)
    world.desk.down = True

    again = await home_of(world, user)

    assert "As of" not in fresh
    assert "As of" in again
    assert "does not answer" in again
    assert again.count("Show") == fresh.count("Show")


async def test_a_change_made_before_the_outage_is_in_what_is_remembered(world: World) -> None:
    await answer(world, "1234")
    await answer(world, "transfer 1234 to billing")
    world.desk.down = True

    card = await answer(world, "1234")

    assert "Billing" in card.plain()
    assert "As of" in card.plain()


async def test_a_history_is_shown_from_memory_only_where_it_was_seen(world: World) -> None:
    card = await answer(world, "1234")
    await answer(world, "find status:active")
    listed = next(row["caseid"] for row in world.desk.find(status="active", limit=10) if row["caseid"] != 1234)
    world.desk.down = True

    await world.slack.click(JANE, card, case.MORE, option="Show history")
    await world.slack.until(lambda: "History of case #1234" in world.slack.last(JANE, SUPPORT).plain())
    seen = world.slack.last(JANE, SUPPORT).plain()
    await world.slack.click(JANE, await answer(world, str(listed)), case.MORE, option="Show history")
    await world.slack.until(lambda: "Nothing was changed" in world.slack.last(JANE, SUPPORT).plain())

    assert "As of" in seen
    assert "shows no history" not in world.slack.last(JANE, SUPPORT).plain()


async def test_a_refresh_in_vain_says_so_and_leaves_the_card(world: World) -> None:
    card = await shared_card(world)
    before = card.plain()
    world.desk.down = True

    await world.slack.click(JANE, card, case.MORE, option="Refresh")

    await world.slack.until(lambda: "does not answer" in world.slack.last(JANE, SUPPORT).plain())
    assert card.plain() == before


async def test_a_card_shared_in_an_outage_bears_its_age_until_it_is_refreshed(world: World) -> None:
    await answer(world, "1234")
    world.desk.down = True
    card = await shared_card(world)
    shared = card.plain()
    world.desk.down = False

    await world.slack.click(JANE, card, case.MORE, option="Refresh")

    await world.slack.until(lambda: "As of" not in card.plain(), what="the fresh card")
    assert "As of" in shared


async def test_a_case_that_is_gone_is_not_shown_from_memory(world: World) -> None:
    await answer(world, "1234")
    world.desk.remove_case(1234)
    await answer(world, "1234")
    world.desk.down = True

    card = await answer(world, "1234")

    assert "does not answer" in card.plain()
    assert "As of" not in card.plain()


@pytest.mark.parametrize(("switch", "value"), [("rejects_key", True), ("scopes", set())])
async def test_what_fusedesk_refuses_is_not_shown_from_memory(world: World, switch: str, value: object) -> None:
    await answer(world, "1234")
    setattr(world.desk, switch, value)

    card = await answer(world, "1234")

    assert "As of" not in card.plain()
    assert "key" in card.plain()


async def test_a_page_that_says_back_soon_counts_as_an_outage(world: World) -> None:
    await answer(world, "1234")
    world.desk.garbage = True

    card = await answer(world, "1234")

    assert "As of" in card.plain()
    assert "cannot read" in card.plain()


async def test_after_three_in_vain_everybody_is_answered_at_once_and_fusedesk_left_alone() -> None:
    async with outage_world() as world:
        await answer(world, "1234")
        calls = await break_off(world)

        card = await answer(world, "1234")
        other = await answer(world, "1235")
        home = await home_of(world)

        assert len(world.desk.calls) == calls
        assert "As of" in card.plain()
        assert "does not answer" in other.plain()
        assert "does not answer" in home


async def test_a_change_waits_while_fusedesk_is_left_alone_and_is_made_when_it_is_back() -> None:
    async with outage_world(pause=0.5) as world:
        await answer(world, "1234")
        await break_off(world)

        note = await answer(world, "note 1234 Called back")
        await world.case("close 1234")
        waiting = "Your change waits: Close #1234"
        await world.slack.until(lambda: waiting in world.slack.last(JANE, SUPPORT).plain(), timeout=10)

        assert "Your change waits: Add a note to #1234: Called back" in note.plain()
        world.desk.mend()
        world.desk.down = False
        await world.slack.until(lambda: "You closed it." in world.slack.last(JANE, SUPPORT).plain(), timeout=20)
        held = world.desk.case(1234)
        assert sum("Called back" in entry["note"] for entry in held["history"]) == 1
        assert held["status"] == "closed"


async def test_fusedesk_that_is_back_is_found_by_one_call_and_then_serves_everybody() -> None:
    async with outage_world(pause=0.05) as world:
        await answer(world, "1234")
        await break_off(world)
        world.desk.change(1234, summary="Changed meanwhile")
        world.desk.down = False

        async with asyncio.timeout(5):
            while "As of" in (card := await answer(world, "1234")).plain():
                continue
        other = await answer(world, "1235")

        assert "Changed meanwhile" in card.plain()
        assert "#1235" in other.plain()


async def test_who_asks_while_fusedesk_hangs_waits_no_longer_once_three_have_waited() -> None:
    async with outage_world(fusedesk_read_timeout=0.3) as world:
        await answer(world, "1234")
        world.desk.hanging = True
        await asyncio.gather(*(world.case(number, user=BOB) for number in ("1001", "1002", "1003")))
        await world.slack.until(lambda: world.bot.busy == 0, what="three answers")
        calls = len(world.desk.calls) + world.desk.in_flight

        card = await answer(world, "1234")
        changed = await answer(world, "close 1234")

        assert len(world.desk.calls) + world.desk.in_flight == calls
        assert "As of" in card.plain()
        assert "Your change waits" in changed.plain()
        world.desk.hanging = False


async def test_an_old_card_decides_no_transfer(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    await answer(world, "1234")
    world.desk.down = True
    old = await answer(world, "1234")
    world.desk.down = False
    world.desk.change(1234, repid=3)

    await world.slack.click(JANE, old, case.TAKE)

    await world.slack.until(lambda: "by now. Nothing was changed" in world.slack.last(JANE, SUPPORT).plain())
    assert writes(world) == []
    assert world.desk.case(1234)["repid"] == 3


async def test_a_transfer_that_cannot_look_first_is_not_made() -> None:
    async with outage_world() as world:
        await answer(world, "1234")
        await break_off(world)

        told = await answer(world, "transfer 1234 to jane")

        assert "Your change waits" in told.plain()
        assert writes(world) == []


async def test_forms_still_open_with_the_names_that_are_known() -> None:
    async with outage_world() as world:
        card = await answer(world, "1234")
        await break_off(world)

        await world.slack.click(JANE, card, case.TRANSFER)

        view = await form(world, forms.TRANSFER_FORM)
        assert "Transfer" in str(view.content["title"])
