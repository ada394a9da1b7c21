"""Days and spans of days as people type them, and how they are written again.

A span's bounds are exclusive, as FuseDesk's are taken to be: `>=2026-01-01` is everything after the day before it.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.fusedesk.models import DateFilter
from bot.values import Unreadable, nearest, shown

FORMS = "2026-01-31, today, yesterday, 7d, 2w, >2026-01-01, <2026-02-01 or 2026-01-01..2026-01-31"
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO = re.compile(r"([0-9]{1,4})([dw])")
_DAY = timedelta(days=1)


def day(text: str, today: date) -> date:
    """`2026-01-31`, `today`, `yesterday`, `7d` (seven days ago) or `2w`; raises Unreadable."""
    word = text.strip().lower()
    ago = _AGO.fullmatch(word)
    try:
        if word in ("today", "yesterday"):
            return today if word == "today" else today - _DAY
        if ago:
            return today - int(ago[1]) * _DAY * (7 if ago[2] == "w" else 1)
        if _ISO.fullmatch(word):
            return date.fromisoformat(word)
    except (ValueError, OverflowError) as fault:
        raise Unreadable(f"{shown(text)} is no day of the calendar.") from fault
    raise Unreadable(f"{shown(text)} is not a date such as 2026-01-31.", nearest(word, ("today", "yesterday")))


def span(text: str, today: date) -> DateFilter:
    """One day, since a day (`7d`), before or after a day (`>` `<` `>=` `<=`), or from..to with both days; raises Unreadable."""
    word = text.strip().lower().replace("…", "..").replace("≥", ">=").replace("≤", "<=")
    try:
        if _AGO.fullmatch(word):
            return DateFilter(after=day(word, today) - _DAY)
        if ".." in word:
            return _between(*(part.strip(". ") for part in word.split("..", 1)), today=today)
        if word[:1] in ("<", ">"):
            return _beyond(word[0], word[1:], today)
        return DateFilter(on=day(word, today))
    except OverflowError as fault:
        raise Unreadable(f"{shown(text)} leads past the end of the calendar.") from fault
    except Unreadable as fault:
        near = fault.nearest if word.isalpha() or ".." in fault.nearest else ""
        raise Unreadable(f"{fault} A date can be {FORMS}.", near) from fault


def _beyond(sign: str, rest: str, today: date) -> DateFilter:
    bound = day(rest.removeprefix("="), today)
    inclusive = rest.startswith("=")
    if sign == ">":
        after = bound - _DAY if inclusive else bound
        return DateFilter(after=after + _DAY - _DAY)
    before = bound + _DAY if inclusive else bound
    return DateFilter(before=before - _DAY + _DAY)


def _between(first: str, last: str, *, today: date) -> DateFilter:
    if not first and not last:
        raise Unreadable('".." has no day on either side.')
    start = day(first, today) if first else None
    end = day(last, today) if last else None
    if start and end and start > end:
        raise Unreadable(f"{start} is later than {end}.", f"{end}..{start}")
    return DateFilter(after=start and start - _DAY, before=end and end + _DAY)


def written(span: DateFilter) -> str:
    """The span as a person would type it, without a character that Slack escapes."""
    if span.on:
        return span.on.isoformat()
    first = (span.after + _DAY).isoformat() if span.after else ""
    last = (span.before - _DAY).isoformat() if span.before else ""
    return f"{first}..{last}"
