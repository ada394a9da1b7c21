"""The database: how it is reached, and how its faults become words.

What belongs here: the engine, and what SQLite and PostgreSQL need to behave alike. Tables are in `bot.tables`, their history in
`bot.migrations`, statements in `bot.store`. Nothing that is said or logged here bears a login, a statement or a value.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import CaseError

try:
    import fcntl
except ImportError:  # Windows, where whoever runs casebot has to see to it that it runs once
    fcntl = None  # type: ignore[assignment]  # the module, or nothing

# An execution option of `Engine`, heard by SQLite alone: take the write lock at the beginning. A transaction that has read
# before it writes is refused at once when somebody else wrote meanwhile, and no busy_timeout helps it.
WRITING = {"casebot_begin": "BEGIN IMMEDIATE"}
# Another one: Python's driver begins, at the first statement that writes, as DBOS expects.
_LEFT_TO_THE_DRIVER = {"casebot_begin": None}

# RETURNING, by which DBOS stores a wish. RHEL 9 has 3.34, for example.
_OLDEST_SQLITE = (3, 35)
# Longer than any of casebot's transactions takes, and shorter than a person's patience.
_BUSY_MS = 10_000
# Seconds that a casebot which is told to stop may take, and its successor waits for its file.
_ENDING = 12.0
# How many of PostgreSQL's connections an engine keeps once it had need of them; there are two engines. Whoever comes when all are
# in use waits in line. To make one costs as much as a change does: SQLAlchemy's own five, and more for a moment, were made anew
# for nearly every change where twenty came at once.
CONNECTIONS = 10
# libpq waits for ever by itself: seconds to connect, and milliseconds until a network that swallows everything counts as cut.
_PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "10000"}

_WRITABLE = "let the user that runs casebot write the file and its directory, or set DATABASE_URL to another"
_RIGHTS = "give the user of DATABASE_URL the rights to create and change tables in its schema"
_LOGIN = "set user and password in DATABASE_URL; signs such as @ / : # are written %40 %2F %3A %23 there"

# SQLite's own names of faults, by how they begin: https://www.sqlite.org/rescode.html
_OF_SQLITE = {
    "SQLITE_CANTOPEN": ("cannot be opened", _WRITABLE),
    "SQLITE_READONLY": ("cannot be written", _WRITABLE),
    "SQLITE_PERM": ("cannot be written", _WRITABLE),
    "SQLITE_NOTADB": ("is no database", "move that file away, or set DATABASE_URL to another"),
    "SQLITE_CORRUPT": ("is damaged", "restore it from a backup, or move it away to begin anew"),
    "SQLITE_BUSY": ("is held by somebody else", "end what holds it; several casebots at once need PostgreSQL"),
    "SQLITE_FULL": ("has no room left", "make room on that disk"),
    "SQLITE_IOERR": ("cannot be read or written", "check the disk; a network share is no place for SQLite"),
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html, by how they begin
_OF_POSTGRESQL = {
    "28": ("refuses the login", _LOGIN),
    "3D000": ("does not exist", "create it, or set DATABASE_URL to one that exists"),
    "42501": ("refuses casebot what it needs", _RIGHTS),
    "25006": ("cannot be written", "let DATABASE_URL lead to the primary, and to a user who may write"),
    "55P03": ("is held by another casebot that changes its tables", "wait for that one to end, or end it"),
    "53": ("has no room left", "see PostgreSQL's log: connections, memory or disk are used up"),
}
# Of both, what says that the database takes nothing right now, whatever it is asked.
_TAKES_NOTHING = ("SQLITE_FULL", "SQLITE_IOERR", "25006")
# A connection that fails carries no code, only the server's words. In another language they are not known: no harm.
_SPOKEN = {
    "authentication failed": "28",
    "no password supplied": "28",
    "pg_hba.conf": "28",
    "role ": "28",
    "database ": "3D000",
    "too many": "53",
}
_SILENT = ("does not answer", "check that it runs, and the network and DATABASE_URL from this machine")


class DatabaseError(CaseError):
    """The database would or could not.

    `says` is for a person in Slack, who cannot mend it; `why` and `fix` are for whoever runs casebot.
    """

    passing = True
    # For a wish that waits: its person has nothing to do.
    meanwhile = "casebot cannot get at its own records right now."

    def __init__(self, why: str, fix: str, *, code: str) -> None:
        super().__init__(f"{self.meanwhile} Try again in a minute.", code=code)
        self.why = why
        self.fix = fix


def make_private(url: str | URL) -> None:
    """A new SQLite file is readable for its owner alone, for what people wrote waits in it. One that is there stays as it is.
    Raises DatabaseError where it cannot be made."""
    file = make_url(url).database if is_sqlite(url) else None
    if not file or file == ":memory:" or file.startswith("file:"):
        return
    try:
        Path(file).touch(mode=0o600)
    except OSError as fault:
        raise as_error(url, "SQLITE_CANTOPEN") from fault


def is_sqlite(url: str | URL) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def check_sqlite() -> None:
    """Raises DatabaseError where the SQLite of this Python is too old."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        needed = ".".join(map(str, _OLDEST_SQLITE))
        why = f"This Python comes with SQLite {sqlite3.sqlite_version}, and casebot needs {needed}"
        raise DatabaseError(why, "use another Python, or let DATABASE_URL lead to PostgreSQL", code="old")


def place_of(url: str | URL) -> str:
    """What may be shown of an address. Built from the parts that are no secret: a query may hold a password, too."""
    parts = make_url(url)
    if is_sqlite(url):
        return f"SQLite file {parts.database}"
    host = f"{parts.host or 'its own socket'}{f':{parts.port}' if parts.port else ''}"
    return f"PostgreSQL database {parts.database or parts.username or ''} at {host}"


def engine_for(url: str) -> Engine:
    """An engine, not yet connected; whoever makes it disposes of it.

    On SQLite it has one connection, for which whoever comes second waits in line: several would ask for the one write lock
    again and again, and who is lucky gets it.
    """
    parts = make_url(url)
    if is_sqlite(url):
        engine = create_engine(parts, hide_parameters=True, poolclass=QueuePool, pool_size=1, max_overflow=0)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    else:
        engine = create_engine(
            parts, hide_parameters=True, pool_pre_ping=True, pool_size=CONNECTIONS, max_overflow=0, connect_args=_patience(parts)
        )
    event.listen(engine, "handle_error", _lost)
    return engine


def engine_for_dbos(url: str, engine: Engine) -> Engine:
    """The engine that DBOS works with: on SQLite over the same connection as `engine`."""
    return engine.execution_options(**_LEFT_TO_THE_DRIVER) if is_sqlite(url) else engine_for(url)


def shut(engine: Engine) -> None:
    """Ends the connections of DBOS's engine, also those that a thread of DBOS still works with: these when it is done. Where it
    is not the store's, too, it makes no more: in threads of its own DBOS asks for a database that is away until it is back, and
    Python does not end before them."""
    if not is_sqlite(engine.url):
        event.listen(engine, "do_connect", _refuse)
        # Before `dispose`, which forgets those that are in use: they would come back to nobody, and stay open.
        event.listen(engine, "checkin", _close)
        engine.dispose()


async def within(seconds: float, work: Callable[[], object]) -> bool:
    """Does what may wait for the database however long; False where it was not done so soon. Then it is left to a thread that
    ends with the process."""
    done: Future[object] = Future()
    # So that giving up on it here leaves it be there.
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as fault:  # noqa: BLE001  # whoever waits gets it
            done.set_exception(fault)

    threading.Thread(target=run, daemon=True).start()
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            await asyncio.wrap_future(done)
    except TimeoutError:
        return False
    return True


def _refuse(*_: Any) -> None:
    raise RuntimeError("casebot is done with its database")


def _close(_: Any, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _lost(fault: ExceptionContext) -> None:
    """A database that takes nothing counts as one whose connection was lost. DBOS waits for that one, and ends a wish over any
    other fault; and the next connection may lead to the primary again."""
    if isinstance(fault.sqlalchemy_exception, DBAPIError) and _code(fault.original_exception).startswith(_TAKES_NOTHING):
        fault.is_disconnect = True


def _patience(parts: URL) -> dict[str, str]:
    return {name: value for name, value in _PATIENCE.items() if name not in parts.query}


# https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable: Python's own way to begin transactions leaves
# changes of tables outside of them.
def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    try:
        if sqlite3.sqlite_version_info < (3, 42):
            connection.create_function("unixepoch", -1, _unixepoch, deterministic=False)
        for pragma in (f"busy_timeout={_BUSY_MS}", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        _write_ahead(connection)
    except Exception:  # raised again: a connection that is half prepared must not stay open
        connection.close()
        raise


def _unixepoch(*when: str) -> float | int | None:
    """SQLite's own function, of which the one before 3.42 does not know the fractions that DBOS asks for.

    Only for this moment, which is all that is asked: https://www.sqlite.org/lang_datefunc.html
    """
    if when not in ((), ("now",), ("subsec",), ("now", "subsec")):
        return None
    return round(time.time(), 3) if "subsec" in when else int(time.time())


def _write_ahead(connection: Any) -> None:
    """Turns WAL on, so that readers and the writer do not wait for each other. The file remembers it."""
    for _ in range(10):
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorname != "SQLITE_BUSY":
                raise
        # Two that turn it on at the same moment refuse each other at once, against busy_timeout. A transaction does wait.
        connection.execute("BEGIN IMMEDIATE").close()
        connection.execute("COMMIT").close()
    raise sqlite3.OperationalError("WAL could not be turned on")


def _begin(connection: Connection) -> None:
    how = connection.get_execution_options().get("casebot_begin", "BEGIN")
    driver: Any = connection.connection.driver_connection
    driver.isolation_level = "IMMEDIATE" if how is None else None
    if how is not None:
        connection.exec_driver_sql(how)


class Alone:
    """SQLite's file belongs to one casebot at a time, from its start to its end. PostgreSQL is for several: nothing is held.

    A file beside it is locked, and not itself: closing any handle of a file drops the locks that SQLite holds on it. The system
    lets go of it with the process, whatever ends that.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        file = make_url(url).database if is_sqlite(url) else None
        # Resolved: by whatever path casebots know the file, its lock is one.
        self._file = Path(f"{Path(file).resolve()}.lock") if file and file != ":memory:" and fcntl is not None else None
        self._held: IO[bytes] | None = None

    @property
    def taken(self) -> bool:
        """Whether no other casebot can be there."""
        return self._held is not None

    async def take(self) -> None:
        """Waits a little for one that ends. Raises DatabaseError where another one works with the file, or none may lock it."""
        if self._file is None:
            return
        make_private(self._url)
        with self._in_words(), contextlib.ExitStack() as in_vain:
            held = in_vain.enter_context(self._file.open("ab"))
            until = time.monotonic() + _ENDING
            while not _locked(held, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    why = f"{place_of(self._url)} is held by another casebot"
                    raise DatabaseError(why, "end that one; several casebots at once need PostgreSQL", code="SQLITE_BUSY")
                await asyncio.sleep(0.1)
            in_vain.pop_all()
            self._held = held

    def is_held(self) -> bool:
        """Whether a casebot works with the file right now; makes no file. Raises DatabaseError where none may lock it."""
        if self._file is None or not self._file.exists():
            return False
        with self._in_words(), self._file.open("r+b") as seen:
            return not _locked(seen, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            code = errno.errorcode.get(fault.errno or 0, type(fault).__name__)
            why = f"{self._file}, which casebot locks while it runs, cannot be written or locked"
            raise DatabaseError(why, f"{_WRITABLE}; a network share is no place for SQLite", code=code) from fault

    def release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


def _locked(file: IO[bytes], how: int) -> bool:
    """Raises OSError where the file's disk knows no locks."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def in_words(url: str | URL) -> Iterator[None]:
    """Faults of the database become DatabaseError. What casebot did wrong itself (a value that does not fit) stays a fault."""
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except DBAPIError as fault:
        raise as_error(url, _code(fault.orig)) from fault
    except PoolTimeout as fault:
        raise as_error(url, type(fault).__name__) from fault


def as_error(url: str | URL, code: str) -> DatabaseError:
    """The words for a code of SQLite or PostgreSQL."""
    known = _OF_SQLITE if code.startswith("SQLITE_") else _OF_POSTGRESQL
    why, fix = next((words for begins, words in known.items() if code.startswith(begins)), _SILENT)
    return DatabaseError(f"{place_of(url)} {why}", fix, code=code)


def _code(fault: object) -> str:
    """SQLite's or PostgreSQL's code for a fault; where there is none, the name of its type."""
    if code := getattr(fault, "sqlite_errorname", None) or getattr(fault, "sqlstate", None):
        return str(code)
    told = str(fault).lower()
    return next((code for words, code in _SPOKEN.items() if "fatal:" in told and words in told), type(fault).__name__)
