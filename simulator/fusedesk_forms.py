"""Which fields each call of the FuseDesk API takes, and of what type each is.

Required ones stand in the table of routes. `zone` is FuseDesk's own, for dates without an offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from simulator import fusedesk_fields as fields
from simulator.fusedesk_fields import Parser
from simulator.fusedesk_store import PERIODS

Form = Mapping[str, Parser]

STATUS = fields.one_of(*fields.STATUSES)


def texts(*names: str) -> Form:
    return dict.fromkeys(names, fields.text)


def ids(*names: str) -> Form:
    return dict.fromkeys(names, fields.number)


def new_case(zone: tzinfo) -> Form:
    return {
        **texts("summary", "details", "openedby", "email", "contactUuid"),
        **ids("depid", "contactid", "companyid"),
        **dict.fromkeys(("date_opened", "date_assigned", "date_updated"), fields.moment(zone)),
        "repid": fields.text,  # an invalid one is not an error here
        "status": STATUS,
        "type": fields.one_of("note", "call", "import"),
        "casetags": fields.numbers,
        **imported(zone),
    }


def search(zone: tzinfo, bounds_belong: bool) -> Form:
    return {
        **ids("contactid", "companyid", "repid", "depid", "casetag", "createdByRep"),
        **texts("email", "subject", "from", "contactUuid"),
        **dict.fromkeys(PERIODS, fields.period(zone, bounds_belong)),
        "status": fields.one_of("all", "active", *fields.STATUSES),
        "limit": fields.limit,
        "offset": fields.count,
        "orderby": fields.order,
    }


def update() -> Form:
    return {
        **texts("contactUuid", "summary", "details"),
        **ids("repid", "depid", "contactid", "companyid"),
        "status": STATUS,
    }


def note(zone: tzinfo) -> Form:
    return {
        **texts("title", "note"),
        **ids("repid", "templateid"),
        "type": fields.one_of("call", "note"),
        "date_added": fields.moment(zone),
        "status": STATUS,
    }


def imported(zone: tzinfo) -> Form:
    return {"history": fields.history(zone), "skipinfusionsoft": fields.boolean}


def bulk(zone: tzinfo) -> Form:
    return {**ids("depid", "repid", "tagid"), "caseids": fields.numbers, "status": STATUS, "snooze": fields.moment(zone)}


def snooze(zone: tzinfo) -> Form:
    return {"until": fields.moment(zone)}


def reply() -> Form:
    return texts("body", "html", "to", "from", "cc", "bcc", "templateid")
