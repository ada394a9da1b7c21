"""Take a change back with the button that came with it."""

from __future__ import annotations

from bot.answers import Answers
from bot.cases import Person
from bot.changes import Done
from bot.intents import Intent, TakeBack
from bot.listening import Ack, Wish
from bot.payloads import Click
from bot.undo import Undo
from bot.writing import Writing


async def pressed(click: Click, ack: Ack, wish: Wish) -> None:
    await wish(TakeBack(undo=Undo.load(click.value)))
    await ack()


async def effect(deed: TakeBack, intent: Intent, by: Person, key: str, writing: Writing) -> Done:
    return await writing.undo(deed.undo, by, key, at=intent.at)


async def tell(result: Done, intent: Intent, answers: Answers) -> None:
    await answers.undone(intent.place, result.named, intent.by, result.line)
