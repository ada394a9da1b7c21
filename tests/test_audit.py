"""`casebot audit`, and what an entry of the audit refuses to hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from bot.__main__ import Since, main
from bot.audit import AuditEntry
from bot.settings import Settings
from bot.store import Store
from tests.logging_kept import kept_logging

NOTHING_SET = {name.upper(): None for name in Settings.model_fields}
NOW = datetime.now(UTC)
TRANSFER = AuditEntry(
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    user="U01JANE",
    team="T1",
    channel="C1",
    what="transfer",
    caseid=7,
    before={"departmentid": 268},
    after={"departmentid": 269, "repid": None},
    outcome="done",
)
REFUSED = AuditEntry(at=NOW - timedelta(hours=1), user="U05GUS", what="show", caseid=8, outcome="refused", detail="NotAllowed")


@pytest.fixture
def casebot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.chdir(tmp_path)
    with kept_logging():
        yield CliRunner(env=NOTHING_SET)


@pytest.fixture
async def kept(database_url: str) -> str:
    """The address of a database with two lines of audit."""
    store = Store(database_url)
    await store.open()
    for entry in (TRANSFER, REFUSED):
        await store.audit(entry)
    await store.close()
    return database_url


def rows(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output)))


def test_the_audit_is_printed_as_csv_with_no_other_setting_than_the_database(casebot: CliRunner, kept: str) -> None:
    result = casebot.invoke(main, ["audit", "--since", "2026-11-01", "--csv"], env={"DATABASE_URL": kept})

    first, second = rows(result.stdout)
    assert result.exit_code == 0
    assert first == {
        "id": "1",
        "at": "2026-11-20T12:30:00Z",
        "user": "U01JANE",
        "team": "T1",
        "channel": "C1",
        "what": "transfer",
        "caseid": "7",
        "before": '{"departmentid": 268}',
        "after": '{"departmentid": 269, "repid": null}',
        "outcome": "done",
        "detail": "",
    }
    assert (second["user"], second["before"], second["detail"]) == ("U05GUS", "", "NotAllowed")


def test_only_what_happened_since_then_is_printed(casebot: CliRunner, kept: str) -> None:
    result = casebot.invoke(main, ["audit", "--since", "24h", "--csv"], env={"DATABASE_URL": kept})

    assert [row["what"] for row in rows(result.stdout)] == ["show"]


def test_without_csv_it_is_a_table_to_read(casebot: CliRunner, kept: str) -> None:
    result = casebot.invoke(main, ["audit", "--since", "2026-11-01"], env={"DATABASE_URL": kept})

    assert all(word in result.stdout for word in ("casebot audit", "U01JANE", "transfer", "NotAllowed"))


def test_where_there_is_no_database_that_is_said_and_none_is_made(casebot: CliRunner, tmp_path: Path) -> None:
    result = casebot.invoke(main, ["audit"])

    assert result.exit_code == 1
    assert "SQLite file casebot.db is not there" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_casebot_s_tables_is_told_to_be_started_once(casebot: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "casebot.db").touch()

    result = casebot.invoke(main, ["audit"])

    assert result.exit_code == 1
    assert "start it once" in result.stderr


def test_a_database_that_does_not_answer_is_said_without_its_password(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["audit"], env={"DATABASE_URL": "postgresql://u:pass-word@127.0.0.1:1/casebot"})

    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "pass-word" not in result.output


def test_an_address_of_another_database_is_refused_with_its_setting(casebot: CliRunner) -> None:
    result = casebot.invoke(main, ["audit"], env={"DATABASE_URL": "mysql://u:pass-word@db/casebot"})

    assert result.exit_code == 2
    assert "DATABASE_URL" in result.stderr
    assert "pass-word" not in result.output


@pytest.mark.parametrize(("typed", "ago"), [("7d", timedelta(days=7)), ("24h", timedelta(hours=24)), (" 1D ", timedelta(days=1))])
def test_a_moment_is_read_as_people_write_it(typed: str, ago: timedelta) -> None:
    before = datetime.now(UTC)

    moment = Since().convert(typed, None, None)

    assert before - ago <= moment <= datetime.now(UTC) - ago


def test_a_date_is_its_beginning_in_utc() -> None:
    assert Since().convert("2026-01-31", None, None) == datetime(2026, 1, 31, tzinfo=UTC)
    assert Since().convert(NOW, None, None) == NOW


@pytest.mark.parametrize("typed", ["", "7", "7w", "2026-02-30", "yesterday", "-7d", "9999999d"])
def test_a_moment_that_is_none_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="7d, 24h or 2026-01-31"):
        Since().convert(typed, None, None)


@pytest.mark.parametrize(
    "given",
    [
        {"detail": "Printer on fire"},
        {"detail": "jane@example.com"},
        {"before": {"summary": "Printer on fire"}},
        {"after": {"email": "jane@example.com"}},
        {"after": {"tags": ["on fire"]}},
        {"detail": "=1+1"},
        {"user": "Jane Doe"},
    ],
)
def test_no_text_and_no_email_gets_into_the_audit(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        AuditEntry.model_validate({"user": "U1", "what": "note", "outcome": "done"} | given)

    assert not [word for word in ("fire", "jane", "Doe", "1+1") if word in str(caught.value)]


def test_an_entry_needs_a_moment_with_a_zone() -> None:
    with pytest.raises(ValidationError):
        AuditEntry(at=datetime(2026, 1, 1), user="U1", what="note", outcome="done")
