"""FuseDesk's quota: how many calls a thousand wishes cost, with casebot's caches and without any.

Everything goes its real way, between the stand-ins, through Slack's payloads; only the clock that ages what FuseDesk told is the
mix's own. "Without" is the same casebot whose every answer is too old at the next wish, as in a bot that asks each time.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bench.mix import REPS, Kind, Wish, mix
from bench.requests import KEY, SECRET, TOKEN
from bench.run import Run
from bench.table import Row, at_most, contest, times_less
from bot.app import Casebot, build_app
from bot.cards import case, forms, lists
from bot.settings import read_settings
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import SUPPORT, Message, Slack

UNCACHED = "no cache"
_CASES = 600
_DAY = 86_400.0
# Reps of FuseDesk's stand-in with departments; in Slack they have the same emails.
_PEOPLE = [("jane", "Jane Doe"), ("zoe", "Zoë Müller"), ("jose", "José García"), ("mai", "Mai Nguyễn")]
_PEOPLE += [("olu", "Olu Adeyemi"), ("soren", "Søren Ødegård"), ("priya", "Priya Raghavan"), ("lukasz", "Łukasz Wójcik")]


async def rows(run: Run) -> list[Row]:
    wishes = mix(run.size.wishes)
    calls = {"casebot": await _calls(wishes, cached=True), UNCACHED: await _calls(wishes, cached=False)}
    each = {name: count / len(wishes) for name, count in calls.items()}
    what = f"FuseDesk calls for a mix of {len(wishes):,} wishes, names cold"
    return [contest(what, "calls/wish", each, [at_most(0.9), times_less(3, UNCACHED)])]


async def _calls(wishes: list[Wish], *, cached: bool) -> int:
    async with _office(cached=cached) as office:
        for number, wish in enumerate(wishes):
            office.now = wish.at if cached else number * _DAY
            await office.does(wish)
        return len(office.desk.calls)


@dataclass
class Office:
    """Eight reps, what each saw last, and the time that it is for casebot's caches."""

    slack: Slack
    desk: FuseDesk
    now: float = 0.0
    bot: Casebot | None = None
    draw: random.Random = field(default_factory=lambda: random.Random(11))
    lists: dict[str, Message] = field(default_factory=dict)
    cards: dict[str, Message] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    number: itertools.count[int] = field(default_factory=itertools.count)

    async def does(self, wish: Wish) -> None:
        """One wish, until everything that it set off has ended."""
        user = f"U1{wish.who}"
        while wish.kind in ("take", "transfer") and user not in self.cards:
            await self._typed(user, "show")  # a card to press on; its call counts like any other
        if wish.kind == "press" and user in self.lists:
            await self.slack.click(user, self.lists[user], lists.SHOW)
        elif wish.kind == "take":
            await self.slack.click(user, self.cards[user], case.TAKE)
        elif wish.kind == "transfer":
            await self._transfer(user)
        else:
            await self._typed(user, wish.kind)
        await self._settled()

    async def _typed(self, user: str, kind: Kind) -> None:
        caseid = self.draw.choice(self.waiting)
        email = self.desk.contact(self.draw.randint(1, 100))["email"]
        number = next(self.number)
        texts = {
            "show": str(caseid),
            "press": str(caseid),
            "find": f"find {email}",
            "mine": "mine",
            "note": f"note {caseid} Called back, number {number}",
            "tag": f"tag {caseid} vip",
            "open": f"open Printer {number} dept:support",
        }
        await self.slack.command(user, SUPPORT, texts[kind])
        await self._settled()
        self._remember(user, kind)

    def _remember(self, user: str, kind: Kind) -> None:
        last = self.slack.last(user, SUPPORT)
        actions = {element.action_id for element in last.elements}
        if kind in ("find", "mine") and lists.SHOW in actions:
            self.lists[user] = last
        if kind == "show" and {case.TAKE, case.TRANSFER} <= actions:
            self.cards[user] = last

    async def _transfer(self, user: str) -> None:
        await self.slack.click(user, self.cards[user], case.TRANSFER)
        await self._settled()
        view = self.slack.views(user)[-1]
        shown = self.desk.case(int(self.cards[user].plain().split("#", 1)[1].split()[0]))["department"]
        to = next(name for name in ("Billing", "Sales", "Support") if name != shown)
        await self.slack.submit(user, view, {forms.DEPARTMENT: to})

    async def _settled(self) -> None:
        assert self.bot is not None
        async with asyncio.timeout(20):
            # At shorter intervals than the stand-in's `until`: two thousand wishes wait here.
            while self.bot.busy or self.desk.in_flight:  # noqa: ASYNC110  # nothing tells of that end
                await asyncio.sleep(0.002)


@asynccontextmanager
async def _office(*, cached: bool) -> AsyncIterator[Office]:
    office = Office(Slack(signing_secret=SECRET), FuseDesk(cases=_CASES))
    office.desk.quota_limit = 1_000_000
    office.waiting = [row["caseid"] for row in office.desk.find(status="active", limit=_CASES)]
    for number, (name, full) in enumerate(_PEOPLE[:REPS]):
        email = next(row["email"] for row in office.desk.store.reps() if f"{row['firstname']} {row['lastname']}" == full)
        office.slack.add_user(f"U1{number}", name=name, real_name=full, email=email)
        office.slack.channels[SUPPORT].members.add(f"U1{number}")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        slack_url = await stack.enter_async_context(office.slack.served())
        desk_url = await stack.enter_async_context(serve(office.desk.app))
        settings = read_settings(
            _env_file=None,
            slack_bot_token=TOKEN,
            slack_signing_secret=SECRET,
            slack_app_token="",
            slack_api_url=f"{slack_url}/api/",
            fusedesk_app="acme",
            fusedesk_api_key=KEY,
            fusedesk_base_url=desk_url,
            database_url=f"sqlite:///{folder}/casebot.db",
            casebot_cases_ttl=30.0 if cached else 0.0,
        )
        office.bot = await build_app(settings, clock=lambda: office.now)
        office.slack.connect(await stack.enter_async_context(serve(office.bot.asgi)))
        await office.slack.until(lambda: office.bot is not None and office.bot.directory.ready, what="the names")
        yield office
