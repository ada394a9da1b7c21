"""HTTP for `bench.replay`, as little of it as clients of casebot's kind need: requests are read, answers are written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, cast

import httptools

FUSEDESK = "/api/v1/"


@dataclass
class Asked:
    """One request, as far as it came."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def is_fusedesks(self) -> bool:
        return self.path.startswith(FUSEDESK)


class Taker(Protocol):
    """Who answers."""

    def take(self, connection: Connection, asked: Asked) -> None: ...

    def gone(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """One kept connection of a client; hands each request over as soon as all of it is there."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._parser = httptools.HttpRequestParser(self)
        self._asked = Asked()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by name

    def connection_lost(self, exc: Exception | None) -> None:
        self._taker.gone(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._asked.target = url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._asked.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._asked.body += body

    def on_message_complete(self) -> None:
        asked, self._asked = self._asked, Asked()
        asked.method = self._parser.get_method().decode()
        self._taker.take(self, asked)

    def answer(self, body: bytes, kind: str = "application/json") -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        head += "X-FuseDesk-Usage-Limit: 100000\r\nX-FuseDesk-Usage-Remaining: 90000\r\n\r\n"
        self._transport.write(head.encode() + body)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
