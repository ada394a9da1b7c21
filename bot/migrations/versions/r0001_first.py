"""The first tables: cards, message_cases, rep_links, opened, audit.

Written out rather than taken from `bot.tables`: this is what they were then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _cards()
    _cases()
    _audit()


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("ts", sa.Text, primary_key=True),
        sa.Column("caseid", sa.BigInteger, nullable=False),
        sa.Column("thread_ts", sa.Text, nullable=False),
        sa.Column("shown_at", _MOMENT, nullable=False),
    )
    op.create_index("cards_of_case", "cards", ["caseid", "shown_at"])
    op.create_index("cards_by_age", "cards", ["shown_at"])


def _cases() -> None:
    op.create_table(
        "message_cases",
        sa.Column("team", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("ts", sa.Text, primary_key=True),
        sa.Column("caseid", sa.BigInteger, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
    )
    op.create_table(
        "rep_links",
        sa.Column("user", sa.Text, primary_key=True),
        sa.Column("repid", sa.BigInteger, nullable=False),
        sa.Column("by_user", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "opened",
        sa.Column("caseid", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("opened_by_user", "opened", ["user", "at"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("caseid", sa.BigInteger),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_by_time", "audit", ["at"])
