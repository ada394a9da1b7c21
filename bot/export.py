"""`casebot audit`: the audit as CSV, or as a table to read.

Reads only: where casebot has not made its tables yet, that is said and nothing is made.
"""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TextIO

from bot import printing
from bot.audit import AuditEntry
from bot.standing import Standing, standing
from bot.store import Store

COLUMNS = ("id", "at", "user", "team", "channel", "what", "caseid", "before", "after", "outcome", "detail")


def not_ready(url: str) -> str:
    """Why there is no audit to read, in words; empty where there is one."""
    stands: Standing = standing(url, writing=False)
    if stands.fault is not None:
        return f"{stands.fault.why}: {stands.fault.fix}"
    if not stands.exists:
        return f"{stands.place} is not there: set DATABASE_URL to the one that casebot uses, or start casebot once"
    return f"{stands.place} is older than this casebot: start it once" if stands.due else ""


async def write_csv(url: str, since: datetime, into: TextIO) -> None:
    """One line for each entry, the oldest first; `before` and `after` as JSON, moments in UTC."""
    lines = csv.writer(into, lineterminator="\n")
    lines.writerow(COLUMNS)
    async with aclosing(_entries(url, since)) as entries:
        async for entry in entries:
            lines.writerow(_cells(entry))


async def table(url: str, since: datetime) -> str:
    async with aclosing(_entries(url, since)) as entries:
        rows = [_cells(entry) async for entry in entries]
    return printing.table(COLUMNS, rows, title="casebot audit", whole=["at"])


async def _entries(url: str, since: datetime) -> AsyncGenerator[AuditEntry, None]:
    store = Store(url)
    try:
        async for entry in store.audit_since(since):
            yield entry
    finally:
        await store.close()


def _cells(entry: AuditEntry) -> list[str]:
    return [_cell(getattr(entry, name)) for name in COLUMNS]


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True)
    return "" if value is None else str(value)
