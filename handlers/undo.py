"""Take a change back with the button that came with it."""

from __future__ import annotations

from bot.answers import Answers
from bot.cases import Person
from bot.desk import CaseDesk
from bot.listening import Ack, Later
from bot.payloads import Click
from bot.undo import Undo


async def pressed(click: Click, by: Person, ack: Ack, later: Later, desk: CaseDesk, answers: Answers) -> None:
    undo = Undo.load(click.value)
    await ack()
    later(_undo(click, undo, by, desk, answers))


async def _undo(click: Click, undo: Undo, by: Person, desk: CaseDesk, answers: Answers) -> None:
    done = await desk.undo(undo, by, click.trigger)
    await answers.undone(click.place, done.named, by, done.line)
