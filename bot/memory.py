"""What casebot remembers of what it read, and when that stands in for FuseDesk's answer.

What belongs here: cases with the moment at which FuseDesk told them, and the one rule for reads (`read`). What is asked, and
how it is shown, is known to the desk and the cards. Kept in memory for a day and lost at a restart: texts of customers belong
into no second store.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from cachetools import TTLCache

from bot.fusedesk.errors import FuseDeskError
from bot.fusedesk.models import Case
from bot.fusedesk.quota import Quota

T = TypeVar("T")

DAY = timedelta(days=1)
# A change says how the case stood before it, as it was seen within this time; beyond, it is looked at first.
LATELY = timedelta(minutes=10)
# What was looked up by its number for this very change.
JUST_NOW = timedelta(seconds=2)
# What a card shows. Whether a search tells all of it is not documented: a case that lacks some of it is looked at by itself.
_SHOWN = frozenset({"summary", "details", "openedby", "status", "departmentid", "repid", "tags"})


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """Something FuseDesk told at `at`. `because` is why it was not asked anew, a plain sentence; "" for a fresh answer."""

    thing: T
    at: datetime
    because: str = ""

    @property
    def as_of(self) -> datetime | None:
        """The moment to name beside it; None for a fresh answer."""
        return self.at if self.because else None


async def read(
    ask: Callable[[], Awaitable[Kept[T]]], remembered: Kept[T] | None, quota: Quota, *, unasked: bool = False
) -> Kept[T]:
    """FuseDesk's answer, or what is `remembered` where it does not answer or its calls are kept for changes.

    `unasked`: nobody asked for it (it opens by itself), so that it never costs one of the last calls. Raises the error where
    nothing is remembered, and always where FuseDesk refuses: whoever may not see a case does not see an old one either.
    """
    kept = remembered if remembered is not None and _now() - remembered.at < DAY else None
    if quota.spares_reads or (unasked and quota.is_low):
        return _instead(kept, quota.refusal())
    try:
        return await ask()
    except FuseDeskError as error:
        return _instead(kept, error)


def _instead(kept: Kept[T] | None, error: FuseDeskError) -> Kept[T]:
    if kept is None or not error.meanwhile:
        raise error
    return replace(kept, because=error.meanwhile)


class Cases:
    """The cases seen within a day, each as it was told last, and those with their history, which only a look at one tells.

    For `fresh` seconds (counted by `clock`) an answer is good enough to be looked at as if it came now: somebody who presses
    *Show* in a list sees what the list saw, without a call.
    """

    def __init__(
        self,
        *,
        fresh: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        most: int = 5_000,
        most_whole: int = 1_000,
    ) -> None:
        day = DAY.total_seconds()
        self._fresh: TTLCache[int, Case] = TTLCache(maxsize=most, ttl=fresh, timer=clock)
        self._writes = 0
        self._latest: TTLCache[int, Kept[Case]] = TTLCache(maxsize=most, ttl=day)
        self._whole: TTLCache[int, Kept[Case]] = TTLCache(maxsize=most_whole, ttl=day)

    def learn(self, case: Case, at: datetime | None = None) -> None:
        """As FuseDesk told it at `at` (None: now). What is known from a later moment stays."""
        kept = Kept(case, at or _now())
        known = self._latest.get(case.caseid)
        if known is not None and known.at > kept.at:
            return
        self._latest[case.caseid] = kept
        if "history" in case.model_fields_set:
            self._whole[case.caseid] = kept

    @property
    def mark(self) -> int:
        """Taken before FuseDesk is asked: an answer that was under way while somebody wrote may be older than what they wrote."""
        return self._writes

    def freshen(self, cases: Iterable[Case], mark: int) -> None:
        """What FuseDesk told just now, asked when `mark` was taken."""
        if mark == self._writes:
            self._fresh.update((case.caseid, case) for case in cases if case.model_fields_set >= _SHOWN)

    def written(self, caseid: int) -> None:
        """Somebody writes, or wrote, to the case."""
        self._writes += 1
        self._fresh.pop(caseid, None)

    def glance(self, caseid: int | None) -> Case | None:
        return None if caseid is None else self._fresh.get(caseid)

    def forget(self, caseid: int) -> None:
        """FuseDesk has it no longer."""
        self._fresh.pop(caseid, None)
        self._latest.pop(caseid, None)
        self._whole.pop(caseid, None)

    def latest(self, caseid: int | None) -> Kept[Case] | None:
        return None if caseid is None else self._latest.get(caseid)

    def whole(self, caseid: int | None) -> Kept[Case] | None:
        """With its history, perhaps from an earlier moment than the latest."""
        return None if caseid is None else self._whole.get(caseid)

    def lately(self, caseid: int, within: timedelta = LATELY) -> Case | None:
        """Only if it was told lately enough to say how the case stands before a change."""
        known = self._latest.get(caseid)
        return known.thing if known is not None and _now() - known.at < within else None

    def all(self) -> list[Case]:
        """The one learned last first."""
        return [kept.thing for kept in reversed(list(self._latest.values()))]


def _now() -> datetime:
    return datetime.now(UTC)
