"""What replicas had each in its own memory: the rests of long texts (drafts), and who changed a case last (changes)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("rest", sa.LargeBinary, nullable=False),
    )
    op.create_index("drafts_by_age", "drafts", ["at"])
    op.create_table(
        "changes",
        sa.Column("caseid", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("change", sa.JSON, nullable=False),
    )
    op.create_index("changes_by_age", "changes", ["at"])
