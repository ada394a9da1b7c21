"""Every way in: how a person takes it, what it needs, and what only those see who may.

A way has a case of its own, so that none is in the way of another. What it needs is written down here once more and not read
from `bot.access`, for the table in `test_who_may` to be able to contradict it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from bot.cards import case, forms, home, lists, waiting, words
from bot.cards.case import Seen
from bot.cards.forms import NoteValues, OpenValues, Origin
from bot.cards.text import actions, button, option, overflow
from bot.cases import Person
from bot.fusedesk.models import Department, NewNote, Status, Tag
from bot.intents import AddNote, Intent
from bot.ledger import Ledger
from bot.operations import CaseRef
from bot.payloads import Place
from bot.undo import Undo
from simulator.blocks import elements
from simulator.slack import BOT_USER, SUPPORT, Exchange, Message, View
from tests.conftest import World

# What stands in a form for a new case, and nowhere else.
NEW_CASE = "FuseDesk picks a rep of the department"
SUPPORT_DESK, BILLING_DESK = Department(departmentid=268, name="Support"), Department(departmentid=269, name="Billing")
VIP, BUG = Tag(id=7, tagname="VIP"), Tag(id=1, tagname="Bug")


class Needs(Enum):
    """What somebody must be, besides a full member of the workspace."""

    NOTHING = auto()
    OPENER = auto()  # of that case, or whoever works on cases
    WORK = auto()  # a rep, or anybody where members are like reps
    BEING_A_REP = auto()
    CASES = auto()  # a rep's own, or those that a member opened
    ADMIN = auto()


@dataclass
class Visit:
    """Somebody before Slack, and the case that they are about to deal with."""

    world: World
    user: str
    caseid: int

    @property
    def seen(self) -> Seen:
        return Seen(caseid=self.caseid, departmentid=268, repid=2, status=Status(self.status), at=int(time.time()))

    @property
    def status(self) -> str:
        return str(self.world.desk.case(self.caseid)["status"])

    @property
    def origin(self) -> Origin:
        return Origin(place=Place(user=self.user, team=self.world.slack.team, channel=SUPPORT), seen=self.seen)

    async def type(self, command: str) -> Exchange:
        return await self.world.case(command, user=self.user)

    async def press(self, action: str, value: str) -> Exchange:
        return await self._click(button("Press", action, value=value), action)

    async def choose(self, action: str, value: str) -> Exchange:
        """From the menu behind the three dots."""
        return await self._click(overflow(action, [option("Choose", value)]), action, value)

    async def _click(self, element: dict[str, Any], action: str, chosen: str = "") -> Exchange:
        drawn = Message(SUPPORT, "", BOT_USER, "A card", [actions([element])], by_bot=True)
        return await self.world.slack.click(self.user, self.world.slack.put(drawn), action, option=chosen or None)

    async def at_home(self, action: str, typed: str = "") -> Exchange:
        """The Home with nothing in it but that."""
        drawn = home.home(None, person=Person(self.user, "", "Somebody"), answers="")
        drawn["blocks"] = [block for block, element in elements(drawn["blocks"]) if element["action_id"] == action]
        view = self.world.slack.put_view(self.world.slack.new_view(self.user, drawn))
        return await self.world.slack.click(self.user, view, action, option=typed or None)

    async def on_message(self, callback: str) -> Exchange:
        return await self.world.slack.message_shortcut(self.user, SUPPORT, self.message(), callback)

    def message(self) -> str:
        """The ts of a message that has an answer."""
        ts = self.world.slack.say(self.user, SUPPORT, "The printer is on fire")
        self.world.slack.say(self.user, SUPPORT, "Use the extinguisher", thread_ts=ts)
        return ts

    def form(self, drawn: dict[str, Any]) -> View:
        """A form that was opened when they were still allowed to."""
        return self.world.slack.put_view(self.world.slack.new_view(self.user, drawn))

    async def send(self, drawn: dict[str, Any]) -> Exchange:
        return await self.world.slack.submit(self.user, self.form(drawn))

    async def look_up(self, drawn: dict[str, Any], field: str, typed: str) -> Exchange:
        """What is offered stands in the answer; the driver gives the options alone."""
        options = await self.world.slack.typeahead(self.user, self.form(drawn), field, typed)
        return Exchange("block_suggestion", status=200, text="\n".join(each["text"]["text"] for each in options))

    @asynccontextmanager
    async def wished(self) -> AsyncIterator[str]:
        """A note that they asked for and that waits, for something else is under way on the case; the run of it."""
        bot, note = self.world.bot, f"note {self.caseid} Called back"
        ledger = Ledger(bot.store)
        ahead, _ = await ledger.accept(f"ahead of {note}", "U99SOMEBODY", f"case:{self.caseid}", bot.durable.executor)
        deed = AddNote(case=CaseRef(caseid=self.caseid), note=NewNote(title="Called back", note="Called back"))
        by = Person(self.user, self.world.slack.team, "Somebody")
        await bot.durable.accept(
            Intent(key=note, what="note", by=by, place=self.origin.place, deed=deed, surface="typed", command=note)
        )
        [wish], _ = await bot.durable.under_way(self.user)
        try:
            yield wish.run
        finally:
            await bot.background.drain(5)
            await bot.durable.cancel(wish.run, self.user)
            await ledger.over(ahead.run, "done")


@dataclass(frozen=True)
class Way:
    """`route` is the surface and the id in the table of contents, `verb` the one that it comes to. `shows` are words that stand
    somewhere once it was allowed, with {case} for the case's number and {mine} for the title of the person's cases. `writes` is
    what the audit calls the change, "" where it is none.
    """

    name: str
    route: str
    needs: Needs
    shows: str
    take: Callable[[Visit], Awaitable[Exchange]]
    status: str = "new"
    writes: str = ""
    verb: str = ""
    in_channel: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def offers(self) -> bool:
        """Whether it is a menu that offers something while somebody types."""
        return self.route.startswith("option ")

    @property
    def audited(self) -> set[str]:
        """What the audit may call it: the verb, or else the id of the way."""
        id = self.route.partition(" ")[2].lstrip("/")
        return {self.verb, "home" if id == "app_home_opened" else id}


@dataclass(frozen=True)
class Verb:
    """What is typed, with {case} for the case's number. `writes`: see `Way`."""

    typed: str
    needs: Needs
    shows: str
    status: str = "new"
    writes: str = ""

    @property
    def name(self) -> str:
        return self.typed.partition(" ")[0]


VERBS: Mapping[str, Verb] = {
    "help": Verb("help", Needs.NOTHING, "Type /case and one of these"),
    "open": Verb("open Printer on fire dept:support", Needs.NOTHING, "Your case is open.", writes="open"),
    "open by form": Verb("open", Needs.NOTHING, NEW_CASE),
    "mine": Verb("mine", Needs.CASES, "{mine}"),
    "show": Verb("show {case}", Needs.OPENER, "#{case}"),
    "find": Verb("find status:closed", Needs.WORK, "1–10 of"),
    "note": Verb("note {case} Called back", Needs.WORK, "Added the note to case #{case}", writes="note"),
    "call": Verb("call {case} Called back", Needs.WORK, "Logged the call on case #{case}", writes="call"),
    "tag": Verb("tag {case} vip", Needs.WORK, "Tagged case #{case}", writes="tag"),
    "untag": Verb("untag {case} bug", Needs.WORK, "Took off case #{case}", writes="untag"),
    "transfer": Verb("transfer {case} to billing", Needs.WORK, "transferred it", writes="transfer"),
    "take": Verb("transfer {case} to me", Needs.BEING_A_REP, "took it", writes="transfer"),
    "link": Verb("link {case} 77", Needs.WORK, "linked it", writes="link"),
    "close": Verb("close {case}", Needs.WORK, "You closed it.", writes="status"),
    "reopen": Verb("reopen {case}", Needs.WORK, "You reopened it.", status="closed", writes="status"),
    "rep": Verb("rep", Needs.ADMIN, "Linked to a rep by hand"),
    "rep link": Verb("rep @gus nobody", Needs.ADMIN, "was linked to no rep by hand"),
    "pending": Verb("pending", Needs.NOTHING, "Nothing waits: all that you asked for is done."),
    "refresh": Verb("refresh", Needs.WORK, "departments"),
}


def _typed(name: str, verb: Verb) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.type(verb.typed.format(case=visit.caseid))

    return Way(f"type {name}", "command /case", verb.needs, verb.shows, take, verb.status, verb.writes, verb.name)


def _chosen(name: str, verb: Verb) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.press(f"{words.RUN}:0", visit.world.slack.stored(verb.typed.format(case=visit.caseid)))

    return replace(_typed(name, verb), name=f"button for {name}", route=f"action {words.RUN}", take=take)


def _retyped(name: str, verb: Verb) -> Way:
    """A command that was in vain, edited."""

    async def take(visit: Visit) -> Exchange:
        return await visit.send(forms.again_form(verb.typed.format(case=visit.caseid), visit.origin))

    return replace(_typed(name, verb), name=f"retype {name}", route=f"submission {forms.AGAIN_FORM}", take=take)


def _wish(action: str, shows: str) -> Way:
    """A button that bears a wish of theirs."""

    async def take(visit: Visit) -> Exchange:
        async with visit.wished() as run:
            return await visit.press(action, run)

    return Way(action, f"action {action}", Needs.NOTHING, shows, take)


def _undo(visit: Visit) -> str:
    undo = Undo(caseid=visit.caseid, what="status", before=("new",), after=("closed",), at=int(time.time()))
    return undo.dump()


def _import(visit: Visit) -> dict[str, Any]:
    ts = visit.message()
    return forms.import_form(str(visit.caseid), visit.origin.model_copy(update={"message_ts": ts, "thread_ts": ts}))


def _open(visit: Visit) -> dict[str, Any]:
    return forms.open_form(OpenValues(summary="Printer on fire", details="It burns", department=SUPPORT_DESK), visit.origin)


def _note(visit: Visit) -> NoteValues:
    return NoteValues(note="Called back", case=str(visit.caseid))


def _card(action: str, needs: Needs, shows: str, *, status: str = "new", writes: str = "") -> Way:
    """A button of a case's card, which carries what it showed."""

    async def take(visit: Visit) -> Exchange:
        return await visit.press(action, visit.seen.dump())

    return Way(action, f"action {action}", needs, shows, take, status, writes)


def _more(what: str, shows: str) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.choose(case.MORE, f"{what}|{visit.caseid}")

    return Way(f"{case.MORE} {what}", f"action {case.MORE}", Needs.WORK, shows, take)


def _button(action: str, needs: Needs, shows: str, value: Callable[[Visit], str], **more: Any) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.press(action, value(visit))

    return Way(action, f"action {action.partition(':')[0]}", needs, shows, take, **more)


def _home(action: str, needs: Needs, shows: str, typed: str = "") -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.at_home(action, typed)

    return Way(action, f"action {action}", needs, shows, take, in_channel=False)


def _shortcut(callback: str, needs: Needs, shows: str) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.on_message(callback)

    return Way(callback, f"shortcut {callback}", needs, shows, take)


async def _anywhere(visit: Visit) -> Exchange:
    return await visit.world.slack.global_shortcut(visit.user, "new_case")


def _field(field: str, needs: Needs, typed: str, shows: str, drawn: Callable[[Visit], dict[str, Any]]) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.look_up(drawn(visit), field, typed.format(case=visit.caseid))

    return Way(f"look up {field}", f"option {field}", needs, shows, take)


def _form(callback: str, needs: Needs, shows: str, drawn: Callable[[Visit], dict[str, Any]], writes: str) -> Way:
    async def take(visit: Visit) -> Exchange:
        return await visit.send(drawn(visit))

    return Way(callback, f"submission {callback}", needs, shows, take, writes=writes)


async def _department(visit: Visit) -> Exchange:
    chosen = forms.department_option(BILLING_DESK)
    return await visit.world.slack.click(visit.user, visit.form(_open(visit)), forms.DEPARTMENT, option=chosen)


async def _at_home(visit: Visit) -> Exchange:
    return await visit.world.slack.open_home(visit.user)


WAYS = [
    *(_typed(name, verb) for name, verb in VERBS.items()),
    *(_chosen(name, verb) for name, verb in VERBS.items()),
    # Nobody can be mentioned in a form.
    *(_retyped(name, verb) for name, verb in VERBS.items() if "@" not in verb.typed),
    _shortcut("open_case_from_message", Needs.NOTHING, NEW_CASE),
    _shortcut("add_to_case", Needs.WORK, "Add to a case"),
    _shortcut("import_thread", Needs.WORK, "Import thread"),
    Way("new_case", "shortcut new_case", Needs.NOTHING, NEW_CASE, _anywhere, in_channel=False),
    _card(case.TRANSFER, Needs.WORK, "Left empty, FuseDesk keeps or picks the rep."),
    _card(case.TAKE, Needs.BEING_A_REP, "took it", writes="transfer"),
    _card(case.NOTE, Needs.WORK, "Add a note"),
    _card(case.TAGS, Needs.WORK, "Choose or type tags"),
    _card(case.CLOSE, Needs.WORK, "closed it", writes="status"),
    _card(case.REOPEN, Needs.WORK, "reopened it", status="closed", writes="status"),
    _card(case.SHARE, Needs.WORK, "Shared by"),
    _card(case.FUSEDESK, Needs.NOTHING, ""),
    _more("link", "Link to a contact"),
    _more("history", "History of case"),
    _more("refresh", "#{case}"),
    _button(lists.SHOW, Needs.OPENER, "#{case}", lambda visit: str(visit.caseid)),
    _button(f"{lists.PAGE}:next", Needs.WORK, "11–20 of", lambda visit: '{"q":"find status:closed","o":10}'),
    _button(words.UNDO, Needs.WORK, "took the change of status back", _undo, status="closed", writes="undo"),
    _button(words.OPEN, Needs.NOTHING, NEW_CASE, lambda visit: ""),
    _wish(waiting.CANCEL, "Cancelled: Add a note to #{case}: Called back."),
    _wish(waiting.TRY_AGAIN, "As you would type it after /case."),
    _home(home.HOME_NEW, Needs.NOTHING, NEW_CASE),
    _home(home.HOME_FIND, Needs.WORK, "Cases of jane@example.com", "jane@example.com"),
    _home(home.HOME_REFRESH, Needs.NOTHING, "{mine}"),
    Way(forms.DEPARTMENT, f"action {forms.DEPARTMENT}", Needs.NOTHING, "", _department),
    _field(forms.DEPARTMENT, Needs.NOTHING, "bil", "Billing", _open),
    _field(forms.REP, Needs.NOTHING, "jan", "Jane Doe", _open),
    _field(forms.TAGS, Needs.NOTHING, "vip", "VIP", _open),
    _field(forms.CASE, Needs.WORK, "{case}", "#{case}", lambda visit: forms.add_form(NoteValues(), visit.origin)),
    _form(forms.OPEN_FORM, Needs.NOTHING, "Your case is open.", _open, "open"),
    _form(forms.NOTE_FORM, Needs.WORK, "", lambda visit: forms.note_form(_note(visit), visit.origin), "note"),
    _form(
        forms.ADD_FORM,
        Needs.WORK,
        "Added the note to case #{case}",
        lambda visit: forms.add_form(_note(visit), visit.origin),
        "note",
    ),
    _form(forms.TAGS_FORM, Needs.WORK, "", lambda visit: forms.tags_form([VIP], visit.origin), "tag"),
    _form(forms.TRANSFER_FORM, Needs.WORK, "", lambda visit: forms.transfer_form(BILLING_DESK, None, visit.origin), "transfer"),
    _form(forms.LINK_FORM, Needs.WORK, "", lambda visit: forms.link_form("77", visit.origin), "link"),
    _form(forms.IMPORT_FORM, Needs.WORK, "Imported 2 messages", _import, "history"),
    Way("app_home_opened", "event app_home_opened", Needs.NOTHING, "{mine}", _at_home),
]
