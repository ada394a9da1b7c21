"""Migrations: one result whoever runs them, all or nothing, and no guess about a database that is newer."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from bot.database import DatabaseError, engine_for, in_words
from bot.migrations import HERE, migrate, pending
from bot.tables import metadata
from tests.databases import with_one_more

ROOT = Path(__file__).parent.parent
TABLES = {"cards", "message_cases", "rep_links", "opened", "audit", "intents", "marks", "replicas", "quotas", "drafts", "changes"}
STEPS = len(list((HERE / "versions").glob("r*.py")))

A_CASE = (
    "INSERT INTO message_cases (team, channel, ts, caseid, opened_at, opened_by) "
    "VALUES ('T1', 'C1', '1.1', 7, '2026-11-24 00:00:00', 'U1')"
)

# Ready, steady (a line of standard input), go.
ALONE = """
import sys
from pathlib import Path
from bot.database import engine_for
from bot.migrations import migrate
engine = engine_for(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(migrate(engine, Path(sys.argv[2])))
engine.dispose()
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = engine_for(database_url)
    yield made
    made.dispose()


def tables_of(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def starting(url: str, scripts: Path) -> subprocess.Popen[str]:
    """A process that is about to migrate, and does at `go`."""
    return subprocess.Popen(
        [sys.executable, "-c", ALONE, url, str(scripts)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(*processes: subprocess.Popen[str]) -> list[tuple[int, str, str]]:
    """How each ended: its code, what it printed, and what it complained of."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in processes]
    return [(process.returncode, out.strip(), err) for process, (out, err) in zip(processes, told, strict=True)]


def test_an_empty_database_gets_every_table_and_a_second_start_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) == STEPS
    assert tables_of(engine) == TABLES
    assert migrate(engine) == 0


def test_the_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    migrate(engine)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert differences == []


def test_the_steps_are_named_and_ordered_as_alembic_has_them(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    by_alembic = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    with engine.connect() as connection:
        assert pending(connection) == by_alembic[::-1]


def test_a_start_with_nothing_due_does_not_load_alembic(database_url: str, engine: Engine) -> None:
    migrate(engine)
    again = (
        "import sys; from bot.database import engine_for; from bot.migrations import migrate; "
        "print(migrate(engine_for(sys.argv[1])), 'alembic' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", again, database_url], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("0 False\n", "")


def test_what_is_pending_is_told_without_changing_anything(engine: Engine) -> None:
    with engine.connect() as connection:
        due = pending(connection)

    assert due == ["0001", "0002", "0003"]
    assert tables_of(engine) == set()


def test_what_the_first_casebot_kept_is_there_for_the_next(engine: Engine, tmp_path: Path) -> None:
    assert migrate(engine, of_the_first(tmp_path)) == 1
    with engine.begin() as connection:
        connection.execute(text(A_CASE))

    assert migrate(engine) == STEPS - 1
    with engine.connect() as connection:
        assert connection.execute(text("SELECT caseid, opened_by, key FROM message_cases")).all() == [(7, "U1", "")]


def of_the_first(place: Path) -> Path:
    """The migrations of the first casebot."""
    scripts = Path(shutil.copytree(HERE, place / "migrations"))
    for later in (scripts / "versions").glob("r*.py"):
        if later.stem != "r0001_first":
            later.unlink()
    return scripts


def test_a_later_casebot_changes_the_tables_and_keeps_what_they_hold(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(A_CASE))

    later = with_one_more(tmp_path)

    assert migrate(engine, later) == 1
    assert "more" in tables_of(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT caseid FROM message_cases")) == 7


def test_a_database_that_a_newer_casebot_changed_is_refused_untouched(engine: Engine, tmp_path: Path) -> None:
    migrate(engine, with_one_more(tmp_path))

    with pytest.raises(DatabaseError) as caught:
        migrate(engine)

    assert "newer casebot" in caught.value.why
    assert "9999" in caught.value.why
    assert "newer casebot" in caught.value.fix
    assert "more" in tables_of(engine)


@pytest.mark.parametrize("already", [True, False], ids=["after the first", "on an empty database"])
def test_a_migration_that_fails_leaves_everything_as_it_was(engine: Engine, tmp_path: Path, already: bool) -> None:
    if already:
        migrate(engine)
    before = tables_of(engine)
    broken = with_one_more(tmp_path, "op.execute('NONSENSE')")

    with pytest.raises(DatabaseError), in_words(engine.url):
        migrate(engine, broken)

    assert tables_of(engine) == before
    assert "extra" not in (columns_of(engine, "cards") if already else ())
    assert migrate(engine) == (0 if already else STEPS)


def columns_of(engine: Engine, table: str) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns(table)}


def test_a_process_that_is_killed_in_the_middle_leaves_a_usable_database(
    database_url: str, engine: Engine, tmp_path: Path
) -> None:
    deadly = with_one_more(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")

    [(code, _, _)] = go(starting(database_url, deadly))

    assert code == -9
    assert tables_of(engine) == set()
    assert migrate(engine) == STEPS


def test_processes_that_start_at_once_end_with_one_result(database_url: str, engine: Engine, tmp_path: Path) -> None:
    scripts = with_one_more(tmp_path)

    ended = go(*(starting(database_url, scripts) for _ in range(3)))

    assert [(code, err) for code, _, err in ended] == [(0, "")] * 3
    assert sorted(out for _, out, _ in ended) == ["0", "0", str(STEPS + 1)]
    assert migrate(engine, scripts) == 0


def test_a_user_without_rights_is_refused_at_the_start(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    owner = engine_for(url)
    with owner.begin() as connection:
        connection.execute(text("CREATE USER reader PASSWORD 'pg-reader'"))
    reader = engine_for(owner.url.set(username="reader", password="pg-reader").render_as_string(hide_password=False))

    with pytest.raises(DatabaseError) as on_empty:
        migrate(reader)
    migrate(owner)
    with owner.begin() as connection:
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    with pytest.raises(DatabaseError) as on_full:
        migrate(reader)

    reader.dispose()
    owner.dispose()
    assert {on_empty.value.facts["code"], on_full.value.facts["code"]} == {"42501"}
    assert "rights" in on_full.value.fix


def test_a_database_that_takes_no_writes_is_refused_at_the_start(postgresql: Callable[[], str]) -> None:
    engine = engine_for(f"{postgresql()}?options=-c%20default_transaction_read_only%3Don")

    with pytest.raises(DatabaseError) as caught:
        migrate(engine)

    engine.dispose()
    assert "cannot be written" in caught.value.why


def test_an_installed_casebot_has_its_migrations_with_it(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("casebot-*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")

    url, site = f"sqlite:///{tmp_path}/casebot.db", tmp_path / "site"
    start = f"import sys; sys.path.insert(0, {str(site)!r})\n{ALONE}"
    done = subprocess.run(
        [sys.executable, "-c", start, url, str(site / "bot/migrations")],
        cwd=tmp_path, input="go\n", capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.split() == ["ready", str(STEPS)]
    engine = engine_for(url)
    assert tables_of(engine) >= TABLES
    engine.dispose()
