"""What is left of the hour's calls, as FuseDesk's answers tell.

What belongs here: reading the headers and judging the numbers. Who waits or saves calls because of them is decided elsewhere:
reads in `bot.memory`, names in `bot.directory`. FuseDesk says how many calls remain, not when the hour ends: the next full hour
is a guess, and `Retry-After` beats it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Literal, NamedTuple

from bot.fusedesk.errors import FuseDeskError, QuotaLow, QuotaUsedUp

LIMIT = "X-FuseDesk-Usage-Limit"
REMAINING = "X-FuseDesk-Usage-Remaining"
RETRY_AFTER = "Retry-After"
LOW_SHARE = 0.1
LEAST_KEPT = 5
LONGEST_WAIT = timedelta(days=1)
# FuseDesk's hour may end before the guess. Numbers older than this are looked at again by whoever reads next.
BELIEVED = timedelta(minutes=5)

State = Literal["plenty", "low", "empty", "unknown"]


class _Seen(NamedTuple):
    limit: int | None = None
    remaining: int | None = None
    at: datetime | None = None
    again_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Quota:
    """Holds the newest numbers. A reading replaces all of them at once: every thread and task sees numbers that belong together.

    `clock` returns aware datetimes. After `again_at` the numbers are of an hour that is over: the state is `unknown`, so that
    somebody who stopped asking because of `empty` starts to ask again.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._lock = Lock()
        self._seen = _Seen()

    @property
    def limit(self) -> int | None:
        """Calls per hour."""
        return self._seen.limit

    @property
    def remaining(self) -> int | None:
        """Calls left when FuseDesk last told."""
        return self._seen.remaining

    @property
    def seen_at(self) -> datetime | None:
        """When FuseDesk last told; None before the first time."""
        return self._seen.at

    @property
    def again_at(self) -> datetime:
        """When the full number of calls may be expected to be there: the end of the hour last told of, or of the present one."""
        now = self._clock()
        told = self._seen.again_at
        return told if told and told > now else _next_hour(now)

    @property
    def state(self) -> State:
        """`low` while only what is kept for changes is left, `empty` at none, `unknown` when never told or the hour is over.

        A tenth of the limit is kept: a transfer takes two calls, a page of a search one, so that 1,800 calls leave 90 changes.
        A small limit keeps five, or its half.
        """
        seen = self._seen
        if seen.remaining is None or seen.again_at is None or seen.again_at <= self._clock():
            return "unknown"
        if seen.remaining == 0:
            return "empty"
        if seen.limit is None:
            return "unknown"
        kept = max(seen.limit * LOW_SHARE, min(LEAST_KEPT, seen.limit // 2))
        return "plenty" if seen.remaining > kept else "low"

    @property
    def is_low(self) -> bool:
        """Whether calls that nobody asked for must not be made."""
        return self.state in ("low", "empty")

    @property
    def spares_reads(self) -> bool:
        """Whether reads must not be made either. Now and then one is, so that a new hour is noticed when nobody writes."""
        seen_at = self._seen.at
        return self.is_low and seen_at is not None and self._clock() - seen_at < BELIEVED

    def refusal(self) -> FuseDeskError:
        """What a read is refused with that is not made."""
        return QuotaUsedUp(self.again_at) if self.state == "empty" else QuotaLow(self.again_at)

    @property
    def numbers(self) -> dict[str, Any] | None:
        """What FuseDesk told last, for casebots that use the same key; None before the first time."""
        return self._seen._asdict() if self._seen.at is not None else None

    def take(self, numbers: Mapping[str, Any] | None) -> None:
        """What FuseDesk told another casebot; changes nothing where it told this one later."""
        with self._lock:
            if numbers is not None and (self._seen.at is None or numbers["at"] > self._seen.at):
                self._seen = _Seen(**numbers)

    def read(self, headers: Mapping[str, str], *, used_up: bool = False) -> None:
        """Takes the numbers from an answer's headers (a mapping that ignores case); malformed or missing ones change nothing.

        `used_up`: the answer was a 429, so nothing is left whatever the headers say, and its `Retry-After` is about the quota.
        """
        limit, remaining = _count(headers.get(LIMIT)), _count(headers.get(REMAINING))
        if used_up:
            remaining = 0
        if not limit and remaining is None:
            return
        now = self._clock()
        told = _retry_at(headers.get(RETRY_AFTER, ""), now) if used_up else None
        with self._lock:
            old = self._seen
            self._seen = _Seen(
                limit or old.limit, old.remaining if remaining is None else remaining, now, told or _next_hour(now)
            )


def _count(text: str | None) -> int | None:
    """An overdrawn account may read -3: nothing is left."""
    if text is None or not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text):
        return None
    return max(0, int(text))


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _retry_at(text: str, now: datetime) -> datetime | None:
    """`Retry-After` is seconds or an HTTP date (RFC 9110, 10.2.3); more than a day is not believed."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        wait = timedelta(seconds=int(text))
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return now + wait if timedelta(0) < wait <= LONGEST_WAIT else None
