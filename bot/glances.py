"""Cases as FuseDesk told them a moment ago: somebody who presses *Show* in a list sees what the list saw, without a call.

Only looking is served from here. What a write depends on, what follows one, and *Refresh* always ask FuseDesk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from cachetools import TTLCache

from bot.fusedesk.models import Case

_MOST = 5_000
# What a card shows. Whether a search tells all of it is not documented: a case that lacks some of it is not kept.
_SHOWN = frozenset({"summary", "details", "openedby", "status", "departmentid", "repid", "tags"})


class Glances:
    """`ttl` is for how many seconds an answer counts (0: for none), and `clock` counts them."""

    def __init__(self, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cases: TTLCache[int, Case] = TTLCache(maxsize=_MOST, ttl=ttl, timer=clock)
        self._forgotten = 0

    @property
    def mark(self) -> int:
        """Taken before FuseDesk is asked: an answer that was under way while somebody wrote may be older than what they wrote."""
        return self._forgotten

    def keep(self, cases: Iterable[Case], mark: int) -> None:
        if mark == self._forgotten:
            self._cases.update((case.caseid, case) for case in cases if case.model_fields_set >= _SHOWN)

    def at(self, caseid: int | None) -> Case | None:
        return None if caseid is None else self._cases.get(caseid)

    def forget(self, caseid: int) -> None:
        """Somebody writes, or wrote, to the case."""
        self._forgotten += 1
        self._cases.pop(caseid, None)
