"""Add a note to a case or log a call: typed, from a card, or from a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import CASE, KIND, NOTE, TITLE, WHEN, NoteValues, Origin, add_form, note_form
from bot.cards.text import cut
from bot.cards.words import noted
from bot.cases import Person
from bot.desk import CaseDesk
from bot.drafts import Drafts
from bot.fusedesk.models import NewNote
from bot.intents import AddNote, Intent
from bot.listening import Ack, Later, Settle
from bot.operations import Call, CaseRef, Note
from bot.payloads import Click, OpenView, Shortcut, Submission
from bot.references import reference, signed
from bot.shapes import Malformed
from bot.slack import Slack
from bot.threads import Threads
from bot.writing import Writing
from handlers.choices import case_of

# A trigger lives for three seconds: what a form is filled with must be there in part of them.
_WITHIN = 0.8


@dataclass(frozen=True, slots=True)
class Noted:
    """`kind` is "note" or "call"."""

    caseid: int
    kind: str


async def wanted(operation: Note | Call, by: Person, key: str) -> AddNote:
    kind: Literal["note", "call"] = "call" if isinstance(operation, Call) else "note"
    note = NewNote(title=operation.title, note=signed(operation.text, by, key), type=kind, repid=by.repid)
    return AddNote(case=operation.case, note=note)


async def effect(deed: AddNote, by: Person, key: str, writing: Writing) -> Noted:
    return Noted(await writing.add_note(deed.case, deed.note, by, key), deed.note.type)


async def tell(result: Noted, deed: AddNote, intent: Intent, desk: CaseDesk, answers: Answers) -> None:
    place, by = intent.place, intent.by
    line = "logged a call on it" if result.kind == "call" else "added a note to it"
    if not deed.on_card:
        await answers.report(place, noted(result.caseid, result.kind))
        await answers.others(place, result.caseid, by, line, desk.look_again)
    elif named := await desk.look_again(result.caseid):
        await answers.changed(place, named, by, line)
    else:
        await answers.report(place, noted(result.caseid, result.kind))


async def pressed(click: Click, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    seen = Seen.load(click.value)
    view = note_form(NoteValues(), Origin(place=click.place, seen=seen), named=desk.remembered(seen.caseid))
    await ack()
    later(answers.form(click.place, click.trigger, view))


async def submitted(submission: Submission, by: Person, settle: Settle, desk: CaseDesk) -> None:
    origin = Origin.load(submission.view.metadata)
    case = CaseRef(caseid=origin.card.caseid)
    values = _values(submission.view)
    key = _key(submission.view.id, values)
    named = desk.remembered(origin.card.caseid)
    await settle(
        AddNote(case=case, note=_new_note(values, by, key), on_card=True),
        key=key,
        place=origin.place,
        again=lambda fault: note_form(values, origin, named=named, fault=fault),
        waiting="Adding it to the case …",
        typed=values.note,
    )


def _values(view: OpenView) -> NoteValues:
    when = view.moment(WHEN)
    return NoteValues(
        kind=view.option(KIND) or "note",
        title=view.text(TITLE),
        note=view.text(NOTE),
        when=datetime.fromtimestamp(when, UTC) if when else None,
        case=view.option(CASE),
    )


def _key(view_id: str, values: NoteValues) -> str:
    """A form sent twice is one wish; sent with other words, it is another."""
    return f"{view_id}:{reference(repr(values))}"


def _new_note(values: NoteValues, by: Person, key: str, *, rest: str = "", link: str = "") -> NewNote:
    return NewNote(
        title=values.title or cut(values.note.split("\n", 1)[0], 80),
        note=signed(values.note + rest, by, key, link=link),
        type="call" if values.kind == "call" else "note",
        date_added=values.when,
        repid=by.repid,
    )


async def from_message(shortcut: Shortcut, ack: Ack, later: Later, slack: Slack, threads: Threads, drafts: Drafts) -> None:
    await ack()
    later(_form(shortcut, slack, threads, drafts))


async def _form(shortcut: Shortcut, slack: Slack, threads: Threads, drafts: Drafts) -> None:
    message = shortcut.message
    if message is None:
        raise Malformed("message")
    text, author = await threads.read(message, within=_WITHIN)
    shown, draft, rest = await drafts.keep(text)
    values = NoteValues(title=cut(f"{author} in Slack", 200), note=shown)
    origin = Origin(place=shortcut.place, message_ts=message.ts, thread_ts=message.thread_ts, draft=draft, rest=rest)
    await slack.open_view(shortcut.trigger, add_form(values, origin))


async def added(submission: Submission, by: Person, settle: Settle, threads: Threads, drafts: Drafts) -> None:
    origin = Origin.load(submission.view.metadata)
    rest = await drafts.rest(origin.draft, origin.rest)
    values = _values(submission.view)
    case = case_of(values.case)
    link = threads.permalink(origin.place.channel, origin.message_ts, origin.thread_ts)
    key = _key(submission.view.id, values)
    await settle(
        AddNote(case=case, note=_new_note(values, by, key, rest=rest, link=link)),
        key=key,
        place=origin.place,
        again=lambda fault: add_form(values, origin, fault=fault),
        waiting="Adding it to the case …",
        typed=values.note + rest,
    )
