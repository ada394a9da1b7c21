"""Open a case by typing it, and from a form that was opened from nothing."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import forms, home, words
from simulator.blocks import active_tokens, problems
from simulator.slack import ADA, BILLING, BOB, JANE, MIA, RANDOM, SUPPORT
from tests.conftest import World, casebot_world
from tests.flows import answer, form, state, writes
from tests.forms_world import loaded, new_case, said

UUID = "00000000-0000-4000-8000-00000000004d"


async def test_a_case_is_typed_with_everything_on_one_line(world: World) -> None:
    line = "open Printer on fire dept:supp rep:zoe from:jane@example.com tag:vip,hardware"

    card = await answer(world, f"{line}\nOn the third floor\nPlease hurry")

    opened = world.desk.newest()
    assert opened["summary"] == "Printer on fire"
    assert opened["details"].startswith("On the third floor\nPlease hurry\n\n— Jane Doe (U01JANE) via Slack · ref ")
    assert (opened["department"], opened["rep"], opened["contactid"]) == ("Support", "Zoë Müller", 77)
    assert set(opened["tagnames"]) == {"VIP", "Hardware"}
    assert opened["openedby"] == "jane@example.com"
    assert card.ephemeral
    assert "Your case is open." in card.plain()
    assert len(writes(world)) == 1


async def test_every_other_field_of_a_new_case_is_typed_too(world: World) -> None:
    keys = "contact:77 company:5 status:open type:call opened:2026-01-02 assigned:2026-01-03 updated:2026-01-04 skipcrm:yes"

    await answer(world, f'open Old one dept:support openedby:"Front desk" from:amy@example.com {keys}')

    sent = next(call for call in world.desk.calls if call.method == "POST").form
    assert (sent["contactid"], sent["companyid"], sent["status"], sent["type"]) == ("77", "5", "open", "call")
    assert [sent[name][:10] for name in ("date_opened", "date_assigned", "date_updated")] == [
        "2026-01-02",
        "2026-01-03",
        "2026-01-04",
    ]
    assert (sent["skipinfusionsoft"], sent["openedby"], sent["email"]) == ("true", "Front desk", "amy@example.com")


async def test_a_contact_is_typed_by_its_uuid(world: World) -> None:
    uuid = world.desk.contact(77)["uuid"]

    await answer(world, f"open Old one dept:support contact:{uuid}")

    assert world.desk.newest()["contactid"] == 77


async def test_without_a_customer_the_person_who_types_is_the_opener(world: World) -> None:
    await answer(world, "open Toner dept:support", user=MIA)

    assert world.desk.newest()["openedby"] == "Mia Long"


async def test_a_missing_department_is_asked_for_and_nothing_typed_is_lost(world: World) -> None:
    typed = "open Old one rep:jane tag:vip contact:77 company:5 status:open type:call opened:2026-01-02 skipcrm:yes openedby:Fax"
    await world.case(f"{typed}\nMore words")
    view = await form(world, forms.OPEN_FORM)
    filled = state(view)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: "Your case is open." in said(world))
    opened = world.desk.newest()
    assert (filled["summary"], filled["details"], filled["rep"], filled["tags"]) == (
        "Old one",
        "More words",
        "Jane Doe",
        ["VIP"],
    )
    assert "opened by Fax, contact 77, company 5, status open, type call, opened 2026-01-02" in view.plain()
    assert "not written to the CRM" in view.plain()
    assert (opened["contactid"], opened["companyid"], opened["status"], opened["openedby"]) == (77, 5, "open", "Fax")
    assert opened["date_opened"].startswith("2026-01-02")


async def test_a_missing_summary_is_asked_for(world: World) -> None:
    await world.case("open dept:billing")

    filled = state(await form(world, forms.OPEN_FORM))

    assert (filled["summary"], filled["department"]) == ("", "Billing")


async def test_long_details_that_meet_the_form_reach_fusedesk_whole(world: World) -> None:
    text = "Start " + "word " * 1_500 + "END"
    await world.case(f"open Long story\n{text}")
    view = await form(world, forms.OPEN_FORM)

    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: "Your case is open." in said(world))
    assert world.desk.newest()["details"].startswith(text)


@pytest.mark.parametrize("where", ["dept:support", ""])
async def test_a_summary_as_long_as_a_letter_goes_into_the_details_whole(world: World, where: str) -> None:
    text = "Start " + "word " * 600 + "END"
    await world.case(f"open {text} {where}\nmore")
    if not where:
        view = await form(world, forms.OPEN_FORM)
        await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: "Your case is open." in said(world))
    opened = world.desk.newest()
    assert len(opened["summary"]) <= 250
    assert opened["summary"].endswith("…")
    assert opened["details"].startswith(f"{text}\n\nmore")


async def test_the_default_department_saves_the_question() -> None:
    async with casebot_world(casebot_default_department="Billing") as world:
        await loaded(world)

        await answer(world, "open Printer on fire")

        assert world.desk.newest()["department"] == "Billing"
        assert world.slack.faults == []


async def test_a_default_department_that_does_not_exist_asks_for_one() -> None:
    async with casebot_world(casebot_default_department="Nowhere") as world:
        await loaded(world)

        await world.case("open Printer on fire")

        assert state(await form(world, forms.OPEN_FORM))["summary"] == "Printer on fire"
        assert world.slack.faults == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("open X dept:nowhere", "nowhere"),
        ("open X dept:support rep:olu", "Support"),
        ("open X dept:support tag:nosuchtag", "nosuchtag"),
        ("open X dept:support rep:<@U03MIA>", "Mia Long is not a rep"),
    ],
)
async def test_a_name_that_leads_nowhere_is_refused_with_what_was_typed(world: World, typed: str, says: str) -> None:
    before = world.desk.count()

    message = await answer(world, typed)

    assert says in message.plain()
    assert "You typed" in message.plain()
    assert world.desk.count() == before


async def test_a_slow_fusedesk_is_said_to_be_asked_and_then_the_card_comes(world: World) -> None:
    world.desk.latency = 1.7

    await world.case("open Printer on fire dept:support")

    await world.slack.until(lambda: "Still asking" in said(world))
    await world.slack.until(lambda: "Your case is open." in said(world))


async def test_a_refused_case_is_quoted_back(world: World) -> None:
    world.desk.fail("POST /cases/", how="405")

    message = await answer(world, "open Printer on fire dept:support\nOn the third floor")

    assert "FuseDesk refused" in message.plain()
    assert "On the third floor" in message.plain()


async def test_the_only_department_is_taken_without_a_question() -> None:
    async with casebot_world() as world:
        for number in (269, 270, 271, 272, 273):
            world.desk.remove_department(number)
        await answer(world, "refresh")

        await answer(world, "open Printer on fire")

        assert world.desk.newest()["department"] == "Support"
        assert world.slack.faults == []


async def test_the_form_of_the_home_ends_in_a_card_in_the_modal(world: World) -> None:
    await world.slack.open_home(MIA)
    await world.slack.until(lambda: "FuseDesk answers" in world.slack.home(MIA).plain())
    await world.slack.click(MIA, world.slack.home(MIA), home.HOME_NEW)
    view = await form(world, forms.OPEN_FORM, MIA)

    await world.slack.submit(MIA, view, {"summary": "From home", "details": "More", "department": "Billing"})

    assert "From home" in world.slack.view(MIA).plain()
    assert "Your case is open." in world.slack.view(MIA).plain()


async def test_the_form_of_the_help_card_ends_in_a_card_where_it_was_asked_even_without_casebot_there(world: World) -> None:
    card = await answer(world, "help", channel=RANDOM)
    await world.slack.click(JANE, card, words.OPEN)
    view = await form(world, forms.OPEN_FORM)

    await world.slack.submit(JANE, view, {"summary": "From help", "details": "More", "department": "Billing"})

    await world.slack.until(lambda: "From help" in said(world, JANE, RANDOM))
    assert world.slack.views(JANE) == []


async def test_a_form_sent_twice_opens_one_case(world: World) -> None:
    view = await new_case(world)
    await world.slack.fill(JANE, view, {"summary": "Once", "details": "More", "department": "Billing"})
    before = world.desk.count()

    await asyncio.gather(world.slack.submit(JANE, view), world.slack.submit(JANE, view))

    assert world.desk.count() == before + 1


async def test_two_forms_of_the_same_words_are_two_cases(world: World) -> None:
    before = world.desk.count()

    for user in (JANE, BOB):
        view = await new_case(world, user)
        await world.slack.submit(user, view, {"summary": "Twice", "details": "More", "department": "Billing"})

    assert world.desk.count() == before + 2


@pytest.mark.parametrize(
    ("when", "how"), [("before", "drop"), ("after", "drop"), ("before", "garbage"), ("after", "garbage"), ("after", "empty")]
)
async def test_an_unclear_outcome_never_ends_in_two_cases(world: World, when: str, how: str) -> None:
    view = await new_case(world)
    before = world.desk.count()
    world.desk.fail("POST /cases/", when=when, how=how)

    await world.slack.submit(JANE, view, {"summary": "Once", "details": "More", "department": "Billing"})
    if view.callback_id == forms.OPEN_FORM:
        await world.slack.submit(JANE, view)

    assert "Your case is open." in world.slack.view(JANE).plain()
    assert world.desk.count() == before + 1


async def test_a_slow_refusal_brings_everything_typed_back_and_a_second_try_opens_the_case(world: World) -> None:
    view = await new_case(world)
    before = world.desk.count()
    typed = {"summary": "Slow", "details": "More", "department": "Support", "rep": "Jane Doe", "email": "amy@example.com"}
    await world.slack.fill(JANE, view, typed | {"tags": ["VIP", "Bug"]})
    world.desk.latency = 1.9
    world.desk.fail("POST /cases/", how="405")

    await world.slack.submit(JANE, view)
    assert "Opening the case" in view.plain()
    await world.slack.until(lambda: view.callback_id == forms.OPEN_FORM, what="the form again")
    filled, says = state(view), view.plain()
    world.desk.latency = 0
    await world.slack.submit(JANE, view)

    assert filled == typed | {"tags": ["VIP", "Bug"]}
    assert "FuseDesk refused" in says
    await world.slack.until(lambda: "Your case is open." in world.slack.view(JANE).plain())
    assert "Your case is open." in world.slack.view(JANE).plain()
    assert world.desk.count() == before + 1


async def test_somebody_who_closed_the_form_is_told_of_the_fault_with_their_words(world: World) -> None:
    view = await new_case(world)
    world.desk.latency = 1.9
    world.desk.fail("POST /cases/", how="405")
    await world.slack.submit(JANE, view, {"summary": "Mine", "details": "My many words", "department": "Support"})

    await world.slack.close(JANE, view)

    direct = world.slack.dm(JANE).id
    await world.slack.until(lambda: "My many words" in said(world, JANE, direct))
    assert "FuseDesk refused" in said(world, JANE, direct)
    world.slack.forgive("not_found")


async def test_what_is_gone_from_fusedesk_meanwhile_is_named_at_its_field(world: World) -> None:
    view = await new_case(world)
    typed = {"summary": "X", "details": "Y", "department": "Onboarding", "rep": "Priya Raghavan", "tags": ["VIP", "Bug"]}
    await world.slack.fill(JANE, view, typed)
    world.desk.remove_department(272)
    world.desk.remove_rep(7)
    world.desk.remove_tag(world.desk.tags()["VIP"])
    await answer(world, "refresh", ADA)

    first = await world.slack.submit(JANE, view)
    second = await world.slack.submit(JANE, view, {"department": "Support"})
    third = await world.slack.submit(JANE, view, {"rep": None})

    assert "no longer" in first.errors["department"]
    assert "rep no longer" in next(iter(second.errors.values()))
    assert "no longer" in third.errors["tags"]
    assert state(view)["details"] == "Y"


async def test_a_rep_from_outside_the_department_is_refused_with_those_inside(world: World) -> None:
    view = await new_case(world)
    before = world.desk.count()
    await world.slack.fill(JANE, view, {"rep": "Mai Nguyễn"})

    exchange = await world.slack.submit(JANE, view, {"summary": "X", "details": "Y", "department": "Billing"})

    assert "Mai Nguyễn is not in Billing" in exchange.errors["rep"]
    assert "Olu Adeyemi" in exchange.errors["rep"]
    assert world.desk.count() == before


async def test_an_email_that_slack_lets_pass_but_is_none_is_refused_at_its_field(world: World) -> None:
    view = await new_case(world)
    typed = {"summary": "X", "details": "Y", "department": "Billing", "email": "a..b@exa_mple.com"}

    exchange = await world.slack.submit(JANE, view, typed)

    assert "is not an email address" in exchange.errors["email"]
    assert state(view)["summary"] == "X"


@pytest.mark.parametrize("text", ["<!channel> <@U02BOB>", "*b* _i_ ~s~ `c`", "שלום \u202eעולם", "👩‍👩‍👧‍👦🔥", "&lt;!here&gt;"])
async def test_markup_in_every_field_stays_text(world: World, text: str) -> None:
    view = await new_case(world)
    await world.slack.submit(JANE, view, {"summary": text, "details": f"{text}\n{text}", "department": "Support"})
    modal = world.slack.view(JANE)

    await answer(world, str(world.desk.newest()["caseid"]))

    assert world.desk.newest()["summary"] == text
    assert active_tokens(modal) == []
    assert active_tokens(world.slack.last(JANE, SUPPORT)) == []
    assert problems(modal.content, "modal") == []


async def test_the_help_on_opening_has_a_button_that_opens_the_form(world: World) -> None:
    card = await answer(world, "help open", channel=BILLING)

    await world.slack.click(JANE, card, words.OPEN)

    assert state(await form(world, forms.OPEN_FORM))["summary"] == ""
