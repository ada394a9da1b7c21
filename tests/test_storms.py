"""Many wishes at once, two of the same, and a FuseDesk that goes wrong in every way meanwhile: each has one effect."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from bot import durable, once
from bot.cards import forms
from bot.database import DatabaseError
from simulator.fusedesk import Call, FuseDesk
from simulator.slack import BOB, BOT_USER, JANE, MIA, SUPPORT, Exchange, Message
from tests.conftest import World, casebot_world
from tests.forms_world import FROM_MESSAGE, IMPORT, cards, loaded, shortcut

MESSAGES = 100
KINDS = {"note": 100, "open": 100, "call": 50, "tag": 50, "untag": 50, "transfer": 50, "link": 40, "close": 40, "import": 20}
# So many come in a heap, so many of it at a time; the others over the first minute. Then the storm goes on for two minutes more.
HEAP, AT_ONCE = 100, 10
COMING, LASTING = 60.0, 120.0
# The part of FuseDesk's calls about cases that the storm spares: so few that many wishes outlive it.
STILL = 0.05
# Seconds within which everything is over once the storm is: as long as the longest pause between two attempts takes.
CALM = 120.0
VIP, SUPPORT_DESK, ZOE_REP, CONTACT = 7, 268, 2, 77
HAS_ONE = "This message has a case already"


def alone(world: World, user: str) -> list[str]:
    """What casebot told a person and nobody else."""
    seen = [*world.slack.seen(user, SUPPORT), *world.slack.seen(user, world.slack.dm(user).id)]
    return [message.plain() for message in seen if message.user == BOT_USER and (message.ephemeral or message.channel != SUPPORT)]


async def test_of_two_who_open_a_case_from_one_message_at_once_one_does_and_both_are_told() -> None:
    async with casebot_world() as world:
        await loaded(world)
        before = world.desk.count()
        messages = [world.slack.say(MIA, SUPPORT, f"quokka{number:03}x") for number in range(MESSAGES)]

        for ts in messages:
            views = {user: await shortcut(world, ts, FROM_MESSAGE, user=user) for user in (JANE, BOB)}
            await asyncio.gather(*(world.slack.submit(user, view, {"department": "Support"}) for user, view in views.items()))

        def told() -> list[str]:
            return [text for user in (JANE, BOB) for text in alone(world, user) if HAS_ONE in text]

        def placed() -> list[list[Message]]:
            return [cards(world, ts) for ts in messages]

        await world.slack.until(
            lambda: len(told()) >= MESSAGES and all(placed()),
            timeout=30,
            what=f"{MESSAGES} cards and as many words to the second; there are {sum(map(bool, placed()))} and {len(told())}",
        )

        assert world.desk.count() == before + MESSAGES
        for number, (ts, there) in enumerate(zip(messages, placed(), strict=True)):
            word = f"quokka{number:03}x"
            assert len(there) == 1, f"message {ts} has {len(there)} cards"
            assert word in there[0].plain()
            assert world.desk.count(words=word) == 1
            assert sum(word in text for text in told()) == 1, f"who was second at {word} was told {told()}"
        assert world.slack.faults == []


@dataclass
class Storm:
    """FuseDesk's weather: what happens to each call is up to chance, until it is `over`. What hangs is never let go: its sender
    has long gone."""

    desk: FuseDesk
    seed: int
    over: bool = False
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.desk.on_request = self.meet

    def meet(self, call: Call) -> None:
        if self.over or "/cases" not in call.path or self._chance.random() < STILL:
            return
        when, how = self._chance.choice(WAYS if call.writes else [way for way in WAYS if way[0] == "before"])
        self.met[f"{how} {when}"] += 1
        self.desk.fail(f"{call.method} {call.path}", when=when, how=how)


WAYS = [
    ("before", "503"),
    ("before", "drop"),
    ("before", "garbage"),
    ("before", "hang"),
    ("after", "503"),
    ("after", "drop"),
    ("after", "garbage"),
    ("after", "empty"),
    ("after", "hang"),
]


@dataclass(frozen=True)
class Wish:
    """How it is asked, what the answer says, and how often FuseDesk holds its effect."""

    name: str
    ask: Callable[[World], Awaitable[Exchange]]
    says: tuple[str, ...]
    effects: Callable[[], int]


async def typed(text: str, world: World) -> Exchange:
    return await world.case(text)


async def imported(caseid: int, word: str, alone: asyncio.Lock, world: World) -> Exchange:
    """Somebody has one form open at a time."""
    async with alone:
        view = await shortcut(world, world.slack.say(MIA, SUPPORT, word), IMPORT)
        return await world.slack.submit(JANE, view, {forms.CASE: str(caseid)})


def wishes(desk: FuseDesk, done: list[Call]) -> Iterator[Wish]:
    """Each on a case of its own, so that whatever is told and done there is told and done for this wish."""
    caseids, forms_alone = itertools.count(1001), asyncio.Lock()

    def calls(path: str) -> int:
        return sum(call.fits(f"POST {path}") for call in done)

    def held(caseid: int, word: str) -> int:
        return sum(word in f"{item['title']}\n{item['note']}" for item in desk.case(caseid)["history"])

    for kind, count in KINDS.items():
        for number in range(count):
            caseid, word = next(caseids), f"quokka{kind}{number:03}x"
            case, path = f"#{caseid}", f"/cases/{caseid}"
            in_history, by_call = partial(held, caseid, word), partial(calls, path)
            text, says, effects = {
                "open": (f"open {word} dept:support", ("Your case is open", word), partial(desk.count, words=word)),
                "note": (f"note {case} {word}", (f"Added the note to case {case}",), in_history),
                "call": (f"call {case} {word}", (f"Logged the call on case {case}",), in_history),
                "tag": (f"tag {case} vip", (f"Tagged case {case}: VIP",), partial(calls, f"{path}/tag/{VIP}")),
                "untag": (f"untag {case} vip", (f"Took off case {case}: VIP",), partial(calls, f"{path}/untag/{VIP}")),
                "transfer": (f"transfer {case} to billing", ("You transferred it to Billing", case), by_call),
                "link": (f"link {case} {CONTACT}", (f"You linked it to contact {CONTACT}", case), by_call),
                "close": (f"close {case}", ("You closed it", case), by_call),
                "import": ("", (f"Imported 1 message into case {case}",), in_history),
            }[kind]
            desk.change(caseid, status="new", departmentid=SUPPORT_DESK, repid=ZOE_REP, contactid=None)
            (desk.tag if kind == "untag" else desk.untag)(caseid, VIP)
            ask = partial(typed, text) if text else partial(imported, caseid, word, forms_alone)
            yield Wish(text or f"import into {case}", ask, says, effects)


async def test_after_a_storm_every_wish_has_had_one_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenth of the pauses that are made in earnest, so that the storm counts for ten times as long.
    monkeypatch.setattr(durable, "MOST", 3.0)
    # A busy machine takes its time until what was cut off has come to its end.
    monkeypatch.setattr(once, "LOST", 6.0)
    desk = FuseDesk(cases=sum(KINDS.values()))
    desk.quota_limit = 1_000_000
    done: list[Call] = []
    async with casebot_world(desk=desk, cases=0, fusedesk_read_timeout=0.5, fusedesk_pause=0.2) as world:
        await loaded(world)
        asked = list(wishes(desk, done))
        random.Random(2).shuffle(asked)
        desk.on_effect = done.append
        storm = Storm(desk, seed=1)

        exchanges = await all_asked(world, asked)
        await asyncio.sleep(LASTING)
        storm.over = True
        outliving = missing(world, asked, exchanges)

        try:
            await world.slack.until(lambda: world.bot.busy == 0, timeout=CALM)
        except AssertionError:
            lacking = "\n".join(missing(world, asked, exchanges)[:40])
            raise AssertionError(f"{CALM:g} s after the storm ({dict(storm.met)}):\n{lacking}") from None

        assert {exchange.error for exchange in exchanges} == {""}
        assert missing(world, asked, exchanges) == []
        texts = alone(world, JANE)
        assert sum(map(partial(refused, texts=texts), asked, exchanges)) < len(asked) / 10
        assert {f"{how} {when}" for when, how in WAYS} == set(storm.met)
        assert outliving != []
        # Whose form was closed before its wish was done hears of it by message.
        world.slack.forgive("views.update: not_found")
        assert world.slack.faults == []


async def all_asked(world: World, asked: list[Wish]) -> list[Exchange]:
    """Asks a heap at once, and the others over the time that they come in; returns how each was taken."""
    room = asyncio.Semaphore(AT_ONCE)

    async def from_the_heap(wish: Wish) -> Exchange:
        async with room:
            return await wish.ask(world)

    async def at_its_time(wish: Wish, number: int) -> Exchange:
        await asyncio.sleep(COMING * number / (len(asked) - HEAP))
        return await wish.ask(world)

    heap, others = asked[:HEAP], asked[HEAP:]
    return await asyncio.gather(*map(from_the_heap, heap), *map(at_its_time, others, itertools.count(1)))


def missing(world: World, asked: list[Wish], exchanges: list[Exchange]) -> list[str]:
    """Which wishes have not one effect and one answer; none at all where the person heard that it was not taken."""
    texts = alone(world, JANE)
    lacking = []
    for wish, exchange in zip(asked, exchanges, strict=True):
        expected = 0 if refused(wish, exchange, texts) else 1
        effects, told = wish.effects(), answers(wish, texts)
        if (effects, told) != (expected, expected):
            lacking.append(f"{wish.name}: {effects} effects, told {told} times instead of {expected}")
    return lacking


def refused(wish: Wish, exchange: Exchange, texts: list[str]) -> bool:
    """Whether storing it took a busy machine longer than a person may wait, as they then hear."""
    said = DatabaseError.meanwhile
    return said in exchange.text or any(said in text and wish.name in text for text in texts)


def answers(wish: Wish, texts: list[str]) -> int:
    return sum(all(part in text for part in wish.says) for text in texts)
