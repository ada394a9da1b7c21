"""The door: how long a signed request takes to be acknowledged, and how many a second one core acknowledges.

All contestants answer `/case help` with the same card and a button's press with a bare acknowledgement; the floor answers
"ok" to everything.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import wrk
from bench.contestants import BOLT, BOLT_JS, everybody
from bench.load import percentile, volley
from bench.machine import Server
from bench.replay import replaying
from bench.requests import Sender, Shot, heavy_press
from bench.run import Run
from bench.table import Row, at_most, contest, middle, times_less, times_more
from bot.cards import case
from simulator.fusedesk import FuseDesk

MANY = 64
_FEW_CASES = 5


async def rows(run: Run) -> list[Row]:
    """Three rows, each measured in rounds in which the contestants take turns."""
    if run.with_wrk and not wrk.available():
        run.note(wrk.MISSING)
    sender = Sender()
    async with replaying(FuseDesk(cases=_FEW_CASES)) as replay, everybody(run, replay) as servers:
        for server in servers:  # users.info, auth.test, and what is compiled at first
            await volley(server.port, lambda: sender.command("help"), at_once=1, count=min(run.size.requests, 50))
        alone = [await _round(run, servers, sender.command("help"), 1) for _ in range(run.size.rounds)]
        crowd = [await _round(run, servers, sender.command("help"), MANY) for _ in range(run.size.rounds)]
        press = [await _round(run, servers, heavy_press(sender, case.FUSEDESK), MANY) for _ in range(run.size.rounds)]
    p50 = middle([{name: burst.p50 for name, burst in each.items()} for each in alone])
    rate = middle([{name: burst.rate for name, burst in each.items()} for each in crowd])
    presses = middle([{name: burst.rate for name, burst in each.items()} for each in press])
    faster = [times_more(2.5, BOLT), times_more(1.6, BOLT_JS)]
    return [
        contest("/case help, one connection, p50", "ms", p50, [at_most(0.40), times_less(20, BOLT)]),
        contest("/case help, 64 connections", "requests/s", rate, faster, more_is_better=True),
        contest("a button press of 6.7 kB, 64 connections", "requests/s", presses, faster[:1], more_is_better=True),
    ]


async def _round(run: Run, servers: Sequence[Server], shot: Shot, connections: int) -> dict[str, wrk.Burst]:
    return {server.name: await _burst(run, server, shot, connections) for server in servers}


async def _burst(run: Run, server: Server, shot: Shot, connections: int) -> wrk.Burst:
    if run.with_wrk and wrk.available():
        return await wrk.burst(server.port, shot, connections=connections, seconds=run.size.seconds)
    # Bolt for Python takes 11 ms a request when one waits for the other.
    count = run.size.requests if connections > 1 else run.size.requests // 4
    fired = await volley(server.port, lambda: shot, at_once=connections, count=count)
    return wrk.Burst(percentile(fired.took, 50), percentile(fired.took, 99), fired.rate)
