"""Taking a change back: what it was, how the case stood before and after, and for how long.

All of it rides in the button, so that undoing needs no memory: it works after a restart and from every replica. What
belongs here: reading a case's state as far as a change touches it. Writing it back is the desk's (`bot.desk`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.fusedesk.models import Case

TIME = timedelta(minutes=10)
# What Slack's button holds.
_LONGEST = 2_000

What = Literal["transfer", "tags", "status", "contact"]
State = tuple[int | str | None, ...]


class Undo(BaseModel):
    """`before` and `after` are the case's state as `state_of` tells it, `at` is unix seconds."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    caseid: int = Field(alias="c")
    what: What = Field(alias="w")
    before: State = Field(alias="b")
    after: State = Field(alias="a")
    at: int = Field(alias="t")

    def dump(self) -> str:
        """Compact JSON, or "" where a button cannot hold it (hundreds of tags)."""
        value = self.model_dump_json(by_alias=True)
        return value if len(value) <= _LONGEST else ""

    @classmethod
    def load(cls, value: str) -> Self:
        """Raises ValueError for anything that `dump` did not write."""
        return cls.model_validate_json(value)

    def late(self, now: datetime) -> bool:
        return now - datetime.fromtimestamp(self.at, UTC) > TIME


def state_of(case: Case, what: What) -> State:
    match what:
        case "transfer":
            return case.departmentid, case.repid
        case "tags":
            return tuple(sorted(case.tags))
        case "status":
            return (case.status.value,)
        case "contact":
            return case.contactid, case.contact_uuid or None


def undo_of(before: Case | None, after: Case, what: What) -> Undo | None:
    """How to take a change back; None where nothing changed, or where FuseDesk has no way back: to nobody, to no contact."""
    if before is None:
        return None
    was, now = state_of(before, what), state_of(after, what)
    if was == now or (what == "transfer" and None in was) or (what == "contact" and not any(was)):
        return None
    at = int(datetime.now(UTC).timestamp())
    return Undo(caseid=after.caseid, what=what, before=was, after=now, at=at)
