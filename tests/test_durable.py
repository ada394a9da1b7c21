"""Wishes that outlive what is in their way: FuseDesk away, its quota used up, Slack away, casebot started anew."""

from __future__ import annotations

import asyncio

import pytest

from bot import once
from bot.cards import case, forms, waiting
from simulator.fusedesk import Call
from simulator.slack import ADA, BOB, BOT_USER, JANE, SUPPORT, Message
from tests.conftest import World, casebot_world, restarted
from tests.flows import form, lines_of, shared_card
from tests.forms_world import said

WAITS = "Your change waits"


def notes(world: World, words: str) -> int:
    """How many notes of these words the case 1234 holds."""
    return sum(words in entry["note"] for entry in world.desk.case(1234)["history"])


def told(world: World, words: str, user: str = JANE) -> int:
    """How many messages in the channel say so to that person."""
    return sum(words in message.plain() for message in world.slack.seen(user, SUPPORT))


def button(world: World, user: str, action: str, value: str) -> Message:
    """A message to that person with a button that casebot never drew for them."""
    element = {"type": "button", "action_id": action, "value": value, "text": {"type": "plain_text", "text": "Press"}}
    drawn = Message(SUPPORT, "", BOT_USER, "", [{"type": "actions", "elements": [element]}], "", user, by_bot=True)
    world.slack.put(drawn)
    return drawn


def everything(world: World, user: str) -> str:
    """What somebody sees in the channel and in their modals."""
    return said(world, user) + "".join(view.plain() for view in world.slack.views(user))


async def listed(world: World, user: str = JANE) -> Message:
    """What casebot says that waits: other words may come between."""
    before = len(world.slack.seen(user, SUPPORT))
    await world.case("pending", user=user)

    def lists() -> list[Message]:
        seen = world.slack.seen(user, SUPPORT)[before:]
        return [each for each in seen if "Not done yet" in each.plain() or "Nothing waits" in each.plain()]

    return (await world.slack.until(lists, what="the list"))[0]


async def down(world: World) -> None:
    """FuseDesk answers nobody from now on, after it told its names."""
    await world.slack.until(lambda: world.bot.directory.ready)
    world.desk.down = True


async def test_who_wished_hears_once_that_it_waits_and_once_that_it_is_done() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await down(world)
        await world.case("note 1234 Called back")
        await world.slack.until(lambda: told(world, WAITS) == 1)
        await asyncio.sleep(2.5)  # some attempts more
        world.desk.down = False

        await world.slack.until(lambda: told(world, "Added the note") == 1, timeout=10)

        await world.settled()
        assert (told(world, WAITS), told(world, "Added the note"), notes(world, "Called back")) == (1, 1, 1)


async def test_what_waits_is_listed_for_its_person_alone_and_can_be_cancelled() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await down(world)
        await world.case("note 1234 Never mind")
        await world.case("close 1235")
        await world.slack.until(lambda: told(world, WAITS) == 2, timeout=10)

        mine = await listed(world)
        others = await listed(world, BOB)
        await world.slack.click(JANE, mine, waiting.CANCEL)
        await world.slack.until(lambda: "Cancelled: Add a note to #1234: Never mind." in said(world))
        left = await listed(world)
        world.desk.down = False
        await world.slack.until(lambda: told(world, "You closed it.") == 1, timeout=20)
        await world.settled()

        assert "Add a note to #1234: Never mind" in mine.plain()
        assert "Close #1235" in mine.plain()
        assert "FuseDesk does not answer right now." in mine.plain()
        assert "Nothing waits" in others.plain()
        assert "Never mind" not in left.plain()
        assert notes(world, "Never mind") == 0
        assert "Nothing waits" in (await listed(world)).plain()


async def test_a_list_that_is_too_long_says_how_much_more_waits() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await down(world)
        for number in range(22):
            await world.case(f"note {1200 + number} Later")

        first = await listed(world)
        await world.slack.click(JANE, first, waiting.CANCEL)
        await world.slack.until(lambda: "Cancelled: Add a note to #1200: Later." in said(world))
        second = await listed(world)
        await world.slack.click(JANE, second, waiting.CANCEL)
        await world.slack.until(lambda: "Cancelled: Add a note to #1201: Later." in said(world))
        third = await listed(world)

        more = "more that you asked for later. They come up here as these are done."
        assert (f"And 2 {more}" in first.plain(), f"And 2 {more}" in first.text) == (True, True)
        assert f"And 1 {more}" in second.plain()
        assert "#1220" in second.plain()
        assert more not in third.plain()


async def test_what_is_done_cannot_be_cancelled_and_nobody_cancels_for_others() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await down(world)
        await world.case("note 1234 Mine")
        await world.slack.until(lambda: told(world, WAITS) == 1, timeout=10)
        mine = await listed(world)
        run = next(element.value for element in mine.elements if element.action_id == waiting.CANCEL)
        await world.slack.click(BOB, button(world, BOB, waiting.CANCEL, run), waiting.CANCEL)
        await world.slack.until(lambda: "Only the person who asked" in said(world, BOB))
        world.desk.down = False
        await world.slack.until(lambda: notes(world, "Mine") == 1, timeout=20)
        await world.settled()

        await world.slack.click(JANE, mine, waiting.CANCEL)

        await world.slack.until(lambda: "cannot be cancelled any more" in said(world))


async def test_a_wish_that_waits_is_finished_by_the_next_casebot() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        card = await shared_card(world)
        await down(world)
        await world.case("note 1234 Called back")
        await world.slack.until(lambda: told(world, WAITS) == 1, timeout=10)

        world.desk.down = False
        async with restarted(world) as again:
            await world.slack.until(lambda: told(world, "Added the note") == 1, timeout=20)
            await again.settled()

            assert notes(world, "Called back") == 1
            assert lines_of(world, card) == ["Jane Doe added a note to it."]
            assert told(world, WAITS) == 1


@pytest.mark.parametrize("pressed", [case.TAKE, case.TRANSFER])
async def test_what_was_chosen_by_name_waits_for_the_names_of_the_next_casebot(pressed: str) -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        card = await shared_card(world)
        await down(world)
        await world.slack.click(ADA, card, pressed)
        if pressed == case.TRANSFER:
            view = await form(world, forms.TRANSFER_FORM, ADA)
            await world.slack.submit(ADA, view, {forms.DEPARTMENT: "Billing", forms.REP: "Olu Adeyemi"})
        await world.slack.until(lambda: WAITS in everything(world, ADA), timeout=10)

        async with restarted(world, names=False) as again:
            await asyncio.sleep(1.5)  # attempts without names
            world.desk.down = False
            await world.slack.until(lambda: lines_of(world, card), timeout=20)
            await again.settled()

    assert len(lines_of(world, card)) == 1
    if pressed == case.TAKE:
        assert world.desk.case(1234)["repid"] == 10
    else:
        assert world.desk.case(1234)["rep"] == "Olu Adeyemi"


async def test_a_form_that_waited_over_a_restart_shows_how_it_ended() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        card = await shared_card(world)
        await world.slack.click(JANE, card, case.NOTE)
        view = await form(world, forms.NOTE_FORM)
        await down(world)
        await world.slack.submit(JANE, view, {forms.NOTE: "By form"})
        await world.slack.until(lambda: WAITS in view.plain(), timeout=10)

        world.desk.down = False
        async with restarted(world) as again:
            await world.slack.until(lambda: "Done." in view.plain(), timeout=20)
            await again.settled()

            assert notes(world, "By form") == 1
            assert lines_of(world, card) == ["Jane Doe added a note to it."]


async def test_an_answer_that_comes_after_the_response_url_died_goes_to_the_channel_or_the_person() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await down(world)
        await world.case("note 1234 Called back")
        await world.slack.until(lambda: told(world, WAITS) == 1, timeout=10)
        world.slack.forward(1_900)
        world.desk.down = False

        await world.slack.until(lambda: told(world, "Added the note") == 1, timeout=20)
        await world.settled()
        assert [call.method for call in world.slack.calls][-1] == "chat.postEphemeral"
        world.slack.faults.clear()  # what a dead response URL answers


@pytest.mark.parametrize("user", [JANE, ADA])
async def test_a_slack_that_is_down_when_it_is_to_be_told_hears_it_later_and_once(user: str) -> None:
    async with casebot_world() as world:
        card = await shared_card(world)
        world.desk.on_effect = lambda call: setattr(world.slack.switches, "down", call.method == "POST")
        await world.slack.click(user, card, case.CLOSE)
        await world.slack.until(lambda: world.desk.case(1234)["status"] == "closed")
        await asyncio.sleep(1.0)
        world.desk.on_effect = None
        world.slack.down = False

        await world.slack.until(lambda: "⚪ Closed" in card.plain() and lines_of(world, card), timeout=20)
        await world.settled()

        assert len(lines_of(world, card)) == 1
        world.slack.faults.clear()  # what a Slack that is down answers


async def test_writes_on_one_case_wait_for_each_other_and_other_cases_do_not() -> None:
    async with casebot_world() as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        world.desk.fail("POST /cases/1234/addnote", how="503", times=2)
        await world.case("note 1234 first")
        await world.case("note 1234 second")

        await world.case("note 1235 elsewhere")

        await world.slack.until(lambda: told(world, "case #1235") == 1)
        assert notes(world, "first") == notes(world, "second") == 0
        await world.slack.until(lambda: told(world, "case #1234.") == 2, timeout=10)
        titles = [entry["title"] for entry in world.desk.case(1234)["history"]]
        assert [title for title in titles if title in ("first", "second")] == ["first", "second"]


@pytest.mark.parametrize("typed", ["note 1234 Slow but sure", "open Slow but sure dept:support"])
async def test_what_fusedesk_does_after_it_was_cut_off_is_not_done_again(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks while FuseDesk is at it, and casebot looks before it is through."""
    monkeypatch.setattr(once, "LOST", 20.0)
    async with casebot_world(fusedesk_read_timeout=0.2, fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        cases = world.desk.count()

        async def slowly(call: Call) -> None:
            if call.writes:
                world.desk.on_request = None
                await asyncio.sleep(2.0)

        world.desk.on_request = slowly
        await world.case(typed)
        await world.slack.until(lambda: told(world, "Added the note") or told(world, "Your case is open."), timeout=20)
        await world.settled()
        await world.slack.until(lambda: world.desk.in_flight == 0, what="the end of all calls")

        assert notes(world, "Slow but sure") + world.desk.count() - cases == 1
