"""Answers to the page that come late, in the order that a test wants."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, Request, Route

from tests.browser.conftest import PATIENCE

# What an answer sets off in the page is done when the next picture is drawn.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class Held:
    """Answers to what was typed, each kept back until it is given."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asked: dict[str, asyncio.Queue[Route]] = defaultdict(asyncio.Queue)
        self._is_over = False

    async def keep(self, route: Route) -> None:
        if self._is_over:
            await route.continue_()
        else:
            await self._asked[_typed(route.request)].put(route)

    async def give(self, typed: str) -> None:
        """Answers what the page asked with this text; returns when the page has made of it what it will."""
        route = await asyncio.wait_for(self._asked[typed].get(), PATIENCE / 1000)
        async with self._page.expect_response(lambda response: response.request == route.request) as answered:
            await route.continue_()
        await (await answered.value).finished()
        await self._page.evaluate(DRAWN)

    async def give_all(self) -> None:
        self._is_over = True
        for asked in self._asked.values():
            while not asked.empty():
                await asked.get_nowait().continue_()


def _typed(request: Request) -> str:
    said = request.post_data_json
    return str(said.get("text") or said.get("typed"))


@asynccontextmanager
async def held(page: Page, deed: str) -> AsyncIterator[Held]:
    """Until the end, the page gets no answer to this deed but those that are given."""
    answers = Held(page)
    await page.route(f"**/do/{deed}*", answers.keep)
    yield answers
    await answers.give_all()
