"""The load: requests over connections that stay open, sent as fast as answers come.

A protocol and nothing more, so that it can send several times what a server in Python takes; `wrk` (`bench.wrk`) is for the
servers that come near it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import httptools

from bench.requests import Shot


class Refused(Exception):
    """An answer other than the one that was meant: what was measured would not be it either."""


@dataclass(frozen=True)
class Volley:
    """How long each answer took, in milliseconds, and how many seconds all of it."""

    took: Sequence[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class Connection(asyncio.Protocol):
    """One request at a time. `said` is the body of the last answer: words, where somebody was refused in the acknowledgement."""

    def __init__(self) -> None:
        self.said = b""
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by name

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.said += body

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())
        self._parser = httptools.HttpResponseParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))

    async def send(self, shot: Shot) -> float:
        """Milliseconds until the whole answer was there. Raises Refused."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self.said = b""
        wire = shot.wire()
        began = time.perf_counter()
        self._transport.write(wire)
        status = await self._answer
        took = (time.perf_counter() - began) * 1000
        if status != 200:
            raise Refused(f"status {status} for {shot.body[:200]!r}")
        return took

    async def taken(self, shot: Shot) -> float:
        """`send` for what is answered later. Raises Refused, too, where the acknowledgement says that it will not be."""
        took = await self.send(shot)
        if self.said:
            raise Refused(f"{self.said[:200]!r} for {shot.body[:200]!r}")
        return took

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


@asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Connection]]:
    made = []
    for _ in range(count):
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
        made.append(connection)
    try:
        yield made
    finally:
        for connection in made:
            connection.close()


async def volley(port: int, shot: Callable[[], Shot], *, at_once: int, count: int) -> Volley:
    """`count` requests in all over `at_once` connections."""
    took: list[float] = []
    left = iter(range(count))

    async def work(connection: Connection) -> None:
        for _ in left:
            took.append(await connection.send(shot()))

    async with connected(port, at_once) as connections:
        began = time.perf_counter()
        await asyncio.gather(*map(work, connections))
        return Volley(took, time.perf_counter() - began)
