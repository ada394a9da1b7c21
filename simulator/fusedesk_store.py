"""What the FuseDesk stand-in holds, in SQLite, and every SQL statement of it.

Moments are text, `YYYY-MM-DD HH:MM:SS` in UTC, so that they sort and compare as they are. A row leaves as a dict. What the
API allows and how an answer looks belong elsewhere.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

SORTABLE = ("caseid", "contactid", "date_opened", "date_assigned", "date_updated", "date_resolved")
PERIODS = ("date_opened", "date_assigned", "date_firstresponse", "date_updated", "date_closed")
EQUAL = ("contactid", "companyid", "repid", "departmentid", "contactUuid", "createdByRep", "summary", "openedby", "casenum")
CHANGEABLE = (
    "summary",
    "details",
    "openedby",
    "status",
    "repid",
    "departmentid",
    "contactid",
    "contactUuid",
    "companyid",
    "date_assigned",
    "date_firstresponse",
    "date_lastresponse",
    "date_updated",
    "date_closed",
    "snoozed_until",
    "rating",
    "feedback",
)

TABLES = """
CREATE TABLE departments (departmentid INTEGER PRIMARY KEY, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0);
CREATE TABLE members (departmentid INTEGER NOT NULL, userid INTEGER NOT NULL, PRIMARY KEY (departmentid, userid));
CREATE TABLE reps (userid INTEGER PRIMARY KEY, firstname TEXT NOT NULL, lastname TEXT NOT NULL, email TEXT NOT NULL,
    active INTEGER NOT NULL);
CREATE TABLE casetags (id INTEGER PRIMARY KEY, tagname TEXT NOT NULL);
CREATE TABLE companies (companyid INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE contacts (contactid INTEGER PRIMARY KEY, uuid TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL COLLATE NOCASE,
    companyid INTEGER);
CREATE TABLE cases (caseid INTEGER PRIMARY KEY, casenum TEXT NOT NULL, summary TEXT NOT NULL, details TEXT NOT NULL,
    openedby TEXT NOT NULL, status TEXT NOT NULL, repid INTEGER, departmentid INTEGER, contactid INTEGER, contactUuid TEXT,
    companyid INTEGER, date_opened TEXT NOT NULL, date_assigned TEXT, date_firstresponse TEXT, date_lastresponse TEXT,
    date_updated TEXT NOT NULL, date_closed TEXT, rating TEXT, feedback TEXT, createdByRep INTEGER, snoozed_until TEXT);
CREATE TABLE tagged (caseid INTEGER NOT NULL, tagid INTEGER NOT NULL, PRIMARY KEY (caseid, tagid)) WITHOUT ROWID;
CREATE TABLE history (id INTEGER PRIMARY KEY, caseid INTEGER NOT NULL, type TEXT NOT NULL, title TEXT NOT NULL,
    note TEXT NOT NULL, repid INTEGER, date_added TEXT NOT NULL, date_sent TEXT, mail_to TEXT, mail_from TEXT, cc TEXT, bcc TEXT);
"""

INDEXES = """
CREATE UNIQUE INDEX cases_casenum ON cases (casenum);
CREATE INDEX cases_updated ON cases (date_updated, caseid);
CREATE INDEX cases_opened ON cases (date_opened, caseid);
CREATE INDEX cases_status ON cases (status, date_updated);
CREATE INDEX cases_department ON cases (departmentid, date_updated);
CREATE INDEX cases_rep ON cases (repid, date_updated);
CREATE INDEX cases_contact ON cases (contactid, date_updated);
CREATE INDEX cases_company ON cases (companyid, date_updated);
CREATE INDEX contacts_email ON contacts (email);
CREATE INDEX contacts_uuid ON contacts (uuid);
CREATE INDEX tagged_tag ON tagged (tagid, caseid);
CREATE INDEX history_case ON history (caseid, date_added);
"""


def stored(moment: datetime) -> str:
    """An aware moment as the store keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")


class Store:
    """`path` is a file or `:memory:`. A file that has its tables already is taken as it is (`fresh` is then False)."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.close = weakref.finalize(self, self.db.close)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.fresh = not self._all("SELECT 1 FROM sqlite_master WHERE name = 'cases'")

    def _all(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        return [dict(row) for row in self.db.execute(sql, values)]

    def _one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        row = self.db.execute(sql, values).fetchone()
        return dict(row) if row else None

    def _insert(self, table: str, row: Mapping[str, Any]) -> int:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        return self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row).lastrowid or 0

    def _update(self, table: str, key: str, id: int, row: Mapping[str, Any]) -> bool:
        sets = ", ".join(f"{name} = :{name}" for name in row)
        return self.db.execute(f"UPDATE {table} SET {sets} WHERE {key} = :_key", {**row, "_key": id}).rowcount > 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside, or nothing of it."""
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def fill(self, tables: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> None:
        """Makes the tables and fills them: (table, columns, rows). Indexes come last, because that is faster."""
        self.db.executescript(TABLES)
        with self.together():
            for table, columns, rows in tables:
                marks = ", ".join("?" * len(columns))
                self.db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        self.db.executescript(INDEXES + "ANALYZE;")
        self.fresh = False

    # Cases

    def case(self, caseid: int) -> Row | None:
        return self._one("SELECT * FROM cases WHERE caseid = ?", [caseid])

    def case_numbered(self, casenum: str) -> Row | None:
        return self._one("SELECT * FROM cases WHERE casenum = ?", [casenum.upper()])

    def newest(self) -> Row | None:
        return self._one("SELECT * FROM cases ORDER BY caseid DESC LIMIT 1")

    def add_case(self, row: Mapping[str, Any]) -> int:
        return self._insert("cases", row)

    def next_caseid(self) -> int:
        return int(self.db.execute("SELECT coalesce(max(caseid), 1000) + 1 FROM cases").fetchone()[0])

    def change_case(self, caseid: int, row: Mapping[str, Any]) -> bool:
        unknown = set(row) - set(CHANGEABLE)
        if unknown:
            raise KeyError(f"a case has no {', '.join(sorted(unknown))} that can be changed")
        return self._update("cases", "caseid", caseid, row)

    def remove_case(self, caseid: int) -> bool:
        self.db.execute("DELETE FROM tagged WHERE caseid = ?", [caseid])
        self.db.execute("DELETE FROM history WHERE caseid = ?", [caseid])
        return self.db.execute("DELETE FROM cases WHERE caseid = ?", [caseid]).rowcount > 0

    def search(
        self,
        filters: Mapping[str, Any],
        order: Sequence[tuple[str, str]] = (("date_updated", "desc"),),
        limit: int = 150,
        offset: int = 0,
    ) -> list[Row]:
        where, values = _where(filters)
        directions = [f"{_column(name)} {direction}" for name, direction in order]
        if order[0][0] != "caseid":
            directions.append(f"caseid {order[0][1]}")
        by = ", ".join(directions)
        return self._all(f"SELECT * FROM cases WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?", [*values, limit, offset])

    def count(self, filters: Mapping[str, Any]) -> int:
        where, values = _where(filters)
        return int(self.db.execute(f"SELECT count(*) FROM cases WHERE {where}", values).fetchone()[0])

    # Tags and history of cases

    def tags_of(self, caseids: Sequence[int]) -> dict[int, list[Row]]:
        """The tags `{id, tagname}` of each case that has any; a tag that was removed is left out."""
        found: dict[int, list[Row]] = {}
        marks = ", ".join("?" * len(caseids))
        sql = f"SELECT caseid, id, tagname FROM tagged JOIN casetags ON id = tagid WHERE caseid IN ({marks}) ORDER BY id"
        for row in self._all(sql, caseids):
            found.setdefault(row.pop("caseid"), []).append(row)
        return found

    def tag(self, caseid: int, tagid: int) -> None:
        self.db.execute("INSERT OR IGNORE INTO tagged VALUES (?, ?)", [caseid, tagid])

    def untag(self, caseid: int, tagid: int) -> None:
        self.db.execute("DELETE FROM tagged WHERE caseid = ? AND tagid = ?", [caseid, tagid])

    def history(self, caseid: int) -> list[Row]:
        return self._all("SELECT * FROM history WHERE caseid = ? ORDER BY date_added, id", [caseid])

    def add_history(self, caseid: int, item: Mapping[str, Any]) -> int:
        return self._insert("history", {"caseid": caseid, **item})

    # The directory

    def departments(self, *, archived: bool | None = False) -> list[Row]:
        """With their `repids`; `archived=None` means both kinds."""
        where = "1" if archived is None else f"archived = {int(archived)}"
        rows = self._all(f"SELECT * FROM departments WHERE {where} ORDER BY departmentid")
        for row in rows:
            row["repids"] = self.repids_in(row["departmentid"])
        return rows

    def department(self, departmentid: int | None) -> Row | None:
        return self._one("SELECT * FROM departments WHERE departmentid = ?", [departmentid])

    def repids_in(self, departmentid: int, *, active: bool = False) -> list[int]:
        sql = "SELECT userid FROM members JOIN reps USING (userid) WHERE departmentid = ? AND active >= ? ORDER BY userid"
        return [row["userid"] for row in self._all(sql, [departmentid, int(active)])]

    def reps(self) -> list[Row]:
        return self._all("SELECT * FROM reps ORDER BY userid")

    def rep(self, userid: int | None) -> Row | None:
        return self._one("SELECT * FROM reps WHERE userid = ?", [userid])

    def casetags(self) -> list[Row]:
        return self._all("SELECT * FROM casetags ORDER BY id")

    def casetag(self, id: int) -> Row | None:
        return self._one("SELECT * FROM casetags WHERE id = ?", [id])

    def add_department(self, name: str, repids: Iterable[int]) -> int:
        departmentid = self._insert("departments", {"name": name})
        self.set_members(departmentid, repids)
        return departmentid

    def set_members(self, departmentid: int, repids: Iterable[int]) -> None:
        self.db.execute("DELETE FROM members WHERE departmentid = ?", [departmentid])
        self.db.executemany("INSERT INTO members VALUES (?, ?)", [(departmentid, userid) for userid in repids])

    def change_department(self, departmentid: int, row: Mapping[str, Any]) -> bool:
        return self._update("departments", "departmentid", departmentid, row)

    def remove_department(self, departmentid: int) -> bool:
        self.db.execute("DELETE FROM members WHERE departmentid = ?", [departmentid])
        return self.db.execute("DELETE FROM departments WHERE departmentid = ?", [departmentid]).rowcount > 0

    def add_rep(self, row: Mapping[str, Any], departmentids: Iterable[int]) -> int:
        userid = self._insert("reps", row)
        self.db.executemany("INSERT INTO members VALUES (?, ?)", [(departmentid, userid) for departmentid in departmentids])
        return userid

    def change_rep(self, userid: int, row: Mapping[str, Any]) -> bool:
        return self._update("reps", "userid", userid, row)

    def remove_rep(self, userid: int) -> bool:
        self.db.execute("DELETE FROM members WHERE userid = ?", [userid])
        return self.db.execute("DELETE FROM reps WHERE userid = ?", [userid]).rowcount > 0

    def add_tag(self, tagname: str) -> int:
        return self._insert("casetags", {"tagname": tagname})

    def change_tag(self, id: int, row: Mapping[str, Any]) -> bool:
        return self._update("casetags", "id", id, row)

    def remove_tag(self, id: int) -> bool:
        self.db.execute("DELETE FROM tagged WHERE tagid = ?", [id])
        return self.db.execute("DELETE FROM casetags WHERE id = ?", [id]).rowcount > 0

    # The CRM

    def contact(self, contactid: int | None) -> Row | None:
        return self._one("SELECT * FROM contacts WHERE contactid = ?", [contactid])

    def contact_by_uuid(self, uuid: str) -> Row | None:
        return self._one("SELECT * FROM contacts WHERE uuid = ?", [uuid.lower()])

    def contacts_with(self, email: str) -> list[Row]:
        return self._all("SELECT * FROM contacts WHERE email = ? ORDER BY contactid", [email.strip()])

    def contacts_like(self, words: str) -> list[Row]:
        sql = "SELECT * FROM contacts WHERE instr(lower(name), :w) OR instr(lower(email), :w) ORDER BY contactid LIMIT 100"
        return self._all(sql, {"w": words.strip().lower()})

    def company(self, companyid: int) -> Row | None:
        return self._one("SELECT * FROM companies WHERE companyid = ?", [companyid])

    def add_contact(self, row: Mapping[str, Any]) -> int:
        return self._insert("contacts", row)


def _column(name: str) -> str:
    if name not in SORTABLE:
        raise KeyError(f"cases cannot be sorted by {name}")
    return "date_closed" if name == "date_resolved" else name


def _where(filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """One condition a filter. Raises KeyError for a filter that does not exist."""
    parts: list[str] = ["1"]
    values: list[Any] = []
    for name, value in filters.items():
        part, more = _condition(name, value)
        parts.append(part)
        values += more
    return " AND ".join(parts), values


def _condition(name: str, value: Any) -> tuple[str, list[Any]]:
    if name in EQUAL:
        return f"{name} IS ?", [value]
    if name in PERIODS:
        lower, upper = value
        return f"{name} >= ? AND {name} < ?", [lower or "0000", upper or "9999-99"]
    if name == "status":
        statuses = {"all": ("new", "open", "closed"), "active": ("new", "open")}.get(value, (value,))
        return f"status IN ({', '.join('?' * len(statuses))})", [*statuses]
    if name == "casetag":
        return "caseid IN (SELECT caseid FROM tagged WHERE tagid = ?)", [value]
    if name == "begins":
        return "CAST(caseid AS TEXT) LIKE ? || '%'", [value]
    if name == "contactids":
        return f"contactid IN ({', '.join('?' * len(value))})", [*value]
    if name in ("subject", "from"):
        return f"instr(lower({'summary' if name == 'subject' else 'openedby'}), lower(?))", [value]
    if name == "words":
        return "(instr(lower(summary), lower(?)) OR instr(lower(openedby), lower(?)) OR casenum = upper(?))", [value] * 3
    raise KeyError(f"cases cannot be searched by {name}")
