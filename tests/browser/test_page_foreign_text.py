"""Whatever people, customers and casebot write, in every field of every surface, is shown as text and runs nowhere."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator

from simulator.blocks import Surface, problems
from simulator.slack import BOT_USER, JANE, MIA, SUPPORT, Message
from tests.browser import everything
from tests.browser.conftest import Visit

NASTY = "<img src=x onerror=ran=1><script>ran=1</script>\"'{{7*7}}"
RAN = "() => window.ran !== undefined || document.querySelector('[src=x], [onerror], main script, aside script') !== null"


async def holds(visit: Visit, place: Locator) -> None:
    """The words stand there as they were written, and did nothing."""
    await place.get_by_text(NASTY[:24], exact=False).first.wait_for(state="attached")

    assert not await visit.page.evaluate(RAN)


def card(visit: Visit) -> Message:
    return visit.stage.slack.put(Message(SUPPORT, "", BOT_USER, NASTY, everything.shown(NASTY), by_bot=True))


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_the_card_with_everything_is_one_that_slack_takes(surface: Surface) -> None:
    made = everything.shown("Hello") if surface == "message" else everything.form("Hello", surface)

    assert problems(made, surface) == []


async def test_a_message_that_somebody_types_is_text(visit: Visit) -> None:
    await visit.page.locator("#write").fill(NASTY)
    await visit.page.keyboard.press("Enter")

    await holds(visit, visit.page.locator(".talk"))


async def test_a_message_as_slack_would_never_store_it_is_text(visit: Visit) -> None:
    ts = visit.stage.slack.say(MIA, SUPPORT, f"{NASTY} <javascript:ran=1|click> <https://x.example/|{NASTY[:20]}>", as_is=True)
    visit.stage.slack.say(MIA, SUPPORT, NASTY, thread_ts=ts, as_is=True)
    await visit.go(thread=ts)

    await holds(visit, visit.page.locator(".talk"))
    await holds(visit, visit.page.locator(".thread"))
    assert await visit.page.locator("a[href^='javascript:']").count() == 0


async def test_every_field_of_a_card_is_text(visit: Visit) -> None:
    message = card(visit)
    await holds(visit, visit.page.locator(f"[data-ts='{message.ts}']"))
    await visit.page.reload()

    await holds(visit, visit.page.locator(f"[data-ts='{message.ts}']"))
    await visit.page.locator(f"[data-ts='{message.ts}'] .overflow > button").click()
    await holds(visit, visit.page.locator(f"[data-ts='{message.ts}'] .menu:popover-open"))


async def test_every_field_of_a_form_is_text(visit: Visit) -> None:
    view = visit.stage.slack.put_view(visit.stage.slack.new_view(JANE, everything.form(NASTY)))
    view.errors = {"i0": NASTY}
    visit.stage.slack.changed.note()

    await holds(visit, visit.page.locator("dialog.modal"))
    assert await visit.page.locator("dialog.modal input[data-block=i0]").input_value() == NASTY
    assert await visit.page.locator("dialog.modal textarea").input_value() == NASTY


async def test_every_field_of_the_home_is_text(visit: Visit) -> None:
    await visit.go(place="home")
    await visit.page.locator(".home-view").wait_for()
    visit.stage.slack.change_view(visit.stage.slack.home(JANE), everything.form(NASTY, "home"))

    await holds(visit, visit.page.locator(".home-view"))


async def test_what_fusedesk_holds_is_text_in_its_panel_and_in_casebots_cards(visit: Visit) -> None:
    desk = visit.stage.desk
    desk.change(1003, summary=NASTY, details=NASTY, openedby=NASTY)
    desk.add_note(1003, NASTY, NASTY)
    desk.tag(1003, desk.add_tag(NASTY))
    desk.rename_department(desk.case(1003)["departmentid"], NASTY)
    await visit.go(panel="fusedesk")
    await holds(visit, visit.page.locator("#shelf"))
    await visit.go(panel="fusedesk", case="1003")
    await holds(visit, visit.page.locator("#shelf"))
    await visit.page.locator("#write").fill("/case show 1003")
    await visit.page.keyboard.press("Enter")

    await holds(visit, visit.page.locator(".talk"))


async def test_what_is_offered_while_typing_is_text(visit: Visit) -> None:
    visit.stage.desk.change(1003, summary=NASTY)
    await visit.page.locator("#write").fill("/case show 1003")

    await holds(visit, visit.page.locator(".composer .offers"))


async def test_the_inspector_and_the_names_of_people_show_text(visit: Visit) -> None:
    visit.stage.slack.users[MIA].real_name = NASTY
    visit.stage.slack.say(MIA, SUPPORT, "hello")
    await visit.go(panel="inspector")
    await visit.page.locator("#write").fill(f"/case {NASTY}")
    await visit.page.keyboard.press("Enter")
    row = visit.page.locator(".exchange").filter(has_text="Slack → casebot").first
    await row.locator("summary").click()

    await row.locator(".curl").get_by_text("curl").wait_for()
    await holds(visit, row)
    await holds(visit, visit.page.locator(".talk"))


async def test_a_refusal_is_text(visit: Visit) -> None:
    await visit.page.locator("#write").fill(f"/{NASTY}")
    await visit.page.keyboard.press("Enter")

    await visit.page.locator("#notices").get_by_text("/<img is not a command").wait_for()
    assert not await visit.page.evaluate(RAN)
