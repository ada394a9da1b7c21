"""One value that is slow to get and seldom changes: loaded once for all who ask, kept, and renewed behind people's backs.

What belongs here: when a value is loaded, who waits for it and for how long. Not what the value is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cachetools import TTLCache

from bot.errors import CaseError
from bot.fusedesk.errors import KeyRefused, LeftAlone, ScopeMissing, Unavailable

T = TypeVar("T")

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 60.0  # seconds between attempts while loading fails: 1, 2, 4 … up to this
LASTING_PAUSE = 300.0  # after a refusal that stays until somebody mends the key

log = logging.getLogger(__name__)


class Stale(Generic[T]):
    """A value with its loading.

    - However many ask at once, one load runs; whoever gives up waiting does not end it for the others.
    - After `ttl` seconds people still get the old value at once, and one load runs behind.
    - A load that fails leaves the old value, and the next one waits longer and longer.
    - Who misses something in the value may ask for a newer one, at most once in `gap` seconds.
    - While `thrifty()`, a value that is there has to do; only `renew` loads another.

    `what` names the value in the log and `clock` counts seconds; `sleep` is what passes between attempts at the first load.
    It belongs to one event loop and must be stopped there.
    """

    def __init__(
        self,
        what: str,
        load: Callable[[], Awaitable[T]],
        *,
        ttl: float,
        gap: float = 60.0,
        patience: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        thrifty: Callable[[], bool] = lambda: False,
    ) -> None:
        self._what = what
        self._load = load
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._thrifty = thrifty
        self._kept: T | None = None
        self._fresh: TTLCache[str, bool] = TTLCache(maxsize=1, ttl=ttl, timer=clock)
        self._asked: TTLCache[str, bool] = TTLCache(maxsize=1, ttl=gap, timer=clock)
        self._loaded_at: float | None = None
        self._loads = 0
        self._flight: asyncio.Task[T] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._failures = 0
        self._paused_until = float("-inf")
        self._stopped = False
        self.fault: BaseException | None = None

    @property
    def age(self) -> float | None:
        """Seconds since the value came; None before."""
        return None if self._loaded_at is None else self._clock() - self._loaded_at

    def start(self) -> None:
        """Loads in the background, again and again with growing pauses until a first value came."""
        if self._filling is None and not self._stopped:
            self._filling = asyncio.create_task(self._until_filled(), name=f"first {self._what}")

    async def stop(self) -> None:
        """Ends what runs in the background. The value can still be read; nothing is loaded any more."""
        self._stopped = True
        running = [task for task in (self._filling, self._flight) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def peek(self) -> T | None:
        """The value at once, however old (a newer one is then on its way); None as long as there was none."""
        if "fresh" not in self._fresh and not self._pausing and not self._makes_do:
            self._begin()
        return self._kept

    async def get(self) -> T:
        """The value; the first one is waited for. Raises what the load raised, and Unavailable when it takes too long."""
        kept = self.peek()
        if kept is not None:
            return kept
        if self._flight is None:
            raise self._failure()
        return await self._landing(self._flight, self._patience)

    async def first(self, patience: float) -> None:
        """Waits for a first value, at most so many seconds; returns at once where there is one, or where loading pauses."""
        if self.peek() is None and self._flight is not None:
            await asyncio.wait({self._flight}, timeout=patience)

    async def renew(self) -> T:
        """A value loaded now, or by the load that is under way. Raises what the load raised."""
        flight = self._begin()
        if flight is None:
            raise self._failure()
        return await self._landing(flight, None)

    def miss(self) -> bool:
        """Something is not in the value: begins a load behind, unless one was asked for like this within the last `gap`."""
        if self._kept is None or "asked" in self._asked or self._pausing or self._stopped or self._makes_do:
            return False
        self._asked["asked"] = True
        self._begin()
        return True

    async def newer(self, patience: float) -> bool:
        """Like `miss`, but waits at most so many seconds for it; tells whether a newer value came."""
        self.miss()
        before, flight = self._loads, self._flight
        if flight is None:
            return False
        await asyncio.wait({flight}, timeout=patience)
        return self._loads > before

    @property
    def _pausing(self) -> bool:
        return self._clock() < self._paused_until

    @property
    def _makes_do(self) -> bool:
        return self._kept is not None and self._thrifty()

    def _failure(self) -> BaseException:
        """Why there is no value, to be raised anew for each who asks."""
        return self.fault.with_traceback(None) if self.fault else Unavailable(names=self._what)

    def _begin(self) -> asyncio.Task[T] | None:
        """The load under way, or a new one."""
        if self._flight is None and not self._stopped:
            self._flight = asyncio.create_task(self._fly(), name=f"load {self._what}")
            self._flight.add_done_callback(self._landed)
        return self._flight

    async def _fly(self) -> T:
        value = await self._load()
        self._kept = value
        self._fresh["fresh"] = True
        self._loaded_at = self._clock()
        self._loads += 1
        return value

    def _landed(self, flight: asyncio.Task[T]) -> None:
        self._flight = None
        self.fault = Unavailable(names=self._what) if flight.cancelled() else flight.exception()
        if self.fault is None:
            self._failures, self._paused_until = 0, float("-inf")
            return
        # Where FuseDesk is left alone nothing was tried: to ask again costs no call, and finds it back sooner.
        self._failures += not isinstance(self.fault, LeftAlone)
        pause = self._pause()
        self._paused_until = self._clock() + pause
        if not self._stopped:
            self._log(self.fault, pause)

    def _pause(self) -> float:
        if isinstance(self.fault, KeyRefused | ScopeMissing):
            return LASTING_PAUSE
        if isinstance(self.fault, LeftAlone):
            return SHORTEST_PAUSE
        return min(SHORTEST_PAUSE * 2.0 ** min(self._failures - 1, 10), LONGEST_PAUSE)

    def _log(self, fault: BaseException, pause: float) -> None:
        if isinstance(fault, LeftAlone):
            return  # once a second; the breaker has told
        if isinstance(fault, CaseError):
            log.warning("%s not loaded: %s %s; next attempt in %g s", self._what, type(fault).__name__, fault.facts, pause)
        else:
            log.error("%s not loaded; next attempt in %g s", self._what, pause, exc_info=fault)

    async def _landing(self, flight: asyncio.Task[T], patience: float | None) -> T:
        """What the flight brings. `wait` shields it: neither patience nor a waiter that goes away ends it."""
        await asyncio.wait({flight}, timeout=patience)
        if not flight.done() or flight.cancelled():
            raise Unavailable(names=self._what)
        return flight.result()

    async def _until_filled(self) -> None:
        while self._kept is None and (flight := self._begin()) is not None:
            await asyncio.wait({flight})
            if self._kept is None:
                await self._sleep(self._pause())
