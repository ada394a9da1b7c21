"""How the database stands, found out without changing anything: for `casebot doctor`, and before `casebot audit` reads.

Above all no file is made: an SQLite file that is not there is told as such, and one that is there is opened for reading.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, make_url, pool

from bot.database import Alone, DatabaseError, as_error, check_sqlite, engine_for, in_words, is_sqlite, place_of
from bot.migrations import may_write, pending


@dataclass(frozen=True, slots=True)
class Standing:
    """`due` counts the migrations that the next start will run; `fault` is what would stop that start. `held`: a casebot works
    with the SQLite file right now, beside which no other one starts."""

    place: str
    exists: bool = True
    due: int = 0
    held: bool = False
    fault: DatabaseError | None = None


def standing(url: str, *, writing: bool = True) -> Standing:
    """Looks; blocks for as long as the database takes. Faults are part of the answer, those of writing on demand."""
    place = place_of(url)
    try:
        with in_words(url):
            return _of_file(url, place, writing) if is_sqlite(url) else _of_server(url, place, writing)
    except DatabaseError as fault:
        return Standing(place, fault=fault)


def _of_server(url: str, place: str, writing: bool) -> Standing:
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            due = len(pending(connection))
            if writing:
                may_write(connection, tables_too=due > 0)
            return Standing(place, due=due)
    finally:
        engine.dispose()


def _of_file(url: str, place: str, writing: bool) -> Standing:
    if writing:
        check_sqlite()
    file = Path(make_url(url).database or "")
    if not file.exists():
        return Standing(place, exists=False, fault=None if _writable(file.parent) else as_error(url, "SQLITE_CANTOPEN"))
    if writing and not (_writable(file) and _writable(file.parent)):
        return Standing(place, fault=as_error(url, "SQLITE_READONLY"))
    held = writing and Alone(url).is_held()
    # Without a log beside it nobody has it open, and `immutable` keeps SQLite from making one: it would be left behind.
    mode = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "mode=ro&immutable=1"
    engine = create_engine(f"sqlite:///file:{quote(str(file.absolute()))}?{mode}&uri=true", poolclass=pool.NullPool)
    with engine.connect() as connection:
        return Standing(place, due=len(pending(connection)), held=held)


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)
