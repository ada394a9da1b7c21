"""How uvicorn takes connections: nobody holds the server up by sending slowly, or fills its memory with headers.

uvicorn bounds how long a connection may idle between two requests, and nothing else: a client that sends a header every few
seconds holds a connection for ever, and httptools takes headers without an end. What a request says does not belong here
(`bot.door`, which also answers a body that is slow).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A whole request, from its first byte or the connection's begin to its last byte. Slack gives up after three seconds itself; the
# door, which can answer with words, is half as patient.
_ARRIVAL = 10.0
# Bytes of the request line and of all headers; Slack's are under 2,000.
_HEADERS = 32_768

log = logging.getLogger(__name__)


class Entrance(HttpToolsProtocol):
    """One connection."""

    arrival = _ARRIVAL

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._due: asyncio.TimerHandle | None = None
        self._bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._bytes = 0
        self._expect()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def shutdown(self) -> None:
        """At the server's end a request that has not arrived yet will not be answered any more."""
        if self._due is not None:
            self.transport.close()
        super().shutdown()

    def _expect(self) -> None:
        self._arrived()
        self._due = self.loop.call_later(self.arrival, self._late)

    def _arrived(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        self._cut("too slow")

    def _count(self, more: int) -> None:
        self._bytes += more
        if self._bytes > _HEADERS and not self.transport.is_closing():
            self._cut("headers too large")

    def _cut(self, why: str) -> None:
        log.warning("connection broken off: %s", why)
        self._arrived()
        self.transport.abort()
