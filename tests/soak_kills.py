"""`make soak`: kills casebot at random moments of random wishes, on SQLite and PostgreSQL, and counts what became of them.

Fails when an effect was lost or doubled, an answer told twice, or anything else was not as it should be; says which plan it was,
and the same SEED makes the same plans again. An answer for one person alone that the kill hit on its way may be missing.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack

import click

from tests.kill_campaign import POSTGRESQL, Campaign, at_random
from tests.postgres import Fresh, cluster

EVERY = 50


async def main(count: int, seed: int, postgresql: Fresh | None) -> int:
    with tempfile.TemporaryDirectory(prefix="casebot-soak-") as place:
        plans = at_random(count, seed, postgresql=postgresql is not None)
        campaign = Campaign(plans, _fresh(place, postgresql))
        wrong = 0
        for number, plan in enumerate(plans, 1):
            [fault] = await asyncio.gather(campaign.outcome(plan), return_exceptions=True)
            if fault is not None:
                wrong += 1
                click.echo(f"\nnumber {number} of seed {seed}, {plan}: {fault}")
            if number % EVERY == 0:
                click.echo(f"{number:>6,} wishes, {wrong} of them not as they should be")
        await campaign.end()
    click.echo("\n\n".join([*campaign.late, str(campaign.tally)]))
    return 1 if wrong or campaign.late else 0


def _fresh(place: str, postgresql: Fresh | None) -> Callable[[str], str]:
    numbers = itertools.count(1)

    def fresh(database: str) -> str:
        return postgresql() if database == POSTGRESQL and postgresql else f"sqlite:///{place}/casebot-{next(numbers)}.db"

    return fresh


if __name__ == "__main__":
    with ExitStack() as stack:
        made = stack.enter_context(cluster())
        if made is None:
            click.echo("PostgreSQL was not found: on SQLite alone")
        postgresql = made.fresh if made is not None else None
        sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1, postgresql)))
