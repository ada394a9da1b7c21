"""What casebot says of a change that is not done: it waits, it was in vain, or it was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.message import Message
from bot.cards.text import Part, actions, button, clean, context, date, line, message, plain, safe, section
from bot.cards.words import done, run_button
from bot.errors import Choice
from bot.fusedesk.models import Status
from bot.intents import (
    AddNote,
    ChangeTags,
    Deed,
    ImportThread,
    Intent,
    LinkContact,
    OpenCase,
    OpenTyped,
    SetStatus,
    TakeBack,
    Transfer,
)

CANCEL = "cancel_wish"
TRY_AGAIN = "try_again"

_PATIENCE = "It is done as soon as it can be, within 24 hours, and you hear of it then."
_UNDOING = {"transfer": "the transfer", "tags": "the change of tags", "status": "the change of status", "contact": "the link"}


def described(deed: Deed) -> str:
    """What was wished, in a few words that hold as much of the person's own as a line takes."""
    match deed:
        case OpenTyped():
            return f"Open a case: {line(deed.asked.summary, 80)}"
        case OpenCase():
            return f"Open a case: {line(deed.new.summary, 80)}"
        case AddNote():
            return f"{'Log a call on' if deed.note.type == 'call' else 'Add a note to'} {deed.case}: {line(deed.note.title, 80)}"
        case ChangeTags():
            add, remove = (", ".join(deed.names.get(tag, tag) for tag in tags) for tags in (deed.add, deed.remove))
            said = [f"tag {add}"] * bool(add) + [f"untag {remove}"] * bool(remove)
            return line(f"Change the tags of {deed.case}: {' and '.join(said)}")
        case Transfer():
            to = deed.to or deed.name
            return line(f"Transfer {deed.case}{f' to {to}' if to else ''}")
        case LinkContact():
            return f"Link {deed.case} to contact {deed.contactid or deed.contact_uuid}"
        case SetStatus():
            return f"{'Close' if deed.status is Status.CLOSED else 'Reopen'} {deed.case}"
        case TakeBack():
            return f"Undo {_UNDOING[deed.undo.what]} of #{deed.undo.caseid}"
        case ImportThread():
            return f"Import a thread into {deed.case}"


def waits(run: str, intent: Intent, because: str) -> Message:
    """Told once, when a change cannot be done right now."""
    says = f"{because} Your change waits: {described(intent.deed)}."
    blocks = [section(plain(clean(f"{says} {_PATIENCE}"))), actions([cancel_button(run), _all_of_them()])]
    return message(safe(f"{says} {_PATIENCE}"), blocks)


def cancel_button(run: str) -> Part:
    return button("Cancel", CANCEL, value=run)


def _all_of_them() -> Part:
    return run_button(Choice("All that waits", "pending"), 0)


def pending(wishes: Sequence[tuple[str, Deed, datetime, str]], more: int = 0) -> Message:
    """What a person wished and is not done yet: each by its run, deed, moment, and why it waits ("" where it does not). `more`
    came later and are not among them."""
    if not wishes:
        return done("Nothing waits: all that you asked for is done.")
    intro = "Not done yet:"
    blocks = [section(plain(intro))]
    for run, deed, at, because in wishes:
        blocks.append(section(plain(clean(described(deed))), accessory=cancel_button(run)))
        blocks.append(context([{"type": "mrkdwn", "text": f"{safe(because or 'Under way.')} Since {date(at)}."}]))
    told = [intro, *(described(deed) for _, deed, _, _ in wishes)]
    if more:
        told.append(f"And {more:,} more that you asked for later. They come up here as these are done.")
        blocks.append(section(plain(told[-1])))
    return message(safe("\n".join(told), 4_000), blocks)


def cancelled(intent: Intent) -> Message:
    return done(f"Cancelled: {described(intent.deed)}.")


def too_late(intent: Intent | None) -> Message:
    """It is being done at this moment, or was."""
    what = f": {described(intent.deed)}" if intent else ""
    return done(f"This cannot be cancelled any more, as FuseDesk has it already or it is done{what}.")


def wanted(intent: Intent, *, given_up: bool) -> str:
    """What was asked for in vain; "" where the command that was typed says it. `given_up`: it waited as long as it could."""
    if given_up:
        return f"Given up after 24 hours: {described(intent.deed)}."
    return "" if intent.operation else f"You asked for: {described(intent.deed)}."


def again(messages: Sequence[Message], run: str, intent: Intent) -> list[Message]:
    """Words for a change that was in vain, with the way to ask better: what was asked comes back to be edited."""
    if not (intent.form or intent.command) or not messages:
        return list(messages)
    *before, last = messages
    return [*before, Message(last.text, [*last.blocks, actions([button("Try again", TRY_AGAIN, value=run)])])]
