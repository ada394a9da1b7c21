"""Memory: what 200,000 mixed commands leave behind after the first 20,000, when caches have what they hold.

One casebot process; each command is waited for until its answer came, so that nothing heaps up that has not ended.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from bench.contestants import casebot
from bench.load import Connection, connected
from bench.machine import Server
from bench.replay import Replay, replaying
from bench.requests import Sender, Shot
from bench.run import Run
from bench.table import Row, at_most
from bot.cards.forms import REP
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_seed import FIRST_CASE

_AT_ONCE = 20
_CASES = 2_000
_WRITTEN = 300  # cases that notes and tags go to
_CUSTOMERS = 100
_KINDS = ("help", "show", "find", "mine", "note", "tag", "")
# Percent. A change takes ten times as long as a look; with as many of them as people make, this would take eight minutes.
_SHARES = (46, 36, 5, 1, 0.5, 0.5, 11)


async def rows(run: Run) -> list[Row]:
    desk = FuseDesk(cases=_CASES)
    emails = [desk.contact(number)["email"] for number in range(1, _CUSTOMERS + 1)]
    async with replaying(desk) as replay, casebot(run, replay) as server:
        texts = _texts(emails)
        await _send(replay, server, texts, run.size.settled)
        before = server.rss()
        await _send(replay, server, texts, run.size.commands - run.size.settled)
        grown = server.rss() - before
    what = f"memory growth over {run.size.commands:,} mixed commands after the first {run.size.settled:,}"
    return [
        Row(what, "%", grown / before * 100 if before else 0.0, goals=[at_most(3)]),
        Row("memory at the end of that", "MiB", before + grown),
    ]


def _texts(emails: list[str]) -> Iterator[str]:
    """Commands for ever; "" stands for a letter typed into a field."""
    draw = random.Random(2)
    while True:
        caseid, written = FIRST_CASE + draw.randrange(_CASES), FIRST_CASE + draw.randrange(_WRITTEN)
        texts = {"help": "help", "show": str(caseid), "find": f"find {draw.choice(emails)}", "mine": "mine", "": ""}
        texts |= {"note": f"note {written} Called back", "tag": f"tag {written} vip"}
        yield texts[draw.choices(_KINDS, _SHARES)[0]]


async def _send(replay: Replay, server: Server, texts: Iterator[str], count: int) -> None:
    sender = Sender()
    left = iter(range(count))

    async def work(connection: Connection) -> None:
        for number in left:
            text = next(texts)
            url, arrival = replay.expect(f"{number}")
            await connection.send(_shot(sender, text, f"{count}.{number}", url))
            # A machine with much else to do may refuse one in its acknowledgement.
            if not connection.said:
                await arrival
            replay.forget(url)

    async with connected(server.port, _AT_ONCE) as connections:
        await asyncio.gather(*map(work, connections))


def _shot(sender: Sender, text: str, trigger: str, url: str) -> Shot:
    return sender.command(text, trigger=trigger, url=url) if text else sender.typing(REP, "do")
