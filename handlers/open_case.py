"""Open a case: typed, from a message with its thread, or from anywhere."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from bot.answers import Answers
from bot.cards.forms import DEPARTMENT, EMAIL, SUMMARY_LIMIT, TAGS, OpenValues, Origin, import_form, open_form
from bot.cards.message import Message
from bot.cards.text import cut, length
from bot.cards.words import thread_left_out
from bot.cases import NamedCase, Person
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.drafts import Drafts
from bot.durable import Durable
from bot.errors import CaseError, Refused
from bot.fusedesk.models import Department, NewCase, Status
from bot.intents import ImportThread, Intent, OpenCase, OpenTyped
from bot.listening import Ack, Later, Settle
from bot.operations import CaseRef, Open
from bot.payloads import Click, OpenView, Place, Shortcut, Submission
from bot.references import message_mark, reference, signed
from bot.shapes import Malformed
from bot.slack import NotInChannel, Slack
from bot.threads import NO_TEXT, Item, Threads
from bot.values import email as valid_email
from bot.writing import Writing
from handlers.choices import gone, open_values, still_there

_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# What one form field carries at ease; the rest of a long thread follows as a history import.
_WITH_THE_CASE = 200
# A trigger lives for three seconds: what a form is filled with must be there in part of them.
_WITHIN = 0.8
_OPEN = "Your case is open."
_HAS_ONE = "This message has a case already, so no second one was opened."


@dataclass(frozen=True, slots=True)
class Opened:
    """`first` is False where the message had a case already. `unread`: the thread's replies could not be read; `more`: there are
    some that are not in the case yet."""

    named: NamedCase
    first: bool = True
    unread: bool = False
    more: bool = False


async def wanted(operation: Open, desk: CaseDesk) -> OpenTyped | None:
    """None where a form has to ask for what is missing."""
    summary, _ = _fitting(operation.summary, operation.details)
    preset = None if operation.dept or not summary else await _preset(desk)
    dept = operation.dept or (preset.name if preset else "")
    return OpenTyped(asked=operation.model_copy(update={"dept": dept})) if summary and dept else None


async def typed(
    operation: Open, place: Place, by: Person, key: str, desk: CaseDesk, directory: Directory, answers: Answers, drafts: Drafts
) -> None:
    """The form for what was typed in part."""
    values = await _values(operation, by, desk, directory)
    shown, draft, rest = await drafts.keep(values.details)
    origin = Origin(place=place, draft=draft, rest=rest, asked=_without_fields(operation))
    await answers.form(place, key, open_form(replace(values, details=shown), origin))


async def _values(operation: Open, by: Person, desk: CaseDesk, directory: Directory) -> OpenValues:
    """What was typed, with its names read."""
    department = await directory.department(operation.dept) if operation.dept else await _preset(desk)
    summary, details = _fitting(operation.summary, operation.details)
    return OpenValues(
        summary=summary,
        details=details,
        email=operation.email,
        department=department,
        rep=await desk.rep(operation.rep, by, department) if operation.rep else None,
        tags=[await directory.tag(tag) for tag in operation.tags],
    )


async def effect_typed(deed: OpenTyped, by: Person, key: str, desk: CaseDesk, directory: Directory, writing: Writing) -> Opened:
    department = await directory.department(deed.asked.dept)
    values = await _values(deed.asked, by, desk, directory)
    text = signed(values.details or values.summary, by, key)
    new = _new_case(values, department, _without_fields(deed.asked), text, by.name)
    named, _ = await writing.open_case(new, by, key)
    return Opened(named)


async def tell_typed(result: Opened, intent: Intent, answers: Answers) -> None:
    await answers.show_done(intent.place, result.named, intent.by, _OPEN)


def _fitting(summary: str, details: str) -> tuple[str, str]:
    """A summary of one line that is no summary any more goes whole into the details."""
    if length(summary) <= SUMMARY_LIMIT:
        return summary, details
    return cut(summary, SUMMARY_LIMIT), f"{summary}\n\n{details}".strip()


def _without_fields(operation: Open) -> Open:
    """What the form has no field for."""
    fields = {"summary": "", "details": "", "dept": "", "rep": "", "email": "", "tags": ()}
    return operation.model_copy(update=fields | {"openedby": cut(operation.openedby, SUMMARY_LIMIT)})


def _new_case(values: OpenValues, department: Department, asked: Open, details: str, opener: str) -> NewCase:
    """`opener` is who opened it, where neither a name nor a customer's email says so."""
    return NewCase(
        depid=department.departmentid,
        repid=values.rep.userid if values.rep else None,
        summary=values.summary,
        details=details,
        openedby=asked.openedby or values.email or opener,
        email=values.email,
        contactid=asked.contact,
        contact_uuid=asked.contact_uuid,
        companyid=asked.company,
        status=Status(asked.status) if asked.status else None,
        type=asked.type or None,
        date_opened=_noon(asked.opened),
        date_assigned=_noon(asked.assigned),
        date_updated=_noon(asked.updated),
        skipinfusionsoft=asked.skipcrm,
        casetags=tuple(tag.id for tag in values.tags),
    )


def _noon(day: date | None) -> datetime | None:
    """A day without a time: at noon it is that day wherever somebody looks at it."""
    return datetime.combine(day, time(12), UTC) if day else None


async def _preset(desk: CaseDesk) -> Department | None:
    """The department to begin with; None also where its name leads nowhere, for the form can be filled in without it."""
    with suppress(CaseError, TimeoutError):
        return await asyncio.wait_for(desk.default_department(), _WITHIN)
    return None


async def pressed(click: Click, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    await ack()
    later(_empty(click.place, click.trigger, desk, answers))


async def from_anywhere(shortcut: Shortcut, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    await ack()
    later(_empty(shortcut.place, shortcut.trigger, desk, answers))


async def _empty(place: Place, trigger: str, desk: CaseDesk, answers: Answers) -> None:
    view = open_form(OpenValues(department=await _preset(desk)), Origin(place=place))
    await answers.form(place, trigger, view)


async def from_message(
    shortcut: Shortcut, ack: Ack, later: Later, desk: CaseDesk, slack: Slack, threads: Threads, drafts: Drafts
) -> None:
    await ack()
    later(_from_message(shortcut, desk, slack, threads, drafts))


async def _from_message(shortcut: Shortcut, desk: CaseDesk, slack: Slack, threads: Threads, drafts: Drafts) -> None:
    message = shortcut.message
    if message is None:
        raise Malformed("message")
    (text, author), department = await asyncio.gather(threads.read(message, within=_WITHIN), _preset(desk))
    shown, draft, rest = await drafts.keep(text)
    values = OpenValues(
        summary=cut(next((line.strip() for line in text.splitlines() if line.strip()), NO_TEXT), SUMMARY_LIMIT),
        details=shown,
        email=_email_in(text),
        department=department,
        thread=False if message.in_thread else None,
    )
    origin = Origin(
        place=shortcut.place, message_ts=message.ts, thread_ts=message.thread_ts, author=author, draft=draft, rest=rest
    )
    await slack.open_view(shortcut.trigger, open_form(values, origin))


def _email_in(text: str) -> str:
    """The first address in the text that is one."""
    for found in _EMAIL.findall(text):
        with suppress(ValueError):
            return valid_email(found.strip("-.'"))
    return ""


async def submitted(
    submission: Submission, by: Person, settle: Settle, directory: Directory, threads: Threads, drafts: Drafts
) -> None:
    origin = Origin.load(submission.view.metadata)
    department, _ = await still_there(submission.view, directory)
    if department is None:
        raise Refused("Choose the department that the case is for.", field=DEPARTMENT)
    values = open_values(submission.view, directory)
    _check(submission.view, values, directory)
    place = origin.place
    key = f"{submission.view.id}:{reference(repr(values))}"
    link = threads.permalink(place.channel, origin.message_ts, origin.thread_ts) if origin.message_ts else ""
    text = values.details + await drafts.rest(origin.draft, origin.rest)
    written = f"{text}\n\n— written by {origin.author}" if origin.author else text
    signature = signed(written, by, _key(place, origin.message_ts, key), link=link)
    await settle(
        OpenCase(
            new=_new_case(values, department, origin.asked, signature, origin.author or by.name),
            message_ts=origin.message_ts,
            thread_ts=origin.thread_ts if values.thread else "",
        ),
        key=key,
        place=place,
        again=lambda fault: open_form(values, origin, fault=fault),
        waiting="Opening the case …",
        typed=f"{values.summary}\n{text}",
    )


def _key(place: Place, message_ts: str, key: str) -> str:
    """One message, one case, whoever asks; anything else is the form's own wish."""
    return f"open:{place.team}:{place.channel}:{message_ts}" if message_ts else key


def _check(view: OpenView, values: OpenValues, directory: Directory) -> None:
    """Raises Refused where a chosen tag is gone from FuseDesk or the email is none."""
    if len(values.tags) < len(view.options(TAGS)):
        raise gone("one of these tags", TAGS, directory)
    try:
        valid_email(values.email) if values.email else None
    except ValueError as fault:
        raise Refused(str(fault), field=EMAIL) from fault


async def effect(deed: OpenCase, place: Place, by: Person, key: str, slack: Slack, threads: Threads, writing: Writing) -> Opened:
    replies, unread = await _replies(deed, place, slack, threads)
    first = deed.new.model_copy(update={"history": tuple(item for _, item in replies[:_WITH_THE_CASE])})
    message = (place.team, place.channel, deed.message_ts) if deed.message_ts else None
    named, opened = await writing.open_case(first, by, _key(place, deed.message_ts, key), run=key, message=message)
    return Opened(named, opened, unread, more=bool(replies[_WITH_THE_CASE:] if opened else replies))


async def _replies(deed: OpenCase, place: Place, slack: Slack, threads: Threads) -> tuple[list[Item], bool]:
    """The other messages of the thread; the second value is True where casebot may not read them."""
    if not deed.thread_ts:
        return [], False
    try:
        items = await threads.items(slack, place.channel, deed.thread_ts)
    except NotInChannel:
        return [], True
    own = message_mark(threads.permalink(place.channel, deed.message_ts))
    return [(mark, item) for mark, item in items if mark != own], False


def shown(result: Opened, deed: OpenCase, place: Place, by: Person, answers: Answers) -> Message | None:
    """The card, where it has no better place than the form."""
    return answers.in_modal(result.named, by, headline=_OPEN) if _in_form(deed, place) else None


def _in_form(deed: OpenCase, place: Place) -> bool:
    return not deed.message_ts and not (place.response_url and not place.view_id)


async def tell(
    result: Opened, deed: OpenCase, intent: Intent, place: Place, by: Person, answers: Answers, durable: Durable
) -> None:
    named = result.named
    if _in_form(deed, place):
        return
    if not deed.message_ts:
        await answers.show_done(place, named, by, _OPEN)
    elif result.first:
        await answers.place_card(place, named, by, headline=f"{by.name} opened a case")
    else:
        await answers.show_done(place, named, by, _HAS_ONE)
    if result.unread:
        await answers.report(place, thread_left_out(named.case.caseid))
    if result.more:
        await durable.accept(_rest_of_thread(named.case.caseid, deed, intent))


def _rest_of_thread(caseid: int, deed: OpenCase, intent: Intent) -> Intent:
    """Replies that did not come with the case: the case is open by now, so they are a wish of their own."""
    rest = ImportThread(case=CaseRef(caseid=caseid), channel=intent.place.channel, thread_ts=deed.thread_ts)
    origin = Origin(place=intent.place, message_ts=deed.message_ts, thread_ts=deed.thread_ts)
    more = {"key": f"{intent.key}:replies", "deed": rest, "view": "", "typed": "", "form": import_form(str(caseid), origin)}
    return intent.model_copy(update=more | {"at": datetime.now(UTC)})
