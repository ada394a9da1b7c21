"""How fast changes may go out when few of the hour's calls are left.

What belongs here: when the next one may go, by the quota's numbers. Who waits, and what the person hears, is `bot.durable`'s.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.fusedesk.errors import FuseDeskError
from bot.fusedesk.quota import Quota

# A change takes a call or two: it is looked at before or after.
_CALLS = 2
# So many go out at once, for what a person does by hand must not wait; those that come in a heap are spread.
_AT_ONCE = 3
# Seconds after which one asks again that would take more than is left, if all that are under way take theirs.
_HOLD = 10.0


class Slot(NamedTuple):
    """`seconds` to wait, and why; None where it may go at once. `paced`: after that it may go without asking again."""

    seconds: float
    because: FuseDeskError | None
    paced: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


class Pace:
    """`replicas` is how many casebots spend the same quota. `clock` is the quota's."""

    def __init__(self, quota: Quota, *, clock: Callable[[], datetime] = _now) -> None:
        self.replicas = 1
        self._quota = quota
        self._clock = clock
        self._next: datetime | None = None
        self._going = 0

    @contextmanager
    def going(self) -> Iterator[None]:
        """Around a change that is under way: its calls are not in FuseDesk's numbers yet."""
        self._going += 1
        try:
            yield
        finally:
            self._going -= 1

    def slot(self) -> Slot:
        """The next place in the row. At plenty there is no row; near the quota's end what is left is spread over the hour's rest;
        and with none left all wait for the next hour, whose first calls find out whether it has come."""
        now, state = self._clock(), self._quota.state
        if state == "empty":
            return self._later((self._quota.again_at - now).total_seconds())
        if state != "low":
            self._next = None
            return Slot(0.0, None) if self._going < self._room() else self._later(_HOLD * random.uniform(0.5, 1.5))
        interval = self._interval(now)
        due = max(now, self._next or now)
        turn = max(now, due - (_AT_ONCE - 1) * interval)
        if turn >= self._quota.again_at:
            # Beyond the hour there are new calls: who would come that late asks again then.
            return self._later((self._quota.again_at - now).total_seconds())
        self._next = due + interval
        return Slot((turn - now).total_seconds(), self._quota.refusal() if turn > now else None, paced=True)

    def _later(self, seconds: float) -> Slot:
        return Slot(seconds, self._quota.refusal())

    def _room(self) -> float:
        """How many changes may be under way at once."""
        quota = self._quota
        if quota.state == "plenty":
            return max(_AT_ONCE, (quota.remaining or 0) / (_CALLS * self.replicas))
        return _AT_ONCE if quota.limit is not None else float("inf")

    def _interval(self, now: datetime) -> timedelta:
        changes = max(1, (self._quota.remaining or 0) // (_CALLS * self.replicas))
        return (self._quota.again_at - now) / changes
