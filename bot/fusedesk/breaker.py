"""A circuit breaker: a FuseDesk that does not answer is left alone for a while, and nobody waits for it meanwhile.

What belongs here: when a call may go out, as the outcomes before it tell. What a call is, and what is shown instead of its
answer, are known elsewhere.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.fusedesk.errors import FuseDeskError, LeftAlone, Unavailable

log = logging.getLogger(__name__)


class Breaker:
    """Opens after `limit` calls in a row without an answer within `window` seconds; while it is open calls fail at once.

    After `pause` seconds one call is let through: its answer closes the breaker, its failure begins another pause. A refusal
    is an answer too. `clock` counts seconds. It belongs to one event loop, and every await lies between its two steps.
    """

    def __init__(
        self, *, limit: int = 3, window: float = 120.0, pause: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._window = window
        self._pause = pause
        self._clock = clock
        self._failures: list[float] = []
        self._open_until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether calls go out as usual."""
        return self._open_until is None

    @contextmanager
    def passing(self, call: object) -> Iterator[None]:
        """Around a call with all its attempts. Raises LeftAlone where it may not go out: nothing was sent then."""
        probe = self._enter(call)
        try:
            yield
        except Unavailable:
            self._failed(probe=probe)
            raise
        except FuseDeskError:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            # Also where it was given up: whoever comes next is then let through.
            self._probing = self._probing and not probe

    def _enter(self, call: object) -> bool:
        """Whether it is the one call that is let through to see."""
        if self._open_until is None:
            return False
        if self._probing or self._clock() < self._open_until:
            raise LeftAlone(call=str(call))
        self._probing = True
        return True

    def _failed(self, *, probe: bool) -> None:
        """What was sent before the breaker opened and fails after it says nothing new."""
        now = self._clock()
        if self.closed:
            self._failures = [at for at in self._failures if now - at < self._window] + [now]
            if len(self._failures) >= self._limit:
                self._open_until = now + self._pause
                log.warning("FuseDesk does not answer: it is left alone for %g s at a time", self._pause)
        elif probe:
            self._open_until = now + self._pause

    def _answered(self) -> None:
        """Whatever comes back shows that FuseDesk is there, also on a call from before the breaker opened."""
        self._failures.clear()
        if not self.closed:
            self._open_until = None
            log.warning("FuseDesk answers again")
