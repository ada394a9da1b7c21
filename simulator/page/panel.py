"""FuseDesk as somebody sees it who sits before it: the cases, one of them with its history, and ways to change it there.

What belongs here: reading the stand-in for the panel and doing what the panel's form asks. A page holds fifty cases, so that
five thousand cost no more than fifty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.fusedesk import FuseDesk
from simulator.fusedesk_store import Row
from simulator.slack import NotPossible

PAGE = 50
STATUSES = ("new", "open", "closed")


@dataclass(frozen=True)
class Shelf:
    """A page of cases; `first` is the number of its first one, from 1."""

    cases: list[Row]
    total: int
    first: int

    @property
    def last(self) -> int:
        return self.first + len(self.cases) - 1


class Panel:
    def __init__(self, desk: FuseDesk) -> None:
        self.desk = desk

    def shelf(self, query: Mapping[str, str]) -> Shelf:
        """`words` and `status` choose, `offset` pages."""
        filters: dict[str, Any] = {}
        if words := query.get("words", "").strip().removeprefix("#"):
            filters |= {"words": words} if not words.isdecimal() else {"begins": words}
        if query.get("status") in (*STATUSES, "active"):
            filters["status"] = query["status"]
        total = self.desk.count(**filters)
        asked = query.get("offset", "0")
        offset = min(int(asked), max(total - 1, 0) // PAGE * PAGE) if asked.isdecimal() else 0
        return Shelf(self.desk.find(limit=PAGE, offset=offset, **filters), total, offset + 1)

    def case(self, ref: str) -> Row | None:
        """A case by its id or its number, with names, tags and history; None when there is none."""
        try:
            return self.desk.case(int(ref) if ref.isdecimal() else self._numbered(ref))
        except KeyError:
            return None

    def _numbered(self, casenum: str) -> int:
        row = self.desk.store.case_numbered(casenum)
        if row is None:
            raise KeyError(casenum)
        return int(row["caseid"])

    def change(self, given: Mapping[str, Any]) -> None:
        """Does to case `case` what the form says: `status`, `departmentid`, `repid`, `tagid` or `note`. Raises NotPossible."""
        caseid, what, value = int(given["case"]), str(given["what"]), str(given["value"]).strip()
        if what == "status" and value in STATUSES:
            self.desk.change(caseid, status=value)
        elif what in ("departmentid", "repid"):
            self.desk.change(caseid, **{what: int(value) if value else None})
        elif what == "tagid":
            tagged = int(value) in self.desk.case(caseid)["tags"]
            (self.desk.untag if tagged else self.desk.tag)(caseid, int(value))
        elif what == "note" and value:
            self.desk.add_note(caseid, "Note written in FuseDesk", value)
        else:
            raise NotPossible(f"a case has no {what} {value!r} to be set")
