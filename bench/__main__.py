"""`python -m bench [SUITE …]`: runs the suites (all of them without a name), prints the table, writes bench/results.json.

A suite is a function that takes the run and returns rows; to add one is a line in `SUITES`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from bench import cards, door, durable, growth, memory, names, quota, replicas, start, wish
from bench.machine import Cores, two_cores
from bench.run import FULL, SMOKE, Run
from bench.table import Row, drawn, keep

Suite = Callable[[Run], Awaitable[list[Row]]]

SUITES: dict[str, Suite] = {
    "door": door.rows,
    "wish": wish.rows,
    "durable": durable.rows,
    "replicas": replicas.rows,
    "quota": quota.rows,
    "names": names.rows,
    "cards": cards.rows,
    "start": start.rows,
    "growth": growth.rows,
    "memory": memory.rows,
}
RESULTS = Path(__file__).parent / "results.json"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SUITES)))
@click.option("--smoke", is_flag=True, help="As small as can be: shows that it runs, and nothing else.")
@click.option("--no-pin", is_flag=True, help="Servers and load on whatever core the system gives.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def main(names: tuple[str, ...], smoke: bool, no_pin: bool, results: Path) -> None:
    """Measure casebot beside its rivals."""
    cores = Cores(None, None) if no_pin else two_cores()
    run = Run(SMOKE if smoke else FULL, cores, say=click.echo)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        rows = runner.run(measured(run, names or tuple(SUITES)))
    click.echo(drawn(rows))
    keep(rows, results)


async def measured(run: Run, names: tuple[str, ...]) -> list[Row]:
    """The rows of the suites, one after another; this process and what it loads with stay on the core for loads."""
    if run.cores.load is None:
        run.note("servers and load share the machine's cores: figures are worth less")
    elif hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {run.cores.load})
    found: list[Row] = []
    for name in names:
        began = time.monotonic()
        found += await SUITES[name](run)
        run.say(f"{name}: {time.monotonic() - began:.0f} s")
    return found


def _loop_factory() -> Any:
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main(prog_name="bench")
