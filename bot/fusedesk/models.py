"""FuseDesk's things as typed values, read tolerantly and written exactly.

Answers ignore unknown fields and accept missing ones; numbers may be strings, dates may be empty, tags come in three shapes.
Field names are FuseDesk's own as far as it has one name; where it has two (`caseid` and `id`, `departmentid` and `depid`) the
answer's name is used. Requests are models too, so that a field that FuseDesk does not know cannot be sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator


class Status(StrEnum):
    """`new` waits on the team, `open` waits on the customer."""

    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"


EARLIEST, LATEST = 1900, 9000


def _number(value: object) -> int | None:
    """FuseDesk writes 7, "7", "", "0", 0 or null; 0 and nothing both mean: none. What is no number is none, too."""
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value != 0 else None


def _moment(value: object, info: ValidationInfo) -> datetime | None:
    """FuseDesk writes ISO 8601 with an offset, `YYYY-MM-DD HH:MM:SS` in its own zone, or one of several kinds of nothing.

    Years that no case can have are such a nothing, too (and would break the conversion into another zone).
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime) or not EARLIEST <= value.year <= LATEST:
        return None
    zone: tzinfo = (info.context or {}).get("zone", UTC)
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _text(value: object) -> str:
    """Half an emoji (a lone surrogate, which JSON can carry) becomes a question mark: nothing could send it on."""
    if value is None or value is False:
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _ids(value: object) -> tuple[int, ...]:
    """Tags come in three shapes: a list of ids, a list of objects, an object keyed by id. Also a comma-separated text."""
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, Mapping):
        value = [tag if isinstance(tag, Mapping) and "id" in tag else key for key, tag in value.items()]
    if not isinstance(value, list | tuple | set | frozenset):
        return ()
    numbers = (_number(item.get("id", item.get("tagid")) if isinstance(item, Mapping) else item) for item in value)
    return tuple(dict.fromkeys(number for number in numbers if number is not None))


Number = Annotated[int | None, BeforeValidator(_number)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(_text)]
Ids = Annotated[tuple[int, ...], BeforeValidator(_ids)]


class _Answer(BaseModel):
    """Its id must be there and readable, and a case's status a known one; the rest is read as far as it goes."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        """An empty value counts as missing, so that of a field with two names the filled one is taken."""
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None and value != ""}
        return data


class HistoryItem(_Answer):
    """One entry of a case's history: a note, a call or an email."""

    type: Text = "note"
    title: Text = Field("", validation_alias=AliasChoices("title", "subject"))
    note: Text = Field("", validation_alias=AliasChoices("note", "body"))
    repid: Number = None
    from_: Text = Field("", validation_alias=AliasChoices("from", "from_"))
    to: Text = ""
    date_added: Moment = Field(None, validation_alias=AliasChoices("date_added", "date_recvd", "date_sent"))


class Case(_Answer):
    """A case as FuseDesk returns it. `history` is filled by `GET cases/ID` only; `tags` are tag ids."""

    caseid: int = Field(gt=0, validation_alias=AliasChoices("caseid", "id"))
    casenum: Text = Field("", validation_alias=AliasChoices("casenum", "casenumber"))
    summary: Text = ""
    details: Text = ""
    openedby: Text = ""
    status: Status = Status.NEW
    repid: Number = None
    departmentid: Number = Field(None, validation_alias=AliasChoices("departmentid", "depid"))
    contactid: Number = None
    contact_uuid: Text = Field("", validation_alias=AliasChoices("contactUuid", "contactuuid"))
    companyid: Number = None
    tags: Ids = Field((), validation_alias=AliasChoices("tags", "casetags"))
    date_opened: Moment = None
    date_assigned: Moment = None
    date_firstresponse: Moment = None
    date_lastresponse: Moment = None
    date_updated: Moment = None
    date_closed: Moment = None
    rating: Text = ""
    feedback: Text = ""
    history: tuple[HistoryItem, ...] = ()

    @field_validator("status", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("history", mode="before")
    @classmethod
    def _items(cls, value: object) -> object:
        """The shape is not documented: a list, or an object keyed by something; what is no item is left out."""
        if isinstance(value, Mapping):
            value = list(value.values())
        if not isinstance(value, list | tuple):
            return ()
        return [item for item in value if isinstance(item, Mapping | HistoryItem)]


class Department(_Answer):
    departmentid: int = Field(validation_alias=AliasChoices("departmentid", "id"))
    name: Text = ""
    repids: Ids = ()


class Rep(_Answer):
    userid: int = Field(validation_alias=AliasChoices("userid", "userId", "id"))
    firstname: Text = Field("", validation_alias=AliasChoices("firstname", "firstName"))
    lastname: Text = Field("", validation_alias=AliasChoices("lastname", "lastName"))
    email: Text = ""
    active: bool = True

    @property
    def name(self) -> str:
        return f"{self.firstname} {self.lastname}".strip() or f"Rep {self.userid}"


class Tag(_Answer):
    id: int = Field(validation_alias=AliasChoices("id", "tagid"))
    tagname: Text = Field("", validation_alias=AliasChoices("tagname", "name"))


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def given(self) -> Iterator[tuple[str, object]]:
        """What is sent, by FuseDesk's names. Empty fields are left out unless FuseDesk requires them."""
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            if info.is_required() or not _empty(value):
                yield info.serialization_alias or name, value

    def fields(self) -> dict[str, str]:
        """The form fields, or the query, of the call."""
        return {name: _written(value) for name, value in self.given()}


def _empty(value: object) -> bool:
    return value is None or value is False or value == "" or value == ()


def _written(value: object) -> str:
    """ISO 8601 to the second, `true`, comma-separated ids, JSON for a history; half an emoji becomes a question mark."""
    if value is True:
        return "true"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, tuple):
        if any(isinstance(item, _Request) for item in value):
            return history_json(value)
        return ",".join(str(item) for item in value)
    return _text(value)


def history_json(items: Sequence[NewNote | NewEmail]) -> str:
    """The JSON text that `history` wants: an array of notes, calls and emails."""
    rows = [{name: value if isinstance(value, int) else _written(value) for name, value in item.given()} for item in items]
    return json.dumps(rows, ensure_ascii=False)


class NewNote(_Request):
    """A note or a logged call; also one item of a history import. The last three are for `addnote` alone."""

    type: Literal["note", "call"] = "note"
    title: str
    note: str
    date_added: datetime | None = None
    repid: int | None = None
    status: Status | None = None
    templateid: int | None = None


class NewEmail(_Request):
    """An email as an item of a history import (`from_` is sent as `from`)."""

    type: Literal["email"] = "email"
    to: str
    from_: str = Field(serialization_alias="from")
    subject: str
    body: str
    cc: str = ""
    bcc: str = ""
    date_sent: datetime | None = None
    date_recvd: datetime | None = None
    repid: int | None = None


class NewCase(_Request):
    """What `POST cases/` takes. Without `repid` FuseDesk picks a random rep of the department."""

    depid: int
    summary: str
    details: str
    openedby: str
    repid: int | None = None
    status: Status | None = None
    date_opened: datetime | None = None
    date_assigned: datetime | None = None
    date_updated: datetime | None = None
    contactid: int | None = None
    contact_uuid: str = Field("", serialization_alias="contactUuid")
    email: str = ""
    companyid: int | None = None
    type: Literal["note", "call", "import"] | None = None
    history: tuple[NewNote | NewEmail, ...] = ()
    skipinfusionsoft: bool = False
    casetags: tuple[int, ...] = ()


class DateFilter(_Request):
    """A day, or everything before or after days (both: between). FuseDesk does not say whether the bounds belong to it."""

    on: date | None = None
    before: date | None = None
    after: date | None = None

    def __str__(self) -> str:
        if self.on:
            return self.on.isoformat()
        bounds = {"before": self.before, "after": self.after}
        return json.dumps({key: day.isoformat() for key, day in bounds.items() if day}, separators=(",", ":"))


class CaseSearch(_Request):
    """What `GET cases` takes. `limit` is at most 500; `email` makes FuseDesk ask the CRM first, which takes seconds."""

    email: str = ""
    contactid: int | None = None
    companyid: int | None = None
    repid: int | None = None
    depid: int | None = None
    casetag: int | None = None
    status: Literal["all", "active", "new", "open", "closed"] | None = None
    date_opened: DateFilter | None = None
    date_assigned: DateFilter | None = None
    date_firstresponse: DateFilter | None = None
    date_updated: DateFilter | None = None
    date_closed: DateFilter | None = None
    limit: int = Field(150, ge=1, le=500)
    offset: int = Field(0, ge=0)
    orderby: str = ""
    subject: str = ""
    from_: str = Field("", serialization_alias="from")
    created_by_rep: int | None = Field(None, serialization_alias="createdByRep")
    contact_uuid: str = Field("", serialization_alias="contactUuid")
