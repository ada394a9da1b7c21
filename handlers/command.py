"""/case: what was typed, and every button that stands for something typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.access import Access
from bot.answers import Answers
from bot.cards.words import help_answer, help_card
from bot.cases import Person
from bot.language import parse
from bot.listening import Ack, Later, Parts, Staged, call
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
    RepLink,
    Show,
    Tag,
    Transfer,
    Untag,
)
from bot.payloads import Click, Command, Place
from bot.tokens import as_text
from handlers import add_note, contact, find, names, open_case, rep, show, status, tag, transfer

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
    RepLink: rep.typed,
    Refresh: names.typed,
}


async def typed(command: Command, by: Person, ack: Ack, later: Later, access: Access, parts: Parts) -> None:
    operation = parse(command.text, today=by.today())
    access.verb(operation.verb, by)
    if isinstance(operation, Help):
        # A text that is an object's JSON is Bolt's whole answer, sent as it is.
        await ack(help_answer(operation.topic))
        return
    await ack()
    later(_do(operation, command.place, by, command.trigger, parts), typed=as_text(command.text), operation=operation)


async def chosen(click: Click, by: Person, ack: Ack, later: Later, staged: Staged, access: Access, parts: Parts) -> None:
    operation = parse(click.value, today=by.today())
    access.verb(operation.verb, by)
    await ack()
    if isinstance(operation, Open):
        # A form needs the click's one trigger for itself.
        later(_do(operation, click.place, by, click.trigger, parts), typed=as_text(click.value), operation=operation)
    else:
        staged(
            "One moment …",
            lambda place: _answer(operation, place, by, click.trigger, parts),
            typed=as_text(click.value),
            operation=operation,
        )


async def _answer(operation: Operation, place: Place, by: Person, trigger: str, parts: Parts) -> None:
    if isinstance(operation, Help):
        answers: Answers = parts["answers"]
        await answers.tell(place, help_card(operation.topic))
    else:
        await _do(operation, place, by, trigger, parts)


async def _do(operation: Operation, place: Place, by: Person, trigger: str, parts: Parts) -> None:
    """The trigger is unique for what a person did once, so it is the wish's key, too."""
    await call(DOES[type(operation)], {**parts, "operation": operation, "place": place, "by": by, "key": trigger})
