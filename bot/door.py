"""The front door: Slack's requests over HTTP and over Socket Mode, made into the same dict and given to Bolt.

The signature is checked here and not by Bolt, for three reasons that were tried out: Bolt answers malformed headers with a 500,
logs the body of a request with a wrong signature, and reads a command whose text holds the word "payload" as empty. A body is
never logged. What is behind the door (routes, access, handlers) does not belong here.
"""

from __future__ import annotations

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

MOST_BYTES = 1_000_000
_WINDOW = 300  # seconds that a signature counts, as Slack recommends
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
    """`app` is the Bolt app, `clock` is the wall clock in unix seconds."""

    def __init__(self, app: AsyncApp, signing_secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        self._secret = signing_secret.encode()
        self._clock = clock
        self._events: TTLCache[str, bool] = TTLCache(maxsize=_EVENTS, ttl=_RETRIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI app: Starlette calls it as it is, without the wrappers that a function would need."""
        await (await self.http(Request(scope, receive)))(scope, receive, send)

    async def http(self, request: Request) -> Response:
        """POST /slack/events: commands, interactions, options and events."""
        try:
            raw = await _read(request)
            self._verify(raw, request.headers.get("x-slack-request-timestamp"), request.headers.get("x-slack-signature"))
            body = _parse(raw, request.headers.get("content-type", ""))
        except Turned as turned:
            log.warning("turned away: %s", turned)
            return PlainTextResponse(turned.status.phrase, status_code=turned.status)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if "ssl_check" in body and "command" not in body:
            return Response()
        if body.get("type") == "url_verification":
            return JSONResponse({"challenge": str(body.get("challenge", ""))})
        answer = await self.dispatch(body)
        headers = {name: ", ".join(values) for name, values in answer.headers.items()}
        return Response(answer.body, status_code=answer.status, headers=headers)

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
        """One verified request. An event that came before is acknowledged and nothing more."""
        if body.get("type") == "event_callback" and self._seen(str(body.get("event_id") or "")):
            return BoltResponse(status=HTTPStatus.OK, body="")
        # The mode in which Bolt takes a parsed body as it is.
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
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
            answer = await self.dispatch(dict(request.payload))
            if answer.status != HTTPStatus.OK:
                return  # unacknowledged, Slack tells the person or delivers it again
            payload = json.loads(answer.body) if answer.body and answer.body.startswith("{") else None
            if answer.body and payload is None:
                payload = {"text": answer.body}
            await connection.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))

        client.socket_mode_request_listeners.append(arrived)


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
        text = raw.decode()
        if content_type.startswith("application/json"):
            body = json.loads(text)
        elif content_type.startswith("application/x-www-form-urlencoded"):
            # yarl decodes forms in C; urllib does it in Python and takes ten times as long for a card's payload.
            form = dict(URL.build(query_string=text, encoded=True).query)
            body = json.loads(form["payload"]) if "payload" in form else form
        else:
            raise Turned(HTTPStatus.BAD_REQUEST, "neither a form nor JSON")
    except (ValueError, RecursionError) as fault:
        raise Turned(HTTPStatus.BAD_REQUEST, f"malformed body: {type(fault).__name__}") from None
    if not isinstance(body, dict):
        raise Turned(HTTPStatus.BAD_REQUEST, "not an object")
    return body
