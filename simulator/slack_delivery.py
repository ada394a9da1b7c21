"""From Slack to the bot: signed HTTP, or the websocket when the bot has opened one; three seconds, then it failed.

A failed delivery is a fault of the workspace. Not imitated: redirects, Slack's own retries of events (`event(retry=…)` makes
them by hand).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from simulator.slack_socket import Sockets
from simulator.slack_state import NotPossible
from simulator.slack_text import Json
from simulator.slack_workspace import Workspace

ACK_SECONDS = 3.0
EVENTS = "/slack/events"


@dataclass
class Exchange:
    """What was sent and what came back.

    `error` is "" when the bot answered well, else `operation_timeout`, `dispatch_failed`, `invalid_response` or, when Slack's
    client sent nothing because of the fields, `not_sent`. `errors` are the words at the fields, by block_id. `at` is when it
    began, in unix seconds; `body` is what went over the line, `to` the bot that got it ("" through a socket).
    """

    kind: str
    sent: Json = field(default_factory=dict, repr=False)
    status: int = 0
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    body: str = field(default="", repr=False)
    to: str = ""

    @property
    def json(self) -> Json:
        """The body, {} when it holds no JSON object."""
        try:
            read = json.loads(self.text or "{}")
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}


class Delivery:
    """`ack_seconds` is the time the bot has; `watch` is told of every delivery, first when it begins and again when it ended.

    `bots` are the addresses that requests go to, each to the next of them, as a load balancer sends them.
    """

    def __init__(self, workspace: Workspace, signing_secret: str) -> None:
        self._workspace = workspace
        self._secret = signing_secret
        self._session: aiohttp.ClientSession | None = None
        self.bots: deque[str] = deque()
        self.ack_seconds = ACK_SECONDS
        self.watch: Callable[[Exchange], None] | None = None
        self.sockets = Sockets(workspace.changed)

    @property
    def bot_url(self) -> str:
        """Where the next request goes; "" where no bot is there."""
        return self.bots[0] if self.bots else ""

    def sign(self, body: str | bytes, timestamp: int | str) -> str:
        """The `X-Slack-Signature` of a body."""
        base = f"v0:{timestamp}:".encode() + (body.encode() if isinstance(body, str) else body)
        return "v0=" + hmac.new(self._secret.encode(), base, hashlib.sha256).hexdigest()

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def command(self, fields: dict[str, str]) -> Exchange:
        return await self._deliver("command", "slash_commands", fields, urlencode(fields))

    async def interactive(self, payload: Json) -> Exchange:
        return await self._deliver(str(payload["type"]), "interactive", payload, urlencode({"payload": json.dumps(payload)}))

    async def event(self, envelope: Json, *, retry: int, reason: str) -> Exchange:
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        return await self._deliver("event", "events_api", envelope, json.dumps(envelope), headers, retry=retry, reason=reason)

    async def raw(self, path: str, body: str | bytes, headers: Mapping[str, str]) -> Exchange:
        """Posts exactly that, unsigned and unjudged."""
        exchange = Exchange("raw")
        await self._post(exchange, path, body, headers)
        return exchange

    async def _deliver(
        self,
        kind: str,
        envelope: str,
        payload: Json,
        body: str,
        headers: Mapping[str, str] | None = None,
        *,
        retry: int = 0,
        reason: str = "",
    ) -> Exchange:
        exchange = Exchange(kind, payload, at=self._workspace.now(), body=body)
        self._told(exchange)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                if self.sockets.open:
                    ack = await self.sockets.send(envelope, payload, retry=retry, reason=reason)
                    exchange.status, exchange.text = 200, json.dumps(ack) if ack else ""
                else:
                    await self._post(exchange, EVENTS, body, self._signed(body, envelope) | dict(headers or {}))
        except TimeoutError:
            exchange.error = "operation_timeout"
        except aiohttp.ClientError as fault:
            exchange.error, exchange.text = "dispatch_failed", type(fault).__name__
        exchange.seconds = time.monotonic() - began
        self._judge(exchange)
        self._told(exchange)
        return exchange

    def _told(self, exchange: Exchange) -> None:
        if self.watch:
            self.watch(exchange)

    def _judge(self, exchange: Exchange) -> None:
        if not exchange.error and not 200 <= exchange.status < 300:
            exchange.error = "dispatch_failed"
        if exchange.error:
            what = f"status {exchange.status}" if exchange.status else f"after {exchange.seconds:.1f} s"
            self._workspace.fault(f"{exchange.kind}: {exchange.error} ({what}) {exchange.text[:200]}")

    def _signed(self, body: str, envelope: str) -> dict[str, str]:
        now = int(time.time())
        kind = "application/json" if envelope == "events_api" else "application/x-www-form-urlencoded"
        return {"Content-Type": kind, "X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": self.sign(body, now)}

    async def _post(self, exchange: Exchange, path: str, body: str | bytes, headers: Mapping[str, str]) -> None:
        if not self.bot_url:
            raise NotPossible("no bot is there: call connect(bot_url), or let the bot open a socket")
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        data = body.encode() if isinstance(body, str) else body
        exchange.to = self.bot_url
        self.bots.rotate(-1)
        async with self._session.post(exchange.to + path, data=data, headers=headers) as answer:
            exchange.text = await answer.text(errors="replace")
            exchange.status, exchange.headers = answer.status, answer.headers
