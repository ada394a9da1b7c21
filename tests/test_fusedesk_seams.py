"""Where the FuseDesk client meets the network: what is repeated, what may have been done, what never leaks."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from bot.fusedesk.client import FuseDesk, http_client
from bot.fusedesk.errors import FuseDeskError, KeyRefused, NotFound, RefusedByFuseDesk, ScopeMissing, Unavailable, Unintelligible
from bot.fusedesk.models import CaseSearch, NewCase, NewNote, Status
from bot.settings import read_settings
from simulator.fusedesk import FuseDesk as Simulated
from simulator.serving import serve

NEW = NewCase(depid=268, summary="Printer", details="On fire", openedby="Jane")
NOTE = NewNote(title="T", note="N")
KEY = "fd-test-key"
Answer = httpx.Response | Exception
Work = Callable[[FuseDesk], Awaitable[Any]]

CALLS: dict[str, tuple[Work, str]] = {
    "open": (lambda fusedesk: fusedesk.open_case(NEW), "cases_create"),
    "search": (lambda fusedesk: fusedesk.search(CaseSearch()), "cases"),
    "get": (lambda fusedesk: fusedesk.get_case("AB12"), "cases"),
    "note": (lambda fusedesk: fusedesk.add_note(7, NOTE), "cases_update"),
    "tag": (lambda fusedesk: fusedesk.tag(7, 3), "cases_update"),
    "untag": (lambda fusedesk: fusedesk.untag(7, 3), "cases_update"),
    "transfer": (lambda fusedesk: fusedesk.transfer(7, repid=3), "cases_update"),
    "link": (lambda fusedesk: fusedesk.link_contact(7, contact_uuid="u-1"), "cases_update"),
    "status": (lambda fusedesk: fusedesk.set_status(7, Status.CLOSED), "cases_update"),
    "history": (lambda fusedesk: fusedesk.import_history(7, [NOTE]), "cases_update"),
    "departments": (lambda fusedesk: fusedesk.departments(), "departments"),
    "reps": (lambda fusedesk: fusedesk.reps(), "reps"),
    "casetags": (lambda fusedesk: fusedesk.casetags(), "casetags"),
}
WRITES = ("open", "note", "tag", "untag", "transfer", "link", "status", "history")
every_call = pytest.mark.parametrize(("work", "scope"), CALLS.values(), ids=CALLS)
every_write = pytest.mark.parametrize("work", [CALLS[name][0] for name in WRITES], ids=WRITES)
every_read = pytest.mark.parametrize("work", [work for name, (work, _) in CALLS.items() if name not in WRITES])


class Line:
    """Answers a client's requests one after the other, the last answer for ever; an error in place of an answer is raised."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@asynccontextmanager
async def asking(line: Line) -> AsyncIterator[FuseDesk]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(line)) as http:
        yield FuseDesk(http, base_url="http://fusedesk.test", api_key=KEY)


async def failure(work: Work, *answers: Answer) -> FuseDeskError:
    """What a call that gets these answers raises."""
    async with asking(Line(*answers)) as fusedesk:
        with pytest.raises(FuseDeskError) as raised:
            await work(fusedesk)
    return raised.value


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def loggers_as_before() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@every_call
@pytest.mark.parametrize(
    "answer", [httpx.Response(403), httpx.Response(200, headers={"X-FuseDesk-Error-Code": "api_error_noscope"})]
)
async def test_a_key_without_scope_is_told_which_one_the_call_needs(work: Work, scope: str, answer: httpx.Response) -> None:
    error = await failure(work, answer)

    assert isinstance(error, ScopeMissing)
    assert error.scope == scope
    assert scope in error.says


async def test_a_key_that_may_not_even_ask_for_its_scopes_is_refused() -> None:
    assert isinstance(await failure(lambda fusedesk: fusedesk.permissions(), httpx.Response(403)), KeyRefused)


@every_read
@pytest.mark.parametrize(
    "passing",
    [httpx.Response(502), httpx.Response(503), httpx.Response(504)]
    + [kind("") for kind in (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.RemoteProtocolError)],
    ids=repr,
)
async def test_a_read_is_asked_up_to_three_times_while_the_way_is_broken(work: Work, passing: Answer) -> None:
    line = Line(passing)
    async with asking(line) as fusedesk:
        with pytest.raises(Unavailable) as raised:
            await work(fusedesk)

    assert len(line.requests) == 3
    assert not raised.value.maybe_done


@every_read
@pytest.mark.parametrize(
    "lasting",
    [httpx.Response(500), httpx.Response(501), httpx.ReadTimeout(""), httpx.PoolTimeout(""), httpx.InvalidURL("")],
    ids=repr,
)
async def test_a_read_that_would_only_wait_longer_is_asked_once(work: Work, lasting: Answer) -> None:
    line = Line(lasting)
    async with asking(line) as fusedesk:
        with pytest.raises(Unavailable):
            await work(fusedesk)

    assert len(line.requests) == 1


@every_write
@pytest.mark.parametrize(
    "outcome",
    [httpx.Response(status) for status in (500, 502, 503, 504)]
    + [
        kind("") for kind in (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
    ],
    ids=repr,
)
async def test_a_write_that_may_have_arrived_is_sent_once_and_said_to_be_in_doubt(work: Work, outcome: Answer) -> None:
    line = Line(outcome)
    async with asking(line) as fusedesk:
        with pytest.raises(Unavailable) as raised:
            await work(fusedesk)

    assert len(line.requests) == 1
    assert raised.value.maybe_done
    assert "look at the case" in raised.value.says


@every_write
@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout])
async def test_a_write_that_never_left_is_sent_again_and_succeeds(work: Work, kind: type[httpx.TransportError]) -> None:
    line = Line(kind(""), httpx.Response(200))
    async with asking(line) as fusedesk:
        await work(fusedesk)

    assert len(line.requests) == 2


@pytest.mark.parametrize("outcome", [httpx.PoolTimeout(""), httpx.UnsupportedProtocol(""), httpx.InvalidURL("")], ids=repr)
async def test_a_write_that_got_no_connection_of_the_pool_changed_nothing(outcome: Exception) -> None:
    error = await failure(CALLS["note"][0], outcome)

    assert not error.maybe_done
    assert "Nothing was changed" in error.says


@every_write
@pytest.mark.parametrize("answer", [httpx.Response(200, html="<h1>Log in</h1>"), httpx.DecodingError("")], ids=repr)
async def test_a_write_whose_answer_cannot_be_read_is_in_doubt(work: Work, answer: Answer) -> None:
    error = await failure(work, answer)

    assert isinstance(error, Unintelligible)
    assert error.maybe_done
    assert "look at the case" in error.says


@pytest.mark.parametrize(
    "answer", [httpx.Response(302, headers={"Location": "http://elsewhere.test/"}), httpx.Response(400)], ids=repr
)
async def test_a_write_that_was_turned_away_was_not_done(answer: httpx.Response) -> None:
    error = await failure(CALLS["note"][0], answer)

    assert isinstance(error, Unintelligible)
    assert not error.maybe_done


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (lambda fusedesk: fusedesk.get_case(1234), "case #1234"),
        (lambda fusedesk: fusedesk.get_case("1234"), "case #1234"),
        (lambda fusedesk: fusedesk.get_case("ABCD1234"), "case ABCD1234"),
        (lambda fusedesk: fusedesk.add_note(1234, NOTE), "case #1234"),
        (lambda fusedesk: fusedesk.tag(1234, 99), "case #1234 or tag 99"),
        (lambda fusedesk: fusedesk.departments(), "address departments"),
    ],
)
async def test_what_is_missing_is_named(work: Work, what: str) -> None:
    error = await failure(work, httpx.Response(404))

    assert isinstance(error, NotFound)
    assert error.what == what


async def test_a_404_about_no_case_is_told_in_fusedesks_own_words() -> None:
    error = await failure(CALLS["open"][0], httpx.Response(404, json={"error": "There is no\n department 268."}))

    assert isinstance(error, RefusedByFuseDesk)
    assert error.sentence == "There is no department 268."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"error": {"message": "x"}}, "it gave no reason."),
        ({"error": "", "errorcode": "api_error_odd"}, "api_error_odd"),
        ({"error": f"Key {KEY} may not"}, "Key [key] may not"),
        ({"error": "long " * 500}, ("long " * 500)[:500]),
    ],
)
async def test_an_odd_error_object_is_a_refusal_that_gives_no_key_away(answer: dict[str, Any], sentence: str) -> None:
    error = await failure(CALLS["get"][0], httpx.Response(200, json=answer))

    assert isinstance(error, RefusedByFuseDesk)
    assert error.sentence == sentence
    assert KEY not in repr(error) + error.says + repr(error.facts)


@pytest.mark.parametrize("nothing", [{"error": None}, {"error": False}, {"error": "", "errorcode": ""}])
async def test_an_error_field_that_holds_nothing_is_no_error(nothing: dict[str, Any]) -> None:
    async with asking(
        Line(httpx.Response(200, json=nothing | {"caseid": 7}, headers={"X-FuseDesk-Error-Code": "0"}))
    ) as fusedesk:
        case = await fusedesk.get_case(7)

    assert case.caseid == 7


@pytest.mark.parametrize(
    ("ref", "told", "fits"),
    [
        (12, {"caseid": 12}, True),
        (12, {"caseid": 13, "casenum": "12"}, False),
        ("12", {"caseid": 12, "casenum": "AB12"}, True),
        ("12", {"caseid": 13, "casenum": "12"}, True),
        ("12", {"caseid": 13}, False),
        ("12ab", {"caseid": 13, "casenum": "12AB"}, True),
        ("12ab", {"caseid": 12, "casenum": "ZZ99"}, False),
        ("12ab", {"caseid": 13}, True),
    ],
)
async def test_only_the_case_that_was_asked_for_is_handed_out(ref: int | str, told: dict[str, Any], fits: bool) -> None:
    async with asking(Line(httpx.Response(200, json=told))) as fusedesk:
        outcome = await fusedesk.get_case(ref) if fits else None
        if not fits:
            with pytest.raises(NotFound):
                await fusedesk.get_case(ref)

    assert (outcome is not None and outcome.caseid == told["caseid"]) is fits


@pytest.mark.parametrize(
    ("told", "usable"),
    [
        ({"caseid": 7, "status": "closed", "departmentid": 268}, True),
        ([{"id": "7", "status": "closed", "depid": "268"}], True),
        ({"caseid": 8, "status": "closed", "departmentid": 268}, False),
        ({"caseid": 7, "status": "closed"}, False),
        ({"caseid": 7, "departmentid": 268}, False),
        ({"caseid": 7, "status": "lost", "departmentid": 268}, False),
        ({"success": True}, False),
    ],
)
async def test_a_writes_answer_counts_as_the_case_only_when_it_holds_it(told: Any, usable: bool) -> None:
    async with asking(Line(httpx.Response(200, json=told))) as fusedesk:
        case = await fusedesk.set_status(7, Status.CLOSED)

    assert (case is not None) is usable


async def test_an_opened_case_of_which_not_even_the_id_is_readable_is_none() -> None:
    async with asking(Line(httpx.Response(200, json={"caseid": "?", "status": "new"}))) as fusedesk:
        assert await fusedesk.open_case(NEW) is None


@every_read
@pytest.mark.parametrize("told", [[{"colour": "red"}], "text", None, {}])
async def test_a_list_or_case_in_which_nothing_is_readable_is_unintelligible(work: Work, told: Any) -> None:
    assert isinstance(await failure(work, httpx.Response(200, json=told)), Unintelligible)


async def test_cases_that_move_while_one_pages_come_once_and_end_nothing_early() -> None:
    pages = [[1, 2], [2, 3], [2, 3], [4, 5], [6]]
    line = Line(*[httpx.Response(200, json=[{"caseid": caseid} for caseid in page]) for page in pages])
    async with asking(line) as fusedesk:
        found = [[case.caseid for case in page] async for page in fusedesk.pages(CaseSearch(limit=2, offset=10))]

    assert found == [[1, 2], [3], [4, 5], [6]]
    assert [request.url.params["offset"] for request in line.requests] == ["10", "12", "14", "16", "18"]


async def test_an_unreadable_case_does_not_make_a_page_a_short_one() -> None:
    line = Line(httpx.Response(200, json=[{"caseid": 1}, {"caseid": "?"}]), httpx.Response(200, json=[{"caseid": 3}]))
    async with asking(line) as fusedesk:
        found = [[case.caseid for case in page] async for page in fusedesk.pages(CaseSearch(limit=2))]

    assert found == [[1], [3]]


async def test_a_search_that_finds_nothing_has_no_pages() -> None:
    async with asking(Line(httpx.Response(200, json=[]))) as fusedesk:
        assert [page async for page in fusedesk.pages(CaseSearch())] == []


async def test_whether_fusedesk_answers_follows_the_latest_call() -> None:
    answers = [httpx.Response(500), httpx.Response(200, json={"caseid": 7}), httpx.Response(500), httpx.Response(404)]
    faults: list[FuseDeskError | None] = []
    answered: list[datetime | None] = []
    async with asking(Line(*answers)) as fusedesk:
        for _ in answers:
            with suppress(FuseDeskError):
                await fusedesk.get_case(7)
            faults.append(fusedesk.last_fault)
            answered.append(fusedesk.last_answer_at)

    assert [type(fault) for fault in faults] == [Unavailable, type(None), Unavailable, type(None)]
    assert answered[0] is None
    assert answered[1] == answered[2]
    assert answered[3] is not None
    assert answered[3] <= datetime.now(UTC)


@pytest.mark.parametrize("status", [200, 401, 403, 404, 405, 500])
async def test_the_quota_is_read_from_every_answer_also_from_errors(status: int) -> None:
    told = {"X-FuseDesk-Usage-Limit": "1800", "X-FuseDesk-Usage-Remaining": "90"}
    async with asking(Line(httpx.Response(status, json={"caseid": 7}, headers=told))) as fusedesk:
        with suppress(FuseDeskError):
            await fusedesk.get_case(7)

    assert (fusedesk.quota.limit, fusedesk.quota.remaining, fusedesk.quota.state) == (1800, 90, "low")


async def test_a_broken_call_is_logged_without_query_and_its_traceback_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = await failure(lambda fusedesk: fusedesk.search(CaseSearch(email="jane@example.com")), httpx.ReadTimeout(""))

    told = caplog.text + "".join(traceback.format_exception(error))
    assert "GET cases: ReadTimeout in " in caplog.text
    assert KEY not in told
    assert "jane@" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))


@pytest.mark.usefixtures("loggers_as_before")
async def test_the_clients_own_http_client_logs_no_address_keeps_no_cookie_and_speaks_over_a_real_socket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Simulated(cases=5, api_key=KEY)
    async with serve(desk.app) as url:
        settings = read_settings(
            _env_file=None, slack_bot_token="xoxb-1", slack_signing_secret="s", fusedesk_app="acme", fusedesk_api_key=KEY,
            fusedesk_base_url=url, fusedesk_connect_timeout=1, fusedesk_read_timeout=2,
        )  # fmt: skip
        async with http_client(settings) as http:
            fusedesk = FuseDesk(http, base_url=settings.fusedesk_url, api_key=KEY)
            await fusedesk.search(CaseSearch(email="jane@example.com"))
            answer = httpx.Response(200, headers={"Set-Cookie": "PHPSESSID=1; Path=/"}, request=httpx.Request("GET", url))
            http.cookies.extract_cookies(answer)

            assert (http.timeout.connect, http.timeout.read) == (1, 2)
            assert len(http.cookies.jar) == 0
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))]
    assert "jane@example.com" not in caplog.text
    assert KEY not in caplog.text


async def test_an_error_object_inside_a_200_of_the_stand_in_is_a_refusal() -> None:
    desk = Simulated(cases=5, api_key=KEY)
    desk.error_in_200 = True
    async with serve(desk.app) as url, httpx.AsyncClient() as http:
        fusedesk = FuseDesk(http, base_url=url, api_key=KEY)
        with pytest.raises(RefusedByFuseDesk) as refused:
            await fusedesk.get_case(999_999)
        desk.scopes.discard("cases")
        with pytest.raises(ScopeMissing):
            await fusedesk.get_case(1001)

    assert "999999" in refused.value.says


async def test_empty_answers_to_writes_and_plain_dates_of_the_stand_in_are_understood() -> None:
    desk = Simulated(cases=5, api_key=KEY)
    desk.empty_writes, desk.date_style = True, "plain"
    async with serve(desk.app) as url, httpx.AsyncClient() as http:
        fusedesk = FuseDesk(http, base_url=url, api_key=KEY)
        opened = await fusedesk.open_case(NEW)
        case = await fusedesk.get_case(desk.newest()["caseid"])

    assert opened is None
    assert (case.summary, case.date_closed) == ("Printer", None)
    assert case.date_opened is not None
