"""One casebot for each SQLite file, several for PostgreSQL; and what SQLite and PostgreSQL must have for DBOS."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import event, inspect, text

from bot import database
from bot.app import build_app
from bot.database import CONNECTIONS, Alone, DatabaseError, engine_for, engine_for_dbos, shut
from bot.durable import Durable
from bot.fusedesk.pace import Pace
from bot.fusedesk.quota import Quota
from bot.ledger import Ledger
from bot.operations import CaseRef
from bot.store import Store
from tests.conftest import World, casebot_world
from tests.flows import answer
from tests.postgres import PASSWORD, user_of
from tests.processes import ROOT

# A process that has the file until somebody ends it.
HOLDS = """
import asyncio, sys
from bot.database import Alone
alone = Alone(sys.argv[1])
asyncio.run(alone.take())
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/casebot.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a file gives up after a moment."""
    monkeypatch.setattr(database, "_ENDING", 0.2)


@pytest.fixture
async def holder(url: str) -> AsyncIterator[Alone]:
    alone = Alone(url)
    await alone.take()
    yield alone
    alone.release()


# One casebot for each file


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_one_casebot_has_is_refused_to_the_next_with_what_to_do(holder: Alone, url: str) -> None:
    second = Alone(url)

    with pytest.raises(DatabaseError) as caught:
        await second.take()

    assert "casebot.db is held by another casebot" in caught.value.why
    assert "PostgreSQL" in caught.value.fix
    assert (holder.taken, second.taken) == (True, False)


async def test_a_file_is_waited_for_as_long_as_a_casebot_may_take_to_end(holder: Alone, url: str) -> None:
    second = Alone(url)
    taking = asyncio.create_task(second.take())
    done, _ = await asyncio.wait({taking}, timeout=0.3)
    assert not done

    holder.release()
    await asyncio.wait_for(taking, 5)

    assert (holder.taken, second.taken) == (False, True)
    second.release()


@pytest.mark.usefixtures("impatient")
async def test_whoever_was_refused_is_in_nobody_s_way(holder: Alone, url: str) -> None:
    with pytest.raises(DatabaseError):
        await Alone(url).take()
    holder.release()

    third = Alone(url)
    await third.take()

    assert third.taken
    third.release()


@pytest.mark.usefixtures("impatient")
async def test_a_file_is_one_by_whatever_path_it_is_known(holder: Alone, tmp_path: Path) -> None:
    (tmp_path / "casebot.db").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/linked.db").symlink_to(tmp_path / "casebot.db")

    for path in ("sub/linked.db", "sub/../casebot.db"):
        with pytest.raises(DatabaseError):
            await Alone(f"sqlite:///{tmp_path}/{path}").take()

    assert holder.taken


@asynccontextmanager
async def holding(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that has the file."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDS, url, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.usefixtures("impatient")
async def test_a_casebot_that_is_killed_lets_go_of_the_file(url: str) -> None:
    alone = Alone(url)
    async with holding(url) as process:
        with pytest.raises(DatabaseError):
            await alone.take()

        process.kill()
        await process.wait()
        await alone.take()

    assert alone.taken
    alone.release()


async def test_whether_a_casebot_has_the_file_is_seen_without_leaving_a_trace(url: str, tmp_path: Path) -> None:
    alone = Alone(url)
    assert not alone.is_held()
    assert os.listdir(tmp_path) == []

    async with holding(url):
        assert alone.is_held()

    assert not alone.is_held()
    await alone.take()
    alone.release()


async def test_a_file_that_casebot_may_not_lock_is_refused_with_what_to_do(url: str, tmp_path: Path) -> None:
    (tmp_path / "casebot.db.lock").mkdir()

    with pytest.raises(DatabaseError) as taking:
        await Alone(url).take()
    with pytest.raises(DatabaseError) as looking:
        Alone(url).is_held()

    for caught in (taking, looking):
        assert "casebot.db.lock" in caught.value.why
        assert "let the user that runs casebot write" in caught.value.fix


async def test_a_disk_that_knows_no_locks_is_refused_with_what_to_do(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)

    with pytest.raises(DatabaseError, match="again") as caught:
        await Alone(url).take()

    assert "network share" in caught.value.fix
    assert caught.value.facts == {"code": "ENOLCK"}


async def test_postgresql_is_for_several_casebots_and_no_file_is_made(
    postgresql: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = [Alone(address) for address in [postgresql()] * 2]

    await asyncio.gather(first.take(), second.take())

    assert (first.taken, second.taken, first.is_held()) == (False, False, False)
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("impatient")
async def test_a_second_casebot_on_one_file_is_refused_and_the_first_works_on(world: World) -> None:
    with pytest.raises(DatabaseError) as caught:
        await build_app(world.bot.settings)

    told = await answer(world, "note 1234 Called back")
    assert "held by another casebot" in caught.value.why
    assert "Added the note" in told.plain()


# What DBOS needs


@asynccontextmanager
async def started(url: str) -> AsyncIterator[Durable]:
    """The engine, with nobody to do the work."""

    async def caseid(_: CaseRef) -> int:
        raise LookupError

    store = Store(url)
    durable = Durable(url, store.engine, Alone(url), Ledger(store), Pace(Quota()), caseid=caseid, known_id=lambda _: None)
    try:
        await store.open()
        await durable.start()
        yield durable
    finally:
        await durable.stop()
        await store.close()


async def test_the_engine_starts_on_an_empty_database_and_once_more_on_its_own(database_url: str) -> None:
    for _ in range(2):
        async with started(database_url):
            assert await DBOS.list_workflows_async() == []


def test_many_at_once_share_the_connections_that_are_there(postgresql: Callable[[], str]) -> None:
    engine, made = engine_for(postgresql()), []
    event.listen(engine, "connect", lambda *_: made.append(1))

    def work(_: int) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(0.01)"))

    with ThreadPoolExecutor(3 * CONNECTIONS) as threads:
        list(threads.map(work, range(10 * CONNECTIONS)))
    engine.dispose()

    assert 1 <= len(made) <= CONNECTIONS


def test_a_connection_that_is_in_use_when_the_engine_stops_is_closed_after_that(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    kept = engine_for(url)
    engine = engine_for_dbos(url, kept)
    with engine.connect() as connection:
        used: Any = connection.connection.driver_connection
        shut(engine)
        assert connection.execute(text("SELECT 1")).scalar() == 1

    assert used.closed
    kept.dispose()


async def test_the_file_is_free_for_the_next_casebot_once_this_one_stopped(url: str) -> None:
    async with casebot_world(database_url=url):
        assert Alone(url).is_held()

    assert not Alone(url).is_held()


async def test_the_file_is_free_for_the_next_casebot_though_the_engine_could_not_start(url: str) -> None:
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE dbos_migrations (something_else integer)"))
    engine.dispose()

    with pytest.raises(DatabaseError):
        async with casebot_world(database_url=url):
            raise AssertionError("it started")

    assert not Alone(url).is_held()


def test_sqlite_tells_the_moment_to_the_millisecond_however_old_it_is(url: str) -> None:
    """Before 3.42 it does not by itself."""
    engine = engine_for(url)
    before = time.time()

    with engine.connect() as connection:
        told = [connection.scalar(text(f"SELECT unixepoch({when})")) for when in ("'subsec'", "'now', 'subsec'")]
        whole = [connection.scalar(text(f"SELECT unixepoch({when})")) for when in ("", "'now'")]

    engine.dispose()
    assert all(isinstance(each, float) and before - 0.001 <= each <= time.time() + 0.001 for each in told)
    assert all(isinstance(each, int) and int(before) <= each <= time.time() for each in whole)


async def test_an_sqlite_that_the_engine_cannot_work_with_is_refused_at_the_start(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    store = Store(url)

    with pytest.raises(DatabaseError) as caught:
        await store.open()

    await store.close()
    assert "SQLite 3.34.1, and casebot needs 3.35" in caught.value.why
    assert "PostgreSQL" in caught.value.fix


async def refused(url: str) -> DatabaseError:
    """What whoever runs casebot is told where it cannot start."""
    with pytest.raises(DatabaseError) as caught:
        async with started(url):
            raise AssertionError("it started")
    return caught.value


async def test_a_user_who_may_make_no_schema_is_refused_before_anything_is_made(postgresql: Callable[[], str]) -> None:
    url = user_of(postgresql(), "GRANT CREATE ON SCHEMA public TO {user}")

    told = await refused(url)

    engine = engine_for(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    assert told.facts == {"code": "42501"}
    assert "GRANT CREATE ON DATABASE" in told.fix
    assert "CREATE SCHEMA dbos AUTHORIZATION" in told.fix
    assert PASSWORD not in f"{told.why} {told.fix}"


@pytest.mark.parametrize("right", ["GRANT CREATE ON DATABASE {database} TO {user}", "CREATE SCHEMA dbos AUTHORIZATION {user}"])
async def test_either_right_that_is_asked_for_is_enough(postgresql: Callable[[], str], right: str) -> None:
    async with started(user_of(postgresql(), "GRANT CREATE ON SCHEMA public TO {user}", right)):
        assert await DBOS.list_workflows_async() == []


async def test_a_schema_that_the_user_may_not_enter_is_refused(postgresql: Callable[[], str]) -> None:
    told = await refused(user_of(postgresql(), "GRANT CREATE ON SCHEMA public TO {user}", "CREATE SCHEMA dbos"))

    assert "CREATE SCHEMA dbos AUTHORIZATION" in told.fix


# What whoever works with tables that somebody else made needs.
EVERYTHING = (
    "GRANT USAGE ON SCHEMA dbos TO {user}",
    "GRANT ALL ON ALL TABLES IN SCHEMA public, dbos TO {user}",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public, dbos TO {user}",
)


@pytest.fixture
async def made(postgresql: Callable[[], str]) -> str:
    """A database with all its tables."""
    url = postgresql()
    async with started(url):
        return url


async def test_tables_that_somebody_else_made_can_be_used_with_all_the_rights(made: str) -> None:
    async with started(user_of(made, *EVERYTHING)):
        assert await DBOS.list_workflows_async() == []


@pytest.mark.parametrize(
    ("lacks", "fix"),
    [
        ("REVOKE UPDATE ON dbos.workflow_status FROM {user}", "and of all that stands there"),
        ("REVOKE USAGE ON SCHEMA dbos FROM {user}", "CREATE SCHEMA dbos AUTHORIZATION"),
        ("REVOKE USAGE ON SEQUENCE intents_id_seq FROM {user}", "rights to create and change tables"),
    ],
    ids=["a table of the engine", "the engine's schema", "the counting of wishes"],
)
async def test_a_right_that_is_missing_is_found_at_the_start(made: str, lacks: str, fix: str) -> None:
    told = await refused(user_of(made, *EVERYTHING, lacks))

    assert told.facts == {"code": "42501"}
    assert fix in told.fix
