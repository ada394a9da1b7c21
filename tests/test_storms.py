"""Many wishes at once, two of the same, and a FuseDesk that goes wrong in every way meanwhile: each has one effect."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from bot import durable, once
from simulator.fusedesk import Call, FuseDesk
from simulator.slack import BOB, BOT_USER, JANE, MIA, SUPPORT, Message
from tests.conftest import World, casebot_world
from tests.forms_world import FROM_MESSAGE, cards, loaded, shortcut

MESSAGES = 100
WISHES = {"note": 200, "tag": 100, "transfer": 100, "open": 100}
AT_ONCE = 25
# Seconds within which everything is over once the storm is: as long as the longest pause between two attempts takes.
CALM = 120.0
VIP, SUPPORT_DESK, BILLING_DESK, ZOE_REP = 7, 268, 269, 2
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
    """FuseDesk's weather: what happens to each call is up to chance. `over` ends it, and whatever hangs is cut then."""

    desk: FuseDesk
    seed: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.desk.on_request = self.meet

    async def meet(self, call: Call) -> None:
        if self.over.is_set() or "/cases" not in call.path:
            return
        calm = 0.5 if call.writes else 0.9
        if self._chance.random() < calm:
            return
        when, how = self._chance.choice(WAYS if call.writes else [way for way in WAYS if way[0] == "before"])
        self.met[f"{how} {when}"] += 1
        if how == "hang":
            # It never comes to an effect: its sender has long gone when the connection is cut.
            await self.over.wait()
            how = "drop"
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
]


@dataclass(frozen=True)
class Wish:
    """What is typed, what the answer says, and how often FuseDesk holds its effect."""

    typed: str
    says: tuple[str, str]
    effects: Callable[[], int]


def wishes(desk: FuseDesk, done: list[Call]) -> Iterator[Wish]:
    """Each on a case of its own, so that whatever is told and done there is told and done for this wish."""
    caseids = iter(range(1001, 1001 + sum(WISHES.values())))

    def calls(path: str) -> int:
        return sum(call.fits(f"POST {path}") for call in done)

    def noted(caseid: int, word: str) -> int:
        return sum(item["title"] == word for item in desk.case(caseid)["history"])

    for kind, count in WISHES.items():
        for number in range(count):
            caseid, word = next(caseids), f"quokka{kind}{number:03}x"
            match kind:
                case "note":
                    says = (f"Added the note to case #{caseid}", "")
                    yield Wish(f"note #{caseid} {word}", says, lambda caseid=caseid, word=word: noted(caseid, word))
                case "tag":
                    says = (f"Tagged case #{caseid}: VIP", "")
                    yield Wish(f"tag #{caseid} vip", says, lambda caseid=caseid: calls(f"/cases/{caseid}/tag/{VIP}"))
                case "transfer":
                    says = ("You transferred it to Billing", f"#{caseid}")
                    yield Wish(f"transfer #{caseid} to billing", says, lambda caseid=caseid: calls(f"/cases/{caseid}"))
                case "open":
                    says = ("Your case is open", word)
                    yield Wish(f"open {word} dept:support", says, lambda word=word: desk.count(words=word))


async def test_after_a_storm_every_wish_has_had_one_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MOST", 3.0)
    # Storing so many at once may take a busy machine longer than Slack would wait: that is another test's matter.
    monkeypatch.setattr(durable, "ACCEPT", 60.0)
    # A busy machine takes its time until what was cut off has come to its end.
    monkeypatch.setattr(once, "LOST", 6.0)
    desk = FuseDesk(cases=sum(WISHES.values()))
    desk.quota_limit = 1_000_000
    done: list[Call] = []
    for caseid in range(1001, 1001 + sum(WISHES.values())):
        desk.change(caseid, status="new", departmentid=SUPPORT_DESK, repid=ZOE_REP)
        desk.untag(caseid, VIP)
    async with casebot_world(desk=desk, cases=0, fusedesk_read_timeout=0.5, fusedesk_pause=0.2) as world:
        await loaded(world)
        desk.on_effect = done.append
        storm = Storm(desk, seed=1)
        asked = list(wishes(desk, done))
        random.Random(2).shuffle(asked)
        room = asyncio.Semaphore(AT_ONCE)

        async def typed(wish: Wish) -> str:
            async with room:
                return (await world.case(wish.typed)).error

        errors = await asyncio.gather(*map(typed, asked))
        storm.over.set()

        def missing() -> list[str]:
            texts = alone(world, JANE)
            return [
                f"{wish.typed}: {wish.effects()} effects, told {answers(wish, texts)} times"
                for wish in asked
                if wish.effects() != 1 or answers(wish, texts) != 1
            ]

        def quiet() -> bool:
            texts = alone(world, JANE)
            return all(wish.effects() >= 1 and answers(wish, texts) >= 1 for wish in asked)

        try:
            await world.slack.until(quiet, timeout=CALM)
        except AssertionError:
            raise AssertionError(f"{CALM:g} s after the storm ({dict(storm.met)}):\n" + "\n".join(missing()[:40])) from None

        assert errors == [""] * len(asked)
        assert missing() == []
        assert world.slack.faults == []


def answers(wish: Wish, texts: list[str]) -> int:
    return sum(all(part in text for part in wish.says) for text in texts)
