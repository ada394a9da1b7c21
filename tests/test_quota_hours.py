"""A hundred calls an hour and three hundred wishes: hours pass, the last calls of each are spread, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from simulator.fusedesk import FuseDesk
from simulator.slack import JANE, SUPPORT
from tests.conftest import casebot_world

# An hour passes in this many seconds.
HOUR = 4.0
LIMIT = 100
WISHES = 300


class Hours:
    """Time that passes faster: `now` and `sleep` are what casebot and FuseDesk live by."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._first = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self._factor = 3_600 / HOUR

    def now(self) -> datetime:
        return self._first + timedelta(seconds=(time.monotonic() - self._began) * self._factor)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._factor)


async def test_three_hundred_wishes_are_spread_over_the_hours_and_none_is_lost() -> None:
    hours = Hours()
    desk = FuseDesk(cases=400, clock=hours.now)
    desk.quota.limit = desk.quota.left = LIMIT
    desk.quota.hour = HOUR
    async with casebot_world(desk=desk, cases=400, now=hours.now, sleep=hours.sleep) as world:
        await world.slack.until(lambda: world.bot.directory.ready)

        for number in range(WISHES):
            await world.case(f"note {1001 + number} wish {number}")
        await world.slack.until(lambda: world.bot.busy == 0, timeout=60, what="the end of all wishes")

        noted = [sum(f"wish {number}" in e["note"] for e in desk.case(1001 + number)["history"]) for number in range(WISHES)]
        assert noted == [1] * WISHES
        assert sum("Added the note" in message.plain() for message in world.slack.seen(JANE, SUPPORT)) == WISHES
        assert hours.now() - datetime(2026, 3, 2, 9, 0, tzinfo=UTC) > timedelta(hours=2)
        refused = sum(call.status == 429 for call in desk.calls)
        assert refused < WISHES / 10
