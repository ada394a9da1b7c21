"""What people type after /case, through the real entrance, and what FuseDesk then holds."""

from __future__ import annotations

import pytest

from simulator.blocks import active_tokens
from simulator.slack import BOB, JANE, MIA, SUPPORT, Message
from tests.conftest import World, casebot_world

SUPPORT_ID, BILLING_ID, TECHNICAL_ID = 268, 269, 271


async def answer(world: World, text: str, user: str = JANE, channel: str = SUPPORT) -> Message:
    """Types a command and waits for the one message that answers it."""
    before = len(world.slack.seen(user, channel))
    exchange = await world.case(text, user=user, channel=channel)
    assert exchange.error == ""
    await world.slack.until(lambda: len(world.slack.seen(user, channel)) > before, what=f"an answer to {text!r}")
    return world.slack.last(user, channel)


def calls(world: World) -> list[str]:
    """The calls to FuseDesk that were no names."""
    named = ("/departments", "/reps", "/casetags")
    return [f"{call.method} {call.path}" for call in world.desk.calls if not call.path.endswith(named)]


@pytest.mark.parametrize(
    "typed", ["1234", "#1234", "show 1234", "RSKZ1717", "https://acme.fusedesk.com/app/#cases/view/RSKZ1717"]
)
async def test_a_case_is_shown_with_one_call(world: World, typed: str) -> None:
    case = world.desk.case(1234)
    typed = typed.replace("RSKZ1717", case["casenum"])

    card = await answer(world, typed)

    assert card.ephemeral
    assert case["summary"] in card.plain()
    assert case["department"] in card.plain()
    assert case["summary"] in card.text
    assert len(calls(world)) == 1


async def test_the_names_cost_no_call_after_the_start(world: World) -> None:
    await world.slack.until(lambda: world.bot.directory.ready)
    before = len(world.desk.calls)

    await answer(world, "find dept:billing rep:jane tag:vip")

    assert [call.path for call in world.desk.calls[before:]] == ["/api/v1/cases"]


async def test_every_filter_reaches_fusedesk(world: World) -> None:
    await answer(
        world,
        "find jane@example.com status:active dept:billing rep:me tag:vip contact:77 company:5 opened:>2026-01-01 "
        "assigned:<2026-12-01 responded:2026-05-05 updated:2026-01-01..2026-02-01 closed:2026-03-03 sort:opened limit:20",
    )

    query = world.desk.calls[-1].query
    assert query == {
        "email": "jane@example.com",
        "status": "active",
        "depid": "269",
        "repid": "1",
        "casetag": "7",
        "contactid": "77",
        "companyid": "5",
        "date_opened": '{"after":"2026-01-01"}',
        "date_assigned": '{"before":"2026-12-01"}',
        "date_firstresponse": "2026-05-05",
        "date_updated": query["date_updated"],
        "date_closed": "2026-03-03",
        "orderby": "date_opened desc",
        "limit": "20",
        "offset": "0",
    }
    assert '"after"' in query["date_updated"]
    assert '"before"' in query["date_updated"]


async def test_transfer_by_name_moves_the_case_with_at_most_two_calls(world: World) -> None:
    card = await answer(world, "transfer 1234 to billing")

    assert world.desk.case(1234)["departmentid"] == BILLING_ID
    assert "Billing" in card.plain()
    assert len(calls(world)) <= 2


async def test_transfer_to_me_and_to_a_mention(world: World) -> None:
    world.desk.change(1234, departmentid=SUPPORT_ID, repid=2)
    world.desk.change_rep(2, email="zoe@example.org")
    world.slack.add_user(BOB, name="bob", real_name="Zoë M.", email="zoe@example.org")
    await answer(world, "refresh")

    await answer(world, "transfer 1234 to me")
    assert world.desk.case(1234)["repid"] == 1

    await answer(world, "transfer 1234 to @bob")
    assert world.desk.case(1234)["repid"] == 2


async def test_a_rep_outside_the_department_is_refused_with_those_inside(world: World) -> None:
    card = await answer(world, "transfer 1234 to billing/mai")

    assert "Mai Nguyễn is not in Billing" in card.plain()
    assert "Olu Adeyemi" in card.plain()
    assert world.desk.calls.count("POST *") == 0


async def test_a_mistyped_name_is_offered_as_a_button_that_runs(world: World) -> None:
    refused = await answer(world, "find dept:zzz")
    assert "Onboarding" in refused.buttons
    before = len(world.slack.seen(JANE, SUPPORT))

    await world.slack.click(JANE, refused, refused.button("Onboarding"))

    await world.slack.until(lambda: len(world.slack.seen(JANE, SUPPORT)) > before)
    assert "department Onboarding" in world.slack.last(JANE, SUPPORT).plain()


async def test_a_mistyped_verb_is_offered_as_a_button_that_runs(world: World) -> None:
    refused = await answer(world, "trasnfer 1234 to billing")

    await world.slack.click(JANE, refused, refused.button("transfer 1234 to billing"))

    await world.slack.until(lambda: world.desk.case(1234)["departmentid"] == BILLING_ID)


async def test_tags_are_named_one_by_one_even_if_one_is_unknown(world: World) -> None:
    card = await answer(world, "tag 1234 vip, nosuchthing, hardware")

    assert {"VIP", "Hardware"} <= set(world.desk.case(1234)["tagnames"])
    assert "VIP, Hardware" in card.plain()
    assert 'no tag "nosuchthing"' in card.plain()


async def test_untag_takes_a_tag_off(world: World) -> None:
    world.desk.tag(1234, 7)

    await answer(world, "untag 1234 vip")

    assert "VIP" not in world.desk.case(1234)["tagnames"]


async def test_notes_and_calls_reach_the_history_signed(world: World) -> None:
    await answer(world, "note 1234 Called back")
    await answer(world, "call 1234 Voicemail\nLeft a message.")

    note, call = world.desk.case(1234)["history"][-2:]
    assert (note["type"], note["title"]) == ("note", "Called back")
    assert "Called back" in note["note"]
    assert "Jane Doe" in note["note"]
    assert (call["type"], call["title"]) == ("call", "Voicemail")
    assert "Left a message." in call["note"]


async def test_a_case_is_linked_by_number_and_by_uuid(world: World) -> None:
    uuid = world.desk.contact(77)["uuid"]

    await answer(world, "link 1234 77")
    assert world.desk.case(1234)["contactid"] == 77

    world.desk.change(1234, contactid=3)
    await answer(world, f"link 1234 {uuid}")
    assert world.desk.case(1234)["contactid"] == 77


async def test_close_and_reopen(world: World) -> None:
    world.desk.change(1234, status="open")

    await answer(world, "close 1234")
    assert world.desk.case(1234)["status"] == "closed"

    await answer(world, "reopen 1234")
    assert world.desk.case(1234)["status"] == "open"


async def test_mine_lists_the_cases_of_the_rep_that_i_am(world: World) -> None:
    card = await answer(world, "mine new")

    assert card.plain().startswith("My cases")
    assert (world.desk.calls[-1].query["repid"], world.desk.calls[-1].query["status"]) == ("1", "new")


async def test_somebody_who_is_no_rep_learns_why_there_are_no_cases_of_theirs() -> None:
    async with casebot_world(casebot_access="members") as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        card = await answer(world, "mine", user=MIA)

        assert "no rep with your Slack email" in card.plain()
        assert world.slack.faults == []


async def test_refresh_takes_new_names(world: World) -> None:
    await world.slack.until(lambda: world.bot.directory.ready)
    world.desk.add_department("Spaceflight", [1])

    counted = await answer(world, "refresh")
    card = await answer(world, "find dept:spaceflight")

    assert "7 departments" in counted.plain()
    assert "department Spaceflight" in card.plain()


async def test_help_is_in_the_acknowledgement_and_each_verb_has_its_own(world: World) -> None:
    exchange = await world.case("help")
    overview = world.slack.last(JANE, SUPPORT)
    topic = await answer(world, "help transfer")

    assert "/case transfer 1234" in exchange.text
    assert overview.ephemeral
    assert {"Open a case", "My cases"} <= set(overview.buttons)
    assert "/case transfer 1234" in topic.text


async def test_a_case_is_opened_with_all_its_fields(world: World) -> None:
    await answer(
        world,
        "open Printer on fire dept:support rep:jane from:jane@example.com tag:vip,hardware contact:77 company:5 status:open "
        "type:call opened:2026-01-02 assigned:2026-01-03 updated:2026-01-04 skipcrm:yes\nIt burns.\nBadly.",
    )

    form = next(call.form for call in world.desk.calls if call.method == "POST")
    case = world.desk.newest()
    assert case["summary"] == "Printer on fire"
    assert case["details"].startswith("It burns.\nBadly.")
    assert (case["departmentid"], case["repid"], case["contactid"], case["companyid"]) == (268, 1, 77, 5)
    assert (case["status"], case["openedby"]) == ("open", "jane@example.com")
    assert case["tagnames"] == ["Hardware", "VIP"]
    assert case["history"][0]["type"] == "call"
    assert form["skipinfusionsoft"] == "true"
    assert [form[name][:10] for name in ("date_opened", "date_assigned", "date_updated")] == [
        "2026-01-02",
        "2026-01-03",
        "2026-01-04",
    ]


async def test_what_is_missing_is_asked_for_in_a_filled_form(world: World) -> None:
    await world.case("open Printer on fire from:jane@example.com tag:vip")

    view = await world.slack.until(lambda: world.slack.view(JANE))
    assert view.title == "Open a case"
    state = {key: held for fields in view.state["values"].values() for key, held in fields.items()}
    assert state["summary"]["value"] == "Printer on fire"
    assert state["email"]["value"] == "jane@example.com"
    assert [option["text"]["text"] for option in state["tags"]["selected_options"]] == ["VIP"]


async def test_the_default_department_makes_a_short_command_enough() -> None:
    async with casebot_world(casebot_default_department="billing") as world:
        await answer(world, "open Printer on fire")

        assert world.desk.newest()["departmentid"] == BILLING_ID
        assert world.slack.faults == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("9999", "FuseDesk has no case #9999"),
        ("ZZZZ9999", "FuseDesk has no case ZZZZ9999"),
        ("tag 1234 nosuchthing", 'no tag "nosuchthing"'),
        ("find not-an@email", "email"),
        ("find opened:2026-13-45", "2026-13-45"),
        ("transfer 1234 to nowhere-at-all", "nowhere-at-all"),
        ("note 1234", "note"),
        ("link 1234 zero", "contact"),
    ],
)
async def test_bad_input_gets_words_and_is_quoted_back(world: World, typed: str, words: str) -> None:
    card = await answer(world, typed)

    assert words in card.plain()
    assert typed in card.plain()
    assert world.desk.calls.count("POST *") == 0


async def test_forty_thousand_characters_are_quoted_back_whole(world: World) -> None:
    typed = "nonsense " + "word " * 7_998
    await world.case(typed)

    def quoted() -> str:
        return " ".join(message.plain() for message in world.slack.seen(JANE, SUPPORT))

    await world.slack.until(lambda: quoted().count("word") >= 7_998, what="the whole quote")


@pytest.mark.parametrize(
    "text", ["<!channel> *bold* ~x~ `y` _z_ > q", "שלום עולם", "👩‍👩‍👧‍👦 " * 300, "\u202eevil", "<https://evil.example|x>"]
)
async def test_a_hostile_summary_neither_pings_nor_breaks_the_card(world: World, text: str) -> None:
    world.desk.change(1234, summary=text, details=text * 20, openedby=text)

    card = await answer(world, "1234")
    listed = await answer(world, "find status:all limit:500 sort:updated")

    assert active_tokens(card) == []
    assert active_tokens(listed) == []


async def test_a_case_without_rep_department_or_dates_is_shown(world: World) -> None:
    world.desk.change(1234, repid=None, contactid=None, summary="", details="", openedby="")

    card = await answer(world, "1234")

    assert "nobody yet" in card.plain()


async def test_a_slow_search_says_that_it_is_still_asking(world: World) -> None:
    await world.slack.until(lambda: world.bot.directory.ready)
    world.desk.latency = 1.7

    await world.case("find status:new")

    await world.slack.until(lambda: any("Still asking" in message.plain() for message in world.slack.seen(JANE, SUPPORT)))
    await world.slack.until(lambda: any("status new" in message.plain() for message in world.slack.seen(JANE, SUPPORT)))


@pytest.mark.parametrize(
    ("switch", "value", "words"),
    [
        ("down", True, "FuseDesk does not answer"),
        ("garbage", True, "cannot read"),
        ("rejects_key", True, "API key"),
        ("quota_left", 0, "no more calls this hour"),
        ("scopes", set(), "lacks the scope cases"),
    ],
)
async def test_each_trouble_of_fusedesk_has_its_words(world: World, switch: str, value: object, words: str) -> None:
    await world.slack.until(lambda: world.bot.directory.ready)
    setattr(world.desk, switch, value)

    card = await answer(world, "1234")

    # After a second, in the place of "still asking".
    await world.slack.until(lambda: words in card.plain())
    assert "1234" in card.plain()
