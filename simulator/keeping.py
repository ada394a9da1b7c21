"""What `--keep FILE` keeps of Slack: the messages that everybody sees, in the file that holds FuseDesk's cases.

casebot's own database stands beside it. Not kept, as in Slack: messages for one person, open forms, Homes.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from simulator.slack import Message, Slack

COLUMNS = ("channel", "ts", "user", "text", "blocks", "thread_ts", "by_bot", "via_url", "team", "metadata", "reactions")


def database(file: Path) -> Path:
    """Where casebot's own data stand."""
    return file.with_name(f"{file.name}.casebot")


def forget(file: Path) -> None:
    """Removes what a demo left there. Raises sqlite3.DatabaseError for a file of something else, which stays."""
    if file.exists():
        with closing(sqlite3.connect(file)) as db:
            db.execute("SELECT 1 FROM sqlite_master")
    for path in (file, database(file)):
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def keep(slack: Slack, file: Path) -> None:
    messages = [message for channel in slack.channels.values() for message in channel.messages if not message.ephemeral]
    rows = [(json.dumps({name: asdict(message)[name] for name in COLUMNS}),) for message in messages]
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS slack (message TEXT NOT NULL)")
        db.execute("DELETE FROM slack")
        db.executemany("INSERT INTO slack VALUES (?)", rows)


def restore(slack: Slack, file: Path) -> bool:
    """Whether there was something."""
    with closing(sqlite3.connect(file)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'slack'").fetchone():
            return False
        rows = db.execute("SELECT message FROM slack ORDER BY rowid").fetchall()
    for (row,) in rows:
        message = Message(**json.loads(row))
        if message.channel not in slack.channels:
            slack.dm("U" + message.channel[1:])
        slack.channels[message.channel].messages.append(message)
    return bool(rows)
