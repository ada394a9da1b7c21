"""A hundred calls an hour and three hundred wishes: hours pass, the last calls of each are spread, and nothing is lost."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from simulator.fusedesk import FuseDesk
from simulator.slack import JANE, SUPPORT
from tests.conftest import casebot_world
from tests.flows import answer

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMIT = 100
# So many of an hour's calls are kept for changes, which then go out at a pace.
KEPT = 10
WISHES = 300
# So many of an hour's changes come late.
LATE = 3
# Seen before the wishes come; none of them is about it.
LOOKED_AT = 1390
# Seconds of the machine's own time that casebot may be at work between two moments.
PATIENCE = 60.0


class Hours:
    """Time that stands still while casebot is at work, and leaps to the moment at which the next one wakes who sleeps: however
    slow the machine is, what casebot does at once takes no time. `now` and `sleep` are what it lives by."""

    def __init__(self) -> None:
        self._now = NINE
        self._numbers = itertools.count()
        self._asleep: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self._now + timedelta(seconds=seconds), next(self._numbers), waking))
        await waking

    @property
    def sleeping(self) -> int:
        return sum(not waking.done() for _, _, waking in self._asleep)

    def leap(self) -> None:
        self._now = max(self._now, self._asleep[0][0])
        while self._asleep and self._asleep[0][0] <= self._now:
            _, _, waking = heapq.heappop(self._asleep)
            if not waking.done():
                waking.set_result(None)


async def test_three_hundred_wishes_are_spread_over_the_hours_and_none_is_lost() -> None:
    hours = Hours()
    desk = FuseDesk(cases=400, clock=hours.now)
    desk.quota_limit = LIMIT
    written: dict[int, list[datetime]] = defaultdict(list)
    desk.on_effect = lambda call: written[hours.now().hour].append(hours.now())
    looks: dict[tuple[int, int], str] = {}
    async with casebot_world(desk=desk, cases=400, now=hours.now, sleep=hours.sleep, casebot_cases_ttl=0) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        await answer(world, str(LOOKED_AT))

        def at_rest() -> bool:
            return world.bot.busy == hours.sleeping

        async def look() -> None:
            """Once in a minute of FuseDesk's, while casebot surely knows that few calls are left: answers come in any order."""
            minute = hours.now().hour, hours.now().minute
            if 0 < desk.quota_left <= KEPT // 2 and minute not in looks:
                looks[minute] = (await answer(world, str(LOOKED_AT))).plain()

        for number in range(WISHES):
            await world.case(f"note {1001 + number} wish {number}")
        await world.slack.until(at_rest, timeout=PATIENCE, what="that nothing goes on")
        while hours.sleeping:
            await look()
            before = hours.now()
            hours.leap()
            if hours.now().hour > before.hour:
                desk.quota_left = LIMIT
            await world.slack.until(at_rest, timeout=PATIENCE, what="that nothing goes on")

        noted = [sum(f"wish {number}" in e["note"] for e in desk.case(1001 + number)["history"]) for number in range(WISHES)]
        assert noted == [1] * WISHES
        assert sum("Added the note" in message.plain() for message in world.slack.seen(JANE, SUPPORT)) == WISHES
        assert [hour for hour, _ in sorted(written.items())] == [9, 10, 11, 12]
        for hour in (9, 10, 11):
            last = written[hour][-LATE:]
            came = f"the last changes after {hour}:00 came at {[f'{at:%H:%M:%S}' for at in last]}"
            assert last[-1] - last[0] >= timedelta(minutes=20), came
            assert last[-1].minute >= 30, came
        assert sum(call.status == 429 for call in desk.calls) < KEPT
        assert {hour for hour, _ in looks} == {9, 10, 11}
        for told in looks.values():
            assert "As of" in told
            assert "kept for changes" in told
        assert desk.calls.count(f"GET /cases/{LOOKED_AT}") == 1
