"""What stands beside the conversation: FuseDesk's cases, the weather, casebot killed and started, the inspector."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator

from simulator.page.look import PEOPLE
from simulator.slack import JANE, MIA, SUPPORT
from tests.browser.conftest import Visit


async def send(visit: Visit, text: str) -> None:
    await visit.page.locator("#write").fill(text)
    await visit.page.locator("#write").press("Enter")


def talk(visit: Visit, words: str) -> Locator:
    return visit.page.locator(".talk .message").filter(has_text=words).first


async def test_fusedesk_shows_at_once_what_a_command_did(visit: Visit) -> None:
    await visit.go(panel="fusedesk", case="1003")
    await send(visit, "/case note 1003 The courier is on her way")

    await visit.page.locator("#shelf .history").get_by_text("The courier is on her way").first.wait_for()


async def test_a_case_changed_in_fusedesk_is_seen_by_casebot(visit: Visit) -> None:
    await visit.go(panel="fusedesk", case="1003")
    await visit.page.locator("#shelf").get_by_role("combobox", name="Department").select_option("Onboarding")
    await visit.page.locator("#shelf").get_by_role("combobox", name="Status").select_option("closed")
    await visit.page.locator("#shelf").get_by_role("textbox", name="Note").fill("Written here")
    await visit.page.keyboard.press("Enter")
    await visit.page.locator("#shelf .history").get_by_text("Written here").first.wait_for()
    await send(visit, "/case show 1003")

    await talk(visit, "Onboarding").wait_for()
    assert visit.stage.desk.case(1003)["status"] == "closed"


async def test_cases_are_searched_and_their_pages_turned(visit: Visit) -> None:
    await visit.go(panel="fusedesk")
    await visit.page.get_by_text("1–50 of 60 cases").wait_for()
    await visit.page.get_by_role("button", name="Next 50").click()
    await visit.page.get_by_text("51–60 of 60 cases").wait_for()
    await visit.page.get_by_role("searchbox").fill("1003")

    await visit.page.get_by_text("1–1 of 1 cases").wait_for()
    await visit.page.locator("#shelf .cases a").click()
    await visit.page.locator("#shelf h3").get_by_text("#1003").wait_for()


async def test_a_card_leads_to_its_case_in_fusedesk(visit: Visit) -> None:
    await send(visit, "/case show 1003")
    await visit.page.get_by_role("link", name="Open in FuseDesk").click()

    await visit.page.locator("#shelf h3").get_by_text("#1003").wait_for()


async def test_people_are_told_that_fusedesk_is_down(visit: Visit) -> None:
    await visit.go(panel="weather")
    await visit.page.get_by_role("switch", name="FuseDesk is down").check()
    await visit.page.locator(".storm").get_by_text("FuseDesk is down").wait_for()
    await send(visit, "/case show 1003")

    await talk(visit, "FuseDesk does not answer").get_by_text("Only visible to you").wait_for()
    assert visit.stage.desk.down


async def test_every_switch_of_the_weather_turns_and_turns_back(visit: Visit) -> None:
    await visit.go(panel="weather")
    for name in ("FuseDesk hangs", "FuseDesk rejects the key", "Slack limits the rate"):
        switch = visit.page.get_by_role("switch", name=name)
        await switch.check()
        await visit.page.locator(".storm").get_by_text(name).wait_for()
        await switch.uncheck()
        await visit.page.locator(".storm").wait_for(state="detached")
    await visit.page.get_by_role("spinbutton", name="Quota").fill("7")
    await visit.page.get_by_role("spinbutton", name="Latency").fill("40")
    await visit.page.keyboard.press("Enter")
    await visit.page.locator(".storm").get_by_text("FuseDesk takes 40 ms").wait_for()

    assert visit.stage.desk.quota_left == 7


async def test_casebot_is_killed_and_comes_back(visit: Visit) -> None:
    await visit.go(panel="weather")
    before = visit.stage.bot.pid
    await visit.page.get_by_role("button", name="Kill it").click()
    await visit.page.locator(".storm").get_by_text("casebot is down").wait_for()
    await send(visit, "/case help")
    await talk(visit, "dispatch_failed").wait_for()
    await visit.page.get_by_role("button", name="Start it again").click()
    await visit.page.locator(".storm").wait_for(state="detached")
    await send(visit, "/case help")

    await talk(visit, "FuseDesk cases, from Slack").wait_for()
    assert visit.stage.bot.pid not in (0, before)
    visit.stage.slack.forgive("dispatch_failed")


async def test_the_inspector_shows_what_one_wish_caused(visit: Visit) -> None:
    await visit.go(panel="inspector")
    await send(visit, "/case show 1003")
    await talk(visit, "#1003").wait_for()
    await send(visit, "/case find jane@example.com")
    await talk(visit, "Cases of jane@example.com").wait_for()
    wish = next(one for one in visit.stage.exchanges.wishes if one.title == "/case show 1003")
    await visit.page.locator("[data-filter=wish]").select_option(str(wish.number))
    shown = visit.page.locator(".exchange:visible")
    await shown.filter(has_text="GET /cases/1003").wait_for()

    titles = await shown.locator(".what").all_inner_texts()
    assert "response_url" in titles
    assert titles[-1] == "/case show 1003"
    assert "GET /cases" not in titles


async def test_a_copied_command_does_the_same_once_more(visit: Visit) -> None:
    await visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await visit.go(panel="inspector")
    await send(visit, "/case show 1003")
    row = visit.page.locator(".exchange").filter(has_text="GET /cases/1003")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Copy as curl").click()
    await row.get_by_role("button", name="Copied").wait_for()
    command = await visit.page.evaluate("() => navigator.clipboard.readText()")
    shell = await asyncio.create_subprocess_shell(f"{command} -sS", stdout=asyncio.subprocess.PIPE)
    answer, _ = await shell.communicate()

    assert b'"caseid":1003' in answer


async def test_what_slack_refuses_stands_in_the_inspector_with_its_reason(visit: Visit) -> None:
    await visit.go(panel="inspector")
    visit.stage.slack.scopes = visit.stage.slack.scopes - {"users:read"}
    await visit.stage.slack.command(MIA, SUPPORT, "help")

    await visit.page.locator(".exchange .why").get_by_text("missing_scope").first.wait_for()
    visit.stage.slack.forgive("missing_scope")


async def test_the_page_tells_everybody_apart(visit: Visit) -> None:
    assert set(PEOPLE) <= set(visit.stage.slack.users)
    assert visit.stage.slack.users[JANE].email == "jane.doe@example.org"


async def test_five_thousand_cases_and_five_hundred_messages_are_drawn(visit: Visit) -> None:
    slack, desk = visit.stage.slack, visit.stage.desk
    row = {
        name: desk.case_row(1003)[name] for name in ("summary", "details", "openedby", "status", "departmentid", "date_opened")
    }
    with desk.store.together():
        for number in range(5000):
            desk.store.add_case(
                row | {"caseid": 5000 + number, "casenum": f"ZZZZ{number:04}", "date_updated": row["date_opened"]}
            )
    for number in range(500):
        slack.say(MIA, SUPPORT, f"Message {number}")
    await visit.go(panel="fusedesk")
    await visit.page.get_by_text("of 5,060 cases").wait_for()
    await send(visit, "One more")

    await talk(visit, "One more").wait_for()
    assert await visit.page.locator("#shelf li").count() == 50
