"""Writes that survive: a wish is stored before Slack hears that it arrived, and then it ends, whatever happens meanwhile.

The engine is DBOS: it keeps a wish until its two steps, FuseDesk's effect and telling Slack, are recorded. What belongs here is
what DBOS leaves to its users: the order of wishes on one case, waiting for a FuseDesk that cannot take them, and a casebot that
takes over from one that died. That a step which runs a second time has no second effect is the work of `bot.once` and
`bot.telling`.

Everything stands in casebot's one database: SQLite for a single process (a second one is refused), PostgreSQL for several.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import Context
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import Engine

from bot.cards.message import Message, View
from bot.database import Alone, DatabaseError, as_error, engine_for_dbos, in_words, shut
from bot.deeds import Deeds, Ended, Watch
from bot.errors import CaseError
from bot.fusedesk.pace import Pace
from bot.intents import Intent, ref_of, turn_of
from bot.ledger import Entry, Ledger
from bot.logs import quiet_engine
from bot.operations import CaseRef
from bot.telling import Telling

log = logging.getLogger(__name__)

# What a stored wish may wait for FuseDesk, or its end for Slack.
LONGEST = timedelta(hours=24)
# Seconds between two attempts: the first, and the most; each is twice the one before.
FIRST, MOST = 0.5, 30.0
# Attempts after which a person hears that it waits, and seconds of a single wait after which they do at once.
_BLIPS, _LONG = 2, 5.0
_BEHIND = "An earlier change of the same case is not done yet."
# Seconds between two looks for a turn that another casebot holds.
_LOOK = 0.5
# A casebot shows so many times that it lives, within the time after which it counts as dead.
_BEATS = 5
# Seconds for which what it saw of the others holds: DBOS waits for its database however long, and who lives may change meanwhile.
_HOLDS = 2.0
# Finished wishes hold texts: they are deleted when nobody can ask for them any more. In vain, they can be tried again for a day.
_KEPT, _KEPT_IN_VAIN = timedelta(hours=1), timedelta(days=1)
_TIDY = 300.0
# By DBOS's default this is a hash of the source: after any change, wishes of the version before would lie where they are.
_VERSION = "casebot"
# How often DBOS looks for notifications, of which there are none; its end takes as long.
POLL = 0.2
# Wishes that a list shows, finished ones deleted at once, and seconds for which somebody waits for another casebot's.
_LISTED, _AT_ONCE, _ELSEWHERE = 20, 1_000, 30.0

# What storing a wish may take: longer, and Slack gives up on us.
ACCEPT = 2.0


class _TakenBack(Exception):
    """The person does not want it any more: nothing is left to be done."""


@DBOS.workflow(name="wish", max_recovery_attempts=None)
async def _wish(run: str, stored: str) -> str:
    return await Durable.running().carry_out(run, stored)


async def _start(run: str, stored: str) -> None:
    with SetWorkflowID(run):
        await DBOS.start_workflow_async(_wish, run, stored)


class Waiting(NamedTuple):
    """A wish that is under way, and why it waits ("" where it does not)."""

    run: str
    intent: Intent
    because: str


class Durable:
    """One for each process, as DBOS is. `start` before anything else; `work` once there is somebody who does the work.

    `engine` is the store's; `alone` tells whether no other casebot can be there; `takeover` is after how many seconds without a
    sign of life one counts as dead; `sleep` waits for so many. `caseid` and `known_id` tell the case that somebody means, the
    second one without a call.
    """

    _one: Durable | None = None

    def __init__(
        self,
        url: str,
        engine: Engine,
        alone: Alone,
        ledger: Ledger,
        pace: Pace,
        *,
        caseid: Callable[[CaseRef], Awaitable[int]],
        known_id: Callable[[CaseRef], int | None],
        takeover: float = 15.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.executor = token_hex(8)
        self._url = url
        self._ledger = ledger
        self._pace = pace
        self._caseid = caseid
        self._known_id = known_id
        self._takeover = takeover
        self._sleep = sleep
        self._alone = alone
        self._engine = engine_for_dbos(url, engine)
        self._ready = asyncio.Event()
        self._watched: dict[str, Watch] = {}
        self._turns: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._wakes: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._idle: set[asyncio.Task[Any]] = set()
        self._keeping: set[asyncio.Task[None]] = set()
        self._looked = 0.0
        self._resuming: set[str] = set()
        self._refused: dict[str, asyncio.Task[tuple[Entry, bool]]] = {}

    # From the start to the end of the process

    @classmethod
    def running(cls) -> Durable:
        if cls._one is None:
            raise RuntimeError("a wish runs, and nobody is there to carry it out")
        return cls._one

    async def start(self) -> None:
        """Raises DatabaseError where the database cannot be reached, or refuses what DBOS needs."""
        config: DBOSConfig = {
            "name": "casebot",
            "system_database_url": self._url,
            "system_database_engine": self._engine,
            "application_version": _VERSION,
            "executor_id": self.executor,
            # Its default is pickle, which ties what is stored to this version of everything.
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": POLL,
            "log_level": "ERROR",
        }
        Durable._one = self
        with in_words(self._url):
            await self._ledger.beat(self.executor, 0)
            DBOS(config=config)
            quiet_engine()
            # In the loop's own thread: DBOS runs what it takes over in the loop in which it was launched.
            DBOS.launch()

    @property
    def busy(self) -> int:
        """How many wishes are under way in this process, waiting ones among them."""
        return len(self._watched)

    def work(self, deeds: Deeds, share: Callable[[], Awaitable[None]]) -> None:
        """Takes up the work, and what dead casebots left. `share` brings what the living know of the quota up to date."""
        self._deeds = deeds
        self._share = share
        self._ready.set()
        self._keep(self._live())
        self._keep(self._tidy())

    async def stop(self, seconds: float = 0.0) -> int:
        """Waits at most `seconds` for the wishes that are at FuseDesk or Slack right now; whatever is not done stays stored for
        the casebot that comes next. Returns how many that are. May be called twice."""
        for task in [*self._keeping, *self._idle]:
            task.cancel()
        busy = self._tasks - self._idle
        if busy and seconds:
            await asyncio.wait(busy, timeout=seconds)
        left = {task for task in self._tasks if not task.done()}
        for task in left:
            task.cancel()
        await asyncio.gather(*self._keeping, *left, return_exceptions=True)
        if Durable._one is self:
            Durable._one = None
            with suppress(DatabaseError):
                await self._ledger.gone([self.executor])
            # DBOS had put its own threads in the place of the loop's, and ends them.
            threads = ThreadPoolExecutor()
            asyncio.get_running_loop().set_default_executor(threads)
            await asyncio.get_running_loop().run_in_executor(threads, DBOS.destroy)
        shut(self._engine)
        return len(left)

    # Wishes

    async def accept(self, intent: Intent, *, again: Callable[[str], View] | None = None) -> Watch:
        """Stores a wish, and begins with it: from here on it ends, whatever happens. The same wish once more is the same one.

        `again` draws its form anew. Raises DatabaseError where it could not be stored: then nothing was begun.
        """
        ref = ref_of(intent.deed)
        turn = turn_of(intent, self._known_id(ref) if ref else None)
        run = ""
        entering = asyncio.create_task(self._enter(intent.key, intent.by.user, turn))
        try:
            async with asyncio.timeout(ACCEPT):
                entry, is_new = await asyncio.shield(entering)
                if not is_new:
                    return self._watched.get(entry.run) or self._elsewhere(entry.run)
                run = entry.run
                watch = self._watched[run] = _watch(form=bool(intent.view), again=again)
                watch.accepted = True
                with in_words(self._url):
                    # In a context of its own, because a wish may follow from the telling of another one.
                    await asyncio.create_task(_start(run, intent.dump()), context=Context())
        except (DatabaseError, TimeoutError) as fault:
            self._watched.pop(run, None)
            self._refused[intent.key] = entering
            self._keep(self._strike(intent.key, entering))
            raise fault if isinstance(fault, DatabaseError) else as_error(self._url, type(fault).__name__) from fault
        return watch

    async def _enter(self, key: str, user: str, turn: str) -> tuple[Entry, bool]:
        """The same wish may have been refused a moment ago, and stand in the ledger for all that."""
        if (refused := self._refused.get(key)) is not None:
            await asyncio.wait({refused})
            await self._strike_out(key, datetime.now(UTC))
        return await self._ledger.accept(key, user, turn, self.executor)

    async def _strike(self, key: str, entering: asyncio.Task[tuple[Entry, bool]]) -> None:
        """What was refused must not hold up what comes after it, nor be carried out: also where it was entered late, or the
        database went away with the answer. What the ledger calls lost is carried out by nobody, also where DBOS has it."""
        await asyncio.wait({entering})
        entered = datetime.now(UTC)
        await self._surely(lambda: self._strike_out(key, entered))
        if self._refused.get(key) is entering:
            del self._refused[key]

    async def _strike_out(self, key: str, entered: datetime) -> None:
        kept = [run for run in self._watched if run.rpartition("#")[0] == key]
        await self._ledger.refused(key, self.executor, entered, kept)

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        return task

    def _elsewhere(self, run: str) -> Watch:
        """The end of a wish that another casebot has, or that is over. Whoever has it says how it goes."""
        watch = _watch(form=False)
        watch.observed = True

        async def look() -> None:
            while not watch.ended.done():
                status = await DBOS.get_workflow_status_async(run)
                if status is not None and isinstance(status.output, str):
                    watch.ended.set_result(Ended.load(status.output))
                await asyncio.sleep(_LOOK)

        asyncio.get_running_loop().call_later(_ELSEWHERE, self._keep(look()).cancel)
        return watch

    async def under_way(self, user: str) -> tuple[list[Waiting], int]:
        """What a person wished and is not done yet, the oldest first, and how much more there is than a list shows."""
        entries = await self._ledger.under_way(user)
        listed, more = entries[:_LISTED], len(entries[_LISTED:])
        stored = await self._stored([entry.run for entry in listed])
        return [Waiting(entry.run, stored[entry.run], entry.because) for entry in listed if entry.run in stored], more

    async def intent(self, run: str) -> Intent | None:
        """What was wished; None where it is forgotten."""
        return (await self._stored([run])).get(run)

    async def _stored(self, runs: list[str]) -> dict[str, Intent]:
        if not runs:
            return {}
        with in_words(self._url):
            try:
                async with asyncio.timeout(ACCEPT):
                    known = await DBOS.list_workflows_async(workflow_ids=runs, load_output=False)
            except TimeoutError as fault:
                # Without its database DBOS asks on and on.
                raise as_error(self._url, type(fault).__name__) from fault
        return {one.workflow_id: Intent.load(one.input["args"][1]) for one in known if one.input}

    def shown(self, intent: Intent, ended: Ended) -> Message | None:
        """What its form shows after a wish was fulfilled; None: it closes."""
        return self._deeds.shown(intent, ended)

    async def cancel(self, run: str, user: str) -> bool:
        """Takes a person's wish back; False where it is no longer only waiting."""
        cancelled = await self._ledger.cancel(run, user)
        if cancelled and (wake := self._wakes.get(run)):
            wake.set()
        return cancelled

    async def carry_out(self, run: str, stored: str) -> str:
        """The workflow. Its steps are run again where they were not recorded as done."""
        await self._ready.wait()
        task = asyncio.current_task()
        assert task is not None
        try:
            intent = Intent.load(stored)
        except ValueError as fault:
            self._deeds.fault(fault)
            await self._surely(lambda: self._ledger.over(run, "failed"))
            return Ended(state="failed").dump()
        self._tasks.add(task)
        try:
            watch = self._watched.setdefault(run, _watch(form=False))
            if not watch.accepted or watch.begun:
                # Also what it has at hand: another casebot took this one for dead and resumed the wish, and DBOS gave it back.
                await self._surely(lambda: self._ledger.claim(run, self.executor))
            watch.begun = True
            ended = Ended.load(await DBOS.run_step_async({"name": "effect"}, self._effect, run, intent, watch))
            if not watch.ended.done():
                watch.ended.set_result(ended)
            if ended.state != "cancelled":
                await DBOS.run_step_async({"name": "tell"}, self._tell, run, intent, ended, watch)
            return ended.dump()
        finally:
            self._tasks.discard(task)
            self._watched.pop(run, None)

    # The first step: FuseDesk

    async def _effect(self, run: str, intent: Intent, watch: Watch) -> str:
        """Tries until it is done, in vain, taken back, or too old."""
        tried, paced = 0, False
        while True:
            try:
                await self._turn(run, intent, watch)
                if not paced and (slot := self._pace.slot()).because is not None:
                    paced = slot.paced
                    await self._wait(run, intent, watch, slot.because, slot.seconds, tell=slot.seconds > _LONG)
                    continue
                with self._pace.going():
                    ended = await self._deeds.effect(intent)
            except _TakenBack:
                ended = Ended(state="cancelled")
            except CaseError as error:
                if error.passing and datetime.now(UTC) - intent.at < LONGEST:
                    tried, paced = tried + 1, False
                    seconds = backoff(tried) if error.wait is None else error.wait
                    await self._wait(run, intent, watch, error, seconds, tell=tried >= _BLIPS or seconds > _LONG)
                    continue
                ended = await self._deeds.in_vain(intent, error)
            # A fault of casebot's own must end in words, too.
            except Exception as error:  # noqa: BLE001  # whatever it is: the person is told, and the log has its place
                ended = await self._deeds.in_vain(intent, error)
            await self._over(run, intent, ended)
            return ended.dump()

    async def _turn(self, run: str, intent: Intent, watch: Watch) -> None:
        """Waits until nothing that it must not overtake is under way. Raises _TakenBack."""
        ref = ref_of(intent.deed)
        caseid = self._known_id(ref) if ref else None
        if ref is not None and ref.caseid is None:
            # A case number leads to its case only now, perhaps.
            caseid = await self._caseid(ref)
            await self._ledger.take_turn(run, turn_of(intent, caseid))
        until = asyncio.get_running_loop().time() + _LONG
        while True:
            over = self._event(turn_of(intent, caseid))
            match await self._ledger.begin(run, self.executor):
                case "go":
                    return
                case "over":
                    raise _TakenBack
                case "theirs":
                    # Another casebot took this one for dead, and has the wish. What is said of it here must not be recorded.
                    raise asyncio.CancelledError
            if asyncio.get_running_loop().time() > until:
                await self._say_that_it_waits(run, intent, watch, _BEHIND)
            with self._resting(), suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _LOOK)

    def _event(self, turn: str) -> asyncio.Event:
        """Set as soon as a wish of that turn is over in this process."""
        event = self._turns.get(turn)
        if event is None:
            event = self._turns[turn] = asyncio.Event()
        return event

    async def _over(self, run: str, intent: Intent, ended: Ended) -> None:
        ref = ref_of(intent.deed)
        if ended.state != "cancelled":
            await self._surely(lambda: self._ledger.over(run, ended.state))
        if event := self._turns.pop(turn_of(intent, self._known_id(ref) if ref else None), None):
            event.set()

    async def _wait(self, run: str, intent: Intent, watch: Watch, because: CaseError, seconds: float, *, tell: bool) -> None:
        """Sleeps, or until it is taken back. The first time that this is worth a word, the person hears it."""
        wake = self._wakes[run] = asyncio.Event()
        try:
            says = getattr(because, "meanwhile", "") or because.says
            await self._say_that_it_waits(run, intent, watch, says if tell else "")
            with self._resting():
                sleeping = asyncio.ensure_future(self._sleep(max(seconds, 0.0)))
                waking = asyncio.ensure_future(wake.wait())
                try:
                    await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    sleeping.cancel()
                    waking.cancel()
        finally:
            self._wakes.pop(run, None)

    async def _say_that_it_waits(self, run: str, intent: Intent, watch: Watch, because: str) -> None:
        try:
            if await self._ledger.waits(run, because):
                await self._deeds.waits(run, intent, because, watch)
        except CaseError as fault:
            log.warning("a person could not be told that it waits", extra={"facts": fault.facts})

    # The second step: Slack

    async def _tell(self, run: str, intent: Intent, ended: Ended, watch: Watch) -> None:
        """Tells all of it; what Slack does not take because it is down, later."""
        tried = 0
        while True:
            telling = Telling(run, self._ledger)
            try:
                with telling.current():
                    await self._deeds.tell(run, intent, ended, watch)
            except CaseError as error:
                log.warning("a result could not be told", extra={"facts": {"error": type(error).__name__, **error.facts}})
                telling.missed = telling.missed or error.passing
            except Exception as error:  # noqa: BLE001  # the wish is done: it must not be done again because it cannot be told
                self._deeds.fault(error)
            tried += 1
            if not telling.missed or datetime.now(UTC) - intent.at > LONGEST:
                return
            with self._resting():
                await self._sleep(backoff(tried))

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Whoever rests is not waited for at the end of the process."""
        task = asyncio.current_task()
        assert task is not None
        self._idle.add(task)
        try:
            yield
        finally:
            self._idle.discard(task)

    async def _surely(self, change: Callable[[], Awaitable[object]]) -> None:
        """A change of the ledger that has to be made, as soon as there is a database again."""
        for tried in itertools.count(1):
            try:
                await change()
            except DatabaseError as fault:
                log.warning("the ledger cannot be written", extra={"facts": fault.facts})
            else:
                return
            with self._resting():
                await asyncio.sleep(backoff(tried))

    # Casebots together

    async def _live(self) -> None:
        """Shows that this casebot lives, and takes over from those that do not."""
        seen: dict[str, tuple[int, float]] = {}
        for beat in itertools.count(1):
            try:
                await self._look_around(beat, seen)
                await self._share()
            except CaseError as fault:
                log.warning("other casebots cannot be seen", extra={"facts": fault.facts})
            except Exception as fault:  # noqa: BLE001  # who does not show a sign of life any more counts as dead
                self._deeds.fault(fault)
            await asyncio.sleep(self._takeover / _BEATS)

    async def _look_around(self, beat: int, seen: dict[str, tuple[int, float]]) -> None:
        """`seen` is what each counted last, and when it was first seen: by this casebot's own clock, for clocks differ."""
        beats = await self._ledger.beat(self.executor, beat)
        now = asyncio.get_running_loop().time()
        if now - self._looked > self._takeover / 2:
            # The database was away, perhaps: then the others could not show that they live, either.
            seen.clear()
        self._looked = now
        for executor, counted in beats.items():
            if executor not in seen or seen[executor][0] != counted:
                seen[executor] = (counted, now)
        alone = self._alone.taken
        alive = [one for one in beats if one == self.executor or (not alone and now - seen[one][1] < self._takeover)]
        if dead := [one for one in beats if one not in alive]:
            await self._ledger.gone(dead)
        self._pace.replicas = max(1, len(alive))
        await self._take_over(alive)

    async def _take_over(self, alive: Sequence[str]) -> None:
        others = [one for one in alive if one != self.executor]
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
        if await self._ledger.adopt(run, others, self.executor):
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

    async def _tidy(self) -> None:
        """Deletes what is over: it holds texts."""
        while True:
            try:
                await self._ledger.forget_old()
                await self._forget(_KEPT_IN_VAIN, in_vain_too=True)
                await self._forget(_KEPT, in_vain_too=False)
            except CaseError as fault:
                log.warning("finished wishes cannot be deleted", extra={"facts": fault.facts})
            except Exception as fault:  # noqa: BLE001  # the next round tries again
                self._deeds.fault(fault)
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


def backoff(tried: int) -> float:
    """Seconds until the next attempt: doubled each time, and never for two wishes quite the same."""
    return min(MOST, FIRST * 2.0 ** min(tried - 1, 20)) * random.uniform(0.8, 1.2)


def _watch(*, form: bool, again: Callable[[str], View] | None = None) -> Watch:
    loop = asyncio.get_running_loop()
    return Watch(loop.create_future(), loop.create_future() if form else None, again)
