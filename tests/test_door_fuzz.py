"""Thousands of mutated requests through the real entrance: nobody gets a 5xx, the log no trace and nothing of a body.

`make soak-door` sends 100,000 to a casebot that runs as a process of its own and watches its memory.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections import Counter
from http import HTTPStatus

import aiohttp

from bot import logs
from tests.conftest import World
from tests.logging_kept import kept_logging
from tests.mutations import MARK, Knock, Mutations, recorded

COUNT = 2_000
AT_ONCE = 16


async def knocked(session: aiohttp.ClientSession, url: str, knock: Knock) -> int:
    async with session.post(f"{url}/slack/events", data=knock.body, headers=knock.headers) as response:
        await response.read()
    assert knock.signed or response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST)
    return response.status


async def stormed(url: str, mutations: Mutations, count: int) -> Counter[int]:
    """Sends so many, some at once; how often each status came back."""
    statuses: Counter[int] = Counter()
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            statuses[await knocked(session, url, mutations.next())] += 1

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return statuses


async def test_mutated_requests_get_no_5xx_and_leave_no_trace_and_no_word_in_the_log(world: World) -> None:
    mutations = Mutations(world.slack, await recorded(world.slack), seed=1)
    written = io.StringIO()
    with kept_logging():
        logs.configure("DEBUG", "json", written)
        statuses = await stormed(world.url, mutations, COUNT)
        await world.slack.until(lambda: world.bot.busy == 0, timeout=30, what="the work behind them")
    world.slack.faults.clear()  # Slack refuses what was mutated, too

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert set(statuses) <= {200, 400, 401}, statuses
    assert min(statuses[200], statuses[400], statuses[401]) > COUNT / 20
    assert [
        line
        for line in lines
        if logging.getLevelName(line["level"]) >= logging.ERROR or ("error" in line and isinstance(line["error"], list))
    ] == []
    assert MARK not in written.getvalue()
