"""/case: what was typed, and every button that stands for something typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.answers import Answers
from bot.cards.text import unescape
from bot.cards.words import help_answer, help_card
from bot.cases import Person
from bot.language import parse
from bot.listening import Ack, Later, Parts, call
from bot.operations import (
    Call,
    Close,
    Find,
    Help,
    Link,
    Mine,
    Note,
    Open,
    Operation,
    Refresh,
    Reopen,
    Show,
    Tag,
    Transfer,
    Untag,
)
from bot.payloads import Click, Command, Place
from handlers import add_note, contact, find, names, open_case, show, status, tag, transfer

DOES: dict[type[Operation], Callable[..., Awaitable[None]]] = {
    Show: show.typed,
    Find: find.typed,
    Mine: find.mine_typed,
    Open: open_case.typed,
    Note: add_note.typed,
    Call: add_note.typed,
    Tag: tag.typed,
    Untag: tag.typed,
    Transfer: transfer.typed,
    Link: contact.typed,
    Close: status.typed,
    Reopen: status.typed,
    Refresh: names.typed,
}


async def typed(command: Command, by: Person, ack: Ack, later: Later, parts: Parts) -> None:
    operation = parse(command.text, today=by.today())
    if isinstance(operation, Help):
        # A text that is an object's JSON is Bolt's whole answer, sent as it is.
        await ack(help_answer(operation.topic))
        return
    await ack()
    later(_do(operation, command.place, by, command.trigger, parts), typed=unescape(command.text), operation=operation)


async def chosen(click: Click, by: Person, ack: Ack, later: Later, parts: Parts) -> None:
    operation = parse(click.value, today=by.today())
    await ack()
    later(_from_button(operation, click, by, parts), typed=click.value, operation=operation)


async def _from_button(operation: Operation, click: Click, by: Person, parts: Parts) -> None:
    answers: Answers = parts["answers"]
    # A form needs the click's one trigger for itself.
    place = click.place if isinstance(operation, Open) else await answers.stage(click, "One moment …")
    if isinstance(operation, Help):
        await answers.tell(place, help_card(operation.topic))
    else:
        await _do(operation, place, by, click.trigger, parts)


async def _do(operation: Operation, place: Place, by: Person, trigger: str, parts: Parts) -> None:
    """The trigger is unique for what a person did once, so it is the wish's key, too."""
    await call(DOES[type(operation)], {**parts, "operation": operation, "place": place, "by": by, "key": trigger})
