"""Add a note to a case or log a call: from a message, from a card, and typed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.cards import case, forms
from simulator.slack import JANE, MIA, RANDOM, SUPPORT, View
from tests.conftest import World, casebot_world
from tests.flows import answer, form, lines_of, shared_card, state
from tests.forms_world import ADD, MESSAGE, link, loaded, said, shortcut


def entries(world: World, caseid: int = 1234) -> list[dict[str, object]]:
    """What was added to a case through casebot."""
    return [entry for entry in world.desk.case(caseid)["history"] if "via Slack" in entry["note"]]


async def note_form(world: World) -> View:
    card = await answer(world, "1234")
    await world.slack.click(JANE, card, case.NOTE)
    return await form(world, forms.NOTE_FORM)


async def test_the_form_is_filled_from_the_message_and_says_whose_it_is(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)

    filled = state(await shortcut(world, ts, ADD))

    assert (filled["note"], filled["title"], filled["kind"]) == (MESSAGE, "Mia Long in Slack", "Note")


@pytest.mark.parametrize("typed", ["1099", "#1099", " 1099 "])
async def test_a_case_never_seen_is_chosen_by_its_number(world: World, typed: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    offered = await world.slack.typeahead(JANE, view, "case", typed)

    await world.slack.submit(JANE, view, {"case": offered[0]})

    await world.slack.until(lambda: "Added the note to case #1099" in said(world))
    assert link(ts) in str(entries(world, 1099)[0]["note"])
    assert entries(world, 1099)[0]["type"] == "note"


async def test_a_case_is_chosen_by_its_case_number(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    number = world.desk.case(1050)["casenum"]

    await world.slack.submit(JANE, view, {"case": number.lower(), "kind": "Call"})

    await world.slack.until(lambda: "Logged the call on case #1050" in said(world))
    assert [(entry["type"], entry["title"]) for entry in entries(world, 1050)] == [("call", "Mia Long in Slack")]


async def test_a_case_that_does_not_exist_keeps_the_form(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)

    exchange = await world.slack.submit(JANE, view, {"case": "999999", "title": "Mine"})
    assert "no case #999999" in exchange.errors["case"]
    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: "case #1234" in said(world))
    assert entries(world)[0]["title"] == "Mine"


async def test_a_long_message_is_added_whole(world: World) -> None:
    text = "Start " + "word " * 7_990 + "END"
    ts = world.slack.say(MIA, SUPPORT, text)
    view = await shortcut(world, ts, ADD)

    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: entries(world))
    assert str(entries(world)[0]["note"]).startswith(text)


async def test_a_message_in_a_strange_channel_is_added_and_told_there(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, MESSAGE)
    view = await shortcut(world, ts, ADD, channel=RANDOM)

    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: "Added the note to case #1234" in said(world, JANE, RANDOM))
    assert link(ts, RANDOM) in str(entries(world)[0]["note"])


async def test_a_form_sent_twice_adds_one_note(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    await world.slack.fill(JANE, view, {"case": "1234"})

    await asyncio.gather(world.slack.submit(JANE, view), world.slack.submit(JANE, view))

    await world.slack.until(lambda: "case #1234" in said(world))
    assert len(entries(world)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cut_connection_ends_in_one_note_by_itself(world: World, when: str) -> None:
    view = await note_form(world)
    world.desk.fail("POST /cases/*/addnote", when=when)

    await world.slack.submit(JANE, view, {"note": "Called back", "kind": "Call"})

    await world.slack.until(lambda: world.slack.views(JANE) == [])
    assert [(entry["type"], str(entry["note"])[:11]) for entry in entries(world)] == [("call", "Called back")]


async def test_a_slow_refusal_brings_everything_typed_back(world: World) -> None:
    view = await note_form(world)
    when = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    world.desk.latency = 1.9
    world.desk.fail("POST /cases/*/addnote", how="405")

    await world.slack.submit(JANE, view, {"note": "Long call", "title": "Ring", "kind": "Call", "when": when})
    assert "Adding it to the case" in view.plain()
    await world.slack.until(lambda: view.callback_id == forms.NOTE_FORM, what="the form again")

    filled = state(view)
    assert (filled["note"], filled["title"], filled["kind"]) == ("Long call", "Ring", "Call")
    assert view.state["values"]["when"]["when"]["selected_date_time"] == int(when.timestamp())
    assert "FuseDesk refused" in view.plain()


async def test_somebody_who_closed_the_waiting_form_gets_the_message_back_whole(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "Start " + "word " * 1_000 + "END")
    view = await shortcut(world, ts, ADD)
    world.desk.latency = 1.9
    world.desk.fail("POST /cases/*/addnote", how="405")
    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.close(JANE, view)

    await world.slack.until(lambda: "FuseDesk refused" in said(world) and "END" in said(world))
    world.slack.forgive("not_found")


async def test_a_call_is_logged_from_a_card_with_its_moment_and_the_card_stays_up_to_date(world: World) -> None:
    card = await shared_card(world)
    await world.slack.click(JANE, card, case.NOTE)
    view = await form(world, forms.NOTE_FORM)
    when = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    await world.slack.submit(JANE, view, {"note": "Told them\nto wait", "kind": "Call", "when": when})

    await world.slack.until(lambda: lines_of(world, card))
    entry = entries(world)[0]
    assert (entry["type"], entry["title"]) == ("call", "Told them")
    assert str(entry["date_added"]).startswith("2026-03-01 09:30")
    assert lines_of(world, card) == ["Jane Doe logged a call on it."]
    assert "#1234" in view.plain()


@pytest.mark.parametrize(
    ("command", "kind", "title", "told"),
    [
        ("note 1234 Called back\nand told them <!channel>", "note", "Called back", "Added the note to case #1234"),
        ("call 1234 Ring ring", "call", "Ring ring", "Logged the call on case #1234"),
    ],
)
async def test_notes_and_calls_are_typed(world: World, command: str, kind: str, title: str, told: str) -> None:
    message = await answer(world, command)

    entry = entries(world)[0]
    assert (entry["type"], entry["title"]) == (kind, title)
    assert "Jane Doe (U01JANE) via Slack" in str(entry["note"])
    assert told in message.plain()


async def test_a_reps_note_bears_their_id_and_a_members_none() -> None:
    async with casebot_world(casebot_access="members") as world:
        await loaded(world)
        ts = world.slack.say(MIA, SUPPORT, MESSAGE)
        await answer(world, "note 1234 Typed")
        view = await note_form(world)
        await world.slack.submit(JANE, view, {"note": "By form", "kind": "Call"})
        view = await shortcut(world, ts, ADD)
        await world.slack.submit(JANE, view, {"case": "1234"})
        await world.slack.until(lambda: len(entries(world)) == 3)

        await answer(world, "note 1234 By a member", MIA)

        assert [entry["repid"] for entry in entries(world)] == [1, 1, 1, None]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_reps_note_of_unknown_outcome_is_there_once(world: World, when: str) -> None:
    world.desk.fail("POST /cases/*/addnote", when=when)

    await world.case("note 1234 Called back")

    await world.slack.until(lambda: "Added the note" in said(world))
    assert [(entry["title"], entry["repid"]) for entry in entries(world)] == [("Called back", 1)]


async def test_a_typed_note_stands_in_the_thread_of_the_channels_card(world: World) -> None:
    card = await shared_card(world)

    await answer(world, "note 1234 Called back")

    await world.slack.until(lambda: lines_of(world, card))
    assert lines_of(world, card) == ["Jane Doe added a note to it."]
