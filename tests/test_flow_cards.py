"""The case card's buttons: on a card for one person, on one before the channel, and in a modal."""

from __future__ import annotations

import asyncio

from bot.cards import case, forms, lists
from simulator.slack import ADA, BILLING, BOB, JANE, RANDOM, SUPPORT
from tests.conftest import World, casebot_world
from tests.flows import answer, form, lines_of, shared_card, state, writes

BILLING_ID, TECHNICAL_ID = 269, 271


async def test_a_case_is_transferred_in_a_channel_with_a_button(world: World) -> None:
    card = await shared_card(world)

    await world.slack.click(BOB, card, case.TRANSFER)
    view = await form(world, forms.TRANSFER_FORM, BOB)
    await world.slack.submit(BOB, view, {forms.DEPARTMENT: "Billing", forms.REP: "Olu Adeyemi"})

    await world.slack.until(lambda: "Billing" in card.plain())
    await world.settled()
    assert world.desk.case(1234)["rep"] == "Olu Adeyemi"
    assert lines_of(world, card) == ["Bob Stone transferred it to Billing (Olu Adeyemi)."]
    assert world.slack.views(BOB) == []
    assert "Billing" in card.text


async def test_the_reps_offered_follow_the_chosen_department(world: World) -> None:
    card = await shared_card(world)
    await world.slack.click(JANE, card, case.TRANSFER)
    view = await form(world, forms.TRANSFER_FORM)
    before = {option["text"]["text"] for option in await world.slack.typeahead(JANE, view, forms.REP, "")}

    await world.slack.click(JANE, view, forms.DEPARTMENT, option="Billing")

    await world.slack.until(lambda: any(block["block_id"] == f"rep:{BILLING_ID}" for block in view.blocks))
    after = {option["text"]["text"] for option in await world.slack.typeahead(JANE, view, forms.REP, "")}
    assert "Fatima al-Zahra" in before
    assert after == {"Jane Doe", "Olu Adeyemi", "Søren Ødegård"}


async def test_a_rep_outside_the_department_is_refused_at_the_field_and_the_form_keeps_its_input(world: World) -> None:
    card = await shared_card(world)
    await world.slack.click(JANE, card, case.TRANSFER)
    view = await form(world, forms.TRANSFER_FORM)
    await world.slack.fill(JANE, view, {forms.DEPARTMENT: "Sales", forms.REP: "Priya Raghavan"})
    world.desk.set_reps(270, [3])
    await answer(world, "refresh", ADA)

    exchange = await world.slack.submit(JANE, view)

    assert "Priya Raghavan is not in Sales" in str(exchange.json["errors"])
    assert state(view)["rep"] == "Priya Raghavan"
    assert writes(world) == []


async def test_taking_a_case_is_one_click(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    card = await shared_card(world)

    await world.slack.click(JANE, card, case.TAKE)

    await world.slack.until(lambda: lines_of(world, card))
    assert world.desk.case(1234)["repid"] == 1
    assert "Rep*\nJane Doe" in card.plain()
    assert lines_of(world, card) == ["Jane Doe took it."]
    assert sum(call.path.endswith("/cases/1234") for call in world.desk.calls[-2:]) == 2


async def test_of_two_who_take_a_case_at_once_the_second_is_told_what_the_first_did(world: World) -> None:
    world.desk.change_rep(2, email="zoe@example.org")
    world.slack.add_user(BOB, name="bob", real_name="Zoë Müller", email="zoe@example.org")
    await answer(world, "refresh")
    world.desk.change(1234, departmentid=268, repid=3)
    card = await shared_card(world)

    await asyncio.gather(world.slack.click(JANE, card, case.TAKE), world.slack.click(BOB, card, case.TAKE))

    def told() -> str:
        return "".join(
            message.plain()
            for user in (JANE, BOB)
            for message in world.slack.seen(user, SUPPORT)
            if message.ephemeral and "was faster and took it" in message.plain()
        )

    assert await world.slack.until(told)
    await world.settled()
    assert len(writes(world)) == 1
    assert len(lines_of(world, card)) == 1


async def test_a_double_click_takes_the_case_once_and_says_nothing_more(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=3)
    card = await shared_card(world)

    await asyncio.gather(world.slack.click(JANE, card, case.TAKE), world.slack.click(JANE, card, case.TAKE))

    await world.slack.until(lambda: lines_of(world, card) and world.bot.busy == 0)
    assert len(writes(world)) == 1
    assert lines_of(world, card) == ["Jane Doe took it."]


async def test_a_change_made_in_fusedesk_meanwhile_is_noticed(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=3)
    card = await shared_card(world)
    world.desk.change(1234, repid=4)

    await world.slack.click(JANE, card, case.TAKE)

    await world.slack.until(lambda: "Mai Nguyễn" in card.plain(), what="the card as the case is")
    await world.slack.until(lambda: "by now" in world.slack.last(JANE, SUPPORT).plain())
    assert writes(world) == []


async def test_close_and_reopen_change_the_card_in_place_for_everybody(world: World) -> None:
    world.desk.change(1234, status="open")
    card = await shared_card(world)

    await world.slack.click(JANE, card, case.CLOSE)
    await world.slack.until(lambda: "Reopen" in card.buttons)
    await world.slack.click(BOB, card, case.REOPEN)

    await world.slack.until(lambda: "Close" in card.buttons)
    await world.slack.until(lambda: len(lines_of(world, card)) == 2)
    assert lines_of(world, card) == ["Jane Doe closed it.", "Bob Stone reopened it."]
    assert world.desk.case(1234)["status"] == "open"
    assert card in world.slack.seen(ADA, SUPPORT)


async def test_a_note_from_a_card_has_a_kind_a_title_and_a_date(world: World) -> None:
    card = await answer(world, "1234")

    await world.slack.click(JANE, card, case.NOTE)
    view = await form(world, forms.NOTE_FORM)

    def entries(title: str) -> list[dict[str, str]]:
        return [entry for entry in world.desk.case(1234)["history"] if entry["title"] == title]

    await world.slack.submit(
        JANE, view, {forms.KIND: "Call", forms.TITLE: "Rang twice", forms.NOTE: "Nobody there.", forms.WHEN: 1790000000}
    )

    await world.slack.until(lambda: entries("Rang twice"))
    entry = entries("Rang twice")[0]
    assert entry["type"] == "call"
    assert entry["note"].startswith("Nobody there.")
    assert entry["date_added"].startswith("2026-09-21")


async def test_the_tags_form_shows_the_cases_tags_and_saves_the_difference(world: World) -> None:
    world.desk.tag(1234, 7)
    card = await shared_card(world)

    await world.slack.click(JANE, card, case.TAGS)
    view = await form(world, forms.TAGS_FORM)
    shown = state(view)[forms.TAGS]
    await world.slack.submit(JANE, view, {forms.TAGS: ["Hardware", "Follow-up"]})

    await world.slack.until(lambda: "Hardware" in card.plain())
    await world.settled()
    assert set(shown) == {"VIP", "Follow-up"}
    assert set(world.desk.case(1234)["tagnames"]) == {"Follow-up", "Hardware"}
    assert lines_of(world, card) == ["Jane Doe tagged it Hardware and untagged it VIP."]


async def test_a_contact_is_linked_from_the_cards_menu(world: World) -> None:
    card = await answer(world, "1234")

    await world.slack.click(JANE, card, case.MORE, option="Link to a contact")
    view = await form(world, forms.LINK_FORM)
    refused = await world.slack.submit(JANE, view, {forms.CONTACT: "Jane"})
    await world.slack.submit(JANE, view, {forms.CONTACT: "77"})

    await world.slack.until(lambda: world.desk.case(1234)["contactid"] == 77)
    assert "UUID" in str(refused.json["errors"])


async def test_the_history_and_the_newest_state_are_in_the_cards_menu(world: World) -> None:
    card = await answer(world, "1234")
    world.desk.change(1234, summary="Changed in FuseDesk")
    world.desk.add_note(1234, "Seen", "Looked into it.")

    await world.slack.click(JANE, card, case.MORE, option="Refresh")
    await world.slack.until(lambda: "Changed in FuseDesk" in card.plain())
    await world.slack.click(JANE, card, case.MORE, option="Show history")

    await world.slack.until(lambda: "Looked into it." in world.slack.last(JANE, SUPPORT).plain())
    assert world.slack.last(JANE, SUPPORT).ephemeral


async def test_every_card_of_a_case_follows_a_change_wherever_it_was_made(world: World) -> None:
    first, second = await shared_card(world), await shared_card(world, channel=BILLING)

    await answer(world, "transfer 1234 to billing")

    await world.slack.until(lambda: all("Billing" in card.plain() for card in (first, second)))
    await world.slack.until(lambda: lines_of(world, first) and lines_of(world, second))
    assert len(lines_of(world, first)) == len(lines_of(world, second)) == 1


async def test_a_card_shared_where_casebot_is_no_member_still_changes_in_place(world: World) -> None:
    card = await shared_card(world, channel=RANDOM)

    await world.slack.click(JANE, card, case.CLOSE)

    await world.slack.until(lambda: len(lines_of(world, card)) == 1)
    assert "Reopen" in card.buttons
    world.slack.forgive("not_in_channel")


async def test_the_link_to_fusedesk_only_needs_an_acknowledgement(world: World) -> None:
    card = await answer(world, "1234")

    exchange = await world.slack.click(JANE, card, case.FUSEDESK)

    assert exchange.error == ""


async def test_lists_turn_by_offset_without_asking_again(world: World) -> None:
    page = await answer(world, "find status:active")
    asked = len(world.desk.calls)
    first = page.plain()

    await world.slack.click(JANE, page, f"{lists.PAGE}:next")
    await world.slack.until(lambda: "11–20" in page.plain())
    await world.slack.click(JANE, page, f"{lists.PAGE}:prev")

    await world.slack.until(lambda: page.plain() == first)
    assert len(world.desk.calls) - asked <= 1


async def test_a_row_of_a_list_shows_its_case(world: World) -> None:
    page = await answer(world, "find status:active dept:billing")

    await world.slack.click(JANE, page, lists.SHOW, nth=2)

    await world.slack.until(lambda: case.TRANSFER in {one.action_id for one in world.slack.last(JANE, SUPPORT).elements})


async def test_more_than_one_call_of_cases_can_be_paged() -> None:
    async with casebot_world(cases=400) as world:
        page = await answer(world, "find status:all")
        assert "150+" in page.plain()
        for turn in range(15):
            await world.slack.click(JANE, page, f"{lists.PAGE}:next")
            await world.slack.until(lambda turn=turn: f"{turn * 10 + 11}–" in page.plain())

        assert "151–160 of 300+" in page.plain()
        assert world.slack.faults == []


async def test_nothing_found_says_what_was_searched_and_widens(world: World) -> None:
    page = await answer(world, "find zebra status:closed")

    assert "zebra" in page.plain()
    before = len(world.slack.seen(JANE, SUPPORT))
    await world.slack.click(JANE, page, page.button("Any words"))
    await world.slack.until(lambda: len(world.slack.seen(JANE, SUPPORT)) > before)
    assert "status closed" in world.slack.last(JANE, SUPPORT).plain()


async def test_an_old_button_is_answered_politely(world: World) -> None:
    card = await answer(world, "1234")
    card.element(case.CLOSE).raw["value"] = "not json"
    before = len(world.slack.seen(JANE, SUPPORT))

    exchange = await world.slack.click(JANE, card, case.CLOSE)

    await world.slack.until(lambda: len(world.slack.seen(JANE, SUPPORT)) > before)
    assert exchange.error == ""
    assert "older casebot" in world.slack.last(JANE, SUPPORT).plain()
