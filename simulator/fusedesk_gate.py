"""What stands before the FuseDesk stand-in's API: the weather, faults, the key, the quota, and the record of every call.

What belongs here: everything that can happen to a call whatever it asks for. What a call does belongs to the API.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from simulator.fusedesk_fields import Refusal
from simulator.hooks import tell
from simulator.serving import App, Receive, Scope, Send, cut

if TYPE_CHECKING:
    from simulator.fusedesk import FuseDesk

HOURS = 3600.0
GARBAGE = "<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
ODD_WAYS = ("drop", "hang", "garbage", "empty", "error_in_200")
KEPT = 20_000  # bytes of an answer that stay in the record
CODE, SENTENCE = "X-FuseDesk-Error-Code", "X-FuseDesk-Error"


@dataclass(frozen=True)
class Call:
    """One request. `status` is 0 while it has no answer and where it never got one; `seconds` runs until the answer left.

    `answer` is the beginning of what was answered.
    """

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    at: datetime
    status: int = 0
    seconds: float = 0.0
    answer: bytes = b""

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    def fits(self, pattern: str) -> bool:
        """See `Calls.matching`."""
        return bool(_expression(pattern).fullmatch(f"{self.method} {_short(self.path)}"))


class Calls(list[Call]):
    """Every call in the order in which they ended."""

    def matching(self, pattern: str) -> list[Call]:
        """Calls like `GET /cases/1001`, `POST /cases/{id}/addnote` or `POST *`.

        The path counts without `/api/v1` and without a slash at its end; `{…}` is one part of it, `*` anything.
        """
        return [call for call in self if call.fits(pattern)]

    def count(self, pattern: Any) -> int:
        return len(self.matching(pattern))


@lru_cache
def _expression(pattern: str) -> re.Pattern[str]:
    method, _, path = pattern.partition(" ")
    if not method.isupper() or not path.startswith(("/", "*")):
        raise ValueError(f"{pattern!r} is not like 'POST /cases/1001'")
    parts = re.split(r"(\{[^}]*\}|\*)", _short(path))
    places = {"{": "[^/]+", "*": ".*"}
    return re.compile(f"{method} " + "".join(places.get(part[:1], re.escape(part)) for part in parts), re.DOTALL)


def _short(path: str) -> str:
    return path.removeprefix("/api/v1").rstrip("/") or "/"


@dataclass
class Fault:
    """What goes wrong with the next `times` calls that fit (None: with all of them)."""

    pattern: str
    when: str
    how: str
    times: int | None

    def __post_init__(self) -> None:
        _expression(self.pattern)
        if self.when not in ("before", "after"):
            raise ValueError("a fault happens before or after the effect")
        if self.how not in ODD_WAYS and not re.fullmatch("[1-5][0-9][0-9]", self.how):
            raise ValueError(f"a fault is a status such as 503, or one of {', '.join(ODD_WAYS)}")
        if self.when == "before" and self.how == "empty":
            raise ValueError("an empty answer comes after the effect")


@dataclass
class Quota:
    """Calls an hour, of `hour` seconds. The hours run from the first call on; `left` is refilled when one is over."""

    limit: int = 1800
    left: int = 1800
    hour: float = HOURS
    began: float = field(default_factory=perf_counter)

    def take(self) -> None:
        if perf_counter() - self.began >= self.hour:
            self.began, self.left = perf_counter(), self.limit
        if self.left <= 0:
            raise Refusal(429, "api_error_quota", "The hourly quota of API calls is used up.")
        self.left -= 1

    def headers(self) -> dict[str, str]:
        return {"X-FuseDesk-Usage-Limit": str(self.limit), "X-FuseDesk-Usage-Remaining": str(max(self.left, 0))}


class Gate:
    """The ASGI app around the API. Each request is read whole, met by the weather, answered whole."""

    def __init__(self, api: App, desk: FuseDesk) -> None:
        self.api = api
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.api(scope, receive, send)
            return
        body = await _body(receive)
        call = Call(scope["method"], scope["path"], _pairs(scope["query_string"]), _pairs(body), datetime.now(UTC))
        started, answer = perf_counter(), None
        self.desk.in_flight += 1
        try:
            answer = await self._answer(call, scope, body)
        finally:
            self.desk.in_flight -= 1
            status, begins = (answer.status_code, bytes(answer.body[:KEPT])) if answer else (0, b"")
            call = replace(call, status=status, seconds=perf_counter() - started, answer=begins)
            self.desk.calls.append(call)
        if answer is None:
            await cut(scope, receive)
        else:
            await answer(scope, receive, send)
        await tell(self.desk.on_answer, call)

    async def _answer(self, call: Call, scope: Scope, body: bytes) -> Response | None:
        """None: the connection is to be broken off without an answer."""
        desk = self.desk
        await tell(desk.on_request, call)
        await asyncio.sleep(desk.latency + (desk.crm_latency if "email" in {**call.query, **call.form} else 0))
        if desk.down:
            return _proxy(503)
        if desk.hanging:
            await desk.released()
        before = desk.take_fault(call, "before")
        if before == "hang":
            await desk.released()
        elif before:
            return self._broken(before)
        answer = await self._done(scope, body)
        if call.writes and answer.status_code < 400:
            await tell(desk.on_effect, call)
        return await self._changed(call, answer)

    async def _changed(self, call: Call, answer: Response) -> Response | None:
        """The answer as it leaves: as it is, or spoiled by a fault or a switch."""
        desk = self.desk
        after = desk.take_fault(call, "after")
        if after == "hang":
            await desk.released()
        elif after:
            return self._broken(after)
        if desk.garbage:
            return self._broken("garbage")
        if desk.error_in_200 and answer.status_code in (403, 404, 405):
            return Response(answer.body, 200, _own(answer, without={CODE, SENTENCE}), "application/json")
        if desk.empty_writes and call.writes and answer.status_code < 400:
            return self._broken("empty")
        return answer

    def _broken(self, how: str) -> Response | None:
        quota = self.desk.quota.headers()
        if how == "drop":
            return None
        if how == "garbage":
            return Response(GARBAGE, 200, quota, "text/html")
        if how == "empty":
            return Response(b"", 200, quota, "application/json")
        if how == "error_in_200":
            return JSONResponse({"error": "Something went wrong.", "errorcode": "api_error_other"}, 200, quota)
        if how in ("401", "403", "404", "405", "429"):
            return error_response(Refusal(int(how), "api_error_other", "Something went wrong."), quota)
        return _proxy(int(how))

    async def _done(self, scope: Scope, body: bytes) -> Response:
        quota = self.desk.quota
        try:
            self._check_key(scope)
            quota.take()
        except Refusal as refusal:
            return error_response(refusal, quota.headers())
        answer = await _ask(self.api, scope, body)
        answer.headers.update(quota.headers())
        return answer

    def _check_key(self, scope: Scope) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        given = headers.get("x-fusedesk-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if self.desk.rejects_key or given != self.desk.api_key:
            raise Refusal(401, "api_error_badkey", "The API key is invalid.")


def error_response(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """FuseDesk's documented form of an error: body and headers say the same."""
    sentence = "".join(letter if " " <= letter <= "~" else "?" for letter in refusal.sentence)
    content = {"error": refusal.sentence, "errorcode": refusal.code}
    return JSONResponse(content, refusal.status, {**headers, CODE: refusal.code, SENTENCE: sentence})


def _proxy(status: int) -> Response:
    """What a proxy before FuseDesk answers when FuseDesk itself cannot."""
    return Response(f"<html><body>Error {status}</body></html>", status, media_type="text/html")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _pairs(text: bytes) -> dict[str, str]:
    return dict(parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True))


async def _ask(app: App, scope: Scope, body: bytes) -> Response:
    """The whole answer of an app that gets the whole body at once."""
    parts: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        parts.append(message)

    await app(scope, receive, send)
    answer = Response(b"".join(part.get("body", b"") for part in parts[1:]), parts[0]["status"])
    answer.raw_headers = list(parts[0]["headers"])
    return answer


def _own(answer: Response, without: set[str]) -> dict[str, str]:
    dropped = {name.lower() for name in without} | {"content-length", "content-type"}
    return {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
