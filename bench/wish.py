"""A wish from end to end: `/case 1234` from the request in to the card out, and the door while FuseDesk hangs.

Each wish asks for a case that was not asked for before, so nothing comes from a cache. FuseDesk and Slack answer at once
(`bench.replay`), so what is measured is casebot's own part.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median

from bench.contestants import BOLT, casebot, rival, told
from bench.load import Connection, connected, percentile, volley
from bench.machine import Server
from bench.replay import Replay, replaying
from bench.requests import Sender, Shot
from bench.run import Run
from bench.table import Row, at_most, contest
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_seed import FIRST_CASE

_PER_ROUND = 200  # cases of each of a round's three measurements
_WARM = 20
_PROBES = 100


async def rows(run: Run) -> list[Row]:
    return [*await _end_to_end(run), await _while_hanging(run)]


async def _end_to_end(run: Run) -> list[Row]:
    each = min(run.size.requests, _PER_ROUND)
    cases = iter(range(FIRST_CASE, FIRST_CASE + 3 * each * run.size.rounds + _WARM))
    desk = FuseDesk(cases=3 * each * run.size.rounds + _WARM)
    async with replaying(desk) as replay, casebot(run, replay) as server:
        await replay.learn_cases(range(FIRST_CASE, FIRST_CASE + 3 * each * run.size.rounds + _WARM))
        sender = Sender()
        await wishes(replay, server, sender, [next(cases) for _ in range(_WARM)], at_once=1)
        took: dict[int, list[list[float]]] = {1: [], 20: [], 50: []}
        for _ in range(run.size.rounds):
            for at_once, rounds in took.items():
                rounds.append(await wishes(replay, server, sender, [next(cases) for _ in range(each)], at_once=at_once))

    def middle(at_once: int, percent: float) -> float:
        return median(percentile(each, percent) for each in took[at_once])

    what = "/case 1234 to its card, FuseDesk at 0 ms"
    return [
        Row(f"{what}, one at a time, p50", "ms", middle(1, 50), goals=[at_most(8)]),
        Row(f"{what}, 20 at once, p99", "ms", middle(20, 99), goals=[at_most(40)]),
        Row(f"{what}, 50 at once, p50", "ms", middle(50, 50), goals=[at_most(8)]),
    ]


async def wishes(replay: Replay, server: Server, sender: Sender, caseids: Sequence[int], *, at_once: int) -> list[float]:
    """Milliseconds from the request to the arrival of the card, for each case."""
    took: list[float] = []
    left = iter(caseids)

    async def work(connection: Connection) -> None:
        for caseid in left:
            url, arrival = replay.expect(f"{caseid}-{at_once}")
            shot = sender.command(str(caseid), trigger=f"{caseid}.{at_once}", url=url)
            began = time.perf_counter()
            await connection.taken(shot)
            took.append((await arrival - began) * 1000)

    async with connected(server.port, at_once) as connections:
        await asyncio.gather(*map(work, connections))
    return took


async def _while_hanging(run: Run) -> Row:
    async with replaying(FuseDesk(cases=run.size.waiting + run.size.rounds * _PROBES)) as replay, _both(run, replay) as servers:
        p99 = {server.name: median(await _probed(run, replay, server)) for server in servers}
    what = f"acknowledgement while {run.size.waiting} commands wait for a FuseDesk that hangs, p99"
    return contest(what, "ms", p99, [at_most(20)])


@asynccontextmanager
async def _both(run: Run, replay: Replay) -> AsyncIterator[list[Server]]:
    async with AsyncExitStack() as stack:
        # Longer than the measurement: the commands wait all the time.
        bot = await stack.enter_async_context(casebot(run, replay, FUSEDESK_READ_TIMEOUT="120"))
        yield [bot, await stack.enter_async_context(rival(run, BOLT, told(replay)))]


async def _probed(run: Run, replay: Replay, server: Server) -> list[float]:
    """The p99 of each round of commands that come one after another while the others, and those of earlier rounds, wait."""
    sender, cases = Sender(), itertools.count(FIRST_CASE)
    await volley(server.port, lambda: sender.command("help"), at_once=1, count=_WARM)

    async def asked(count: int, at_once: int) -> list[float]:
        def shot() -> Shot:
            caseid = next(cases)
            return sender.command(str(caseid), trigger=f"h.{caseid}", url=f"{replay.url}/response/late")

        return (await volley(server.port, shot, at_once=at_once, count=count)).took

    replay.hanging = True
    await asked(run.size.waiting, 20)
    found = [percentile(await asked(_PROBES, 1), 99) for _ in range(run.size.rounds)]
    replay.release()
    await replay.quiet()
    return found
