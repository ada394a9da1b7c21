"""What FuseDesk has done is never told as refused: what cannot be shown is told another way, and the person hears of it."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import case, forms, home, lists, words
from simulator.slack import BILLING, BOB, JANE, MIA, SUPPORT, Message
from tests.conftest import World, casebot_world, restarted
from tests.flows import answer, form, lines_of, shared_card, writes
from tests.forms_world import FROM_MESSAGE, MESSAGE, cards, new_case, said, shortcut


def notes(world: World) -> list[str]:
    return [item["note"].split("\n")[0] for item in world.desk.case(1234)["history"]]


async def note_form(world: World, card: Message) -> object:
    await world.slack.click(JANE, card, case.NOTE)
    return await form(world, forms.NOTE_FORM)


async def test_a_form_whose_card_was_deleted_is_done_and_told(world: World) -> None:
    card = await shared_card(world)
    view = await note_form(world, card)
    world.slack.remove(card)

    exchange = await world.slack.submit(JANE, view, {forms.NOTE: "Called back"})  # type: ignore[arg-type]

    assert not exchange.json
    assert notes(world)[-1] == "Called back"
    await world.slack.until(lambda: "#1234" in said(world))
    await world.slack.until(lambda: world.bot.busy == 0)
    world.slack.forgive("message_not_found", "thread_not_found")


async def test_a_note_is_told_as_added_though_fusedesk_falls_silent_behind_it(world: World) -> None:
    card = await shared_card(world)
    world.desk.fail("GET /cases/1234", how="503", times=None)

    told = await answer(world, "note 1234 Called back")

    await world.slack.until(lambda: lines_of(world, card) == ["Jane Doe added a note to it."])
    assert "Added the note" in told.plain()
    assert "Nothing was changed" not in said(world)


async def test_a_case_whose_number_cannot_be_learnt_is_not_called_unopened(world: World) -> None:
    world.desk.empty_writes = True
    world.desk.fail("GET /cases", how="503", times=6)
    known = world.desk.newest()["caseid"]

    await world.case("open Printer on fire dept:support")

    await world.slack.until(lambda: "Your change waits" in said(world))
    await world.slack.until(lambda: "Your case is open." in said(world), timeout=20)
    assert (world.desk.newest()["summary"], world.desk.newest()["caseid"]) == ("Printer on fire", known + 1)


async def test_a_case_is_found_again_though_fusedesk_stores_its_text_a_little_differently(world: World) -> None:
    world.desk.empty_writes = True
    before = world.desk.count()

    told = await answer(world, "open Printer on fire dept:support\nfirst\nsecond")

    assert world.desk.count() == before + 1
    assert f"#{world.desk.newest()['caseid']}" in told.plain()


async def test_an_answer_that_slack_takes_too_fast_is_sent_again(world: World) -> None:
    world.slack.limit("response_url", retry_after=0, times=1)

    told = await answer(world, "1234")

    assert "#1234" in told.plain()


async def test_an_answer_that_slack_takes_no_more_goes_another_way(world: World) -> None:
    world.slack.limit("response_url", retry_after=0, times=9)

    told = await answer(world, "1234")

    assert told.ephemeral
    assert world.slack.called("chat.postEphemeral")


async def test_whoever_closes_the_waiting_view_still_gets_the_new_case(world: World) -> None:
    view = await new_case(world)
    world.desk.latency = 2.0
    await world.slack.submit(JANE, view, {"summary": "Slow", "details": "x", "department": "Support"})

    await world.slack.close(JANE, view)

    await world.slack.until(lambda: "Your case is open." in said(world))
    world.slack.forgive("not_found")


async def test_of_two_who_close_a_case_at_once_the_second_is_told(world: World) -> None:
    card = await shared_card(world)
    close = next(element for element in card.elements if element.action_id == case.CLOSE)

    await asyncio.gather(world.slack.click(JANE, card, close), world.slack.click(BOB, card, close))

    await world.slack.until(lambda: lines_of(world, card))
    await world.slack.until(lambda: "was faster and closed it" in said(world) + said(world, BOB))
    assert writes(world) == ["POST /api/v1/cases/1234"]
    assert len(lines_of(world, card)) == 1


async def test_the_second_is_told_who_closed_a_case_after_a_restart_too(database_url: str) -> None:
    async with casebot_world(database_url=database_url) as world:
        old = await answer(world, "1234", BOB)
        await answer(world, "close 1234")
        await world.settled()

        async with restarted(world) as later:
            await later.slack.click(BOB, old, case.CLOSE)

            await later.slack.until(lambda: "Jane Doe was faster and closed it" in said(later, BOB))
            assert writes(later) == ["POST /api/v1/cases/1234"]


async def test_a_transfer_asked_of_an_old_card_is_refused_after_a_restart_too_and_made_once_it_was_told(
    database_url: str,
) -> None:
    async with casebot_world(database_url=database_url) as world:
        world.desk.change(1234, departmentid=268, repid=2)
        card = await shared_card(world)
        await world.slack.click(BOB, card, case.TRANSFER)
        view = await form(world, forms.TRANSFER_FORM, BOB)
        await answer(world, "transfer 1234 to billing")
        await world.settled()

        async with restarted(world) as later:
            await later.slack.submit(BOB, view, {forms.DEPARTMENT: "Technical Support"})
            await later.slack.until(lambda: "Jane Doe was faster and transferred it to Billing" in view.plain())
            in_between = later.desk.case(1234)["department"]
            await later.slack.submit(BOB, view)

            await later.slack.until(lambda: later.desk.case(1234)["department"] == "Technical Support")
            await later.settled()
            assert in_between == "Billing"


async def test_who_takes_a_case_that_was_closed_meanwhile_is_told(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    card = await shared_card(world)
    world.desk.change(1234, status="closed")

    await world.slack.click(JANE, card, case.TAKE)

    await world.slack.until(lambda: "closed meanwhile" in said(world))
    assert writes(world) == []
    assert "Reopen" in card.buttons


async def test_closing_what_is_closed_already_says_so(world: World) -> None:
    world.desk.change(1234, status="closed")

    told = await answer(world, "close 1234")

    assert "it is so already" in told.plain()
    assert writes(world) == []


async def test_two_cards_in_one_thread_get_one_line(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(MIA, SUPPORT, "a reply", thread_ts=ts)
    for user, view in [(user, await shortcut(world, ts, FROM_MESSAGE, user=user)) for user in (JANE, BOB)]:
        await world.slack.submit(user, view, {"department": "Support"})
        await world.settled()
    (first,) = cards(world, ts)
    private = await world.slack.until(lambda: [m for m in world.slack.seen(BOB, SUPPORT, ts) if "Share" in m.buttons])
    await world.slack.click(BOB, private[0], case.SHARE)
    await world.slack.until(lambda: len(cards(world, ts)) == 2)

    await world.slack.click(JANE, first, case.CLOSE)

    await world.slack.until(lambda: all("⚪ Closed" in card.plain() for card in cards(world, ts)[:2]))
    await world.settled()
    assert [message.text for message in cards(world, ts)[2:]] == ["Jane Doe closed it."]


async def test_a_double_click_on_share_shares_once(world: World) -> None:
    private = await answer(world, "1234")
    share = next(element for element in private.elements if element.action_id == case.SHARE)

    await asyncio.gather(*(world.slack.click(JANE, private, share) for _ in range(2)))

    await world.slack.until(lambda: not world.slack.last(JANE, SUPPORT).ephemeral)
    await world.slack.until(lambda: world.bot.busy == 0)
    assert len([message for message in world.slack.seen(JANE, SUPPORT) if not message.ephemeral]) == 1


async def test_after_a_share_that_slack_did_not_take_the_next_click_shares(world: World) -> None:
    private = await answer(world, "1234")
    world.slack.limit("chat.postMessage", retry_after=0, times=3)
    await world.slack.click(JANE, private, case.SHARE)
    await world.slack.until(lambda: "Slack does not answer" in said(world))

    await world.slack.click(JANE, private, case.SHARE)

    await world.settled()
    assert len([message for message in world.slack.seen(JANE, SUPPORT) if not message.ephemeral]) == 1


async def test_a_card_in_a_modal_offers_no_share(world: World) -> None:
    await world.slack.open_home(JANE)
    page = await world.slack.until(lambda: JANE in world.slack.homes and lists.SHOW in str(world.slack.homes[JANE].blocks))
    assert page

    await world.slack.click(JANE, world.slack.homes[JANE], lists.SHOW)

    view = await world.slack.until(lambda: world.slack.views(JANE) and "Transfer" in world.slack.view(JANE).buttons)
    assert view
    assert "Share" not in world.slack.view(JANE).buttons


async def test_a_search_from_home_that_fails_says_so_where_it_was_waited_for(world: World) -> None:
    await world.slack.open_home(JANE)
    await world.slack.until(lambda: JANE in world.slack.homes)
    world.desk.down = True

    await world.slack.click(JANE, world.slack.homes[JANE], home.HOME_FIND, option="jane@example.com")

    await world.slack.until(lambda: "does not answer" in world.slack.view(JANE).plain())
    assert said(world) == ""


async def test_a_transfer_by_case_number_costs_two_calls(world: World) -> None:
    number = world.desk.case(1234)["casenum"]

    await answer(world, f"transfer {number} to billing/jane")

    assert [call.method for call in world.desk.calls if "/cases/" in call.path] == ["GET", "POST"]


async def test_a_name_that_lies_outside_keeps_its_department_in_the_offer(world: World) -> None:
    refused = await answer(world, "transfer 1234 to technical support/me")

    values = [element.raw.get("value", "") for element in refused.elements if element.action_id.startswith(words.RUN)]
    assert values
    assert all("Technical Support/" in value or "technical support/" in value for value in values)


@pytest.mark.parametrize("typed", ["find jane@example.com dept:nope1", "transfer 1234 to @mia"])
async def test_what_is_quoted_back_is_what_was_typed(world: World, typed: str) -> None:
    told = await answer(world, typed)

    assert f"You typed:\n{typed}" in told.plain()
    assert "For example" in told.plain()


async def test_every_tag_that_is_unknown_is_named_with_a_way_out(world: World) -> None:
    both = await answer(world, "tag 1234 nosuchthing, neitherthis")
    one = await answer(world, "tag 1234 vip, hardwear1x")

    assert "nosuchthing" in both.plain()
    assert "neitherthis" in both.plain()
    assert any(label == "Hardware" for label in one.buttons)


async def test_cards_in_other_channels_follow_though_one_is_gone(world: World) -> None:
    first, second = await shared_card(world), await shared_card(world, channel=BILLING)
    world.slack.remove(first)

    await answer(world, "close 1234")

    await world.slack.until(lambda: lines_of(world, second) == ["Jane Doe closed it."])
    assert "⚪ Closed" in second.plain()
    world.slack.forgive("message_not_found", "thread_not_found")
