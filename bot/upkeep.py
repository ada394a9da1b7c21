"""What casebot does all the time, beside carrying out wishes: it shows that it lives, takes over what dead casebots left, and
deletes what is over.

What belongs here: who is alive, and which wishes and texts are nobody's any more. What becomes of a wish, also of one that was
taken over, is `bot.durable`'s.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS

from bot.database import Alone, DatabaseError, as_error, in_words
from bot.errors import CaseError
from bot.fusedesk.pace import Pace
from bot.ledger import Ledger

log = logging.getLogger(__name__)

# A casebot shows so many times that it lives, within the time after which it counts as dead.
_BEATS = 5
# Seconds for which what it saw of the others holds: DBOS waits for its database however long, and who lives may change meanwhile.
_HOLDS = 2.0
# Finished wishes hold texts: they are deleted when nobody can ask for them any more. In vain, they can be tried again for a day.
_KEPT, _KEPT_IN_VAIN = timedelta(hours=1), timedelta(days=1)
# Seconds between two looks at what is over, and so many wishes are deleted at once.
_TIDY, _AT_ONCE = 300.0, 1_000


class Upkeep:
    """`executor` is this casebot's name, `alone` tells whether no other can be there, `takeover` is after how many seconds
    without a sign of life one counts as dead. `keep` starts work that ends with casebot."""

    def __init__(
        self,
        url: str,
        alone: Alone,
        ledger: Ledger,
        pace: Pace,
        *,
        executor: str,
        takeover: float,
        keep: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._url = url
        self._alone = alone
        self._ledger = ledger
        self._pace = pace
        self._executor = executor
        self._takeover = takeover
        self._keep = keep
        self._looked = 0.0
        self._resuming: set[str] = set()

    async def live(self, share: Callable[[], Awaitable[None]], fault_of: Callable[[Exception], None]) -> None:
        """Shows that this casebot lives, and takes over from those that do not; for ever. `share` brings what they know of the
        quota up to date, `fault_of` logs what is wrong with casebot itself."""
        seen: dict[str, tuple[int, float]] = {}
        for beat in itertools.count(1):
            try:
                await self._look_around(beat, seen)
                await share()
            except CaseError as fault:
                log.warning("other casebots cannot be seen", extra={"facts": fault.facts})
            except Exception as fault:  # noqa: BLE001  # who does not show a sign of life any more counts as dead
                fault_of(fault)
            await asyncio.sleep(self._takeover / _BEATS)

    async def _look_around(self, beat: int, seen: dict[str, tuple[int, float]]) -> None:
        """`seen` is what each counted last, and when it was first seen: by this casebot's own clock, for clocks differ."""
        beats = await self._ledger.beat(self._executor, beat)
        now = asyncio.get_running_loop().time()
        if now - self._looked > self._takeover / 2:
            # The database was away, perhaps: then the others could not show that they live, either.
            seen.clear()
        self._looked = now
        for executor, counted in beats.items():
            if executor not in seen or seen[executor][0] != counted:
                seen[executor] = (counted, now)
        alone = self._alone.taken
        alive = [one for one in beats if one == self._executor or (not alone and now - seen[one][1] < self._takeover)]
        if dead := [one for one in beats if one not in alive]:
            await self._ledger.gone(dead)
        self._pace.replicas = max(1, len(alive))
        await self._take_over(alive)

    async def _take_over(self, alive: Sequence[str]) -> None:
        others = [one for one in alive if one != self._executor]
        try:
            with in_words(self._url):
                async with asyncio.timeout(_HOLDS):
                    unfinished = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
                    for one in unfinished:
                        if one.executor_id not in alive and one.workflow_id not in self._resuming:
                            await self._adopt(one.workflow_id, others)
                    for entry in await self._ledger.left_by_others(alive):
                        if await DBOS.get_workflow_status_async(entry.run) is None:
                            await self._ledger.over(entry.run, "lost")
        except TimeoutError as fault:
            raise as_error(self._url, type(fault).__name__) from fault

    async def _adopt(self, run: str, others: Sequence[str]) -> None:
        """Only the one that changes the ledger's line may resume a wish: resumed twice, it would run twice. Its own line is that
        of a wish that it took, and could not resume or was not told that it had it."""
        if await self._ledger.adopt(run, others, self._executor):
            log.warning("taking over a wish", extra={"facts": {"run": run}})
            self._resuming.add(run)
            self._keep(self._resume(run))

    async def _resume(self, run: str) -> None:
        try:
            with in_words(self._url):
                await DBOS.resume_workflow_async(run)
        except DatabaseError as fault:
            log.warning("a wish cannot be resumed", extra={"facts": fault.facts})
        finally:
            self._resuming.discard(run)

    async def tidy(self, fault_of: Callable[[Exception], None]) -> None:
        """Deletes what is over, for it holds texts; for ever."""
        while True:
            try:
                await self._ledger.forget_old()
                await self._forget(_KEPT_IN_VAIN, in_vain_too=True)
                await self._forget(_KEPT, in_vain_too=False)
            except CaseError as fault:
                log.warning("finished wishes cannot be deleted", extra={"facts": fault.facts})
            except Exception as fault:  # noqa: BLE001  # the next round tries again
                fault_of(fault)
            await asyncio.sleep(_TIDY)

    async def _forget(self, age: timedelta, *, in_vain_too: bool) -> None:
        before = (datetime.now(UTC) - age).isoformat()
        kept = 0
        while True:
            with in_words(self._url):
                over = await DBOS.list_workflows_async(
                    status=["SUCCESS", "ERROR"],
                    completed_before=before,
                    load_input=False,
                    load_output=False,
                    limit=_AT_ONCE,
                    offset=kept,
                )
                found = [one.workflow_id for one in over]
                runs = found if in_vain_too else await self._ledger.fulfilled(found)
                await DBOS.delete_workflows_async(runs)
            if len(found) < _AT_ONCE:
                return
            kept += len(found) - len(runs)
