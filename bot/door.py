"""The front door: Slack's requests over HTTP and over Socket Mode, made into the same dict, read, and given to Bolt.

The signature is checked here and not by Bolt, for three reasons that were tried out: Bolt answers malformed headers with a 500,
logs the body of a request with a wrong signature, and reads a command whose text holds the word "payload" as empty.

Whatever is not let in ends here as `Turned`, with one line in the log that holds nothing of the body. What is behind the door
(routes, access, handlers) does not belong here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from cachetools import TTLCache
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from yarl import URL

from bot.payloads import Asked
from bot.reading import asked_of
from bot.shapes import Malformed, fit, from_json, id_in, text_in

MOST_BYTES = 1_000_000
_ARRIVAL = 5.0  # seconds that a body may take to arrive; Slack itself gives up after three
_WINDOW = 300  # seconds that a signature counts, as Slack recommends
# Signed requests at once. They take milliseconds, two seconds while the database is away: more of them than this are no desk's.
_AT_ONCE = 300
_EVENTS = 10_000
_RETRIES = 3_900  # seconds within which Slack repeats an event (at once, after 1 and after 5 minutes), or an hour later

log = logging.getLogger(__name__)

Body = dict[str, Any]


class Turned(Exception):
    """A request that is not let in. `status` is the answer, the reason is for the log."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Door:
    """`app` is the Bolt app, `clock` the wall clock in unix seconds, `arrival` the seconds that a body may take; `at_once` bounds
    the requests under way."""

    def __init__(
        self,
        app: AsyncApp,
        signing_secret: str,
        *,
        clock: Callable[[], float] = time.time,
        arrival: float = _ARRIVAL,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._app = app
        self._secret = signing_secret.encode()
        self._clock = clock
        self._arrival = arrival
        self._room = asyncio.Semaphore(at_once)
        self._events: TTLCache[str, bool] = TTLCache(maxsize=_EVENTS, ttl=_RETRIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI app: Starlette calls it as it is, without the wrappers that a function would need."""
        await (await self.http(Request(scope, receive)))(scope, receive, send)

    async def http(self, request: Request) -> Response:
        """POST /slack/events: commands, interactions, options and events."""
        try:
            body = await self._received(request)
            if "ssl_check" in body and "command" not in body:
                return Response()
            if body.get("type") == "url_verification":
                return JSONResponse({"challenge": text_in(body.get("challenge"), "challenge")})
            # Not before: bodies that come slowly, and whatever Slack did not sign, take no room from Slack's requests.
            if self._room.locked():
                raise Turned(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests at once")
            async with self._room:
                answer = await self.dispatch(body)
        except (Turned, Malformed) as fault:
            return _refused(fault)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        headers = {name: ", ".join(values) for name, values in answer.headers.items()}
        return Response(answer.body, status_code=answer.status, headers=headers)

    async def _received(self, request: Request) -> Body:
        try:
            async with asyncio.timeout(self._arrival):
                raw = await _read(request)
        except TimeoutError:
            raise Turned(HTTPStatus.REQUEST_TIMEOUT, "body too slow") from None
        self._verify(raw, request.headers.get("x-slack-request-timestamp"), request.headers.get("x-slack-signature"))
        return _parse(raw, request.headers.get("content-type", ""))

    def _verify(self, raw: bytes, timestamp: str | None, signature: str | None) -> None:
        # https://docs.slack.dev/authentication/verifying-requests-from-slack
        if not self._secret:
            raise Turned(HTTPStatus.UNAUTHORIZED, "no signing secret is set, only Socket Mode is open")
        if timestamp is None or signature is None:
            raise Turned(HTTPStatus.UNAUTHORIZED, "no timestamp or no signature")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise Turned(HTTPStatus.UNAUTHORIZED, "malformed timestamp")
        if abs(self._clock() - int(timestamp)) > _WINDOW:
            raise Turned(HTTPStatus.UNAUTHORIZED, "timestamp out of the window")
        expected = "v0=" + hmac.new(self._secret, b"v0:" + timestamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Turned(HTTPStatus.UNAUTHORIZED, "wrong signature")

    async def dispatch(self, body: Body) -> BoltResponse:
        """One verified request, fit to be sent on and stored (`bot.shapes`). Raises Malformed for what cannot be read.

        What is nothing for casebot, and an event that came before, is acknowledged and nothing more: refusing it would make
        Slack repeat it and count it as a failure.
        """
        asked = asked_of(body)
        if asked is None or (body.get("type") == "event_callback" and self._seen(id_in(body.get("event_id"), "event_id"))):
            return BoltResponse(status=HTTPStatus.OK, body="")
        answer = await self._app.async_dispatch(_request(body, asked))
        return answer or BoltResponse(status=HTTPStatus.OK, body="")

    def _seen(self, event_id: str) -> bool:
        if event_id in self._events:
            return True
        if event_id:
            self._events[event_id] = True
        return False

    def socket(self, client: SocketModeClient) -> None:
        """Lets the requests of a Socket Mode connection in by the same door."""

        async def arrived(connection: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
            if request.type not in ("events_api", "slash_commands", "interactive"):
                return
            try:
                answer = await self.dispatch(fit(dict(request.payload)))
            except Malformed as fault:
                _refused(fault)
                return  # unacknowledged, Slack tells the person
            if answer.status != HTTPStatus.OK:
                return  # the same, or Slack delivers it again
            payload = json.loads(answer.body) if answer.body and answer.body.startswith("{") else None
            if answer.body and payload is None:
                payload = {"text": answer.body}
            await connection.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))

        client.socket_mode_request_listeners.append(arrived)


def _refused(fault: Turned | Malformed) -> Response:
    """The one place where a request that is not let in gets its answer.

    Malformed is 400 and no polite 200, although Slack signed it: an empty 200 would close a form with what somebody typed
    in it, and shown as done what was not. At a 400 Slack keeps the form and says itself that something went wrong. Only
    Slack's repetition of an event is asked not to come: it would be as malformed.
    """
    if isinstance(fault, Malformed):
        status, headers = HTTPStatus.BAD_REQUEST, {"X-Slack-No-Retry": "1"}
        log.warning("turned away: malformed payload, %s", fault)
    else:
        status, headers = fault.status, {}
        log.warning("turned away: %s", fault)
    if status is HTTPStatus.REQUEST_TIMEOUT:
        headers["Connection"] = "close"
    return PlainTextResponse(status.phrase, status_code=status, headers=headers)


def _request(body: Body, asked: Asked) -> AsyncBoltRequest:
    """In the mode in which Bolt takes a parsed body as it is. Bolt looks at more of it than casebot reads, and raises at once."""
    try:
        return AsyncBoltRequest(body=body, context={"asked": asked}, mode="socket_mode")
    except (LookupError, TypeError, AttributeError) as fault:
        raise Malformed("what Bolt reads") from fault


async def _read(request: Request) -> bytes:
    """The body, bounded while it comes in: a header may lie about its length."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too large")
    return bytes(raw)


def _parse(raw: bytes, content_type: str) -> Body:
    try:
        text, kind = raw.decode(), content_type.partition(";")[0].strip().lower()
        if kind == "application/json":
            body = from_json(text)
        elif kind == "application/x-www-form-urlencoded":
            # yarl decodes forms in C; urllib does it in Python and takes ten times as long for a card's payload.
            form = dict(URL.build(query_string=text, encoded=True).query)
            body = from_json(form["payload"]) if "payload" in form else fit(form)
        else:
            raise Turned(HTTPStatus.BAD_REQUEST, "neither a form nor JSON")
    except Malformed:
        raise
    except (ValueError, RecursionError) as fault:
        raise Turned(HTTPStatus.BAD_REQUEST, f"malformed body: {type(fault).__name__}") from None
    if not isinstance(body, dict):
        raise Turned(HTTPStatus.BAD_REQUEST, "not an object")
    return body
