"""The names of FuseDesk: departments, reps and tags; names to ids and ids to names, from memory.

Each of the three lists is loaded and kept by itself, so that a key without the scope for one still serves the others. What
is kept is an immutable picture of a list, replaced as a whole. Looking a name up asks FuseDesk nothing, unless it is not
there: then the list is loaded once more, at most once a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from cachetools import TTLCache

from bot.errors import CaseError, NoSuchName
from bot.fusedesk.models import Department, Rep, Tag
from bot.lookup import Target, find, find_rep, find_target
from bot.matching import Entry, Index
from bot.names import Departments, Reps, Team, department_name, picture_departments, picture_reps, picture_tags, tag_name
from bot.stale import Stale

T = TypeVar("T")

FIRST_PATIENCE = 10.0  # seconds that somebody waits for the first names
NEWER_PATIENCE = 2.0  # seconds that somebody waits for newer names when theirs is unknown


class Source(Protocol):
    """Where the lists come from: the FuseDesk client."""

    async def departments(self) -> Sequence[Department]: ...

    async def reps(self) -> Sequence[Rep]: ...

    async def casetags(self) -> Sequence[Tag]: ...


class Counts(NamedTuple):
    """How many there are; `faults` are why some of the lists could not be loaded, whose counts are then the old ones."""

    departments: int
    reps: int
    tags: int
    faults: tuple[CaseError, ...] = ()


class Directory:
    """Who and what there is in FuseDesk.

    Names may be typed as in `bot.lookup`. A lookup raises NoSuchName, SeveralNames, or, when the names were never loaded,
    the FuseDeskError that stands in the way. Looking up by id raises nothing. While `thrifty()`, the names that are there have
    to do: nothing is loaded but the first names, without which nobody could change anything, and what `refresh` is asked for.
    """

    def __init__(
        self,
        fusedesk: Source,
        *,
        ttl: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        first_patience: float = FIRST_PATIENCE,
        newer_patience: float = NEWER_PATIENCE,
        thrifty: Callable[[], bool] = lambda: False,
    ) -> None:
        def kept(what: str, load: Callable[[], Awaitable[T]]) -> Stale[T]:
            return Stale(what, load, ttl=ttl, patience=first_patience, clock=clock, sleep=sleep, thrifty=thrifty)

        async def departments() -> Departments:
            return await asyncio.to_thread(picture_departments, await fusedesk.departments())

        async def reps() -> Reps:
            return await asyncio.to_thread(picture_reps, await fusedesk.reps())

        async def tags() -> Index[Tag]:
            return await asyncio.to_thread(picture_tags, await fusedesk.casetags())

        self._departments = kept("departments", departments)
        self._reps = kept("reps", reps)
        self._tags = kept("case tags", tags)
        self._lists: tuple[Stale[Any], ...] = (self._departments, self._reps, self._tags)
        self._nothing = picture_departments(()), picture_reps(()), picture_tags(())
        self._newer_patience = newer_patience
        self._missed: TTLCache[tuple[str, int], bool] = TTLCache(maxsize=10_000, ttl=ttl, timer=clock)

    # Loading

    async def start(self) -> None:
        """Begins to fill in the background, and keeps trying until each list came."""
        for each in self._lists:
            each.start()

    async def stop(self) -> None:
        for each in self._lists:
            await each.stop()

    async def filled(self, patience: float) -> None:
        """Waits for the lists that have not come yet, at most so many seconds: for what reads names from memory right after
        the start. Costs nothing later."""
        if not self.ready:
            await asyncio.gather(*(each.first(patience) for each in self._lists))

    async def needed(self) -> None:
        """Raises why the names cannot be had, where they never came: nobody can tell then what is gone from FuseDesk."""
        if not self.ready:
            await asyncio.gather(*(each.get() for each in self._lists))

    @property
    def ready(self) -> bool:
        """Whether each of the three lists has come at least once."""
        return all(each.age is not None for each in self._lists)

    @property
    def age(self) -> float | None:
        """Seconds since the names came (of the oldest list that came); None before."""
        return max((each.age for each in self._lists if each.age is not None), default=None)

    @property
    def faults(self) -> tuple[CaseError, ...]:
        """Why the latest attempts at loading failed; empty when all went well."""
        return tuple(each.fault for each in self._lists if isinstance(each.fault, CaseError))

    async def refresh(self) -> Counts:
        """Loads all three lists now. Raises only when none of them could be loaded."""
        outcomes = await asyncio.gather(*(each.renew() for each in self._lists), return_exceptions=True)
        faults = []
        for outcome in outcomes:
            if isinstance(outcome, CaseError):
                faults.append(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
        if len(faults) == len(self._lists):
            raise faults[0]
        return Counts(
            len(self._departments_now.names.entries),
            len(self._reps_now.names.entries),
            len(self._tags_now.entries),
            tuple(faults),
        )

    # Typed names

    async def department(self, typed: str) -> Department:
        await self._departments.get()
        return await self._look(lambda: find("department", self._departments_now.names, typed), self._departments)

    async def tag(self, typed: str) -> Tag:
        await self._tags.get()
        return await self._look(lambda: find("tag", self._tags_now, typed), self._tags)

    async def rep(self, typed: str, *, department: Department | None = None) -> Rep:
        """An active rep; with a department, one of those in it (NoSuchName then offers them)."""
        await self._reps.get()
        if department is None:
            return await self._look(lambda: find_rep(self._reps_now.names, typed), self._reps)
        return await self._look(
            lambda: find_rep(self._reps_now.names, typed, self._team(department)), self._reps, self._departments
        )

    async def target(self, typed: str) -> Target:
        """What a case may be transferred to: a department, a rep, or `department/rep`; see `bot.lookup.find_target`."""
        await asyncio.gather(self._departments.get(), self._reps.get())

        def look() -> Target:
            departments = self._departments_now
            return find_target(departments.names, self._reps_now.names, departments.teams, typed)

        return await self._look(look, self._departments, self._reps)

    async def _look(self, look: Callable[[], T], *lists: Stale[Any]) -> T:
        """Looks in the names at hand and, for what is not there, once more in newer ones."""
        try:
            return look()
        except NoSuchName:
            newer = await asyncio.gather(*(each.newer(self._newer_patience) for each in lists))
            if not any(newer):
                raise
        return look()

    # Ids

    def department_by_id(self, id: int | None) -> Department | None:
        return self._known("department", id, self._departments_now.names.thing(id), self._departments)

    def rep_by_id(self, id: int | None) -> Rep | None:
        """Also a rep who is no longer active: old cases name them."""
        return self._known("rep", id, None if id is None else self._reps_now.everyone.get(id), self._reps)

    def tag_by_id(self, id: int | None) -> Tag | None:
        return self._known("tag", id, self._tags_now.thing(id), self._tags)

    def department_name(self, id: int | None) -> str:
        """`Department 99` for an id that is not known, "" for None; the others likewise."""
        department = self.department_by_id(id)
        return department_name(department) if department else _unknown("Department", id)

    def rep_name(self, id: int | None) -> str:
        rep = self.rep_by_id(id)
        return rep.name if rep else _unknown("Rep", id)

    def tag_name(self, id: int | None) -> str:
        tag = self.tag_by_id(id)
        return tag_name(tag) if tag else _unknown("Tag", id)

    def _known(self, kind: str, id: int | None, found: T | None, kept: Stale[Any]) -> T | None:
        """Begins a load behind for an id that is not known; once in a while only, for what is archived stays unknown."""
        if found is None and id is not None and (kind, id) not in self._missed and kept.miss():
            self._missed[kind, id] = True
        return found

    def doubt(self) -> None:
        """FuseDesk refused what the names say there is: they are loaded anew behind, once in a while."""
        for each in self._lists:
            each.miss()

    # Lists, from memory

    def all_departments(self) -> Sequence[Department]:
        """Sorted by name, as are the other lists."""
        return [entry.thing for entry in self._departments_now.names.entries]

    def reps_in(self, departmentid: int | None) -> Sequence[Rep]:
        """The active reps of a department; all active ones for None, or where FuseDesk does not tell who is where."""
        inside = self._inside(departmentid)
        return [entry.thing for entry in self._reps_now.names.entries if inside is None or entry.id in inside]

    def suggest_departments(self, typed: str, limit: int = 100) -> list[Entry[Department]]:
        """What to offer while somebody types, best first: each with its id, and the label that it is offered with."""
        return self._departments_now.names.suggest(typed, limit)

    def suggest_reps(self, typed: str, departmentid: int | None = None, limit: int = 100) -> list[Entry[Rep]]:
        return self._reps_now.names.suggest(typed, limit, self._inside(departmentid))

    def suggest_tags(self, typed: str, limit: int = 100) -> list[Entry[Tag]]:
        return self._tags_now.suggest(typed, limit)

    def holds(self, department: Department, rep: Rep) -> bool:
        """Whether the rep may take the department's cases, as far as FuseDesk tells."""
        inside = self._team(department).repids
        return inside is None or rep.userid in inside

    def rep_for(self, email: str, full_name: str) -> Rep | None:
        """Which active rep somebody in Slack is: by email, or, if no rep carries an email, by unique full name."""
        return self._reps_now.matching(email, full_name)

    def _inside(self, departmentid: int | None) -> frozenset[int] | None:
        if departmentid is None or self._departments.age is None:
            return None
        team = self._departments_now.teams.get(departmentid)
        return team.repids if team else frozenset()

    def _team(self, department: Department) -> Team:
        """As the newest names have it, or the department itself when it is not among them."""
        known = self._departments_now.teams.get(department.departmentid)
        return known or Team(department_name(department), frozenset(department.repids) or None)

    @property
    def _departments_now(self) -> Departments:
        return self._departments.peek() or self._nothing[0]

    @property
    def _reps_now(self) -> Reps:
        return self._reps.peek() or self._nothing[1]

    @property
    def _tags_now(self) -> Index[Tag]:
        return self._tags.peek() or self._nothing[2]


def _unknown(what: str, id: int | None) -> str:
    return "" if id is None else f"{what} {id}"
