"""Reads what a caller sent to the FuseDesk stand-in: each field parsed to its type, or a refusal in FuseDesk's documented form.

What belongs here: the types of fields. What a call does with them does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from simulator.fusedesk_store import SORTABLE, stored

Parser = Callable[[str], Any]
Period = tuple[str | None, str | None]

STATUSES = ("new", "open", "closed")
NOTE_FIELDS = {"type", "title", "note", "date_added"}
EMAIL_FIELDS = {"type", "to", "from", "cc", "bcc", "subject", "body", "date_sent", "date_recvd", "repid"}


class Refusal(Exception):
    """An answer in FuseDesk's form for errors: `status`, `code` (such as api_error_noscope) and one `sentence`."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence


def wrong(sentence: str, code: str = "api_error_invalid") -> Refusal:
    """The 405 that stands for every other error."""
    return Refusal(405, code, sentence)


def read(given: Mapping[str, str], parsers: Mapping[str, Parser], required: Sequence[str] = ()) -> dict[str, Any]:
    """The given fields by name, parsed; an empty field counts as absent. Raises Refusal for an unknown, missing or bad one."""
    for name in given:
        if name not in parsers:
            raise wrong(f"Unknown parameter: {name}.", "api_error_unknownparameter")
    for name in required:
        if not given.get(name, "").strip():
            raise wrong(f"Missing required parameter: {name}.", "api_error_missingparameter")
    return {name: _parsed(name, value, parsers[name]) for name, value in given.items() if value != ""}


def _parsed(name: str, value: str, parser: Parser) -> Any:
    try:
        return parser(value)
    except (ValueError, OverflowError, RecursionError) as fault:
        raise wrong(f"Invalid value for {name}: {fault}.") from fault


def id_in_path(text: str, what: str) -> int:
    try:
        return number(text)
    except ValueError:
        raise Refusal(404, "api_error_notfound", f"There is no {what} {text}.") from None


def text(value: str) -> str:
    return value


def number(value: str) -> int:
    """A positive whole number that SQLite can hold."""
    if not (value.isascii() and value.isdigit() and len(value) < 19 and int(value)):
        raise ValueError("a positive whole number is expected")
    return int(value)


def count(value: str) -> int:
    """A whole number from 0 on."""
    return 0 if value == "0" else number(value)


def limit(value: str) -> int:
    if number(value) > 500:
        raise ValueError("at most 500 cases can be returned at once")
    return number(value)


def numbers(value: str) -> list[int]:
    return [number(part.strip()) for part in value.split(",")]


def boolean(value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise ValueError("true or false is expected")
    return value.lower() in ("true", "1")


def one_of(*words: str) -> Parser:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words) + " is expected")
        return value

    return parse


def order(value: str) -> list[tuple[str, str]]:
    """`date_opened`, `caseid desc,date_opened asc` … as pairs of name and direction ("" where none is said)."""
    parts = [part.split() for part in value.split(",")]
    for part in parts:
        if not 1 <= len(part) <= 2 or part[0] not in SORTABLE or part[1:] not in ([], ["asc"], ["desc"]):
            raise ValueError("cases can be sorted by " + ", ".join(SORTABLE))
    return [(part[0], part[1] if part[1:] else "") for part in parts]


def moment(zone: tzinfo) -> Parser:
    """A date or a date with a time, as stored; without an offset it is in FuseDesk's own zone."""

    def parse(value: str) -> str:
        parsed = datetime.fromisoformat(value)
        return stored(parsed if parsed.tzinfo else parsed.replace(tzinfo=zone))

    return parse


def period(zone: tzinfo, bounds_belong: bool) -> Parser:
    """A day, or JSON with `before`, `after` or both, as (first moment, end); the end itself is outside."""

    def midnight(value: object, days: int) -> str:
        if not isinstance(value, str):
            raise ValueError("a date such as 2015-04-01 is expected")
        return stored(datetime.combine(date.fromisoformat(value) + timedelta(days), time(), zone))

    def parse(value: str) -> Period:
        if not value.lstrip().startswith("{"):
            return midnight(value, 0), midnight(value, 1)
        bounds = json.loads(value)
        if not bounds or not set(bounds) <= {"before", "after"}:
            raise ValueError("only before and after are understood")
        after = midnight(bounds["after"], 0 if bounds_belong else 1) if "after" in bounds else None
        before = midnight(bounds["before"], 1 if bounds_belong else 0) if "before" in bounds else None
        return after, before

    return parse


def history(zone: tzinfo) -> Parser:
    """A JSON array of notes, calls and emails, as rows for the store; dates are None where FuseDesk takes now."""

    def parse(value: str) -> list[dict[str, Any]]:
        items = json.loads(value)
        if not isinstance(items, list):
            raise ValueError("a JSON array is expected")
        json.dumps(items, ensure_ascii=False).encode()  # half a character, which JSON can escape, is no text
        return [_item(item, f"item {index}", moment(zone)) for index, item in enumerate(items)]

    return parse


def _item(item: object, where: str, when: Parser) -> dict[str, Any]:
    if not isinstance(item, dict) or item.get("type") not in ("note", "call", "email"):
        raise ValueError(f"{where} needs a type: note, call or email")
    email = item["type"] == "email"
    known, needed = (EMAIL_FIELDS, ("to", "from", "subject", "body")) if email else (NOTE_FIELDS, ("title", "note"))
    if unknown := set(item) - known:
        raise ValueError(f"{where} has unknown fields: {', '.join(sorted(unknown))}")
    if missing := [name for name in needed if not item.get(name)]:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return _email(item, when) if email else _note(item, when)


def _note(item: dict[str, Any], when: Parser) -> dict[str, Any]:
    added = when(str(item["date_added"])) if item.get("date_added") else None
    return {"type": item["type"], "title": str(item["title"]), "note": str(item["note"]), "date_added": added}


def _email(item: dict[str, Any], when: Parser) -> dict[str, Any]:
    row = {"type": "email", "title": str(item["subject"]), "note": str(item["body"])}
    row |= {"mail_to": str(item["to"]), "mail_from": str(item["from"])}
    row |= {"cc": str(item.get("cc") or ""), "bcc": str(item.get("bcc") or "")}
    sent, received = (when(str(item[name])) if item.get(name) else None for name in ("date_sent", "date_recvd"))
    repid = number(str(item["repid"])) if item.get("repid") else None
    return row | {"date_sent": sent, "date_added": received, "repid": repid}
