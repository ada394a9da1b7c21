"""The case card: what a case is about, how it stands, who has it, and the buttons for what people do with it.

Quiet on purpose: a title, four facts, the start of the details, one grey line, one row of buttons. The title, the details and
the tags are rich text, in which Slack parses nothing; only names stand in mrkdwn, made safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.cards.age import age_line, age_words
from bot.cards.message import Block, Message
from bot.cards.text import (
    FIELD_LIMIT,
    Part,
    actions,
    button,
    clean,
    context,
    date,
    header,
    line,
    message,
    moment_words,
    mrkdwn,
    option,
    overflow,
    paragraph,
    plain,
    quoted,
    rich,
    run,
    safe,
    section,
    unix,
    web_address,
)
from bot.cards.words import undo_button
from bot.cases import NamedCase
from bot.fusedesk.models import HistoryItem, Status
from bot.tokens import is_blank
from bot.undo import Undo

TRANSFER = "case_transfer"
TAKE = "case_take"
NOTE = "case_note"
ADD = "case_add"
TAGS = "case_tags"
CLOSE = "case_close"
REOPEN = "case_reopen"
SHARE = "case_share"
FUSEDESK = "case_fusedesk"
MORE = "case_more"

NOBODY = "nobody yet"
NO_SUMMARY = "without a summary"

Surface = Literal["private", "channel", "modal", "reader"]

_SUMMARY = 250
_NAME = 120
_DETAILS = 600
_DETAIL_LINES = 8
_TAGS = 300
_HISTORY = 10
_HISTORY_TEXT = 500
_HISTORY_LINES = 8
_WORDS = {
    Status.NEW: ("🔵", "New", "waiting on us"),
    Status.OPEN: ("🟡", "Open", "waiting on the customer"),
    Status.CLOSED: ("⚪", "Closed", ""),
}
_KINDS = {"note": "Note", "call": "Call", "email": "Email"}


class Seen(BaseModel):
    """What a button carries: the case, and the state in which the card showed it. `at` is unix seconds."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    caseid: int = Field(alias="c")
    departmentid: int | None = Field(None, alias="d")
    repid: int | None = Field(None, alias="r")
    status: Status | None = Field(None, alias="s")
    contactid: int | None = Field(None, alias="k")
    at: int = Field(0, alias="t")

    def dump(self) -> str:
        """Compact JSON, at most 200 characters."""
        return self.model_dump_json(by_alias=True, exclude_none=True)

    @classmethod
    def load(cls, value: str) -> Self:
        """Raises ValueError for anything that `dump` did not write."""
        return cls.model_validate_json(value)


def status_words(status: Status, *, full: bool = True) -> str:
    """`🔵 New · waiting on us`, or `🔵 New` where there is little room."""
    dot, name, waits = _WORDS[status]
    return f"{dot} {name} · {waits}" if full and waits else f"{dot} {name}"


def summary_of(named: NamedCase, limit: int = _SUMMARY) -> str:
    """The summary as one line of plain text; never blank."""
    summary = line(named.case.summary, limit)
    return NO_SUMMARY if is_blank(summary) else summary


def name_of(name: str, nothing: str, limit: int = _NAME) -> str:
    """A name as one line of plain text, or `nothing` for none."""
    name = line(name, limit)
    return nothing if is_blank(name) else name


def case_card(
    named: NamedCase,
    *,
    surface: Surface,
    viewer_repid: int | None = None,
    now: datetime,
    headline: str = "",
    undo: Undo | None = None,
    add: str = "",
) -> Message:
    """A case as one person sees it (`private`), as everybody in a channel does, in a modal, or as somebody who may only read it.

    `headline` is a plain line above it, with the way back from the change that it tells of, or the way to add to the case the
    message that it tells of (`add` is what that button carries, "" for none); `now` is the moment for which the
    card is true, unless the case itself bears an older one: its buttons then say so, and whoever changed it since was faster.
    """
    blocks: list[Block] = []
    if not is_blank(headline):
        blocks.append(_headline(line(headline, 300), undo_button(undo) or _add_button(add)))
    blocks += [*age_line(named), _title(named), section(fields=_facts(named))]
    blocks += _details(named)
    blocks.append(context(_footer(named)))
    if surface != "reader":
        blocks.append(actions(_buttons(named, surface, viewer_repid, seen_of(named, named.as_of or now).dump())))
    return message(_in_words(named, headline), blocks)


def _headline(text: str, way: Part | None) -> Block:
    return section(plain(text, 300), accessory=way) if way else context([plain(text, 300)])


def _add_button(add: str) -> Part | None:
    return button("Add to that case", ADD, value=add) if add else None


def _title(named: NamedCase) -> Block:
    return rich(paragraph(run(f"{named.label}  {summary_of(named)}", bold=True)))


def _facts(named: NamedCase) -> list[Part]:
    facts = {
        "Status": status_words(named.case.status),
        "Department": safe(name_of(named.department, "none"), 500),
        "Rep": safe(name_of(named.rep, NOBODY), 500),
        "Contact": safe(_contact(named), 500),
    }
    return [mrkdwn(f"*{label}*\n{fact}", FIELD_LIMIT) for label, fact in facts.items()]


def _contact(named: NamedCase) -> str:
    """Who opened it, and the contact in the CRM: FuseDesk knows the first as text only, the second as a number only."""
    case = named.case
    number = f"contact {case.contactid}" if case.contactid is not None else "linked contact" if case.contact_uuid else ""
    opener = name_of(case.openedby, "")
    return f"{opener} ({number})" if opener and number else opener or number.capitalize() or "unknown"


def _details(named: NamedCase) -> list[Block]:
    details = _start(named.case.details, _DETAILS, _DETAIL_LINES)
    return [] if is_blank(details) else [rich(quoted(run(details)))]


def _start(text: str, limit: int, most_lines: int) -> str:
    """The beginning of a long text: so many units, so many lines that are not blank."""
    text = clean(text, limit)
    lines = [each for each in text.split("\n") if each.strip()]
    return "\n".join(lines) if len(lines) <= most_lines else "\n".join(lines[:most_lines]) + "\n…"


def _footer(named: NamedCase) -> list[Part]:
    case = named.case
    moments = _moments(named)
    said = [safe(line(case.casenum, 40))] if not is_blank(case.casenum) else []
    said += [f"{did} {date(when)}" for did, when in moments if when]
    footer = [mrkdwn(" · ".join(said))] if said else []
    tags = _tag_line(named.tags)
    if tags:
        footer.append(plain(f"🏷 {tags}"))
    return footer or [plain(f"Case {named.label}")]


def _moments(named: NamedCase) -> list[tuple[str, datetime | None]]:
    case = named.case
    closed = case.date_closed if case.status is Status.CLOSED else None
    return [("Opened", case.date_opened), ("Updated", case.date_updated), ("Closed", closed)]


def _tag_line(tags: Sequence[str]) -> str:
    """As many tags as fit into a line, and how many more there are."""
    shown: list[str] = []
    room = _TAGS
    for tag in tags:
        name = line(tag, 60)
        room -= len(name) + 2
        if room < 0:
            break
        if not is_blank(name):
            shown.append(name)
    more = len(tags) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 and shown else "")


def seen_of(named: NamedCase, now: datetime) -> Seen:
    """The state in which a card (or form) drawn at the moment `now` shows the case."""
    case = named.case
    return Seen(
        caseid=case.caseid,
        departmentid=case.departmentid,
        repid=case.repid,
        status=case.status,
        contactid=case.contactid,
        at=int(unix(now)),
    )


def _buttons(named: NamedCase, surface: Surface, viewer_repid: int | None, seen: str) -> list[Part]:
    """A closed case is reopened before anybody takes it."""
    case = named.case
    closed = case.status is Status.CLOSED
    is_mine = surface == "private" and viewer_repid is not None and viewer_repid == case.repid
    buttons = []
    if closed:
        buttons.append(button("Reopen", REOPEN, value=seen))
    elif not is_mine:
        buttons.append(button("Take it", TAKE, value=seen, style="primary"))
    buttons.append(button("Transfer", TRANSFER, value=seen))
    buttons += [button("Add note", NOTE, value=seen), button("Tags", TAGS, value=seen)]
    if not closed:
        buttons.append(button("Close", CLOSE, value=seen))
    if surface == "private":
        buttons.append(button("Share", SHARE, value=seen, label="Share this case with the channel"))
    buttons += _open_in_fusedesk(named)
    return [*buttons, _more(case.caseid)]


def _open_in_fusedesk(named: NamedCase) -> list[Part]:
    return [button("Open in FuseDesk", FUSEDESK, url=named.url)] if web_address(named.url) else []


def _more(caseid: int) -> Part:
    choices = {"link": "Link to a contact", "history": "Show history", "refresh": "Refresh"}
    return overflow(MORE, [option(words, f"{what}|{caseid}") for what, words in choices.items()])


def _in_words(named: NamedCase, headline: str) -> str:
    """The card for notifications and screen readers."""
    case = named.case
    above = line(headline, 300)
    who = f"Department: {name_of(named.department, 'none')}. Rep: {name_of(named.rep, NOBODY)}. Contact: {_contact(named)}."
    moments = [f"{word} {moment_words(when)}." for word, when in _moments(named) if when]
    tags = _tag_line(named.tags)
    said = [
        "" if is_blank(above) else above,
        age_words(named),
        f"Case {named.label}: {summary_of(named)}",
        f"{status_words(case.status)}. {who}",
        " ".join(moments),
        f"Tags: {tags}." if tags else "",
        _start(case.details, _DETAILS, _DETAIL_LINES),
    ]
    return safe("\n".join(part for part in said if part), 4000)


def history_card(named: NamedCase, now: datetime) -> Message:
    """The last ten entries of a case's history, the newest first; `now` is the moment for which it is true."""
    newest = _newest(named.case.history)
    title = f"History of case {named.label}"
    blocks = [header(title), *age_line(named)]
    if not newest:
        blocks.append(section(plain("FuseDesk shows no history for this case.")))
    for item in newest:
        blocks += _entry(item)
    count = len(named.case.history)
    shown = f"The last {len(newest)} of {count} entries · " if count > len(newest) else ""
    blocks.append(context([mrkdwn(f"{shown}as of {date(named.as_of or now)}")]))
    blocks += [actions(link)] if (link := _open_in_fusedesk(named)) else []
    told = "\n".join(_entry_words(item) for item in newest) or "FuseDesk shows no history for this case."
    aged = f"{age_words(named)}\n" if named.as_of else ""
    return message(safe(f"{aged}{title}: {summary_of(named)}\n{told}", 4000), blocks)


def _newest(history: Sequence[HistoryItem]) -> list[HistoryItem]:
    """The last ten by date; entries without one count as older than those with one, in FuseDesk's order."""
    dated = sorted((item for item in history if item.date_added), key=_added, reverse=True)
    return [*dated, *(item for item in history if not item.date_added)][:_HISTORY]


def _added(item: HistoryItem) -> float:
    return unix(item.date_added) if item.date_added else 0.0


def _entry_title(item: HistoryItem) -> str:
    kind = _KINDS.get(item.type.lower(), "Entry")
    title = line(item.title, 150)
    return kind if is_blank(title) else f"{kind} · {title}"


def _entry(item: HistoryItem) -> list[Block]:
    paragraphs = [paragraph(run(_entry_title(item), bold=True))]
    text = _start(item.note, _HISTORY_TEXT, _HISTORY_LINES)
    if not is_blank(text):
        paragraphs.append(quoted(run(text)))
    added = [context([mrkdwn(date(item.date_added))])] if item.date_added else []
    return [rich(*paragraphs), *added]


def _entry_words(item: HistoryItem) -> str:
    when = f"{moment_words(item.date_added)}, " if item.date_added else ""
    return f"{when}{_entry_title(item)}: {line(item.note, 150)}"
