"""The command `casebot`: what it prints, how it ends, and what the installed package holds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
import yaml
from click.testing import CliRunner

from bot.__main__ import Span, main
from bot.database import engine_for
from bot.migrations import migrate
from bot.standing import standing
from tests.databases import with_one_more
from tests.logging_kept import kept_logging
from tests.processes import NOTHING_SET, ROOT, address_of, running


@pytest.fixture
def casebot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """Types commands in an empty directory, with none of casebot's settings in the environment."""
    monkeypatch.chdir(tmp_path)
    with kept_logging():
        yield CliRunner(env=NOTHING_SET)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it would be installed."""
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)], cwd=ROOT, check=True, capture_output=True
    )
    return next(built.glob("casebot-*.whl"))


def installed(wheel: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command from the wheel, in a directory and on a path where the source is not."""
    start = (
        "import sys; "
        f"sys.path[:] = [{str(wheel)!r}] + [each for each in sys.path if each not in ('', {str(ROOT)!r})]; "
        "from bot.__main__ import main; main(prog_name='casebot')"
    )
    # Coverage is of the source, not of the copy in the wheel.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=wheel.parent,
        env=unmeasured,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_run_answers_until_it_is_told_to_stop_and_ends_well() -> None:
    async with running() as casebot, httpx.AsyncClient() as http:
        process = casebot.process
        health = await http.get(f"{await address_of(process)}/healthz")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            code = await process.wait()

    assert health.status_code == 200
    assert code == 0


async def test_run_ends_at_ctrl_c_without_a_trace() -> None:
    async with running() as casebot:
        process = casebot.process
        await address_of(process)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            _, told = await process.communicate()

    # A shell that put this test into the background made it, and so casebot, deaf to Ctrl-C in the usual way.
    heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    assert process.returncode == (130 if heard else 0)
    assert b"Traceback" not in told


@pytest.mark.parametrize("wrong", [{"SLACK_BOT_TOKEN": "xoxb-other"}, {"SLACK_APP_TOKEN": "xapp-other"}], ids=["bot", "app"])
async def test_run_with_a_token_that_slack_refuses_says_so_and_fails(wrong: dict[str, str]) -> None:
    async with running(**wrong) as casebot:
        process = casebot.process
        async with asyncio.timeout(30):
            _, told = await process.communicate()

    assert process.returncode == 1
    assert b"invalid_auth" in told
    assert b"casebot doctor" in told
    assert b"Traceback" not in told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://casebot:pass-word@127.0.0.1:1/casebot", b"PostgreSQL database casebot at 127.0.0.1:1 does not answer"),
        ("sqlite:////nowhere/casebot.db", b"SQLite file /nowhere/casebot.db cannot be opened"),
    ],
)
async def test_run_with_a_database_that_cannot_be_reached_says_so_and_fails(url: str, words: bytes) -> None:
    async with running(DATABASE_URL=url) as casebot:
        process = casebot.process
        async with asyncio.timeout(30):
            _, told = await process.communicate()

    assert process.returncode == 1
    assert words in told
    assert b"casebot doctor" in told
    assert b"Traceback" not in told
    assert b"pass-word" not in told


async def test_run_with_a_database_of_a_newer_casebot_says_so_and_fails(tmp_path: Path) -> None:
    engine = engine_for(f"sqlite:///{tmp_path}/casebot.db")
    migrate(engine, with_one_more(tmp_path))
    engine.dispose()

    async with running(DATABASE_URL=f"sqlite:///{tmp_path}/casebot.db") as casebot:
        process = casebot.process
        async with asyncio.timeout(30):
            _, told = await process.communicate()

    assert process.returncode == 1
    assert b"changed by a newer casebot" in told
    assert b"Traceback" not in told


async def test_run_makes_the_database_that_is_not_there_yet(tmp_path: Path) -> None:
    async with running(DATABASE_URL=f"sqlite:///{tmp_path}/casebot.db") as casebot:
        process = casebot.process
        await address_of(process)

        assert standing(f"sqlite:///{tmp_path}/casebot.db").due == 0


def test_run_without_settings_lists_what_to_set_and_where_to_get_it(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["run"])

    assert result.exit_code == 2
    for told in (
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "FUSEDESK_APP",
        "FUSEDESK_API_KEY",
        "is not set",
        "api.slack.com/apps",
    ):
        assert told in result.stderr
    assert result.stdout == ""


def test_run_shows_no_secret_of_a_setting_that_it_refuses(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["run"], env={"SLACK_BOT_TOKEN": "xoxp-hidden", "SLACK_APP_TOKEN": "hidden"})

    assert "begin with xoxb-" in result.stderr
    assert "hidden" not in result.output


def test_doctor_without_settings_lists_them_and_fails(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["doctor"])

    assert result.exit_code == 1
    assert "SLACK_BOT_TOKEN" in result.stdout
    assert "not asked until the settings are right" in result.stdout


def test_the_manifest_is_printed_with_the_address(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["manifest", "--url", "https://desk.acme.org"])

    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["features"]["slash_commands"][0]["url"] == "https://desk.acme.org/slack/events"


def test_the_manifest_is_printed_for_socket_mode(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["manifest", "--socket"])

    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize("flags", [[], ["--socket", "--url", "https://desk.acme.org"]])
def test_the_manifest_needs_to_know_how_slack_reaches_casebot(casebot: CliRunner, flags: list[str]) -> None:
    result = casebot.invoke(main, ["manifest", *flags])

    assert result.exit_code == 2
    assert "--url https://your-host, or --socket" in result.stderr


def test_an_address_that_slack_would_refuse_is_refused_in_words(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["manifest", "--url", "http://desk.acme.org"])

    assert result.exit_code == 2
    assert "https addresses only" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("typed", "seconds"), [("800ms", 0.8), ("1.5s", 1.5), (" 2 S ", 2.0), ("0ms", 0.0), (0.25, 0.25)])
def test_a_latency_is_read_as_people_write_it(typed: object, seconds: float) -> None:
    assert Span().convert(typed, None, None) == seconds


@pytest.mark.parametrize("typed", ["", "800", "-1s", "1m", "fast"])
def test_a_latency_that_is_none_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(click.BadParameter, match=r"800ms or 1\.5s"):
        Span().convert(typed, None, None)


def test_the_demo_refuses_a_latency_that_is_none(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["demo", "--latency", "fast"])

    assert result.exit_code == 2
    assert "800ms or 1.5s" in result.stderr


def test_help_names_the_commands(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["--help"])

    assert all(name in result.stdout for name in ("run", "demo", "doctor", "manifest", "audit"))


def test_the_package_holds_the_bot_and_its_manifest_and_no_simulator(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"bot", "handlers"}
    assert "bot/manifest.yml" in names
    assert zipfile.ZipFile(wheel).read("bot/manifest.yml") == (ROOT / "manifest.yml").read_bytes()


def test_an_installed_casebot_prints_its_manifest(wheel: Path) -> None:
    done = installed(wheel, "manifest", "--socket")

    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["features"]["slash_commands"][0]["command"] == "/case"


def test_an_installed_casebot_says_where_the_demo_is(wheel: Path) -> None:
    done = installed(wheel, "demo")

    assert done.returncode == 1
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr
