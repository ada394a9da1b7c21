"""Growth: what a wish costs casebot's process with 1, 100 and 10,000 cases, reps and cards before channels.

Processor time, because the differences that matter are smaller than the noise of the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_hex
from statistics import median

from bench.contestants import casebot
from bench.inside import large_firm
from bench.load import Connection, connected, volley
from bench.machine import Server
from bench.replay import Replay, replaying
from bench.requests import Sender
from bench.run import Run
from bench.table import Goal, Row
from bot.cards import case
from bot.cards.forms import REP
from bot.cases import NamedCase
from bot.fusedesk.models import Case
from simulator.fusedesk_seed import FIRST_CASE, FIRST_NAMES

_WISHES = 200
_AT_ONCE = 10
_BATCH = 500  # cards that are on their way at once
_FLAT = 1.5
_POSTED = "/api/chat.postMessage"


async def rows(run: Run) -> list[Row]:
    found = {size: await _costs(run, size) for size in run.size.growth}
    first, *_, last = run.size.growth
    flat = Goal(f"≤ {_FLAT} × with {first:,}", lambda value, rivals: value <= _FLAT * rivals[f"with {first:,}"])
    made = []
    for what in found[last]:
        smaller = {f"with {size:,}": found[size][what] for size in run.size.growth[:-1]}
        made.append(Row(f"{what}, with {last:,} cases, reps and open cards", "ms CPU", found[last][what], smaller, [flat]))
    return made


async def _costs(run: Run, size: int) -> dict[str, float]:
    """Milliseconds of processor time for each kind of wish."""
    count = min(run.size.requests, _WISHES)
    caseids = range(FIRST_CASE, FIRST_CASE + size)
    desk = large_firm(reps=size, tags=10, cases=size)
    # Without the cache of cases: with a single case there would be nothing to measure.
    async with replaying(desk) as replay, casebot(run, replay, CASEBOT_CASES_TTL="0") as server:
        await replay.learn_cases(caseids)
        await _share(replay, server, caseids)
        await server.at_rest()  # where the cards stand is stored behind the answers
        some = [caseids[number % size] for number in range(count)]
        names = [FIRST_NAMES[number % len(FIRST_NAMES)][:4] for number in range(count)]

        def typed(texts: Sequence[str]) -> Awaitable[None]:
            return _typed(replay, server, texts)

        return {
            "showing a case": await _cost(run, server, [f"{each}" for each in some], typed),
            "a note on a case with a card in a channel": await _cost(
                run, server, [f"note {each} Called" for each in some], typed
            ),
            "names for what is typed": await _cost(run, server, names, lambda texts: _offered(server, texts)),
        }


async def _cost(run: Run, server: Server, texts: Sequence[str], work: Callable[[Sequence[str]], Awaitable[None]]) -> float:
    await work(texts)  # once before, so that what is asked for the first time does not count
    return median([await _round(server, texts[number :: run.size.rounds], work) for number in range(run.size.rounds)])


async def _round(server: Server, texts: Sequence[str], work: Callable[[Sequence[str]], Awaitable[None]]) -> float:
    before = server.cpu()
    await work(texts)
    return (server.cpu() - before) * 1000 / len(texts)


async def _typed(replay: Replay, server: Server, texts: Sequence[str]) -> None:
    sender, left = Sender(), iter(enumerate(texts))
    # What bears a trigger that was there before would be the same wish again, and not be answered.
    run = token_hex(4)

    async def work(connection: Connection) -> None:
        for number, text in left:
            url, arrival = replay.expect(f"g{number}")
            await connection.taken(sender.command(text, trigger=f"{run}.{number}", url=url))
            await arrival

    async with connected(server.port, _AT_ONCE) as connections:
        await asyncio.gather(*map(work, connections))
    await replay.quiet()


async def _offered(server: Server, names: Sequence[str]) -> None:
    sender, left = Sender(), iter(names)
    await volley(server.port, lambda: sender.typing(REP, next(left)), at_once=1, count=len(names))


async def _share(replay: Replay, server: Server, caseids: Sequence[int]) -> None:
    """A card of each case before the channel."""
    sender = Sender()
    for start in range(0, len(caseids), _BATCH):
        batch = iter(caseids[start : start + _BATCH])
        wanted = replay.calls[_POSTED] + len(caseids[start : start + _BATCH])
        shots = (sender.press(_named(caseid), case.SHARE, private=True) for caseid in batch)
        await volley(server.port, lambda shots=shots: next(shots), at_once=_AT_ONCE, count=len(caseids[start : start + _BATCH]))
        await replay.until(lambda wanted=wanted: replay.calls[_POSTED] >= wanted)


def _named(caseid: int) -> NamedCase:
    return NamedCase(Case.model_validate({"caseid": caseid, "summary": "Printer"}))
