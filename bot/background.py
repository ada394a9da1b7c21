"""Work that goes on after Slack has its acknowledgement: strongly referenced, bounded, drained at shutdown.

What belongs here: keeping tasks alive and counting them. What a failing task means to the person who waits for it is told by
whoever starts it, through `failed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.errors import Busy

Failed = Callable[[Exception], Awaitable[None]]


class Background:
    """Runs coroutines to their end. `limit` bounds how many may be under way; one more is refused with `Busy`."""

    def __init__(self, limit: int = 5_000) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def room(self) -> None:
        """Raises `Busy` when no more work can be taken: asked before the acknowledgement, so that the refusal is the answer."""
        if len(self._tasks) >= self._limit:
            raise Busy("casebot has more to do than it can hold right now. Nothing was done; try again in a minute.")

    def start(self, work: Coroutine[Any, Any, Any], failed: Failed | None = None) -> asyncio.Task[None]:
        """Starts `work`; an exception of it ends in `failed`."""
        task = asyncio.create_task(self._run(work, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, work: Coroutine[Any, Any, Any], failed: Failed | None) -> None:
        try:
            await work
        # Whatever it is: nobody awaits this task, so `failed` is the only way for a fault to reach the person and the log.
        except Exception as error:
            if failed is None:
                raise
            await failed(error)

    async def drain(self, seconds: float) -> int:
        """Waits for what runs, at most `seconds`, then ends the rest; returns how many had to be ended."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)
