"""The tables: what casebot remembers, column by column.

Ids, codes and moments: nothing that a customer or a colleague wrote is kept here, except in `drafts`, for three days. Names
stand in `changes`, for an hour. (What is still to be written to FuseDesk stands in DBOS's own tables, until it is done.) A change
of a table brings a file in `bot/migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

metadata = MetaData()

# SQLite counts by itself in a column of exactly the type INTEGER.
Counted = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC. SQLite knows no zones, so there it is kept without one, as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


cards = Table(
    "cards",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("ts", Text, primary_key=True),
    Column("caseid", BigInteger, nullable=False),
    # The thread that the card stands in, or starts.
    Column("thread_ts", Text, nullable=False),
    Column("shown_at", Moment, nullable=False),
    Index("cards_of_case", "caseid", "shown_at"),
    Index("cards_by_age", "shown_at"),
)

message_cases = Table(
    "message_cases",
    metadata,
    Column("team", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("ts", Text, primary_key=True),
    Column("caseid", BigInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", Text, nullable=False),
    # The wish that did it.
    Column("key", Text, nullable=False, server_default=""),
)

rep_links = Table(
    "rep_links",
    metadata,
    Column("user", Text, primary_key=True),
    Column("repid", BigInteger, nullable=False),
    Column("by_user", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

opened = Table(
    "opened",
    metadata,
    Column("caseid", BigInteger, primary_key=True, autoincrement=False),
    Column("user", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("opened_by_user", "user", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Counted, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("caseid", BigInteger),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_time", "at"),
    # An id that was given is never given again, so that a line that was taken away leaves a gap.
    sqlite_autoincrement=True,
)

# Every wish that was accepted; `id` is the order in which they came, `turn` what it must not overtake (see `bot.ledger`).
intents = Table(
    "intents",
    metadata,
    Column("id", Counted, primary_key=True),
    Column("run", Text, nullable=False, unique=True),
    Column("key", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("turn", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("executor", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("intents_in_turn", "turn", "state", "id"),
    Index("intents_of_user", "user", "state"),
    Index("intents_by_key", "key", "id"),
    Index("intents_by_age", "state", "at"),
    sqlite_autoincrement=True,
)

# What was begun and cannot be taken back: a write to FuseDesk, with the state of the case before it, or a message to Slack, with
# its ts once that is known.
marks = Table(
    "marks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("ts", Text, nullable=False),
    Index("marks_by_age", "at"),
)

# Each running casebot counts up its own row: one that stands still is dead.
replicas = Table(
    "replicas",
    metadata,
    Column("executor", Text, primary_key=True),
    Column("beat", BigInteger, nullable=False),
)

# What FuseDesk's headers said last, to whichever replica.
quotas = Table(
    "quotas",
    metadata,
    Column("app", Text, primary_key=True),
    Column("limit", Integer),
    Column("remaining", Integer),
    Column("at", Moment, nullable=False),
    Column("again_at", Moment),
)

# What of a long text a form has no room for, while it is open (see `bot.drafts`). `size` is in characters; it stands before the
# text, so that counting does not read it.
drafts = Table(
    "drafts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("size", Integer, nullable=False),
    Column("rest", LargeBinary, nullable=False),
    Index("drafts_by_age", "at"),
)

# What was done last to a case, for whoever asks the same of an old card. `change` has it in words, and as JSON, because a name
# may hold what PostgreSQL takes in no text.
changes = Table(
    "changes",
    metadata,
    Column("caseid", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("change", JSON, nullable=False),
    Index("changes_by_age", "at"),
)
