"""What was in vain is said with what was wanted, and *Try again* brings it back to be edited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot import durable
from bot.cards import case, forms, waiting
from handlers import open_case
from simulator.slack import BOB, BOT_USER, JANE, MIA, SUPPORT, Message, View
from tests.conftest import World, casebot_world
from tests.flows import answer, form, shared_card, state
from tests.forms_world import ADD, FROM_MESSAGE, IMPORT, MESSAGE, cards, link, said, shortcut

TRY_AGAIN = "Try again"
LONG = "Start " + "word " * 1_500 + "END"


async def told(world: World, user: str = JANE) -> Message:
    """What casebot said last of something in vain, wherever that was."""

    def found() -> list[Message]:
        seen = [*world.slack.seen(user, SUPPORT), *world.slack.seen(user, world.slack.dm(user).id)]
        threads = [reply for message in seen for reply in world.slack.seen(user, SUPPORT, message.ts)]
        return [message for message in [*seen, *threads] if TRY_AGAIN in message.buttons]

    return (await world.slack.until(found, what="words with a button"))[-1]


async def again(world: World, callback: str) -> View:
    """The form that *Try again* opens."""
    await world.slack.click(JANE, await told(world), waiting.TRY_AGAIN)
    return await form(world, callback)


# Clicks


@pytest.mark.parametrize(
    ("action", "status", "wanted", "command", "effect"),
    [
        (case.CLOSE, "new", "Close #1234", "close 1234", {"status": "closed"}),
        (case.REOPEN, "closed", "Reopen #1234", "reopen 1234", {"status": "open"}),
        (case.TAKE, "new", "Transfer #1234 to me", "transfer 1234 to me", {"repid": 1}),
    ],
)
async def test_a_click_in_vain_is_told_with_what_was_wanted_and_comes_back_as_a_command(
    world: World, action: str, status: str, wanted: str, command: str, effect: dict[str, object]
) -> None:
    world.desk.change(1234, departmentid=268, repid=2, status=status)
    card = await shared_card(world)
    world.desk.fail("POST /cases/1234", how="405")

    await world.slack.click(JANE, card, action)
    refused = await told(world)
    view = await again(world, forms.AGAIN_FORM)
    filled = state(view)
    await world.slack.submit(JANE, view)

    assert f"You asked for: {wanted}." in refused.plain()
    assert f"You asked for: {wanted}." in refused.text
    assert filled == {forms.COMMAND: command}
    await world.slack.until(lambda: world.desk.case(1234).items() >= effect.items(), what="the effect")


async def test_after_a_day_without_fusedesk_a_click_is_given_up_with_what_was_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "LONGEST", timedelta(0))
    async with casebot_world() as world:
        card = await shared_card(world)
        world.desk.down = True

        await world.slack.click(JANE, card, case.CLOSE)
        refused = await told(world)

        assert "FuseDesk does not answer right now." in refused.plain()
        assert "Given up after 24 hours: Close #1234." in refused.plain()


async def test_an_undo_in_vain_is_named_and_cannot_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "LONGEST", timedelta(0))
    async with casebot_world() as world:
        changed = await answer(world, "close 1234")
        await world.settled()
        world.desk.down = True

        await world.slack.click(JANE, changed, changed.button("Undo"))

        await world.slack.until(lambda: "Given up after 24 hours: Undo the change of status of #1234." in said(world))
        assert not any(TRY_AGAIN in message.buttons for message in world.slack.seen(JANE, SUPPORT))


async def test_who_was_overtaken_sees_it_on_the_card_and_is_not_asked_to_try_again(world: World) -> None:
    old = await answer(world, "1234", BOB)
    await answer(world, "close 1234")

    await world.slack.click(BOB, old, case.CLOSE)

    await world.slack.until(lambda: "Jane Doe was faster and closed it." in said(world, BOB))
    assert "You asked for: Close #1234." in said(world, BOB)
    assert not any(TRY_AGAIN in message.buttons for message in world.slack.seen(BOB, SUPPORT))


# Forms


async def of_card(callback: str, action: str, option: str, world: World) -> View:
    card = await answer(world, "1234")
    await world.slack.click(JANE, card, action, option=option or None)
    return await form(world, callback)


async def of_message(which: str, world: World) -> View:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(MIA, SUPPORT, "Use the extinguisher", thread_ts=ts)
    return await shortcut(world, ts, which)


@dataclass(frozen=True)
class Form:
    """How it opens, what is filled in, what it is called in vain, and how FuseDesk's case shows in the end that it was done."""

    name: str
    opens: Callable[[World], Awaitable[View]]
    filled: dict[str, object]
    wanted: str
    done: Callable[[World], bool]
    calls: int = 1
    shows: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def notes(world: World) -> list[tuple[str, str]]:
    """Type and moment of what was added to the case through casebot."""
    return [(row["type"], row["date_added"][:10]) for row in world.desk.case(1234)["history"] if "via Slack" in row["note"]]


WHEN = int(datetime(2026, 3, 1, 9, 30, tzinfo=UTC).timestamp())
FORMS = [
    Form(
        "note",
        partial(of_card, forms.NOTE_FORM, case.NOTE, ""),
        {"note": "Called back\nand more", "title": "Mine", "kind": "Call", "when": WHEN},
        "Log a call on #1234: Mine",
        lambda world: notes(world) == [("call", "2026-03-01")],
        shows={"when": ""},
    ),
    Form(
        "add",
        partial(of_message, ADD),
        {"case": "1234", "title": "Mine"},
        "Add a note to #1234: Mine",
        lambda world: len(notes(world)) == 1,
        shows={"case": "#1234", "note": MESSAGE, "kind": "Note", "when": ""},
    ),
    Form(
        "tags",
        partial(of_card, forms.TAGS_FORM, case.TAGS, ""),
        {"tags": ["VIP"]},
        "Change the tags of #1234: tag VIP and untag Bug",
        lambda world: list(world.desk.case(1234)["tagnames"]) == ["VIP"],
        calls=2,
    ),
    Form(
        "transfer",
        partial(of_card, forms.TRANSFER_FORM, case.TRANSFER, ""),
        {"department": "Billing", "rep": "Olu Adeyemi"},
        "Transfer #1234 to Billing/Olu Adeyemi",
        lambda world: world.desk.case(1234)["rep"] == "Olu Adeyemi",
    ),
    Form(
        "link",
        partial(of_card, forms.LINK_FORM, case.MORE, "Link to a contact"),
        {"contact": "77"},
        "Link #1234 to contact 77",
        lambda world: world.desk.case(1234)["contactid"] == 77,
    ),
    Form(
        "import",
        partial(of_message, IMPORT),
        {"case": "1234"},
        "Import a thread into #1234",
        lambda world: "extinguisher" in str(world.desk.case(1234)["history"]),
        shows={"case": "#1234"},
    ),
]


async def in_vain(world: World, view: View, filled: dict[str, object], calls: int = 1) -> Message:
    """Sends the form, whose person closes it before FuseDesk refuses; what they are told."""
    await world.slack.fill(JANE, view, filled)
    world.desk.latency = 1.0 if calls > 1 else 1.9
    world.desk.fail("POST *", how="405", times=calls)
    await world.slack.submit(JANE, view)
    await world.slack.close(JANE, view)
    refused = await told(world)
    world.desk.latency = 0
    world.slack.forgive("not_found")
    return refused


@pytest.mark.parametrize("kind", FORMS, ids=str)
async def test_a_form_in_vain_is_told_with_what_was_wanted_and_comes_back_as_it_was_filled_in(world: World, kind: Form) -> None:
    world.desk.change(1234, departmentid=268, repid=2, contactid=9)
    for tag in world.desk.case(1234)["tags"]:
        world.desk.untag(1234, tag)
    world.desk.tag(1234, world.desk.tags()["Bug"])
    view = await kind.opens(world)
    callback = view.callback_id

    refused = await in_vain(world, view, kind.filled, kind.calls)
    reopened = await again(world, callback)
    filled = state(reopened)
    await world.slack.submit(JANE, reopened)

    assert f"You asked for: {kind.wanted}." in refused.plain()
    assert filled == kind.filled | kind.shows
    await world.slack.until(lambda: kind.done(world), what="the effect")


async def test_a_new_case_in_vain_comes_back_with_all_that_was_filled_in_and_stays_the_messages_one_case(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, LONG)
    world.slack.say(MIA, SUPPORT, "Use the extinguisher", thread_ts=ts)
    reply = world.slack.say(MIA, SUPPORT, LONG, thread_ts=ts)
    view = await shortcut(world, reply, FROM_MESSAGE)
    chosen = {"department": "Support", "rep": "Zoë Müller", "tags": ["VIP", "Bug"], "email": "amy@example.com"}
    typed = chosen | {"summary": "Mine", "thread": ["Add the whole thread to the case’s history"]}
    before = world.desk.count()

    refused = await in_vain(world, view, typed)
    reopened = await again(world, forms.OPEN_FORM)
    filled = state(reopened)
    await world.slack.submit(JANE, reopened)
    await world.slack.until(lambda: cards(world, ts), what="the card in the thread")
    second = await again(world, forms.OPEN_FORM)
    await world.slack.submit(JANE, second)

    assert "You asked for: Open a case: Mine." in refused.plain()
    assert filled.items() >= typed.items()
    await world.slack.until(lambda: "has a case already" in said(world) + str(world.slack.seen(JANE, SUPPORT, ts)))
    opened = world.desk.newest()
    assert world.desk.count() == before + 1
    assert (opened["summary"], opened["rep"], sorted(opened["tagnames"])) == ("Mine", "Zoë Müller", ["Bug", "VIP"])
    assert opened["details"].startswith(LONG)
    assert link(reply) in opened["details"]
    assert "extinguisher" in str(opened["history"])


async def test_the_rest_of_a_thread_that_was_in_vain_comes_back_as_an_import(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_case, "_WITH_THE_CASE", 1)
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    for text in ("One", "Two"):
        reply = world.slack.say(MIA, SUPPORT, text, thread_ts=ts)
    view = await shortcut(world, reply, FROM_MESSAGE)
    world.desk.fail("POST /cases/*/history", how="405")
    everything = ["Add the whole thread to the case’s history"]
    await world.slack.submit(JANE, view, {"department": "Support", "thread": everything})
    refused = await told(world)
    caseid = world.desk.newest()["caseid"]

    reopened = await again(world, forms.IMPORT_FORM)
    filled = state(reopened)
    await world.slack.submit(JANE, reopened)

    assert f"You asked for: Import a thread into #{caseid}." in refused.plain()
    assert filled == {"case": f"#{caseid}"}
    await world.slack.until(lambda: len(world.desk.case(caseid)["history"]) >= 3, what="the thread in the case")


# Commands


async def test_a_command_in_vain_is_quoted_and_comes_back_to_be_edited(world: World) -> None:
    world.desk.fail("POST /cases/1234/addnote", how="405")
    refused = await answer(world, "note 1234 Caled back & said <hello>")

    view = await again(world, forms.AGAIN_FORM)
    typed = str(state(view)[forms.COMMAND])
    await world.slack.submit(JANE, view, {forms.COMMAND: typed.replace("Caled", "Called")})

    assert "note 1234 Caled back & said <hello>" in refused.plain()
    assert "You asked for" not in refused.plain()
    await world.slack.until(lambda: "Added the note" in said(world))
    assert "Called back & said <hello>" in world.desk.case(1234)["history"][-1]["note"]


async def test_a_command_too_long_for_the_field_is_tried_again_whole(world: World) -> None:
    world.desk.fail("POST /cases/1234/addnote", how="405")
    await world.case(f"note 1234 {LONG}")

    view = await again(world, forms.AGAIN_FORM)
    hint = view.plain()
    await world.slack.submit(JANE, view)

    assert "The text is longer than this field: its other" in hint
    await world.slack.until(lambda: "Added the note" in said(world))
    assert world.desk.case(1234)["history"][-1]["note"].startswith(LONG)


async def test_what_is_not_known_any_more_is_said(world: World) -> None:
    element = {
        "type": "button",
        "action_id": waiting.TRY_AGAIN,
        "value": "no such run",
        "text": {"type": "plain_text", "text": "x"},
    }
    drawn = Message(SUPPORT, "", BOT_USER, "", [{"type": "actions", "elements": [element]}], "", JANE, by_bot=True)

    await world.slack.click(JANE, world.slack.put(drawn), waiting.TRY_AGAIN)

    await world.slack.until(lambda: "does not remember" in said(world))
