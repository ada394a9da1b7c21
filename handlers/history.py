"""Import a thread: its messages become history of a case, and a second time only the new ones."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.forms import CASE, Origin, import_form
from bot.cards.words import imported
from bot.cases import Person
from bot.desk import CaseDesk
from bot.listening import Ack, Later, Settle
from bot.payloads import Shortcut, Submission
from bot.shapes import Malformed
from bot.slack import Slack
from bot.threads import Threads
from handlers.choices import case_of


async def from_message(shortcut: Shortcut, ack: Ack, later: Later, slack: Slack) -> None:
    message = shortcut.message
    if message is None:
        raise Malformed("message")
    origin = Origin(place=shortcut.place, message_ts=message.ts, thread_ts=message.thread_ts or message.ts)
    await ack()
    later(slack.open_view(shortcut.trigger, import_form("", origin)))


async def submitted(
    submission: Submission, by: Person, settle: Settle, desk: CaseDesk, slack: Slack, answers: Answers, threads: Threads
) -> None:
    origin = Origin.load(submission.view.metadata)
    case = submission.view.option(CASE)

    async def work() -> None:
        items = await threads.items(slack, origin.place.channel, origin.thread_ts)
        # Not the form's id: a second attempt has other messages left to add, so it is another wish.
        named, added, known = await desk.import_history(case_of(case), items, by, submission.trigger)
        await answers.report(origin.place, imported(named.case.caseid, added, known))
        if added:
            line = f"imported {added} {'message' if added == 1 else 'messages'} from a thread"
            await answers.others(origin.place, named.case.caseid, by, line, desk.look_again)

    await settle(work(), again=lambda fault: import_form(case, origin, fault=fault), waiting="Importing the thread …")
