"""CaseDesk: the case operations as a person means them. Names come in, cases with names go out.

What does not belong here: Slack (`handlers`), how a write is kept safe (`bot.durable`), how a case looks (`bot.cards`).
Calls to FuseDesk: showing a case 1 (none right after a list that held it), a page of a search 1, a transfer at
most 2, a tag 1 each; names cost none.

While FuseDesk does not answer, or the rest of its calls is kept for changes, what is only shown comes from memory with its age
(`bot.memory`). Whatever a change rests on is never taken from there: the look before it (`look`, `_before`) and its checks ask
FuseDesk and fail with it, because a change decided by an old state is a wrong change.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from cachetools import TTLCache

from bot import wishes
from bot.audit import AuditEntry, State, code
from bot.cards.case import Seen
from bot.cases import CasePage, NamedCase, Person
from bot.changes import (
    TOOK_BACK,
    Change,
    Done,
    TagsDone,
    former,
    holder,
    inverse,
    named_state,
    states,
    tag_wish,
    transferred,
    wanted,
)
from bot.database import DatabaseError
from bot.directory import Directory
from bot.durable import Durable
from bot.errors import CaseError, NameRefused, Overtaken, Refused
from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import FuseDeskError, NotFound, RefusedByFuseDesk, Unintelligible
from bot.fusedesk.models import Case, CaseSearch, Department, NewCase, NewEmail, NewNote, Rep, Status
from bot.memory import Cases, Kept, read
from bot.operations import CaseRef, Find, Mine
from bot.people import People
from bot.searches import Searches, size_of
from bot.store import Store
from bot.tokens import MENTION
from bot.undo import Undo, state_of, undo_of

log = logging.getLogger(__name__)

_HISTORY_CHUNK = 200
_OPENED_BY_LIMIT = 500


class CaseDesk:
    def __init__(
        self,
        fusedesk: FuseDesk,
        directory: Directory,
        durable: Durable,
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
        self._durable = durable
        self._people = people
        self._store = store
        self._case_url = case_url
        self._default_department = default_department
        self._cases = Cases(fresh=cases_ttl, clock=clock)
        self._searches = Searches(self._search, fusedesk.quota)
        self._ids: TTLCache[str, int] = TTLCache(maxsize=50_000, ttl=86_400)
        self._last: TTLCache[int, Change] = TTLCache(maxsize=20_000, ttl=3_600)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # Reading

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

    async def _after(self, before: Case, answered: Case | None, **changed: object) -> NamedCase:
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

    async def _before(self, caseid: int) -> Case:
        """The case before a change: as it was seen lately, or asked for. A change without it could not be taken back."""
        known = self._cases.lately(caseid)
        return known if known is not None else (await self.look(CaseRef(caseid=caseid))).case

    def _id_of(self, ref: CaseRef) -> int | None:
        """The case's id, as far as it is known without a call."""
        return ref.caseid or self._ids.get(ref.casenum)

    async def _caseid(self, ref: CaseRef) -> int:
        """The case that is to be written to. A case number costs a call the first time, an id never."""
        caseid = self._id_of(ref) or (await self.look(ref)).case.caseid
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
            raise Refused(
                "FuseDesk has no rep with your Slack email or name, so casebot cannot tell which cases are yours. "
                "Whoever manages FuseDesk can give your rep the email you use in Slack.",
                example="find status:active",
            )
        return rep

    async def rep(self, typed: str, by: Person, department: Department | None = None) -> Rep:
        """The rep a person means: `me`, a mention, or a name. Refused when outside the department."""
        if typed.casefold() == "me":
            return self._inside(await self.as_rep(by), department, typed)
        if mention := MENTION.fullmatch(typed):
            mentioned = await self._people.recognised(await self._people.anybody(mention[1]))
            rep = self._directory.rep_by_id(mentioned.repid) if mentioned.repid is not None else None
            if rep is None:
                raise Refused(f"{mentioned.name} is not a rep in FuseDesk, as far as their email and name tell.", field="rep")
            return self._inside(rep, department, typed)
        return await self._directory.rep(typed, department=department)

    def _inside(self, rep: Rep, department: Department | None, typed: str = "") -> Rep:
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

    # Writing

    async def open_case(
        self, new: NewCase, by: Person, key: str, *, message: tuple[str, str, str] | None = None
    ) -> tuple[NamedCase, bool]:
        """Opens a case once for its key, and once for its message (workspace, channel, ts), whoever asks and whenever.

        The second value is False when it had been opened before.
        """
        if (known := await self._case_of(message)) is not None:
            return known, False
        department = self._directory.department_by_id(new.depid)
        if department is not None and new.repid is not None and (rep := self._directory.rep_by_id(new.repid)):
            self._inside(rep, department)
        first = not self._durable.knows(key)
        wish = wishes.OpenCase(key=key, new=new)
        answer = await self._with_names(wish)
        self._searches.outdate()
        if answer is None:
            # FuseDesk took the case but did not say its number.
            with suppress(FuseDeskError):
                answer = await wishes.look_up(self._fusedesk, wish)
        if answer is None:
            raise Unintelligible(maybe_done=True, call="POST cases/")
        whole = answer.departmentid is not None and first
        named = await self._after(answer, answer if whole else None, **({} if whole else wanted(new)))
        if first:
            await self._opened(named.case, by, message)
        return named, first

    async def _case_of(self, message: tuple[str, str, str] | None) -> NamedCase | None:
        """The case that was opened from the message; None also where it is gone from FuseDesk."""
        caseid = await self._store.case_of_message(*message) if message else None
        if message is None or caseid is None:
            return None
        try:
            return await self.show(CaseRef(caseid=caseid))
        except NotFound:
            await self._store.message_freed(*message)
            return None

    async def _opened(self, case: Case, by: Person, message: tuple[str, str, str] | None) -> None:
        await self._wrote(case.caseid, by, "open", "opened it", (None, named_state(case, "transfer")))
        if message:
            await self._kept(self._store.message_opened(*message, case.caseid, by.user))
        else:
            await self._kept(self._store.case_opened(case.caseid, by.user))

    async def _kept(self, remembering: Awaitable[object]) -> None:
        """What the store shall keep of a change that FuseDesk has made: the change is told even if it cannot."""
        try:
            await remembering
        except DatabaseError as fault:
            log.warning("a change is not remembered", extra={"facts": fault.facts})

    async def add_note(self, ref: CaseRef, note: NewNote, by: Person, key: str) -> int:
        """Adds a note or logs a call; returns the case's id."""
        caseid = await self._caseid(ref)
        await self._durable.run(wishes.AddNote(key=key, caseid=caseid, note=note))
        line = "logged a call on it" if note.type == "call" else "added a note to it"
        await self._wrote(caseid, by, note.type, line)
        return caseid

    async def change_tags(self, ref: CaseRef, by: Person, key: str, *, add: Sequence[str], remove: Sequence[str]) -> TagsDone:
        """Tags and untags by name; one that fails does not stop the others."""
        caseid = await self._caseid(ref)
        before = await self._before(caseid)
        now = set(before.tags)
        added: list[str] = []
        removed: list[str] = []
        refused: list[CaseError] = []
        for typed, adding in [(tag, True) for tag in add] + [(tag, False) for tag in remove]:
            try:
                tag = await self._directory.tag(typed)
                await self._durable.run(tag_wish(f"{key}:{'+' if adding else '-'}{tag.id}", caseid, tag, adding=adding))
            except NotFound:
                self._directory.doubt()
                says = f"FuseDesk did not find the tag {typed} or case #{caseid}: one of them is gone."
                refused.append(Refused(says, field="tags", case=caseid))
            except CaseError as error:
                refused.append(error)
            else:
                (added if adding else removed).append(tag.tagname)
                now = now | {tag.id} if adding else now - {tag.id}
        if not added and not removed:
            raise refused[0] if len(refused) == 1 else Refused("\n".join(error.says for error in refused), field="tags")
        said = [f"tagged it {', '.join(added)}"] if added else []
        said += [f"untagged it {', '.join(removed)}"] if removed else []
        line = " and ".join(said)
        after = self.named(before.model_copy(update={"tags": tuple(sorted(now))})).case
        await self._wrote(caseid, by, "tag" if added else "untag", line, states(before, after, "tags"))
        return TagsDone(caseid, tuple(added + removed), tuple(refused), line, undo_of(before, after, "tags"))

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
        is_new = self._id_of(ref) is None
        caseid = await self._caseid(ref)
        async with self._turn(caseid):
            if seen is not None:
                self._not_overtaken(caseid, seen, by)
            # What was looked up by its number a moment ago need not be looked at again.
            before = await (self._before(caseid) if rep is None or is_new else self._fusedesk.get_case(caseid))
            if rep is not None:
                self._inside(rep, department or self._directory.department_by_id(before.departmentid))
                self._not_moved(before, seen)
                if before.repid == rep.userid and department in (None, self._directory.department_by_id(before.departmentid)):
                    return Done(self.named(before), "")
            depid = department.departmentid if department else None
            moved = {"departmentid": depid or before.departmentid, "repid": rep.userid if rep else before.repid}
            wish = wishes.Transfer(key=key, caseid=caseid, depid=depid, repid=rep.userid if rep else None)
            answered = await self._with_names(wish)
            if rep is not None:
                answered = answered or before.model_copy(update=moved)
            named = await self._after(before, answered, **moved)
            line = transferred(named, department, rep, by)
            await self._wrote(caseid, by, "transfer", line, states(before, named.case, "transfer"), holder=holder(named.case))
            return Done(named, line, undo_of(before, named.case, "transfer"))

    async def link(self, ref: CaseRef, by: Person, key: str, *, contactid: int | None = None, contact_uuid: str = "") -> Done:
        caseid = await self._caseid(ref)
        before = await self._before(caseid)
        wish = wishes.LinkContact(key=key, caseid=caseid, contactid=contactid, contact_uuid=contact_uuid)
        answered = await self._durable.run(wish)
        line = f"linked it to contact {contactid or contact_uuid}"
        named = await self._after(before, answered, contactid=contactid, contact_uuid=contact_uuid)
        await self._wrote(caseid, by, "link", line, states(before, named.case, "contact"))
        return Done(named, line, undo_of(before, named.case, "contact"))

    async def set_status(self, ref: CaseRef, status: Status, by: Person, key: str, *, seen: Seen | None = None) -> Done:
        """Closes or reopens. `seen` is what the card showed: who comes second is told who was faster."""
        caseid = await self._caseid(ref)
        async with self._turn(caseid):
            before = await self._before(caseid)
            if before.status is status:
                # As far as casebot knows; somebody may have changed it in FuseDesk since.
                before = await self._fusedesk.get_case(caseid)
            if before.status is status:
                self._not_faster(before, seen, by)
                return Done(self.named(before), "")
            answered = await self._durable.run(wishes.SetStatus(key=key, caseid=caseid, status=status))
            named = await self._after(before, answered, status=status)
            if named.case.status is not status:
                raise RefusedByFuseDesk(f"case #{caseid} is still {named.case.status}.", case=caseid)
            line = "closed it" if status is Status.CLOSED else "reopened it"
            await self._wrote(caseid, by, "status", line, states(before, named.case, "status"))
            return Done(named, line, undo_of(before, named.case, "status"))

    async def undo(self, undo: Undo, by: Person, key: str) -> Done:
        """Takes a change back within ten minutes, if the case still is as the change left it."""
        if undo.late(datetime.now(UTC)):
            raise Refused("Ten minutes are over, so this is no longer undone by a button. Change the case itself.")
        async with self._turn(undo.caseid):
            case = await self._fusedesk.get_case(undo.caseid)
            named = self.named(case)
            if state_of(case, undo.what) == undo.before:
                return Done(named, "")
            if state_of(case, undo.what) != undo.after:
                raise Overtaken("The case was changed again since. Nothing was undone.", caseid=undo.caseid)
            for wish in inverse(undo, key):
                await self._durable.run(wish)
            named = await self._after(case, None, **former(undo))
            line = TOOK_BACK[undo.what]
            moved = holder(named.case) if undo.what == "transfer" else None
            await self._wrote(undo.caseid, by, "undo", line, states(case, named.case, undo.what), holder=moved)
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
            await self._wrote(caseid, by, "history", f"imported {len(fresh)} messages", (None, {"items": len(fresh)}))
        return self.named(case), len(fresh), len(items) - len(fresh)

    async def _with_names(self, wish: wishes.Wish) -> Case | None:
        """A write that carries a department or a rep: refused, it may be because one of them is gone from FuseDesk."""
        try:
            return await self._durable.run(wish)
        except RefusedByFuseDesk:
            self._directory.doubt()
            raise

    # Who was faster

    async def _wrote(
        self,
        caseid: int,
        by: Person,
        what: str,
        line: str,
        stood: tuple[State | None, State | None] = (None, None),
        *,
        holder: tuple[int | None, int | None] | None = None,
    ) -> None:
        """After a change: lists are asked anew, the second of two people can be told, and the audit has it.

        `stood` is how the case stood before and after, as far as that is known.
        """
        self._searches.outdate()
        self._cases.written(caseid)
        self._last[caseid] = Change(by.user, by.name, line, datetime.now(UTC), holder)
        before, after = stood
        entry = AuditEntry(
            user=by.user,
            team=by.team,
            channel=code(by.channel),
            what=what,
            caseid=caseid,
            before=before,
            after=after,
            outcome="done",
        )
        await self._kept(self._store.audit(entry))

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

    def _not_faster(self, case: Case, seen: Seen | None, by: Person) -> None:
        """Refuses what somebody else has done since the card was drawn, so that the second person knows of the first."""
        last = self._last.get(case.caseid)
        if seen is not None and seen.status is not case.status and last is not None and last.user != by.user:
            raise Overtaken(f"{last.name} was faster and {last.line}.", caseid=case.caseid)

    def _not_moved(self, case: Case, seen: Seen | None) -> None:
        """Refuses to move a case that stands otherwise than the card showed."""
        if seen is None:
            return
        if (case.departmentid, case.repid) != (seen.departmentid, seen.repid):
            raise Overtaken(self._who_moved(case), field="rep", caseid=case.caseid)
        if case.status is Status.CLOSED and seen.status is not Status.CLOSED:
            raise Overtaken("The case was closed meanwhile. Nothing was changed.", field="rep", caseid=case.caseid)

    def _who_moved(self, case: Case) -> str:
        named = self.named(case)
        return f"The case is with {named.rep or 'nobody'} in {named.department or 'no department'} by now. Nothing was changed."
