"""How the tables came to be what they are: one file in `versions` for each step, named by its revision (`r0002_…` is `0002`) and
run at the next start.

All steps that are due run in one transaction, under a lock that the first of several replicas takes and the others wait for;
a step that fails, or a process that dies, leaves the database as it was. There is no way back: an older casebot refuses a newer
database rather than to guess.

Whether a step is due is asked without alembic, which is imported for running one: at every other start it would be 9 MB held for
nothing, and a tenth of a second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from bot.database import WRITING, DatabaseError, as_error, check_sqlite, place_of
from bot.tables import metadata

HERE = Path(__file__).parent
# The word `casebot`, as the number that PostgreSQL's advisory locks are named by.
_LOCK = int.from_bytes(b"casebot")
_RIGHTS = text(
    "SELECT bool_and(has_table_privilege(to_regclass(name), may)) "
    "FROM unnest(CAST(:names AS text[])) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS may "
    "WHERE to_regclass(name) IS NOT NULL"
)

# Inserts take their number from a sequence, which has rights of its own.
_COUNTING = text(
    "SELECT bool_and(has_sequence_privilege(pg_get_serial_sequence(name, 'id'), 'USAGE')) "
    "FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NOT NULL"
)
# DBOS keeps its tables in a schema that it makes itself (`bot.durable`): by name, and what is known of it.
_ENGINE = text(
    "SELECT has_schema_privilege(engine.oid, 'USAGE') AS enter, has_schema_privilege(engine.oid, 'CREATE') AS make, "
    "count(has.oid) AS tables, bool_and(has_table_privilege(has.oid, may)) AS write "
    "FROM pg_namespace AS engine CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS may "
    "LEFT JOIN pg_class AS has ON has.relnamespace = engine.oid AND has.relkind IN ('r', 'p') "
    "WHERE engine.nspname = 'dbos' GROUP BY engine.oid"
)
_ENGINE_TOO = (
    "give the user of DATABASE_URL the right to make the schema dbos (GRANT CREATE ON DATABASE), or make it the owner of one "
    "(CREATE SCHEMA dbos AUTHORIZATION) and of all that stands there"
)


def migrate(engine: Engine, scripts: Path = HERE) -> int:
    """Brings the tables up to date; returns how many steps that took. Raises DatabaseError where the database is newer."""
    with engine.execution_options(**WRITING).begin() as connection:
        _alone(connection)
        due = len(pending(connection, scripts))
        may_write(connection, tables_too=due > 0)
        if due:
            _upgrade(connection, scripts)
    return due


def pending(connection: Connection, scripts: Path = HERE) -> list[str]:
    """The steps that are still to be run, the next one first. Changes nothing. Raises DatabaseError where it is newer."""
    known = sorted(each.name[1:].partition("_")[0] for each in (scripts / "versions").glob("r*.py"))
    # Where alembic keeps the revision of the last step that it ran.
    stands = inspect(connection).has_table("alembic_version")
    current = connection.scalar(text("SELECT version_num FROM alembic_version")) if stands else None
    if current is None:
        return known
    if current not in known:
        raise DatabaseError(
            f"The database was changed by a newer casebot (it stands at {current}, this one knows {known[-1]})",
            "run that newer casebot, or restore the backup from before it",
            code="newer",
        )
    return known[known.index(current) + 1 :]


def _alone(connection: Connection) -> None:
    """Waits until no other casebot migrates. SQLite's lock was taken when the transaction began."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        # Ends with the transaction, whatever ends it; a lock of the session would outlive it behind a pooler such as PgBouncer.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def may_write(connection: Connection, *, tables_too: bool) -> None:
    """Raises DatabaseError where casebot could look but not write. A start that succeeds means that it can: a user with too few
    rights is found now, not at the first card. `tables_too` is for when tables are still to be made."""
    if connection.dialect.name == "sqlite":
        check_sqlite()
        return  # its write lock is given to those who can write only
    if connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on":
        raise as_error(connection.engine.url, "25006")
    if tables_too and not connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")):
        raise as_error(connection.engine.url, "42501")
    counted = [name for name, table in metadata.tables.items() if "id" in table.c]
    for asked, names in ((_RIGHTS, list(metadata.tables)), (_COUNTING, counted)):
        if connection.scalar(asked, {"names": names}) is False:
            raise as_error(connection.engine.url, "42501")
    if not _engine_may(connection):
        place = place_of(connection.engine.url)
        raise DatabaseError(f"{place} refuses casebot a place for what is still to be done", _ENGINE_TOO, code="42501")


def _engine_may(connection: Connection) -> bool:
    """Whether DBOS can make its tables, or write those that it made."""
    engine = connection.execute(_ENGINE).first()
    if engine is None:
        return bool(connection.scalar(text("SELECT has_database_privilege(current_database(), 'CREATE')")))
    return bool(engine.enter and (engine.write if engine.tables else engine.make))


def _upgrade(connection: Connection, scripts: Path) -> None:
    """Runs what is due, in the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    # Instead of an alembic.ini: where the steps are and, for `env.py`, the connection to run them on.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
