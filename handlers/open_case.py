"""Open a case: typed, from a message with its thread, or from anywhere."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from bot.answers import Answers
from bot.cards.forms import DEPARTMENT, SUMMARY_LIMIT, OpenValues, Origin, message_view, open_form
from bot.cards.message import View
from bot.cards.text import cut
from bot.cards.words import thread_left_out
from bot.cases import Person
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.drafts import Drafts
from bot.errors import Refused
from bot.fusedesk.models import NewCase, Status
from bot.listening import Ack, Later, Settle
from bot.operations import CaseRef, Open
from bot.payloads import Click, Place, Shortcut, Submission
from bot.references import signed
from bot.slack import NotInChannel, Slack
from bot.threads import Item, Threads
from bot.values import email as valid_email
from handlers.choices import open_values

_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# What one form field carries at ease; the rest of a long thread follows as a history import.
_WITH_THE_CASE = 200


async def typed(
    operation: Open,
    place: Place,
    by: Person,
    key: str,
    desk: CaseDesk,
    directory: Directory,
    answers: Answers,
) -> None:
    department = await directory.department(operation.dept) if operation.dept else await desk.default_department()
    rep = await desk.rep(operation.rep, by, department) if operation.rep else None
    tags = [await directory.tag(tag) for tag in operation.tags]
    if not operation.summary or department is None:
        # The trigger serves once and for three seconds: nothing but names from memory stands before it.
        values = OpenValues(
            summary=operation.summary,
            details=operation.details,
            email=operation.email,
            department=department,
            rep=rep,
            tags=tags,
        )
        await answers.form(place, key, open_form(values, Origin(place=place)))
        return
    new = NewCase(
        depid=department.departmentid,
        repid=rep.userid if rep else None,
        summary=operation.summary,
        details=signed(operation.details or operation.summary, by, key),
        openedby=operation.email or operation.openedby or _name(by),
        email=operation.email,
        contactid=operation.contact,
        contact_uuid=operation.contact_uuid,
        companyid=operation.company,
        status=Status(operation.status) if operation.status else None,
        type=operation.type or None,
        date_opened=_midnight(operation.opened),
        date_assigned=_midnight(operation.assigned),
        date_updated=_midnight(operation.updated),
        skipinfusionsoft=operation.skipcrm,
        casetags=tuple(tag.id for tag in tags),
    )
    named, _ = await answers.patiently(place, desk.open_case(new, by, key), "FuseDesk")
    await answers.show(place, named, by, headline="Your case is open.")


def _name(by: Person) -> str:
    return f"{by.name} ({by.email})" if by.email else by.name


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


async def pressed(click: Click, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    await ack()
    later(_empty_from_click(click, desk, answers))


async def _empty_from_click(click: Click, desk: CaseDesk, answers: Answers) -> None:
    view = open_form(OpenValues(department=await desk.default_department()), Origin(place=click.place))
    await answers.form(click.place, click.trigger, view)


async def from_anywhere(shortcut: Shortcut, ack: Ack, later: Later, desk: CaseDesk, slack: Slack) -> None:
    await ack()
    later(_empty_from_shortcut(shortcut, desk, slack))


async def _empty_from_shortcut(shortcut: Shortcut, desk: CaseDesk, slack: Slack) -> None:
    view = open_form(OpenValues(department=await desk.default_department()), Origin(place=shortcut.place))
    await slack.open_view(shortcut.trigger, view)


async def from_message(
    shortcut: Shortcut, ack: Ack, later: Later, desk: CaseDesk, slack: Slack, threads: Threads, drafts: Drafts
) -> None:
    await ack()
    later(_from_message(shortcut, desk, slack, threads, drafts))


async def _from_message(shortcut: Shortcut, desk: CaseDesk, slack: Slack, threads: Threads, drafts: Drafts) -> None:
    message = shortcut.message
    if message is None:
        raise KeyError("message")
    text = await threads.plain(message)
    shown, draft, rest = drafts.keep(text)
    values = OpenValues(
        summary=cut(next((line for line in text.splitlines() if line.strip()), ""), SUMMARY_LIMIT),
        details=shown,
        email=_email_in(text),
        department=await desk.default_department(),
        thread=False if message.in_thread else None,
        rest=rest,
    )
    origin = Origin(
        place=shortcut.place,
        message_ts=message.ts,
        thread_ts=message.thread_ts,
        author=cut(await threads.author(message), 200),
        draft=draft,
    )
    await slack.open_view(shortcut.trigger, open_form(values, origin))


def _email_in(text: str) -> str:
    """The first address in the text that is one."""
    for found in _EMAIL.findall(text):
        try:
            return valid_email(found.rstrip("."))
        except ValueError:
            continue
    return ""


async def submitted(
    submission: Submission,
    by: Person,
    settle: Settle,
    desk: CaseDesk,
    directory: Directory,
    slack: Slack,
    answers: Answers,
    threads: Threads,
    drafts: Drafts,
) -> None:
    origin = Origin.load(submission.view.metadata)
    values = open_values(submission.view, directory, drafts)
    if values.department is None:
        raise Refused("FuseDesk has this department no longer. Choose another one.", field=DEPARTMENT)
    # One message, one case, whoever asks; anything else is the form's own wish.
    place = origin.place
    key = f"open:{place.team}:{place.channel}:{origin.message_ts}" if origin.message_ts else submission.view.id
    link = threads.permalink(place.channel, origin.message_ts, origin.thread_ts) if origin.message_ts else ""
    written = f"{values.details}{drafts.rest(origin.draft)}"
    details = f"{written}\n\n— written by {origin.author}" if origin.author else written
    new = NewCase(
        depid=values.department.departmentid,
        repid=values.rep.userid if values.rep else None,
        summary=values.summary,
        details=signed(details, by, key, link=link),
        openedby=values.email or origin.author or _name(by),
        email=values.email,
        casetags=tuple(tag.id for tag in values.tags),
    )
    work = _open(new, key, origin, bool(values.thread), by, desk, slack, answers, threads)
    await settle(
        work,
        again=lambda fault: open_form(values, origin, fault=fault),
        waiting="Opening the case …",
        typed=f"{values.summary}\n{written}",
    )


async def _open(
    new: NewCase,
    key: str,
    origin: Origin,
    whole: bool,
    by: Person,
    desk: CaseDesk,
    slack: Slack,
    answers: Answers,
    threads: Threads,
) -> View | None:
    place = origin.place
    replies, unread = await _thread(origin, slack, threads) if whole else ([], False)
    first = new.model_copy(update={"history": tuple(item for _, item in replies[:_WITH_THE_CASE])})
    named, opened = await desk.open_case(first, by, key)
    if opened and len(replies) > _WITH_THE_CASE:
        await desk.import_history(CaseRef(caseid=named.case.caseid), replies[_WITH_THE_CASE:], by, key)
    headline = f"{by.name} opened a case" if opened else "This message has a case already"
    if origin.message_ts:
        if opened:
            await answers.place_card(place, named, by, headline=headline)
        else:
            await answers.show(place, named, by, headline=headline)
    elif place.response_url and not place.view_id:
        await answers.show(place, named, by, headline="Your case is open.")
    else:
        return message_view(answers.in_modal(named, by, headline="Your case is open."))
    if unread:
        await answers.tell(place, thread_left_out(named.case.caseid))
    return None


async def _thread(origin: Origin, slack: Slack, threads: Threads) -> tuple[list[Item], bool]:
    """The other messages of the thread; the second value is True where casebot may not read them."""
    channel = origin.place.channel
    try:
        messages = [message async for message in slack.thread(channel, origin.thread_ts)]
    except NotInChannel:
        return [], True
    others = [message for message in messages if message.ts != origin.message_ts]
    return await threads.history(channel, others), False
