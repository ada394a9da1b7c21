"""What people search, as FuseDesk takes it, and its answers ten at a time.

FuseDesk tells no count, so a search asks for as many cases as one call gives and pages through them in memory for a minute:
Next and Previous cost nothing, and the heading can say how many there are.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from cachetools import TTLCache

from bot.cases import CasePage, NamedCase
from bot.errors import Choice
from bot.fusedesk.models import Case, CaseSearch, DateFilter
from bot.language import render
from bot.operations import Find

PAGE = 10
_CHUNK = 150
_WORDS_CHUNK = 500

Names = Callable[[Case], NamedCase]


class Searches:
    """`search` is the client's. Answers are forgotten after `ttl` seconds and on every write (`forget`)."""

    def __init__(
        self,
        search: Callable[[CaseSearch], Awaitable[list[Case]]],
        *,
        ttl: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._search = search
        self._known: TTLCache[str, list[Case]] = TTLCache(maxsize=200, ttl=ttl, timer=clock)

    def forget(self) -> None:
        self._known.clear()

    async def chunk(self, search: CaseSearch, *, fresh: bool) -> list[Case]:
        """One call's worth of cases; from memory unless `fresh`."""
        key = search.model_dump_json()
        known = None if fresh else self._known.get(key)
        if known is None:
            known = self._known[key] = await self._search(search)
        return known

    async def page(
        self, search: CaseSearch, find: Find, offset: int, named: Names, *, query: str = "", title: str = ""
    ) -> CasePage:
        """The ten cases from `offset` on. `search` has the ids of the names in `find`; the first page is always asked anew."""
        size = search.limit
        start = 0 if find.words or find.limit else offset // size * size
        cases = await self.chunk(search.model_copy(update={"offset": start}), fresh=offset == 0)
        full = len(cases) == size
        if find.words:
            cases = [case for case in cases if _has_words(case, find.words)]
        shown = cases[offset - start : offset - start + PAGE]
        return CasePage(
            cases=tuple(named(case) for case in shown),
            offset=offset,
            total=start + len(cases),
            more=full and not find.limit and not find.words,
            query=query or render(find),
            title=title or (f"Cases of {find.email}" if find.email else "Cases"),
            filters=filters_of(find),
            wider=wider(find),
            remark=f"Searched the summaries of the {size} cases that FuseDesk lists first." if find.words and full else "",
        )


def size_of(find: Find) -> int:
    """How many cases one call shall bring."""
    if find.words:
        return _WORDS_CHUNK
    return find.limit or _CHUNK


def _has_words(case: Case, words: str) -> bool:
    summary = case.summary.casefold()
    return all(word in summary for word in words.casefold().split())


def _day(name: str, day: DateFilter | None) -> str:
    if day is None:
        return ""
    if day.on:
        return f"{name} on {day.on}"
    if day.after and day.before:
        return f"{name} between {day.after} and {day.before}"
    return f"{name} after {day.after}" if day.after else f"{name} before {day.before}"


def filters_of(find: Find) -> tuple[str, ...]:
    """The filters in plain words, for the heading."""
    said = [
        f"“{find.words}” in the summary" if find.words else "",
        f"status {find.status}" if find.status else "",
        f"department {find.dept}" if find.dept else "",
        f"rep {find.rep}" if find.rep and not find.rep.startswith("<@") else "",
        f"tag {find.tag}" if find.tag else "",
        f"contact {find.contact}" if find.contact else "",
        f"company {find.company}" if find.company else "",
        _day("opened", find.opened),
        _day("assigned", find.assigned),
        _day("first answered", find.responded),
        _day("updated", find.updated),
        _day("closed", find.closed),
    ]
    return tuple(text for text in said if text)


def wider(find: Find) -> tuple[Choice, ...]:
    """Searches that find more, the least widening first: without words, status, dates, everything but the person."""
    dates = dict.fromkeys(("opened", "assigned", "responded", "updated", "closed"))
    steps: Sequence[tuple[str, dict[str, object]]] = (
        ("Any words", {"words": ""}),
        ("Any status", {"status": "all" if find.status else ""}),
        ("Any date", dict(dates)),
        ("Any department, rep and tag", {"dept": "", "rep": "", "tag": ""}),
    )
    choices = []
    for label, change in steps:
        less = Find.model_validate(find.model_dump() | change)
        if less != find:
            choices.append(Choice(label, render(less)))
    return tuple(choices)
