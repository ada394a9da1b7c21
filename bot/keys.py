"""The keys of `find` and `open`, and how the value of each is read. How a line is taken apart is in `bot.lines`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from bot.dates import day, span
from bot.operations import who
from bot.tokens import MENTION, as_name, listed
from bot.values import Unreadable, at_most, email, number, one_of, uuid

Reader = Callable[[str, date], dict[str, Any]]

STATUS = {word: word for word in ("all", "active", "new", "open", "closed")}
SORT = {
    "opened": "date_opened",
    "updated": "date_updated",
    "assigned": "date_assigned",
    "closed": "date_resolved",
    "resolved": "date_resolved",
    "id": "caseid",
    "contact": "contactid",
}
_COLUMNS = {column: column for column in SORT.values()}
_YES_NO = {"yes": "yes", "no": "", "true": "yes", "false": ""}


def _filled(text: str) -> str:
    if not text:
        raise Unreadable("a value is missing.")
    return text


def _name(field: str) -> Reader:
    return lambda raw, today: {field: _filled(" ".join(as_name(raw).split()))}


def _who(field: str) -> Reader:
    return lambda raw, today: {field: _filled(who(as_name(raw)))}


def _plain(field: str, read: Callable[[str], object]) -> Reader:
    return lambda raw, today: {field: read(_filled(as_name(raw)))}


def _dated(field: str, read: Callable[[str, date], object]) -> Reader:
    return lambda raw, today: {field: read(_filled(as_name(raw)), today)}


def _tags(raw: str, today: date) -> dict[str, Any]:
    return {"tags": listed(raw) or _filled("")}


def _one_tag(raw: str, today: date) -> dict[str, Any]:
    names = listed(raw)
    if len(names) > 1:
        raise Unreadable("a search takes one tag at a time.", names[0])
    return {"tag": _filled("".join(names))}


def _opener(raw: str, today: date) -> dict[str, Any]:
    """An email is the customer's; anything else says in words who asked."""
    text = " ".join(as_name(raw).split())
    if "@" in text and not text.startswith("@") and not MENTION.fullmatch(text):
        return {"email": email(text)}
    return {"openedby": _filled(text)}


def _contact(raw: str, today: date) -> dict[str, Any]:
    text = _filled(as_name(raw))
    return {"contact_uuid": uuid(text)} if uuid(text) else {"contact": number(text)}


def _sort(text: str) -> str:
    return _COLUMNS.get(text.lower()) or one_of(SORT, text)


FIND: dict[str, Reader] = {
    "email": _plain("email", email),
    "from": _plain("email", email),
    "status": _plain("status", lambda text: one_of(STATUS, text)),
    "dept": _name("dept"),
    "department": _name("dept"),
    "rep": _who("rep"),
    "assignee": _who("rep"),
    "tag": _one_tag,
    "contact": _contact,
    "company": _plain("company", number),
    "opened": _dated("opened", span),
    "assigned": _dated("assigned", span),
    "responded": _dated("responded", span),
    "firstresponse": _dated("responded", span),
    "updated": _dated("updated", span),
    "closed": _dated("closed", span),
    "sort": _plain("sort", _sort),
    "limit": _plain("limit", lambda text: at_most(500, text)),
}
OPEN: dict[str, Reader] = {
    "dept": _name("dept"),
    "department": _name("dept"),
    "rep": _who("rep"),
    "assignee": _who("rep"),
    "from": _opener,
    "email": _plain("email", email),
    "openedby": _name("openedby"),
    "tag": _tags,
    "tags": _tags,
    "contact": _contact,
    "company": _plain("company", number),
    "status": _plain("status", lambda text: one_of({word: word for word in ("new", "open", "closed")}, text)),
    "type": _plain("type", lambda text: one_of({word: word for word in ("note", "call", "import")}, text)),
    "opened": _dated("opened", day),
    "assigned": _dated("assigned", day),
    "updated": _dated("updated", day),
    "skipcrm": _plain("skipcrm", lambda text: bool(one_of(_YES_NO, text))),
}
