"""Every change that can be taken back is, for ten minutes, and only if the case is still as it was left."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.cards import case, words
from bot.fusedesk.models import Case, Status
from bot.undo import TIME, Undo, undo_of
from simulator.slack import BOB, JANE, SUPPORT, Message
from tests.conftest import World
from tests.flows import answer, lines_of, shared_card

BEFORE = {"departmentid": 268, "repid": 2, "status": "new", "contactid": 9}


def held(world: World) -> dict[str, object]:
    row = world.desk.case(1234)
    return {name: row[name] for name in (*BEFORE, "tagnames")}


async def undo(world: World, message: Message, user: str = JANE) -> None:
    await world.slack.click(user, message, message.button("Undo"))


@pytest.mark.parametrize(
    "typed",
    [
        "transfer 1234 to billing",
        "transfer 1234 to jane",
        "transfer 1234 to billing/jane",
        "tag 1234 vip, hardware",
        "untag 1234 urgent",
        "close 1234",
        "link 1234 77",
    ],
)
async def test_what_was_typed_is_taken_back_with_a_click(world: World, typed: str) -> None:
    world.desk.change(1234, **BEFORE)
    await answer(world, "tag 1234 urgent")
    before = held(world)
    changed = await answer(world, typed)
    after = held(world)

    await undo(world, changed)

    await world.slack.until(lambda: held(world) == before, what="the case as it was")
    await world.slack.until(lambda: "back" in world.slack.last(JANE, SUPPORT).plain() or "#1234" in changed.plain())
    assert after != before


async def test_in_a_channel_the_line_that_tells_of_a_change_takes_it_back_and_says_who_did(world: World) -> None:
    card, line = await closed_in_channel(world)

    await undo(world, line, BOB)

    await world.slack.until(lambda: "🔵 New" in card.plain())
    assert lines_of(world, card) == ["Bob Stone took the change of status back."]
    assert "Undo" not in line.buttons
    assert held(world)["status"] == "new"


async def test_a_case_that_changed_since_is_left_alone(world: World) -> None:
    world.desk.change(1234, **BEFORE)
    changed = await answer(world, "transfer 1234 to billing")
    world.desk.change(1234, departmentid=271, repid=4)

    await undo(world, changed)

    await world.slack.until(lambda: "changed again since" in world.slack.last(JANE, SUPPORT).plain())
    assert held(world)["departmentid"] == 271


async def closed_in_channel(world: World) -> tuple[Message, Message]:
    """A card before everybody, closed, and the line that says so."""
    world.desk.change(1234, **BEFORE)
    card = await shared_card(world)
    await world.slack.click(JANE, card, case.CLOSE)
    lines = await world.slack.until(lambda: [m for m in world.slack.seen(JANE, SUPPORT, card.ts) if m.ts != card.ts])
    return card, lines[0]


@pytest.mark.parametrize("users", [(JANE, JANE), (JANE, BOB)], ids=["one person", "two people"])
async def test_two_clicks_take_a_change_back_once(world: World, users: tuple[str, str]) -> None:
    card, line = await closed_in_channel(world)
    button = line.button("Undo")

    exchanges = await asyncio.gather(*(world.slack.click(user, line, button) for user in users))
    await world.settled()

    assert [exchange.error for exchange in exchanges] == ["", ""]
    assert [call.form.get("status") for call in world.desk.calls if call.method == "POST"] == ["closed", "new"]
    assert "🔵 New" in card.plain()
    # The second click changes nothing before others; its person alone hears how it is.
    took_back = [f"{world.slack.users[user].real_name} took the change of status back." for user in users]
    assert line.plain() in took_back
    assert len(line.edits) == 1
    told = {message.ts: message for user in users for message in world.slack.seen(user, SUPPORT, card.ts) if message.ephemeral}
    assert [message.plain() for message in told.values()] == ["It is undone already, so nothing was changed."]


async def test_a_line_stays_a_line_though_the_case_was_changed_again(world: World) -> None:
    card, line = await closed_in_channel(world)
    world.desk.change(1234, status="open")

    await undo(world, line, BOB)
    await world.settled()

    told = [message.plain() for message in world.slack.seen(BOB, SUPPORT, card.ts) if message.ephemeral]
    assert len(told) == 1
    assert "The case was changed again since. Nothing was undone." in told[0]
    assert "You asked for: Undo the change of status of #1234." in told[0]
    assert line.plain().startswith("Jane Doe closed it.")
    assert "🟡 Open" in card.plain()
    assert held(world)["status"] == "open"


async def test_a_tag_that_the_case_had_before_is_not_taken_off(world: World) -> None:
    world.desk.tag(1234, 7)
    changed = await answer(world, "tag 1234 vip, hardware")

    await undo(world, changed)

    await world.slack.until(lambda: "Hardware" not in world.desk.case(1234)["tagnames"])
    assert "VIP" in world.desk.case(1234)["tagnames"]


def test_it_is_over_after_ten_minutes() -> None:
    before, after = Case(caseid=1), Case(caseid=1, status=Status.CLOSED)
    undo = undo_of(before, after, "status")
    assert undo is not None
    done = datetime.fromtimestamp(undo.at, UTC)

    assert not undo.late(done + TIME)
    assert undo.late(done + TIME + timedelta(seconds=1))
    assert Undo.load(undo.dump()) == undo


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (None, Case(caseid=1, repid=2, departmentid=3), "transfer"),
        (Case(caseid=1, repid=None, departmentid=3), Case(caseid=1, repid=2, departmentid=3), "transfer"),
        (Case(caseid=1), Case(caseid=1, contactid=77), "contact"),
        (Case(caseid=1, tags=(1,)), Case(caseid=1, tags=(1,)), "tags"),
    ],
)
def test_where_there_is_no_way_back_none_is_offered(before: Case | None, after: Case, what: str) -> None:
    assert undo_of(before, after, what) is None  # type: ignore[arg-type]


def test_a_button_that_would_be_too_large_is_left_out() -> None:
    undo = undo_of(Case(caseid=1), Case(caseid=1, tags=tuple(range(1, 900))), "tags")

    assert words.undo_button(undo) is None
