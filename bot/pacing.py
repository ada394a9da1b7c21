"""Slack's limits of rate: who ran into one waits, and so does everybody else who wants the same.

Slack counts by method and workspace (https://docs.slack.dev/apis/web-api/rate-limits), so one `Pacing` serves one token. What
belongs here is when to call; what a call says does not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# As often and for as many seconds as somebody may wait for what they asked.
_ATTEMPTS = 3
_PATIENCE = 20.0


class TooFast(Exception):
    """Slack takes no more calls of a method for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pacing:
    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    async def run(self, method: str, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` returns, once Slack takes calls of the method. Raises TooFast where that is too late."""
        ends = time.monotonic() + _PATIENCE
        for attempt in range(1, _ATTEMPTS + 1):
            await self._turn(method, ends)
            try:
                return await send()
            except TooFast as fault:
                self._until[method] = max(self._until.get(method, 0.0), time.monotonic() + fault.seconds)
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _turn(self, method: str, ends: float) -> None:
        """Waits until Slack takes calls of the method again; another one's refusal may put that off meanwhile."""
        while (until := self._until.get(method, 0.0)) > (now := time.monotonic()):
            if until > ends:
                raise TooFast(until - now)
            await asyncio.sleep(until - now)
