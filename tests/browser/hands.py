"""The two ways to use the page: by mouse, and by keyboard alone. Both can do the same, so a test may take either."""

from __future__ import annotations

from typing import Protocol

from playwright.async_api import Locator, Page

MOST_TABS = 400


class Hands(Protocol):
    """`press` a button or link, `write` into a field, `pick` an option from a searched menu, `send` a line in the composer."""

    def __init__(self, page: Page) -> None: ...

    async def press(self, target: Locator) -> None: ...

    async def write(self, target: Locator, text: str) -> None: ...

    async def pick(self, target: Locator, typed: str, option: str) -> None: ...

    async def send(self, text: str) -> None: ...


class Mouse:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def press(self, target: Locator) -> None:
        await target.click()

    async def write(self, target: Locator, text: str) -> None:
        await target.fill(text)

    async def pick(self, target: Locator, typed: str, option: str) -> None:
        await target.click()
        await target.press_sequentially(typed)
        await self._page.get_by_role("option", name=option).first.click()

    async def send(self, text: str) -> None:
        await self._page.locator("#write").fill(text)
        await self._page.locator(".talk").get_by_role("button", name="Send").click()


class Keyboard:
    """Moves by Tab from wherever the cursor stands; nothing here knows where a thing is on the screen."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def _reach(self, target: Locator) -> None:
        await target.wait_for()
        for _ in range(MOST_TABS):
            if await target.evaluate("element => element === document.activeElement"):
                return
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {target}")

    async def press(self, target: Locator) -> None:
        await self._reach(target)
        await self._page.keyboard.press("Enter")

    async def write(self, target: Locator, text: str) -> None:
        await self._reach(target)
        await self._page.keyboard.type(text)

    async def pick(self, target: Locator, typed: str, option: str) -> None:
        await self.write(target, typed)
        wanted = self._page.get_by_role("option", name=option).first
        await wanted.wait_for()
        while await wanted.get_attribute("aria-selected") != "true":
            await self._page.keyboard.press("ArrowDown")
        await self._page.keyboard.press("Enter")

    async def send(self, text: str) -> None:
        await self.write(self._page.locator("#write"), text)
        await self._page.keyboard.press("Enter")
