"""What a person can ask for, as typed values: one model per verb of the /case language.

Names stay as they were typed (a Slack mention as `<@U123>`); the desk makes them into ids. The models bring what they hold
into one form, so that the same wish is always the same value and can be written down as a command and read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.fusedesk.models import DateFilter
from bot.values import email

TITLE = 80
CASENUM = re.compile(r"(?=[0-9]*[A-Z])(?=[A-Z]*[0-9])[A-Z0-9]{2,30}")

FindStatus = Literal["", "all", "active", "new", "open", "closed"]


def _line(value: str) -> str:
    return " ".join(value.split())


def _body(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def who(value: str) -> str:
    """A rep (or department) by name, without the @ of a mention that Slack did not resolve."""
    name = _line(value).lstrip("@ ")
    return "me" if name.lower() == "me" else name


def _names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Each name once, as it was written first."""
    kept: dict[str, str] = {}
    for value in filter(None, map(_line, values)):
        kept.setdefault(value.casefold(), value)
    return tuple(kept.values())


def _span(span: DateFilter) -> DateFilter:
    """Bounds are exclusive; at least one day lies inside them."""
    if span.on and (span.before or span.after):
        raise ValueError("a day or bounds, not both")
    first = span.after + timedelta(days=1) if span.after and span.after < date.max else date.min
    last = span.before - timedelta(days=1) if span.before and span.before > date.min else date.max
    if not (span.on or span.before or span.after) or date.max == span.after or date.min == span.before or first > last:
        raise ValueError("no day fits")
    return span


Id = Annotated[int, Field(ge=1, lt=10**18)]
Line = Annotated[str, AfterValidator(_line)]
Body = Annotated[str, AfterValidator(_body)]
Who = Annotated[str, AfterValidator(who)]
Names = Annotated[tuple[str, ...], AfterValidator(_names)]
Email = Annotated[str, AfterValidator(lambda value: email(value) if value else "")]
Uuid = Annotated[str, Field(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
Days = Annotated[DateFilter, AfterValidator(_span)]


class _Operation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseRef(_Operation):
    """Which case is meant: by id, or by case number (upper case letters and digits). Given both, the id counts."""

    caseid: Id | None = None
    casenum: str = ""

    @model_validator(mode="before")
    @classmethod
    def _id_first(cls, data: Any) -> Any:
        return {"caseid": data["caseid"]} if isinstance(data, Mapping) and data.get("caseid") else data

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.caseid is None and not CASENUM.fullmatch(self.casenum):
            raise ValueError("neither a case id nor a case number")
        return self

    @property
    def key(self) -> int | str:
        """As the client takes it."""
        return self.casenum if self.caseid is None else self.caseid

    def __str__(self) -> str:
        return self.casenum if self.caseid is None else f"#{self.caseid}"


class Help(_Operation):
    verb: Literal["help"] = "help"
    topic: Annotated[Line, AfterValidator(str.lower)] = ""


class Show(_Operation):
    verb: Literal["show"] = "show"
    case: CaseRef


class Find(_Operation):
    """A search. `rep` may be `me`; `sort` is FuseDesk's `orderby`. Nothing but the status `all` is the same as nothing."""

    verb: Literal["find"] = "find"
    email: Email = ""
    words: Line = ""
    status: FindStatus = ""
    dept: Line = ""
    rep: Who = ""
    tag: Line = ""
    contact: Id | None = None
    contact_uuid: Uuid = ""
    company: Id | None = None
    opened: Days | None = None
    assigned: Days | None = None
    responded: Days | None = None
    updated: Days | None = None
    closed: Days | None = None
    sort: Literal["", "caseid", "contactid", "date_opened", "date_assigned", "date_updated", "date_resolved"] = ""
    limit: Annotated[int, Field(ge=1, le=500)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _all_is_nothing(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and {key: value for key, value in data.items() if value and key != "verb"} == {
            "status": "all"
        }:
            return {}
        return data


class Mine(_Operation):
    verb: Literal["mine"] = "mine"
    status: FindStatus = ""


class Open(_Operation):
    """A new case. What is missing (all of it may be) is asked for in a form; `openedby` is who asked, where no email says it."""

    verb: Literal["open"] = "open"
    summary: Line = ""
    details: Body = ""
    dept: Line = ""
    rep: Who = ""
    email: Email = ""
    openedby: Line = ""
    tags: Names = ()
    contact: Id | None = None
    contact_uuid: Uuid = ""
    company: Id | None = None
    status: Literal["", "new", "open", "closed"] = ""
    type: Literal["", "note", "call", "import"] = ""
    opened: date | None = None
    assigned: date | None = None
    updated: date | None = None
    skipcrm: bool = False


def title_of(text: str) -> str:
    """A title for a text: its first line, cut at a word near 80 characters."""
    line = _line(_body(text).partition("\n")[0])
    if len(line) <= TITLE:
        return line
    head = line[:TITLE]
    end = head.rfind(" ")
    return head[: end if end > TITLE // 2 else TITLE].rstrip() + "…"


class _Entry(_Operation):
    """What goes into a case's history. Without a title it gets one from its text."""

    case: CaseRef
    title: Line = ""
    text: Annotated[Body, Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not _line(data.get("title") or ""):
            return {**data, "title": title_of(data.get("text") or "")}
        return data


class Note(_Entry):
    verb: Literal["note"] = "note"


class Call(_Entry):
    verb: Literal["call"] = "call"


class Tag(_Operation):
    verb: Literal["tag"] = "tag"
    case: CaseRef
    tags: Annotated[Names, Field(min_length=1)]


class Untag(_Operation):
    verb: Literal["untag"] = "untag"
    case: CaseRef
    tags: Annotated[Names, Field(min_length=1)]


class Transfer(_Operation):
    """`to` is a department, a rep (`me` too), or `department/rep`."""

    verb: Literal["transfer"] = "transfer"
    case: CaseRef
    to: Annotated[Who, Field(min_length=1)]


class Link(_Operation):
    """Either a contact's number or its UUID."""

    verb: Literal["link"] = "link"
    case: CaseRef
    contactid: Id | None = None
    contact_uuid: Uuid = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.contactid is None) == (not self.contact_uuid):
            raise ValueError("a contact's number or its UUID")
        return self


class Close(_Operation):
    verb: Literal["close"] = "close"
    case: CaseRef


class Reopen(_Operation):
    verb: Literal["reopen"] = "reopen"
    case: CaseRef


class RepLink(_Operation):
    """Who in Slack is which rep: a mention and a rep's name, or `nobody` to take the link away. Without a person: the links."""

    verb: Literal["rep"] = "rep"
    person: Annotated[str, Field(pattern=r"^(<@[UW][A-Z0-9]+>)?$")] = ""
    rep: Who = ""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.person) != bool(self.rep):
            raise ValueError("a person and a rep, or neither")
        return self


class Pending(_Operation):
    verb: Literal["pending"] = "pending"


class Refresh(_Operation):
    verb: Literal["refresh"] = "refresh"


Operation = Annotated[
    Help | Show | Find | Mine | Open | Note | Call | Tag | Untag | Transfer | Link | Close | Reopen | Pending | RepLink | Refresh,
    Field(discriminator="verb"),
]
