"""Typeahead, answered from memory, and the department that decides which reps a form offers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cards import case, forms
from simulator.blocks import problems
from simulator.slack import JANE, MIA, SUPPORT, View
from tests.conftest import World, casebot_world
from tests.flows import answer, form, state
from tests.forms_world import ADD, FROM_MESSAGE, MESSAGE, loaded, new_case, shortcut


async def offered(world: World, view: View, field: str, typed: str) -> list[str]:
    return [option["text"]["text"] for option in await world.slack.typeahead(JANE, view, field, typed)]


async def chooses(world: World, view: View, department: str, **more: Any) -> None:
    """Chooses a department and waits until the form has that department's reps."""
    number = world.desk.departments()[department]
    await world.slack.click(JANE, view, "department", option=department, **more)
    await world.slack.until(lambda: any(block["block_id"] == f"rep:{number}" for block in view.blocks), what="the reps' field")


@pytest.mark.parametrize(
    ("field", "typed", "first"),
    [
        ("department", "BILL", "Billing"),
        ("department", "tech", "Technical Support"),
        ("rep", "zoe", "Zoë Müller"),
        ("rep", "odegard", "Søren Ødegård"),
        ("tags", "vip", "VIP"),
        ("tags", "hradware", "Hardware"),
    ],
)
async def test_names_are_found_without_case_and_accents_and_cost_fusedesk_nothing(
    world: World, field: str, typed: str, first: str
) -> None:
    view = await new_case(world)
    before = len(world.desk.calls)

    found = await offered(world, view, field, typed)

    assert found[0] == first
    assert len(world.desk.calls) == before


async def test_an_untouched_field_offers_everything_there_is_by_name(world: World) -> None:
    view = await new_case(world)

    departments, reps = await offered(world, view, "department", ""), await offered(world, view, "rep", "")

    assert departments == sorted(departments)
    assert "Fax Desk" not in departments
    assert len(departments) == 6
    assert "Jan Novák" not in reps
    assert len(reps) == 10


async def test_the_reps_offered_are_those_of_the_chosen_department(world: World) -> None:
    view = await new_case(world)

    await chooses(world, view, "Billing")

    assert set(await offered(world, view, "rep", "")) == {"Jane Doe", "Olu Adeyemi", "Søren Ødegård"}


async def test_what_was_typed_stays_and_a_rep_of_both_departments_too(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    world.slack.say(MIA, SUPPORT, "a reply", thread_ts=ts)
    view = await shortcut(world, ts, FROM_MESSAGE)
    typed = {"summary": "Half", "details": "Mine", "email": "amy@example.com", "tags": ["VIP"], "thread": ["thread"]}

    await chooses(world, view, "Billing", state=typed | {"rep": "Jane Doe"})

    filled = state(view)
    assert (filled["summary"], filled["details"], filled["email"], filled["tags"]) == ("Half", "Mine", "amy@example.com", ["VIP"])
    assert (filled["department"], filled["rep"]) == ("Billing", "Jane Doe")
    assert filled["thread"] == ["Add the whole thread to the case’s history"]


async def test_a_rep_from_outside_is_reset_and_what_comes_back_is_the_new_departments(world: World) -> None:
    view = await new_case(world)

    await chooses(world, view, "Billing", state={"rep": "Mai Nguyễn"})
    after_first = state(view)["rep"]
    await world.slack.fill(JANE, view, {"rep": "Olu Adeyemi"})
    await chooses(world, view, "Returns & Repairs")

    assert after_first == ""
    assert state(view)["rep"] == "Olu Adeyemi"


async def test_what_was_typed_beside_the_form_stays_through_a_change_of_department(world: World) -> None:
    await world.case("open Old one contact:77")
    view = await form(world, forms.OPEN_FORM)

    await chooses(world, view, "Billing")
    await world.slack.submit(JANE, view, {"details": "More"})

    await world.slack.until(lambda: world.desk.newest()["summary"] == "Old one")
    assert "contact 77" in view.plain()
    assert world.desk.newest()["contactid"] == 77


async def test_the_transfers_reps_follow_its_department_too(world: World) -> None:
    card = await answer(world, "1234")
    await world.slack.click(JANE, card, case.TRANSFER)
    view = await form(world, forms.TRANSFER_FORM)

    await chooses(world, view, "Billing")

    assert set(await offered(world, view, "rep", "")) == {"Jane Doe", "Olu Adeyemi", "Søren Ødegård"}
    assert "#1234" in view.plain()


async def test_cases_seen_lately_are_offered_by_number_case_number_and_words(world: World) -> None:
    summary = world.desk.case(1234)["summary"]
    number = world.desk.case(1234)["casenum"]
    await answer(world, "1234")
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    before = len(world.desk.calls)

    by_number = await offered(world, view, "case", "123")
    by_casenum = await offered(world, view, "case", number[:5].lower())
    by_words = await offered(world, view, "case", summary.split()[-1].upper())
    untouched = await offered(world, view, "case", "")

    assert by_number[:2] == ["#123", by_casenum[-1]]
    assert by_words == untouched == [by_casenum[-1]]
    assert by_casenum[-1].startswith("#1234 · ")
    assert len(world.desk.calls) == before


async def test_a_number_that_is_on_offer_is_not_offered_twice(world: World) -> None:
    await answer(world, "1234")
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)
    number = world.desk.case(1234)["casenum"]

    assert len(await offered(world, view, "case", "#1234")) == 1
    assert len(await offered(world, view, "case", number)) == 1


async def test_words_that_are_no_case_offer_nothing(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, ADD)

    found = [await offered(world, view, "case", typed) for typed in ("nothing like it", "99999999999999999999999", "-1")]

    assert found == [[], [], []]


async def test_long_and_strange_names_are_offered_well_formed() -> None:
    async with casebot_world() as world:
        world.desk.add_department("🔥" * 200)
        world.desk.add_tag("<!channel> & *more* " * 20)
        await answer(world, "refresh")
        view = await new_case(world)
        department = await world.slack.typeahead(JANE, view, "department", "🔥")
        tag = await world.slack.typeahead(JANE, view, "tags", "<!channel>")

        await world.slack.click(JANE, view, "department", option=department[0], state={"tags": [tag[0]]})
        await world.slack.until(lambda: any(block["block_id"].startswith("rep:") for block in view.blocks))

        assert state(view)["department"].startswith("🔥🔥")
        assert problems(view.content, "modal") == []
        assert world.slack.faults == []


async def test_a_hundred_are_offered_of_ten_thousand_tags() -> None:
    async with casebot_world() as world:
        for number in range(150):
            world.desk.add_tag(f"Series {number}")
        await answer(world, "refresh")
        view = await new_case(world)

        found = await offered(world, view, "tags", "series")

        assert len(found) == 100
        assert world.slack.faults == []


async def test_before_the_names_are_there_nothing_is_offered_and_nothing_breaks() -> None:
    async with casebot_world() as world:
        await loaded(world)
        desk = world.desk
    desk.down = True
    async with casebot_world(desk=desk) as world:
        view = await new_case(world)

        assert await offered(world, view, "department", "sup") == []
        assert world.slack.faults == []
