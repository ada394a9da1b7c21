"""`casebot doctor`: each fault is found, has its fix beside it, and no secret is shown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import text

from bot import doctor, manifest
from bot.database import Alone, engine_for
from bot.doctor import Finding, examine
from bot.migrations import migrate
from bot.settings import Settings, SettingsError, read_settings
from bot.store import Store
from simulator.fusedesk import FuseDesk
from simulator.serving import cut, serve
from simulator.slack import Slack
from tests.databases import with_one_more
from tests.postgres import user_of

# Nothing listens on port 1.
NOBODY = "http://127.0.0.1:1"
SECRETS = ("xoxb-test", "xapp-test", "s3cret", "fd-test-key", "pass-word")
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def desk(slack: Asgi | None = None, fusedesk: FuseDesk | None = None, **given: object) -> AsyncIterator[Settings]:
    """Both simulators on loopback, and the settings that lead there."""
    async with serve(slack or Slack().app) as slack_url, serve((fusedesk or FuseDesk(cases=1)).app) as fusedesk_url:
        yield read_settings(
            _env_file=None,
            **{
                "slack_bot_token": "xoxb-test",
                "slack_signing_secret": "s3cret",
                "slack_api_url": f"{slack_url}/api/",
                "fusedesk_app": "acme",
                "fusedesk_api_key": "fd-test-key",
                "fusedesk_base_url": fusedesk_url,
                # Not there, and never made by a check.
                "database_url": "sqlite:///casebot-that-is-not-there.db",
                **given,
            },
        )


async def seen(slack: Asgi | None = None, fusedesk: FuseDesk | None = None, **given: object) -> dict[str, Finding]:
    """What the doctor finds, by what was looked at."""
    async with desk(slack, fusedesk, **given) as settings:
        return {finding.what: finding for finding in await examine(settings)}


def answering(app: Asgi, **changed: str | None) -> Asgi:
    """The app with other headers in its answers: `x_oauth_scopes="commands"`; None takes one away."""
    names = {name.replace("_", "-").encode(): value for name, value in changed.items()}

    async def changing(scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [(key, value) for key, value in message["headers"] if key.lower() not in names]
                message["headers"] = kept + [(key, value.encode()) for key, value in names.items() if value is not None]
            await send(message)

        await app(scope, receive, sent)

    return changing


def on_a_page(text: str) -> Asgi:
    """What stands in between answers with a page of its own."""

    async def page(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        await send({"type": "http.response.start", "status": 502, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": text.encode()})

    return page


async def lifespan(receive: Any, send: Any) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


def printed(findings: list[Finding], width: int = 200) -> str:
    return click.unstyle(doctor.table(findings, width))


async def test_where_all_is_well_nothing_fails_and_every_setting_is_listed() -> None:
    fusedesk = FuseDesk(cases=1)

    findings = await seen(fusedesk=fusedesk)

    counts = (len(fusedesk.departments()), len(fusedesk.reps()), len(fusedesk.tags()))
    assert {finding.state for finding in findings.values()} == {"ok"}
    assert {name.upper() for name in Settings.model_fields} <= set(findings)
    assert not doctor.failed(list(findings.values()))
    assert findings["names"].says == "{} departments, {} reps, {} tags".format(*counts)
    assert "calls left this hour" in findings["FuseDesk quota"].says


async def test_no_secret_is_shown() -> None:
    given = {"slack_app_token": "xapp-test", "fusedesk_base_url": "https://me:pass-word@127.0.0.1:9"}

    async with desk(Slack(app_token="xapp-test").app, **given) as settings:
        text = printed(await examine(settings))

    assert "https://…@127.0.0.1:9" in text
    assert not [secret for secret in SECRETS if secret in text]


async def test_a_setting_tells_whether_it_is_the_default() -> None:
    findings = await seen(port=8080)

    assert findings["PORT"].says == "8080"
    assert findings["HOST"].says == "127.0.0.1 (default)"


async def test_an_address_without_encryption_is_warned_of_unless_it_stays_on_this_machine() -> None:
    findings = await seen(fusedesk_base_url="http://fusedesk.invalid")

    assert findings["FUSEDESK_BASE_URL"].state == "warn"
    assert findings["SLACK_API_URL"].state == "ok"


async def test_a_wrong_slack_token_is_found_with_where_to_get_the_right_one() -> None:
    findings = await seen(slack_bot_token="xoxb-other")

    assert findings["Slack token"].state == "fail"
    assert "invalid_auth" in findings["Slack token"].says
    assert "OAuth & Permissions" in findings["Slack token"].fix


async def test_a_missing_scope_is_named() -> None:
    findings = await seen(Slack(scopes=manifest.bot_scopes() - {"users:read.email"}).app)

    assert findings["Slack scopes"] == Finding("Slack scopes", "fail", "missing: users:read.email", doctor.REINSTALL)


async def test_scopes_that_casebot_does_not_use_are_named_but_no_fault() -> None:
    findings = await seen(Slack(scopes=manifest.bot_scopes() | {"files:read"}).app)

    assert findings["Slack scopes"].state == "ok"
    assert "files:read" in findings["Slack scopes"].says


async def test_scopes_that_slack_does_not_tell_are_a_warning() -> None:
    findings = await seen(answering(Slack().app, x_oauth_scopes=None))

    assert findings["Slack scopes"].state == "warn"


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0, "ok", "as Slack's"),
        (-20, "ok", "ahead of Slack's"),
        (-120, "warn", "ahead of Slack's"),
        (120, "warn", "behind Slack's"),
        (400, "fail", "every request from Slack would be refused"),
        (-400, "fail", "every request from Slack would be refused"),
    ],
)
async def test_a_clock_that_differs_from_slack_s_is_found(ahead: int, state: str, words: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)

    findings = await seen(answering(Slack().app, date=date))

    assert findings["clock"].state == state
    assert words in findings["clock"].says


@pytest.mark.parametrize("date", [None, "yesterday"])
async def test_a_clock_that_cannot_be_compared_is_no_fault(date: str | None) -> None:
    findings = await seen(answering(Slack().app, date=date))

    assert findings["clock"].state == "skipped"


async def test_socket_mode_is_tried_with_its_own_token() -> None:
    findings = await seen(Slack(app_token="xapp-test").app, slack_app_token="xapp-test")

    assert findings["way in"] == Finding("way in", "ok", "Socket Mode")


async def test_a_wrong_app_token_is_found_with_where_to_get_the_right_one() -> None:
    findings = await seen(Slack(app_token="xapp-test").app, slack_app_token="xapp-other")

    assert findings["way in"].state == "fail"
    assert "invalid_auth" in findings["way in"].says
    assert "connections:write" in findings["way in"].fix


async def test_a_connection_that_breaks_while_socket_mode_is_tried_is_found() -> None:
    slack = Slack()

    async def breaking(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("apps.connections.open"):
            await cut(scope, receive)
        else:
            await slack.app(scope, receive, send)

    findings = await seen(breaking, slack_app_token="xapp-test")

    assert findings["Slack token"].state == "ok"
    assert "does not answer" in findings["way in"].says


async def test_a_slack_that_does_not_answer_is_found() -> None:
    findings = await seen(slack_api_url=f"{NOBODY}/api/")

    assert findings["Slack token"].state == "fail"
    assert "does not answer" in findings["Slack token"].says
    assert findings["FuseDesk key"].state == "ok"


async def test_a_slack_that_is_not_well_is_not_blamed_on_the_token() -> None:
    slack = Slack()
    slack.down = True

    findings = await seen(slack.app)

    assert findings["Slack token"].says == "Slack cannot say: service_unavailable"


async def test_a_page_in_between_is_not_taken_for_slack_and_not_quoted() -> None:
    async with desk(on_a_page("Dear jane@example.com, log in")) as settings:
        findings = await examine(settings)

    assert "what answers is not Slack (HTTP 502)" in printed(findings)
    assert "jane@example.com" not in printed(findings)


async def test_a_wrong_fusedesk_key_is_found_and_nothing_more_is_asked() -> None:
    findings = await seen(fusedesk_api_key="other")

    assert findings["FuseDesk key"] == Finding(
        "FuseDesk key", "fail", "FuseDesk refused the key", "FuseDesk > Settings > API Keys, with the scopes "
        "reps, departments, cases, cases_create, cases_update and casetags",
    )  # fmt: skip
    assert findings["names"].state == "skipped"


async def test_a_scope_that_the_key_lacks_is_named() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.scopes -= {"cases_update"}

    findings = await seen(fusedesk=fusedesk)

    assert (findings["FuseDesk key"].state, findings["FuseDesk key"].says) == ("fail", "lacks: cases_update")


async def test_a_fusedesk_that_does_not_answer_is_found() -> None:
    findings = await seen(fusedesk_base_url=NOBODY)

    assert findings["FuseDesk key"].says == "FuseDesk does not answer"
    assert "FUSEDESK_APP" in findings["FuseDesk key"].fix


async def test_a_fusedesk_that_does_not_tell_the_scopes_is_asked_for_the_names_all_the_same() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.fail("GET /session/permissions", how="garbage")

    findings = await seen(fusedesk=fusedesk)

    assert findings["FuseDesk key"].state == "warn"
    assert findings["names"].state == "ok"


async def test_a_used_up_quota_is_told_in_its_own_words() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.quota_left = 0

    findings = await seen(fusedesk=fusedesk)

    assert "allows no more calls this hour" in findings["FuseDesk key"].says


async def test_a_low_quota_is_warned_of() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.quota_left = 20

    findings = await seen(fusedesk=fusedesk)

    assert findings["FuseDesk quota"].state == "warn"
    assert "kept for changes, cases are shown from memory" in findings["FuseDesk quota"].says


async def test_names_that_cannot_be_loaded_are_a_fault() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.fail("GET /casetags", how="503", times=None)

    findings = await seen(fusedesk=fusedesk)

    assert findings["names"].state == "fail"


async def test_no_names_at_all_are_a_fault() -> None:
    fusedesk = FuseDesk(cases=1)
    for name in ("departments", "reps", "casetags"):
        fusedesk.fail(f"GET /{name}", how="503", times=None)

    findings = await seen(fusedesk=fusedesk)

    assert findings["names"].state == "fail"


async def test_a_desk_without_departments_is_a_fault() -> None:
    fusedesk = FuseDesk(cases=1)
    for department in fusedesk.departments().values():
        fusedesk.archive_department(department)

    findings = await seen(fusedesk=fusedesk)

    assert findings["names"].state == "fail"
    assert "0 departments" in findings["names"].says


async def test_reps_without_emails_are_warned_of_with_what_to_do() -> None:
    fusedesk = FuseDesk(cases=1)
    fusedesk.reps_have_emails = False

    findings = await seen(fusedesk=fusedesk)

    assert findings["who is who"].state == "warn"
    assert "full name" in findings["who is who"].fix


async def test_a_default_department_is_looked_up_as_people_type_it() -> None:
    fusedesk = FuseDesk(cases=1)
    name, number = next(iter(fusedesk.departments().items()))

    findings = await seen(fusedesk=fusedesk, casebot_default_department=name.upper())

    assert findings["default department"] == Finding("default department", "ok", f"{name} ({number})")


async def test_a_default_department_that_is_gone_is_a_fault_with_those_that_exist() -> None:
    fusedesk = FuseDesk(cases=1)

    findings = await seen(fusedesk=fusedesk, casebot_default_department="Zeppelin Hangar")

    assert findings["default department"].state == "fail"
    assert "CASEBOT_DEFAULT_DEPARTMENT" in findings["default department"].fix


async def test_a_database_that_is_not_there_yet_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert findings["database"].state == "ok"
    assert "will be created at the start" in findings["database"].says
    assert os.listdir(tmp_path) == []


async def test_a_database_that_is_ready_is_told_without_its_password(database_url: str) -> None:
    store = Store(database_url)
    await store.open()
    await store.close()

    async with desk(database_url=database_url) as settings:
        findings = await examine(settings)

    assert "up to date and writable" in printed(findings)
    assert not [secret for secret in (*SECRETS, "pg-s3cret") if secret in printed(findings)]


async def test_migrations_that_the_next_start_will_run_are_counted(database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE other (id integer)"))
    engine.dispose()

    findings = await seen(database_url=database_url)

    assert findings["database"].state == "ok"
    assert "migrations pending: 3;" in findings["database"].says


async def test_a_database_of_a_newer_casebot_is_a_fault(database_url: str, tmp_path: Path) -> None:
    engine = engine_for(database_url)
    migrate(engine, with_one_more(tmp_path))
    engine.dispose()

    findings = await seen(database_url=database_url)

    assert findings["database"].state == "fail"
    assert "newer casebot" in findings["database"].says


async def test_a_directory_that_is_not_there_is_a_fault_with_what_to_do(tmp_path: Path) -> None:
    findings = await seen(database_url=f"sqlite:///{tmp_path}/nowhere/casebot.db")

    assert findings["database"].state == "fail"
    assert "DATABASE_URL" in findings["database"].fix


async def test_a_file_that_is_no_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "casebot.db").write_text("Dear diary, " * 99)

    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert "is no database" in findings["database"].says


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_database_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/casebot.db")
    await store.open()
    await store.close()
    (tmp_path / "casebot.db").chmod(0o400)

    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert "cannot be written" in findings["database"].says


async def test_a_look_at_a_database_leaves_no_file_behind(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/casebot.db")
    await store.open()
    await store.close()

    await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert os.listdir(tmp_path) == ["casebot.db"]


async def test_a_database_in_use_is_looked_at_all_the_same(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/casebot.db")
    await store.open()
    await store.case_opened(7, "U1")

    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    await store.close()
    assert "up to date" in findings["database"].says


async def test_a_file_that_a_casebot_works_with_is_told_as_such(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/casebot.db"
    store, alone = Store(url), Alone(url)
    await store.open()
    await alone.take()

    findings = await seen(database_url=url)

    alone.release()
    await store.close()
    assert findings["database"].state == "ok"
    assert "a casebot works with it right now; another one needs PostgreSQL" in findings["database"].says


async def test_a_file_that_cannot_be_locked_is_a_fault(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/casebot.db")
    await store.open()
    await store.close()
    (tmp_path / "casebot.db.lock").mkdir()

    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert findings["database"].state == "fail"
    assert "casebot.db.lock" in findings["database"].says
    assert "let the user that runs casebot write" in findings["database"].fix


@pytest.mark.parametrize(("version", "state"), [((3, 34, 1), "fail"), ((3, 40, 1), "ok")], ids=str)
async def test_an_sqlite_is_a_fault_only_where_it_is_too_old_to_work_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], state: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")

    findings = await seen(database_url=f"sqlite:///{tmp_path}/casebot.db")

    assert findings["database"].state == state
    assert ("SQLite 3.34.1, and casebot needs 3.35" in findings["database"].says) is (state == "fail")


async def test_a_postgresql_user_who_may_make_no_schema_is_a_fault_with_what_to_do(postgresql: Callable[[], str]) -> None:
    url = user_of(postgresql(), "GRANT CREATE ON SCHEMA public TO {user}")

    findings = await seen(database_url=url)

    assert findings["database"].state == "fail"
    assert "GRANT CREATE ON DATABASE" in findings["database"].fix
    assert "pg-s3cret" not in printed(list(findings.values()))


async def test_a_postgresql_user_with_both_rights_is_no_fault(postgresql: Callable[[], str]) -> None:
    rights = "GRANT CREATE ON SCHEMA public TO {user}", "GRANT CREATE ON DATABASE {database} TO {user}"

    findings = await seen(database_url=user_of(postgresql(), *rights))

    assert findings["database"].state == "ok"


async def test_a_postgresql_that_does_not_answer_is_a_fault_without_its_password() -> None:
    findings = await seen(database_url="postgresql://casebot:pass-word@127.0.0.1:1/casebot")

    assert findings["database"].says == "PostgreSQL database casebot at 127.0.0.1:1 does not answer"
    assert "pass-word" not in printed(list(findings.values()))


async def test_a_postgresql_that_refuses_the_login_is_told_from_one_that_is_not_there(postgresql: Callable[[], str]) -> None:
    url = postgresql()

    refused = await seen(database_url=url.replace("pg-s3cret", "pass-word"))
    missing = await seen(database_url=f"{url}_not")

    assert "refuses the login" in refused["database"].says
    assert "%40" in refused["database"].fix
    assert "does not exist" in missing["database"].says
    assert "pass-word" not in printed([*refused.values(), *missing.values()])


def test_settings_that_cannot_be_read_are_listed_with_their_fix() -> None:
    findings = doctor.unreadable(SettingsError([("FUSEDESK_APP", "is not set", "the APPNAME")]))

    assert doctor.failed(findings)
    assert "the APPNAME" in printed(findings)


def test_a_narrow_terminal_keeps_what_was_checked_in_one_piece() -> None:
    findings = [Finding("CASEBOT_DEFAULT_DEPARTMENT", "fail", "[red]no such[/red] " * 9, "set it " * 9)]

    assert "CASEBOT_DEFAULT_DEPARTMENT" in printed(findings, width=70)
    assert "[red]no" in printed(findings, width=70)
