"""What the FuseDesk stand-in promises, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest

from simulator.fusedesk import FuseDesk
from simulator.fusedesk_gate import HOURS, Call
from simulator.fusedesk_seed import JANES_CONTACT
from simulator.serving import CannotCut, Receive, Scope, Send, serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = {"X-FuseDesk-API-Key": "fd-test-key"}
FORM = {"depid": "268", "summary": "Printer on fire", "details": "It smokes.", "openedby": "jane@example.com"}
NOTE = {"title": "Called", "type": "call", "note": "Nobody there"}


@pytest.fixture
def desk() -> FuseDesk:
    return FuseDesk(clock=lambda: NOW)


@pytest.fixture
async def api(desk: FuseDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(desk.app) as url, httpx.AsyncClient(base_url=f"{url}/api/v1", headers=KEY, trust_env=False) as client:
        yield client


async def found(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/cases", params=query)
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, Any]] = answer.json()
    return cases


def assert_error(answer: httpx.Response, status: int, code: str = "") -> None:
    body = answer.json()

    assert answer.status_code == status
    assert set(body) == {"error", "errorcode"}
    assert answer.headers["X-FuseDesk-Error-Code"] == body["errorcode"]
    assert answer.headers["X-FuseDesk-Error"] == "".join(one if " " <= one <= "~" else "?" for one in body["error"])
    assert not code or body["errorcode"] == code


# The world


def test_the_same_seed_gives_the_same_world(desk: FuseDesk) -> None:
    again, other = FuseDesk(clock=lambda: NOW), FuseDesk(seed=2, clock=lambda: NOW)

    assert desk.find(limit=300) == again.find(limit=300)
    assert desk.case(1234) == again.case(1234)
    assert desk.case(1234) != other.case(1234)


def test_the_world_has_departments_twelve_reps_fifteen_tags_and_three_hundred_cases(desk: FuseDesk) -> None:
    assert desk.departments()["Support"] == 268
    assert len(desk.reps(active=False)) == 12
    assert len(desk.reps()) == 10
    assert desk.tags()["VIP"] == 7
    assert len(desk.tags()) == 15
    assert desk.count() == 300


def test_cases_are_varied_and_never_from_the_future(desk: FuseDesk) -> None:
    cases = [desk.case(row["caseid"]) for row in desk.find(limit=300)]
    now = "2026-03-01 12:00:00"

    assert {case["status"] for case in cases} == {"new", "open", "closed"}
    assert len({case["summary"] for case in cases}) > 150
    assert len({case["casenum"] for case in cases}) == 300
    assert all(case["date_opened"] <= case["date_updated"] <= now for case in cases)
    assert all((case["status"] == "closed") == bool(case["date_closed"]) for case in cases)
    assert any(case["repid"] is None for case in cases)
    assert any(case["contactid"] is None for case in cases)
    assert {item["type"] for case in cases for item in case["history"]} == {"note", "call", "email"}


def test_a_rep_works_in_the_department_of_the_case(desk: FuseDesk) -> None:
    outsiders = [
        case["caseid"]
        for case in desk.find(limit=300)
        if case["repid"] and case["repid"] not in desk.reps(departmentid=case["departmentid"]).values()
    ]

    assert outsiders == []


def test_fifty_thousand_cases_are_there_within_seconds() -> None:
    started = perf_counter()
    desk = FuseDesk(cases=50_000)
    seconds = perf_counter() - started

    assert desk.count() == 50_000
    assert seconds < 10


def test_a_file_keeps_the_cases_for_the_next_time(tmp_path: Path) -> None:
    first = FuseDesk(cases=5, path=str(tmp_path / "desk.db"))
    first.change(1001, summary="Kept")
    first.close()
    second = FuseDesk(cases=300, path=str(tmp_path / "desk.db"))

    assert second.count() == 5
    assert second.case(1001)["summary"] == "Kept"


# Opening


async def test_a_new_case_gets_the_defaults_of_the_documentation(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    answer = (await api.post("/cases/", data=FORM)).json()
    case = desk.newest()
    (note,) = case["history"]

    assert answer["caseid"] == answer["id"] == case["caseid"] == 1301
    assert answer["casenum"] == answer["casenumber"] == case["casenum"]
    assert answer["date_opened"] == answer["date_updated"] == "2026-03-01T12:00:00+00:00"
    assert answer["date_assigned"] is None
    assert case["status"] == "new"
    assert case["department"] == "Support"
    assert case["repid"] in (1, 2, 3, 4)
    assert (note["type"], note["title"], note["note"]) == ("note", "Printer on fire", "It smokes.")


async def test_every_field_of_a_new_case_is_kept(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    fields = {
        **FORM,
        "repid": "3",
        "status": "open",
        "date_opened": "2025-12-24T10:00:00+01:00",
        "date_assigned": "2025-12-25",
        "date_updated": "2025-12-26 08:30:00",
        "contactid": "77",
        "companyid": "5",
        "type": "call",
        "history": json.dumps([{"type": "note", "title": "Old", "note": "Before", "date_added": "2025-12-24"}]),
        "skipinfusionsoft": "true",
        "casetags": "7,2",
    }
    await api.post("/cases", data=fields)
    case = desk.newest()

    assert (case["rep"], case["status"], case["contactid"], case["companyid"]) == ("José García", "open", 77, 5)
    assert case["date_opened"] == "2025-12-24 09:00:00"
    assert case["date_assigned"] == "2025-12-25 00:00:00"
    assert case["date_updated"] == "2025-12-26 08:30:00"
    assert case["tagnames"] == ["Hardware", "VIP"]
    assert {(item["type"], item["title"]) for item in case["history"]} == {("call", "Printer on fire"), ("note", "Old")}


@pytest.mark.parametrize("repid", ["", "0", "999999", "abc", "8", "12"])
async def test_a_missing_unknown_or_outside_rep_becomes_a_random_one_of_the_department(
    desk: FuseDesk, api: httpx.AsyncClient, repid: str
) -> None:
    await api.post("/cases/", data={**FORM, "repid": repid})

    assert desk.newest()["repid"] in (1, 2, 3, 4)


async def test_the_random_rep_is_not_always_the_same(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    for _ in range(20):
        await api.post("/cases/", data=FORM)

    assert len({case["repid"] for case in desk.find(summary="Printer on fire")}) > 1


async def test_a_department_without_active_reps_takes_cases_without_a_rep(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    empty = desk.add_department("Night Watch", repids=[12])
    await api.post("/cases/", data={**FORM, "depid": str(empty)})

    assert desk.newest()["repid"] is None


async def test_type_import_adds_no_note(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/", data={**FORM, "type": "import"})

    assert desk.newest()["history"] == []


async def test_an_email_links_the_contact_who_has_it(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/", data={**FORM, "email": "JANE@example.com"})
    known = desk.newest()
    await api.post("/cases/", data={**FORM, "email": "nobody@example.com"})

    assert known["contactid"] == JANES_CONTACT
    assert known["contactUuid"] == desk.contact(77)["uuid"]
    assert desk.newest()["contactid"] is None


async def test_a_case_opened_closed_has_a_closing_date(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/", data={**FORM, "status": "closed"})

    assert desk.newest()["date_closed"] == "2026-03-01 12:00:00"


@pytest.mark.parametrize(
    "change",
    [
        {"depid": ""},
        {"summary": " "},
        {"details": ""},
        {"openedby": ""},
        {"depid": "9999"},
        {"depid": "250"},
        {"depid": "Support"},
        {"depid": "-1"},
        {"depid": "9" * 30},
        {"status": "resolved"},
        {"type": "email"},
        {"casetags": "7,x"},
        {"casetags": "7,999"},
        {"contactid": "123456"},
        {"contactUuid": "nonsense"},
        {"companyid": "999"},
        {"date_opened": "yesterday"},
        {"skipinfusionsoft": "maybe"},
        {"history": "nonsense"},
        {"history": "{}"},
        {"history": '[{"type": "fax"}]'},
        {"history": '[{"type": "note", "title": "a"}]'},
        {"history": '["a note"]'},
        {"history": '[{"type": "note", "title": "a", "note": "b", "date_added": 5}]'},
        {"history": '[{"type": "note", "title": "half a smile", "note": "\\ud83d"}]'},
        {"history": "[" * 100_000},
        {"history": '[{"type": "email", "to": "a", "from": "b", "subject": "c", "body": "d", "title": "e"}]'},
        {"history": '[{"type": "email", "to": "a", "from": "b", "subject": "c", "body": "d", "repid": [1]}]'},
        {"priority": "high"},
    ],
)
async def test_a_case_with_a_bad_field_is_refused_and_not_opened(
    desk: FuseDesk, api: httpx.AsyncClient, change: dict[str, str]
) -> None:
    answer = await api.post("/cases/", data={**FORM, **change})

    assert_error(answer, 405)
    assert desk.count() == 300


async def test_json_bodies_are_refused(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    assert_error(await api.post("/cases/", json=FORM), 405)
    assert desk.count() == 300


@pytest.mark.parametrize("content", [b"\xff\xfe=1", b"depid", b"depid=268&depid=269"])
async def test_forms_that_cannot_be_read_are_refused(api: httpx.AsyncClient, content: bytes) -> None:
    answer = await api.post("/cases/", content=content, headers={"content-type": "application/x-www-form-urlencoded"})

    assert_error(answer, 405)


async def test_parameters_in_the_wrong_place_are_refused(api: httpx.AsyncClient) -> None:
    assert_error(await api.post("/cases/", params=FORM), 405)
    assert_error(await api.request("GET", "/cases", data={"status": "new"}), 405)


# Searching


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("all", {"new", "open", "closed"}),
        ("active", {"new", "open"}),
        ("new", {"new"}),
        ("open", {"open"}),
        ("closed", {"closed"}),
    ],
)
async def test_the_status_filter_means_what_the_documentation_says(
    desk: FuseDesk, api: httpx.AsyncClient, status: str, expected: set[str]
) -> None:
    cases = await found(api, status=status, limit=500)

    assert {case["status"] for case in cases} == expected
    assert len(cases) == sum(desk.count(status=one) for one in expected)


async def test_a_search_gives_150_cases_unless_a_limit_up_to_500_is_asked_for() -> None:
    desk = FuseDesk(cases=600)
    async with serve(desk.app) as url, httpx.AsyncClient(base_url=f"{url}/api/v1", headers=KEY) as api:
        assert len(await found(api)) == 150
        assert len(await found(api, limit=500)) == 500
        assert len(await found(api, limit=500, offset=500)) == 100
        assert_error(await api.get("/cases", params={"limit": "501"}), 405)


async def test_pages_by_offset_hold_every_case_once(api: httpx.AsyncClient) -> None:
    ids = [case["caseid"] for offset in range(0, 300, 70) for case in await found(api, limit=70, offset=offset)]

    assert sorted(ids) == list(range(1001, 1301))


async def test_cases_come_last_updated_first_unless_an_order_is_asked_for(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    default = [case["date_updated"] for case in await found(api)]
    by_id = [case["caseid"] for case in await found(api, orderby="caseid asc", limit=3)]
    contacts = [case["contactid"] for case in await found(api, orderby="contactid desc,date_opened asc", limit=500)]
    resolved = [case["date_closed"] for case in await found(api, orderby="date_resolved", status="closed")]
    desk.newest_first = False
    oldest = [case["caseid"] for case in await found(api, orderby="caseid", limit=1)]

    assert default == sorted(default, reverse=True)
    assert by_id == [1001, 1002, 1003]
    assert [one or 0 for one in contacts] == sorted((one or 0 for one in contacts), reverse=True)
    assert resolved == sorted(resolved, reverse=True)
    assert oldest == [1001]


@pytest.mark.parametrize(
    ("query", "column", "value"),
    [
        ({"contactid": 77}, "contactid", 77),
        ({"companyid": 5}, "companyid", 5),
        ({"repid": 1}, "repid", 1),
        ({"depid": 269}, "departmentid", 269),
        ({"createdByRep": 2}, "createdByRep", 2),
        ({"email": "jane@example.com"}, "contactid", 77),
        ({"email": "Jane@Example.com"}, "contactid", 77),
    ],
)
async def test_a_filter_finds_all_that_fit_and_nothing_else(
    desk: FuseDesk, api: httpx.AsyncClient, query: dict[str, Any], column: str, value: int
) -> None:
    cases = await found(api, limit=500, **query)

    assert {case["caseid"] for case in cases} == {case["caseid"] for case in desk.find(limit=500, **{column: value})}
    assert cases


async def test_tags_words_and_uuids_can_be_searched_for(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    tagged = await found(api, casetag=7, limit=500)
    about = await found(api, subject="PRINTER", limit=500)
    opened = await found(api, **{"from": "jane@example.com"})
    linked = await found(api, contactUuid=desk.contact(77)["uuid"])

    assert tagged
    assert all(7 in case["tags"] for case in tagged)
    assert about
    assert all("printer" in case["summary"].lower() for case in about)
    assert opened
    assert all("jane@example.com" in case["openedby"] for case in opened)
    assert {case["contactid"] for case in linked} == {77}


async def test_filters_narrow_each_other_and_nobody_has_an_unknown_email(api: httpx.AsyncClient) -> None:
    both = await found(api, depid=268, status="new")

    assert {(case["departmentid"], case["status"]) for case in both} == {(268, "new")}
    assert await found(api, email="nobody@example.com") == []
    assert await found(api, depid=99999) == []


DAYS = {"2026-01-09T23:59:59", "2026-01-10T00:00:00", "2026-01-10T23:59:59", "2026-01-11T00:00:00", "2026-01-12T00:00:00"}


@pytest.mark.parametrize(
    ("filter", "strict", "loose"),
    [
        ("2026-01-10", {"2026-01-10T00:00:00", "2026-01-10T23:59:59"}, {"2026-01-10T00:00:00", "2026-01-10T23:59:59"}),
        ('{"before":"2026-01-10"}', {"2026-01-09T23:59:59"}, DAYS - {"2026-01-11T00:00:00", "2026-01-12T00:00:00"}),
        ('{"after":"2026-01-10"}', {"2026-01-11T00:00:00", "2026-01-12T00:00:00"}, DAYS - {"2026-01-09T23:59:59"}),
        (
            '{"after":"2026-01-09","before":"2026-01-11"}',
            {"2026-01-10T00:00:00", "2026-01-10T23:59:59"},
            DAYS - {"2026-01-12T00:00:00"},
        ),
    ],
)
async def test_a_date_filter_is_a_day_or_before_or_after_or_both(filter: str, strict: set[str], loose: set[str]) -> None:
    desk = FuseDesk(cases=0)
    async with serve(desk.app) as url, httpx.AsyncClient(base_url=f"{url}/api/v1", headers=KEY) as api:
        for day in DAYS:
            await api.post("/cases/", data={**FORM, "date_opened": day})
        opened = {case["date_opened"][:19] for case in await found(api, date_opened=filter)}
        desk.bounds_belong = True
        inclusive = {case["date_opened"][:19] for case in await found(api, date_opened=filter)}

    assert opened == strict
    assert inclusive == loose


async def test_days_are_days_of_fusedesks_own_zone(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.zone = timezone(timedelta(hours=9))
    await api.post("/cases/", data={**FORM, "date_opened": "2030-01-10 03:00:00"})
    (case,) = await found(api, date_opened="2030-01-10")

    assert case["date_opened"] == "2030-01-10T03:00:00+09:00"
    assert desk.newest()["date_opened"] == "2030-01-09 18:00:00"


@pytest.mark.parametrize("column", ["date_opened", "date_assigned", "date_firstresponse", "date_updated", "date_closed"])
async def test_every_date_can_be_filtered_and_a_missing_one_never_fits(api: httpx.AsyncClient, column: str) -> None:
    cases = await found(api, limit=500, **{column: '{"after":"2000-01-01"}'})

    assert cases
    assert all(case[column] for case in cases)


@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"status": "solved"},
        {"limit": "0"},
        {"limit": "ten"},
        {"offset": "-1"},
        {"orderby": "summary"},
        {"orderby": "caseid sideways"},
        {"orderby": "caseid,"},
        {"repid": "jane"},
        {"date_opened": "soon"},
        {"date_opened": '{"since":"2026-01-01"}'},
        {"date_opened": "{}"},
        {"date_opened": '{"after":"2026-01-01"'},
        {"date_opened": '{"after":5}'},
        {"date_opened": '{"after":"9999-12-31"}'},
        {"date_lastresponse": "2026-01-01"},
    ],
)
async def test_a_search_with_a_bad_parameter_is_refused(api: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert_error(await api.get("/cases", params=query), 405)


# One case


async def test_a_case_comes_with_its_history_and_a_list_without(api: httpx.AsyncClient) -> None:
    case = (await api.get("/cases/1007")).json()
    listed = await found(api, limit=1)

    assert case["caseid"] == 1007
    assert case["history"][0]["title"] == case["summary"]
    assert "history" not in listed[0]


async def test_a_case_number_leads_to_the_case_while_the_switch_is_on(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    number = desk.case(1234)["casenum"]
    on = await api.get(f"/cases/{number.lower()}")
    desk.answers_casenum = False
    off = await api.get(f"/cases/{number}")

    assert on.json()["caseid"] == 1234
    assert_error(off, 404)


@pytest.mark.parametrize("ref", ["999999", "abc", "0", "1.5", "%00", "9" * 30])
async def test_an_unknown_case_is_a_404_for_every_call(api: httpx.AsyncClient, ref: str) -> None:
    assert_error(await api.get(f"/cases/{ref}"), 404)
    assert_error(await api.post(f"/cases/{ref}", data={"status": "open"}), 404)
    assert_error(await api.post(f"/cases/{ref}/addnote", data=NOTE), 404)
    assert_error(await api.post(f"/cases/{ref}/tag/7"), 404)
    assert_error(await api.post(f"/cases/{ref}/history", data={"history": "[]"}), 404)


async def test_a_note_and_a_call_go_into_the_history(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/1234/addnote", data=NOTE)
    await api.post(
        "/cases/1234/addnote", data={**NOTE, "type": "note", "date_added": "2020-01-01", "repid": "2", "status": "closed"}
    )
    case = desk.case(1234)
    old, new = case["history"][0], case["history"][-1]

    assert (new["type"], new["title"], new["note"], new["date_added"]) == (
        "call",
        "Called",
        "Nobody there",
        "2026-03-01 12:00:00",
    )
    assert (old["type"], old["date_added"], old["repid"]) == ("note", "2020-01-01 00:00:00", 2)
    assert (case["status"], case["date_updated"]) == ("closed", "2026-03-01 12:00:00")


@pytest.mark.parametrize(
    "change", [{"title": ""}, {"note": ""}, {"type": ""}, {"type": "email"}, {"text": "x"}, {"date_added": "x"}]
)
async def test_a_note_with_a_bad_field_is_refused(desk: FuseDesk, api: httpx.AsyncClient, change: dict[str, str]) -> None:
    before = desk.case(1234)

    assert_error(await api.post("/cases/1234/addnote", data={**NOTE, **change}), 405)
    assert desk.case(1234) == before


async def test_tags_can_be_put_on_twice_and_taken_off_twice(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.untag(1234, 7)
    for _ in range(2):
        assert (await api.post("/cases/1234/tag/7")).status_code == 200
    tagged = desk.case(1234)["tagnames"]
    for _ in range(2):
        assert (await api.post("/cases/1234/untag/7")).status_code == 200

    assert tagged.count("VIP") == 1
    assert "VIP" not in desk.case(1234)["tagnames"]


async def test_an_unknown_tag_is_a_404(api: httpx.AsyncClient) -> None:
    assert_error(await api.post("/cases/1234/tag/999"), 404)
    assert_error(await api.post("/cases/1234/untag/vip"), 404)


async def test_a_transfer_changes_department_and_rep(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    answer = await api.post("/cases/1234", data={"depid": "269", "repid": "5"})
    case = desk.case(1234)

    assert (case["department"], case["rep"]) == ("Billing", "Olu Adeyemi")
    assert case["date_assigned"] == case["date_updated"] == "2026-03-01 12:00:00"
    assert (answer.json()["departmentid"], answer.json()["repid"]) == (269, 5)


async def test_a_transfer_keeps_what_was_not_asked_for_where_it_can(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.change(1234, departmentid=268, repid=1)
    await api.post("/cases/1234", data={"repid": "2"})
    by_rep = desk.case(1234)
    desk.change(1234, departmentid=268, repid=1)
    await api.post("/cases/1234", data={"depid": "269"})
    kept = desk.case(1234)
    await api.post("/cases/1234", data={"depid": "271"})
    random = desk.case(1234)

    assert (by_rep["departmentid"], by_rep["repid"]) == (268, 2)
    assert (kept["departmentid"], kept["repid"]) == (269, 1)
    assert random["departmentid"] == 271
    assert random["repid"] in (2, 4, 9, 10)


@pytest.mark.parametrize(
    "target", [{"repid": "8"}, {"depid": "269", "repid": "2"}, {"repid": "999"}, {"depid": "271", "repid": "11"}]
)
async def test_a_transfer_to_a_rep_outside_the_department_is_refused_with_a_sentence(
    desk: FuseDesk, api: httpx.AsyncClient, target: dict[str, str]
) -> None:
    desk.change(1234, departmentid=268, repid=1)
    answer = await api.post("/cases/1234", data=target)

    assert_error(answer, 405, "api_error_norep")
    assert "not an active rep of the department" in answer.json()["error"]
    assert (desk.case(1234)["departmentid"], desk.case(1234)["repid"]) == (268, 1)


async def test_a_case_is_linked_by_contact_id_or_uuid(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.change(1234, contactid=None, contactUuid=None)
    await api.post("/cases/1234", data={"contactid": "77"})
    by_id = desk.case(1234)
    await api.post("/cases/1234", data={"contactUuid": desk.contact(3)["uuid"]})
    by_uuid = desk.case(1234)
    two = await api.post("/cases/1234", data={"contactid": "4", "contactUuid": desk.contact(3)["uuid"]})

    assert (by_id["contactid"], by_id["contactUuid"]) == (77, desk.contact(77)["uuid"])
    assert by_uuid["contactid"] == 3
    assert_error(two, 405, "api_error_nocontact")


async def test_closing_dates_a_case_and_reopening_takes_the_date_away(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/1234", data={"status": "new"})
    await api.post("/cases/1234", data={"status": "closed"})
    closed = desk.case(1234)
    await api.post("/cases/1234", data={"status": "open", "summary": "New words", "details": "More", "companyid": "5"})
    opened = desk.case(1234)

    assert closed["date_closed"] == "2026-03-01 12:00:00"
    assert opened["date_closed"] is None
    assert (opened["status"], opened["summary"], opened["details"], opened["companyid"]) == ("open", "New words", "More", 5)


async def test_an_update_of_nothing_or_of_the_unknown_is_refused(api: httpx.AsyncClient) -> None:
    assert_error(await api.post("/cases/1234"), 405)
    assert_error(await api.post("/cases/1234", data={"depid": "4711"}), 405)
    assert_error(await api.post("/cases/1234", data={"status": "done"}), 405)


async def test_imported_history_keeps_its_dates_and_addresses(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    mail = {
        "type": "email",
        "to": "desk@example.org",
        "from": "jane@example.com",
        "subject": "Hi",
        "body": "Text",
        "cc": "c@example.com",
    }
    items = [
        {"type": "note", "title": "First", "note": "One", "date_added": "2020-01-01T10:00:00Z"},
        {"type": "call", "title": "Now", "note": "Two"},
        {**mail, "date_sent": "2020-01-02", "date_recvd": "2020-01-02 08:00:00", "repid": 2},
    ]
    answer = await api.post("/cases/1234/history", data={"history": json.dumps(items), "skipinfusionsoft": "True"})
    shown = (await api.get("/cases/1234")).json()["history"]

    assert answer.json()["imported"] == 3
    assert [item["type"] for item in shown[:2]] == ["note", "email"]
    assert shown[1]["date_recvd"] == "2020-01-02T08:00:00+00:00"
    assert {name: shown[1][name] for name in mail} == mail
    assert desk.case(1234)["history"][-1]["date_added"] == "2026-03-01 12:00:00"


async def test_a_history_with_one_bad_item_adds_none(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    before = desk.case(1234)["history"]
    items = json.dumps([{"type": "note", "title": "Good", "note": "x"}, {"type": "note", "note": "No title"}])

    assert_error(await api.post("/cases/1234/history", data={"history": items}), 405)
    assert_error(await api.post("/cases/1234/history", data={"skipinfusionsoft": "true"}), 405)
    assert desk.case(1234)["history"] == before


async def test_a_reply_is_kept_as_an_email_to_the_contact(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.change(1234, contactid=77, status="new")
    await api.post("/cases/1234/reply", data={"body": "We are on it."})
    case = desk.case(1234)
    desk.change(1234, contactid=None)

    assert (case["history"][-1]["type"], case["history"][-1]["mail_to"]) == ("email", "jane@example.com")
    assert case["status"] == "open"
    assert_error(await api.post("/cases/1234/reply", data={"body": "Hello?"}), 405)


async def test_a_case_can_be_snoozed(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/1234/snooze", data={"until": "2026-04-01T00:00:00Z"})

    assert desk.case(1234)["snoozed_until"] == "2026-04-01 00:00:00"


async def test_many_cases_can_be_changed_in_one_way_at_once(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/update", data={"caseids": "1001,1002", "tagid": "7"})
    await api.post("/cases/update", data={"caseids": "1001,1002", "status": "closed"})
    await api.post("/cases/update", data={"caseids": "1001", "snooze": "2026-05-01"})
    two = await api.post("/cases/update", data={"caseids": "1001", "status": "open", "tagid": "2"})
    gone = await api.post("/cases/update", data={"caseids": "1001,999999", "status": "open"})

    assert all("VIP" in desk.case(caseid)["tagnames"] for caseid in (1001, 1002))
    assert_error(two, 405)
    assert_error(gone, 404)
    assert [desk.case(caseid)["status"] for caseid in (1001, 1002)] == ["closed", "closed"]
    assert desk.case(1001)["snoozed_until"] == "2026-05-01 00:00:00"


# The directory


async def test_departments_come_with_their_reps_and_without_archived_ones(api: httpx.AsyncClient) -> None:
    departments = (await api.get("/departments")).json()
    everything = (await api.get("/departments/all")).json()
    archived = (await api.get("/departments/archived")).json()
    one = (await api.get("/departments/268")).json()

    assert one == {"departmentid": 268, "name": "Support", "repids": [1, 2, 3, 4]}
    assert one in departments
    assert [row["name"] for row in archived] == ["Fax Desk"]
    assert len(everything) == len(departments) + 1
    assert_error(await api.get("/departments/999"), 404)
    assert_error(await api.get("/departments/support"), 404)


async def test_reps_carry_emails_only_while_the_switch_is_on(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    with_emails = (await api.get("/reps")).json()
    desk.reps_have_emails = False
    without = (await api.get("/reps")).json()
    jane = {"userid": 1, "firstname": "Jane", "lastname": "Doe", "active": True}

    assert with_emails[0] == {**jane, "email": "jane.doe@example.org"}
    assert without[0] == jane
    assert [rep["userid"] for rep in with_emails if not rep["active"]] == [11, 12]


async def test_tags_are_listed_and_can_be_created(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    created = (await api.post("/casetags", data={"tagname": "Solar"})).json()
    listed = (await api.get("/casetags")).json()

    assert {"id": 7, "tagname": "VIP"} in listed
    assert created in listed
    assert desk.tags()["Solar"] == created["id"]


async def test_the_second_version_names_things_its_own_way(api: httpx.AsyncClient) -> None:
    base = str(api.base_url).replace("/v1", "/v2")
    departments = (await api.get(base + "departments")).json()
    reps = (await api.get(base + "reps")).json()
    contacts = (await api.get(base + "contacts", params={"search": "jane@EXAMPLE"})).json()

    assert {"id": 268, "name": "Support"} in departments
    assert {"userId": 1, "firstName": "Jane", "lastName": "Doe", "active": True, "email": "jane.doe@example.org"} in reps
    assert [(row["id"], row["name"]) for row in contacts] == [(77, "Jane Miller")]


async def test_names_appear_change_and_vanish(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    night, rep, tag = (
        desk.add_department("Night"),
        desk.add_rep("Ana", "Lima", "ana@example.org", departmentids=[268]),
        desk.add_tag("New"),
    )
    desk.set_reps(night, [rep])
    desk.rename_department(269, "Money")
    desk.remove_department(270)
    desk.archive_department(272)
    desk.change_rep(2, active=False)
    desk.remove_rep(3)
    desk.rename_tag(7, "Very Important")
    desk.remove_tag(1)
    departments = {row["departmentid"]: row for row in (await api.get("/departments")).json()}
    reps = {row["userid"]: row for row in (await api.get("/reps")).json()}
    tags = {row["id"]: row["tagname"] for row in (await api.get("/casetags")).json()}

    assert departments[night] == {"departmentid": night, "name": "Night", "repids": [rep]}
    assert departments[268]["repids"] == [1, 2, 4, rep]
    assert departments[269]["name"] == "Money"
    assert not {270, 272} & set(departments)
    assert (reps[rep]["firstname"], reps[2]["active"], 3 in reps) == ("Ana", False, False)
    assert (tags[tag], tags[7], 1 in tags) == ("New", "Very Important", False)


# Key, scopes, quota, errors


async def test_the_key_is_taken_from_either_header(api: httpx.AsyncClient) -> None:
    bearer = await api.get("/reps", headers={"X-FuseDesk-API-Key": "", "Authorization": "Bearer fd-test-key"})
    wrong = await api.get("/reps", headers={"X-FuseDesk-API-Key": "other"})

    assert bearer.status_code == 200
    assert_error(wrong, 401)


async def test_a_rejected_key_is_a_401_without_an_effect(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.rejects_key = True

    assert_error(await api.post("/cases/", data=FORM), 401)
    assert desk.count() == 300


async def test_the_permissions_are_the_scopes_of_the_key(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.scopes = {"cases", "reps"}

    assert (await api.get("/session/permissions")).json() == ["cases", "reps"]


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("cases", "GET", "/cases"),
        ("cases", "GET", "/cases/1234"),
        ("cases_create", "POST", "/cases/"),
        ("cases_update", "POST", "/cases/1234"),
        ("cases_update", "POST", "/cases/1234/addnote"),
        ("cases_update", "POST", "/cases/1234/tag/7"),
        ("cases_update", "POST", "/cases/1234/history"),
        ("departments", "GET", "/departments"),
        ("reps", "GET", "/reps"),
        ("casetags", "GET", "/casetags"),
    ],
)
async def test_a_missing_scope_is_a_403_that_names_it(
    desk: FuseDesk, api: httpx.AsyncClient, scope: str, method: str, path: str
) -> None:
    desk.scopes.remove(scope)
    answer = await api.request(method, path)

    assert_error(answer, 403, "api_error_noscope")
    assert scope in answer.json()["error"]


async def test_every_answer_tells_the_quota_and_the_last_call_is_followed_by_429(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.quota_limit = 100
    desk.quota_left = 2
    answers = [await api.get(path) for path in ("/reps", "/nothing", "/reps", "/reps")]

    assert [answer.status_code for answer in answers] == [200, 404, 429, 429]
    assert [answer.headers["X-FuseDesk-Usage-Remaining"] for answer in answers] == ["1", "0", "0", "0"]
    assert {answer.headers["X-FuseDesk-Usage-Limit"] for answer in answers} == {"100"}
    assert_error(answers[2], 429)


async def test_the_quota_is_full_again_after_an_hour(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.quota_left = 0
    desk.quota.began -= HOURS

    assert (await api.get("/reps")).headers["X-FuseDesk-Usage-Remaining"] == "1799"


async def test_unknown_urls_and_methods_get_errors_in_fusedesks_form(api: httpx.AsyncClient) -> None:
    assert_error(await api.get("/nothing"), 404)
    assert_error(await api.get("/cases/1234/addnote"), 405)
    assert_error(await api.delete("/cases/1234"), 405)


# Switches


async def test_down_is_a_503_without_an_effect(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.down = True
    answer = await api.post("/cases/", data=FORM)

    assert answer.status_code == 503
    assert desk.count() == 300


async def test_what_hangs_is_done_when_it_is_let_go(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    arrived = asyncio.Event()
    desk.on_request = lambda call: arrived.set()
    desk.hanging = True
    waiting = asyncio.create_task(api.post("/cases/", data=FORM))
    await arrived.wait()
    in_flight, before = desk.in_flight, desk.count()
    desk.hanging = False
    answer = await waiting

    assert (in_flight, before) == (1, 300)
    assert answer.status_code == 200
    assert desk.count() == 301


async def test_the_end_of_the_server_ends_what_hangs() -> None:
    desk, arrived = FuseDesk(cases=0), asyncio.Event()
    desk.on_request = lambda call: arrived.set()
    desk.hanging = True
    async with httpx.AsyncClient(headers=KEY) as client:
        async with serve(desk.app) as url:
            waiting = asyncio.create_task(client.get(f"{url}/api/v1/reps", timeout=60))
            await arrived.wait()
            started = perf_counter()
        seconds = perf_counter() - started
        with pytest.raises(httpx.RemoteProtocolError):
            await waiting

    assert seconds < 2
    assert [call.status for call in desk.calls] == [0]


async def test_latency_comes_before_every_answer_and_the_crm_is_slower_still(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.latency, desk.crm_latency = 0.02, 0.05
    await api.get("/reps")
    await api.get("/cases", params={"email": "jane@example.com"})
    plain, crm = desk.calls

    assert plain.seconds >= 0.02
    assert crm.seconds >= 0.07


async def test_garbage_is_an_html_page_with_status_200(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.garbage = True
    answer = await api.get("/cases/1234")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_errors_can_come_as_200_with_an_error_object(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.error_in_200 = True
    answer = await api.get("/cases/999999")

    assert answer.status_code == 200
    assert answer.json() == {"error": "There is no case 999999.", "errorcode": "api_error_notfound"}
    assert "X-FuseDesk-Error-Code" not in answer.headers
    assert "X-FuseDesk-Usage-Limit" in answer.headers


async def test_writes_can_answer_with_nothing(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.empty_writes = True
    opened, read = await api.post("/cases/", data=FORM), await api.get("/cases/1234")

    assert (opened.status_code, opened.content) == (200, b"")
    assert desk.count() == 301
    assert read.json()["caseid"] == 1234


async def test_numbers_can_come_as_strings(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.change(1234, repid=None, departmentid=268)
    desk.numbers_as_strings = True
    case = (await api.get("/cases/1234")).json()
    reps = (await api.get("/reps")).json()

    assert (case["caseid"], case["departmentid"], case["repid"]) == ("1234", "268", "0")
    assert reps[0]["userid"] == "1"
    assert reps[0]["active"] is True


async def test_tags_come_in_any_of_three_shapes(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/", data={**FORM, "casetags": "2,7"})
    shapes = {}
    for desk.tag_shape in ("ids", "objects", "keyed"):
        shapes[desk.tag_shape] = (await api.get("/cases/1301")).json()["tags"]

    assert shapes["ids"] == [2, 7]
    assert shapes["objects"] == [{"id": 2, "tagname": "Hardware"}, {"id": 7, "tagname": "VIP"}]
    assert shapes["keyed"] == {"2": "Hardware", "7": "VIP"}


async def test_dates_come_with_an_offset_or_plain_in_fusedesks_zone(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.post("/cases/", data=FORM)
    iso = (await api.get("/cases/1301")).json()
    desk.date_style, desk.zone = "plain", timezone(timedelta(hours=2))
    plain = (await api.get("/cases/1301")).json()

    assert (iso["date_opened"], iso["date_closed"]) == ("2026-03-01T12:00:00+00:00", None)
    assert (plain["date_opened"], plain["date_closed"]) == ("2026-03-01 14:00:00", "0000-00-00 00:00:00")


# Faults per call


@pytest.mark.parametrize(("when", "cases"), [("before", 300), ("after", 301)])
@pytest.mark.parametrize("how", ["drop", "503", "429", "error_in_200", "garbage"])
async def test_a_fault_strikes_once_before_or_after_the_effect(
    desk: FuseDesk, api: httpx.AsyncClient, when: str, cases: int, how: str
) -> None:
    desk.fail("POST /cases/", when=when, how=how)
    other = await api.get("/cases/1234")
    try:
        answer = await api.post("/cases/", data=FORM)
        struck = answer.status_code != 200 or "caseid" not in answer.text
    except httpx.RemoteProtocolError:
        struck = how == "drop"
    after_fault = desk.count()
    again = await api.post("/cases/", data=FORM)

    assert other.status_code == 200
    assert struck
    assert after_fault == cases
    assert "caseid" in again.json()


@pytest.mark.parametrize(("when", "cases"), [("before", 300), ("after", 301)])
async def test_a_call_can_hang_before_or_after_its_effect(desk: FuseDesk, api: httpx.AsyncClient, when: str, cases: int) -> None:
    desk.fail("POST /cases", when=when, how="hang")
    arrived = asyncio.Event()
    desk.on_request = lambda call: arrived.set() if call.writes else None
    waiting = asyncio.create_task(api.post("/cases/", data=FORM))
    await arrived.wait()
    other = await api.get("/reps")
    hanging, in_flight = desk.count(), desk.in_flight
    desk.release()
    answer = await waiting

    assert (hanging, in_flight) == (cases, 1)
    assert other.status_code == answer.status_code == 200
    assert desk.count() == 301


async def test_a_caller_who_gives_up_waiting_does_not_undo_the_effect(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    done = asyncio.Event()
    desk.on_effect = lambda call: done.set()
    desk.fail("POST /cases", when="after", how="hang")
    with pytest.raises(httpx.ReadTimeout):
        await api.post("/cases/", data=FORM, timeout=0.05)
    await done.wait()

    assert desk.count() == 301


async def test_an_empty_answer_comes_after_the_effect(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.fail("POST /cases/{id}/addnote", when="after", how="empty")
    before = len(desk.case(1234)["history"])
    answer = await api.post("/cases/1234/addnote", data=NOTE)

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(desk.case(1234)["history"]) == before + 1


async def test_faults_last_as_long_as_asked_and_can_be_mended(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.fail("GET /cases/*", how="502", times=2)
    twice = [(await api.get("/cases/1234")).status_code for _ in range(3)]
    desk.fail("GET /reps", how="500", times=None)
    always = [(await api.get("/reps")).status_code for _ in range(3)]
    desk.mend()
    mended = (await api.get("/reps")).status_code

    assert twice == [502, 502, 200]
    assert always == [500, 500, 500]
    assert mended == 200


@pytest.mark.parametrize(
    ("pattern", "when", "how", "reason"),
    [
        ("cases", "before", "drop", "is not like"),
        ("POST cases", "before", "drop", "is not like"),
        ("POST /cases/", "during", "drop", "before or after"),
        ("POST /cases/", "before", "explode", "a status such as 503"),
        ("POST /cases/", "before", "empty", "after the effect"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(desk: FuseDesk, pattern: str, when: str, how: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        desk.fail(pattern, when=when, how=how)


async def test_an_app_that_nobody_serves_says_why_it_cannot_drop(desk: FuseDesk) -> None:
    desk.fail("GET /reps", how="drop")
    transport = httpx.ASGITransport(app=desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=KEY) as client:
        with pytest.raises(CannotCut):
            await client.get("/api/v1/reps")


# Looking and following


async def test_every_call_is_recorded_with_what_was_sent(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    await api.get("/cases", params={"status": "new"})
    await api.post("/cases/1234/addnote", data=NOTE)
    await api.get("/cases/999999")
    search, note, missing = desk.calls

    assert (search.method, search.path, search.query, search.status) == ("GET", "/api/v1/cases", {"status": "new"}, 200)
    assert (note.form, note.status, note.writes) == (NOTE, 200, True)
    assert missing.status == 404
    assert desk.calls.count("GET /cases") == 1
    assert desk.calls.count("GET /cases/{id}") == 1
    assert desk.calls.count("POST /cases/1234/addnote/") == 1
    assert desk.calls.count("GET *") == 2
    assert desk.calls.count("GET /api/v1/cases") == 1


async def test_hooks_see_the_request_the_effect_and_the_answer_in_this_order(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    seen: list[tuple[str, int, int]] = []

    async def effect(call: Call) -> None:
        seen.append(("effect", desk.count(), call.status))

    desk.on_request = lambda call: seen.append(("request", desk.count(), call.status))
    desk.on_effect = effect
    answered = asyncio.Event()

    def answer(call: Call) -> None:
        seen.append(("answer", desk.count(), call.status))
        answered.set()

    desk.on_answer = answer
    await api.post("/cases/", data=FORM)
    await answered.wait()

    assert seen == [("request", 300, 0), ("effect", 301, 0), ("answer", 301, 200)]


async def test_a_read_or_a_refusal_has_no_effect_to_tell_of(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    effects: list[Call] = []
    desk.on_effect = effects.append
    await api.get("/cases/1234")
    await api.post("/cases/999999", data={"status": "open"})

    assert effects == []


async def test_whoever_follows_wakes_at_each_change(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    since = desk.version
    following = asyncio.create_task(desk.changed(since))
    await api.post("/cases/1234/tag/7")
    by_api = await following
    desk.change(1234, status="closed")
    by_hand = await desk.changed(by_api)
    await api.get("/cases/1234")

    assert since < by_api < by_hand
    assert desk.version == by_hand


async def test_changes_by_hand_are_seen_through_the_api(desk: FuseDesk, api: httpx.AsyncClient) -> None:
    desk.change(1234, status="closed", repid=2)
    desk.add_note(1234, "By hand", "In FuseDesk itself", repid=2)
    desk.tag(1234, 7)
    closed = (await api.get("/cases/1234")).json()
    desk.remove_case(1235)
    contact = desk.add_contact("Ada Nova", "ada@example.com")
    desk.change(1236, contactid=contact)

    assert (closed["status"], closed["repid"], closed["date_closed"]) == ("closed", 2, "2026-03-01T12:00:00+00:00")
    assert closed["history"][-1]["title"] == "By hand"
    assert 7 in closed["tags"]
    assert_error(await api.get("/cases/1235"), 404)
    assert [case["caseid"] for case in await found(api, email="ada@example.com")] == [1236]


def test_what_is_not_there_is_a_key_error(desk: FuseDesk) -> None:
    for attempt in (
        lambda: desk.case(9),
        lambda: desk.contact(9999),
        lambda: desk.change(9, status="open"),
        lambda: desk.change(1234, colour="red"),
        lambda: desk.remove_case(9),
        lambda: desk.rename_tag(99, "x"),
        lambda: desk.find(colour="red"),
        lambda: FuseDesk(cases=0).newest(),
    ):
        with pytest.raises(KeyError):
            attempt()


def test_cases_are_found_by_columns_and_words(desk: FuseDesk) -> None:
    number = desk.case(1234)["casenum"]

    assert desk.find(words=number)[0]["caseid"] == 1234
    assert all(case["status"] != "closed" for case in desk.find(status="active", words="printer"))
    assert desk.count(words="printer") == len(desk.find(words="printer", limit=300)) > 0
    assert len(desk.find(limit=5, offset=298)) == 2


def test_a_case_of_a_removed_department_has_no_department_name(desk: FuseDesk) -> None:
    desk.change(1234, departmentid=268, repid=None)
    desk.remove_department(268)

    assert (desk.case(1234)["departmentid"], desk.case(1234)["department"], desk.case(1234)["rep"]) == (268, "", "")


def test_a_case_that_cannot_be_inserted_whole_is_not_inserted_at_all(desk: FuseDesk) -> None:
    row = {"summary": "Half", "details": "", "openedby": "", "status": "new", "date_opened": "2026", "date_updated": "2026"}
    with pytest.raises(sqlite3.IntegrityError):
        desk.insert(row, history=[{"type": None, "title": "x", "note": "y", "date_added": None}])

    assert desk.find(summary="Half") == []
    assert desk.count() == 300


# On its own


async def test_an_app_that_does_not_start_is_an_error() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("no database")

    with pytest.raises(RuntimeError, match="did not start"):
        async with serve(broken):
            pass


async def test_an_answer_under_way_is_finished_when_the_server_ends() -> None:
    desk, arrived = FuseDesk(cases=500), asyncio.Event()
    desk.on_request, desk.latency = lambda call: arrived.set(), 0.05
    async with httpx.AsyncClient(headers=KEY) as client:
        async with serve(desk.app, grace=5) as url:
            waiting = asyncio.create_task(client.get(f"{url}/api/v1/cases", params={"limit": "500"}))
            await arrived.wait()
        answer = await waiting

    assert len(answer.json()) == 500


async def test_a_taken_port_is_an_error_at_once(desk: FuseDesk) -> None:
    async with serve(desk.app) as url:
        with pytest.raises(OSError, match="in use"):
            async with serve(desk.app, port=int(url.rpartition(":")[2])):
                pass


async def test_it_runs_as_a_command_and_ends_cleanly() -> None:
    command = ["-W", "error", "-m", "simulator.fusedesk", "--port", "0", "--cases", "20", "--key", "k", "--latency", "0.01"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = next(word for word in line.split() if word.startswith("http"))
    async with httpx.AsyncClient(headers={"X-FuseDesk-API-Key": "k"}) as client:
        answer = await client.get(f"{url}/api/v1/cases")
    process.send_signal(signal.SIGTERM)
    await process.communicate()

    assert url.startswith("http://127.0.0.1:")
    assert len(answer.json()) == 20
    assert process.returncode == 0
