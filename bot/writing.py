"""Writing: the changes of cases as a person means them, each done once.

Each may be called again with the same key, after a crash or an outcome that nobody knows: it finds what was done, and goes on
from there. When that happens, and in which order, is `bot.durable`'s; how one call is kept from happening twice, `bot.once`'s.
Calls to FuseDesk: a note 1, a tag 1 each, a transfer at most 2 (a look at the case, then the write); names cost none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import wishes
from bot.audit import AuditEntry, State, code
from bot.cards.case import Seen
from bot.cases import NamedCase, Person
from bot.changes import (
    TOOK_BACK,
    Done,
    TagsDone,
    former,
    holder,
    inverse,
    left_by,
    named_state,
    not_tagged,
    states,
    tag_wish,
    transferred,
    wanted,
)
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.errors import CaseError, Overtaken, Refused
from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import NotFound, RefusedByFuseDesk, Unintelligible
from bot.fusedesk.models import Case, Department, NewCase, NewEmail, NewNote, Rep, Status, Tag
from bot.memory import JUST_NOW
from bot.once import Once
from bot.operations import CaseRef
from bot.store import Change, Store
from bot.undo import Undo, state_of, undo_of

_HISTORY_CHUNK = 200


class Writing:
    def __init__(self, fusedesk: FuseDesk, directory: Directory, desk: CaseDesk, once: Once, store: Store) -> None:
        self._fusedesk = fusedesk
        self._directory = directory
        self._desk = desk
        self._once = once
        self._store = store

    async def open_case(
        self, new: NewCase, by: Person, key: str, *, run: str = "", message: tuple[str, str, str] | None = None
    ) -> tuple[NamedCase, bool]:
        """Opens a case once for its key, and once for its message (workspace, channel, ts), whoever asks and whenever.

        `run` tells the attempts of several people apart that share a key. The second value is False when it had been opened
        before.
        """
        if message and (known := await self.case_of(message)) is not None:
            named, opener = known
            return named, opener == (run or key)
        wish = wishes.OpenCase(key=key, new=new)
        recovered = await self._once.recovered(wish)
        if recovered is None:
            department = self._directory.department_by_id(new.depid)
            if department is not None and new.repid is not None and (rep := self._directory.rep_by_id(new.repid)):
                self._desk.inside(rep, department)
        answer = recovered.now if recovered else await self._with_names(wish)
        if answer is None:
            # FuseDesk took the case but did not say its number.
            answer = await wishes.look_up(self._fusedesk, wish)
        if answer is None:
            raise Unintelligible(maybe_done=True, call="POST cases/")
        whole = answer.departmentid is not None
        named = await self._desk.after(answer, answer if whole else None, **({} if whole else wanted(new)))
        await self._opened(named.case, by, run or key, message)
        return named, True

    async def case_of(self, message: tuple[str, str, str]) -> tuple[NamedCase, str] | None:
        """The case that was opened from the message (workspace, channel, ts), and by which wish; None also where it is gone from
        FuseDesk: another may be opened then."""
        known = await self._store.case_of_message(*message)
        if known is None:
            return None
        caseid, opener = known
        try:
            return await self._desk.show(CaseRef(caseid=caseid)), opener
        except NotFound:
            await self._store.message_freed(*message)
            return None

    async def _opened(self, case: Case, by: Person, key: str, message: tuple[str, str, str] | None) -> None:
        await self._wrote(case.caseid, by, "open", "opened it", key, (None, named_state(case, "transfer")))
        if message:
            await self._store.message_opened(*message, case.caseid, by.user, key)
        else:
            await self._store.case_opened(case.caseid, by.user)

    async def add_note(self, ref: CaseRef, note: NewNote, by: Person, key: str) -> int:
        """Adds a note or logs a call; returns the case's id."""
        caseid = await self._desk.to_change(ref)
        wish = wishes.AddNote(key=key, caseid=caseid, note=note)
        if await self._once.recovered(wish) is None:
            await self._once.run(wish)
        line = "logged a call on it" if note.type == "call" else "added a note to it"
        await self._wrote(caseid, by, note.type, line, key)
        return caseid

    async def change_tags(self, ref: CaseRef, by: Person, key: str, *, add: Sequence[str], remove: Sequence[str]) -> TagsDone:
        """Tags and untags by name; one that fails does not stop the others."""
        caseid = await self._desk.to_change(ref)
        before = await self._desk.before(caseid)
        added: list[Tag] = []
        removed: list[Tag] = []
        refused: list[CaseError] = []
        for typed, adding in [(tag, True) for tag in add] + [(tag, False) for tag in remove]:
            try:
                tag = await self._directory.tag(typed)
                wish = tag_wish(f"{key}:{'+' if adding else '-'}{tag.id}", caseid, tag, adding=adding)
                recovered = await self._set(wish, before)
            except NotFound:
                self._directory.doubt()
                says = f"FuseDesk did not find the tag {typed} or case #{caseid}: one of them is gone."
                refused.append(Refused(says, field="tags", case=caseid))
            except CaseError as error:
                if error.passing:
                    raise
                refused.append(error)
            else:
                (added if adding else removed).append(tag)
                before = recovered or before
        if not added and not removed:
            raise refused[0] if len(refused) == 1 else Refused("\n".join(error.says for error in refused), field="tags")
        said = [f"tagged it {', '.join(tag.tagname for tag in added)}"] if added else []
        said += [f"untagged it {', '.join(tag.tagname for tag in removed)}"] if removed else []
        line = " and ".join(said)
        now = {*before.tags, *(tag.id for tag in added)} - {tag.id for tag in removed}
        known = self._desk.lately(caseid) or before
        after = self._desk.named(known.model_copy(update={"tags": tuple(sorted(now))})).case
        await self._wrote(caseid, by, "tag" if added else "untag", line, key, states(before, after, "tags"))
        names = tuple(tag.tagname for tag in [*added, *removed])
        return TagsDone(caseid, names, tuple(map(not_tagged, refused)), line, undo_of(before, after, "tags"))

    async def _set(self, wish: wishes.Wish, before: Case) -> Case | None:
        """A write that only sets a state; returns how the case stood before it, where it was sent in an earlier life."""
        recovered = await self._once.recovered(wish)
        if recovered is None:
            await self._once.run(wish, before)
            return None
        return recovered.before

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
        caseid = await self._desk.to_change(ref)
        depid = department.departmentid if department else None
        wish = wishes.Transfer(key=key, caseid=caseid, depid=depid, repid=rep.userid if rep else None)
        recovered = await self._once.recovered(wish)
        if recovered is not None:
            before, named = recovered.before or recovered.now, self._desk.named(recovered.now)
        else:
            if seen is not None:
                await self._not_overtaken(caseid, seen, by)
            # What was looked up by its number a moment ago need not be looked at again.
            just_now = self._desk.lately(caseid, JUST_NOW) if ref.caseid is None else None
            before = just_now or await (self._desk.before(caseid) if rep is None else self._fusedesk.get_case(caseid))
            if rep is not None:
                self._desk.inside(rep, department or self._directory.department_by_id(before.departmentid))
                self._not_moved(before, seen)
                if before.repid == rep.userid and department in (None, self._directory.department_by_id(before.departmentid)):
                    return Done(self._desk.named(before), "")
            moved = {"departmentid": depid or before.departmentid, "repid": rep.userid if rep else before.repid}
            answered = await self._with_names(wish, before)
            if rep is not None:
                answered = answered or before.model_copy(update=moved)
            named = await self._desk.after(before, answered, **moved)
        line = transferred(named, department, rep, by)
        await self._wrote(caseid, by, "transfer", line, key, states(before, named.case, "transfer"), holder=holder(named.case))
        return Done(named, line, undo_of(before, named.case, "transfer"))

    async def link(self, ref: CaseRef, by: Person, key: str, *, contactid: int | None = None, contact_uuid: str = "") -> Done:
        caseid = await self._desk.to_change(ref)
        wish = wishes.LinkContact(key=key, caseid=caseid, contactid=contactid, contact_uuid=contact_uuid)
        recovered = await self._once.recovered(wish)
        if recovered is not None:
            before, named = recovered.before or recovered.now, self._desk.named(recovered.now)
        else:
            before = await self._desk.before(caseid)
            answered = await self._once.run(wish, before)
            named = await self._desk.after(before, answered, contactid=contactid, contact_uuid=contact_uuid)
        line = f"linked it to contact {contactid or contact_uuid}"
        await self._wrote(caseid, by, "link", line, key, states(before, named.case, "contact"))
        return Done(named, line, undo_of(before, named.case, "contact"))

    async def set_status(self, ref: CaseRef, status: Status, by: Person, key: str, *, seen: Seen | None = None) -> Done:
        """Closes or reopens. `seen` is what the card showed: who comes second is told who was faster."""
        caseid = await self._desk.to_change(ref)
        wish = wishes.SetStatus(key=key, caseid=caseid, status=status)
        recovered = await self._once.recovered(wish)
        if recovered is not None:
            before, named = recovered.before or recovered.now, self._desk.named(recovered.now)
        else:
            before = await self._desk.before(caseid)
            if before.status is status:
                # As far as casebot knows; somebody may have changed it in FuseDesk since.
                before = await self._fusedesk.get_case(caseid)
            if before.status is status:
                await self._not_faster(before, seen, by)
                return Done(self._desk.named(before), "")
            named = await self._desk.after(before, await self._once.run(wish, before), status=status)
        if named.case.status is not status:
            raise RefusedByFuseDesk(f"case #{caseid} is still {named.case.status}.", case=caseid)
        line = "closed it" if status is Status.CLOSED else "reopened it"
        await self._wrote(caseid, by, "status", line, key, states(before, named.case, "status"))
        return Done(named, line, undo_of(before, named.case, "status"))

    async def undo(self, undo: Undo, by: Person, key: str, *, at: datetime) -> Done:
        """Takes a change back within ten minutes (it was asked `at`), if the case still is as the change left it."""
        begun = await self._once.begun(f"{key}:begun") is not None
        if undo.late(at) and not begun:
            raise Refused("Ten minutes are over, so this is no longer undone by a button. Change the case itself.")
        case = await self._fusedesk.get_case(undo.caseid)
        if not begun:
            if state_of(case, undo.what) == undo.before:
                return Done(self._desk.named(case), "")
            if state_of(case, undo.what) != undo.after:
                raise Overtaken("The case was changed again since. Nothing was undone.", caseid=undo.caseid)
            await self._once.note(f"{key}:begun", {})
        for wish in inverse(undo, key):
            await self._set(wish, case)
        named = await self._desk.after(case, None, **former(undo))
        line = TOOK_BACK[undo.what]
        moved = holder(named.case) if undo.what == "transfer" else None
        left = case.model_copy(update=left_by(undo))
        await self._wrote(undo.caseid, by, "undo", line, key, states(left, named.case, undo.what), holder=moved)
        return Done(named, line)

    async def import_history(
        self, ref: CaseRef, items: Sequence[tuple[str, NewNote | NewEmail]], by: Person, key: str
    ) -> tuple[NamedCase, int, int]:
        """Adds the items whose reference (the first of each pair, part of its text) the history does not hold yet.

        Returns the case, how many were added and how many were there already.
        """
        caseid = await self._desk.to_change(ref)
        case = await self._fusedesk.get_case(caseid)
        told = "\n".join(item.note for item in case.history) + case.details
        fresh = [item for reference, item in items if reference not in told]
        # Of what an earlier life added, FuseDesk shows by now that it is there.
        begun = await self._once.begun(f"{key}:begun")
        added = len(fresh) if begun is None else int(begun["added"])
        await self._once.note(f"{key}:begun", {"added": added})
        for start in range(0, len(fresh), _HISTORY_CHUNK):
            chunk = tuple(fresh[start : start + _HISTORY_CHUNK])
            await self._once.run(wishes.ImportHistory(key=f"{key}:{start}", caseid=caseid, items=chunk))
        if added:
            await self._wrote(caseid, by, "history", f"imported {added} messages", key, (None, {"items": added}))
        return self._desk.named(case), added, len(items) - added

    async def _with_names(self, wish: wishes.Wish, before: Case | None = None) -> Case | None:
        """A write that carries a department or a rep: refused, it may be because one of them is gone from FuseDesk."""
        try:
            return await self._once.run(wish, before)
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
        key: str,
        stood: tuple[State | None, State | None] = (None, None),
        *,
        holder: tuple[int | None, int | None] | None = None,
    ) -> None:
        """After a change: lists are asked anew, the second of two people can be told, and the audit has it (once for its `key`).

        `stood` is how the case stood before and after, as far as that is known.
        """
        self._desk.changed(caseid)
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
        await self._store.audit(entry, once=key, change=Change(by.user, by.name, line, entry.at, holder))

    async def _not_overtaken(self, caseid: int, seen: Seen, by: Person) -> None:
        """Refuses what was asked of a card that shows the case as it was before somebody else moved it."""
        last = await self._store.last_change(caseid)
        if last is None or last.holder is None or last.user == by.user or last.at.timestamp() < seen.at:
            return
        if last.holder != (seen.departmentid, seen.repid):
            says = f"{last.name} was faster and {last.line}. Look at the case before you move it again."
            raise Overtaken(says, caseid=caseid)

    async def _not_faster(self, case: Case, seen: Seen | None, by: Person) -> None:
        """Refuses what somebody else has done since the card was drawn, so that the second person knows of the first."""
        if seen is None or seen.status is case.status:
            return
        last = await self._store.last_change(case.caseid)
        if last is not None and last.user != by.user:
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
        named = self._desk.named(case)
        return f"The case is with {named.rep or 'nobody'} in {named.department or 'no department'} by now. Nothing was changed."
