"""What people asked to be changed (intents, marks), and what replicas tell each other (replicas, quotas)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _intents()
    op.add_column("message_cases", sa.Column("key", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "marks",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("ts", sa.Text, nullable=False),
    )
    op.create_index("marks_by_age", "marks", ["at"])
    op.create_table(
        "replicas",
        sa.Column("executor", sa.Text, primary_key=True),
        sa.Column("beat", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "quotas",
        sa.Column("app", sa.Text, primary_key=True),
        sa.Column("limit", sa.Integer),
        sa.Column("remaining", sa.Integer),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("again_at", _MOMENT),
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", _COUNTED, primary_key=True),
        sa.Column("run", sa.Text, nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("turn", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("executor", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("intents_in_turn", "intents", ["turn", "state", "id"])
    op.create_index("intents_of_user", "intents", ["user", "state"])
    op.create_index("intents_by_key", "intents", ["key", "id"])
    op.create_index("intents_by_age", "intents", ["state", "at"])
