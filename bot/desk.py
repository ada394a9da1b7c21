"""CaseDesk: the case operations as a person means them. Names come in, cases with names go out.

What does not belong here: Slack (`handlers`), how a write is kept safe (`bot.durable`), how a case looks (`bot.cards`).
Calls to FuseDesk: showing a case 1 (none right after a list that held it), a page of a search 1, a transfer at most 2, a tag 1
each; names cost none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from cachetools import TTLCache

from bot import wishes
from bot.cards.case import Seen
from bot.cases import CasePage, NamedCase, Person
from bot.directory import FIRST_PATIENCE, Directory
from bot.durable import Durable
from bot.errors import CaseError, NameRefused, Overtaken, Refused
from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import RefusedByFuseDesk, Unintelligible
from bot.fusedesk.models import Case, CaseSearch, Department, NewCase, NewEmail, NewNote, Rep, Status, Tag
from bot.glances import Glances
from bot.operations import CaseRef, Find, Mine
from bot.searches import Searches, size_of

_HISTORY_CHUNK = 200
_OPENED_BY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What was done last to a case through casebot: `line` continues the person's name ("transferred it to Billing").

    `holder` is the department and rep that a transfer left it with; None for any other change.
    """

    user: str
    name: str
    line: str
    at: datetime
    holder: tuple[int | None, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A change as FuseDesk confirmed it. `line` continues the person's name; "" when there was nothing to do."""

    named: NamedCase
    line: str


@dataclass(frozen=True, slots=True)
class TagsDone:
    """Tags one by one: which were changed, and which not with the reason. `line` continues the person's name."""

    caseid: int
    changed: tuple[str, ...]
    refused: tuple[CaseError, ...]
    line: str


class CaseDesk:
    def __init__(
        self,
        fusedesk: FuseDesk,
        directory: Directory,
        durable: Durable,
        person: Callable[[str], Awaitable[Person]],
        *,
        case_url: Callable[[str], str],
        default_department: str = "",
        cases_ttl: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fusedesk = fusedesk
        self._directory = directory
        self._durable = durable
        self._person = person
        self._case_url = case_url
        self._default_department = default_department
        self._glances = Glances(cases_ttl, clock)
        self._searches = Searches(self._search, clock=clock)
        self._ids: TTLCache[str, int] = TTLCache(maxsize=50_000, ttl=86_400)
        self._known: TTLCache[int, Case] = TTLCache(maxsize=5_000, ttl=86_400)
        self._last: TTLCache[int, Change] = TTLCache(maxsize=20_000, ttl=3_600)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # Reading

    def named(self, case: Case) -> NamedCase:
        """The case with its names, from memory."""
        if case.casenum:
            self._ids[case.casenum.upper()] = case.caseid
        self._known[case.caseid] = case
        return NamedCase(
            case=case,
            department=self._directory.department_name(case.departmentid),
            rep=self._directory.rep_name(case.repid),
            tags=tuple(self._directory.tag_name(tag) for tag in case.tags),
            url=self._case_url(case.casenum or str(case.caseid)),
        )

    def remembered(self, caseid: int) -> NamedCase | None:
        """The case as it was seen last, without asking FuseDesk: for a form's heading and the like."""
        case = self._known.get(caseid)
        return self.named(case) if case else None

    def suggest(self, typed: str, limit: int = 50) -> list[Case]:
        """Cases seen lately whose number starts like `typed`, or whose summary holds its words; the latest first."""
        number = typed.strip().lstrip("#").upper()
        words = typed.casefold().split()
        cases = [
            case
            for case in reversed(list(self._known.values()))
            if (number and (str(case.caseid).startswith(number) or case.casenum.upper().startswith(number)))
            or all(word in case.summary.casefold() for word in words)
        ]
        return cases[:limit]

    async def show(self, ref: CaseRef) -> NamedCase:
        """The case as it is now, with its history."""
        mark = self._glances.mark
        known = ref.caseid or self._ids.get(ref.casenum)
        case = await self._fusedesk.get_case(known or ref.casenum)
        self._glances.keep([case], mark)
        return self.named(case)

    async def glance(self, ref: CaseRef) -> NamedCase:
        """The case as it was some seconds ago, perhaps without its history: for looking at it, and nothing else."""
        seen = self._glances.at(ref.caseid or self._ids.get(ref.casenum))
        return self.named(seen) if seen else await self.show(ref)

    async def _search(self, search: CaseSearch) -> list[Case]:
        mark = self._glances.mark
        cases = await self._fusedesk.search(search)
        self._glances.keep(cases, mark)
        return cases

    async def _caseid(self, ref: CaseRef) -> int:
        """The case that is to be written to. A case number costs a call the first time, an id never."""
        caseid = ref.caseid or self._ids.get(ref.casenum) or (await self.show(ref)).case.caseid
        # Here already: whoever hears that the outcome is not known looks next, and must not see how it was before.
        self._glances.forget(caseid)
        return caseid

    async def find(self, find: Find, by: Person, offset: int = 0, *, query: str = "", title: str = "") -> CasePage:
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
            orderby=find.sort,
        )
        # The names as FuseDesk writes them, so that the person sees which were taken.
        taken = find.model_copy(
            update={
                "dept": department.name if department else "",
                "rep": rep.name if rep else "",
                "tag": tag.tagname if tag else "",
            }
        )
        return await self._searches.page(search, taken, offset, self.named, query=query, title=title)

    async def mine(self, mine: Mine, by: Person, offset: int = 0) -> CasePage:
        """The cases of the rep that the person is; waiting ones unless a status is named."""
        await self.as_rep(by)
        find = Find(rep="me", status=mine.status or "active")
        query = f"mine {mine.status}".strip()
        return await self.find(find, by, offset, query=query, title="My cases")

    async def opened_by(self, by: Person) -> CasePage:
        """The newest cases that the person opened through casebot: FuseDesk has no filter for it, the signature tells."""
        search = CaseSearch(limit=_OPENED_BY_LIMIT, orderby="date_opened desc")
        cases = [case for case in await self._searches.chunk(search, fresh=True) if f"({by.user})" in case.details]
        return CasePage(tuple(map(self.named, cases[:10])), 0, len(cases), False, "", title="Cases I opened")

    async def recognised(self, by: Person) -> Person:
        """The person with the rep that they are, even if the reps' names had not come yet when they asked."""
        if by.is_rep:
            return by
        await self._directory.filled(FIRST_PATIENCE)
        rep = self._directory.rep_for(by.email, by.name)
        return replace(by, repid=rep.userid, rep=rep.name) if rep else by

    async def as_rep(self, by: Person) -> Rep:
        rep = self._directory.rep_by_id((await self.recognised(by)).repid)
        if rep is None:
            raise Refused(
                "FuseDesk has no rep with your Slack email or name, so casebot cannot tell which cases are yours. "
                "Whoever manages FuseDesk can give your rep the email you use in Slack.",
                example="find status:active",
            )
        return rep

    async def rep(self, typed: str, by: Person, department: Department | None = None) -> Rep:
        """The rep a person means: `me`, a mention, or a name. Refused when outside the department."""
        if typed.casefold() == "me":
            return self._inside(await self.as_rep(by), department)
        if typed.startswith("<@"):
            mentioned = await self.recognised(await self._person(typed.removeprefix("<@").removesuffix(">")))
            rep = self._directory.rep_by_id(mentioned.repid) if mentioned.repid is not None else None
            if rep is None:
                raise Refused(f"{mentioned.name} is not a rep in FuseDesk, as far as their email and name tell.", field="rep")
            return self._inside(rep, department)
        return await self._directory.rep(typed, department=department)

    def _inside(self, rep: Rep, department: Department | None) -> Rep:
        if department is None or self._directory.holds(department, rep):
            return rep
        inside = [other.name for other in self._directory.reps_in(department.departmentid)][:10]
        says = f"{rep.name} is not in {department.name}. "
        says += f"In it are {', '.join(inside)}." if inside else "Nobody is."
        raise NameRefused(says, kind="rep", typed=rep.name, names=inside)

    async def department(self, typed: str) -> Department:
        return await self._directory.department(typed)

    async def default_department(self) -> Department | None:
        """The one of the settings, or the only one there is."""
        if self._default_department:
            return await self._directory.department(self._default_department)
        known = self._directory.all_departments()
        return known[0] if len(known) == 1 else None

    # Writing

    async def open_case(self, new: NewCase, by: Person, key: str) -> tuple[NamedCase, bool]:
        """Opens a case once for its key; the second value is False when it had been opened before."""
        department = self._directory.department_by_id(new.depid)
        if department is not None and new.repid is not None and (rep := self._directory.rep_by_id(new.repid)):
            self._inside(rep, department)
        first = not self._durable.knows(key)
        wish = wishes.OpenCase(key=key, new=new)
        answer = await self._durable.run(wish)
        self._searches.forget()
        if answer is None:
            # FuseDesk took the case but did not say its number.
            answer = await wishes.look_up(self._fusedesk, wish)
        if answer is None:
            raise Unintelligible(call="POST cases/")
        if answer.departmentid is None or not first:
            answer = await self._fusedesk.get_case(answer.caseid)
        named = self.named(answer)
        if first:
            self._wrote(named.case.caseid, by, "opened it")
        return named, first

    async def add_note(self, ref: CaseRef, note: NewNote, by: Person, key: str) -> int:
        """Adds a note or logs a call; returns the case's id."""
        caseid = await self._caseid(ref)
        await self._durable.run(wishes.AddNote(key=key, caseid=caseid, note=note))
        self._wrote(caseid, by, "logged a call on it" if note.type == "call" else "added a note to it")
        return caseid

    async def change_tags(self, ref: CaseRef, by: Person, key: str, *, add: Sequence[str], remove: Sequence[str]) -> TagsDone:
        """Tags and untags by name; one that fails does not stop the others."""
        caseid = await self._caseid(ref)
        added: list[str] = []
        removed: list[str] = []
        refused: list[CaseError] = []
        for typed, adding in [(tag, True) for tag in add] + [(tag, False) for tag in remove]:
            try:
                tag = await self._directory.tag(typed)
                await self._durable.run(_tag_wish(f"{key}:{'+' if adding else '-'}{tag.id}", caseid, tag, adding=adding))
            except CaseError as error:
                refused.append(error)
            else:
                (added if adding else removed).append(tag.tagname)
        if not added and not removed:
            raise refused[0]
        said = [f"tagged it {', '.join(added)}"] if added else []
        said += [f"untagged it {', '.join(removed)}"] if removed else []
        line = " and ".join(said)
        self._wrote(caseid, by, line)
        return TagsDone(caseid, tuple(added + removed), tuple(refused), line)

    async def transfer(
        self,
        ref: CaseRef,
        by: Person,
        key: str,
        *,
        department: Department | None = None,
        rep: Rep | None = None,
        seen: Seen | None = None,
    ) -> Done:
        """Transfers to a department, a rep or both. `seen` is what the card showed: whoever was faster wins.

        At most two calls: with a rep the case is looked at first (is the rep in its department? did somebody else move
        it?); with a department only, FuseDesk picks or keeps the rep, and its answer or a second look tells whom.
        """
        caseid = await self._caseid(ref)
        async with self._turn(caseid):
            if seen is not None:
                self._not_overtaken(caseid, seen, by)
            before = await self._fusedesk.get_case(caseid) if rep is not None else None
            if before is not None and rep is not None:
                self._inside(rep, department or self._directory.department_by_id(before.departmentid))
                if seen is not None and (before.departmentid, before.repid) != (seen.departmentid, seen.repid):
                    raise Overtaken(self._who_moved(before), field="rep", caseid=caseid)
                if before.repid == rep.userid and department in (None, self._directory.department_by_id(before.departmentid)):
                    return Done(self.named(before), "")
            depid = department.departmentid if department else None
            wish = wishes.Transfer(key=key, caseid=caseid, depid=depid, repid=rep.userid if rep else None)
            after = await self._durable.run(wish)
            if after is None and before is not None:
                moved = {"departmentid": depid or before.departmentid, "repid": rep.userid if rep else None}
                after = before.model_copy(update=moved)
            named = self.named(after or await self._fusedesk.get_case(caseid))
            line = _transferred(named, department, rep, by)
            self._wrote(caseid, by, line, (named.case.departmentid, named.case.repid))
            return Done(named, line)

    async def link(self, ref: CaseRef, by: Person, key: str, *, contactid: int | None = None, contact_uuid: str = "") -> Done:
        caseid = await self._caseid(ref)
        wish = wishes.LinkContact(key=key, caseid=caseid, contactid=contactid, contact_uuid=contact_uuid)
        after = await self._durable.run(wish)
        line = f"linked it to contact {contactid or contact_uuid}"
        self._wrote(caseid, by, line)
        return Done(self.named(after or await self._fusedesk.get_case(caseid)), line)

    async def set_status(self, ref: CaseRef, status: Status, by: Person, key: str) -> Done:
        caseid = await self._caseid(ref)
        after = await self._durable.run(wishes.SetStatus(key=key, caseid=caseid, status=status))
        named = self.named(after or await self._fusedesk.get_case(caseid))
        if named.case.status is not status:
            raise RefusedByFuseDesk(f"case #{caseid} is still {named.case.status}.", case=caseid)
        line = "closed it" if status is Status.CLOSED else "reopened it"
        self._wrote(caseid, by, line)
        return Done(named, line)

    async def import_history(
        self, ref: CaseRef, items: Sequence[tuple[str, NewNote | NewEmail]], by: Person, key: str
    ) -> tuple[NamedCase, int, int]:
        """Adds the items whose reference (the first of each pair, part of its text) the history does not hold yet.

        Returns the case, how many were added and how many were there already.
        """
        caseid = await self._caseid(ref)
        async with self._turn(caseid):
            case = await self._fusedesk.get_case(caseid)
            told = "\n".join(item.note for item in case.history) + case.details
            fresh = [item for reference, item in items if reference not in told]
            for start in range(0, len(fresh), _HISTORY_CHUNK):
                chunk = tuple(fresh[start : start + _HISTORY_CHUNK])
                await self._durable.run(wishes.ImportHistory(key=f"{key}:{start}", caseid=caseid, items=chunk))
        if fresh:
            self._wrote(caseid, by, f"imported {len(fresh)} messages")
        return self.named(case), len(fresh), len(items) - len(fresh)

    # Who was faster

    def _wrote(self, caseid: int, by: Person, line: str, holder: tuple[int | None, int | None] | None = None) -> None:
        self._searches.forget()
        self._glances.forget(caseid)
        self._last[caseid] = Change(by.user, by.name, line, datetime.now(UTC), holder)

    def _turn(self, caseid: int) -> asyncio.Lock:
        """Held over a look and the write that depends on it."""
        lock = self._turns.get(caseid)
        if lock is None:
            lock = self._turns[caseid] = asyncio.Lock()
        return lock

    def _not_overtaken(self, caseid: int, seen: Seen, by: Person) -> None:
        """Refuses what was asked of a card that shows the case as it was before somebody else moved it."""
        last = self._last.get(caseid)
        if last is None or last.holder is None or last.user == by.user or last.at.timestamp() < seen.at:
            return
        if last.holder != (seen.departmentid, seen.repid):
            says = f"{last.name} was faster and {last.line}. Look at the case before you move it again."
            raise Overtaken(says, caseid=caseid)

    def _who_moved(self, case: Case) -> str:
        named = self.named(case)
        return f"The case is with {named.rep or 'nobody'} in {named.department or 'no department'} by now. Nothing was changed."


def _tag_wish(key: str, caseid: int, tag: Tag, *, adding: bool) -> wishes.AddTag | wishes.RemoveTag:
    return (wishes.AddTag if adding else wishes.RemoveTag)(key=key, caseid=caseid, tagid=tag.id)


def _transferred(named: NamedCase, department: Department | None, rep: Rep | None, by: Person) -> str:
    if rep is not None and rep.userid == by.repid and department is None:
        return "took it"
    if department is not None:
        return f"transferred it to {named.department}" + (f" ({named.rep})" if named.rep else "")
    return f"transferred it to {named.rep}"
