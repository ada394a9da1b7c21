"""The /case language: what a person typed after /case, read as a typed operation or refused with a way out.

    parse(text)   command -> operation, or Misunderstood
    render(op)    operation -> command; parse(render(op)) == op
    named(op, …)  the operation with a mistyped name replaced

Names stay names here (`bot.directory` knows who they are). Keys are read by `bot.lines`, Slack's escapes and quotes by
`bot.tokens`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from bot import keys, verbs
from bot.errors import Choice, Misunderstood
from bot.lines import Item, Line, fields_of, items_of, key_of, text_of
from bot.operations import (
    Call,
    CaseRef,
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
    who,
)
from bot.rendering import named, render
from bot.tokens import (
    MENTION,
    as_name,
    as_text,
    case_ref,
    clean,
    first,
    is_blank,
    is_quoted,
    listed,
    unquoted,
    words,
    written_case,
)
from bot.values import Unreadable, number, one_of, shown, uuid
from bot.verbs import VERBS, Verb, nearest_verb, verb_of

__all__ = ["VERBS", "Verb", "named", "parse", "render"]

LONGEST_SEARCH = 1500
LONGEST_TITLE = 250
_LONGEST_TYPED_SEARCH = 6000
_SELF = re.compile(r"/case(?:\s+|\Z)")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command on its way: `raw` is the whole, `rest` what follows the verb (its line break included)."""

    verb: Verb
    raw: str
    rest: str
    today: date

    def wrong(self, says: str, *choices: Choice, field: str = "") -> Misunderstood:
        return Misunderstood(says, example=self.verb.example, choices=choices, field=field, verb=self.verb.name)


def parse(text: str, *, today: date) -> Operation:
    """The operation that was typed; raises Misunderstood. `today` is the person's day, for `yesterday` and the like."""
    raw = _SELF.sub("", clean(text), count=1) if text.lstrip().startswith("/case") else clean(text)
    try:
        return _read(raw, today)
    except Misunderstood as wrong:
        wrong.choices = tuple(choice for choice in wrong.choices if _reads(choice.command, today))
        raise


def _reads(command: str, today: date) -> bool:
    """Only ways out that lead somewhere are offered."""
    try:
        _read(clean(command), today)
    except Misunderstood:
        return False
    return True


def _read(raw: str, today: date) -> Operation:
    word, rest = first(raw)
    if not word:
        return Help()
    verb = verb_of(word.rstrip(":"))
    if verb:
        return _READ[verb.name](Typed(verb, raw, rest, today))
    if word.lower() == "case" and rest and len(words(rest)) == 1:
        word, rest = rest, ""
    ref = case_ref(word)
    if ref and not rest:
        return Show(case=ref)
    typed = Typed(verbs.OPEN, raw, rest, today)
    name = as_name(word)
    if key_of(word).key.lower() in keys.FIND or ("@" in name[1:] and not (rest and MENTION.fullmatch(name))):
        return _find(replace(typed, verb=verbs.FIND, rest=raw))
    raise _case_first(typed, ref) if ref else _no_verb(typed, word)


def _case_first(typed: Typed, ref: CaseRef) -> Misunderstood:
    """The verb may stand behind the case."""
    case = written_case(ref)
    word, rest = first(typed.rest)
    verb = verb_of(word)
    says = f"I read case {ref}, but a command starts with what to do with it."
    swapped = [Choice(f"{verb.name} {ref}", f"{verb.name} {case} {rest}".strip())] if verb else []
    note = Choice(f"Add a note to {ref}", f"note {case} {typed.rest}")
    typed = replace(typed, verb=verb) if verb else typed
    return typed.wrong(says, *swapped, Choice(f"Show {ref}", f"show {case}"), note, _opening(typed.raw))


def _no_verb(typed: Typed, word: str) -> Misunderstood:
    near = nearest_verb(word.rstrip(":"))
    if near is None:
        says = f"I cannot tell what to do: a command starts with a verb, and {shown(as_text(word))} is none."
        return typed.wrong(says, *_otherwise(typed.raw))
    says = f"There is no verb {shown(as_text(word))}. Did you mean {near.name}?"
    mended = Choice(as_text(f"{near.name} {typed.rest}")[:70].strip(), f"{near.name} {typed.rest}".strip())
    choices = [mended, Choice(f"How {near.name} works", f"help {near.name}")]
    if not case_ref(first(typed.rest)[0]):
        choices += _otherwise(typed.raw)
    return replace(typed, verb=near).wrong(says, *choices)


def _opening(raw: str) -> Choice:
    head, _, tail = as_text(raw).partition("\n")
    return Choice(f"Open a case: {' '.join(head.split())}"[:70], render(Open(summary=head, details=tail)))


def _otherwise(raw: str) -> list[Choice]:
    """What can be done with a text that is no command."""
    text = " ".join(as_text(raw).split())
    return [_opening(raw), Choice(f"Find cases: {text}"[:70], render(Find(words=text)))]


def _case(typed: Typed) -> tuple[CaseRef, str]:
    """The case that the verb is about, and what follows it."""
    word, rest = first(typed.rest)
    if word.lower() == "case" and case_ref(first(rest)[0]):
        word, rest = first(rest)
    if not word:
        says = f"Which case? After {typed.verb.name} comes its number, such as 1234 or ABCD1234, or its FuseDesk link."
        raise typed.wrong(says, field="case")
    ref = case_ref(word)
    if ref is None:
        says = f"I read {typed.verb.name}, but {shown(as_text(word))} is no case number; one looks like 1234 or ABCD1234."
        raise typed.wrong(says, *_otherwise(typed.raw), field="case")
    return ref, rest


def _case_alone(typed: Typed) -> CaseRef:
    ref, rest = _case(typed)
    if rest.strip():
        command = f"{typed.verb.name} {written_case(ref)}"
        says = f"I read {typed.verb.name} {ref}, but do not know what to do with {shown(as_text(rest))}."
        note = Choice(f"Add a note to {ref}", f"note {written_case(ref)} {rest}")
        raise typed.wrong(says, Choice(f"{typed.verb.name} {ref}", command), note)
    return ref


def _entry(typed: Typed) -> tuple[CaseRef, str, str]:
    """The case, the title ("" where the text makes its own) and the text."""
    ref, rest = _case(typed)
    text = as_text(rest).strip()
    if is_blank(text):
        raise typed.wrong(f"I read {typed.verb.name} {ref}; the text is missing.", field="note")
    title, _, more = text.partition("\n")
    return (ref, title, more) if more.strip() and len(title) <= LONGEST_TITLE else (ref, "", text)


def _note(typed: Typed) -> Note:
    ref, title, text = _entry(typed)
    return Note(case=ref, title=title, text=text)


def _call(typed: Typed) -> Call:
    ref, title, text = _entry(typed)
    return Call(case=ref, title=title, text=text)


def _tags(typed: Typed) -> tuple[CaseRef, tuple[str, ...]]:
    ref, rest = _case(typed)
    names = listed(rest)
    if not names:
        raise typed.wrong(f"I read {typed.verb.name} {ref}; which tags? Several are separated by commas.", field="tags")
    return ref, names


def _tag(typed: Typed) -> Tag:
    ref, names = _tags(typed)
    return Tag(case=ref, tags=names)


def _untag(typed: Typed) -> Untag:
    ref, names = _tags(typed)
    return Untag(case=ref, tags=names)


def _transfer(typed: Typed) -> Transfer:
    ref, rest = _case(typed)
    word, more = first(rest)
    target = who(as_name((more if word.lower() == "to" else rest).strip()))
    if not target:
        raise typed.wrong(f"I read {typed.verb.name} {ref}; to which department or rep?", field="department")
    return Transfer(case=ref, to=target)


def _link(typed: Typed) -> Link:
    ref, rest = _case(typed)
    names = [as_name(word) for word in words(rest) if word.lower() not in ("to", "contact")]
    if not names:
        raise typed.wrong(f"I read link {ref}; the contact's number or UUID is missing.", field="contact")
    name = names[0] if len(names) == 1 else " ".join(names)
    if uuid(name):
        return Link(case=ref, contact_uuid=uuid(name))
    try:
        return Link(case=ref, contactid=number(name))
    except Unreadable as fault:
        says = f"I read link {ref}, but {shown(name)} is no contact: it takes the contact's number or UUID of the CRM."
        raise typed.wrong(says, Choice(f"Find cases of {name}"[:70], f"find {rest.strip()}"), field="contact") from fault


def _mine(typed: Typed) -> Mine:
    status = as_name(typed.rest).lower().removeprefix("status:").strip()
    try:
        return Mine.model_validate({"status": one_of(keys.STATUS, status) if status else ""})
    except Unreadable as fault:
        near = [Choice(f"mine {fault.nearest}", f"mine {fault.nearest}")] if fault.nearest else []
        raise typed.wrong(f"I read mine, but {fault}", *near, Choice("My cases", "mine")) from fault


def _rep(typed: Typed) -> RepLink:
    word, rest = first(typed.rest)
    if not word:
        return RepLink()
    mention, name = MENTION.fullmatch(word), who(as_name(rest.removeprefix("is ").strip()))
    if not mention:
        says = f"I read rep, but {shown(as_text(word))} is nobody in Slack: mention the person with an @."
        raise typed.wrong(says, Choice("Who is which rep", "rep"), field="rep")
    if not name:
        says = f"I read rep {as_text(word)}; which rep of FuseDesk is that? “nobody” takes a link away."
        raise typed.wrong(says, Choice("Who is which rep", "rep"), field="rep")
    return RepLink(person=f"<@{mention[1]}>", rep=name)


def _refresh(typed: Typed) -> Refresh:
    _alone(typed, Choice("Reload the names", "refresh"))
    return Refresh()


def _pending(typed: Typed) -> Pending:
    _alone(typed, Choice("What waits", "pending"))
    return Pending()


def _alone(typed: Typed, instead: Choice) -> None:
    if typed.rest.strip():
        says = f"I read {instead.command}, which stands alone, but do not know what to do with {shown(as_text(typed.rest))}."
        raise typed.wrong(says, instead)


def _open(typed: Typed) -> Open:
    head, newline, details = typed.rest.partition("\n")
    line = Line("open", keys.OPEN, typed.verb.example, strict=False, tail=newline + details)
    items = items_of(head, line)
    ref = case_ref(items[0].raw) if len(items) == 1 and not items[0].key and not is_quoted(items[0].raw) else None
    if ref and not details.strip() and (items[0].raw[0] in "#<" or items[0].raw.upper() == items[0].raw):
        shown_case, case = str(ref), written_case(ref)
        says = f"open makes a new case, and {shown_case} looks like one that exists. What did you mean?"
        ways = (Choice(f"Show {shown_case}", f"show {case}"), Choice(f"Reopen {shown_case}", f"reopen {case}"))
        raise typed.wrong(says, *ways, _opening(head))
    summary = text_of(items)
    return Open(summary="" if is_blank(summary) else summary, details=as_text(details), **fields_of(items, line, typed.today))


def _find(typed: Typed) -> Operation:
    too_long = Misunderstood(
        f"That search is too long: at most {LONGEST_SEARCH:,} characters. A few words of the summary are enough.",
        example=verbs.FIND.example,
    )
    if len(typed.rest) > _LONGEST_TYPED_SEARCH:
        raise too_long
    line = Line("find", keys.FIND, verbs.FIND.example, strict=True)
    items = [_bare(item) for item in items_of(typed.rest, line)]
    if len(items) == 1 and not items[0].key and not is_quoted(items[0].raw):
        ref = case_ref(items[0].raw)
        if ref:
            return Show(case=ref)
    found = Find(
        words=" ".join(as_text(unquoted(item.raw)) for item in items if not item.key), **fields_of(items, line, typed.today)
    )
    if not found.words and not any(item.key for item in items):
        says = (
            "What shall I find? An email, words of the summary, or keys such as "
            + ", ".join(f"{key}:" for key in keys.FIND)
            + "."
        )
        raise typed.wrong(says, Choice("My cases", "mine"), Choice("All open cases", "find status:active"))
    if len(render(found).encode("utf-16-le")) > 2 * LONGEST_SEARCH:
        raise too_long
    return found


def _bare(item: Item) -> Item:
    """In a search an email and a mention need no key."""
    if item.key or is_quoted(item.raw):
        return item
    if MENTION.fullmatch(item.raw):
        return Item("rep", item.raw)
    name = as_name(item.raw)
    return Item("email", item.raw.rstrip(",;")) if "@" in name[1:] and not name.startswith(("@", "<")) else item


_READ: dict[str, Callable[[Typed], Operation]] = {
    "help": lambda typed: Help(topic=as_text(typed.rest)),
    "open": _open,
    "find": _find,
    "show": lambda typed: Show(case=_case_alone(typed)),
    "mine": _mine,
    "note": _note,
    "call": _call,
    "tag": _tag,
    "untag": _untag,
    "transfer": _transfer,
    "link": _link,
    "close": lambda typed: Close(case=_case_alone(typed)),
    "reopen": lambda typed: Reopen(case=_case_alone(typed)),
    "rep": _rep,
    "pending": _pending,
    "refresh": _refresh,
}
