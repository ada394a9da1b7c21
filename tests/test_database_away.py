"""The database goes away in the middle of a wish and comes back: one effect, told once, and nobody starts casebot anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.cards import case
from simulator.fusedesk import Call
from simulator.slack import BOT_USER, JANE, SUPPORT, Message
from tests.conftest import World, casebot_world
from tests.flows import lines_of, shared_card
from tests.postgres import NOT_INSTALLED, Cluster, Stop, cluster

# Seconds for which the database is away: long enough for several attempts.
AWAY = 1.5
# Seconds within which all must have ended. The engine tries again after up to twice the time for which the database was away.
ENDS = 60.0
NOTED, MOVED, TAGGED, CLOSED = 1231, 1232, 1233, 1234
TYPED = {
    NOTED: f"note {NOTED} quokka",
    MOVED: f"transfer {MOVED} to billing/jane",
    TAGGED: f"tag {TAGGED} vip",
    0: "open Wombat dept:support",
}
# How often each write call takes effect, by its path.
EFFECTS = Counter(
    {
        f"/cases/{NOTED}/addnote": 1,
        f"/cases/{MOVED}": 1,
        f"/cases/{TAGGED}/tag/7": 1,
        f"/cases/{CLOSED}": 1,
        "/cases/": 1,
    }
)
# What Jane alone hears of what she typed, and what everybody sees in the threads of the cards.
ANSWERS = (f"Added the note to case #{NOTED}", "You transferred it", f"Tagged case #{TAGGED}: VIP.", "Your case is open.")
LINES = {
    NOTED: "Jane Doe added a note to it.",
    MOVED: "Jane Doe transferred it to Billing (Jane Doe).",
    TAGGED: "Jane Doe tagged it VIP.",
    CLOSED: "Jane Doe closed it.",
}


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A PostgreSQL that may be stopped: nobody else works with it."""
    with cluster() as made:
        if made is None:
            pytest.skip(NOT_INSTALLED)
        yield made


class Away:
    """The database is away from the moment that `go` returns, and comes back by itself."""

    def __init__(self, own: Cluster, how: Stop) -> None:
        self._own = own
        self._how = how
        self._gone = asyncio.Event()
        self._coming: asyncio.Task[None] | None = None

    @property
    def gone(self) -> bool:
        return self._gone.is_set()

    async def go(self) -> None:
        """Whoever calls it while it goes waits until it is gone."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._went_and_came())
        await self._gone.wait()

    async def _went_and_came(self) -> None:
        await asyncio.to_thread(self._own.stop, self._how)
        self._gone.set()
        await asyncio.sleep(AWAY)  # how long it is away is a matter of the clock
        await asyncio.to_thread(self._own.start)

    async def back(self) -> None:
        assert self._coming is not None, "it never went"
        await self._coming


@asynccontextmanager
async def desk_with_cards(own: Cluster) -> AsyncIterator[tuple[World, dict[int, Message], Counter[str]]]:
    """A card of each case in the channel, and how many write calls take effect from now on, by their path."""
    async with casebot_world(database_url=own.fresh(), fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready, timeout=ENDS, what="the names")
        cards = {}
        for caseid in LINES:
            world.desk.change(caseid, status="new", departmentid=268, repid=2)
            cards[caseid] = await shared_card(world, caseid)
        effects: Counter[str] = Counter()
        world.desk.on_effect = lambda call: count(effects, call)
        yield world, cards, effects


def count(effects: Counter[str], call: Call) -> None:
    effects[call.path.removeprefix("/api/v1")] += 1


async def ask_for_all(world: World, cards: dict[int, Message]) -> None:
    asking = [world.case(text) for text in TYPED.values()]
    exchanges = await asyncio.gather(*asking, world.slack.click(JANE, cards[CLOSED], case.CLOSE))
    assert [exchange.error for exchange in exchanges] == [""] * len(exchanges)


async def ended(world: World) -> None:
    await world.slack.until(lambda: world.bot.busy == 0, timeout=ENDS, what="the end of all that was asked for")


def told(world: World) -> Counter[str]:
    """What Jane alone was told of the ends, by its words."""
    alone = [message.plain() for message in world.slack.seen(JANE, SUPPORT) if message.user == BOT_USER and message.ephemeral]
    return Counter(word for text in alone for word in ANSWERS if word in text)


def lines(world: World, cards: dict[int, Message]) -> dict[int, list[str]]:
    return {caseid: lines_of(world, card) for caseid, card in cards.items()}


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        ("FuseDesk has the call", "immediate"),
        ("FuseDesk has the call, and cuts it off or refuses it", "fast"),
        ("FuseDesk did it, and has not answered", "immediate"),
        ("Slack is asked to show it", "fast"),
        ("Slack shows it", "immediate"),
    ],
)
async def test_what_is_under_way_when_the_database_goes_is_done_once_and_told_once(own: Cluster, moment: str, how: Stop) -> None:
    async with desk_with_cards(own) as (world, cards, effects):
        away = Away(own, how)
        together = asyncio.Barrier(len(EFFECTS))

        async def all_at_once(call: Call) -> None:
            if call.writes and not away.gone:
                await together.wait()
                await away.go()

        async def done(call: Call) -> None:
            count(effects, call)
            if moment.startswith("FuseDesk did"):
                await all_at_once(call)

        async def telling(*_: object) -> None:
            if effects.total() == len(EFFECTS):
                await away.go()

        world.desk.on_effect = done
        if moment.startswith("FuseDesk has"):
            world.desk.on_request = all_at_once
        if "cuts it off" in moment:
            world.desk.fail(f"POST /cases/{NOTED}/addnote")
            world.desk.fail("POST /cases")
            world.desk.fail(f"POST /cases/{MOVED}")
            world.desk.fail("POST *", how="503", times=len(EFFECTS) - 3)
        if moment.startswith("Slack is asked"):
            world.slack.on_request = telling
        if moment.startswith("Slack shows"):
            world.slack.on_effect = telling
        await ask_for_all(world, cards)
        await world.slack.until(lambda: away.gone, timeout=ENDS, what="that the database goes")
        await away.back()
        await ended(world)

        assert effects == EFFECTS
        assert told(world) == Counter(ANSWERS)
        assert lines(world, cards) == {caseid: [line] for caseid, line in LINES.items()}
        assert world.slack.faults == []
