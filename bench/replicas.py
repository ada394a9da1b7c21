"""What several casebots carry together on one PostgreSQL: looks and changes a second with one, two and four of them.

Each second one runs on the core for loads, beside the load and PostgreSQL: with two cores there is no other place. So what two
add is less than it would be on machines of their own, and four show what they cost each other rather than what they carry.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median

from bench.contestants import casebot
from bench.load import Connection, connected
from bench.machine import Cores, Server
from bench.postgres import MISSING, postgresql, programs
from bench.replay import Replay, replaying
from bench.requests import Sender
from bench.run import Run
from bench.table import Row
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_seed import FIRST_CASE

REPLICAS = (1, 2, 4)
_AT_ONCE = 40  # of all replicas together
_LOOKS = 800
_CHANGES = 100
_CASES = 2_000


async def rows(run: Run) -> list[Row]:
    inside = programs()
    if inside is None:
        run.note(MISSING)
        return []
    carried = {replicas: await _carried(run, inside, replicas) for replicas in REPLICAS}
    made = []
    for at, what in enumerate(("looks at a case", "changes")):
        *fewer, most = REPLICAS
        beside = {f"{replicas} of them": carried[replicas][at] for replicas in fewer}
        title = f"{what}, {_AT_ONCE} at once over {most} casebots on PostgreSQL"
        made.append(Row(title, "a second", carried[most][at], beside, more_is_better=True))
    return made


async def _carried(run: Run, inside: Path, replicas: int) -> tuple[float, float]:
    """Looks and changes a second."""
    looks, changes = min(run.size.requests, _LOOKS), min(run.size.requests, _CHANGES)
    numbers = count()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgresql(inside))
        replay = await stack.enter_async_context(replaying(FuseDesk(cases=_CASES)))
        await replay.learn_cases(range(FIRST_CASE, FIRST_CASE + _CASES))
        servers = []
        for number in range(replicas):
            core = run.cores.load if number % 2 else run.cores.server
            # Without the cache of cases every look is a call.
            started = casebot(replace(run, cores=Cores(core, run.cores.load)), replay, DATABASE_URL=url, CASEBOT_CASES_TTL="0")
            servers.append(await stack.enter_async_context(started))
        for kind in ("show", "note"):
            await _asked(replay, servers, kind, min(_AT_ONCE, changes), numbers)
        looked = [await _asked(replay, servers, "show", looks, numbers) for _ in range(run.size.rounds)]
        changed = [await _changed(replay, servers, changes, numbers) for _ in range(run.size.rounds)]
        return median(looked), median(changed)


async def _changed(replay: Replay, servers: list[Server], times: int, numbers: count[int]) -> float:
    """Raises AssertionError where FuseDesk was not called once for each."""
    before = replay.calls["fusedesk"]
    rate = await _asked(replay, servers, "note", times, numbers)
    assert replay.calls["fusedesk"] - before == times, "a change was lost or doubled"
    return rate


async def _asked(replay: Replay, servers: list[Server], kind: str, times: int, numbers: count[int]) -> float:
    """Wishes a second until the last one is told, by connections that are spread over all servers."""
    sender, left = Sender(), iter(range(times))

    async def work(connection: Connection) -> None:
        for _ in left:
            number = next(numbers)
            caseid = FIRST_CASE + number % _CASES
            url, arrival = replay.expect(f"r{number}")
            text = f"note {caseid} Called back" if kind == "note" else f"{caseid}"
            await connection.taken(sender.command(text, trigger=f"replicas.{number}", url=url))
            await arrival

    async with AsyncExitStack() as stack:
        lines: list[Connection] = []
        for server in servers:
            lines += await stack.enter_async_context(connected(server.port, _AT_ONCE // len(servers)))
        began = time.perf_counter()
        await asyncio.gather(*map(work, lines))
        rate = times / (time.perf_counter() - began)
    await replay.quiet()
    return rate
