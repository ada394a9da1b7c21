"""A durable change's own cost: from the signed request to FuseDesk's call, with everything that is stored in between.

One note after another, each on a case of its own, so that none waits for an earlier one. A look at a case beside it shows what of
that the door and the client take. Nothing is subtracted. How many changes a second one process carries is measured with many at
once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from bench.contestants import casebot
from bench.load import Connection, connected, percentile
from bench.machine import Server
from bench.postgres import MISSING, postgresql, programs
from bench.replay import Replay, replaying
from bench.requests import Sender
from bench.run import Run
from bench.table import Row, at_most
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_seed import FIRST_CASE

_PER_ROUND = 20
_WARM = 5
_CASES = 2_000
_AT_ONCE = 20
_MANY = 120  # notes of a round with many at once
# Seconds without a call after which what follows an answer has ended, too.
_CALM = 0.05
_LOOK = "a look"


async def rows(run: Run) -> list[Row]:
    found = await _measured(run, "SQLite", 10)
    inside = programs()
    if inside is None:
        run.note(MISSING)
        return found
    async with postgresql(inside) as url:
        return found + await _measured(run, "PostgreSQL", 20, DATABASE_URL=url)


async def _measured(run: Run, database: str, limit: float, **settings: str) -> list[Row]:
    each = min(run.size.requests, _PER_ROUND)
    many = min(run.size.requests, _MANY)
    # Without the cache of cases every look is a call.
    async with _desk(run, CASEBOT_CASES_TTL="0", **settings) as desk:
        await desk.one_by_one("note", _WARM)
        await desk.one_by_one("show", _WARM)
        rounds = [(await desk.one_by_one("note", each), await desk.one_by_one("show", each)) for _ in range(run.size.rounds)]
        crowds = [await desk.at_once(many) for _ in range(run.size.rounds)]
    noted, looked = (median(percentile(taken[kind], 50) for taken in rounds) for kind in (0, 1))
    return [
        Row(f"a change, from the request to FuseDesk's call, on {database}, p50", "ms", noted, {_LOOK: looked}, [at_most(limit)]),
        Row(f"changes, {_AT_ONCE} at once, on {database}", "a second", median(rate for rate, _ in crowds), more_is_better=True),
        Row(f"one of them, on {database}", "ms CPU", median(cost for _, cost in crowds)),
    ]


@dataclass
class _Desk:
    """casebot between the replayed ones. Every note is of its own trigger, without which it would be the same wish again."""

    replay: Replay
    server: Server
    sender: Sender = field(default_factory=Sender)
    numbers: count[int] = field(default_factory=count)

    async def one_by_one(self, kind: str, times: int) -> list[float]:
        """Milliseconds from the request to FuseDesk's call, for each."""
        took: list[float] = []
        async with connected(self.server.port, 1) as [connection]:
            for _ in range(times):
                called = self.replay.next_call()
                began = time.perf_counter()
                await self._asked(connection, kind)
                took.append((await called - began) * 1000)
                await self.replay.quiet(_CALM)
        return took

    async def at_once(self, times: int) -> tuple[float, float]:
        """Notes a second until the last one is told, and milliseconds of processor time for each."""
        left, began, spent = iter(range(times)), time.perf_counter(), self.server.cpu()

        async def work(connection: Connection) -> None:
            for _ in left:
                await self._asked(connection, "note")

        async with connected(self.server.port, _AT_ONCE) as connections:
            await asyncio.gather(*map(work, connections))
        rate = times / (time.perf_counter() - began)
        await self.replay.quiet()
        return rate, (self.server.cpu() - spent) * 1000 / times

    async def _asked(self, connection: Connection, kind: str) -> None:
        """Until the answer came."""
        number = next(self.numbers)
        caseid = FIRST_CASE + number % _CASES
        url, arrival = self.replay.expect(f"d{number}")
        text = f"note {caseid} Called back" if kind == "note" else f"{caseid}"
        await connection.taken(self.sender.command(text, trigger=f"durable.{number}", url=url))
        await arrival


@asynccontextmanager
async def _desk(run: Run, **settings: str) -> AsyncIterator[_Desk]:
    async with replaying(FuseDesk(cases=_CASES)) as replay:
        await replay.learn_cases(range(FIRST_CASE, FIRST_CASE + _CASES))
        async with casebot(run, replay, **settings) as server:
            yield _Desk(replay, server)
