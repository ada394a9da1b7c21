"""Who may do what: every way in, for every kind of person; and how somebody is said to be a rep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import handlers
from bot.cards import case, forms, lists
from bot.language import VERBS
from simulator.slack import ADA, GUS, JANE, MIA, SUPPORT
from tests.conftest import World, casebot_world, restarted
from tests.flows import answer, shared_card, writes
from tests.forms_world import FROM_MESSAGE, MESSAGE, cards, new_case, said, shortcut

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FOR_REPS = "for the reps of FuseDesk"
COMMANDS = {
    "help": True,
    "open Printer on fire dept:support": True,
    "mine": True,
    "rep": False,
    "show 1234": False,
    "find status:new": False,
    "note 1234 hello": False,
    "call 1234 hello": False,
    "tag 1234 vip": False,
    "untag 1234 vip": False,
    "transfer 1234 to billing": False,
    "link 1234 77": False,
    "close 1234": False,
    "reopen 1234": False,
    "refresh": False,
}
REFUSALS = (FOR_REPS, "cases that you opened, and this is none", "Only admins")
CARD_BUTTONS = (case.TRANSFER, case.TAKE, case.NOTE, case.TAGS, case.CLOSE)
SHORTCUTS = {"add_to_case": False, "import_thread": False, FROM_MESSAGE: True}


async def told(world: World, typed: str, user: str) -> str:
    """What a command is answered with, in its acknowledgement or behind it."""
    before = len(world.slack.seen(user, SUPPORT))
    exchange = await world.case(typed, user=user)
    await world.slack.until(lambda: len(world.slack.seen(user, SUPPORT)) > before)
    return exchange.text + world.slack.last(user, SUPPORT).plain()


def test_every_verb_is_in_the_table() -> None:
    assert {verb.name for verb in VERBS} == {typed.split()[0] for typed in COMMANDS}


def test_what_members_may_use_is_a_way_in() -> None:
    routes = (handlers.COMMANDS, handlers.SHORTCUTS, handlers.ACTIONS, handlers.OPTIONS, handlers.SUBMISSIONS, handlers.EVENTS)

    assert {name for route in routes for name in route} >= handlers.FOR_MEMBERS


@pytest.mark.parametrize(("typed", "allowed"), COMMANDS.items(), ids=lambda value: str(value).split()[0])
async def test_a_member_types_what_is_for_members_only(world: World, typed: str, allowed: bool) -> None:
    says = await told(world, typed, MIA)

    assert any(refusal in says for refusal in REFUSALS) is not allowed
    assert [call for call in writes(world) if call != "POST /api/v1/cases/"] == []


@pytest.mark.parametrize("typed", COMMANDS)
async def test_a_rep_types_everything(world: World, typed: str) -> None:
    says = await told(world, typed, ADA)

    assert not any(refusal in says for refusal in REFUSALS)


@pytest.mark.parametrize("typed", COMMANDS)
async def test_a_guest_types_nothing(world: World, typed: str) -> None:
    says = await told(world, typed, GUS)

    assert "not for guests" in says
    assert writes(world) == []


@pytest.mark.parametrize("button", CARD_BUTTONS)
@pytest.mark.parametrize(("user", "why"), [(MIA, FOR_REPS), (GUS, "not for guests")])
async def test_nobody_else_presses_what_is_for_reps(world: World, user: str, why: str, button: str) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    card = await shared_card(world)

    await world.slack.click(user, card, button)

    await world.slack.until(lambda: why in said(world, user))
    assert world.slack.views(user) == []
    assert writes(world) == []


@pytest.mark.parametrize(("callback", "allowed"), SHORTCUTS.items())
async def test_a_member_uses_the_shortcut_that_opens_a_case_only(world: World, callback: str, allowed: bool) -> None:
    ts = world.slack.say(JANE, SUPPORT, MESSAGE)
    await world.slack.message_shortcut(MIA, SUPPORT, ts, callback)

    if allowed:
        await world.slack.until(lambda: world.slack.views(MIA))
    else:
        await world.slack.until(lambda: FOR_REPS in said(world, MIA))
        assert world.slack.views(MIA) == []


async def test_a_form_left_open_by_somebody_who_is_no_rep_any_more_changes_nothing(world: World) -> None:
    card = await shared_card(world)
    await world.slack.click(ADA, card, case.NOTE)
    view = await world.slack.until(lambda: world.slack.views(ADA) and world.slack.view(ADA))
    world.desk.change_rep(10, email="somebody@else.example")
    await answer(world, "refresh")

    refused = await world.slack.submit(ADA, view, {forms.NOTE: "hello"})

    assert FOR_REPS in str(refused.json["errors"])
    assert writes(world) == []


async def test_a_member_sees_the_cases_they_opened_and_can_only_look(world: World) -> None:
    opened = await answer(world, "open Printer on fire dept:support", MIA)
    caseid = world.desk.newest()["caseid"]

    shown = await answer(world, str(caseid), MIA)
    mine = await answer(world, "mine", MIA)

    for card in (opened, shown):
        assert f"#{caseid}" in card.plain()
        assert card.buttons == []
    assert "Cases I opened" in mine.plain()
    assert f"#{caseid}" in mine.plain()
    await world.slack.click(MIA, mine, lists.SHOW)
    await world.slack.until(lambda: world.slack.last(MIA, SUPPORT).buttons == [])


async def test_in_a_members_form_names_are_offered_and_cases_are_not(world: World) -> None:
    view = await new_case(world, MIA)

    offered = await world.slack.typeahead(MIA, view, "department", "bil")

    assert [option["text"]["text"] for option in offered] == ["Billing"]
    assert forms.CASE not in handlers.FOR_MEMBERS


async def test_where_members_are_like_reps_they_do_everything() -> None:
    async with casebot_world(casebot_access="members") as world:
        await world.slack.until(lambda: world.bot.directory.ready)

        card = await answer(world, "close 1234", MIA)

        assert "You closed it." in card.plain()
        assert world.slack.faults == []


# Who is which rep


async def test_an_admin_says_who_is_which_rep(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    linked = await answer(world, 'rep @mia "Mai Nguyễn"', ADA)
    listed = await answer(world, "rep", ADA)

    taken = await answer(world, "transfer 1234 to me", MIA)

    assert "Mia Long is Mai Nguyễn from now on." in linked.plain()
    assert "Mia Long is Mai Nguyễn" in listed.plain()
    assert "took it" in taken.plain()
    assert world.desk.case(1234)["repid"] == 4


async def test_a_link_is_taken_away_again(world: World) -> None:
    await answer(world, "rep @mia mai", ADA)

    gone = await answer(world, "rep @mia nobody", ADA)

    assert "linked to no rep any more" in gone.plain()
    assert FOR_REPS in await told(world, "close 1234", MIA)


async def test_a_mistyped_rep_is_offered_as_a_button_that_runs(world: World) -> None:
    refused = await answer(world, "rep @mia zzz", ADA)

    await world.slack.click(ADA, refused, refused.buttons and refused.button(refused.buttons[0]))

    await world.slack.until(lambda: "from now on" in world.slack.last(ADA, SUPPORT).plain())


@pytest.mark.parametrize("typed", ["rep", "rep @mia jane"])
async def test_a_rep_who_is_no_admin_says_nothing_of_it(world: World, typed: str) -> None:
    card = await answer(world, typed)

    assert "Only admins" in card.plain()


# What is kept of it


async def test_every_change_and_refusal_is_kept_with_ids_and_no_words(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2, status="new")
    await answer(world, "transfer 1234 to billing/jane")
    await answer(world, "note 1234 A secret of jane@example.com")
    await told(world, "close 1234", MIA)
    await told(world, "close 999999", JANE)

    kept = await world.slack.until(lambda: rows(world, 4), what="four entries")
    transfer, note, refused, failed = kept
    assert (transfer.user, transfer.channel, transfer.what, transfer.caseid, transfer.outcome) == (
        JANE,
        SUPPORT,
        "transfer",
        1234,
        "done",
    )
    assert transfer.before == {"departmentid": 268, "repid": 2}
    assert transfer.after == {"departmentid": 269, "repid": 1}
    assert (note.what, note.outcome) == ("note", "done")
    assert (refused.user, refused.outcome, refused.detail) == (MIA, "refused", "NotAllowed")
    assert (failed.what, failed.outcome, failed.detail) == ("close", "failed", "NotFound")
    assert "secret" not in str(kept)


async def rows(world: World, number: int) -> list[Any]:
    entries = [entry async for entry in world.bot.store.audit_since(LONG_AGO)]
    return entries if len(entries) >= number else []


async def test_a_message_has_its_case_after_a_restart_too(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    before = world.desk.count()

    async with restarted(world) as later:
        again = await shortcut(later, ts, FROM_MESSAGE, user=ADA)
        await later.slack.submit(ADA, again, {"department": "Billing"})

        await later.slack.until(lambda: "has a case already" in said(later, ADA))
        assert later.desk.count() == before


async def test_a_message_whose_case_is_gone_from_fusedesk_gets_another(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    world.desk.remove_case(world.desk.newest()["caseid"])
    before = world.desk.count()

    async with restarted(world) as later:
        again = await shortcut(later, ts, FROM_MESSAGE)
        await later.slack.submit(JANE, again, {"department": "Support"})

        await later.slack.until(lambda: len(cards(later, ts)) == 2)
        assert later.desk.count() == before + 1
