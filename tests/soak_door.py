"""`make soak-door`: mutated requests for a casebot that runs as a process, with its memory before, in between and after.

Fails when a status is 5xx, when a line of the log is an error, holds a trace or a word of a body, or when the process still
grows by more than a fiftieth in the second half: what it keeps (names, people, wishes done) is bounded and full by then, but for
the events seen, which are bounded by 10,000. Below some 50,000
requests it is still filling up, and may fail for that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from statistics import median

import click

from simulator.slack import BOB, JANE
from tests.mutations import MARK, Mutations, recorded
from tests.processes import Running, address_of, resident, running
from tests.test_door_fuzz import stormed

STEPS = 50
# From one step to the next the memory goes up and down by as much as a fiftieth, so the middle one of a few is taken.
FEW = 5
MOST = 0.02


async def watched(casebot: Running, levels: Counter[str]) -> list[str]:
    """Reads the log to its end; returns the lines that should not be."""
    wrong: list[str] = []
    assert casebot.process.stderr is not None
    async for line in casebot.process.stderr:
        read = json.loads(line)
        levels[read["level"]] += 1
        if read["level"] in ("ERROR", "CRITICAL") or isinstance(read.get("error"), list) or MARK in line.decode():
            wrong.append(line.decode())
    return wrong


def forget(casebot: Running) -> None:
    """Both simulators keep everything; what came after the recorded requests only slows them down. And an hour has passed."""
    casebot.desk.quota.left = casebot.desk.quota.limit
    casebot.slack.faults.clear()
    casebot.slack.calls.clear()
    casebot.desk.calls.clear()
    for channel in casebot.slack.channels.values():
        del channel.messages[100:]


async def main(count: int, seed: int) -> int:
    statuses: Counter[int] = Counter()
    levels: Counter[str] = Counter()
    async with running(cases=300, LOG_LEVEL="DEBUG") as casebot:
        casebot.desk.change(1234, status="new")
        casebot.slack.add_user(JANE, name="jane", real_name="Jane Doe", email="jane.doe@example.org")
        casebot.slack.add_user(BOB, name="bob", real_name="Bob Stone", email="bob.stone@example.org")
        url = await address_of(casebot.process)
        casebot.slack.connect(url)
        log = asyncio.create_task(watched(casebot, levels))
        mutations = Mutations(casebot.slack, await recorded(casebot.slack), seed)
        memory = [resident(casebot.process.pid)]
        for step in range(STEPS):
            statuses += await stormed(url, mutations, count // STEPS)
            forget(casebot)
            memory.append(resident(casebot.process.pid))
            sent = (step + 1) * count // STEPS
            click.echo(f"{sent:>8,} requests  {memory[-1]:>8,} KiB  {dict(sorted(statuses.items()))}")
        casebot.process.terminate()
        wrong = await log
    half, end = median(memory[(STEPS - FEW) // 2 :][:FEW]), median(memory[-FEW:])
    grown = end / half - 1
    click.echo(f"memory: {memory[0]:,} KiB at first, {half:,} at half, {end:,} at the end ({grown:+.1%})")
    click.echo("\n".join([f"log: {dict(levels)}, {len(wrong)} lines that should not be", *wrong[:5]]))
    return 1 if wrong or max(statuses) >= 500 or grown > MOST else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
