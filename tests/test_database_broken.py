"""The database fails in other ways than by going away: it takes nothing, answers get lost, or casebot is to end without it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import resource
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.cards import case, forms, waiting
from simulator.fusedesk import Call
from simulator.slack import JANE, SUPPORT, Exchange, Slack
from tests.conftest import World
from tests.flows import form, lines_of
from tests.postgres import Cluster
from tests.processes import Lives, half_a_request, lives
from tests.test_database_away import (  # noqa: F401  # a fixture
    ANSWERS,
    EFFECTS,
    ENDS,
    LINES,
    NOTED,
    REFUSED,
    ask_for_all,
    count,
    desk_with_cards,
    ended,
    lines,
    own,
    told,
)
from tests.wires import Wire, wire

WAITS = "Your change waits"
TRY_AGAIN = "Try again"
# Attempts of each wish that are in vain before the database is well again.
ATTEMPTS = 2


class Pauses:
    """What wishes wait between two attempts; a test counts them. Half a minute is for what lasts."""

    def __init__(self) -> None:
        self.count = 0

    async def sleep(self, seconds: float) -> None:
        self.count += 1
        await asyncio.sleep(min(seconds, 0.5))


class Held:
    """Whatever comes here waits until it is let go."""

    def __init__(self) -> None:
        self.count = 0
        self._free = asyncio.Event()

    async def wait(self) -> None:
        if not self._free.is_set():
            self.count += 1
            await self._free.wait()

    def let_go(self) -> None:
        self._free.set()


async def said_to(url: str, *statements: str) -> None:
    """Somebody else's hand on the database; {name} is what it is called."""

    def say() -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement.format(name=make_url(url).database)))
        engine.dispose()

    await asyncio.to_thread(say)


def alone(slack: Slack, words: str) -> int:
    """How many messages tell Jane alone so."""
    return sum(words in message.plain() for message in slack.seen(JANE, SUPPORT) if message.ephemeral)


async def test_wishes_go_on_after_a_database_that_could_only_be_read(own: Cluster) -> None:  # noqa: F811
    """As after a failover: a connection still leads to what is a standby by now."""
    url, pauses = own.fresh(), Pauses()
    async with desk_with_cards(url, sleep=pauses.sleep) as (world, cards, effects):
        held = Held()

        async def hold(call: Call) -> None:
            if call.writes:
                await held.wait()

        world.desk.on_request = hold
        await ask_for_all(world, cards)
        await world.slack.until(lambda: held.count == len(EFFECTS), timeout=ENDS, what="all calls")

        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        await said_to(url, "ALTER DATABASE {name} SET default_transaction_read_only = on", cut)
        pauses.count = 0
        held.let_go()
        await world.slack.until(lambda: pauses.count >= ATTEMPTS * len(EFFECTS), timeout=ENDS, what="attempts in vain")
        writable = "SET default_transaction_read_only = off"
        await said_to(url, writable, "ALTER DATABASE {name} RESET default_transaction_read_only")

        await ended(world)
        assert effects == EFFECTS
        assert told(world) == Counter(ANSWERS)
        assert lines(world, cards) == {caseid: [line] for caseid, line in LINES.items()}
        assert world.slack.faults == []


async def test_nobody_is_told_to_try_again_what_waits_for_the_database(own: Cluster) -> None:  # noqa: F811
    """A table is missing; there is enough of the others to tell that a wish waits."""
    url, pauses = own.fresh(), Pauses()
    async with desk_with_cards(url, sleep=pauses.sleep) as (world, _, effects):
        await said_to(url, "ALTER TABLE marks RENAME TO elsewhere")
        await world.case(f"note {NOTED} quokka")
        await world.slack.until(lambda: alone(world.slack, WAITS), timeout=ENDS, what="that it waits")
        await said_to(url, "ALTER TABLE elsewhere RENAME TO marks")
        await ended(world)

        assert alone(world.slack, REFUSED) == 1
        assert alone(world.slack, TRY_AGAIN) == 0
        assert effects == Counter({f"/cases/{NOTED}/addnote": 1})


async def torn_at(number: int, between: Wire, world: World, ask: Callable[[], Awaitable[Exchange]]) -> bool:
    """Asks while the so many-th commit from now on gets through without an answer, and then nothing more for a moment. Who is
    refused asks again. Returns False where it did not come to that."""
    between.tear_at(number)
    try:
        exchange = await ask()
        await world.slack.until(lambda: between.knocks > 2 or world.bot.busy == 0, timeout=ENDS, what="casebot at its database")
        torn = between.torn
    finally:
        between.mend()

    async def taken() -> bool:
        nonlocal exchange
        assert exchange.error == ""
        if REFUSED in exchange.text:
            exchange = await ask()
        return REFUSED not in exchange.text

    await world.slack.until(taken, timeout=ENDS, what="that the wish is taken")
    return torn


async def test_a_wish_outlasts_a_connection_that_breaks_at_any_of_its_commits(own: Cluster) -> None:  # noqa: F811
    """PostgreSQL has committed, and casebot does not hear so. Note after note, until one has no commit left to break."""
    with wire(own.port) as between:
        url = make_url(own.fresh()).set(port=between.port).render_as_string(hide_password=False)
        async with desk_with_cards(url, sleep=Pauses().sleep) as (world, cards, effects):
            card = cards[NOTED]
            # One by one while it is stored, then every second one: signs of life in between move them.
            for done, number in enumerate(itertools.chain((1, 2, 3), itertools.count(4, 2)), 1):
                await world.slack.click(JANE, card, case.NOTE)
                ask = partial(world.slack.submit, JANE, await form(world, forms.NOTE_FORM), {forms.NOTE: f"quokka{number}"})
                torn = await torn_at(number, between, world, ask)
                told_of = partial(lambda done: world.bot.busy == 0 and len(lines_of(world, card)) >= done, done)
                await world.slack.until(told_of, timeout=ENDS, what=f"the end of a note that broke at commit {number}")

                assert effects.total() == len(lines_of(world, card)) == done
                if not torn:
                    break
                world.slack.close_views(JANE)
            assert number > 8
            assert world.slack.faults == []


@contextlib.asynccontextmanager
async def gone(own: Cluster, between: Wire, how: str) -> AsyncIterator[None]:  # noqa: F811
    """Whoever comes to the database is refused at once (`refuses`), or let in and never answered (`silent`)."""
    if how == "silent":
        between.silent = True
        yield
        between.silent = False
        return
    await asyncio.to_thread(own.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(own.start)


@pytest.mark.parametrize("how", ["refuses", "silent"])
async def test_a_casebot_ends_in_time_though_its_database_is_away(own: Cluster, how: str) -> None:  # noqa: F811
    """Also where somebody wants to take something back at that moment, and a request never arrives in full."""
    with wire(own.port) as between:
        url = make_url(own.fresh()).set(port=between.port).render_as_string(hide_password=False)
        async with lives(url, FUSEDESK_PAUSE="0.2", CASEBOT_TAKEOVER="2") as casebots:
            await ends_in_time(own, between, casebots, how)


async def ends_in_time(own: Cluster, between: Wire, casebots: Lives, how: str) -> None:  # noqa: F811
    slack, desk = casebots.slack, casebots.desk
    desk.change(NOTED, status="new")
    first = await casebots.start()
    await slack.command(JANE, SUPPORT, str(NOTED))
    await slack.until(lambda: alone(slack, f"#{NOTED}"), timeout=ENDS, what="the case")
    desk.down = True
    await slack.command(JANE, SUPPORT, f"close {NOTED}")
    waits = await slack.until(
        lambda: [message for message in slack.seen(JANE, SUPPORT) if WAITS in message.plain()], timeout=ENDS, what=WAITS
    )

    async with gone(own, between, how):
        clicked = await slack.click(JANE, waits[0], waiting.CANCEL)
        await slack.until(lambda: alone(slack, REFUSED) or between.knocks > 1, timeout=ENDS, what="casebot at its database")
        _, slow = await half_a_request(await first.up())
        await first.stop()
        slow.transport.abort()
    desk.down = False
    await casebots.start()

    await slack.until(lambda: alone(slack, "You closed it"), timeout=ENDS, what="the closed case")
    assert (clicked.error, first.ended) == ("", 0)
    assert desk.case(NOTED)["status"] == "closed"


def unfinished(url: str) -> int:
    """How many wishes the engine still has."""
    with contextlib.closing(sqlite3.connect(str(make_url(url).database))) as connection:
        return int(connection.execute("SELECT count(*) FROM workflow_status WHERE status = 'PENDING'").fetchone()[0])


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a test take away a process's room on the disk")
@pytest.mark.parametrize("when", ["asked", "told"])
async def test_a_disk_that_takes_nothing_more_holds_a_wish_up_and_nothing_more(when: str) -> None:
    """An SQLite file that cannot be written, while FuseDesk has the call or while Slack is asked to show what came of it."""
    async with lives(FUSEDESK_PAUSE="0.2", CASEBOT_TAKEOVER="2") as casebots:
        slack, desk = casebots.slack, casebots.desk
        life = await casebots.start()
        await slack.command(JANE, SUPPORT, "help")
        effects: Counter[str] = Counter()
        held = Held()

        async def asked(call: Call) -> None:
            if call.writes and when == "asked":
                await held.wait()

        async def telling(*_: Any) -> None:
            if effects and when == "told":
                await held.wait()

        desk.on_request, slack.on_request = asked, telling
        desk.on_effect = lambda call: count(effects, call)
        await slack.command(JANE, SUPPORT, f"note {NOTED} quokka")
        await slack.until(lambda: held.count, timeout=ENDS, what="the call")

        def logged(words: str) -> int:
            return sum(words in line for line in life.log)

        room = resource.prlimit(life.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(life.process.pid, resource.RLIMIT_FSIZE, (0, room[1]))
        held.let_go()
        vain = "a person could not be told that it waits" if when == "asked" else "a result could not be told"
        await slack.until(lambda: logged(vain), timeout=ENDS, what="an attempt in vain")
        beats = logged("other casebots cannot be seen")
        refused = await slack.command(JANE, SUPPORT, f"note {NOTED} wallaby")
        await slack.until(lambda: logged("other casebots cannot be seen") > beats + 4, timeout=ENDS, what="some more")
        resource.prlimit(life.process.pid, resource.RLIMIT_FSIZE, room)

        await slack.command(JANE, SUPPORT, f"tag {NOTED} vip")
        await slack.until(lambda: alone(slack, f"Tagged case #{NOTED}"), timeout=ENDS, what="a later wish")
        await slack.until(lambda: unfinished(casebots.settings["DATABASE_URL"]) == 0, timeout=ENDS, what="the engine's own end")
        await life.stop()
        assert (refused.error, REFUSED in refused.text) == ("", True)
        assert effects == Counter({f"/cases/{NOTED}/addnote": 1, f"/cases/{NOTED}/tag/7": 1})
        assert alone(slack, "Added the note") == 1
        assert (life.ended, slack.faults) == (0, [])
