"""Lists of cases: ten rows, a heading that says how many and of what, and the way to the next ten.

A row is plain text throughout; only its dot and its date are ours.
"""

from __future__ import annotations

import json

from bot.cards.age import age_line, age_words
from bot.cards.case import NOBODY, name_of, status_words, summary_of
from bot.cards.message import Block, Message
from bot.cards.text import (
    VALUE_LIMIT,
    Part,
    actions,
    button,
    clean,
    context,
    date,
    divider,
    header,
    length,
    line,
    message,
    moment_words,
    mrkdwn,
    plain,
    safe,
    section,
)
from bot.cards.words import offers
from bot.cases import CasePage, NamedCase
from bot.shapes import Malformed
from bot.tokens import is_blank

SHOW = "list_show"
PAGE = "list_page"

ROWS = 10

_SUMMARY = 150
_NAME = 60


def case_list(page: CasePage) -> Message:
    """A page of cases; without any, what was searched and how to find more."""
    if not page.cases:
        return _nothing(page)
    title = _title(page)
    about = f"{counted(page)}{_searched(page, ' · ')}"
    blocks = [header(title), context([plain(about)]), *age_line(page)]
    blocks += rows(page.cases)
    blocks += _remark(page) + _turning(page)
    lines = [*filter(None, [age_words(page)]), f"{title}: {about}", *(row_words(named) for named in page.cases[:ROWS])]
    return message(safe("\n".join(lines), 4_000), blocks)


def rows(cases: tuple[NamedCase, ...]) -> list[Block]:
    """Two blocks for each of the first ten cases: what it is about with its *Show* button, and how it stands."""
    return [block for named in cases[:ROWS] for block in _row(named)]


def _row(named: NamedCase) -> list[Block]:
    case = named.case
    show = button("Show", SHOW, value=str(case.caseid), label=f"Show case {named.label}")
    about = section(plain(f"{named.label}  {summary_of(named, _SUMMARY)}"), accessory=show)
    stands: list[Part] = [plain(f"{status_words(case.status, full=False)} · {holder(named)}")]
    if case.date_updated:
        stands.append(mrkdwn(f"updated {date(case.date_updated)}"))
    return [about, context(stands)]


def holder(named: NamedCase) -> str:
    """`Support / Jane Doe`, or `Support / nobody yet`."""
    return f"{name_of(named.department, 'no department', _NAME)} / {name_of(named.rep, NOBODY, _NAME)}"


def row_words(named: NamedCase) -> str:
    """A row for notifications and screen readers."""
    updated = f", updated {moment_words(named.case.date_updated)}" if named.case.date_updated else ""
    stands = f"{status_words(named.case.status, full=False)}, {holder(named)}{updated}"
    return f"{named.label} {summary_of(named, _SUMMARY)} ({stands})"


def counted(page: CasePage) -> str:
    """`1 case`, `7 cases`, `1–10 of 37`, `11–20 of 150+`; `+` where FuseDesk may hold more than are known."""
    shown = min(len(page.cases), ROWS)
    known = max(page.total, page.offset + shown)
    total = f"{known:,}{'+' if page.more else ''}"
    if page.offset == 0 and shown == known:
        return f"{total} {'case' if total == '1' else 'cases'}"
    first, last = page.offset + 1, page.offset + shown
    return f"{first:,}–{last:,} of {total}" if last > first else f"{first:,} of {total}"


def _title(page: CasePage) -> str:
    title = line(page.title)
    return "Cases" if is_blank(title) else title


def _searched(page: CasePage, before: str = "") -> str:
    """The filters in plain words, as far as a line holds them."""
    filters = " · ".join(line(each, 200) for each in page.filters if not is_blank(each))
    return before + line(filters, 1_000) if filters else ""


def _remark(page: CasePage) -> list[Block]:
    remark = line(page.remark, 500)
    return [] if is_blank(remark) else [context([plain(remark)])]


def _turning(page: CasePage) -> list[Block]:
    """Previous and Next where they lead somewhere. A search too long for a button says so instead."""
    steps = []
    if page.offset > 0:
        steps.append(("Previous", "prev", max(page.offset - ROWS, 0)))
    if page.cases and (page.more or page.total > page.offset + ROWS):
        steps.append(("Next", "next", page.offset + ROWS))
    values = [(label, which, _at(page.query, offset)) for label, which, offset in steps]
    if any(length(value) > VALUE_LIMIT for _, _, value in values):
        return [context([plain("This search is too long to turn its pages. Search with fewer words to see more.")])]
    buttons = [button(label, f"{PAGE}:{which}", value=value) for label, which, value in values]
    return [divider(), actions(buttons)] if buttons else []


def _at(query: str, offset: int) -> str:
    return json.dumps({"q": query, "o": offset}, ensure_ascii=False, separators=(",", ":"))


def turn_of(value: str) -> tuple[str, int]:
    """The search that a button of a list repeats, and from which case on. Raises Malformed for anything that no list drew."""
    match json.loads(value):
        case {"q": str(query), "o": int(offset)} if offset >= 0:
            return query, offset
    raise Malformed("turn")


def _nothing(page: CasePage) -> Message:
    """Past the end there is only the way back."""
    says = "There are no further cases." if page.offset else "No case was found."
    searched = _searched(page)
    what = f"{_title(page)}: {searched}" if searched else _title(page)
    blocks = [*age_line(page), section(plain(says)), context([plain(f"Searched: {what}")]), *_remark(page)]
    told = f"{age_words(page)} {says} Searched: {what}".lstrip()
    if page.offset:
        return message(safe(told, 4_000), blocks + _turning(page))
    if page.wider:
        blocks += [context([plain("Search wider:")]), *offers(page.wider)]
        told += f"\nSearch wider: {', '.join(line(choice.label, 75) for choice in page.wider)}"
    return message(safe(clean(told, 4_000), 4_000), blocks)
