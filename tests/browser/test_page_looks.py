"""The page fits and stays readable: at 390 pixels, in the dark, and for people who do not see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from simulator.page.look import Look
from simulator.slack import BOT_USER, JANE, SUPPORT, Message
from tests.browser import everything
from tests.browser.conftest import Visit

AXE = Path(__file__).parent / "assets" / "node_modules" / "axe-core" / "axe.min.js"
WORDS = "A text of some length, with averyveryveryveryverylongwordthatnobodywouldeverwrite in it"
STATES = {
    "channel": Look(),
    "thread": Look(thread="first"),
    "home": Look(place="home"),
    "direct messages": Look(place="casebot"),
    "tour": Look(panel="tour"),
    "fusedesk": Look(panel="fusedesk"),
    "case": Look(panel="fusedesk", case="1003"),
    "inspector": Look(panel="inspector"),
    "weather": Look(panel="weather"),
}
TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"
SPILLING = """() => [...document.querySelectorAll('.messages, .panel, .home, .modal-body')]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""


@pytest_asyncio.fixture(loop_scope="session")
async def looking(visit: Visit) -> AsyncIterator[Visit]:
    """After a few things were done, so that there is something to be seen."""
    visit.stage.slack.put(Message(SUPPORT, "", BOT_USER, WORDS, everything.shown(WORDS), by_bot=True))
    await visit.stage.slack.command(JANE, SUPPORT, "find jane@example.com")
    await visit.stage.slack.command(JANE, SUPPORT, "show 1003")
    yield visit


async def show(visit: Visit, state: str) -> None:
    look = STATES[state]
    first = visit.stage.slack.channels[SUPPORT].messages[0].ts
    await visit.page.goto(visit.url + look.url(thread=first if look.thread else ""))
    if state == "home":
        await visit.page.locator(".home-view .section").first.wait_for()
    if state == "inspector":
        await visit.page.locator(".exchange summary").first.click()
        await visit.page.locator(".exchange .curl").first.wait_for()


async def open_form(visit: Visit) -> None:
    visit.stage.slack.put_view(visit.stage.slack.new_view(JANE, everything.form(WORDS)))
    await visit.page.locator("dialog.modal[open]").wait_for()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1440])
async def test_nothing_spills_over(looking: Visit, width: int, colours: Any, tmp_path: Path) -> None:
    await looking.page.set_viewport_size({"width": width, "height": 800})
    await looking.page.emulate_media(color_scheme=colours)
    for state in STATES:
        await show(looking, state)
        await looking.page.screenshot(path=tmp_path / f"{state}.png")

        assert await looking.page.evaluate(TOO_WIDE) <= 0, state
        assert await looking.page.evaluate(SPILLING) == [], state
    await open_form(looking)
    assert await looking.page.evaluate(SPILLING) == []


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm install --prefix tests/browser/assets axe-core")
@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_axe_finds_no_serious_fault(looking: Visit, colours: Any) -> None:
    await looking.page.emulate_media(color_scheme=colours)
    for state in STATES:
        await show(looking, state)
        assert await faults(looking) == [], state
    await open_form(looking)
    assert await faults(looking) == [], "form"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm install --prefix tests/browser/assets axe-core")
async def test_axe_finds_no_serious_fault_where_it_is_narrow(looking: Visit) -> None:
    await looking.page.set_viewport_size({"width": 390, "height": 800})
    for state in STATES:
        await show(looking, state)
        assert await faults(looking) == [], state


async def faults(visit: Visit) -> list[str]:
    """Serious and critical ones, each with its rule and the first element that breaks it."""
    await visit.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await visit.page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} ({len(one['nodes'])})"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def test_a_browser_without_a_preference_sees_the_light_page(browser: Browser, visit: Visit) -> None:
    light = await visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    await visit.page.emulate_media(color_scheme="dark")

    assert await visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor") != light
