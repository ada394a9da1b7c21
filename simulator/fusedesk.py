"""A stand-in for FuseDesk on loopback: the documented API over SQLite, with switches for everything that can go wrong.

It imitates the v1 calls for cases, departments, reps, case tags and permissions, v2's departments, reps and contact search,
the key, scopes, the hourly quota with its headers, and the documented forms of errors. Strict: an unknown path, parameter or
field is an error.

What it does not imitate, or only supposes:

- The CRM behind FuseDesk: contacts and companies are a fixed list, `skipinfusionsoft` is read and has no effect, an email at
  the opening of a case that no contact has leaves the case without a contact.
- That `GET /cases/CASENUM` answers as `GET /cases/ID` does is not documented. The switch `answers_casenum` (on) supposes it.
- Whether the days named in a `before` or `after` filter belong to the answer is not documented: here they do not, unless
  `bounds_belong` is on. Nor is the direction of `orderby` without asc or desc: newest first, unless `newest_first` is off.
- A transfer to another department without a rep hands the case to a random rep there when its own rep is not in it. A
  transfer to a rep from outside, or to an inactive one, is refused. FuseDesk's own way is not documented.
- The error codes other than `api_error_noscope`, and the sentences, are invented.
- An import of history does not move `date_updated`, and a repeated one adds everything again.
- Replies are kept in the history and never sent; merging cases, templates, uploads, webhooks and users' own sessions are absent.
- HTTP/2, TLS, compression and a limit on sizes.

This room holds the desk with its switches and what a test or the demo may look at and change. Its neighbours: the gate (faults,
key, quota, the record of calls), the API (routes), cases and directory (what calls do), forms and fields (what they take), looks
(what answers look like), store (SQL) and seed (the invented world).
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import click

from simulator.fusedesk_api import SCOPES, Api
from simulator.fusedesk_gate import Call, Calls, Fault, Gate, Quota
from simulator.fusedesk_seed import casenum, world
from simulator.fusedesk_store import Row, Store, stored
from simulator.hooks import Hook
from simulator.serving import serve


class FuseDesk:
    """`app` is the ASGI app. Attributes without a word below are switches, to be set at any time.

    `path` is a SQLite file or `:memory:`; a file that already holds cases is kept as it is. `clock` gives aware moments, and
    the seeded cases were opened in the 400 days before its first.
    """

    def __init__(
        self,
        cases: int = 300,
        seed: int = 1,
        api_key: str = "fd-test-key",
        path: str = ":memory:",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.api_key = api_key
        self.clock = clock
        self.seed = seed
        self.random = random.Random(seed)
        self.store = Store(path)
        if self.store.fresh:
            self.store.fill(world(cases, seed, clock()))
        self.quota = Quota()
        self.calls = Calls()
        self.in_flight = 0
        self.version = 0
        self._faults: list[Fault] = []
        self._release = asyncio.Event()
        self._move = asyncio.Event()

        self.down = False  # a proxy answers 503
        self._hanging = False
        self.latency = 0.0  # seconds before every answer
        self.crm_latency = 0.0  # seconds more where an email makes FuseDesk ask the CRM
        self.rejects_key = False
        self.garbage = False  # every answer is an HTML page with status 200; the effect takes place
        self.error_in_200 = False  # 403, 404 and 405 come as 200 with an error object
        self.empty_writes = False
        self.numbers_as_strings = False
        self.reps_have_emails = True
        self.answers_casenum = True
        self.bounds_belong = False
        self.newest_first = True
        self.scopes = set(SCOPES)
        self.tag_shape: Literal["ids", "objects", "keyed"] = "ids"
        self.date_style: Literal["iso", "plain"] = "iso"
        self.zone: tzinfo = UTC  # FuseDesk's own, for dates without an offset

        self.on_request: Hook | None = None  # gets the call; before anything happens
        self.on_effect: Hook | None = None  # after a write took effect, before its answer
        self.on_answer: Hook | None = None  # after the answer left (or the connection broke)
        self.on_move: Callable[[], None] | None = None  # after somebody changed something before FuseDesk
        self.app = Gate(Api(self).app, self)

    # Weather

    @property
    def quota_limit(self) -> int:
        """Calls an hour. Setting it starts a new hour."""
        return self.quota.limit

    @quota_limit.setter
    def quota_limit(self, limit: int) -> None:
        self.quota = Quota(limit, limit)

    @property
    def quota_left(self) -> int:
        return self.quota.left

    @quota_left.setter
    def quota_left(self, left: int) -> None:
        self.quota.left = left

    @property
    def hanging(self) -> bool:
        """No call is answered until this is switched off; then those that wait are done, late, as if nothing had been."""
        return self._hanging

    @hanging.setter
    def hanging(self, hanging: bool) -> None:
        self._hanging = hanging
        if not hanging:
            self.release()

    def fail(self, pattern: str, *, when: str = "before", how: str = "drop", times: int | None = 1) -> None:
        """The next `times` calls that fit `pattern` (None: all) go wrong, `before` or `after` their effect.

        `how`: `drop` (the connection closes without an answer), `hang` (until `release`), `garbage` (an HTML page with status
        200), `empty` (200 without a body), `error_in_200`, or a status such as `503` or `429`. `pattern`: see `Calls.matching`.
        """
        self._faults.append(Fault(pattern, when, how, times))

    def mend(self) -> None:
        """Takes all faults back and lets go what hangs. The switches stay as they are."""
        self._faults.clear()
        self.release()

    def release(self) -> None:
        """Lets every call that hangs go on."""
        self._release.set()
        self._release = asyncio.Event()

    async def released(self) -> None:
        await self._release.wait()

    def take_fault(self, call: Call, when: str) -> str:
        """How this call fails at this point, "" when it does not; counts it."""
        for fault in self._faults:
            if fault.when == when and call.fits(fault.pattern):
                if fault.times is not None:
                    fault.times -= 1
                    self._faults = [one for one in self._faults if one.times != 0]
                return fault.how
        return ""

    # Following

    def moved(self) -> None:
        """Something was written: `version` goes up and everybody in `changed` wakes."""
        self.version += 1
        self._move.set()
        self._move = asyncio.Event()
        if self.on_move:
            self.on_move()

    async def changed(self, since: int) -> int:
        """Waits until `version` is past `since`; the version then."""
        while self.version <= since:
            await self._move.wait()
        return self.version

    # Looking, as somebody who sits before FuseDesk

    def case(self, caseid: int) -> Row:
        """Its columns, and `department`, `rep` (names), `tags` (ids), `tagnames`, `history`. KeyError: no such case."""
        return self._told(self.case_row(caseid))

    def case_row(self, caseid: int) -> Row:
        """Its columns alone. KeyError: no such case."""
        row = self.store.case(caseid)
        if row is None:
            raise KeyError(f"no case {caseid}")
        return row

    def newest(self) -> Row:
        """The case with the highest id. KeyError when there is none."""
        row = self.store.newest()
        if row is None:
            raise KeyError("no case at all")
        return self._told(row)

    def find(self, *, limit: int = 150, offset: int = 0, **filters: Any) -> list[Row]:
        """Cases, last updated first, without history. Filters: columns of a case by equality (`status` also all, active),
        `casetag`, `words` for a text in summary, opener or number, and `begins` for the beginning of an id."""
        return [self._told(row, history=False) for row in self.store.search(filters, limit=limit, offset=offset)]

    def count(self, **filters: Any) -> int:
        """How many cases there are; filters as for `find`."""
        return self.store.count(filters)

    def contact(self, contactid: int) -> Row:
        row = self.store.contact(contactid)
        if row is None:
            raise KeyError(f"no contact {contactid}")
        return row

    def _told(self, row: Row, *, history: bool = True) -> Row:
        department, rep = self.store.department(row["departmentid"]), self.store.rep(row["repid"])
        tags = self.store.tags_of([row["caseid"]]).get(row["caseid"], [])
        names = {"department": department["name"] if department else "", "rep": _name(rep) if rep else ""}
        told = {**row, **names, "tags": [tag["id"] for tag in tags], "tagnames": [tag["tagname"] for tag in tags]}
        return {**told, "history": self.store.history(row["caseid"])} if history else told

    def departments(self) -> dict[str, int]:
        """Names to ids, without the archived ones."""
        return {row["name"]: row["departmentid"] for row in self.store.departments()}

    def reps(self, *, active: bool = True, departmentid: int | None = None) -> dict[str, int]:
        """Full names to ids."""
        inside = None if departmentid is None else self.store.repids_in(departmentid)
        rows = [row for row in self.store.reps() if row["active"] or not active]
        return {_name(row): row["userid"] for row in rows if inside is None or row["userid"] in inside}

    def tags(self) -> dict[str, int]:
        return {row["tagname"]: row["id"] for row in self.store.casetags()}

    # Changing, as somebody who sits before FuseDesk

    def now(self) -> str:
        return stored(self.clock())

    def insert(self, row: Row, tagids: Iterable[int] = (), history: Iterable[Row] = ()) -> int:
        """A new case from whole columns; its id."""
        with self.store.together():
            caseid = self.store.next_caseid()
            self.store.add_case({"caseid": caseid, "casenum": casenum(caseid, self.seed), **row})
            for tagid in tagids:
                self.store.tag(caseid, tagid)
            for item in history:
                self.store.add_history(caseid, {**item, "date_added": item["date_added"] or self.now()})
        self.moved()
        return caseid

    def change(self, caseid: int, **columns: Any) -> None:
        """Sets columns without asking whether they fit together; `date_updated` and, with a status, `date_closed` follow."""
        if "status" in columns:
            columns.setdefault("date_closed", self.now() if columns["status"] == "closed" else None)
        columns.setdefault("date_updated", self.now())
        self._hit(self.store.change_case(caseid, columns), "case", caseid)

    def add_note(self, caseid: int, title: str, note: str, *, type: str = "note", repid: int | None = None) -> None:
        self.store.add_history(caseid, {"type": type, "title": title, "note": note, "repid": repid, "date_added": self.now()})
        self.change(caseid)

    def tag(self, caseid: int, tagid: int) -> None:
        self.store.tag(caseid, tagid)
        self.change(caseid)

    def untag(self, caseid: int, tagid: int) -> None:
        self.store.untag(caseid, tagid)
        self.change(caseid)

    def remove_case(self, caseid: int) -> None:
        self._hit(self.store.remove_case(caseid), "case", caseid)

    def add_department(self, name: str, repids: Iterable[int] = ()) -> int:
        departmentid = self.store.add_department(name, repids)
        self.moved()
        return departmentid

    def rename_department(self, departmentid: int, name: str) -> None:
        self._hit(self.store.change_department(departmentid, {"name": name}), "department", departmentid)

    def archive_department(self, departmentid: int, archived: bool = True) -> None:
        self._hit(self.store.change_department(departmentid, {"archived": int(archived)}), "department", departmentid)

    def remove_department(self, departmentid: int) -> None:
        """Its cases keep the id, which then leads nowhere."""
        self._hit(self.store.remove_department(departmentid), "department", departmentid)

    def set_reps(self, departmentid: int, repids: Iterable[int]) -> None:
        """Who works in a department."""
        self.store.set_members(departmentid, repids)
        self.moved()

    def add_rep(
        self, firstname: str, lastname: str, email: str = "", *, active: bool = True, departmentids: Iterable[int] = ()
    ) -> int:
        rep = {"firstname": firstname, "lastname": lastname, "email": email, "active": int(active)}
        userid = self.store.add_rep(rep, departmentids)
        self.moved()
        return userid

    def change_rep(self, userid: int, **columns: Any) -> None:
        """`firstname`, `lastname`, `email`, `active`."""
        self._hit(self.store.change_rep(userid, columns), "rep", userid)

    def remove_rep(self, userid: int) -> None:
        self._hit(self.store.remove_rep(userid), "rep", userid)

    def add_tag(self, tagname: str) -> int:
        id = self.store.add_tag(tagname)
        self.moved()
        return id

    def rename_tag(self, id: int, tagname: str) -> None:
        self._hit(self.store.change_tag(id, {"tagname": tagname}), "case tag", id)

    def remove_tag(self, id: int) -> None:
        self._hit(self.store.remove_tag(id), "case tag", id)

    def add_contact(self, name: str, email: str, *, companyid: int | None = None) -> int:
        uuid = f"00000000-0000-4000-8000-{self.random.getrandbits(48):012x}"
        return self.store.add_contact({"uuid": uuid, "name": name, "email": email, "companyid": companyid})

    def close(self) -> None:
        """Closes the database; happens by itself when the desk is forgotten."""
        self.store.close()

    def _hit(self, found: bool, what: str, id: int) -> None:
        if not found:
            raise KeyError(f"no {what} {id}")
        self.moved()


def _name(rep: Row) -> str:
    return f"{rep['firstname']} {rep['lastname']}"


@click.command()
@click.option("--port", default=8001, show_default=True, help="0 takes a free one.")
@click.option("--cases", default=300, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--latency", default=0.0, show_default=True, help="Seconds before every answer.")
@click.option("--key", default="fd-test-key", show_default=True, help="The API key that is accepted.")
@click.option("--keep", default=":memory:", help="A file to keep the cases in.")
def main(port: int, cases: int, seed: int, latency: float, key: str, keep: str) -> None:
    """Serves an invented FuseDesk on 127.0.0.1 until Ctrl-C."""
    desk = FuseDesk(cases, seed, key, keep)
    desk.latency = latency
    asyncio.run(_run(desk, port))
    desk.close()


async def _run(desk: FuseDesk, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(desk.app, port=port) as url:
        print(f"FuseDesk stand-in: {url} with {desk.count()} cases, key {desk.api_key}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
