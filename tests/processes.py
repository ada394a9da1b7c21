"""The real `casebot run` as a process of its own, between both simulators."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import Slack
from tests.databases import fresh_database

ROOT = Path(__file__).parent.parent
NOTHING_SET = {name.upper(): None for name in Settings.model_fields}


@dataclass
class Running:
    process: asyncio.subprocess.Process
    slack: Slack
    desk: FuseDesk


@asynccontextmanager
async def running(*, cases: int = 3, **given: str) -> AsyncIterator[Running]:
    """Started, with these settings among others; ended at the end. Where it answers says `address_of`."""
    slack, desk = Slack(), FuseDesk(cases=cases)
    with fresh_database() as database:
        async with slack.served() as slack_url, serve(desk.app) as fusedesk:
            settings = {
                "SLACK_BOT_TOKEN": "xoxb-test",
                "SLACK_SIGNING_SECRET": "s3cret",
                "SLACK_API_URL": f"{slack_url}/api/",
                "FUSEDESK_APP": "acme",
                "FUSEDESK_API_KEY": "fd-test-key",
                "FUSEDESK_BASE_URL": fusedesk,
                "DATABASE_URL": database,
                "PORT": "0",
                "LOG_FORMAT": "json",
                "CASEBOT_ACCESS": "members",
            }
            inherited = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"), cwd=ROOT, env=inherited | settings | given, stderr=asyncio.subprocess.PIPE
            )
            try:
                yield Running(process, slack, desk)
            finally:
                if process.returncode is None:
                    process.kill()
                await process.communicate()


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Where it answers, once it does."""
    assert process.stderr is not None
    async with asyncio.timeout(30):
        async for line in process.stderr:
            if "casebot is up" in line.decode():
                return str(json.loads(line)["address"])
    raise AssertionError("it ended before it was up")
