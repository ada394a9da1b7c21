"""The command `casebot`: run, demo, doctor, manifest, audit."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

import click

from bot import logs, manifest
from bot.errors import CaseError
from bot.settings import Read, Settings, SettingsError, read_kept, read_settings

log = logging.getLogger("bot")

UNREADABLE = 2
INTERRUPTED = 130
# Seconds that threads may take to end after everything else has, and until the end after casebot was told to, whatever still
# holds it up: Docker kills after ten.
_LAST_THREADS = 1.0
_AT_LAST = 9.0


class Span(click.ParamType[float]):
    """A time as people write it, `800ms` or `1.5s`, as seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)", str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is not a time such as 800ms or 1.5s", param, ctx)
        return float(match[1]) / (1000 if match[2] == "ms" else 1)


class Since(click.ParamType[datetime]):
    """A moment as people write it: `7d` or `24h` ago, or `2026-01-31` at its beginning in UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        typed = str(value).strip().lower()
        if match := re.fullmatch(r"(\d{1,5})([dh])", typed):
            hours = int(match[1]) * (24 if match[2] == "d" else 1)
            return datetime.now(UTC) - timedelta(hours=hours)
        try:
            return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 7d, 24h or 2026-01-31", param, ctx)


@click.group()
@click.version_option(package_name="casebot")
def main() -> None:
    """FuseDesk cases in Slack."""


@main.command()
def run() -> None:
    """Answer Slack: over Socket Mode where SLACK_APP_TOKEN is set, else over HTTP."""
    settings = _settings()
    logs.configure(settings.log_level, settings.log_format)
    from bot.app import serve  # here, because the other commands start faster without Bolt

    # uvicorn finishes what it has begun and then raises the signal once more; to be told to stop is no failure.
    ending = _hourglass()

    def told(*_: object) -> None:
        ending()
        sys.exit(0)

    signal.signal(signal.SIGTERM, told)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(settings, ready=_up, ending=ending))
    except CaseError as error:
        raise click.ClickException(f"casebot cannot start: {_why(error)}. `casebot doctor` shows how to mend it.") from error
    except KeyboardInterrupt:
        _leave(INTERRUPTED)
    except SystemExit as end:
        _leave(end.code)


def _hourglass() -> Callable[[], None]:
    """Turned over by what it returns, it ends the process when it has run out: what is not done by then is stored.

    It is there from the start, and turned by a queue, because a signal may come while a thread is being made or a lock is held.
    """
    turned: SimpleQueue[None] = SimpleQueue()

    def run_out() -> None:
        turned.get()
        time.sleep(_AT_LAST)
        os._exit(0)

    threading.Thread(target=run_out, daemon=True, name="hourglass").start()
    return lambda: turned.put(None)


def _leave(code: int | str | None) -> NoReturn:
    """Ends the process, if need be without threads that still wait for the database: what they hold is stored."""
    until = time.monotonic() + _LAST_THREADS
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread() and not thread.daemon]
    for thread in others:
        thread.join(max(until - time.monotonic(), 0.0))
    if any(thread.is_alive() for thread in others):
        logging.shutdown()
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code)


def _why(error: CaseError) -> str:
    """For whoever runs casebot; what an error `says` is for people in Slack."""
    from bot.database import DatabaseError  # here, because the other commands start faster without SQLAlchemy

    codes = " ".join(f"{name}={value}" for name, value in error.facts.items())
    return f"{error.why} ({codes})" if isinstance(error, DatabaseError) else codes or error.says


def _up(address: str) -> None:
    log.info("casebot is up", extra={"facts": {"address": address}})


@main.command()
@click.option("--cases", type=click.IntRange(min=1), default=300, show_default=True, help="How many cases FuseDesk shall hold.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where the page shall be.  [default: any free port]")
@click.option("--latency", type=Span(), default="0ms", show_default=True, help="How long FuseDesk shall take to answer.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="A file to keep everything in until the next time.")
@click.option("--reset", is_flag=True, help="Begin anew, whatever that file holds.")
def demo(cases: int, port: int, latency: float, keep: Path | None, reset: bool) -> None:
    """Try casebot in the browser, without Slack or FuseDesk: both are simulated on this machine."""
    try:
        import simulator.demo
    except ModuleNotFoundError as missing:
        raise click.ClickException(
            f"The demo is not part of the installed package ({missing.name} is missing). "
            "Get casebot's source and type `make demo` there."
        ) from missing
    simulator.demo.main(simulator.demo.Options(cases=cases, port=port, latency=latency, keep=keep, reset=reset))


@main.command()
def doctor() -> None:
    """Check every setting, Slack, FuseDesk and the clock, and say how to mend what is wrong."""
    from bot import doctor as checks

    logs.configure("ERROR")
    try:
        findings = asyncio.run(checks.examine(read_settings()))
    except SettingsError as error:
        findings = checks.unreadable(error)
    click.echo(checks.table(findings))
    sys.exit(1 if checks.failed(findings) else 0)


@main.command("manifest")
@click.option("--url", help="Where Slack reaches casebot: https://your-host")
@click.option("--socket", is_flag=True, help="For Socket Mode, which needs no address.")
def manifest_command(url: str | None, socket: bool) -> None:
    """Print the Slack app's manifest, to paste at api.slack.com/apps > Create New App > From a manifest."""
    if socket == bool(url):
        raise click.UsageError("Give either --url https://your-host, or --socket for Socket Mode.")
    try:
        filled = manifest.for_http(url) if url else manifest.for_socket_mode()
    except manifest.BadAddress as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    click.echo(manifest.written(filled), nl=False)


@main.command()
@click.option("--since", type=Since(), default="7d", show_default=True, help="From when on: 7d, 24h or 2026-01-31 (UTC).")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a file or another program.")
def audit(since: datetime, as_csv: bool) -> None:
    """Print who did what to which case, and how it ended; the oldest first."""
    url = _read(read_kept).database_url.get_secret_value()
    logs.configure("ERROR")
    from bot import export

    if wrong := export.not_ready(url):
        raise click.ClickException(wrong)
    if as_csv:
        asyncio.run(export.write_csv(url, since, sys.stdout))
    else:
        click.echo(asyncio.run(export.table(url, since)))


def _settings() -> Settings:
    return _read(read_settings)


def _read(reading: Callable[[], Read]) -> Read:
    try:
        return reading()
    except SettingsError as error:
        click.echo(_problems(error), err=True)
        sys.exit(UNREADABLE)


def _problems(error: SettingsError) -> str:
    from bot import printing  # here, because a casebot that starts draws no table

    return printing.table(
        ("set this", "because it", "where to get it"),
        error.problems,
        title="casebot cannot start yet",
        below="In the environment, or in a file .env in this directory. `casebot doctor` checks the rest.",
        whole=["set this"],
        width=printing.width_of(sys.stderr),
    )


def _loop_factory() -> Any:
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main(prog_name="casebot")
