"""How many calls may be under way at once; the others wait in line before the HTTP client, not inside it.

httpcore looks through all its connections and all who wait whenever one request comes or goes. While FuseDesk hangs and 500
people wait, that costs every next one a good part of a second, with which the event loop acknowledges nobody. A semaphore
hands over in constant time and in the order of arrival.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx


class Lanes:
    """`patience`: seconds that a call waits for its turn; None for as long as it takes."""

    def __init__(self, count: int, *, patience: float | None) -> None:
        self._free = asyncio.Semaphore(count)
        self._patience = patience

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Raises httpx.PoolTimeout, as the client's own pool would: nothing was sent."""
        if self._free.locked():
            await self._in_time()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _in_time(self) -> None:
        try:
            await asyncio.wait_for(self._free.acquire(), self._patience)
        except TimeoutError as fault:
            raise httpx.PoolTimeout("no call to FuseDesk ended in time") from fault
