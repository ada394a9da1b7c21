"""From nothing to ready, and what an idle casebot holds. Byte-compiled, as in the image, and with a database that is there: the
first start, which makes the tables, is not counted."""

from __future__ import annotations

import compileall
import tempfile
from statistics import median

from bench.contestants import BOLT, casebot, rival, told
from bench.machine import ROOT
from bench.replay import Replay, replaying
from bench.run import Run
from bench.table import Row, at_most, contest, middle
from simulator.fusedesk import FuseDesk

_CASES = 5
# pip compiles what it installs; these are run from where they lie, and an environment may forbid Python to keep what it compiles.
_OURS = ("bot", "handlers", "bench")


async def rows(run: Run) -> list[Row]:
    for folder in _OURS:
        compileall.compile_dir(ROOT / folder, quiet=1)
    with tempfile.TemporaryDirectory() as kept:
        async with replaying(FuseDesk(cases=_CASES)) as replay:
            await _started(run, replay, f"sqlite:///{kept}/casebot.db")
            rounds = [await _started(run, replay, f"sqlite:///{kept}/casebot.db") for _ in range(run.size.starts)]
    seconds = middle([{name: each[name][0] for name in each} for each in rounds])
    memory = {name: median(each[name][1] for each in rounds) for name in rounds[0]}
    return [
        contest("start to ready", "s", seconds, [at_most(1.0)]),
        contest("memory when idle", "MiB", memory, [at_most(110)]),
    ]


async def _started(run: Run, replay: Replay, database: str) -> dict[str, tuple[float, float]]:
    """Seconds and MiB."""
    async with casebot(run, replay, DATABASE_URL=database) as server:
        found = {server.name: (server.seconds, server.rss())}
    async with rival(run, BOLT, told(replay)) as server:
        return found | {server.name: (server.seconds, server.rss())}
