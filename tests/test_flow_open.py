"""A case from a message with its thread, a long import, and the Home: each from its beginning to its end."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import forms, home
from simulator.slack import ADA, BOB, JANE, MIA, RANDOM, SUPPORT
from tests.conftest import World, casebot_world
from tests.flows import answer, form, state, writes
from tests.forms_world import FROM_MESSAGE, IMPORT, MESSAGE, NEW, cards, said, shortcut


async def test_the_form_is_filled_from_the_message(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)

    view = await shortcut(world, ts, FROM_MESSAGE)

    filled = state(view)
    assert filled["summary"] == "The printer is on fire"
    assert filled["details"] == MESSAGE
    assert filled["email"] == "jane@example.com"
    assert "thread" not in filled
    assert [call for call in world.desk.calls if "/cases" in call.path] == []


async def test_the_case_holds_author_permalink_and_customer_and_its_card_goes_into_the_thread(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "rep": "Jane Doe", "tags": ["VIP", "Hardware"]})

    card = (await world.slack.until(lambda: cards(world, ts)))[0]
    case = world.desk.newest()
    assert case["summary"] == "The printer is on fire"
    assert case["details"].startswith(MESSAGE)
    assert f"/archives/{SUPPORT}/p{ts.replace('.', '')}" in case["details"]
    assert "Mia Long" in case["details"]
    assert (case["departmentid"], case["repid"], case["contactid"]) == (268, 1, 77)
    assert set(case["tagnames"]) == {"VIP", "Hardware"}
    assert case["openedby"] == "jane@example.com"
    assert f"#{case['caseid']}" in card.plain()
    assert world.slack.views(JANE) == []
    assert len(writes(world)) == 1


async def test_the_whole_thread_becomes_history(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(BOB, SUPPORT, "On my way <@U03MIA>", thread_ts=ts, as_is=True)
    reply = world.slack.say(MIA, SUPPORT, "Thanks &amp; bye", thread_ts=ts, as_is=True)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    await world.slack.until(lambda: cards(world, ts))
    notes = [entry["note"] for entry in world.desk.newest()["history"]]
    assert any("On my way @Mia Long" in note and "Bob Stone" in note for note in notes)
    assert any("Thanks & bye" in note and f"p{reply.replace('.', '')}" in note for note in notes)
    assert len(writes(world)) == 1


async def test_two_people_who_open_a_case_from_one_message_end_in_one_case(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    first, second = await shortcut(world, ts, FROM_MESSAGE), await shortcut(world, ts, FROM_MESSAGE, user=ADA)
    before = world.desk.count()

    await asyncio.gather(
        world.slack.submit(JANE, first, {"department": "Support"}),
        world.slack.submit(ADA, second, {"department": "Billing"}),
    )

    await world.slack.until(lambda: cards(world, ts))
    await world.slack.until(lambda: "has a case already" in said(world, JANE) + said(world, ADA))
    assert world.desk.count() == before + 1
    assert len(cards(world, ts)) == 1


async def test_without_casebot_in_the_channel_nothing_is_lost(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, MESSAGE)
    world.slack.say(BOB, RANDOM, "me too", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE, channel=RANDOM)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    await world.slack.until(lambda: "without the thread" in said(world, JANE, RANDOM))
    case = world.desk.newest()
    assert case["summary"] == "The printer is on fire"
    assert f"#{case['caseid']}" in said(world, JANE, RANDOM)
    assert "/invite @casebot" in said(world, JANE, RANDOM)
    world.slack.forgive("not_in_channel")


async def test_a_message_without_words_can_be_opened(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "")

    view = await shortcut(world, ts, FROM_MESSAGE)

    assert state(view)["summary"]


async def test_a_slow_fusedesk_shows_a_waiting_view_and_then_the_card(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.latency = 2.0

    exchange = await world.slack.submit(JANE, view, {"department": "Support"})

    assert exchange.json["response_action"] == "update"
    assert "Opening the case" in view.plain()
    await world.slack.until(lambda: cards(world, ts))


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cut_connection_never_ends_in_two_cases(world: World, when: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.fail("POST /cases/", when=when, how="drop")
    before = world.desk.count()

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: cards(world, ts))
    await world.settled()
    assert len(cards(world, ts)) == 1
    assert world.desk.count() == before + 1


async def test_a_thread_of_a_thousand_replies_is_imported(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    for number in range(1_000):
        world.slack.say(BOB if number % 2 else MIA, SUPPORT, f"reply {number}", thread_ts=ts)
    view = await shortcut(world, ts, IMPORT)
    options = await world.slack.typeahead(JANE, view, "case", "1234")

    await world.slack.submit(JANE, view, {"case": options[0]})

    await world.slack.until(lambda: "Imported 1001 messages" in said(world), timeout=20)
    assert sum("reply 999" in entry["note"] for entry in world.desk.case(1234)["history"]) == 1
    assert len(writes(world)) <= 6


async def test_the_only_department_there_is_is_chosen_already() -> None:
    async with casebot_world() as world:
        for number in (269, 270, 271, 272, 273):
            world.desk.remove_department(number)
        await answer(world, "refresh")

        await world.slack.global_shortcut(JANE, NEW)

        view = await form(world, forms.OPEN_FORM)
        assert state(view)["department"] == "Support"
        assert world.slack.faults == []


async def test_home_shows_a_reps_cases_and_a_modal_with_a_working_card(world: World) -> None:
    await world.slack.open_home(JANE)
    view = await world.slack.until(lambda: world.slack.home(JANE))
    await world.slack.until(lambda: "FuseDesk answers" in world.slack.home(JANE).plain())
    view = world.slack.home(JANE)

    await world.slack.click(JANE, view, "list_show")
    await world.slack.until(lambda: world.slack.views(JANE) and "Transfer" in world.slack.view(JANE).buttons)
    modal = world.slack.view(JANE)
    await world.slack.click(JANE, modal, "case_close")

    await world.slack.until(lambda: "Reopen" in world.slack.view(JANE).buttons)
    assert "My cases" in view.plain()


async def test_a_form_over_a_card_in_a_modal_updates_that_card(world: World) -> None:
    await world.slack.open_home(JANE)
    await world.slack.until(lambda: "FuseDesk answers" in world.slack.home(JANE).plain())
    await world.slack.click(JANE, world.slack.home(JANE), "list_show")
    await world.slack.until(lambda: world.slack.views(JANE) and "Transfer" in world.slack.view(JANE).buttons)
    card = world.slack.view(JANE)

    await world.slack.click(JANE, card, "case_note")
    note = await form(world, forms.NOTE_FORM)
    await world.slack.submit(JANE, note, {"note": "From the Home"})

    await world.slack.until(lambda: world.slack.views(JANE) == [card], what="the card alone")
    assert "Transfer" in card.buttons


async def test_home_of_a_member_shows_the_cases_they_opened(world: World) -> None:
    await answer(world, "open Mine alone dept:support", user=MIA)

    await world.slack.open_home(MIA)

    await world.slack.until(lambda: "Mine alone" in world.slack.home(MIA).plain())


async def test_home_finds_a_customers_cases(world: World) -> None:
    await world.slack.open_home(JANE)
    await world.slack.until(lambda: "FuseDesk answers" in world.slack.home(JANE).plain())

    await world.slack.click(JANE, world.slack.home(JANE), home.HOME_FIND, option="jane@example.com")

    await world.slack.until(lambda: world.slack.views(JANE) and "5 cases" in world.slack.view(JANE).plain())


async def test_home_says_when_fusedesk_does_not_answer(world: World) -> None:
    await world.slack.until(lambda: world.bot.directory.ready)
    world.desk.down = True

    await world.slack.open_home(JANE)

    await world.slack.until(lambda: "does not answer" in world.slack.home(JANE).plain())
