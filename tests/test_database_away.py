"""The database goes away in the middle of a wish and comes back: one effect, told once, and nobody starts casebot anew."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from bot.cards import case, forms
from bot.tables import replicas
from simulator.fusedesk import Call
from simulator.slack import BOT_USER, JANE, SUPPORT, Message, Slack
from tests.conftest import World, casebot_world
from tests.flows import form, lines_of, shared_card, state
from tests.forms_world import said
from tests.postgres import NOT_INSTALLED, Cluster, Stop, cluster
from tests.processes import lives

# Seconds for which the database is away: long enough for several attempts.
AWAY = 1.0
# Seconds within which all must have ended. The engine tries again after up to twice the time for which the database was away.
ENDS = 60.0
# After how many seconds a casebot counts as dead, and how often it shows in that time that it lives.
TAKEOVER, BEATS = 2, 5
# Seconds between two attempts at a FuseDesk that is down: several come while the database is away.
SHORTLY = 0.3
# Longer than SQLite is waited for.
LOCKED = 11.0
REFUSED = "casebot cannot get at its own records right now"
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

    def __init__(self, own: Cluster, how: Stop, seconds: float = AWAY) -> None:
        self._own = own
        self._how = how
        self._seconds = seconds
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
        await asyncio.sleep(self._seconds)  # how long it is away is a matter of the clock
        await asyncio.to_thread(self._own.start)

    async def back(self) -> None:
        assert self._coming is not None, "it never went"
        await self._coming


@asynccontextmanager
async def desk_with_cards(database: str, **given: Any) -> AsyncIterator[tuple[World, dict[int, Message], Counter[str]]]:
    """A card of each case in the channel, and how many write calls take effect from now on, by their path."""
    async with casebot_world(database_url=database, fusedesk_pause=0.2, **given) as world:
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
    asking = [world.case(typed) for typed in TYPED.values()]
    exchanges = await asyncio.gather(*asking, world.slack.click(JANE, cards[CLOSED], case.CLOSE))
    assert [exchange.error for exchange in exchanges] == [""] * len(exchanges)


async def ended(world: World) -> None:
    await world.slack.until(lambda: world.bot.busy == 0, timeout=ENDS, what="the end of all that was asked for")


def told(world: World) -> Counter[str]:
    """What Jane alone was told of the ends, by its words."""
    alone = [message.plain() for message in world.slack.seen(JANE, SUPPORT) if message.user == BOT_USER and message.ephemeral]
    return Counter(word for message in alone for word in ANSWERS if word in message)


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
    async with desk_with_cards(own.fresh()) as (world, cards, effects):
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


async def test_what_waits_for_fusedesk_goes_on_waiting_while_the_database_is_away(own: Cluster) -> None:
    async def shortly(seconds: float) -> None:
        await asyncio.sleep(min(seconds, SHORTLY))

    async with desk_with_cards(own.fresh(), sleep=shortly) as (world, cards, effects):
        world.desk.down = True
        await world.case(f"note {NOTED} first")
        await ask_for_all(world, cards)
        await world.slack.until(lambda: said(world).count("Your change waits") > len(EFFECTS), timeout=ENDS, what="that all wait")
        away = Away(own, "immediate")
        await away.go()
        await away.back()
        asked = len(world.desk.calls)
        await world.slack.until(lambda: len(world.desk.calls) > asked, timeout=ENDS, what="an attempt with the database")
        world.desk.down = False
        await ended(world)

        assert effects == EFFECTS + Counter({f"/cases/{NOTED}/addnote": 1})
        assert [note["title"] for note in world.desk.case(NOTED)["history"]][-2:] == ["first", "quokka"]
        assert told(world) == Counter(ANSWERS) + Counter({ANSWERS[0]: 1})
        assert said(world).count("Your change waits") == len(EFFECTS) + 1


async def test_a_new_wish_is_refused_in_words_and_nothing_of_it_happens_later(own: Cluster) -> None:
    async with desk_with_cards(own.fresh()) as (world, cards, effects):
        await world.slack.click(JANE, cards[NOTED], case.NOTE)
        view = await form(world, forms.NOTE_FORM)
        away = Away(own, "fast")
        await away.go()
        typed = await world.case(TYPED[MOVED])
        clicked = await world.slack.click(JANE, cards[CLOSED], case.CLOSE)
        submitted = await world.slack.submit(JANE, view, {forms.NOTE: "quokka"})
        await world.slack.until(lambda: REFUSED in said(world), what="that the click was refused")
        await away.back()

        assert [typed.error, clicked.error, submitted.error] == ["", "", ""]
        assert REFUSED in typed.text
        assert TYPED[MOVED] in typed.text
        assert submitted.json["response_action"] == "errors"
        assert REFUSED in submitted.text
        assert state(view)[forms.NOTE] == "quokka"

        # What comes after them on the same cases would wait for them.
        for caseid in (NOTED, MOVED, CLOSED):
            await world.case(f"tag {caseid} vip")
        await ended(world)
        assert effects == Counter({f"/cases/{caseid}/tag/7": 1 for caseid in (NOTED, MOVED, CLOSED)})

        await world.case(TYPED[MOVED])
        await world.slack.click(JANE, cards[CLOSED], case.CLOSE)
        await world.slack.submit(JANE, view, {forms.NOTE: "quokka"})
        await ended(world)
        for path in (f"/cases/{NOTED}/addnote", f"/cases/{MOVED}", f"/cases/{CLOSED}"):
            assert effects[path] == 1


@pytest.mark.parametrize(("table", "times"), [("intents", 2), ("dbos.workflow_status", 1)])
async def test_a_form_that_cannot_be_stored_in_time_is_refused_and_sent_again_it_is_done(
    own: Cluster, table: str, times: int
) -> None:
    url = own.fresh()
    async with desk_with_cards(url) as (world, cards, effects):
        await world.slack.click(JANE, cards[NOTED], case.NOTE)
        view = await form(world, forms.NOTE_FORM)
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            refused = [await world.slack.submit(JANE, view, {forms.NOTE: "quokka"}) for _ in range(times)]
        engine.dispose()
        await world.case(f"tag {NOTED} vip")
        await ended(world)

        assert [exchange.error for exchange in refused] == [""] * times
        assert all(REFUSED in exchange.text for exchange in refused)
        assert effects == Counter({f"/cases/{NOTED}/tag/7": 1})

        again = await world.slack.submit(JANE, view, {forms.NOTE: "quokka"})
        await ended(world)
        assert again.error == ""
        assert effects == Counter({f"/cases/{NOTED}/tag/7": 1, f"/cases/{NOTED}/addnote": 1})


async def test_two_casebots_take_nothing_over_from_each_other_because_the_database_was_away(own: Cluster) -> None:
    url = own.fresh()
    async with lives(url, CASEBOT_TAKEOVER=str(TAKEOVER)) as casebots:
        slack, desk = casebots.slack, casebots.desk
        effects: Counter[str] = Counter()
        desk.on_effect = lambda call: count(effects, call)
        held, asked = asyncio.Event(), asyncio.Semaphore(0)

        async def hold(call: Call) -> None:
            if call.writes:
                asked.release()
                await held.wait()

        desk.on_request = hold
        for caseid in (NOTED, TAGGED):
            desk.change(caseid, status="new", departmentid=268, repid=2)
            await casebots.start()
            await slack.command(JANE, SUPPORT, f"tag {caseid} vip")
            await asyncio.wait_for(asked.acquire(), ENDS)
        # The first has seen the second's last sign of life, and is the first to come back.
        second = casebots.all[1].process
        second.send_signal(signal.SIGSTOP)
        await rising(slack, url, 2, casebots=1)
        away = Away(own, "immediate", TAKEOVER + 1.0)
        await away.go()
        await away.back()
        # What was tried in vain counts, too: the first that can be written is a leap.
        await rising(slack, url, 1, casebots=1)
        second.send_signal(signal.SIGCONT)
        await rising(slack, url, 1, casebots=2)
        await rising(slack, url, BEATS, casebots=2)
        held.set()

        def told_of(caseid: int) -> int:
            return sum(f"Tagged case #{caseid}" in message.plain() for message in slack.seen(JANE, SUPPORT))

        await slack.until(lambda: told_of(NOTED) and told_of(TAGGED), timeout=ENDS, what="both answers")
        for life in casebots.all:
            await life.stop()

        assert effects == Counter({f"/cases/{NOTED}/tag/7": 1, f"/cases/{TAGGED}/tag/7": 1})
        assert (told_of(NOTED), told_of(TAGGED)) == (1, 1)
        assert not [line for life in casebots.all for line in life.log if "taking over" in line]


async def beats(url: str) -> dict[str, int]:
    """What each casebot counted last."""

    def look() -> dict[str, int]:
        engine = create_engine(url)
        with engine.connect() as connection:
            counted = {row.executor: row.beat for row in connection.execute(select(replicas))}
        engine.dispose()
        return counted

    return await asyncio.to_thread(look)


async def rising(slack: Slack, url: str, by: int, *, casebots: int) -> None:
    """Waits until so many casebots have shown so many times that they live."""
    before = await beats(url)

    async def risen() -> bool:
        return sum(beat >= before.get(one, 0) + by for one, beat in (await beats(url)).items()) >= casebots

    await slack.until(risen, timeout=ENDS, what=f"{casebots} casebots that live")


async def test_a_sqlite_file_that_somebody_locks_for_long_holds_wishes_up_and_nothing_more(tmp_path: Path) -> None:
    async with desk_with_cards(f"sqlite:///{tmp_path}/casebot.db") as (world, cards, effects):
        lock = sqlite3.connect(tmp_path / "casebot.db", isolation_level=None, check_same_thread=False, timeout=ENDS)
        together = asyncio.Barrier(len(EFFECTS))
        locked = asyncio.Event()

        async def done(call: Call) -> None:
            count(effects, call)
            if not locked.is_set() and await together.wait() == 0:
                await asyncio.to_thread(lock.execute, "BEGIN IMMEDIATE")
                locked.set()
            await locked.wait()

        world.desk.on_effect = done
        await ask_for_all(world, cards)
        await asyncio.wait_for(locked.wait(), ENDS)
        refused = await world.case("note 1235 wallaby")
        await asyncio.sleep(LOCKED)  # for how long somebody locks it is a matter of the clock
        await asyncio.to_thread(lock.execute, "ROLLBACK")
        lock.close()
        await ended(world)

        assert effects == EFFECTS
        assert told(world) == Counter(ANSWERS)
        assert lines(world, cards) == {caseid: [line] for caseid, line in LINES.items()}
        assert (refused.error, REFUSED in refused.text) == ("", True)
        assert world.slack.faults == []
