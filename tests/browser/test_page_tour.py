"""The seven steps of the guided tour: by mouse, by keyboard alone, and shown by the page itself."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator

from tests.browser.conftest import Visit
from tests.browser.hands import Hands, Keyboard, Mouse

BOTH = pytest.mark.parametrize("way", [Mouse, Keyboard])
# Runs by itself as soon as one of casebot's buttons undoes something.


def message(visit: Visit, words: str) -> Locator:
    return visit.page.locator(".talk .message").filter(has_text=words)


def form(visit: Visit, title: str) -> Locator:
    return visit.page.get_by_role("dialog", name=title)


async def shortcut(visit: Visit, hands: Hands, words: str, name: str) -> None:
    await hands.press(message(visit, words).get_by_role("button", name="More actions"))
    await hands.press(visit.page.locator("#more").get_by_role("button", name=name))


async def card(visit: Visit, hands: Hands) -> Locator:
    """The card of a case, asked for in the channel."""
    await hands.send("/case show 1003")
    found = message(visit, "#1003").filter(has=visit.page.get_by_role("button", name="Transfer"))
    await found.wait_for()
    return found


@BOTH
async def test_a_case_is_opened_from_a_message(visit: Visit, way: type[Hands]) -> None:
    hands = way(visit.page)
    await shortcut(visit, hands, "label printer", "Open a case")
    opening = form(visit, "Open a case")
    await hands.pick(opening.get_by_role("combobox", name="Department"), "tech", "Technical Support")
    await hands.press(opening.get_by_role("button", name="Open case"))
    await visit.done(1)

    assert visit.stage.desk.newest()["department"] == "Technical Support"
    assert "label printer" in visit.stage.desk.newest()["summary"]
    await visit.page.locator(".talk .message").filter(has_text="label printer").get_by_text("replies").wait_for()


@BOTH
async def test_a_customer_is_found_by_email(visit: Visit, way: type[Hands]) -> None:
    await way(visit.page).send("/case find jane@example.com")
    await visit.done(2)

    await message(visit, "Cases of jane@example.com").get_by_text("Only visible to you").wait_for()


@BOTH
async def test_a_case_is_handed_over_by_its_button(visit: Visit, way: type[Hands]) -> None:
    hands = way(visit.page)
    await hands.press((await card(visit, hands)).get_by_role("button", name="Transfer"))
    transfer = form(visit, "Transfer")
    await hands.pick(transfer.get_by_role("combobox", name="Department"), "onb", "Onboarding")
    await hands.press(transfer.get_by_role("button", name="Transfer"))
    await visit.done(3)

    assert visit.stage.desk.case(1003)["department"] == "Onboarding"
    await visit.page.locator(".talk .message").filter(has_text="Onboarding").first.wait_for()


@BOTH
async def test_a_note_is_added(visit: Visit, way: type[Hands]) -> None:
    hands = way(visit.page)
    await hands.press((await card(visit, hands)).get_by_role("button", name="Add note"))
    note = form(visit, "Add a note")
    await hands.write(note.get_by_role("textbox", name="Text"), "Called back, all is well.")
    await hands.press(note.get_by_role("button", name="Add", exact=True))
    await visit.done(4)

    assert "Called back, all is well." in visit.stage.desk.case(1003)["history"][-1]["note"]


@BOTH
async def test_a_case_is_tagged(visit: Visit, way: type[Hands]) -> None:
    hands = way(visit.page)
    visit.stage.desk.untag(1003, visit.stage.desk.tags()["Churn Risk"])
    await hands.press((await card(visit, hands)).get_by_role("button", name="Tags"))
    tags = form(visit, "Tags")
    await hands.pick(tags.get_by_role("combobox", name="Tags"), "churn", "Churn Risk")
    await hands.press(tags.get_by_role("button", name="Save"))
    await visit.done(5)

    assert "Churn Risk" in visit.stage.desk.case(1003)["tagnames"]


@BOTH
async def test_a_thread_is_imported(visit: Visit, way: type[Hands]) -> None:
    hands = way(visit.page)
    await shortcut(visit, hands, "cannot scan", "Import thread")
    importing = form(visit, "Import thread")
    await hands.pick(importing.get_by_role("combobox", name="Case"), "1003", "#1003")
    await hands.press(importing.get_by_role("button", name="Import"))
    await visit.done(6)

    assert any("Firmware 4.2" in item["note"] for item in visit.stage.desk.case(1003)["history"])


@BOTH
async def test_the_last_change_is_undone(visit: Visit, way: type[Hands]) -> None:
    before = visit.stage.desk.case(1003)
    hands = way(visit.page)
    await hands.send("/case transfer 1003 to onboarding")
    await hands.press(visit.page.get_by_role("button", name="Undo").last)
    await visit.done(7)

    after = visit.stage.desk.case(1003)
    assert [after[name] for name in ("departmentid", "repid", "status")] == [
        before[name] for name in ("departmentid", "repid", "status")
    ]


async def test_the_page_shows_every_step_that_it_offers(visit: Visit) -> None:
    for step in range(1, 7):
        await visit.page.locator(f".tour li:nth-child({step}).now").get_by_role("button").click()
        await visit.done(step)

    assert visit.stage.slack.faults == []
    assert await visit.page.locator(".tour li[aria-current=step]").inner_text() != ""


async def test_a_step_that_cannot_be_shown_says_why(visit: Visit) -> None:
    await visit.page.locator(".tour li:nth-child(7)").hover()
    await visit.page.locator(".tour li:nth-child(7)").get_by_role("button").click()

    await visit.page.locator("#notices").get_by_text("There is no Undo").wait_for()
    assert 7 not in visit.stage.tour.done
