"""The real `casebot run` as a process of its own, between both simulators: one process, or several lives on one database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings import Settings
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import BOB, JANE, Slack
from tests.databases import fresh_database

ROOT = Path(__file__).parent.parent
NOTHING_SET = {name.upper(): None for name in Settings.model_fields}

_UP = 30.0
_END = 30.0
_LINES = 400


def settings_for(slack_url: str, desk_url: str, database: str, given: Mapping[str, str]) -> dict[str, str]:
    own = {
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_SIGNING_SECRET": "s3cret",
        "SLACK_API_URL": f"{slack_url}/api/",
        "FUSEDESK_APP": "acme",
        "FUSEDESK_API_KEY": "fd-test-key",
        "FUSEDESK_BASE_URL": desk_url,
        "DATABASE_URL": database,
        "PORT": "0",
        "LOG_FORMAT": "json",
        "CASEBOT_ACCESS": "members",
    }
    return own | dict(given)


async def spawned(settings: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Started with these settings and none of the environment's."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), cwd=ROOT, env=inherited | dict(settings), stderr=asyncio.subprocess.PIPE
    )


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
            process = await spawned(settings_for(slack_url, fusedesk, database, given))
            try:
                yield Running(process, slack, desk)
            finally:
                if process.returncode is None:
                    process.kill()
                await process.communicate()


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Where it answers, once it does."""
    assert process.stderr is not None
    async with asyncio.timeout(_UP):
        async for line in process.stderr:
            if "casebot is up" in line.decode():
                return str(json.loads(line)["address"])
    raise AssertionError("it ended before it was up")


def resident(pid: int) -> int:
    """A process's memory, in KiB (Linux only, as the next one)."""
    return int(Path(f"/proc/{pid}/status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0])


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Life:
    """One process from its start to its end; its log is read all the time, and its last lines are kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log: deque[str] = deque(maxlen=_LINES)
        self._address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for raw in self.process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            self.log.append(line)
            if "casebot is up" in line and not self._address.done():
                self._address.set_result(str(json.loads(line)["address"]))
        await self.process.wait()
        if not self._address.done():
            self._address.set_result("")

    async def up(self) -> str:
        """Where it answers, once it does."""
        async with asyncio.timeout(_UP):
            address = await asyncio.shield(self._address)
        assert address, f"it ended before it was up:\n{self.told()}"
        return address

    @property
    def ended(self) -> int | None:
        """How: the negative number of a signal, or the exit code. None while it runs."""
        return self.process.returncode

    async def kill(self) -> None:
        """SIGKILL, which leaves it no moment for anything; returns when the process is gone."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.end()

    async def stop(self) -> None:
        """SIGTERM: it finishes what it has begun. Returns when the process is gone; one that does not go is killed."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_END):
                await self.end()
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"it did not end within {_END:g} s of SIGTERM:\n{self.told()}") from None

    async def end(self) -> None:
        await asyncio.shield(self._reading)

    def told(self, lines: int = 25) -> str:
        """The end of its log, without uvicorn's own."""
        return "\n".join([told for told in map(_in_short, self.log) if told][-lines:])


def _in_short(line: str) -> str:
    try:
        read = json.loads(line)
    except ValueError:
        return line
    if read["logger"].startswith("uvicorn"):
        return ""
    more = {name: value for name, value in read.items() if name not in ("time", "level", "logger", "message")}
    return f"{read['time'][11:23]} {read['level']} {read['logger']}: {read['message']} {more or ''}".rstrip()


@dataclass
class Lives:
    """casebot's lives on one database, one after the other or side by side, between the same simulators."""

    slack: Slack
    desk: FuseDesk
    settings: dict[str, str]
    all: list[Life] = field(default_factory=list)

    async def start(self, *, connect: bool = True, **given: str) -> Life:
        """Another process, which answers; with `connect` Slack speaks to it from now on."""
        life = Life(await spawned(self.settings | given))
        self.all.append(life)
        address = await life.up()
        if connect:
            self.slack.connect(address)
        return life


@asynccontextmanager
async def lives(database: str = "", *, cases: int = 300, **given: str) -> AsyncIterator[Lives]:
    """Nobody lives yet; whoever still does is killed at the end. `database` is an address, "" for a SQLite file of its own."""
    slack, desk = Slack(), FuseDesk(cases=cases)
    desk.quota_limit = 1_000_000
    # Jane is a rep of Support and Billing, Bob of Technical Support.
    desk.change_rep(9, email="bob.stone@example.org")
    slack.add_user(JANE, name="jane", real_name="Jane Doe", email="jane.doe@example.org")
    slack.add_user(BOB, name="bob", real_name="Bob Stone", email="bob.stone@example.org")
    async with AsyncExitStack() as stack:
        slack_url = await stack.enter_async_context(slack.served())
        desk_url = await stack.enter_async_context(serve(desk.app))
        address = database or stack.enter_context(fresh_database())
        world = Lives(slack, desk, settings_for(slack_url, desk_url, address, given))
        try:
            yield world
        finally:
            for life in world.all:
                await life.kill()
