"""What people search, as FuseDesk takes it, and its answers ten at a time.

FuseDesk tells no count, so a search asks for as many cases as one call gives and pages through them in memory for a minute:
Next and Previous cost nothing, and the heading can say how many there are. Older answers are kept for a day, for when FuseDesk
cannot be asked (`bot.memory`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from cachetools import TTLCache

from bot.cases import CasePage, NamedCase
from bot.errors import Choice
from bot.fusedesk.models import Case, CaseSearch, DateFilter
from bot.fusedesk.quota import Quota
from bot.language import render
from bot.memory import DAY, Kept, read
from bot.operations import Find, Open

PAGE = 10
_CHUNK = 150
_WORDS_CHUNK = 500
# Cases in all remembered answers together, some tens of megabytes.
_MOST = 10_000
_SORTED = {
    "caseid": "number",
    "contactid": "contact",
    "date_opened": "day opened",
    "date_assigned": "day assigned",
    "date_updated": "day updated",
    "date_resolved": "day closed",
}

Names = Callable[[Case, datetime], NamedCase]


class Searches:
    """`search` and `quota` are the client's. An answer counts as true for `ttl` seconds and until the next write (`outdate`);
    beyond that it stands in for FuseDesk only, with its age."""

    def __init__(
        self, search: Callable[[CaseSearch], Awaitable[list[Case]]], quota: Quota, *, ttl: timedelta = timedelta(minutes=1)
    ) -> None:
        self._search = search
        self._quota = quota
        self._ttl = ttl
        self._written_at = datetime.min.replace(tzinfo=UTC)
        self._known: TTLCache[str, Kept[list[Case]]] = TTLCache(
            maxsize=_MOST, ttl=DAY.total_seconds(), getsizeof=lambda kept: max(len(kept.thing), 1)
        )

    def outdate(self) -> None:
        """Something was written: what was asked before it is not true any more."""
        self._written_at = datetime.now(UTC)

    async def chunk(self, search: CaseSearch, *, fresh: bool, unasked: bool = False) -> Kept[list[Case]]:
        """One call's worth of cases; from memory unless `fresh`. `unasked`: see `bot.memory.read`."""
        key = search.model_dump_json()
        known = self._known.get(key)
        if known is not None and not fresh and self._is_true(known):
            return known

        async def ask() -> Kept[list[Case]]:
            asked_at = datetime.now(UTC)
            return Kept(await self._search(search), asked_at)

        # With its age, where it has one: the next page of an old list is as old as the first.
        found = self._known[key] = await read(ask, known, self._quota, unasked=unasked)
        return found

    def _is_true(self, known: Kept[list[Case]]) -> bool:
        return known.at > self._written_at and datetime.now(UTC) - known.at < self._ttl

    async def page(
        self,
        search: CaseSearch,
        find: Find,
        offset: int,
        named: Names,
        *,
        query: str = "",
        title: str = "",
        unasked: bool = False,
    ) -> CasePage:
        """The ten cases from `offset` on. `search` has the ids of the names in `find`; the first page is always asked anew."""
        size = search.limit
        start = 0 if find.words or find.limit else offset // size * size
        found = await self.chunk(search.model_copy(update={"offset": start}), fresh=offset == 0, unasked=unasked)
        cases = found.thing
        full = len(cases) == size
        if find.words:
            cases = [case for case in cases if _has_words(case, find.words)][: find.limit]
        shown = cases[offset - start : offset - start + PAGE]
        return CasePage(
            cases=tuple(named(case, found.at) for case in shown),
            offset=offset,
            total=start + len(cases),
            more=full and not find.limit and not find.words,
            query=query or render(find),
            title=title or (f"Cases of {find.email}" if find.email else "Cases"),
            filters=filters_of(find),
            wider=wider(find),
            remark=f"Searched the summaries of the {size} cases that FuseDesk lists first." if find.words and full else "",
            as_of=found.as_of,
            because=found.because,
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
        f"contact {find.contact or find.contact_uuid}" if find.contact or find.contact_uuid else "",
        f"company {find.company}" if find.company else "",
        _day("opened", find.opened),
        _day("assigned", find.assigned),
        _day("first answered", find.responded),
        _day("updated", find.updated),
        _day("closed", find.closed),
        f"by {_SORTED[find.sort]}" if find.sort else "",
        f"at most {find.limit}" if find.limit else "",
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
    if not choices and find.email:
        choices.append(Choice(f"Open a case for {find.email}"[:70], render(Open(email=find.email))))
    return tuple(choices) or (Choice("All active cases", render(Find(status="active"))),)
