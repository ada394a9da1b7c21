"""The verbs of the /case language: what the help shows, what completion offers, and which verb was probably meant."""

from __future__ import annotations

from typing import NamedTuple

from bot.values import nearest


class Verb(NamedTuple):
    """`usage` is a pattern (optional parts in brackets), `example` a command that works; both without `/case`."""

    name: str
    purpose: str
    usage: str
    example: str
    aliases: tuple[str, ...] = ()


OPEN = Verb(
    "open",
    "Open a case; a form asks for what is missing, and further lines become the details",
    "open [summary] [dept:name] [rep:name] [from:email or name] [tag:name,name] [contact:number] [company:number] [status:new]",
    "open Printer on fire dept:support from:jane@example.com tag:vip,hardware",
    ("new", "create"),
)
FIND = Verb(
    "find",
    "Find cases by email, by words of the summary, or by anything else that FuseDesk knows of them",
    "find [email] [words] [status:active] [dept:name] [rep:name] [tag:name] [contact:number] [company:number] "
    "[opened:>2026-01-01] [assigned:7d] [responded:yesterday] [updated:2026-01-01..2026-02-01] [closed:today] "
    "[sort:opened] [limit:20]",
    "find jane@example.com status:active opened:>2026-01-01 sort:opened",
    ("search",),
)
VERBS = (
    OPEN,
    FIND,
    Verb("show", "Show a case; its number or its FuseDesk link alone does the same", "show 1234", "show 1234", ("view",)),
    Verb("mine", "List the cases of the rep that you are", "mine [active, new, open, closed or all]", "mine new", ("my",)),
    Verb(
        "note",
        "Add a note to a case; with more lines, the first one is the title",
        "note 1234 text",
        "note 1234 Called back, all is well",
    ),
    Verb(
        "call",
        "Log a call on a case; with more lines, the first one is the title",
        "call 1234 text",
        "call 1234 Left a message on the voicemail",
    ),
    Verb("tag", "Put tags on a case", "tag 1234 name, name", "tag 1234 vip, hardware"),
    Verb("untag", "Take tags off a case", "untag 1234 name, name", "untag 1234 vip"),
    Verb(
        "transfer",
        "Transfer a case to a department, to a rep, or to a rep of a department",
        "transfer 1234 to department, rep, department/rep or me",
        "transfer 1234 to billing/jane",
        ("assign",),
    ),
    Verb("link", "Link a case to a contact", "link 1234 contact number or UUID", "link 1234 77"),
    Verb("close", "Close a case", "close 1234", "close 1234"),
    Verb("reopen", "Open a closed case again", "reopen 1234", "reopen 1234"),
    Verb(
        "rep",
        "For admins: say who in Slack is which rep of FuseDesk, or list what was said",
        "rep [@person rep's name, or nobody]",
        "rep",
    ),
    Verb("pending", "List what you asked for and is not done yet, and cancel it", "pending", "pending", ("waiting",)),
    Verb("refresh", "Reload the names of departments, reps and tags", "refresh", "refresh", ("reload",)),
    Verb("help", "Show what casebot can do, or one verb in full", "help [verb]", "help transfer", ("?",)),
)
_SPELLED = {spelling: verb for verb in VERBS for spelling in (verb.name, *verb.aliases)}


def verb_of(word: str) -> Verb | None:
    """The verb of that name or alias, whatever its case."""
    return _SPELLED.get(word.lower())


def nearest_verb(word: str) -> Verb | None:
    """The verb that a mistyped word probably means; None when none is near."""
    near = nearest(word.lower(), _SPELLED, shortest=3) if len(word) <= 20 else ""
    return _SPELLED[near] if near else None
