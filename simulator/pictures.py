"""`make pictures`: plays a short scene in the demo and takes the README's pictures of it, with the Chromium that is installed.

What belongs here: what is done before each picture, and what is on it. They are looked at by a person before they are taken over.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright

from simulator.demo import Options, playing
from simulator.page.look import OLU, Look
from simulator.page.stage import Stage

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"]
CHOICES = (("Department", "tech", "Technical Support"), ("Tags", "prin", "Printer"), ("Tags", "urg", "Urgent"))


class Photographer:
    def __init__(self, browser: Browser, url: str, stage: Stage) -> None:
        self._browser = browser
        self._url = url
        self._stage = stage

    async def _page(self, look: Look, width: int, height: int, *, dark: bool = False, scale: float = 1) -> Page:
        scheme = "dark" if dark else "light"
        size = {"width": width, "height": height}
        # playwright wants its own TypedDict and literals for what are a plain dict and str here.
        page = await self._browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=scale)  # type: ignore[arg-type]
        await page.goto(self._url + look.url())
        return page

    async def _take(self, what: Locator | Page, name: str) -> None:
        await what.screenshot(path=PICTURES / f"{name}.png", animations="disabled")

    async def opening(self) -> None:
        """The form for a new case, opened from a message."""
        page = await self._page(Look(), 1000, 900, scale=1.5)
        message = page.locator(".talk .message").filter(has_text="label printer")
        await message.get_by_role("button", name="More actions").click()
        await page.locator("#more").get_by_role("button", name="Open a case").click()
        form = page.get_by_role("dialog", name="Open a case")
        for field, typed, option in CHOICES:
            await form.get_by_role("combobox", name=field).press_sequentially(typed)
            await page.get_by_role("option", name=option).click()
            await form.locator(".chips").get_by_text(option).wait_for()
        await page.evaluate("document.activeElement.blur()")
        await self._take(form, "open-a-case")
        await form.get_by_role("button", name="Open case").click()
        await page.locator(".tour li:nth-child(1).done").wait_for(state="attached")
        await page.close()

    async def cards(self) -> None:
        """The card of the case that was opened, then shared with the channel and handed over by somebody else."""
        page = await self._page(Look(), 1280, 800, scale=1.5)
        await self._type(page, f"/case show {self._stage.desk.newest()['caseid']}")
        card = page.locator(".talk .message").filter(has=page.get_by_role("button", name="Share")).last
        await self._take(card, "case-card")
        await card.get_by_role("button", name="Share").click()
        await page.close()

    async def transfer(self) -> None:
        page = await self._page(Look(who=OLU), 1280, 800)
        card = page.locator(".talk .message").filter(has=page.get_by_role("button", name="Transfer")).last
        await card.get_by_role("button", name="Transfer").click()
        form = page.get_by_role("dialog", name="Transfer")
        await form.get_by_role("combobox", name="Department").press_sequentially("bill")
        await page.get_by_role("option", name="Billing").click()
        await form.locator(".chips").get_by_text("Billing").wait_for()
        await self._take(page, "transfer")
        await form.get_by_role("button", name="Transfer").click()
        await card.filter(has_text="(edited)").wait_for()
        await page.close()

    async def found(self) -> None:
        page = await self._page(Look(), 1280, 900)
        await self._type(page, "/case find jane@example.com")
        answer = page.locator(".talk .message").filter(has_text="Cases of").last
        await self._take(answer, "search")
        await page.close()

    async def home(self) -> None:
        page = await self._page(Look(place="home"), 1280, 900)
        await page.locator(".home-view").get_by_role("button", name="Show").first.wait_for()
        await self._take(page.locator(".talk"), "app-home")
        await page.close()

    async def whole(self) -> None:
        """The page as it is, and in the dark."""
        case = str(self._stage.desk.newest()["caseid"])
        for name, look, width, height, dark in (
            ("demo", Look(panel="fusedesk", case=case), 1200, 690, False),
            ("demo-dark", Look(panel="inspector"), 1200, 690, True),
        ):
            page = await self._page(look, width, height, dark=dark)
            await self._take(page, name)
            await page.close()

    async def _type(self, page: Page, line: str) -> None:
        await page.locator("#write").fill(line)
        await page.locator("#write").press("Enter")


async def _main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with playing(Options()) as (url, stage), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES)
        photographer = Photographer(browser, url, stage)
        for scene in ("opening", "cards", "transfer", "whole", "found", "home"):
            await getattr(photographer, scene)()
        await browser.close()
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.relative_to(PICTURES.parent.parent)}  {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    asyncio.run(_main())
