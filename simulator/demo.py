"""`casebot demo`: the unchanged bot over signed HTTP between the two stand-ins, and the page on which to try it.

What belongs here: making the parts, in which order they start and end, and what is said meanwhile. Everything is on 127.0.0.1.
Nothing is kept, unless in a file that was asked for.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from simulator import keeping
from simulator.casebot import BotProcess, CannotStart
from simulator.fusedesk import FuseDesk
from simulator.page.app import Page
from simulator.page.look import OLU
from simulator.page.stage import Stage, staged
from simulator.page.tour_shown import prepare
from simulator.serving import serve
from simulator.slack import BILLING, BOARD, JANE, LEADS, RANDOM, SUPPORT, Slack

NAMES = ("GET /departments", "GET /reps", "GET /casetags")


@dataclass(frozen=True)
class Options:
    """`latency` in seconds; `keep` is the file that holds everything from one demo to the next."""

    cases: int = 300
    port: int = 0
    latency: float = 0.0
    keep: Path | None = None
    reset: bool = False


def _tell(words: str) -> None:
    print(words, flush=True)


def workspace() -> Slack:
    """A Slack in which two reps of FuseDesk work, and with the three channels that the page shows."""
    slack = Slack()
    slack.add_user(JANE, name="jane", real_name="Jane Doe", email="jane.doe@example.org")
    slack.add_user(OLU, name="olu", real_name="Olu Adeyemi", email="olu.adeyemi@example.org")
    for channel in (SUPPORT, BILLING, RANDOM):
        slack.channels[channel].members.add(OLU)
    for channel in (LEADS, BOARD):
        del slack.channels[channel]
    return slack


def settings(slack_url: str, desk_url: str, key: str, database: Path) -> dict[str, str]:
    """casebot's, as its `.env` would have them."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_SIGNING_SECRET": "s3cret",
        "SLACK_API_URL": f"{slack_url}/api/",
        "FUSEDESK_APP": "demo",
        "FUSEDESK_API_KEY": key,
        "FUSEDESK_BASE_URL": desk_url,
        "DATABASE_URL": f"sqlite:///{database}",
    }


@asynccontextmanager
async def playing(options: Options) -> AsyncIterator[tuple[str, Stage]]:
    """The whole demo, for as long as the block lasts: the page's address, and what stands behind it."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="casebot-demo-")))
        _tell(f"Making a FuseDesk with {options.cases:,} cases …")
        desk = FuseDesk(options.cases, path=str(options.keep or ":memory:"))
        stack.callback(desk.close)
        slack = workspace()
        if not (options.keep and keeping.restore(slack, options.keep)):
            prepare(slack)
        slack_url = await stack.enter_async_context(slack.served())
        desk_url = await stack.enter_async_context(serve(desk.app))
        database = (keeping.database(options.keep) if options.keep else directory / "casebot.db").resolve()
        given = settings(slack_url, desk_url, desk.api_key, database)
        bot = BotProcess(given, directory, up=slack.connect, changed=slack.changed.note)
        stack.push_async_callback(bot.stop)
        stage = staged(slack, desk, desk_url, bot)
        _tell("Starting casebot between it and a Slack …")
        await bot.start()
        await slack.until(lambda: all(desk.calls.count(name) for name in NAMES), timeout=30, what="the names")
        desk.latency = options.latency
        yield await stack.enter_async_context(serve(Page(stage).app, port=options.port)), stage
        if options.keep:
            keeping.keep(slack, options.keep)


async def _play(options: Options) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with playing(options) as (url, _):
        _tell(f"\nReady: {url}\nCtrl-C ends it.")
        if sys.stdout.isatty():
            _open(url)
        await stop.wait()
    _tell("\nEnded.")


def _open(url: str) -> None:
    """In the browser, when there is one with windows: one that lives in the terminal would take it away from us."""
    with suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)


def main(options: Options) -> None:
    """Returns when it was ended by Ctrl-C. Raises ClickException when it could not start."""
    try:
        if options.keep and options.reset:
            keeping.forget(options.keep)
        asyncio.run(_play(options))
    except sqlite3.DatabaseError as fault:
        raise click.ClickException(f"{options.keep} is no file of the demo ({fault}).") from fault
    except OSError as fault:
        raise click.ClickException(f"Port {options.port} cannot be had: {fault.strerror or fault}.") from fault
    except CannotStart as fault:
        raise click.ClickException(f"casebot did not start. The end of its log:\n{fault}") from fault
