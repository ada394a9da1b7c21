"""What must outlive the process: cards shown, which message led to which case, links of people to reps, the audit, and what was
done last to a case.

What belongs here: the statements, one small async method for each thing to remember or to recall. Faults of the database are
`DatabaseError`; who can do without an answer says so where it asks (`bot.answers` for cards).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from bot.audit import AuditEntry
from bot.database import WRITING, engine_for, in_words, is_sqlite, make_private
from bot.migrations import migrate
from bot.tables import audit, cards, changes, marks, message_cases, opened, rep_links

T = TypeVar("T")

_CARDS_A_CASE = 20
_WEEK = timedelta(days=7)
# How long it is known who changed a case last; `bot.ledger` deletes what is older.
CHANGE_KEPT = timedelta(hours=1)
# SQLite has one connection, and one thread keeps those who wait for it in the order given.
_THREADS = 8


class RepLink(NamedTuple):
    """A person who is a rep because somebody said so: `user` and `by` are Slack's user ids."""

    user: str
    repid: int
    by: str
    at: datetime


class Change(NamedTuple):
    """What somebody did to a case through casebot: `line` continues the person's name ("transferred it to Billing").

    `holder` is the department and rep that a transfer left it with; None for any other change.
    """

    user: str
    name: str
    line: str
    at: datetime
    holder: tuple[int | None, int | None] | None = None


class Store:
    """One for each process. `open` before the first use, `close` at the end.

    SQLAlchemy waits in threads of its own rather than the loop's: a database that hangs must not keep names from being resolved.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.engine = engine_for(url)
        self._writing = self.engine.execution_options(**WRITING)
        self._threads = ThreadPoolExecutor(1 if is_sqlite(url) else _THREADS, thread_name_prefix="store")

    async def open(self) -> None:
        """Brings the tables up to date. Raises DatabaseError: not reachable, not writable, or changed by a newer casebot."""
        make_private(self._url)
        await self._in_thread(lambda: migrate(self.engine))

    async def close(self) -> None:
        """Ends after what is under way; may be called twice."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()

    # Cards shown in channels

    async def card_shown(self, caseid: int, channel: str, ts: str, thread_ts: str = "") -> None:
        """A card of the case stands in that channel. Forgets what is older than a week, and all but the newest of a case."""
        now = datetime.now(UTC)
        seen = {"caseid": caseid, "thread_ts": thread_ts or ts, "shown_at": now}

        def remember(connection: Connection) -> None:
            put(connection, cards, {"channel": channel, "ts": ts}, seen)
            newest = select(cards.c.channel, cards.c.ts).where(cards.c.caseid == caseid)
            newest = newest.order_by(cards.c.shown_at.desc(), cards.c.ts.desc()).limit(_CARDS_A_CASE)
            surplus = tuple_(cards.c.channel, cards.c.ts).not_in(newest)
            connection.execute(delete(cards).where(cards.c.caseid == caseid, surplus))
            connection.execute(delete(cards).where(cards.c.shown_at < now - _WEEK))

        await self.write(remember)

    async def card_gone(self, caseid: int, channel: str, ts: str) -> None:
        gone = delete(cards).where(cards.c.caseid == caseid, cards.c.channel == channel, cards.c.ts == ts)
        await self.write(lambda connection: connection.execute(gone))

    async def cards(self, caseid: int) -> list[tuple[str, str, str]]:
        """(channel, ts, ts of the thread that it stands in or starts) of the cards in channels, the newest last."""
        known = select(cards.c.channel, cards.c.ts, cards.c.thread_ts)
        known = known.where(cards.c.caseid == caseid, cards.c.shown_at >= datetime.now(UTC) - _WEEK)
        rows = await self._all(known.order_by(cards.c.shown_at, cards.c.ts))
        return [(row.channel, row.ts, row.thread_ts) for row in rows]

    # Who opened what

    async def case_of_message(self, team: str, channel: str, ts: str) -> tuple[int, str] | None:
        """The case that was opened from a message, and the key of the wish that did it."""
        place = (message_cases.c.team == team, message_cases.c.channel == channel, message_cases.c.ts == ts)
        rows = await self._all(select(message_cases.c.caseid, message_cases.c.key).where(*place))
        return (rows[0].caseid, rows[0].key) if rows else None

    async def message_freed(self, team: str, channel: str, ts: str) -> None:
        """The message's case is no more: another may be opened from it."""
        place = (message_cases.c.team == team, message_cases.c.channel == channel, message_cases.c.ts == ts)
        await self.write(lambda connection: connection.execute(delete(message_cases).where(*place)))

    async def message_opened(self, team: str, channel: str, ts: str, caseid: int, user: str, key: str) -> int:
        """`user` opened the case from that message, by the wish of that `key`. Returns the message's case: another one where
        somebody was faster."""
        now = datetime.now(UTC)
        place = {"team": team, "channel": channel, "ts": ts}
        first = select(message_cases.c.caseid).filter_by(**place)

        def remember(connection: Connection) -> int:
            put_once(connection, message_cases, place | {"caseid": caseid, "opened_at": now, "opened_by": user, "key": key})
            put_once(connection, opened, {"caseid": caseid, "user": user, "at": now})
            return int(connection.execute(first).scalar_one())

        return await self.write(remember)

    async def case_opened(self, caseid: int, user: str) -> None:
        """`user` opened the case through casebot, by command or form; `message_opened` says so by itself."""
        row = {"caseid": caseid, "user": user, "at": datetime.now(UTC)}
        await self.write(lambda connection: put_once(connection, opened, row))

    async def opened_by(self, user: str, limit: int) -> list[int]:
        """The cases that a person opened through casebot, the newest first."""
        known = select(opened.c.caseid).where(opened.c.user == user).order_by(opened.c.at.desc(), opened.c.caseid.desc())
        return [row.caseid for row in await self._all(known.limit(limit))]

    async def has_opened(self, user: str, caseid: int) -> bool:
        """Whether that person opened the case through casebot."""
        return await self._one(select(opened.c.caseid).where(opened.c.caseid == caseid, opened.c.user == user)) is not None

    # Which person is which rep, where somebody had to say so

    async def link_rep(self, user: str, repid: int | None, entry: AuditEntry) -> int | None:
        """From now on `user` is that rep (None: no rep by hand), because whoever did what the audit's `entry` tells says so.
        Returns which rep they were; the entry gets both."""
        known = select(rep_links.c.repid).where(rep_links.c.user == user)
        said = {"repid": repid, "by_user": entry.user, "at": entry.at}

        def say(connection: Connection) -> int | None:
            was = connection.execute(known.with_for_update()).scalar_one_or_none()
            if repid is None:
                connection.execute(delete(rep_links).where(rep_links.c.user == user))
            else:
                put(connection, rep_links, {"user": user}, said)
            told = entry.model_copy(update={"before": {"repid": was}, "after": {"repid": repid}})
            connection.execute(insert(audit), told.model_dump(exclude={"id"}))
            return was

        return await self.write(say)

    async def rep_of(self, user: str) -> int | None:
        """The rep that a person is linked to by hand."""
        return await self._one(select(rep_links.c.repid).where(rep_links.c.user == user))

    async def rep_links(self) -> list[RepLink]:
        """Every link made by hand, the newest first."""
        rows = await self._all(select(rep_links).order_by(rep_links.c.at.desc(), rep_links.c.user))
        return [RepLink(row.user, row.repid, row.by_user, row.at) for row in rows]

    # The audit

    async def audit(self, entry: AuditEntry, *, once: str = "", change: Change | None = None) -> None:
        """Adds one line; its `id` is given by the database. `once`: what is said twice under that key is kept once. `change`: the
        line's case was changed, and this is the last that is known of it."""
        row = entry.model_dump(exclude={"id"})

        def add(connection: Connection) -> None:
            if once and not put_once(connection, marks, {"key": f"audit:{once}", "at": entry.at, "ts": ""}):
                return
            connection.execute(insert(audit), row)
            if change is not None:
                told = {"user": change.user, "name": change.name, "line": change.line, "holder": change.holder}
                put(connection, changes, {"caseid": entry.caseid}, {"at": change.at, "change": told})

        await self.write(add)

    async def last_change(self, caseid: int) -> Change | None:
        """What was done last to the case, by whichever casebot; None after an hour."""
        known = select(changes.c.at, changes.c.change)
        known = known.where(changes.c.caseid == caseid, changes.c.at >= datetime.now(UTC) - CHANGE_KEPT)
        rows = await self._all(known)
        if not rows:
            return None
        told = rows[0].change
        holder = (told["holder"][0], told["holder"][1]) if told["holder"] else None
        return Change(told["user"], told["name"], told["line"], rows[0].at, holder)

    async def audit_since(self, moment: datetime, *, page: int = 1_000) -> AsyncIterator[AuditEntry]:
        """What was done from that moment on, the oldest first; `page` entries are held in memory at a time."""
        last = 0
        while True:
            due = select(audit).where(audit.c.at >= moment, audit.c.id > last).order_by(audit.c.id).limit(page)
            rows = await self._all(due)
            for row in rows:
                yield AuditEntry.model_validate(dict(row._mapping))
            if len(rows) < page:
                return
            last = rows[-1].id

    # Threads and transactions

    async def _all(self, asked: Any) -> list[Any]:
        return await self.read(lambda connection: list(connection.execute(asked)))

    async def _one(self, asked: Any) -> int | None:
        return await self.read(lambda connection: connection.execute(asked).scalar_one_or_none())

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads, in a thread. For rooms whose statements stand there (`bot.ledger`)."""

        def reading() -> T:
            with self.engine.connect() as connection:
                return work(connection)

        return await self._in_thread(reading)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """`work` in one transaction, in a thread."""

        def writing() -> T:
            with self._writing.begin() as connection:
                return work(connection)

        return await self._in_thread(writing)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        with in_words(self._url):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def put(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Adds a row, or gives the row of that key other values."""
    row = _insert(connection, table).values(**key, **values)
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))


def put_once(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Adds a row, unless there is one of its key already; returns whether it did."""
    row_of_its_own = _insert(connection, table).values(**row).on_conflict_do_nothing()
    # https://docs.sqlalchemy.org/en/21/core/connections.html#sqlalchemy.engine.CursorResult.rowcount: of an insert SQLAlchemy
    # keeps it on demand alone, and says -1 otherwise wherever the driver's cursor is closed by then.
    return connection.execute(row_of_its_own, execution_options={"preserve_rowcount": True}).rowcount > 0


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Both dialects spell `ON CONFLICT` alike, and SQLAlchemy has it in both and not above them."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
