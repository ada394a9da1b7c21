"""Open a case from a message: what the form starts with, what FuseDesk gets, what people see."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest
from sqlalchemy import text as sql

from bot.cards import forms
from bot.cards.case import ADD
from simulator.blocks import active_tokens, problems
from simulator.slack import ADA, BOT, BOT_USER, DORA, GUS, JANE, MIA, OTTO, RANDOM, SUPPORT
from simulator.slack import Message as SaidMessage
from tests.conftest import World, casebot_world, restarted
from tests.flows import answer, form, state, writes
from tests.forms_world import FROM_MESSAGE, MESSAGE, cards, its_case, link, loaded, said, shortcut, with_files


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("from <mailto:amy@example.com|amy@example.com>, please", "amy@example.com"),
        ("mail 'amy@example.com'.", "amy@example.com"),
        ("not@valid, but amy.o'neil+x@mail.example.com.", "amy.o'neil+x@mail.example.com"),
        ("nobody@here and @amy", ""),
        ("a..b@example.com is none", ""),
    ],
)
async def test_the_customers_email_is_found_in_the_text(world: World, text: str, email: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, text, as_is=True)

    view = await shortcut(world, ts, FROM_MESSAGE)

    assert state(view)["email"] == email


async def test_the_form_shows_names_and_addresses_instead_of_slacks_codes(world: World) -> None:
    text = (
        "*Hi* <@U02BOB>, <@U77NOBODY|ned> &amp; <@U78NOBODY>: see <https://x.example/a?b=1&amp;c=2|the page> or "
        "<#C01SUPPORT|support> <#C09|> <!here> <!date^1^{date}|yesterday> <https://y.example>"
    )
    ts = world.slack.say(MIA, SUPPORT, text, as_is=True)

    view = await shortcut(world, ts, FROM_MESSAGE)

    assert state(view)["details"] == (
        "*Hi* @Bob Stone, @ned & @U78NOBODY: see the page (https://x.example/a?b=1&c=2) or #support #C09 @here yesterday "
        "https://y.example"
    )
    world.slack.forgive("user_not_found")


async def test_the_form_opens_in_time_although_slack_is_slow_with_names(world: World) -> None:
    await answer(world, "help")
    mentions = " ".join(f"<@U5{number:02}>" for number in range(30))
    ts = world.slack.say(MIA, SUPPORT, f"cc {mentions}", as_is=True)
    world.slack.latency = 0.6

    view = await shortcut(world, ts, FROM_MESSAGE)

    assert "@U501" in state(view)["details"]
    world.slack.forgive("user_not_found")


async def test_a_reply_brings_the_checkbox_and_a_lonely_message_does_not(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    lonely = await shortcut(world, ts, FROM_MESSAGE)
    reply = world.slack.say(MIA, SUPPORT, "one more thing", thread_ts=ts)

    with_thread = await shortcut(world, reply, FROM_MESSAGE)

    assert "thread" not in state(lonely)
    assert state(with_thread)["thread"] == []


async def test_a_case_from_a_reply_takes_the_other_messages_along_and_its_card_stands_in_that_thread(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, "the first message")
    reply = world.slack.say(DORA, SUPPORT, "the reply", thread_ts=ts)
    view = await shortcut(world, reply, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    card = (await world.slack.until(lambda: cards(world, ts)))[0]
    case = world.desk.newest()
    assert case["details"].startswith("the reply\n\n— written by Dora Gone")
    assert case["details"].count("ref ") == 1
    assert f"{link(reply)}?thread_ts={ts}" in case["details"]
    imported = [entry for entry in case["history"] if entry["title"].endswith("in Slack")]
    assert [entry["note"].split("\n")[0] for entry in imported] == ["the first message"]
    assert "Jane Doe opened a case" in card.plain()
    assert case["openedby"] == "Dora Gone"


async def test_a_member_who_is_no_rep_opens_a_case_too(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE, user=MIA)

    await world.slack.submit(MIA, view, {"department": "Support"})

    card = (await world.slack.until(lambda: cards(world, ts)))[0]
    assert "Mia Long opened a case" in card.plain()
    assert "U03MIA" in world.desk.newest()["details"]


async def test_a_click_sent_twice_ends_in_one_case(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.fill(JANE, view, {"department": "Support"})
    before = world.desk.count()

    await asyncio.gather(world.slack.submit(JANE, view), world.slack.submit(JANE, view))

    await world.slack.until(lambda: cards(world, ts))
    assert world.desk.count() == before + 1
    assert len(cards(world, ts)) == 1


async def test_who_comes_later_gets_the_card_of_the_one_case_and_may_still_add_the_thread(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(MIA, SUPPORT, "a reply", thread_ts=ts)
    again = await shortcut(world, ts, FROM_MESSAGE, user=ADA)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    case = world.desk.newest()

    await world.slack.submit(ADA, again, {"department": "Billing", "thread": ["thread"]})

    await world.slack.until(lambda: "a reply" in str(world.desk.case(case["caseid"])["history"]))
    assert world.desk.newest()["caseid"] == case["caseid"]
    await world.settled()
    assert "no second one is opened" in "".join(message.plain() for message in world.slack.seen(ADA, SUPPORT, ts))
    assert f"#{case['caseid']}" in said(world, ADA)
    assert ["Transfer" in card.buttons for card in cards(world, ts)] == [True, False]
    assert not any("opened a case" in entry["note"] for entry in world.desk.case(case["caseid"])["history"])


async def opened(world: World, text: str = MESSAGE, *, channel: str = SUPPORT) -> str:
    """The ts of a message from which Jane has opened a case."""
    ts = world.slack.say(MIA, channel, text)
    await world.slack.submit(JANE, await shortcut(world, ts, FROM_MESSAGE, channel=channel), {"department": "Support"})
    await world.settled()
    return ts


async def offering(world: World, channel: str, ts: str | None = None) -> SaidMessage:
    """The card that offers Ada to add to the case."""

    def there() -> list[SaidMessage]:
        return [one for one in world.slack.seen(ADA, channel, ts) if "Add to that case" in one.buttons]

    return (await world.slack.until(there, what="the way to add to the case"))[0]


async def test_who_comes_later_sees_the_messages_case_instead_of_a_form_and_adds_the_message_to_it(world: World) -> None:
    text = "Start " + "word " * 5_000 + "END"
    ts = await opened(world, text)
    case = world.desk.newest()

    modal = await its_case(world, ts, user=ADA)
    await world.slack.click(ADA, modal, ADD)
    view = await form(world, forms.ADD_FORM, ADA)
    filled = state(view)
    await world.slack.submit(ADA, view)

    await world.slack.until(lambda: f"Added the note to case #{case['caseid']}" in said(world, ADA))
    note = world.desk.case(case["caseid"])["history"][-1]
    assert f"This message has a case already, #{case['caseid']}" in modal.plain()
    assert "*Status*" in modal.plain()
    assert modal.buttons[:2] == ["Add to that case", "Take it"]
    assert (filled["case"], filled["title"], filled["kind"]) == (f"#{case['caseid']}", "Mia Long in Slack", "Note")
    assert note["note"].startswith(text)
    assert link(ts) in note["note"]
    assert world.desk.newest()["caseid"] == case["caseid"]
    assert problems(modal.content, "modal") == []


async def test_who_filled_in_the_form_in_vain_adds_what_they_wrote_to_the_case(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, "the first message")
    reply = world.slack.say(MIA, RANDOM, MESSAGE, thread_ts=ts)
    late = await shortcut(world, reply, FROM_MESSAGE, user=ADA, channel=RANDOM)
    await world.slack.submit(JANE, await shortcut(world, reply, FROM_MESSAGE, channel=RANDOM), {"department": "Support"})
    await world.settled()
    caseid = world.desk.newest()["caseid"]

    await world.slack.submit(ADA, late, {"department": "Billing", "details": "On fire, says Mia", "summary": "Fire!"})
    card = await offering(world, RANDOM, ts)
    await world.slack.click(ADA, card, ADD)
    view = await form(world, forms.ADD_FORM, ADA)
    filled = state(view)
    await world.slack.submit(ADA, view)

    await world.slack.until(lambda: f"Added the note to case #{caseid}" in said(world, ADA, RANDOM))
    note = world.desk.case(caseid)["history"][-1]["note"]
    assert card.ephemeral
    assert (filled["case"], filled["title"]) == (f"#{caseid}", "Mia Long in Slack")
    assert filled["note"] == "Fire!\nOn fire, says Mia"
    assert f"{link(reply, RANDOM)}?thread_ts={ts}" in note
    world.slack.forgive("not_in_channel")


async def test_what_is_added_does_not_say_its_beginning_twice(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    late = await shortcut(world, ts, FROM_MESSAGE, user=ADA)
    await world.slack.submit(JANE, await shortcut(world, ts, FROM_MESSAGE), {"department": "Support"})
    await world.settled()
    await world.slack.submit(ADA, late, {"department": "Billing"})
    card = await offering(world, SUPPORT)

    await world.slack.click(ADA, card, ADD)

    assert state(await form(world, forms.ADD_FORM, ADA))["note"] == MESSAGE


async def test_a_message_whose_case_is_gone_from_fusedesk_gets_a_form(world: World) -> None:
    ts = await opened(world)
    world.desk.remove_case(world.desk.newest()["caseid"])
    before = world.desk.count()

    view = await shortcut(world, ts, FROM_MESSAGE, user=ADA)
    filled = state(view)
    await world.slack.submit(ADA, view, {"department": "Support"})

    await world.slack.until(lambda: len(cards(world, ts)) == 2)
    assert (filled["summary"], filled["details"]) == ("The printer is on fire", MESSAGE)
    assert world.desk.count() == before + 1


async def test_a_fusedesk_slower_than_a_trigger_lives_still_shows_the_messages_case(world: World) -> None:
    ts = await opened(world)
    async with restarted(world) as later:
        await answer(later, "help", ADA)
        world.desk.latency = 3.2

        modal = await its_case(later, ts, user=ADA)

        assert "*Status*" in modal.plain()


async def test_while_the_database_is_slow_the_form_opens_and_its_submission_finds_the_case(world: World) -> None:
    ts = await opened(world)
    caseid = world.desk.newest()["caseid"]
    await answer(world, "help", ADA)
    over = threading.Event()
    # The database's one thread is busy.
    busy = asyncio.create_task(world.bot.store.read(lambda _: over.wait(30)))

    view = await shortcut(world, ts, FROM_MESSAGE, user=ADA)
    over.set()
    await busy
    await world.slack.submit(ADA, view, {"department": "Billing"})

    await world.slack.until(lambda: f"has a case already, #{caseid}" in said(world, ADA))
    assert world.desk.newest()["caseid"] == caseid


async def test_without_its_text_the_form_to_add_a_message_opens_empty(world: World) -> None:
    ts = await opened(world)
    await world.bot.store.write(lambda connection: connection.execute(sql("DROP TABLE drafts")))
    modal = await its_case(world, ts, user=ADA)

    await world.slack.click(ADA, modal, ADD)

    filled = state(await form(world, forms.ADD_FORM, ADA))
    assert (filled["note"], filled["title"]) == ("", "Mia Long in Slack")


async def test_a_thread_that_does_not_fit_into_one_call_follows_the_case(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    for number in range(250):
        world.slack.say(MIA, SUPPORT, f"reply {number}.", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    def replies() -> list[str]:
        history = world.desk.newest()["history"]
        return [entry["note"] for entry in history if entry["note"].startswith("reply")]

    await world.slack.until(lambda: len(replies()) == 250, timeout=10)
    assert len(set(replies())) == 250
    assert len(writes(world)) == 2


async def test_replies_that_fusedesk_does_not_take_yet_follow_the_card(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    for number in range(210):
        world.slack.say(MIA, SUPPORT, f"reply {number}.", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.fail("POST /cases/*/history", how="503", times=None)

    await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})
    await world.slack.until(lambda: "Your change waits: Import a thread" in said(world), timeout=10)
    assert ["Transfer" in card.buttons for card in cards(world, ts)] == [True]
    world.desk.mend()

    await world.slack.until(lambda: "Imported 10 messages" in said(world), timeout=10)
    await world.settled()
    notes = [entry["note"] for entry in world.desk.newest()["history"] if entry["note"].startswith("reply")]
    assert ["Transfer" in card.buttons for card in cards(world, ts)] == [True, False]
    assert len(notes) == len(set(notes)) == 210


async def test_a_thread_deleted_meanwhile_keeps_the_form(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(MIA, SUPPORT, "a reply", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.slack.remove(next(message for message in world.slack.seen(JANE, SUPPORT) if message.ts == ts))
    before = world.desk.count()

    exchange = await world.slack.submit(JANE, view, {"department": "Support", "thread": ["thread"]})

    assert "deleted in Slack" in str(exchange.errors)
    assert world.desk.count() == before
    world.slack.forgive("thread_not_found")


async def test_without_casebot_in_the_channel_the_person_alone_gets_the_card_and_learns_how_to_invite_it(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE, channel=RANDOM)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: "/invite @casebot" in said(world, JANE, RANDOM))
    assert f"#{world.desk.newest()['caseid']}" in said(world, JANE, RANDOM)
    assert cards(world, ts, channel=RANDOM) == []
    assert said(world, MIA, RANDOM) == ""
    world.slack.forgive("not_in_channel")


async def test_a_slow_form_in_a_strange_channel_still_finds_its_person(world: World) -> None:
    ts = world.slack.say(MIA, RANDOM, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE, channel=RANDOM)
    world.slack.forward(1_900)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: "/invite @casebot" in said(world, JANE, RANDOM))
    assert f"#{world.desk.newest()['caseid']}" in said(world, JANE, RANDOM)
    world.slack.faults.clear()


async def test_a_message_of_an_app_can_be_opened(world: World) -> None:
    ts = world.slack.put(SaidMessage(SUPPORT, "", BOT_USER, "Disk full on web-3", by_bot=True)).ts

    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: len(cards(world, ts)) == 2)
    case = world.desk.newest()
    assert (case["summary"], case["openedby"]) == ("Disk full on web-3", "casebot")
    assert BOT not in case["details"]


@pytest.mark.parametrize(("user", "name"), [(GUS, "Gus Visitor"), (DORA, "Dora Gone")])
async def test_whoever_wrote_a_message_is_its_author(world: World, user: str, name: str) -> None:
    ts = world.slack.say(user, SUPPORT, "Something is wrong")
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: cards(world, ts))
    assert world.desk.newest()["openedby"] == name


async def test_an_author_whom_slack_does_not_know_goes_by_the_id(world: World) -> None:
    ts = world.slack.put(SaidMessage(SUPPORT, "", "U99NOBODY", "Hello from afar")).ts
    view = await shortcut(world, ts, FROM_MESSAGE)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: cards(world, ts))
    assert world.desk.newest()["openedby"] == "U99NOBODY"
    world.slack.forgive("user_not_found")


@pytest.mark.parametrize("user", [GUS, OTTO])
async def test_guests_and_outsiders_open_nothing(world: World, user: str) -> None:
    channel = SUPPORT if user == GUS else "C02BILLING"
    ts = world.slack.say(MIA, channel, MESSAGE)

    await world.slack.message_shortcut(user, channel, ts, FROM_MESSAGE)

    await world.slack.until(lambda: said(world, user, channel))
    assert world.slack.views(user) == []


async def test_forwarded_mail_fills_the_form_with_its_subject_sender_and_text(world: World) -> None:
    mail = {
        "filetype": "email",
        "title": "No invoice",
        "subject": "No invoice",
        "from": [{"address": "amy@example.com", "name": "Amy", "original": "Amy <amy@example.com>"}],
        "plain_text": "I never got it.",
    }
    ts = with_files(world, "", [mail, {"name": "scan.pdf"}])

    view = await shortcut(world, ts, FROM_MESSAGE)

    filled = state(view)
    assert (filled["summary"], filled["email"]) == ("[file: scan.pdf]", "amy@example.com")
    assert filled["details"] == "[file: scan.pdf]\n\nNo invoice\nFrom: amy@example.com\nI never got it."


async def test_a_long_message_says_that_its_rest_comes_along_and_survives_a_change_of_department(world: World) -> None:
    text = "Start " + "🔥 word " * 5_000 + "END"
    ts = world.slack.say(MIA, SUPPORT, text)
    view = await shortcut(world, ts, FROM_MESSAGE)
    hint = re.search(r"its other ([\d,]+) characters", view.plain())

    await world.slack.click(JANE, view, "department", option="Billing")
    await world.slack.until(lambda: any(block.get("block_id") == "rep:269" for block in view.blocks))
    await world.slack.submit(JANE, view)

    await world.slack.until(lambda: cards(world, ts))
    assert hint is not None
    assert hint[1] in view.plain()
    assert world.desk.newest()["details"].startswith(text)


async def test_a_refused_long_message_is_quoted_whole_to_somebody_who_closed_the_form(world: World) -> None:
    text = "Start " + "word " * 7_990 + "END"
    ts = world.slack.say(MIA, SUPPORT, text)
    view = await shortcut(world, ts, FROM_MESSAGE)
    world.desk.latency = 1.9
    world.desk.fail("POST /cases/", how="405")
    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.close(JANE, view)

    await world.slack.until(lambda: "END" in said(world))
    assert said(world).count("word") >= 7_990
    world.slack.forgive("not_found")


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> <!subteam^S1|@ops> *b* _i_ ~s~ `c`",
        "<https://evil.example|click>",
        "&lt;!channel&gt; &lt;https://evil.example|x&gt; &amp;lt;!here&amp;gt;",
        "\u202eשלום \u2067עולם",
        "👩‍👩‍👧‍👦" * 600,
        "> quote\n\n\n```code```",
        "*" * 4_000,
    ],
)
async def test_nothing_in_a_message_pings_links_or_breaks_the_form_or_the_card(world: World, text: str) -> None:
    ts = world.slack.say(MIA, SUPPORT, text, as_is=True)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})

    card = (await world.slack.until(lambda: cards(world, ts)))[0]

    assert active_tokens(card) == []
    assert active_tokens(view) == []
    assert problems(view.content, "modal") == []


async def test_a_default_department_is_chosen_and_one_that_does_not_exist_does_not_keep_the_form_away() -> None:
    async with casebot_world(casebot_default_department="Billing") as world:
        await loaded(world)
        ts = world.slack.say(MIA, SUPPORT, MESSAGE)
        assert state(await shortcut(world, ts, FROM_MESSAGE))["department"] == "Billing"
    async with casebot_world(casebot_default_department="Nowhere") as world:
        await loaded(world)
        ts = world.slack.say(MIA, SUPPORT, MESSAGE)

        view = await shortcut(world, ts, FROM_MESSAGE)

        assert state(view)["department"] == ""


async def test_before_the_names_are_there_the_form_opens_and_says_so() -> None:
    async with casebot_world(casebot_default_department="Billing") as world:
        await loaded(world)
        ts = world.slack.say(MIA, SUPPORT, MESSAGE)
        desk = world.desk
    desk.down = True
    async with casebot_world(desk=desk, casebot_default_department="Billing") as world:
        ts = world.slack.say(MIA, SUPPORT, MESSAGE)
        view = await shortcut(world, ts, FROM_MESSAGE)
        option = {"text": {"type": "plain_text", "text": "Billing", "emoji": False}, "value": "269"}

        exchange = await world.slack.submit(JANE, view, {"department": option})

        assert "has not got FuseDesk's names" in str(exchange.errors)
        assert state(view)["summary"] == "The printer is on fire"
