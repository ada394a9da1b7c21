"""How log lines look: one line each, as text or JSON, with ids and codes and never a text, an email or a token.

A line is made of what casebot itself wrote (`message`) and the facts given beside it: `log.info("case opened",
extra={"facts": {"caseid": 7}})`. An error is shown as its type and the places it passed, without its own words, because those
may quote a customer. The libraries that would log whole requests are kept quiet at every level, and what they still say is cut
before the words of an error.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO

# Below WARNING these log bodies: what people type and what customers wrote. slack_bolt does so in warnings too: one about a
# typeahead that nothing answers quotes what was typed.
QUIET = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "slack": logging.WARNING,
    "slack_sdk": logging.WARNING,
    "slack_bolt": logging.ERROR,
    # Statements with their values, and every step of a migration.
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "psycopg": logging.ERROR,
    # It tells of each wish that is taken over, and quotes what fails.
    "dbos": logging.ERROR,
}

Excerpt = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(level: str = "INFO", form: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Sends every log line of the process to `stream` (default: standard error). A second call replaces the first."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def quiet_engine() -> None:
    """DBOS gives its logger a handler of its own, which would write past the one of `configure`."""
    engine = logging.getLogger("dbos")
    engine.handlers.clear()
    engine.propagate = True
    engine.setLevel(QUIET["dbos"])


class _Handler(logging.StreamHandler[TextIO]):
    """Keeps the quiet ones quiet, whatever level a library gives its own loggers (Bolt copies the root's).

    Of a type of its own, so that only what `configure` added is ever replaced.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        least = QUIET.get(_library(record), logging.NOTSET)
        return record.levelno >= least and bool(super().filter(record))


class TextLines(logging.Formatter):
    """`2026-11-24T05:00:00.000Z INFO bot.desk: case opened caseid=7`, followed by an error's places."""

    def format(self, record: logging.LogRecord) -> str:
        said = [f"{_moment(record)} {record.levelname} {record.name}: {_one_line(_said(record))}"]
        said += [f"{name}={_one_line(str(value))}" for name, value in _facts(record).items()]
        return "\n    ".join([" ".join(said), *_places(record.exc_info or (None, None, None))])


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the facts, and `error` with its places."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {name: _plain(value) for name, value in _facts(record).items()}
        line |= {"time": _moment(record), "level": record.levelname, "logger": record.name, "message": _said(record)}
        if places := _places(record.exc_info or (None, None, None)):
            line["error"] = places
        return json.dumps(line, ensure_ascii=False)


def _said(record: logging.LogRecord) -> str:
    """A library puts an error's own words behind a colon or a line break: `Task exception was never retrieved\\nfuture: …`."""
    said = record.getMessage()
    return re.split(r"[:\n]", said, maxsplit=1)[0] if _library(record) in QUIET else said


def _library(record: logging.LogRecord) -> str:
    return record.name.partition(".")[0]


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    facts = getattr(record, "facts", None)
    return facts if isinstance(facts, Mapping) else {}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _one_line(text: str) -> str:
    """Nobody can forge a second line with a line break, or paint a terminal with an escape code."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _places(raised: Excerpt) -> list[str]:
    """An error's type and where it passed, then the same of what led to it; not one word of its message."""
    error = raised[1]
    places: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places.append(f"{type(error).__module__}.{type(error).__qualname__}")
        places += [f"at {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, BaseExceptionGroup):
            places += [f"with {type(each).__module__}.{type(each).__qualname__}" for each in error.exceptions]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return places
