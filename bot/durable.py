"""Writes: the same wish once, and wishes on one case in the order given.

The promise holds within the process: a double click and a second delivery end in one effect, and two people's wishes on one
case do not cross. Every write passes through `Durable.run` with a storable value (`bot.wishes`), so that an engine which also
survives a crash fits in here without another room noticing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from cachetools import TTLCache

from bot.fusedesk.errors import FuseDeskError, Unavailable, Unintelligible
from bot.fusedesk.models import Case
from bot.wishes import Wish

Perform = Callable[[Wish], Awaitable[Case | None]]
LookUp = Callable[[Wish], Awaitable[Case | None]]


class Durable:
    """`perform` is a wish's effect; `look_up` finds the case that already shows it, or None. `remember` is for how many
    seconds a finished wish answers its repetitions."""

    def __init__(self, perform: Perform, look_up: LookUp, *, remember: float = 3_600.0, most: int = 20_000) -> None:
        self._perform = perform
        self._look_up = look_up
        self._unknown: TTLCache[str, bool] = TTLCache(maxsize=most, ttl=86_400)
        self._wishes: TTLCache[str, asyncio.Task[Case | None]] = TTLCache(maxsize=most, ttl=remember)
        self._orders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._running: set[asyncio.Task[Case | None]] = set()

    async def run(self, wish: Wish) -> Case | None:
        """The wish's effect, or the outcome of the same wish that came before.

        A wish that failed may be tried again. Where it failed without a word of the outcome, it is looked up first: FuseDesk
        knows no idempotency key, so a blind repetition could open a second case.
        """
        task = self._wishes.get(wish.key)
        if task is None:
            task = asyncio.create_task(self._in_order(wish))
            self._wishes[wish.key] = task
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        # Shielded: a waiter that goes away must not take the write with it.
        return await asyncio.shield(task)

    def knows(self, key: str) -> bool:
        """Whether a wish of that key runs or was fulfilled."""
        return key in self._wishes

    async def _in_order(self, wish: Wish) -> Case | None:
        try:
            if wish.caseid is None:
                return await self._once(wish)
            async with self._order(wish.caseid):
                return await self._once(wish)
        except FuseDeskError as error:
            self._wishes.pop(wish.key, None)
            # An answer that cannot be read leaves as much in the dark as none.
            if isinstance(error, Unintelligible) or (isinstance(error, Unavailable) and error.maybe_done):
                self._unknown[wish.key] = True
            raise

    async def _once(self, wish: Wish) -> Case | None:
        if wish.key in self._unknown:
            if (found := await self._look_up(wish)) is not None:
                return found
            del self._unknown[wish.key]
        return await self._perform(wish)

    def _order(self, caseid: int) -> asyncio.Lock:
        lock = self._orders.get(caseid)
        if lock is None:
            lock = self._orders[caseid] = asyncio.Lock()
        return lock

    async def drain(self, seconds: float) -> int:
        """Waits for the writes under way, at most `seconds`, then ends the rest; returns how many had to be ended."""
        if not self._running:
            return 0
        _, late = await asyncio.wait(set(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)
