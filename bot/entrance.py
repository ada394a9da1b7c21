"""How uvicorn takes connections: nobody holds the server up by sending slowly or not at all, or fills its memory with headers.

uvicorn bounds how long a connection may idle between two requests, and nothing else that helps: a client that sends a header
every few seconds holds a connection for ever, httptools takes headers without an end, and `limit_concurrency` counts idle
connections, too, so that whoever opens as many and falls silent gets everybody else a 503. There is no public way to bound
connections: what is read of them here is what uvicorn's own `shutdown` reads. What a request says does not belong here
(`bot.door`, which also answers a body that is slow).
"""

from __future__ import annotations

import asyncio
import logging
from heapq import nsmallest
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A whole request, from its first byte or the connection's begin to its last byte. Slack gives up after three seconds itself; the
# door, which can answer with words, is half as patient.
_ARRIVAL = 10.0
# Bytes of the request line and of all headers; Slack's are under 2,000.
_HEADERS = 32_768
# Requests that may come on a connection before the first of them is answered. Neither Slack nor a proxy sends a second one.
_AHEAD = 16
# Connections at once. A process may often open no more than 1,024 files; the database, FuseDesk and Slack need some of them, too.
_MOST = 400

log = logging.getLogger(__name__)


class Entrance(HttpToolsProtocol):
    """One connection."""

    arrival = _ARRIVAL
    most = _MOST

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._due: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= _AHEAD:
            # Thousands fit into what is read at once, and each would be a request under way. So the parser stops, and uvicorn
            # answers with a 400.
            raise ValueError("too many requests ahead of their answers")
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

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """At the server's end a request that has not arrived yet will not be answered any more."""
        if self._due is not None:
            self.transport.close()
        super().shutdown()

    def _make_room(self) -> None:
        """Breaks off a tenth, those that have waited longest: a flood costs one look at them all, and one line, for many."""
        waiting = [each for each in self.connections if isinstance(each, Entrance) and not each._answering and each is not self]
        # Where all others are being answered, it is the newest one's own turn.
        longest = nsmallest(self.most // 10, waiting, key=lambda each: each._since) or [self]
        log.warning("connections broken off: too many", extra={"facts": {"connections": len(longest)}})
        for each in longest:
            each._break_off()

    @property
    def _answering(self) -> bool:
        """Whether a whole request is under way. Who does not read its answer is waited for like who sends nothing."""
        if self.flow.write_paused or self.transport.is_closing():
            return False
        cycle = self.cycle
        return bool(self.pipeline) or not (cycle is None or cycle.response_complete or cycle.more_body)

    def _expect(self) -> None:
        self._arrived()
        self._since = self.loop.time()
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
        self._break_off()

    def _break_off(self) -> None:
        self._arrived()
        # Its end is noticed a turn of the loop later; those that come in the same turn must not count it, or choose it again.
        self.connections.discard(self)
        self.transport.abort()
