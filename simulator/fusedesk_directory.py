"""The calls about departments, reps, case tags, contacts and the key: what the FuseDesk stand-in knows besides cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.fusedesk_fields import Refusal, id_in_path
from simulator.fusedesk_looks import Looks
from simulator.fusedesk_store import Row

if TYPE_CHECKING:
    from simulator.fusedesk import FuseDesk


class Directory:
    """Each call: the parts of its path and its parsed fields in, JSON out."""

    def __init__(self, desk: FuseDesk, looks: Looks) -> None:
        self.desk = desk
        self.store = desk.store
        self.looks = looks

    def departments(self, archived: bool | None, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        rows = self.store.departments(archived=archived)
        return [{name: row[name] for name in ("departmentid", "name", "repids")} for row in rows]

    def department(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        departmentid = id_in_path(path["departmentid"], "department")
        for department in self.departments(None, path, given):
            if department["departmentid"] == departmentid:
                return department
        raise Refusal(404, "api_error_notfound", f"There is no department {departmentid}.")

    def reps(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        return [self.looks.rep(rep, {}) for rep in self.store.reps()]

    def reps_v2(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        renamed = {"userid": "userId", "firstname": "firstName", "lastname": "lastName"}
        return [self.looks.rep(rep, renamed) for rep in self.store.reps()]

    def departments_v2(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        return [{"id": row["departmentid"], "name": row["name"]} for row in self.store.departments()]

    def contacts(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        found = self.store.contacts_like(given["search"])
        return [{"id": row["contactid"], "uuid": row["uuid"], "name": row["name"], "email": row["email"]} for row in found]

    def casetags(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        return self.store.casetags()

    def add_tag(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        return {"id": self.store.add_tag(given["tagname"]), "tagname": given["tagname"]}

    def permissions(self, path: dict[str, str], given: dict[str, Any]) -> list[str]:
        return sorted(self.desk.scopes)
