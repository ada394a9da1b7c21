"""The calls about cases: what each does to the store of the FuseDesk stand-in, with the defaults of the documentation.

What belongs here: the rules of a case desk. Paths, scopes and fields do not; faults neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator import fusedesk_fields as fields
from simulator.fusedesk_fields import Refusal, wrong
from simulator.fusedesk_looks import Looks
from simulator.fusedesk_store import Row

if TYPE_CHECKING:
    from simulator.fusedesk import FuseDesk

DONE = {"success": True}


class Cases:
    """Each call: the parts of its path and its parsed fields in, JSON out. Raises Refusal, and then nothing was changed."""

    def __init__(self, desk: FuseDesk, looks: Looks) -> None:
        self.desk = desk
        self.store = desk.store
        self.looks = looks

    def open(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        department = self._department(given["depid"])
        tags = [self._tag(tagid)["id"] for tagid in given.get("casetags", [])]
        contact = self._contact(given) or self._contact_with(given.get("email", ""))
        now = self.desk.now()
        opened = given.get("date_opened") or now
        row = {name: given[name] for name in ("summary", "details", "openedby")}
        row |= {"departmentid": department["departmentid"], "repid": self._rep_for_new(given.get("repid"), department)}
        row |= {"status": given.get("status", "new"), "date_opened": opened, "date_assigned": given.get("date_assigned")}
        row |= {"date_updated": given.get("date_updated") or opened, "rating": "", "feedback": ""}
        row |= {"date_closed": now if row["status"] == "closed" else None}
        row |= _linked(contact, self._company(given.get("companyid")))
        kind = given.get("type", "note")
        first = {"type": kind, "title": row["summary"], "note": row["details"], "date_added": opened}
        history = [*([] if kind == "import" else [first]), *given.get("history", [])]
        caseid = self.desk.insert(row, tags, history)
        return self._told(caseid)

    def search(self, path: dict[str, str], given: dict[str, Any]) -> list[Row]:
        limit, offset = given.pop("limit", 150), given.pop("offset", 0)
        implied = "desc" if self.desk.newest_first else "asc"
        order = [(name, direction or implied) for name, direction in given.pop("orderby", [("date_updated", "")])]
        if "depid" in given:
            given["departmentid"] = given.pop("depid")
        if "email" in given:
            given["contactids"] = [contact["contactid"] for contact in self.store.contacts_with(given.pop("email"))]
        return self.looks.cases(self.store.search(given, order, limit, offset))

    def get_case(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        ref = path["caseid"]
        numbered = self.store.case_numbered(ref) if self.desk.answers_casenum else None
        case = numbered or self._case(path)
        history = [self.looks.item(item) for item in self.store.history(case["caseid"])]
        return {**self.looks.case(case), "history": history}

    def update(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        case = self._case(path)
        if not given:
            raise wrong("Nothing to change was sent.", "api_error_missingparameter")
        changes: Row = {name: given[name] for name in ("summary", "details") if name in given}
        changes |= self._transfer(case, given)
        changes |= self._status(case, given.get("status"))
        contact = self._contact(given)
        if contact:
            changes |= {"contactid": contact["contactid"], "contactUuid": contact["uuid"]}
        if "companyid" in given:
            changes |= {"companyid": self._company(given["companyid"])}
        self.store.change_case(case["caseid"], {**changes, "date_updated": self.desk.now()})
        return self._told(case["caseid"])

    def bulk(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        cases = [self._case({"caseid": str(caseid)}) for caseid in given.pop("caseids")]
        if len(given) != 1:
            raise wrong("Exactly one change is expected: depid, repid, status, tagid or snooze.")
        tag = self._tag(given["tagid"]) if "tagid" in given else None
        with self.store.together():
            for case in cases:
                changes = self._transfer(case, given) | self._status(case, given.get("status"))
                changes |= {"snoozed_until": given["snooze"]} if "snooze" in given else {}
                self.store.change_case(case["caseid"], {**changes, "date_updated": self.desk.now()})
                if tag:
                    self.store.tag(case["caseid"], tag["id"])
        return {**DONE, "caseids": [case["caseid"] for case in cases]}

    def add_note(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        case = self._case(path)
        now = self.desk.now()
        note = {name: given[name] for name in ("type", "title", "note")}
        note |= {"date_added": given.get("date_added") or now, "repid": given.get("repid")}
        with self.store.together():
            self.store.add_history(case["caseid"], note)
            self.store.change_case(case["caseid"], {**self._status(case, given.get("status")), "date_updated": now})
        return {**DONE, "caseid": case["caseid"]}

    def tag(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        return self._tagged(self.store.tag, path)

    def untag(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        return self._tagged(self.store.untag, path)

    def _tagged(self, work: Callable[[int, int], None], path: dict[str, str]) -> Row:
        case = self._case(path)
        tag = self.store.casetag(fields.id_in_path(path["tagid"], "case tag"))
        if tag is None:
            raise Refusal(404, "api_error_notfound", f"There is no case tag {path['tagid']}.")
        work(case["caseid"], tag["id"])
        self.store.change_case(case["caseid"], {"date_updated": self.desk.now()})
        return {**DONE, "caseid": case["caseid"]}

    def import_history(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        case = self._case(path)
        with self.store.together():
            for item in given["history"]:
                self.store.add_history(case["caseid"], {**item, "date_added": item["date_added"] or self.desk.now()})
        return {**DONE, "caseid": case["caseid"], "imported": len(given["history"])}

    def snooze(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        case = self._case(path)
        self.store.change_case(case["caseid"], {"snoozed_until": given["until"]})
        return {**DONE, "caseid": case["caseid"]}

    def reply(self, path: dict[str, str], given: dict[str, Any]) -> Row:
        """Kept in the history as an email; nothing is sent anywhere."""
        case = self._case(path)
        contact = self.store.contact(case["contactid"])
        to = given.get("to") or (contact["email"] if contact else "")
        if not to:
            raise wrong("The case has no contact to reply to.")
        now = self.desk.now()
        mail = {"type": "email", "title": f"Re: {case['summary']}", "note": given["body"], "date_added": now, "date_sent": now}
        mail |= {"mail_to": to, "mail_from": given.get("from", "desk@example.org"), "repid": case["repid"]}
        mail |= {"cc": given.get("cc", ""), "bcc": given.get("bcc", "")}
        first = case["date_firstresponse"] or now
        answered = {"date_firstresponse": first, "date_lastresponse": now, "date_updated": now}
        with self.store.together():
            self.store.add_history(case["caseid"], mail)
            self.store.change_case(case["caseid"], {**answered, **self._status(case, "open")})
        return {**DONE, "caseid": case["caseid"]}

    # Lookups that refuse

    def _case(self, path: dict[str, str]) -> Row:
        case = self.store.case(fields.id_in_path(path["caseid"], "case"))
        if case is None:
            raise Refusal(404, "api_error_notfound", f"There is no case {path['caseid']}.")
        return case

    def _told(self, caseid: int) -> Row:
        return self.looks.case(self.desk.case_row(caseid))

    def _department(self, depid: int | None) -> Row:
        department = self.store.department(depid)
        if department is None or department["archived"]:
            raise wrong(f"There is no department {depid}.", "api_error_nodepartment")
        return department

    def _tag(self, tagid: int) -> Row:
        tag = self.store.casetag(tagid)
        if tag is None:
            raise wrong(f"There is no case tag {tagid}.", "api_error_nocasetag")
        return tag

    def _contact(self, given: dict[str, Any]) -> Row | None:
        """The contact that `contactid` or `contactUuid` names, None where neither was sent."""
        if "contactid" not in given and "contactUuid" not in given:
            return None
        by_id = self.store.contact(given.get("contactid"))
        by_uuid = self.store.contact_by_uuid(given.get("contactUuid", ""))
        if ("contactid" in given and by_id is None) or ("contactUuid" in given and by_uuid is None):
            raise wrong("There is no such contact in the CRM.", "api_error_nocontact")
        if by_id and by_uuid and by_id != by_uuid:
            raise wrong("contactid and contactUuid name two different contacts.", "api_error_nocontact")
        return by_id or by_uuid

    def _contact_with(self, email: str) -> Row | None:
        found = self.store.contacts_with(email) if email else []
        return found[0] if found else None

    def _company(self, companyid: int | None) -> int | None:
        if companyid is not None and self.store.company(companyid) is None:
            raise wrong(f"There is no company {companyid} in the CRM.", "api_error_nocompany")
        return companyid

    def _rep_for_new(self, repid: str | None, department: Row) -> int | None:
        """The rep asked for, or a random one of the department: where none, an invalid one or one from outside was sent."""
        inside = self.store.repids_in(department["departmentid"], active=True)
        asked = next((userid for userid in inside if str(userid) == repid), None)
        if asked is not None:
            return asked
        return self.desk.random.choice(inside) if inside else None

    def _transfer(self, case: Row, given: dict[str, Any]) -> Row:
        """A rep who was not asked for and is not in the new department is followed by a random one from inside."""
        if "depid" not in given and "repid" not in given:
            return {}
        department = self._department(given.get("depid", case["departmentid"]))
        inside = self.store.repids_in(department["departmentid"], active=True)
        repid = given.get("repid", case["repid"])
        if "repid" in given and repid not in inside:
            raise wrong(f"Rep {repid} is not an active rep of the department {department['name']}.", "api_error_norep")
        if repid not in inside:
            repid = self.desk.random.choice(inside) if inside else None
        return {"departmentid": department["departmentid"], "repid": repid, "date_assigned": self.desk.now()}

    def _status(self, case: Row, status: str | None) -> Row:
        if status is None or status == case["status"]:
            return {}
        return {"status": status, "date_closed": self.desk.now() if status == "closed" else None}


def _linked(contact: Row | None, companyid: int | None) -> Row:
    if contact is None:
        return {"contactid": None, "contactUuid": None, "companyid": companyid}
    return {"contactid": contact["contactid"], "contactUuid": contact["uuid"], "companyid": companyid or contact["companyid"]}
