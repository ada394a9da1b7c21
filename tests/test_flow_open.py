"""Cases from messages: open one, add to one, import a thread; and from nothing at all."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import forms, home, words
from simulator.blocks import active_tokens
from simulator.slack import ADA, BILLING, BOB, JANE, MIA, RANDOM, SUPPORT, Message, View
from tests.conftest import World, casebot_world
from tests.flows import answer, form, state, writes

FROM_MESSAGE, ADD, IMPORT, NEW = "open_case_from_message", "add_to_case", "import_thread", "new_case"
MESSAGE = "The printer is on fire\nPlease answer to jane@example.com & hurry"


async def shortcut(world: World, ts: str, which: str, *, user: str = JANE, channel: str = SUPPORT) -> View:
    callbacks = {FROM_MESSAGE: forms.OPEN_FORM, ADD: forms.ADD_FORM, IMPORT: forms.IMPORT_FORM}
    exchange = await world.slack.message_shortcut(user, channel, ts, which)
    assert exchange.error == ""
    return await form(world, callbacks[which], user)


def thread(world: World, ts: str, user: str = JANE, channel: str = SUPPORT) -> list[Message]:
    return [message for message in world.slack.seen(user, channel, ts) if message.user == "U01CASEBOT"]


def said(world: World, user: str = JANE, channel: str = SUPPORT) -> str:
    """What casebot told a person, wherever that was."""
    direct = world.slack.seen(user, world.slack.dm(user).id)
    return "\n".join(message.plain() for message in [*world.slack.seen(user, channel), *direct] if message.user == "U01CASEBOT")


async def test_the_form_is_filled_from_the_message(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)

    view = await shortcut(world, ts, FROM_MESSAGE)

    filled = state(view)
    assert filled["summary"] == "The printer is on fire"
    assert filled["details"] == MESSAGE
    assert filled["email"] == "jane@example.com"
    assert "thread" not in filled
    assert world.desk.calls.count("GET /cases*") == 0


async def test_the_case_holds_author_permalink_and_customer_and_its_card_goes_into_the_thread(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "rep": "Jane Doe", "tags": ["VIP", "Hardware"]})

    card = (await world.slack.until(lambda: thread(world, ts)))[0]
    case = world.desk.newest()
    assert case["summary"] == "The printer is on fire"
    assert case["details"].startswith(MESSAGE)
    assert f"/archives/{SUPPORT}/p{ts.replace('.', '')}" in case["details"]
    assert "Mia Long" in case["details"]
    assert (case["departmentid"], case["repid"], case["contactid"]) == (268, 1, 77)
    assert set(case["tagnames"]) == {"VIP", "Hardware"}
    assert case["openedby"] == "jane@example.com"
    assert f"#{case['caseid']}" in card.plain()
    assert not card.ephemeral
    assert world.slack.views(JANE) == []
    assert len(writes(world)) == 1


async def test_the_whole_thread_becomes_history(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(BOB, SUPPORT, "On my way <@U03MIA>", thread_ts=ts, as_is=True)
    reply = world.slack.say(MIA, SUPPORT, "Thanks &amp; bye", thread_ts=ts, as_is=True)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    await world.slack.until(lambda: thread(world, ts))
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

    await world.slack.until(lambda: thread(world, ts))
    await world.slack.until(lambda: "has a case already" in said(world, JANE) + said(world, ADA))
    assert world.desk.count() == before + 1
    assert len([card for card in thread(world, ts) if not card.ephemeral]) == 1


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


async def test_a_long_message_reaches_fusedesk_whole(world: World) -> None:
    text = "Start " + "word " * 7_990 + "END"
    ts = world.slack.say(MIA, SUPPORT, text)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: thread(world, ts))
    assert world.desk.newest()["details"].startswith(text)


@pytest.mark.parametrize("text", ["<!channel> *b* _i_ `c`\n&gt; q", "🔥" * 2_000, "\u202eשלום", "<https://evil.example|click>"])
async def test_whatever_a_message_holds_the_card_is_harmless(world: World, text: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, text, as_is=True)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support"})

    card = (await world.slack.until(lambda: thread(world, ts)))[0]
    assert active_tokens(card) == []


async def test_a_message_that_is_only_a_file_can_be_opened(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "")

    view = await shortcut(world, ts, FROM_MESSAGE)

    assert state(view)["summary"]


async def test_a_gone_department_is_refused_and_the_form_keeps_its_input(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.fill(JANE, view, {"department": "Onboarding", "summary": "My own words"})
    world.desk.remove_department(272)
    await answer(world, "refresh", ADA)

    exchange = await world.slack.submit(JANE, view)

    assert "no longer" in str(exchange.json["errors"])
    assert state(view)["summary"] == "My own words"


async def test_a_slow_fusedesk_shows_a_waiting_view_and_then_the_card(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.latency = 2.0

    exchange = await world.slack.submit(JANE, view, {"department": "Support"})

    assert exchange.json["response_action"] == "update"
    assert "Opening the case" in view.plain()
    await world.slack.until(lambda: thread(world, ts))


async def test_a_refusal_after_waiting_brings_the_form_back_with_what_was_typed(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.latency = 2.0
    world.desk.fail("POST /cases/", how="405")

    await world.slack.submit(JANE, view, {"department": "Support", "summary": "My own words", "tags": ["VIP"]})

    await world.slack.until(lambda: view.callback_id == forms.OPEN_FORM, what="the form again")
    filled = state(view)
    assert "FuseDesk refused" in view.plain()
    assert (filled["summary"], filled["department"], filled["tags"]) == ("My own words", "Support", ["VIP"])


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cut_connection_never_ends_in_two_cases(world: World, when: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.fail("POST /cases/", when=when, how="drop")
    before = world.desk.count()

    refused = await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.submit(JANE, view)

    await world.slack.until(lambda: thread(world, ts) or said(world))
    assert "does not answer" in str(refused.json["errors"])
    assert world.desk.count() == before + 1


async def test_somebody_who_closed_the_waiting_view_is_told_with_what_they_typed(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.latency = 2.0
    world.desk.fail("POST /cases/", how="405")
    await world.slack.submit(JANE, view, {"department": "Support", "summary": "My own words"})

    await world.slack.close(JANE, view)

    await world.slack.until(lambda: "FuseDesk refused" in said(world) and "My own words" in said(world))
    world.slack.forgive("not_found")


async def test_a_message_is_added_to_a_case_as_a_note_with_its_permalink(world: World) -> None:
    await answer(world, "1234")
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    offered = await world.slack.typeahead(JANE, view, "case", "newsletter")
    typed = await world.slack.typeahead(JANE, view, "case", "#1099")

    await world.slack.submit(JANE, view, {"case": offered[0], "kind": "Call"})

    await world.slack.until(lambda: "Logged the call on case #1234" in said(world))
    entry = [entry for entry in world.desk.case(1234)["history"] if entry["type"] == "call"][-1]
    assert entry["note"].startswith(MESSAGE)
    assert f"p{ts.replace('.', '')}" in entry["note"]
    assert entry["title"] == "Mia Long in Slack"
    assert typed[0]["value"] == "1099"


async def test_a_thread_is_imported_once_and_then_only_what_is_new(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(BOB, SUPPORT, "first reply", thread_ts=ts)
    before = len(world.desk.case(1234)["history"])

    async def again() -> None:
        view = await shortcut(world, ts, IMPORT)
        options = await world.slack.typeahead(JANE, view, "case", "1234")
        await world.slack.submit(JANE, view, {"case": options[0]})

    await again()
    await world.slack.until(lambda: "Imported 2 messages" in said(world))
    world.slack.say(MIA, SUPPORT, "second reply", thread_ts=ts)
    await again()
    await world.slack.until(lambda: "Imported 1 message " in said(world))
    await again()
    await world.slack.until(lambda: "Nothing new" in said(world))

    history = world.desk.case(1234)["history"]
    assert len(history) == before + 3
    assert [entry["title"] for entry in history if "Slack" in entry["title"]] == [
        "Mia Long in Slack",
        "Bob Stone in Slack",
        "Mia Long in Slack",
    ]


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


async def test_an_import_where_casebot_is_no_member_says_how_to_invite_it(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, MESSAGE)
    view = await shortcut(world, ts, IMPORT, channel=RANDOM)
    options = await world.slack.typeahead(JANE, view, "case", "1234")

    exchange = await world.slack.submit(JANE, view, {"case": options[0]})

    assert "/invite @casebot" in str(exchange.json["errors"])
    world.slack.forgive("not_in_channel")


async def test_a_new_case_from_anywhere_is_shown_in_the_modal(world: World) -> None:
    await world.slack.global_shortcut(MIA, NEW)
    view = await form(world, forms.OPEN_FORM, MIA)

    await world.slack.submit(MIA, view, {"summary": "From nothing", "details": "More", "department": "Billing"})

    case = world.desk.newest()
    assert (case["summary"], case["departmentid"]) == ("From nothing", 269)
    assert "Mia Long" in case["openedby"]
    assert "From nothing" in world.slack.view(MIA).plain()


async def test_a_case_is_opened_from_the_help_card(world: World) -> None:
    card = await answer(world, "help", channel=BILLING)

    await world.slack.click(JANE, card, words.OPEN)
    view = await form(world, forms.OPEN_FORM)
    await world.slack.submit(JANE, view, {"summary": "From help", "details": "More", "department": "Billing"})

    await world.slack.until(lambda: "From help" in world.slack.last(JANE, BILLING).plain())


async def test_the_reps_of_the_form_follow_the_department_and_nothing_typed_is_lost(world: World) -> None:
    await world.slack.global_shortcut(JANE, NEW)
    view = await form(world, forms.OPEN_FORM)
    await world.slack.fill(JANE, view, {"summary": "Half typed", "rep": "Mai Nguyễn"})

    await world.slack.click(JANE, view, "department", option="Billing")

    await world.slack.until(lambda: any(block.get("block_id") == "rep:269" for block in view.blocks))
    filled = state(view)
    assert (filled["summary"], filled["rep"], filled["department"]) == ("Half typed", "", "Billing")


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
