"""Telling a result in Slack: all of it, later if it must be, and nothing twice.

Slack knows no idempotency key either. Each message is marked in the ledger before it is sent. One whose fate is unknown is looked
for in its channel, by the mark in its metadata; what only one person sees cannot be looked for, and is sent at most once.

`current()` is the telling under way, if the caller belongs to one: whoever shows something need not know whether it tells of a
wish or just answers a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from bot.errors import CaseError
from bot.ledger import Ledger
from bot.references import reference
from bot.slack import SlackError

# What a mark says of a message that has no ts to be known by.
_TOLD = "told"

Send = Callable[[str], Awaitable[str]]
Find = Callable[[str, datetime], Awaitable[str | None]]


class Telling:
    """One attempt to tell the result of the wish `run`. `missed`: Slack or the database was down for a part of it, so that
    another is due."""

    def __init__(self, run: str, ledger: Ledger) -> None:
        self._run = run
        self._ledger = ledger
        self._count: Counter[str] = Counter()
        self.missed = False

    async def once(self, what: str, send: Send, find: Find | None = None) -> str:
        """Sends unless an earlier attempt did; returns what `send` or `find` says, the message's ts.

        `what` names the place; several to one place are told apart by their order. `send` and `find` get the mark.
        """
        self._count[what] += 1
        key = f"{self._run}>{what}:{self._count[what]}"
        mark = await self._ledger.marked(key)
        if mark is not None:
            if mark.ts or find is None:
                return mark.ts
            if ts := await self._found(find, reference(key), mark.at):
                await self._ledger.posted(key, ts)
                return ts
        await self._ledger.mark(key)
        try:
            ts = await send(reference(key))
        except SlackError as fault:
            if not fault.maybe_done:
                await self._ledger.unmark(key)
            elif find is None:
                return ""
            raise
        await self._ledger.posted(key, ts or _TOLD)
        return ts

    async def _found(self, find: Find, mark: str, since: datetime) -> str | None:
        """Where casebot may not look it counts as found, for it must not write twice."""
        try:
            return await find(mark, since)
        except SlackError as fault:
            if fault.passing:
                raise
            return _TOLD

    @contextmanager
    def current(self) -> Iterator[None]:
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_CURRENT: ContextVar[Telling | None] = ContextVar("telling", default=None)


def current() -> Telling | None:
    return _CURRENT.get()


def missed(fault: CaseError) -> bool:
    """Notes that Slack, or the database, was down for what was to be told; False where nobody comes back to it."""
    telling = current()
    if telling is None or not fault.passing:
        return False
    telling.missed = True
    return True
