"""Import a thread into a case: every message once, with its author, its time and the way back to it."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import forms
from simulator.slack import ADA, BILLING, BOB, BOT_USER, DORA, GUS, JANE, MIA, OTTO, RANDOM, SUPPORT
from simulator.slack import Message as SaidMessage
from tests.conftest import World
from tests.flows import shared_card, state, writes
from tests.forms_world import FROM_MESSAGE, IMPORT, cards, link, said, shortcut, with_files


async def imports(world: World, ts: str, *, case: str = "1234", user: str = JANE, channel: str = SUPPORT) -> None:
    view = await shortcut(world, ts, IMPORT, user=user, channel=channel)
    before = said(world, user, channel)
    await world.slack.submit(user, view, {"case": case})
    await world.slack.until(lambda: said(world, user, channel) != before, what="an answer to the import")


def imported(world: World, caseid: int = 1234) -> list[dict[str, object]]:
    """What the case's history holds of Slack's messages."""
    return [entry for entry in world.desk.case(caseid)["history"] if "in Slack" in entry["note"]]


async def test_each_message_has_author_time_and_permalink(world: World) -> None:
    ts = world.slack.say(GUS, SUPPORT, "It is broken")
    reply = world.slack.say(DORA, SUPPORT, "It is <!here> not &amp; never", thread_ts=ts, as_is=True)

    await imports(world, reply)

    first, second = imported(world)
    assert (first["title"], second["title"]) == ("Gus Visitor in Slack", "Dora Gone in Slack")
    assert first["note"] == f"It is broken\n\n— Gus Visitor in Slack · {link(ts)}"
    assert str(second["note"]).startswith("It is @here not & never\n")
    assert f"{link(reply)}?thread_ts={ts}&cid={SUPPORT}" in str(second["note"])
    assert str(first["date_added"])[:16] == world.desk.now()[:16]


async def test_outsiders_of_a_shared_channel_are_authors_like_others(world: World) -> None:
    ts = world.slack.say(OTTO, BILLING, "From the other company")

    await imports(world, ts, channel=BILLING)

    assert imported(world)[0]["title"] == "Otto Other in Slack"


async def test_files_apps_and_empty_messages_become_readable_notes(world: World) -> None:
    ts = with_files(world, "look", [{"name": "a.png"}, {"title": "Plan", "name": "b.pdf"}])
    world.slack.put(SaidMessage(SUPPORT, "", "U99NOBODY", "", thread_ts=ts))

    await imports(world, ts)

    first, second = imported(world)
    assert str(first["note"]).startswith("look\n[file: a.png]\n[file: Plan]\n")
    assert str(second["note"]).startswith("(no text)\n")
    world.slack.forgive("user_not_found")


async def test_forwarded_mail_becomes_an_email_and_its_comment_a_note(world: World) -> None:
    mail = {
        "filetype": "email",
        "title": "Invoice",
        "subject": "Invoice 7",
        "from": [{"address": "amy@example.com"}],
        "to": [{"address": "desk@example.org"}, {"original": "Two <two@example.org>"}],
        "cc": None,
        "plain_text": "Where is it?",
    }
    ts = with_files(world, "who takes this?", [mail])
    with_files(world, "", [{"filetype": "email", "name": "bare"}], thread_ts=ts)

    await imports(world, ts)

    first, note, bare = imported(world)
    assert (first["type"], first["title"], first["mail_from"]) == ("email", "Invoice 7", "amy@example.com")
    assert first["mail_to"] == "desk@example.org, Two <two@example.org>"
    assert str(first["note"]).startswith("Where is it?\n\n— received in Slack · https://")
    assert (note["type"], str(note["note"])[:15]) == ("note", "who takes this?")
    assert (bare["type"], bare["mail_from"]) == ("email", "unknown")


async def test_a_second_import_adds_only_what_is_new_and_none_of_casebots_own_words(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    world.slack.say(BOB, SUPPORT, "two", thread_ts=ts)
    await imports(world, ts)
    world.slack.put(SaidMessage(SUPPORT, "", BOT_USER, "Jane closed it.", thread_ts=ts, by_bot=True))
    world.slack.say(MIA, SUPPORT, "three", thread_ts=ts)

    await imports(world, ts, user=ADA)
    await imports(world, ts)

    assert [str(entry["note"]).split("\n")[0] for entry in imported(world)] == ["one", "two", "three"]
    assert "Imported 1 message into case #1234. The other 2 were there already." in said(world, ADA)
    assert "Nothing new" in said(world)


async def test_a_message_that_quotes_anothers_link_does_not_count_as_it(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    reply = world.slack.say(MIA, SUPPORT, "two", thread_ts=ts)
    world.desk.add_note(1234, "see", f"as {link(reply)} says")

    await imports(world, ts)

    assert len(imported(world)) == 2


async def test_a_message_that_its_case_was_opened_from_is_not_imported_into_it(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    world.slack.say(BOB, SUPPORT, "two", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    caseid = world.desk.newest()["caseid"]

    await imports(world, ts, case=str(caseid))

    assert [str(entry["note"]).split("\n")[0] for entry in imported(world, caseid)] == ["two"]


async def test_two_people_importing_at_once_add_each_message_once(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    world.slack.say(MIA, SUPPORT, "two", thread_ts=ts)

    await asyncio.gather(imports(world, ts), imports(world, ts, user=ADA))

    assert len(imported(world)) == 2


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cut_connection_ends_by_itself_with_each_message_once(world: World, when: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    world.slack.say(MIA, SUPPORT, "two", thread_ts=ts)
    view = await shortcut(world, ts, IMPORT)
    world.desk.fail("POST /cases/*/history", when=when)

    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: "Imported 2 messages" in said(world))
    assert len(imported(world)) == 2


async def test_a_long_thread_that_broke_off_halfway_is_completed_by_itself(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "first")
    for number in range(450):
        world.slack.say(MIA, SUPPORT, f"reply {number}.", thread_ts=ts)
    view = await shortcut(world, ts, IMPORT)

    def second_chunk_fails(call: object) -> None:
        if len(writes(world)) == 1:
            world.desk.fail("POST /cases/*/history")

    world.desk.on_answer = second_chunk_fails
    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: "Imported 451 messages" in said(world), timeout=10)
    notes = [entry["note"] for entry in imported(world)]
    assert len(set(notes)) == 451


async def test_a_slow_import_waits_in_sight_and_a_refusal_brings_the_case_back(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    view = await shortcut(world, ts, IMPORT)
    world.desk.latency = 1.9

    await world.slack.submit(JANE, view, {"case": "999999"})
    assert "Importing the thread" in view.plain()
    await world.slack.until(lambda: view.callback_id == forms.IMPORT_FORM, what="the form again")

    assert "no case #999999" in view.plain()
    assert state(view)["case"] == "#999999"


async def test_where_casebot_is_no_member_the_form_says_how_to_invite_it_and_keeps_the_case(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, "one")
    view = await shortcut(world, ts, IMPORT, channel=RANDOM)

    exchange = await world.slack.submit(JANE, view, {"case": "1234"})

    assert "/invite @casebot" in exchange.errors["case"]
    assert state(view)["case"].startswith("#1234")
    world.slack.forgive("not_in_channel")


async def test_a_deleted_message_is_said_to_be_deleted(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    view = await shortcut(world, ts, IMPORT)
    world.slack.remove(world.slack.last(JANE, SUPPORT))

    exchange = await world.slack.submit(JANE, view, {"case": "1234"})

    assert "deleted in Slack" in str(exchange.errors)
    world.slack.forgive("thread_not_found")


async def test_a_thread_that_slack_does_not_hand_out_right_now_is_imported_later(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "one")
    view = await shortcut(world, ts, IMPORT)
    world.slack.limit("conversations.replies", retry_after=0, times=9)

    await world.slack.submit(JANE, view, {"case": "1234"})

    await world.slack.until(lambda: "Imported 1 message" in said(world), timeout=20)
    assert len(imported(world)) == 1


async def test_a_channels_card_of_the_case_tells_of_the_import(world: World) -> None:
    card = await shared_card(world)
    ts = world.slack.say(MIA, SUPPORT, "one")

    await imports(world, ts)

    lines = await world.slack.until(lambda: world.slack.seen(JANE, SUPPORT, card.ts)[1:])
    assert lines[0].plain() == "Jane Doe imported 1 message from a thread."
