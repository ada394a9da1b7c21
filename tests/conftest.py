"""The world that the tests drive: casebot over its real entrance, between the stand-ins for Slack and FuseDesk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot import durable, once
from bot.app import Casebot, build_app
from bot.entrance import Entrance
from bot.settings import Settings, read_settings
from bot.store import Store
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import BOB, JANE, SUPPORT, Exchange, Slack
from tests.databases import fresh_database
from tests.postgres import database_url, postgresql  # noqa: F401  # fixtures

# The engine's end takes as long as its idle loop sleeps: in a process that starts hundreds of them, that adds up.
durable.POLL = 0.01
# Nothing is on its way through the FuseDesk of a test for longer than this, as a part of the time that an answer may take.
once.LOST = 0.02


@dataclass
class World:
    slack: Slack
    desk: FuseDesk
    bot: Casebot
    url: str

    async def settled(self) -> None:
        """All that was asked for is done and told."""
        await self.slack.until(lambda: self.bot.busy == 0, what="the end of all that was asked for")

    async def case(self, text: str, *, user: str = JANE, channel: str = SUPPORT) -> Exchange:
        """Somebody types /case."""
        return await self.slack.command(user, channel, text)


def settings_for(slack_url: str, desk: FuseDesk, desk_url: str, **more: object) -> Settings:
    given: dict[str, object] = {
        "slack_bot_token": "xoxb-test",
        "slack_signing_secret": "s3cret",
        "slack_api_url": f"{slack_url}/api/",
        "fusedesk_app": "acme",
        "fusedesk_api_key": desk.api_key,
        "fusedesk_base_url": desk_url,
        "port": 0,
    }
    return read_settings(_env_file=None, **(given | more))


@asynccontextmanager
async def casebot_world(
    *,
    cases: int = 300,
    desk: FuseDesk | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    **settings: object,
) -> AsyncIterator[World]:
    slack = Slack()
    desk = desk or FuseDesk(cases=cases)
    if cases >= 234:
        desk.change(1234, status="new")
    # Jane is a rep of Support and Billing, Bob and Ada (an admin) are of Technical Support; Mia is a member and no rep.
    desk.change_rep(9, email="bob.stone@example.org")
    desk.change_rep(10, email="ada@acme.example")
    slack.add_user(JANE, name="jane", real_name="Jane Doe", email="jane.doe@example.org")
    slack.add_user(BOB, name="bob", real_name="Bob Stone", email="bob.stone@example.org")
    async with AsyncExitStack() as stack:
        slack_url = await stack.enter_async_context(slack.served())
        desk_url = await stack.enter_async_context(serve(desk.app))
        database = stack.enter_context(fresh_database())
        given = settings_for(slack_url, desk, desk_url, **{"database_url": database} | settings)
        bot = await build_app(given, now=now, sleep=sleep)
        url = await stack.enter_async_context(serve(bot.asgi, http=Entrance))
        slack.connect(url)
        yield World(slack, desk, bot, url)


@asynccontextmanager
async def restarted(world: World, *, names: bool = True) -> AsyncIterator[World]:
    """Another casebot on the same database, to which Slack now speaks. The one before does nothing more, as if killed. `names`:
    FuseDesk told it its names."""
    await world.bot.durable.stop()
    world.bot.alone.release()
    bot = await build_app(world.bot.settings)
    async with serve(bot.asgi, http=Entrance) as url:
        world.slack.connect(url)
        if names:
            await world.slack.until(lambda: bot.directory.ready, what="the names")
        yield World(world.slack, world.desk, bot, url)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with casebot_world() as made:
        # Latency and faults that a test sets are not meant for the names.
        await made.slack.until(lambda: made.bot.directory.ready, what="the names")
        yield made
        assert made.slack.faults == []


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:  # noqa: F811  # the fixture above
    made = Store(database_url)
    await made.open()
    yield made
    await made.close()
