"""What a person wished and is not done yet: list it, take it back, and ask again for what was in vain."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.forms import Origin, again_form
from bot.cards.message import View
from bot.cards.waiting import cancelled, pending, too_late
from bot.cases import Person
from bot.drafts import Drafts
from bot.durable import Durable
from bot.errors import Refused
from bot.listening import Ack, Later
from bot.operations import Pending
from bot.payloads import Click, Place


async def typed(operation: Pending, place: Place, by: Person, key: str, durable: Durable, answers: Answers) -> None:
    waiting, more = await durable.under_way(by.user)
    await answers.tell(place, pending([(one.run, one.intent.deed, one.intent.at, one.because) for one in waiting], more))


async def cancel(click: Click, by: Person, ack: Ack, later: Later, durable: Durable, answers: Answers) -> None:
    await ack()
    later(_cancel(click.place, click.value, by, durable, answers))


async def _cancel(place: Place, run: str, by: Person, durable: Durable, answers: Answers) -> None:
    intent = await durable.intent(run)
    if intent is not None and intent.by.user != by.user:
        raise Refused("Only the person who asked for it can cancel it.")
    done = await durable.cancel(run, by.user)
    await answers.tell(place, cancelled(intent) if done and intent else too_late(intent))


async def again(click: Click, by: Person, ack: Ack, later: Later, durable: Durable, drafts: Drafts, answers: Answers) -> None:
    """Brings back what was asked for in vain, to be edited first: the form as it was filled in, or the command."""
    await ack()
    later(_again(click, by, durable, drafts, answers))


async def _again(click: Click, by: Person, durable: Durable, drafts: Drafts, answers: Answers) -> None:
    intent = await durable.intent(click.value)
    if intent is None or intent.by.user != by.user:
        raise Refused("casebot does not remember any more what you asked for. Ask again with /case.")
    await answers.form(click.place, click.trigger, intent.form or await _command(click.place, intent.command, drafts))


async def _command(place: Place, command: str, drafts: Drafts) -> View:
    shown, draft, rest = await drafts.keep(command)
    return again_form(shown, Origin(place=place, draft=draft, rest=rest))
