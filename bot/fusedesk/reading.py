"""FuseDesk's answers, read: is it an error, and which; what JSON does it hold, and which models are in there.

What belongs here: everything between a finished HTTP exchange and a typed value. Nothing here asks FuseDesk anything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal, NamedTuple, TypeVar, overload

import httpx
from pydantic import BaseModel, ValidationError

from bot.fusedesk.errors import (
    FuseDeskError,
    KeyRefused,
    NotFound,
    QuotaUsedUp,
    RefusedByFuseDesk,
    ScopeMissing,
    Unavailable,
    Unintelligible,
)
from bot.fusedesk.models import Case

log = logging.getLogger(__name__)

KEY = "X-FuseDesk-API-Key"
CODE, SENTENCE = "X-FuseDesk-Error-Code", "X-FuseDesk-Error"
NO_SCOPE = "api_error_noscope"
LONGEST_SENTENCE = 500
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
Broken = httpx.HTTPError | httpx.InvalidURL
Thing = TypeVar("Thing", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """One documented call. `path` is the part after /api/v1/, `scope` what the key needs for it, `what` the thing it is about."""

    method: Literal["GET", "POST"]
    path: str
    scope: str
    what: str = ""

    @property
    def writes(self) -> bool:
        return self.method == "POST"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Complaint(NamedTuple):
    """FuseDesk's error code and sentence; both empty where it has none."""

    code: str
    sentence: str


@overload
def name_error(call: Call, outcome: Broken, again_at: datetime) -> FuseDeskError: ...
@overload
def name_error(call: Call, outcome: httpx.Response, again_at: datetime) -> FuseDeskError | None: ...


def name_error(call: Call, outcome: httpx.Response | Broken, again_at: datetime) -> FuseDeskError | None:
    """What went wrong in this exchange, None if nothing did. `again_at`: when a used up quota may be expected to be full."""
    if not isinstance(outcome, httpx.Response):
        return _name_broken(call, outcome)
    status, (code, sentence) = outcome.status_code, _complaint(outcome)
    facts: dict[str, Any] = {"call": str(call), "status": status} | ({"code": code} if code else {})
    if status == 401:
        return KeyRefused(**facts)
    if status == 403 or code == NO_SCOPE:
        return ScopeMissing(call.scope, **facts) if call.scope else KeyRefused(**facts)
    if status == 429:
        return QuotaUsedUp(again_at, **facts)
    if status >= 500:
        return Unavailable(maybe_done=call.writes, **facts)
    if status == 404 and (call.what or not sentence):
        return NotFound(call.what or f"address {call.path}", **facts)
    if sentence or code:
        return RefusedByFuseDesk(sentence or code, **facts)
    return None if 200 <= status < 300 else Unintelligible(**facts)


def _name_broken(call: Call, fault: Broken) -> FuseDeskError:
    facts = {"call": str(call), "fault": type(fault).__name__}
    if isinstance(fault, httpx.DecodingError):
        return Unintelligible(maybe_done=call.writes, **facts)
    return Unavailable(maybe_done=call.writes and not isinstance(fault, NOTHING_SENT), **facts)


def _complaint(response: httpx.Response) -> Complaint:
    """An error is told in the headers, in the body, or in both; the body may come with a 200.

    A sentence is FuseDesk's, but the key that it may quote is not for people.
    """
    try:
        body = _json(response)
    except ValueError:
        body = None
    told = body if isinstance(body, Mapping) else {}
    error, code = told.get("error"), told.get("errorcode") or response.headers.get(CODE)
    sentence = error if isinstance(error, str) else response.headers.get(SENTENCE, "")
    if error and not sentence:
        sentence = "it gave no reason."
    sentence = " ".join(sentence.replace(response.request.headers.get(KEY) or "\0", "[key]").split())
    return Complaint(code[:100] if isinstance(code, str) and code != "0" else "", sentence[:LONGEST_SENTENCE])


def _json(response: httpx.Response) -> Any:
    """Raises ValueError. An answer nested deeper than Python goes is as unreadable as one that is no JSON."""
    try:
        return response.json()
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


def read(call: Call, response: httpx.Response) -> Any:
    """The answer's JSON. A write may be answered with nothing at all, which is None. Raises Unintelligible."""
    if call.writes and not response.content.strip():
        return None
    try:
        return _json(response)
    except ValueError as fault:
        kind = response.headers.get("content-type", "")[:100]
        raise Unintelligible(maybe_done=call.writes, call=str(call), status=response.status_code, content_type=kind) from fault


def read_list(call: Call, data: Any, model: type[Thing], zone: tzinfo) -> list[Thing]:
    """The things in a list; a single object where a list was expected is a list of one.

    One unreadable thing must not hide the others: it is left out, with a line in the log that says which. Raises
    Unintelligible when it is no list, or when nothing in it can be read.
    """
    items = [data] if isinstance(data, Mapping) else data
    if not isinstance(items, list):
        raise Unintelligible(call=str(call), got=type(data).__name__)
    things = [thing for item in items if (thing := _thing(call, item, model, zone)) is not None]
    if items and not things:
        raise Unintelligible(call=str(call), unreadable=len(items))
    return things


def read_case(call: Call, data: Any, zone: tzinfo) -> Case:
    """The case; a list of one is that one, an empty list is none. Raises NotFound, Unintelligible."""
    if data == []:
        raise NotFound(call.what, call=str(call))
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    case = _thing(call, data, Case, zone)
    if case is None:
        raise Unintelligible(call=str(call), got=type(data).__name__)
    return case


def read_written(call: Call, data: Any, zone: tzinfo, *, caseid: int | None = None) -> Case | None:
    """The case in a write's answer, where one with its status and department is in there. Never raises: the write is done.

    `caseid`: the one that was written. Without it (a case was opened) the id alone will do: a case whose other fields have
    their defaults, as `model_fields_set` tells.
    """
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    case = _thing(call, data, Case, zone) if isinstance(data, Mapping) and data.keys() & {"caseid", "id"} else None
    if case is None and caseid is None:
        return _only_id(data)
    if case is None or caseid is None:
        return case
    whole = case.caseid == caseid and case.model_fields_set >= {"status", "departmentid"}
    return case if whole else None


def _only_id(data: Any) -> Case | None:
    if not isinstance(data, Mapping):
        return None
    try:
        return Case.model_validate({name: data[name] for name in ("caseid", "id") if name in data})
    except ValidationError:
        return None


def _thing(call: Call, item: Any, model: type[Thing], zone: tzinfo) -> Thing | None:
    """None, and a line in the log with ids and names of fields but no values, when it cannot be read."""
    try:
        return model.model_validate(item, context={"zone": zone})
    except ValidationError as fault:
        fields = sorted({str(error["loc"][0]) for error in fault.errors(include_input=False, include_url=False) if error["loc"]})
        log.warning("%s: unreadable %s %s: %s", call, model.__name__, _id(item), ", ".join(fields) or type(item).__name__)
        return None


def _id(item: Any) -> str:
    """Its id, if it is one: anything else stays out of the log."""
    found = (
        next((item[name] for name in ("caseid", "departmentid", "userid", "id") if item.get(name)), "")
        if isinstance(item, Mapping)
        else ""
    )
    return str(found) if str(found).isalnum() and len(str(found)) <= 20 else "without an id"
