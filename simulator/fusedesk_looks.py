"""How the FuseDesk stand-in's answers look: rows of the store as JSON, in the shapes that the switches ask for.

What belongs here: names, shapes of tags, dates and numbers. What is answered does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.fusedesk_store import Row

if TYPE_CHECKING:
    from simulator.fusedesk import FuseDesk

EMPTY_DATE = "0000-00-00 00:00:00"


class Looks:
    """Reads the switches of `desk` at each answer."""

    def __init__(self, desk: FuseDesk) -> None:
        self.desk = desk

    def case(self, case: Row) -> Row:
        return self.cases([case])[0]

    def cases(self, cases: list[Row]) -> list[Row]:
        tags = self.desk.store.tags_of([case["caseid"] for case in cases])
        return [self._shape(case, tags.get(case["caseid"], [])) for case in cases]

    def _shape(self, case: Row, tags: list[Row]) -> Row:
        answer = {name: self._date(value) if name.startswith("date_") else value for name, value in case.items()}
        del answer["snoozed_until"]
        return {"id": case["caseid"], "casenumber": case["casenum"], **answer, "tags": self._tags(tags)}

    def _tags(self, tags: list[Row]) -> Any:
        if self.desk.tag_shape == "objects":
            return tags
        if self.desk.tag_shape == "keyed":
            return {str(tag["id"]): tag["tagname"] for tag in tags}
        return [tag["id"] for tag in tags]

    def item(self, item: Row) -> Row:
        when = self._date(item["date_added"])
        if item["type"] != "email":
            names = ("id", "type", "title", "note", "repid")
            return {**{name: item[name] for name in names}, "date_added": when}
        mail = {"id": item["id"], "type": "email", "to": item["mail_to"], "from": item["mail_from"], "cc": item["cc"] or ""}
        mail |= {"bcc": item["bcc"] or "", "subject": item["title"], "body": item["note"], "repid": item["repid"]}
        return mail | {"date_sent": self._date(item["date_sent"]), "date_recvd": when}

    def _date(self, value: str | None) -> str | None:
        plain = self.desk.date_style == "plain"
        if value is None:
            return EMPTY_DATE if plain else None
        moment = datetime.fromisoformat(value + "+00:00").astimezone(self.desk.zone)
        return moment.strftime("%Y-%m-%d %H:%M:%S") if plain else moment.isoformat()

    def rep(self, rep: Row, renamed: Mapping[str, str]) -> Row:
        row = {renamed.get(name, name): value for name, value in rep.items()} | {"active": bool(rep["active"])}
        if not self.desk.reps_have_emails:
            del row["email"]
        return row


def as_strings(value: Any) -> Any:
    """Every number as a string, and "0" where an id is missing, as some of FuseDesk's answers have it."""
    if isinstance(value, Mapping):
        return {name: "0" if item is None and name.endswith("id") else as_strings(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
