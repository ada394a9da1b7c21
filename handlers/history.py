"""Import a thread: its messages become history of a case, and a second time only the new ones."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers import Answers
from bot.cards.forms import CASE, Origin, import_form
from bot.cards.words import imported
from bot.cases import Person
from bot.desk import CaseDesk
from bot.intents import ImportThread, Intent
from bot.listening import Ack, Later, Settle
from bot.payloads import Shortcut, Submission
from bot.shapes import Malformed
from bot.slack import Slack
from bot.threads import Threads
from bot.writing import Writing
from handlers.choices import case_of


async def from_message(shortcut: Shortcut, ack: Ack, later: Later, slack: Slack) -> None:
    message = shortcut.message
    if message is None:
        raise Malformed("message")
    origin = Origin(place=shortcut.place, message_ts=message.ts, thread_ts=message.thread_ts or message.ts)
    await ack()
    later(slack.open_view(shortcut.trigger, import_form("", origin)))


@dataclass(frozen=True, slots=True)
class Imported:
    """`added` messages are new in the case's history, `known` were there already."""

    caseid: int
    added: int
    known: int


async def submitted(submission: Submission, settle: Settle) -> None:
    origin = Origin.load(submission.view.metadata)
    case = submission.view.option(CASE)
    await settle(
        ImportThread(case=case_of(case), channel=origin.place.channel, thread_ts=origin.thread_ts),
        # Not the form's id: a second attempt has other messages left to add, so it is another wish.
        key=submission.trigger,
        place=origin.place,
        again=lambda fault: import_form(case, origin, fault=fault),
        waiting="Importing the thread …",
    )


async def effect(deed: ImportThread, by: Person, key: str, writing: Writing, slack: Slack, threads: Threads) -> Imported:
    items = await threads.items(slack, deed.channel, deed.thread_ts)
    named, added, known = await writing.import_history(deed.case, items, by, key)
    return Imported(named.case.caseid, added, known)


async def tell(result: Imported, intent: Intent, desk: CaseDesk, answers: Answers) -> None:
    await answers.report(intent.place, imported(result.caseid, result.added, result.known))
    if result.added:
        line = f"imported {result.added} {'message' if result.added == 1 else 'messages'} from a thread"
        await answers.others(intent.place, result.caseid, intent.by, line, desk.look_again)
