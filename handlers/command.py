"""/case: what was typed, and every button that stands for something typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.access import Access
from bot.answers import Answers
from bot.cards.forms import COMMAND, Origin, message_view
from bot.cards.words import done, help_answer, help_card
from bot.cases import Person
from bot.drafts import Drafts
from bot.intents import Deed
from bot.language import parse
from bot.listening import Ack, Later, Staged, Wish
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
    Pending,
    Refresh,
    Reopen,
    RepLink,
    Show,
    Tag,
    Transfer,
    Untag,
)
from bot.parts import Parts, call
from bot.payloads import Click, Command, Place, Submission
from bot.tokens import as_text, escape
from handlers import add_note, contact, find, names, open_case, pending, rep, show, status, tag, transfer

# What only looks, or asks for more.
DOES: dict[type[Operation], Callable[..., Awaitable[None]]] = {
    Show: show.typed,
    Find: find.typed,
    Mine: find.mine_typed,
    Open: open_case.typed,
    Pending: pending.typed,
    RepLink: rep.typed,
    Refresh: names.typed,
}
# What changes a case, as the deed that is stored. An incomplete one becomes a form instead.
WANTS: dict[type[Operation], Callable[..., Awaitable[Deed | None]]] = {
    Open: open_case.wanted,
    Note: add_note.wanted,
    Call: add_note.wanted,
    Tag: tag.wanted,
    Untag: tag.wanted,
    Transfer: transfer.wanted,
    Link: contact.wanted,
    Close: status.wanted,
    Reopen: status.wanted,
}


async def typed(command: Command, by: Person, ack: Ack, later: Later, wish: Wish, access: Access, parts: Parts) -> None:
    operation = parse(command.text, today=by.today())
    access.verb(operation.verb, by)
    text = as_text(command.text)
    if isinstance(operation, Help):
        # A text that is an object's JSON is Bolt's whole answer, sent as it is.
        await ack(help_answer(operation.topic))
    elif deed := await _deed(operation, by, command.trigger, parts):
        await wish(deed, typed=text, command=text, operation=operation)
        await ack()
    else:
        await ack()
        later(_do(operation, command.place, by, command.trigger, parts), typed=text, operation=operation)


async def chosen(
    click: Click, by: Person, ack: Ack, later: Later, staged: Staged, wish: Wish, access: Access, parts: Parts
) -> None:
    operation = parse(click.value, today=by.today())
    access.verb(operation.verb, by)
    text = as_text(click.value)
    if deed := await _deed(operation, by, click.trigger, parts):
        await wish(deed, typed=text, command=text, operation=operation)
        await ack()
        return
    await ack()
    if isinstance(operation, Open):
        # A form needs the click's one trigger for itself.
        later(_do(operation, click.place, by, click.trigger, parts), typed=text, operation=operation)
    else:
        staged(
            "One moment …",
            lambda place: _answer(operation, place, by, click.trigger, parts),
            typed=text,
            operation=operation,
        )


async def retyped(
    submission: Submission, by: Person, ack: Ack, later: Later, wish: Wish, access: Access, drafts: Drafts, parts: Parts
) -> None:
    """A command that was in vain, edited: it goes the way of a typed one, to where the first was asked."""
    origin = Origin.load(submission.view.metadata)
    place = origin.place
    typed = submission.view.text(COMMAND) + await drafts.rest(origin.draft, origin.rest)
    operation = parse(escape(typed), today=by.today())
    access.verb(operation.verb, by)
    if deed := await _deed(operation, by, submission.trigger, parts):
        await wish(deed, typed=typed, command=typed, operation=operation, place=place)
        await ack(response_action="update", view=message_view(done("Asked once more. The answer comes to where you asked.")))
        return
    await ack()
    later(_answer(operation, place, by, submission.trigger, parts), typed=typed, operation=operation, place=place)


async def _deed(operation: Operation, by: Person, trigger: str, parts: Parts) -> Deed | None:
    """The trigger is unique for what a person did once, so it is the wish's key, too."""
    wanted = WANTS.get(type(operation))
    return await call(wanted, {**parts, "operation": operation, "by": by, "key": trigger}) if wanted else None


async def _answer(operation: Operation, place: Place, by: Person, trigger: str, parts: Parts) -> None:
    if isinstance(operation, Help):
        answers: Answers = parts["answers"]
        await answers.tell(place, help_card(operation.topic))
    else:
        await _do(operation, place, by, trigger, parts)


async def _do(operation: Operation, place: Place, by: Person, trigger: str, parts: Parts) -> None:
    await call(DOES[type(operation)], {**parts, "operation": operation, "place": place, "by": by, "key": trigger})
