"""CaseDesk: cases as a person means them. Names come in, cases with names go out.

What does not belong here: Slack (`handlers`), changes (`bot.writing`), how a case looks (`bot.cards`).
Calls to FuseDesk: showing a case 1 (none right after a list that held it), a page of a search 1; names cost none.

While FuseDesk does not answer, or the rest of its calls is kept for changes, what is only shown comes from memory with its age
(`bot.memory`). Whatever a change rests on is never taken from there: the look before it (`look`, `before`) and its checks ask
FuseDesk and fail with it, because a change decided by an old state is a wrong change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cachetools import TTLCache

from bot.cases import CasePage, NamedCase, Person
from bot.directory import Directory
from bot.errors import NameRefused, Refused
from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import FuseDeskError, NotFound
from bot.fusedesk.models import Case, CaseSearch, Department, Rep
from bot.memory import LATELY, Cases, Kept, read
from bot.operations import CaseRef, Find, Mine
from bot.people import People
from bot.searches import Searches, size_of
from bot.store import Store
from bot.tokens import MENTION

_OPENED_BY_LIMIT = 500


class CaseDesk:
    def __init__(
        self,
        fusedesk: FuseDesk,
        directory: Directory,
        people: People,
        store: Store,
        *,
        case_url: Callable[[str], str],
        default_department: str = "",
        cases_ttl: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fusedesk = fusedesk
        self._directory = directory
        self._people = people
        self._store = store
        self._case_url = case_url
        self._default_department = default_department
        self._cases = Cases(fresh=cases_ttl, clock=clock)
        self._searches = Searches(self._search, fusedesk.quota)
        self._ids: TTLCache[str, int] = TTLCache(maxsize=50_000, ttl=86_400)

    def named(self, case: Case, at: datetime | None = None) -> NamedCase:
        """A case as FuseDesk told it at `at` (None: now), remembered, with its names."""
        self._cases.learn(case, at)
        return self._names(case)

    def _names(self, case: Case) -> NamedCase:
        if case.casenum:
            self._ids[case.casenum.upper()] = case.caseid
        return NamedCase(
            case=case,
            department=self._directory.department_name(case.departmentid),
            rep=self._directory.rep_name(case.repid),
            tags=tuple(self._directory.tag_name(tag) for tag in case.tags),
            url=self._case_url(case.casenum or str(case.caseid)),
        )

    def remembered(self, caseid: int) -> NamedCase | None:
        """The case as it was seen last, without asking FuseDesk: for a form's heading and the like."""
        known = self._cases.latest(caseid)
        return self._names(known.thing) if known else None

    def suggest(self, typed: str, limit: int = 50) -> list[Case]:
        """Cases seen lately whose number starts like `typed`, or whose summary holds its words; the latest first."""
        number = typed.strip().lstrip("#").upper()
        words = typed.casefold().split()
        cases = [
            case
            for case in self._cases.all()
            if (number and (str(case.caseid).startswith(number) or case.casenum.upper().startswith(number)))
            or all(word in case.summary.casefold() for word in words)
        ]
        return cases[:limit]

    async def show(self, ref: CaseRef) -> NamedCase:
        """To be read: where FuseDesk cannot be asked, as it was seen last, which then bears its age."""
        return await self._shown(ref, self._cases.latest(self._id_of(ref)))

    async def glance(self, ref: CaseRef) -> NamedCase:
        """As it was some seconds ago, perhaps without its history: for looking at it, and nothing else."""
        seen = self._cases.glance(self._id_of(ref))
        return self._names(seen) if seen is not None else await self.show(ref)

    async def _search(self, search: CaseSearch) -> list[Case]:
        mark = self._cases.mark
        cases = await self._fusedesk.search(search)
        self._cases.freshen(cases, mark)
        return cases

    async def show_history(self, ref: CaseRef) -> NamedCase:
        """As `show`, with its history: a list tells a case without it, which must not look like an empty one."""
        return await self._shown(ref, self._cases.whole(self._id_of(ref)))

    async def show_anew(self, ref: CaseRef) -> NamedCase:
        """As FuseDesk has it, or not at all: for a card that is to be refreshed, which shows what is remembered already."""
        return await self._shown(ref, None)

    async def look(self, ref: CaseRef) -> NamedCase:
        """As FuseDesk has it, before or after a change; also by the calls that are kept for changes, as it is part of one."""
        return self.named(await self._case(ref))

    async def look_again(self, caseid: int) -> NamedCase | None:
        """The case after a change: as FuseDesk has it or, where it does not answer, as it was seen last (with its age), if ever.

        Raises nothing, because the change itself is done.
        """
        try:
            return await self.look(CaseRef(caseid=caseid))
        except FuseDeskError as error:
            known = self._cases.latest(caseid)
            return self._aged(replace(known, because=error.meanwhile or error.says)) if known else None

    async def _shown(self, ref: CaseRef, remembered: Kept[Case] | None) -> NamedCase:
        async def ask() -> Kept[Case]:
            asked_at, mark = datetime.now(UTC), self._cases.mark
            case = await self._case(ref)
            self._cases.learn(case, asked_at)
            self._cases.freshen([case], mark)
            return Kept(case, asked_at)

        return self._aged(await read(ask, remembered, self._fusedesk.quota))

    def _aged(self, kept: Kept[Case]) -> NamedCase:
        return replace(self._names(kept.thing), as_of=kept.as_of, because=kept.because)

    def changed(self, caseid: int) -> None:
        """After a change: what was read of the case, and every list, is asked anew."""
        self._searches.outdate()
        self._cases.written(caseid)

    def lately(self, caseid: int, within: timedelta = LATELY) -> Case | None:
        """The case as it was told within that time."""
        return self._cases.lately(caseid, within)

    async def after(self, before: Case, answered: Case | None, **changed: object) -> NamedCase:
        """The case after a change, from FuseDesk's answer, a look, or else from what it was `changed` to."""
        if answered is None:
            with suppress(FuseDeskError):
                answered = await self._fusedesk.get_case(before.caseid)
        return self.named(answered or before.model_copy(update=changed))

    async def _case(self, ref: CaseRef) -> Case:
        known = self._id_of(ref)
        try:
            return await self._fusedesk.get_case(known or ref.casenum)
        except NotFound:
            # What is gone from FuseDesk is not shown from memory either.
            self._cases.forget(known or 0)
            raise

    async def before(self, caseid: int) -> Case:
        """The case before a change: as it was seen lately, or asked for. A change without it could not be taken back."""
        known = self._cases.lately(caseid)
        return known if known is not None else (await self.look(CaseRef(caseid=caseid))).case

    def _id_of(self, ref: CaseRef) -> int | None:
        """The case's id, as far as it is known without a call."""
        return ref.caseid or self._ids.get(ref.casenum)

    def known_id(self, ref: CaseRef) -> int | None:
        """The case's id, as far as it is known without a call."""
        return self._id_of(ref)

    async def caseid(self, ref: CaseRef) -> int:
        """A case number costs a call the first time, an id never."""
        return self._id_of(ref) or (await self.look(ref)).case.caseid

    async def to_change(self, ref: CaseRef) -> int:
        """The case that is to be written to."""
        caseid = await self.caseid(ref)
        # Here already: whoever hears that the outcome is not known looks next, and must not see how it was before.
        self._cases.written(caseid)
        return caseid

    async def find(
        self, find: Find, by: Person, offset: int = 0, *, query: str = "", title: str = "", unasked: bool = False
    ) -> CasePage:
        """A page of a search; `unasked`: it opens by itself, so that it must not cost one of the hour's last calls."""
        department = await self._directory.department(find.dept) if find.dept else None
        rep = await self.rep(find.rep, by) if find.rep else None
        tag = await self._directory.tag(find.tag) if find.tag else None
        search = CaseSearch(
            email=find.email,
            contactid=find.contact,
            companyid=find.company,
            repid=rep.userid if rep else None,
            depid=department.departmentid if department else None,
            casetag=tag.id if tag else None,
            status=find.status or None,
            date_opened=find.opened,
            date_assigned=find.assigned,
            date_firstresponse=find.responded,
            date_updated=find.updated,
            date_closed=find.closed,
            limit=size_of(find),
            orderby=f"{find.sort} desc" if find.sort else "",
            contact_uuid=find.contact_uuid,
        )
        # The names as FuseDesk writes them, so that the person sees which were taken.
        taken = find.model_copy(
            update={
                "dept": department.name if department else "",
                "rep": rep.name if rep else "",
                "tag": tag.tagname if tag else "",
            }
        )
        return await self._searches.page(search, taken, offset, self.named, query=query, title=title, unasked=unasked)

    async def mine(self, mine: Mine, by: Person, offset: int = 0, *, unasked: bool = False) -> CasePage:
        """The cases of the rep that the person is (waiting ones unless a status is named); a member's are those they opened."""
        by = await self._people.recognised(by)
        if not by.is_rep and not by.everything:
            return await self._opened_by(by, unasked=unasked)
        await self.as_rep(by)
        find = Find(rep="me", status=mine.status or "active")
        query = f"mine {mine.status}".strip()
        return await self.find(find, by, offset, query=query, title="My cases", unasked=unasked)

    async def home(self, by: Person, *, unasked: bool = False) -> tuple[Person, CasePage]:
        """Who it is and their cases: FuseDesk has no filter for who opened one, the store knows."""
        by = await self._people.recognised(by)
        return by, await (self.mine(Mine(), by, unasked=unasked) if by.is_rep else self._opened_by(by, unasked=unasked))

    async def _opened_by(self, by: Person, *, unasked: bool) -> CasePage:
        """The newest of the cases that the person opened through casebot: one call, whatever their number."""
        ids = await self._store.opened_by(by.user, _OPENED_BY_LIMIT)
        if not ids:
            return CasePage((), 0, 0, False, "", title="Cases I opened")
        newest = CaseSearch(limit=_OPENED_BY_LIMIT, orderby="date_opened desc")
        found = await self._searches.chunk(newest, fresh=True, unasked=unasked)
        cases = [case for case in found.thing if case.caseid in set(ids)]
        older = len(ids) - len(cases)
        return CasePage(
            tuple(self.named(case, found.at) for case in cases[:10]),
            offset=0,
            total=len(cases),
            more=False,
            query="",
            title="Cases I opened",
            remark=f"{older} more lie further back; /case and the number shows each." if older else "",
            as_of=found.as_of,
            because=found.because,
        )

    async def as_rep(self, by: Person) -> Rep:
        rep = self._directory.rep_by_id((await self._people.recognised(by)).repid)
        if rep is None:
            await self._directory.needed()
            raise Refused(
                "FuseDesk has no rep with your Slack email or name, so casebot cannot tell which cases are yours. "
                "Whoever manages FuseDesk can give your rep the email you use in Slack.",
                example="find status:active",
            )
        return rep

    async def rep(self, typed: str, by: Person, department: Department | None = None) -> Rep:
        """The rep a person means: `me`, a mention, or a name. Refused when outside the department."""
        if typed.casefold() == "me":
            return self.inside(await self.as_rep(by), department, typed)
        if mention := MENTION.fullmatch(typed):
            mentioned = await self._people.recognised(await self._people.anybody(mention[1]))
            rep = self._directory.rep_by_id(mentioned.repid) if mentioned.repid is not None else None
            if rep is None:
                raise Refused(f"{mentioned.name} is not a rep in FuseDesk, as far as their email and name tell.", field="rep")
            return self.inside(rep, department, typed)
        return await self._directory.rep(typed, department=department)

    def inside(self, rep: Rep, department: Department | None, typed: str = "") -> Rep:
        if department is None or self._directory.holds(department, rep):
            return rep
        inside = [other.name for other in self._directory.reps_in(department.departmentid)][:10]
        says = f"{rep.name} is not in {department.name}. "
        says += f"In it are {', '.join(inside)}." if inside else "Nobody is."
        raise NameRefused(says, kind="rep", typed=typed or rep.name, names=inside)

    async def department(self, typed: str) -> Department:
        return await self._directory.department(typed)

    async def default_department(self) -> Department | None:
        """The one of the settings, or the only one there is."""
        if self._default_department:
            return await self._directory.department(self._default_department)
        known = self._directory.all_departments()
        return known[0] if len(known) == 1 else None
