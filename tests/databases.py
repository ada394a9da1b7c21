"""Throw-away databases: a file that is migrated once and copied for each world, and a directory of migrations with one more."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bot import migrations
from bot.database import engine_for

# Removed when Python ends.
_PLACE = tempfile.TemporaryDirectory(prefix="casebot-tests-")

MORE = """
import os, signal
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = {after!r}


def upgrade():
    op.create_table("more", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("cards", sa.Column("extra", sa.Text))
    {then}
"""


@cache
def _template() -> Path:
    file = Path(_PLACE.name) / "template.db"
    engine = engine_for(f"sqlite:///{file}")
    migrations.migrate(engine)
    engine.dispose()
    return file


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of a migrated SQLite file, which is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=_PLACE.name) as place:
        yield f"sqlite:///{shutil.copy(_template(), place)}"


def with_one_more(place: Path, then: str = "pass") -> Path:
    """casebot's migrations and one that is not theirs yet: it makes a table and a column, and `then`."""
    scripts = Path(shutil.copytree(migrations.HERE, place / "migrations"))
    names = sorted(each.stem for each in (scripts / "versions").glob("r*.py"))
    after = names[-1][1:].partition("_")[0]
    (scripts / "versions" / "r9999_more.py").write_text(MORE.format(after=after, then=then))
    return scripts
