"""Several casebots on one PostgreSQL: what Slack says to two of them happens once, and what one leaves the others finish."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy import Engine, create_engine, select

from bot.cards import case, forms
from bot.tables import intents, quotas
from bot.tables import replicas as signs_of_life
from simulator.fusedesk import Call, FuseDesk
from simulator.slack import ADA, BOB, BOT_USER, JANE, MIA, SUPPORT, Exchange, Message, Slack, View
from simulator.slack_delivery import EVENTS
from tests.postgres import Fresh
from tests.processes import Lives, lives

CARDS, CLICKS = 10, 10
# Seconds within which a survivor has finished what a dead casebot had begun.
TAKEN_OVER = 30.0
LEAST, SENDERS, ROLLS = 100, 4, 2
MESSAGES, PAIRS = 100, ((JANE, BOB), (MIA, ADA))
HAS_ONE = "This message has a case already"
LIMIT, LEFT, CHANGES = 100, 40, 20


@asynccontextmanager
async def replicas(postgresql: Fresh) -> AsyncIterator[Lives]:
    async with lives(postgresql(), cases=CARDS + 5) as casebots:
        for caseid in range(1001, 1001 + CARDS + 5):
            casebots.desk.change(caseid, status="new", departmentid=268, repid=2)
        yield casebots


class Twice:
    """Whatever Slack sends goes to another casebot, too: at the same moment, with the same signature."""

    def __init__(self, slack: Slack, url: str, session: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._url = url
        self._session = session
        self._sending: list[asyncio.Task[int]] = []
        slack.delivery.watch = self._also

    def _also(self, exchange: Exchange) -> None:
        began = not exchange.status and not exchange.error
        if began:
            self._sending.append(asyncio.create_task(self._send(exchange.body)))

    async def _send(self, body: str) -> int:
        now = int(time.time())
        headers = {"X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": self._slack.sign(body, now)}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with self._session.post(self._url + EVENTS, data=body, headers=headers) as answer:
            return answer.status

    async def statuses(self) -> list[int]:
        self._slack.delivery.watch = None
        return await asyncio.gather(*self._sending)


def counted(desk: FuseDesk) -> Counter[str]:
    """How many write calls took effect, by their path; grows from now on."""
    effects: Counter[str] = Counter()

    def count(call: Call) -> None:
        effects[call.path.removeprefix("/api/v1")] += 1

    desk.on_effect = count
    return effects


async def shared(slack: Slack, caseid: int) -> Message:
    await slack.command(JANE, SUPPORT, str(caseid))
    private = await slack.until(lambda: of_case(slack, caseid, ephemeral=True), what="the case")
    await slack.click(JANE, private[-1], case.SHARE)
    cards = await slack.until(lambda: of_case(slack, caseid, ephemeral=False), what="the shared card")
    return cards[-1]


def of_case(slack: Slack, caseid: int, *, ephemeral: bool) -> list[Message]:
    seen = [message for message in slack.seen(JANE, SUPPORT) if message.user == BOT_USER and message.ephemeral == ephemeral]
    return [message for message in seen if f"#{caseid}" in message.plain()]


def thread(slack: Slack, card: Message) -> list[Message]:
    """What everybody sees below a card."""
    return [message for message in slack.seen(JANE, SUPPORT, card.ts) if message.ts != card.ts and not message.ephemeral]


def marks(slack: Slack, card: Message) -> list[tuple[str, object]]:
    """The lines in a card's thread, each with the mark by which casebot finds it again."""
    return [(message.text, (message.metadata or {}).get("event_payload")) for message in thread(slack, card)]


def notes(desk: FuseDesk, caseid: int) -> list[str]:
    return [item["title"] for item in desk.case(caseid)["history"] if item["type"] == "note"]


async def test_a_click_that_two_casebots_get_at_once_has_one_effect(postgresql: Fresh) -> None:
    async with replicas(postgresql) as casebots, aiohttp.ClientSession() as session:
        slack, desk = casebots.slack, casebots.desk
        other = await (await casebots.start(connect=False)).up()
        await casebots.start()
        cards = {caseid: await shared(slack, caseid) for caseid in range(1001, 1001 + CARDS)}
        effects = counted(desk)
        twice = Twice(slack, other, session)

        async def pressed(caseid: int, card: Message) -> None:
            for number in range(1, CLICKS + 1):
                action, then = (case.CLOSE, "Reopen") if number % 2 else (case.REOPEN, "Close")
                await slack.click(JANE, card, action)
                await slack.until(
                    lambda then=then, number=number: then in card.buttons and len(thread(slack, card)) >= number,
                    timeout=TAKEN_OVER,
                    what=f"click {number} on case {caseid}: FuseDesk has {desk.case(caseid)['status']}, {effects} took effect",
                )

        await asyncio.gather(*(pressed(caseid, card) for caseid, card in cards.items()))
        statuses = await twice.statuses()
        for life in casebots.all:
            await life.stop()

        assert set(statuses) == {200}
        assert len(statuses) == CARDS * CLICKS
        assert effects == Counter({f"/cases/{caseid}": CLICKS for caseid in cards})
        for caseid, card in cards.items():
            said = [message.plain().partition("\n")[0] for message in thread(slack, card)]
            assert said == ["Jane Doe closed it.", "Jane Doe reopened it."] * (CLICKS // 2), (
                f"case {caseid}: {marks(slack, card)}"
            )
        assert slack.faults == []


async def test_a_command_that_two_casebots_get_at_once_has_one_effect(postgresql: Fresh) -> None:
    async with replicas(postgresql) as casebots, aiohttp.ClientSession() as session:
        slack, desk = casebots.slack, casebots.desk
        other = await (await casebots.start(connect=False)).up()
        await casebots.start()
        effects = counted(desk)
        twice = Twice(slack, other, session)

        async def typed(caseid: int) -> None:
            for number in range(1, CLICKS + 1):
                await slack.command(JANE, SUPPORT, f"note #{caseid} quokka{number}")
                await slack.until(
                    lambda number=number: len(told(slack, caseid)) >= number,
                    timeout=TAKEN_OVER,
                    what=f"note {number} on case {caseid}: FuseDesk holds {notes(desk, caseid)[-3:]}",
                )

        caseids = range(1001, 1001 + CARDS)
        await asyncio.gather(*map(typed, caseids))
        statuses = await twice.statuses()
        for life in casebots.all:
            await life.stop()

        assert set(statuses) == {200}
        assert effects == Counter({f"/cases/{caseid}/addnote": CLICKS for caseid in caseids})
        for caseid in caseids:
            assert Counter(notes(desk, caseid)) >= Counter(f"quokka{number}" for number in range(1, CLICKS + 1))
            assert len(told(slack, caseid)) == CLICKS
        assert slack.faults == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_a_killed_casebot_was_writing_another_one_finishes(postgresql: Fresh, when: str) -> None:
    async with replicas(postgresql) as casebots:
        slack, desk = casebots.slack, casebots.desk
        survivor = await (await casebots.start(connect=False)).up()
        victim = await casebots.start()
        asked, done = asyncio.Event(), asyncio.Event()
        effects = counted(desk)
        count = desk.on_effect

        def noticed(call: Call) -> None:
            assert count is not None
            count(call)
            done.set()

        desk.on_effect = noticed
        desk.on_request = lambda call: asked.set() if call.writes else None
        # Nobody lets go what hangs: what was sent before its sender died never comes to an effect after that.
        desk.fail("POST /cases/1001/addnote", when=when, how="hang")
        await slack.command(JANE, SUPPORT, "note #1001 quokka")
        await asyncio.wait_for((asked if when == "before" else done).wait(), 10)

        began = time.monotonic()
        await victim.kill()
        slack.connect(survivor)
        await slack.until(
            lambda: "quokka" in notes(desk, 1001) and any("Added the note" in text for text in told(slack, 1001)),
            timeout=TAKEN_OVER,
            what=f"the note, and that it is told; FuseDesk holds {notes(desk, 1001)}\n{casebots.all[0].told()}",
        )
        took = time.monotonic() - began
        await casebots.all[0].stop()

        assert notes(desk, 1001).count("quokka") == 1
        assert effects == Counter({"/cases/1001/addnote": 1})
        assert len(told(slack, 1001)) == 1
        assert took < TAKEN_OVER


def told(slack: Slack, caseid: int) -> list[str]:
    """Notes that Jane alone was told of."""
    alone = [*slack.seen(JANE, SUPPORT), *slack.seen(JANE, slack.dm(JANE).id)]
    texts = [message.plain() for message in alone if message.user == BOT_USER]
    return [text for text in texts if f"Added the note to case #{caseid}" in text]


async def test_a_wish_that_was_taken_from_a_casebot_which_stood_still_is_told_though_that_one_wakes_up(postgresql: Fresh) -> None:
    async with replicas(postgresql) as casebots:
        slack, desk = casebots.slack, casebots.desk
        asked, held = asyncio.Event(), asyncio.Event()

        async def hold(call: Call) -> None:
            if call.writes:
                asked.set()
                await held.wait()

        desk.on_request = hold
        other = await casebots.start(CASEBOT_TAKEOVER="2")
        still = await casebots.start(CASEBOT_TAKEOVER="2")
        await slack.command(JANE, SUPPORT, "tag #1001 vip")
        await asyncio.wait_for(asked.wait(), 10)

        still.process.send_signal(signal.SIGSTOP)
        await slack.until(lambda: "taking over a wish" in other.told(), timeout=TAKEN_OVER, what="that it is taken over")
        # Whichever of the two the engine gives it to.
        still.process.send_signal(signal.SIGCONT)
        held.set()

        def tagged() -> list[str]:
            return [text for text in (message.plain() for message in slack.seen(JANE, SUPPORT)) if "Tagged case #1001" in text]

        await slack.until(tagged, timeout=TAKEN_OVER, what="the answer")
        for life in casebots.all:
            await life.stop()
        assert len(tagged()) == 1
        assert "VIP" in desk.case(1001)["tagnames"]


async def opened(slack: Slack, user: str, ts: str) -> View:
    """The form that opens a case from a message, filled in."""
    slack.close_views(user)
    await slack.message_shortcut(user, SUPPORT, ts, "open_case_from_message")
    view: View = await slack.until(
        lambda: next((view for view in slack.views(user) if view.callback_id == forms.OPEN_FORM), None), what="the form"
    )
    await slack.fill(user, view, {forms.DEPARTMENT: "Support"})
    return view


def alone(slack: Slack, user: str) -> list[str]:
    """What casebot told a person and nobody else."""
    seen = [*slack.seen(user, SUPPORT), *slack.seen(user, slack.dm(user).id)]
    return [message.plain() for message in seen if message.user == BOT_USER and (message.ephemeral or message.channel != SUPPORT)]


async def test_of_two_who_open_a_case_from_one_message_at_two_casebots_at_once_one_does(postgresql: Fresh) -> None:
    async with replicas(postgresql) as casebots:
        slack, desk = casebots.slack, casebots.desk
        urls = {await (await casebots.start(connect=False)).up() for _ in range(2)}
        slack.connect(*urls)
        before = desk.count()
        words = {slack.say(MIA, SUPPORT, word): word for word in (f"quokka{number:03}x" for number in range(MESSAGES))}
        messages = iter(words)
        sent: list[list[Exchange]] = []

        async def both(people: tuple[str, ...]) -> None:
            for ts in messages:
                views = [await opened(slack, user, ts) for user in people]
                sent.append(await asyncio.gather(*map(slack.submit, people, views)))

        await asyncio.gather(*map(both, PAIRS))

        def told() -> list[str]:
            return [text for people in PAIRS for user in people for text in alone(slack, user) if HAS_ONE in text]

        def placed(ts: str) -> list[str]:
            seen = slack.seen(JANE, SUPPORT, ts)
            return [message.plain() for message in seen if message.user == BOT_USER and not message.ephemeral]

        await slack.until(
            lambda: len(told()) >= MESSAGES and all(map(placed, words)),
            timeout=TAKEN_OVER,
            what=f"{MESSAGES} cards, and as many words to the second",
        )
        for life in casebots.all:
            await life.stop()

        assert [{exchange.to for exchange in exchanges} for exchanges in sent] == [urls] * MESSAGES
        assert {exchange.error for exchanges in sent for exchange in exchanges} == {""}
        assert desk.count() == before + MESSAGES
        for ts, word in words.items():
            assert desk.count(words=word) == 1
            assert [word in card for card in placed(ts)] == [True]
            assert sum(word in text for text in told()) == 1
        assert slack.faults == []


# What is typed on one case over and over, what the answer says, and the call that it takes.
STEPS = (
    ("note #{caseid} {word}", "Added the note to case #{caseid}", "/addnote"),
    ("tag #{caseid} vip", "Tagged case #{caseid}: VIP", "/tag/7"),
    ("transfer #{caseid} to billing", "You transferred it to Billing", ""),
    ("call #{caseid} {word}", "Logged the call on case #{caseid}", "/addnote"),
    ("untag #{caseid} vip", "Took off case #{caseid}: VIP", "/untag/7"),
    ("close #{caseid}", "You closed it", ""),
    ("link #{caseid} 77", "You linked it to contact 77", ""),
    ("transfer #{caseid} to support", "You transferred it to Support", ""),
    ("reopen #{caseid}", "You reopened it", ""),
)


async def test_a_rolling_restart_loses_and_doubles_nothing(postgresql: Fresh) -> None:
    async with replicas(postgresql) as casebots:
        slack, desk = casebots.slack, casebots.desk
        living = deque([await (await casebots.start(connect=False)).up() for _ in range(2)])
        slack.connect(*living)
        effects = counted(desk)
        numbers, rolled = itertools.count(), asyncio.Event()
        sent: Counter[tuple[int, str]] = Counter()
        calls: Counter[str] = Counter()
        words: dict[int, list[str]] = {1001 + sender: [] for sender in range(SENDERS)}
        exchanges: list[Exchange] = []

        def heard(caseid: int, says: str) -> int:
            return sum(says in text and f"#{caseid}" in text for text in alone(slack, JANE))

        async def stream(caseid: int) -> None:
            """One wish after the other, each as soon as the one before is told, and each to the next casebot."""
            for typed, says, path in itertools.cycle(STEPS):
                if rolled.is_set() and sent.total() >= LEAST:
                    return
                word, says = f"quokka{next(numbers):04}x", says.format(caseid=caseid)
                exchange = await slack.command(JANE, SUPPORT, typed.format(caseid=caseid, word=word))
                exchanges.append(exchange)
                if exchange.error:
                    return
                sent[caseid, says] += 1
                calls[f"/cases/{caseid}{path}"] += 1
                words[caseid] += [word] if "{word}" in typed else []
                await slack.until(
                    lambda says=says: heard(caseid, says) >= sent[caseid, says],
                    timeout=TAKEN_OVER,
                    what=f"the end of {typed} {word}: {effects} took effect",
                )

        async def roll() -> None:
            """Each casebot gets nothing more from Slack before it is told to end, as a load balancer sees to it."""
            for old in casebots.all[:ROLLS]:
                new = await casebots.start(connect=False)
                living.append(await new.up())
                living.popleft()
                slack.connect(*living)
                await old.stop()
            rolled.set()

        await asyncio.gather(roll(), *map(stream, words))
        for life in casebots.all:
            await life.stop()

        assert [exchange.error for exchange in exchanges if exchange.error] == []
        assert len({exchange.to for exchange in exchanges}) == len(casebots.all)
        assert [life.ended for life in casebots.all] == [0] * (2 + ROLLS)
        assert effects == calls
        assert {wish: heard(*wish) for wish in sent} == sent
        for caseid, noted in words.items():
            titles = [item["title"] for item in desk.case(caseid)["history"]]
            assert sorted(title for title in titles if title.startswith("quokka")) == sorted(noted)
        assert slack.faults == []


def beats(engine: Engine) -> dict[str, int]:
    """How often each casebot has looked around."""
    with engine.connect() as connection:
        return {row.executor: row.beat for row in connection.execute(select(signs_of_life))}


def states(engine: Engine) -> Counter[str]:
    """Of all wishes."""
    with engine.connect() as connection:
        return Counter(connection.scalars(select(intents.c.state)))


def left(engine: Engine) -> int | None:
    """How many calls are left, as the casebots tell each other."""
    with engine.connect() as connection:
        return connection.scalar(select(quotas.c.remaining))


async def test_what_one_casebot_heard_of_the_quota_slows_down_another(postgresql: Fresh) -> None:
    async with lives(postgresql(), cases=CHANGES + 1, CASEBOT_TAKEOVER="2") as casebots:
        slack, desk = casebots.slack, casebots.desk
        engine = create_engine(casebots.settings["DATABASE_URL"])
        other = await (await casebots.start(connect=False)).up()
        await casebots.start()
        names = ("departments", "reps", "casetags")
        await slack.until(lambda: all(desk.calls.count(f"GET /{name}") == 2 for name in names), what="that both have the names")
        desk.quota_limit = LIMIT
        desk.quota_left = LEFT + 1
        await slack.command(JANE, SUPPORT, "note #1001 quokka")
        await slack.until(lambda: left(engine) == LEFT, timeout=TAKEN_OVER, what="that one tells what is left")
        before = beats(engine)
        # In the second round that begins after that the first one is over.
        await slack.until(
            lambda: all(beat >= before[executor] + 2 for executor, beat in beats(engine).items()),
            timeout=TAKEN_OVER,
            what="that the other has looked, too",
        )
        slack.connect(other)
        desk.hanging = True
        caseids = range(1002, 1002 + CHANGES)
        for caseid in caseids:
            await slack.command(JANE, SUPPORT, f"note #{caseid} quokka")

        # Each change may take two calls, and each of two casebots its half of what is left.
        room = LEFT // 2 // 2
        await slack.until(
            lambda: states(engine) == Counter(done=1, running=room, waiting=CHANGES - room),
            timeout=10,
            what=f"that {room} changes go out and the others wait: {states(engine)}",
        )

        assert desk.in_flight == room
        desk.hanging = False
        await slack.until(lambda: all(told(slack, caseid) for caseid in caseids), timeout=2 * TAKEN_OVER, what="all answers")
        for life in casebots.all:
            await life.stop()
        assert [notes(desk, caseid).count("quokka") for caseid in caseids] == [1] * CHANGES
        assert slack.faults == []
        engine.dispose()
