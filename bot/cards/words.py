"""What casebot says: help, refusals, faults, and answers of one line.

Whatever a person typed for nothing comes back whole in a preformatted block, from which it can be copied exactly. A choice
is a button that runs a command, so that a slip costs one click.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.cards.message import Block, Message
from bot.cards.text import (
    VALUE_LIMIT,
    Part,
    actions,
    as_typed,
    bullets,
    button,
    clean,
    context,
    fitting,
    length,
    line,
    message,
    paragraph,
    plain,
    preformatted,
    rich,
    run,
    safe,
    section,
)
from bot.cases import Person
from bot.changes import NotTagged
from bot.errors import CaseError, Choice
from bot.tokens import is_blank, value
from bot.undo import Undo
from bot.verbs import VERBS, Verb, nearest_verb, verb_of

RUN = "run"
UNDO = "undo"
OPEN = "open_case"

# Slack refuses a message with about 13,000 characters of text in its blocks.
_MESSAGE = 11_400
_SAYS = 2_900
_VALUES = 3_000
_MOST_BUTTONS = 25


def run_button(choice: Choice, number: int) -> Part:
    """A button that does what typing `/case {choice.command}` would do; `number` tells it from the others of its message."""
    return button(choice.label, f"{RUN}:{number}", value=choice.command)


def offers(choices: Sequence[Choice]) -> list[Block]:
    """Choices as buttons; those whose command does not fit into one, or is one too many, as text."""
    buttons: list[Part] = []
    written: list[Choice] = []
    room = _VALUES
    for choice in choices:
        size = length(choice.command)
        if size <= min(room, VALUE_LIMIT) and choice.command and len(buttons) < _MOST_BUTTONS:
            room -= size
            buttons.append(run_button(choice, len(buttons)))
        else:
            written.append(choice)
    blocks = [actions(buttons)] if buttons else []
    if written:
        blocks.append(rich(bullets(*(_written(choice) for choice in written[:10]))))
    return blocks


def _written(choice: Choice) -> Part:
    return paragraph(run(line(choice.label, 75)), run(": "), run(f"/case {line(choice.command, 100)}", code=True))


def refusal(error: CaseError, *, typed: str = "", wanted: str = "") -> list[Message]:
    """What is wrong, a command that would work, the nearest ways out, and what was wanted and typed: several messages if that is
    long."""
    says = clean(error.says, _SAYS)
    blocks = [section(plain(says))]
    told = says
    if error.example:
        example = f"/case {line(error.example, 300)}"
        blocks.append(rich(paragraph(run("For example:  "), run(example, code=True))))
        told += f"\nFor example: {example}"
    blocks += offers(error.choices)
    if labels := ", ".join(line(choice.label, 75) for choice in error.choices):
        told += f"\nInstead: {labels}"
    return _with_quote(blocks, told, typed, wanted)


def unexpected(reference: str, *, typed: str = "", wanted: str = "") -> list[Message]:
    """A fault of casebot's own; `reference` finds it in the log."""
    says = f"Something went wrong inside casebot. Whoever runs it can find out what with the reference {line(reference, 60)}."
    return _with_quote([section(plain(says))], says, typed, wanted)


def unreadable(reference: str, *, typed: str = "", wanted: str = "") -> list[Message]:
    """A value that cannot be read, mostly in a button or form that an older casebot drew."""
    says = "casebot could not read what this button or form carries: an older casebot may have drawn it. Ask again with /case. "
    says += f"If it happens again, whoever runs casebot finds it in the log with the reference {line(reference, 60)}."
    return _with_quote([section(plain(says))], says, typed, wanted)


def _with_quote(blocks: list[Block], told: str, typed: str, wanted: str) -> list[Message]:
    """The message, what was wanted in a sentence, and what was typed: in it as far as it has room, the rest in messages of its
    own."""
    if wanted:
        blocks = [*blocks, section(plain(clean(wanted)))]
        told += f"\n{wanted}"
    typed = as_typed(typed)
    if is_blank(typed):
        return [message(safe(told, 4_000), blocks)]
    parts = list(_pieces(typed, _MESSAGE - _size(blocks)))
    messages = []
    for number, part in enumerate(parts, 1):
        which = f"You typed ({number} of {len(parts)}):" if len(parts) > 1 else "You typed:"
        quote = [context([plain(which)]), rich(preformatted(part))]
        before = told if number == 1 else ""
        messages.append(message(safe(f"{before}\n{which}\n{part}", 4_000), [*blocks, *quote] if number == 1 else quote))
    return messages


def _size(thing: object) -> int:
    """At least the characters that Slack counts in blocks: all their strings."""
    if isinstance(thing, str):
        return length(thing)
    inside = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ()
    return sum(_size(each) for each in inside)


def _pieces(typed: str, first: int) -> Iterator[str]:
    """What was typed in pieces that a message holds each; together they are the whole."""
    room = first
    while typed:
        end = fitting(typed, room)
        yield typed[:end]
        typed, room = typed[end:], _MESSAGE


def help_card(topic: str = "") -> Message:
    """Every verb with an example, or one verb in full."""
    verb = verb_of(topic.strip()) or verb_of(topic.strip().partition(" ")[0])
    return _help_on(verb) if verb else _overview(topic.strip())


@lru_cache(maxsize=64)
def help_answer(topic: str = "") -> str:
    """The help as the JSON that acknowledges a command: the same few cards again and again, so they are kept as written."""
    card = help_card(topic)
    return json.dumps({"text": card.text, "blocks": card.blocks})


def _overview(topic: str) -> Message:
    unknown = "" if is_blank(topic) else f"There is no “{line(topic, 60)}”. This is what there is:"
    near = nearest_verb(topic) if unknown else None
    intro = unknown or "FuseDesk cases, from Slack. Type /case and one of these, or just a case number or a customer’s email:"
    blocks = [section(plain(intro)), rich(bullets(*(_in_short(verb) for verb in VERBS)))]
    blocks.append(context([plain("Names need not be exact, and /case help transfer tells more about a verb.")]))
    blocks.append(actions(_ways_in(near)))
    told = "\n".join(f"/case {verb.example}: {verb.purpose}" for verb in VERBS)
    return message(safe(f"{intro}\n{told}", 4_000), blocks)


def _in_short(verb: Verb) -> Part:
    return paragraph(run(f"/case {verb.example}", code=True), run(f"  {verb.purpose}"))


def _ways_in(near: Verb | None) -> list[Part]:
    buttons = [button("Open a case", OPEN), run_button(Choice("My cases", "mine"), 0)]
    if near:
        buttons.insert(0, run_button(Choice(f"Help on {near.name}", f"help {near.name}"), 1))
    return buttons


def _help_on(verb: Verb) -> Message:
    lines = {"Usage": f"/case {verb.usage}", "Example": f"/case {verb.example}"}
    aliases = f"Also: {', '.join(verb.aliases)}" if verb.aliases else ""
    blocks = [section(plain(f"{verb.name}: {verb.purpose}."))]
    blocks += [rich(paragraph(run(f"{label}  ", bold=True), run(text, code=True))) for label, text in lines.items()]
    blocks += [context([plain(aliases)])] if aliases else []
    blocks.append(actions([button("Open a case", OPEN)] if verb.name == "open" else [run_button(Choice("All verbs", "help"), 0)]))
    told = "\n".join(f"{label}: {text}" for label, text in lines.items())
    return message(safe(f"{verb.name}: {verb.purpose}.\n{told}\n{aliases}".rstrip(), 4_000), blocks)


def done(text: str) -> Message:
    """A plain sentence, of however foreign words."""
    return message(safe(text), [section(plain(clean(text)))])


def asking(what: str) -> Message:
    """Told when an answer takes its time; `what` is asked for, such as "the cases"."""
    return done("Still asking FuseDesk …" if what == "FuseDesk" else f"Still asking FuseDesk for {what} …")


def undo_button(undo: Undo | None) -> Part | None:
    """None where there is nothing to take back, or more than a button holds."""
    held = undo.dump() if undo else ""
    return button("Undo", UNDO, value=held) if held else None


def acted(by: Person, did: str, undo: Undo | None = None) -> Message:
    """The line in a card's thread that says who did what: `did` continues the name ("closed it")."""
    says = f"{by.name or by.rep} {did}."
    return message(safe(says), [section(plain(clean(says)), accessory=undo_button(undo))])


def invite() -> Message:
    return done(
        "casebot is not in this channel, so only you see this. Type /invite @casebot here, and it can answer for everybody."
    )


def rep_links(links: Sequence[tuple[str, str]]) -> Message:
    """Who was said to be which rep: the person's name and the rep's."""
    if not links:
        return done("Nobody is linked to a rep by hand: email and name tell who is who.")
    intro = "Linked to a rep by hand:"
    lines = [f"{line(person, 100)} is {line(rep, 100)}" for person, rep in links]
    blocks = [section(plain(intro)), rich(bullets(*(paragraph(run(each)) for each in lines)))]
    return message(safe("\n".join([intro, *lines]), 4_000), blocks)


def noted(caseid: int, kind: str) -> Message:
    """`kind` is "call" for a logged call, and anything else for a note."""
    return _about(caseid, f"{'Logged the call on' if kind == 'call' else 'Added the note to'} case #{caseid}.")


def imported(caseid: int, added: int, known: int) -> Message:
    """`added` messages of a thread are new in the case's history, `known` were there already."""
    if not added:
        return _about(caseid, f"Nothing new: case #{caseid} has all {known} messages of this thread already.")
    before = f" The other {known} were there already." if known else ""
    return _about(caseid, f"Imported {added} {'message' if added == 1 else 'messages'} into case #{caseid}.{before}")


def thread_left_out(caseid: int) -> Message:
    """The case is open, but casebot may not read the thread that was to come along."""
    says = (
        f"Case #{caseid} is open, without the thread’s replies: casebot is not in this channel and cannot read them. "
        "Type /invite @casebot here, then choose Import thread from the message’s shortcuts."
    )
    return _about(caseid, says)


def tagged(
    caseid: int, changed: Sequence[str], refused: Sequence[NotTagged], *, adding: bool, undo: Undo | None = None
) -> Message:
    """Each tag by its result: those that changed by name, and why each other one did not."""
    did, onto = ("Tagged", "with") if adding else ("Untagged", "from")
    names = ", ".join(line(name, 60) for name in changed)
    lines = [f"{did} case #{caseid}: {names}." if adding else f"Took off case #{caseid}: {names}."] if names else []
    lines += [line(error.says, 300) for error in refused]
    told = _about(caseid, "\n".join(lines) or f"{did} nothing {onto} case #{caseid}.", undo)
    verb = "tag" if adding else "untag"
    near = [name for error in refused for name in error.names[:3]]
    return Message(told.text, told.blocks + offers([Choice(name, f"{verb} {caseid} {value(name)}") for name in near]))


def _about(caseid: int, says: str, undo: Undo | None = None) -> Message:
    """A sentence about a case, the way to it, and the way back."""
    buttons = [run_button(Choice("Show the case", f"show {caseid}"), 0), undo_button(undo)]
    return message(safe(says), [section(plain(clean(says))), actions([each for each in buttons if each])])
