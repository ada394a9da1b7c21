"""The FuseDesk client over real HTTP against the stand-in; answers it never gives come through httpx's own mock transport."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import stamina

from bot.fusedesk.client import FuseDesk
from bot.fusedesk.errors import (
    FuseDeskError,
    KeyRefused,
    NotFound,
    QuotaUsedUp,
    RefusedByFuseDesk,
    ScopeMissing,
    Unavailable,
    Unintelligible,
)
from bot.fusedesk.models import Case, CaseSearch, DateFilter, NewCase, NewEmail, NewNote, Status
from simulator.fusedesk import FuseDesk as Simulated
from simulator.serving import serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_waiting() -> AsyncIterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield  # type: ignore[misc]  # a plain generator


@pytest.fixture
async def desk() -> AsyncIterator[Simulated]:
    desk = Simulated(cases=60)
    async with serve(desk.app) as url:
        desk.url = url  # type: ignore[attr-defined]
        yield desk


@asynccontextmanager
async def client(desk: Simulated, *, patience: float = 5.0) -> AsyncIterator[FuseDesk]:
    async with httpx.AsyncClient(timeout=patience) as http:
        yield FuseDesk(http, base_url=desk.url, api_key=desk.api_key)  # type: ignore[attr-defined]


@asynccontextmanager
async def answering(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> AsyncIterator[FuseDesk]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        yield FuseDesk(http, base_url="http://fusedesk.test", api_key="key-1", **more)


def always(*arguments: Any, **more: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(*arguments, **more)


NEW = NewCase(depid=268, summary="Printer", details="On fire", openedby="Jane")


async def test_a_case_is_opened_with_every_field(desk: Simulated) -> None:
    history = (
        NewNote(title="Before", note="All well", type="call", date_added=NOW),
        NewEmail(to="a@example.com", from_="b@example.com", subject="Hi", body="Text", cc="c@example.com", bcc="d@example.com"),
    )
    new = NEW.model_copy(
        update={
            "repid": 1,
            "status": Status.OPEN,
            "date_opened": NOW,
            "date_assigned": NOW,
            "date_updated": NOW,
            "contactid": 77,
            "companyid": 5,
            "type": "import",
            "history": history,
            "skipinfusionsoft": True,
            "casetags": (7, 2),
        }
    )
    async with client(desk) as fusedesk:
        case = await fusedesk.open_case(new)

    held = desk.newest()
    assert case is not None
    assert case.caseid == held["caseid"]
    assert (held["status"], held["repid"], held["contactid"], held["companyid"]) == ("open", 1, 77, 5)
    assert set(held["tags"]) == {2, 7}
    assert [(item["type"], item["title"]) for item in held["history"]] == [("call", "Before"), ("email", "Hi")]
    assert held["date_opened"].startswith("2026-03-01")
    assert desk.calls[-1].form["skipinfusionsoft"] == "true"


async def test_an_email_or_a_contacts_uuid_links_the_contact(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        by_email = await fusedesk.open_case(NEW.model_copy(update={"email": "jane@example.com"}))
        by_uuid = await fusedesk.open_case(NEW.model_copy(update={"contact_uuid": desk.contact(77)["uuid"]}))

    assert by_email is not None
    assert by_uuid is not None
    assert (by_email.contactid, by_uuid.contactid) == (77, 77)


async def test_every_filter_of_a_search_is_sent(desk: Simulated) -> None:
    day = DateFilter(after=date(2026, 1, 1), before=date(2026, 2, 1))
    search = CaseSearch(
        email="jane@example.com",
        contactid=77,
        companyid=5,
        repid=1,
        depid=268,
        casetag=7,
        status="active",
        date_opened=day,
        date_assigned=DateFilter(on=date(2026, 1, 5)),
        date_firstresponse=DateFilter(after=date(2026, 1, 1)),
        date_updated=DateFilter(before=date(2026, 1, 1)),
        date_closed=day,
        limit=20,
        offset=40,
        orderby="date_opened",
        subject="Printer",
        from_="jane",
        created_by_rep=2,
        contact_uuid="u-1",
    )
    async with client(desk) as fusedesk:
        await fusedesk.search(search)

    query = desk.calls[-1].query
    assert set(query) == {field.serialization_alias or name for name, field in CaseSearch.model_fields.items()}
    assert json.loads(query["date_opened"]) == {"after": "2026-01-01", "before": "2026-02-01"}
    assert (query["date_assigned"], query["limit"], query["offset"]) == ("2026-01-05", "20", "40")


async def test_all_pages_come_once(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        pages = [page async for page in fusedesk.pages(CaseSearch(limit=25, orderby="caseid"))]

    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({case.caseid for page in pages for case in page}) == 60


async def test_paging_ends_where_fusedesk_repeats_itself() -> None:
    async with answering(always(200, json=[{"caseid": 1}, {"caseid": 2}])) as fusedesk:
        pages = [page async for page in fusedesk.pages(CaseSearch(limit=2))]

    assert [[case.caseid for case in page] for page in pages] == [[1, 2]]


async def test_a_case_comes_with_its_history_by_id_and_by_number(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        by_id = await fusedesk.get_case(1010)
        by_number = await fusedesk.get_case(by_id.casenum.lower())

    assert by_id == by_number
    assert by_id.history
    assert by_id.history[0].date_added is not None


async def test_a_write_does_what_it_says(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        await fusedesk.add_note(1010, NewNote(title="Call", note="Rang", type="call", date_added=NOW))
        await fusedesk.tag(1010, 7)
        await fusedesk.untag(1010, 7)
        await fusedesk.tag(1010, 2)
        moved = await fusedesk.transfer(1010, depid=269, repid=5)
        linked = await fusedesk.link_contact(1010, contactid=77)
        closed = await fusedesk.set_status(1010, Status.CLOSED)
        await fusedesk.import_history(1010, [NewNote(title="Old", note="Text")], skipinfusionsoft=True)

    held = desk.case(1010)
    assert [moved and moved.repid, linked and linked.contactid, closed and closed.status] == [5, 77, Status.CLOSED]
    assert (held["departmentid"], held["repid"], held["contactid"], held["status"]) == (269, 5, 77, "closed")
    assert 2 in held["tags"]
    assert 7 not in held["tags"]
    assert {"Call", "Old"} <= {item["title"] for item in held["history"]}


async def test_names_and_permissions_are_listed(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        departments, reps = await fusedesk.departments(), await fusedesk.reps()
        tags, scopes = await fusedesk.casetags(), await fusedesk.permissions()

    assert {department.name for department in departments} == set(desk.departments())
    assert {rep.name for rep in reps if rep.active} == set(desk.reps())
    assert {tag.tagname for tag in tags} == set(desk.tags())
    assert {"cases", "cases_create", "cases_update"} <= set(scopes)


@pytest.mark.parametrize("shape", ["ids", "objects", "keyed"])
async def test_tags_are_read_in_every_shape_and_numbers_as_text(desk: Simulated, shape: str) -> None:
    desk.tag(1010, 7)
    desk.tag_shape = shape  # type: ignore[assignment]
    desk.numbers_as_strings = True
    async with client(desk) as fusedesk:
        case = await fusedesk.get_case(1010)

    assert set(case.tags) == set(desk.case(1010)["tags"])
    assert case.departmentid == desk.case(1010)["departmentid"]


async def test_dates_without_an_offset_are_in_the_zone_of_the_settings() -> None:
    told = {"caseid": 1, "date_opened": "2026-07-01 12:00:00", "date_closed": "0000-00-00 00:00:00", "date_assigned": ""}
    async with answering(always(200, json=told), zone=ZoneInfo("Europe/Berlin")) as fusedesk:
        case = await fusedesk.get_case(1)

    assert case.date_opened is not None
    assert case.date_opened.astimezone(UTC).hour == 10
    assert (case.date_closed, case.date_assigned) == (None, None)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(401), KeyRefused),
        (httpx.Response(403), ScopeMissing),
        (httpx.Response(200, json={"error": "No", "errorcode": "api_error_noscope"}), ScopeMissing),
        (httpx.Response(404), NotFound),
        (httpx.Response(405, json={"error": "Rep is gone", "errorcode": "x"}), RefusedByFuseDesk),
        (httpx.Response(200, json={"error": "Rep is gone"}), RefusedByFuseDesk),
        (httpx.Response(200, json={"error": True}), RefusedByFuseDesk),
        (httpx.Response(418, headers={"X-FuseDesk-Error": "Teapot"}), RefusedByFuseDesk),
        (httpx.Response(429), QuotaUsedUp),
        (httpx.Response(500), Unavailable),
        (httpx.Response(503, html="<h1>down</h1>"), Unavailable),
        (httpx.Response(200, html="<h1>hello</h1>"), Unintelligible),
        (httpx.Response(200, content=b""), Unintelligible),
        (httpx.Response(200, json="text"), Unintelligible),
        (httpx.Response(200, json=[]), NotFound),
        (httpx.Response(200, json=[1, 2]), Unintelligible),
        (httpx.Response(200, content=b"[" * 100_000), Unintelligible),
        (httpx.Response(302), Unintelligible),
        (httpx.Response(200, json={"caseid": 2, "casenum": "AB2"}), NotFound),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value.status_code),
)
async def test_each_kind_of_failure_has_its_error(response: httpx.Response, error: type[FuseDeskError]) -> None:
    async with answering(lambda _: response) as fusedesk:
        with pytest.raises(error) as raised:
            await fusedesk.get_case(1234)

    assert raised.value.says
    assert "key-1" not in str(raised.value) + repr(raised.value.facts)


async def test_a_missing_scope_and_a_missing_case_are_named() -> None:
    async with answering(always(403)) as fusedesk:
        with pytest.raises(ScopeMissing) as scope:
            await fusedesk.tag(1234, 7)
    async with answering(always(404)) as fusedesk:
        with pytest.raises(NotFound) as missing:
            await fusedesk.get_case(1234)

    assert scope.value.scope == "cases_update"
    assert "case #1234" in missing.value.says


async def test_one_unreadable_case_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    told = [{"caseid": 1, "summary": "secret words"}, {"caseid": "x", "summary": "secret words"}, {"caseid": 3}]
    async with answering(always(200, json=told)) as fusedesk:
        cases = await fusedesk.search(CaseSearch())

    assert [case.caseid for case in cases] == [1, 3]
    assert "unreadable Case" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_list_where_a_case_was_expected_and_the_other_way_round() -> None:
    async with answering(always(200, json=[{"caseid": 5}])) as fusedesk:
        assert (await fusedesk.get_case(5)).caseid == 5
    async with answering(always(200, json={"caseid": 5})) as fusedesk:
        assert [case.caseid for case in await fusedesk.search(CaseSearch())] == [5]
    async with answering(always(200, json={"a": 1})) as fusedesk:
        with pytest.raises(Unintelligible):
            await fusedesk.permissions()


@pytest.mark.parametrize("told", [None, {}, {"success": True}, [], "ok", 7])
async def test_whatever_json_answers_a_write_it_is_done(told: object) -> None:
    content = b"" if told is None else json.dumps(told).encode()
    async with answering(always(200, content=content)) as fusedesk:
        assert await fusedesk.transfer(1, depid=2) is None
        assert await fusedesk.open_case(NEW) is None
        await fusedesk.add_note(1, NewNote(title="t", note="n"))


async def test_a_new_case_of_which_only_the_id_is_readable_is_known_by_it() -> None:
    async with answering(always(200, json={"caseid": "9", "status": "brand-new"})) as fusedesk:
        case = await fusedesk.open_case(NEW)

    assert case == Case(caseid=9)


async def test_nothing_to_change_is_a_mistake_of_the_caller() -> None:
    async with answering(always(200)) as fusedesk:
        with pytest.raises(ValueError, match="nothing"):
            await fusedesk.transfer(1)


@pytest.mark.parametrize("ref", ["../reps", "1/tag/2", "1?x=1", "", "a b", "1%2F2"])
async def test_a_reference_can_never_change_the_path(ref: str) -> None:
    async with answering(always(200, json={"caseid": 1})) as fusedesk:
        with pytest.raises(NotFound):
            await fusedesk.get_case(ref)


async def test_a_read_is_repeated_after_a_passing_fault_and_a_write_is_not(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        desk.fail("GET /cases/1010", how="503", times=2)
        assert (await fusedesk.get_case(1010)).caseid == 1010
        desk.fail("GET /cases/1010", how="drop", times=2)
        assert (await fusedesk.get_case(1010)).caseid == 1010
        desk.fail("POST /cases/1010/addnote", how="503")
        with pytest.raises(Unavailable) as raised:
            await fusedesk.add_note(1010, NewNote(title="t", note="n"))

    assert raised.value.maybe_done
    assert desk.calls.count("POST /cases/1010/addnote") == 1
    assert "may have done" in raised.value.says


async def test_a_read_that_takes_too_long_is_not_repeated(desk: Simulated) -> None:
    desk.hanging = True
    async with client(desk, patience=0.2) as fusedesk:
        with pytest.raises(Unavailable) as raised:
            await fusedesk.get_case(1010)

    assert not raised.value.maybe_done
    assert desk.calls.count("GET /cases/1010") <= 1


async def test_a_write_that_never_left_may_be_repeated() -> None:
    attempts = 0

    def refuse(request: httpx.Request) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        raise httpx.ConnectError("refused", request=request)

    async with answering(refuse) as fusedesk:
        with pytest.raises(Unavailable) as raised:
            await fusedesk.add_note(1, NewNote(title="t", note="n"))

    assert attempts == 3
    assert not raised.value.maybe_done


async def test_a_broken_encoding_is_unintelligible() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.DecodingError("bad gzip", request=request)

    async with answering(broken) as fusedesk:
        with pytest.raises(Unintelligible):
            await fusedesk.get_case(1)


async def test_a_key_that_cannot_be_sent_is_refused_before_it_is() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(always(200))) as http:
        with pytest.raises(KeyRefused):
            await FuseDesk(http, base_url="http://fusedesk.test", api_key="kéy\n").get_case(1)


async def test_the_quota_and_the_last_fault_are_kept_for_the_desk(desk: Simulated) -> None:
    async with client(desk) as fusedesk:
        assert fusedesk.quota.state == "unknown"
        await fusedesk.get_case(1010)
        left = fusedesk.quota.remaining
        desk.quota_left = 0
        with pytest.raises(QuotaUsedUp) as raised:
            await fusedesk.get_case(1010)

        assert left is not None
        assert fusedesk.quota.limit == 1800
        assert fusedesk.quota.state == "empty"
        assert fusedesk.last_fault is raised.value
        assert raised.value.again_at > datetime.now(UTC)
        assert fusedesk.last_answer_at is not None


async def test_the_key_travels_in_its_header_and_nothing_private_is_logged(
    desk: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with client(desk) as fusedesk:
        await fusedesk.search(CaseSearch(email="jane@example.com"))

    assert "GET cases: 200" in caplog.text
    assert "jane@example.com" not in caplog.text
    assert desk.api_key not in caplog.text + repr(fusedesk) + str(vars(fusedesk))
