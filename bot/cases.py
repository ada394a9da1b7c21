"""Cases as a person knows them: with names instead of ids. What the desk hands out and the cards draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.errors import Choice
from bot.fusedesk.models import Case


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case with the names of its department, rep and tags ("" where it has none) and its page in FuseDesk.

    `as_of` is when FuseDesk told it, where it is shown from memory; `because` is then the plain sentence that says why.
    """

    case: Case
    department: str = ""
    rep: str = ""
    tags: tuple[str, ...] = ()
    url: str = ""
    as_of: datetime | None = None
    because: str = ""

    @property
    def label(self) -> str:
        """How people speak of it: `#1234`."""
        return f"#{self.case.caseid}"


@dataclass(frozen=True, slots=True)
class CasePage:
    """Ten cases (or fewer) of a search.

    `offset` counts from 0; `total` is how many are known to fit; `more` says that FuseDesk may hold more than `total`.
    `query` is the command that finds them (without `/case`), `title` and `filters` say in plain words what was searched,
    `wider` are ways to find more, `remark` is a caveat of the search in plain words. `as_of` and `because`: see
    `NamedCase`.
    """

    cases: tuple[NamedCase, ...]
    offset: int
    total: int
    more: bool
    query: str
    title: str = "Cases"
    filters: tuple[str, ...] = ()
    wider: tuple[Choice, ...] = ()
    remark: str = ""
    as_of: datetime | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack, as `users.info` tells. `repid` and `rep` are filled when the person is a rep in FuseDesk; `everything`
    says that they may do all that casebot does, `channel` where they ask right now."""

    user: str
    team: str
    name: str
    email: str = ""
    zone: str = "UTC"
    repid: int | None = None
    rep: str = ""
    admin: bool = False
    everything: bool = False
    channel: str = ""

    @property
    def is_rep(self) -> bool:
        return self.repid is not None

    def today(self) -> date:
        """The day it is where the person is: what they mean by "today"."""
        try:
            zone: tzinfo = ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            zone = UTC
        return datetime.now(zone).date()
