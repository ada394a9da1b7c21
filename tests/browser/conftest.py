"""A browser, and the demo as `casebot demo` starts it: the page, both stand-ins, and casebot in a process of its own."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright

from simulator.demo import Options, playing
from simulator.page.look import Look
from simulator.page.stage import Stage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1440, 900)
PATIENCE = 15_000  # milliseconds until something that should be there is missed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share the browser's loop, come last because they are slow, and are skipped where there is no browser."""
    here = [item for item in items if "tests/browser/" in item.path.as_posix()]
    items[:] = [item for item in items if item not in here] + here
    for item in here:
        if inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no chromium here: apt-get install chromium"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield launched
        await launched.close()


@dataclass
class Visit:
    """Somebody before the page. `troubles` is what the browser complained about: errors of scripts, breaches of the policy."""

    url: str
    stage: Stage
    page: Page
    troubles: list[str] = field(default_factory=list)

    async def go(self, **look: str) -> None:
        await self.page.goto(self.url + Look(**look).url())

    async def follow(self, link: Locator) -> None:
        """Presses a link that leads to another state of the page."""
        async with self.page.expect_navigation():
            await link.click()

    async def done(self, step: int) -> None:
        """Waits until the tour says that the step is done."""
        await self.page.locator(f".tour li:nth-child({step}).done").wait_for()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    async with playing(Options(cases=60)) as (url, stage):
        context = await browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
        context.set_default_timeout(PATIENCE)
        made = Visit(url, stage, await context.new_page())
        made.page.on("pageerror", lambda error: made.troubles.append(str(error)))
        made.page.on("console", lambda said: made.troubles.append(said.text) if said.type == "error" else None)
        await made.go()
        yield made
        await context.close()
        assert made.troubles == []
