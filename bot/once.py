"""Writes to FuseDesk that happen once, though FuseDesk knows no idempotency key.

Each is marked in the ledger before it is sent. What is marked and has no known outcome (a timeout, a cut connection, a killed
casebot) is looked up before it is sent again. The mark bears how the case stood before, because afterwards nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bot import wishes
from bot.errors import CaseError
from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import FuseDeskError, Unavailable
from bot.fusedesk.models import Case
from bot.ledger import Ledger, Mark
from bot.wishes import AddNote, ImportHistory, OpenCase, Wish

# A request that was cut off may still be on its way through FuseDesk: so many times the time that casebot waits for an answer
# must have passed since it was sent, before it counts as lost and is sent again.
LOST = 1.25
# What a proxy answers while FuseDesk may still be at it.
_GATEWAY = (502, 504)
_ANSWERED = "answered"

_STATE = ("departmentid", "repid", "status", "tags", "contactid", "contact_uuid")


class GivenUp(CaseError):
    """It waited for too long. `unsure`: it had been sent, and nobody knows what became of it."""

    # Nobody has to do anything about what is in the way.
    passing = True

    def __init__(self, *, unsure: bool = False) -> None:
        says = "This could not be done in time."
        super().__init__(f"{says} FuseDesk may have done it all the same: look there before you ask again." if unsure else says)


class Recovered(NamedTuple):
    """A write that had been sent, and whose effect FuseDesk shows: the case `before` (its state alone, where it was known) and
    as it is now."""

    before: Case | None
    now: Case


class Once:
    """`patience` is for how many seconds casebot waits for an answer of FuseDesk."""

    def __init__(self, fusedesk: FuseDesk, ledger: Ledger, *, patience: float = 20.0) -> None:
        self._fusedesk = fusedesk
        self._ledger = ledger
        self._patience = patience

    async def run(self, wish: Wish, before: Case | None = None) -> Case | None:
        """The wish's effect: one call. Returns the case where FuseDesk's answer holds it. Ask `recovered` first.

        Raises Unavailable, too, where the same messages are perhaps being imported right now, and GivenUp where it is only to be
        looked for.
        """
        if isinstance(wish, ImportHistory) and (mark := await self._ledger.marked(wish.key)) is not None:
            self._not_on_its_way(wish, mark)
            await self._ledger.unmark(wish.key)
        if _LOOKING_ONLY.get():
            raise GivenUp()
        await self._ledger.mark(wish.key, _state(before) if before is not None else None)
        try:
            return await wishes.perform(self._fusedesk, wish)
        except FuseDeskError as error:
            if not error.maybe_done:
                await self._ledger.unmark(wish.key)
            elif error.facts.get("status") not in (None, *_GATEWAY):
                await self._ledger.posted(wish.key, _ANSWERED)
            raise

    async def recovered(self, wish: Wish) -> Recovered | None:
        """None where it was never sent, or has no effect: then it may be sent. Costs a call only where it had been sent.

        Raises Unavailable where it has no effect yet and may still have one: what sets a state can be sent twice, a text cannot;
        and GivenUp where it is only to be looked for, and cannot be.
        """
        mark = await self._ledger.marked(wish.key)
        if mark is None:
            return None
        try:
            now = await wishes.look_up(self._fusedesk, wish)
        except FuseDeskError as error:
            if error.passing and _LOOKING_ONLY.get():
                raise GivenUp(unsure=True) from error
            raise
        if now is None:
            if isinstance(wish, OpenCase | AddNote):
                self._not_on_its_way(wish, mark)
            await self._ledger.unmark(wish.key)
            return None
        return Recovered(_stood(now.caseid, mark.before), now)

    def _not_on_its_way(self, wish: Wish, mark: Mark) -> None:
        """Raises Unavailable where it was cut off so lately that FuseDesk may still be at it."""
        left = mark.at + timedelta(seconds=self._patience * LOST) - datetime.now(UTC)
        if mark.ts != _ANSWERED and left > timedelta(0):
            error = Unavailable(maybe_done=True, call=wish.kind)
            error.wait = left.total_seconds()
            raise error

    async def begun(self, key: str) -> Mapping[str, Any] | None:
        """What was noted when the write of that key was sent first; None where it never was."""
        mark = await self._ledger.marked(key)
        return None if mark is None else mark.before or {}

    async def note(self, key: str, what: Mapping[str, Any]) -> None:
        """Notes something once, before anything else is done."""
        await self._ledger.mark(key, what)


def _state(case: Case) -> dict[str, Any]:
    return case.model_dump(mode="json", include=set(_STATE))


def _stood(caseid: int, state: Mapping[str, Any] | None) -> Case | None:
    return Case(caseid=caseid, **state) if state is not None else None


@contextmanager
def looking_only(wanted: bool = True) -> Iterator[None]:
    """Nothing is sent meanwhile; what had been sent is looked for."""
    token = _LOOKING_ONLY.set(wanted)
    try:
        yield
    finally:
        _LOOKING_ONLY.reset(token)


_LOOKING_ONLY: ContextVar[bool] = ContextVar("looking_only", default=False)
