"""Names: what to offer while somebody types, and which id a typed name means, with thousands of reps."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

from bench.inside import asked, casebot_inside, large_firm
from bench.load import percentile
from bench.requests import Sender
from bench.run import Run
from bench.table import Row, at_most
from bot.cards.forms import REP, TAGS
from bot.directory import Directory
from bot.errors import NameRefused


async def rows(run: Run) -> list[Row]:
    async with casebot_inside(large_firm(reps=run.size.names, tags=run.size.tags)) as (bot, _):
        reps = [rep.name for rep in bot.directory.reps_in(None)]
        tags = [tag.label for tag in bot.directory.suggest_tags("", limit=run.size.tags)]
        draw, sender = random.Random(3), Sender()
        shots = [sender.typing(REP, typed) for typed in _typed(draw, reps, run.size.lookups // 2)]
        shots += [sender.typing(TAGS, typed) for typed in _typed(draw, tags, run.size.lookups // 2)]
        await asked(bot, sender.command("help"))
        offered = [percentile([await asked(bot, shot) for shot in shots], 99) for _ in range(run.size.rounds)]
        exact = [await _found(bot.directory, _picked(draw, reps, run.size.lookups)) for _ in range(run.size.rounds)]
        wrong = [_misspelt(draw, name) for name in _picked(draw, reps, run.size.lookups // 10)]
        fuzzy = [await _found(bot.directory, wrong) for _ in range(run.size.rounds)]
    many = f"{run.size.names:,} reps"
    return [
        Row(f"typeahead over {many} and {run.size.tags:,} tags, p99", "ms", median(offered), goals=[at_most(3)]),
        Row(f"name to id among {many}, exact", "µs", median(exact) * 1e6, goals=[at_most(5)]),
        Row(f"name to id among {many}, misspelt", "ms", median(fuzzy) * 1e3, goals=[at_most(3)]),
    ]


def _typed(draw: random.Random, names: Sequence[str], count: int) -> list[str]:
    """The first letters of names, letters from their middle, and such as are in no name."""
    found = []
    for number in range(count):
        name = draw.choice(names)
        start = 0 if number % 4 else draw.randrange(len(name))
        found.append(_misspelt(draw, name) if number % 10 == 9 else name[start : start + draw.randint(1, 8)])
    return found


def _picked(draw: random.Random, names: Sequence[str], count: int) -> list[str]:
    """Names that one person alone bears."""
    once = [name for name, times in Counter(names).items() if times == 1]
    return draw.choices(once, k=count)


def _misspelt(draw: random.Random, name: str) -> str:
    """Two neighbours swapped."""
    at = draw.randrange(1, len(name) - 1)
    return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]


async def _found(directory: Directory, names: Sequence[str]) -> float:
    """Seconds for one name. One that fits several people is an answer, too: which ones."""
    began = time.thread_time()
    for name in names:
        with suppress(NameRefused):
            await directory.rep(name)
    return (time.thread_time() - began) / len(names)
