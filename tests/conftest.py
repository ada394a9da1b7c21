"""The world that the tests drive: casebot over its real entrance, between the stand-ins for Slack and FuseDesk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.app import Casebot, build_app
from bot.entrance import Entrance
from bot.settings import Settings, read_settings
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import BOB, JANE, SUPPORT, Exchange, Slack
from tests.databases import fresh_database
from tests.postgres import database_url, postgresql  # noqa: F401  # fixtures


@dataclass
class World:
    slack: Slack
    desk: FuseDesk
    bot: Casebot
    url: str

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
async def casebot_world(*, cases: int = 300, desk: FuseDesk | None = None, **settings: object) -> AsyncIterator[World]:
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
        bot = await build_app(settings_for(slack_url, desk, desk_url, **{"database_url": database} | settings))
        url = await stack.enter_async_context(serve(bot.asgi, http=Entrance))
        slack.connect(url)
        yield World(slack, desk, bot, url)


@asynccontextmanager
async def restarted(world: World) -> AsyncIterator[World]:
    """Another casebot on the same database, to which Slack now speaks."""
    bot = await build_app(world.bot.settings)
    async with serve(bot.asgi, http=Entrance) as url:
        world.slack.connect(url)
        await world.slack.until(lambda: bot.directory.ready, what="the names")
        yield World(world.slack, world.desk, bot, url)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with casebot_world() as made:
        # Latency and faults that a test sets are not meant for the names.
        await made.slack.until(lambda: made.bot.directory.ready, what="the names")
        yield made
        assert made.slack.faults == []
