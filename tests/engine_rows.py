"""What DBOS, casebot's engine, has in its own tables: a test looks for texts in them, and lets them grow old."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, MetaData, Table, create_engine, select, update


def _in_tables(url: str, work: Callable[[Connection, dict[str, Table]], None]) -> None:
    engine = create_engine(url)
    tables = MetaData()
    schemas = [None] if engine.dialect.name == "sqlite" else [None, "dbos"]
    with engine.begin() as connection:
        for schema in schemas:
            tables.reflect(connection, schema=schema)
        work(connection, {table.name: table for table in tables.tables.values()})
    engine.dispose()


def holds(url: str, word: str) -> bool:
    """Whether any row of the whole database, casebot's own tables among them, has the word in it."""
    found: list[str] = []

    def look(connection: Connection, tables: dict[str, Table]) -> None:
        for name, table in tables.items():
            found.extend(name for row in connection.execute(select(table)) if word in str(tuple(row)))

    _in_tables(url, look)
    return bool(found)


def ended_earlier(url: str, by: timedelta) -> None:
    """What is over ended earlier by so much."""

    def age(connection: Connection, tables: dict[str, Table]) -> None:
        status = tables["workflow_status"]
        milliseconds = int(by.total_seconds() * 1000)
        over = update(status).where(status.c.completed_at.is_not(None))
        connection.execute(over.values(completed_at=status.c.completed_at - milliseconds))

    _in_tables(url, age)


def asked_earlier(url: str, by: timedelta) -> None:
    """Every wish was asked for earlier by so much."""

    def age(connection: Connection, tables: dict[str, Table]) -> None:
        inputs = tables["workflow_input"]
        for run, stored in connection.execute(select(inputs.c.workflow_uuid, inputs.c.inputs)).all():
            given = json.loads(stored)
            intent = json.loads(given["positionalArgs"][1])
            intent["at"] = (datetime.fromisoformat(intent["at"]) - by).isoformat()
            given["positionalArgs"][1] = json.dumps(intent)
            connection.execute(update(inputs).where(inputs.c.workflow_uuid == run).values(inputs=json.dumps(given)))

    _in_tables(url, age)
