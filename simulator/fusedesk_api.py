"""The documented FuseDesk API: the table of routes, each with its scope, what answers it, its fields and the required ones.

What belongs here: how a request becomes a call. What a call does stands in the rooms for cases and for the directory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import fusedesk_forms as forms
from simulator.fusedesk_cases import Cases
from simulator.fusedesk_directory import Directory
from simulator.fusedesk_fields import Refusal, read, wrong
from simulator.fusedesk_forms import Form
from simulator.fusedesk_gate import error_response
from simulator.fusedesk_looks import Looks, as_strings

if TYPE_CHECKING:
    from simulator.fusedesk import FuseDesk

SCOPES = ("reps", "departments", "cases", "cases_create", "cases_update", "casetags")
V1, V2 = "/api/v1", "/api/v2"
CASE = V1 + "/cases/{caseid}"
FORM = "application/x-www-form-urlencoded"

Work = Callable[[dict[str, str], dict[str, Any]], Any]


class Api:
    """`app` is the ASGI app. Forms are made at each request, because the switches that they depend on may change."""

    def __init__(self, desk: FuseDesk) -> None:
        self.desk = desk
        looks = Looks(desk)
        routes = [*self._cases(Cases(desk, looks)), *self._directory(Directory(desk, looks))]
        self.app = Starlette(routes=routes, exception_handlers={Refusal: _refused, HTTPException: _unknown})
        self.app.router.redirect_slashes = False

    def _cases(self, cases: Cases) -> list[Route]:
        desk = self.desk
        get, post = partial(self._route, "GET"), partial(self._route, "POST")
        opened = ("depid", "summary", "details", "openedby")
        return [
            *post(f"{V1}/cases", "cases_create", cases.open, lambda: forms.new_case(desk.zone), opened),
            *get(f"{V1}/cases", "cases", cases.search, lambda: forms.search(desk.zone, desk.bounds_belong)),
            *post(f"{V1}/cases/update", "cases_update", cases.bulk, lambda: forms.bulk(desk.zone), ("caseids",)),
            *get(CASE, "cases", cases.get_case),
            *post(CASE, "cases_update", cases.update, forms.update),
            *post(f"{CASE}/addnote", "cases_update", cases.add_note, lambda: forms.note(desk.zone), ("title", "type", "note")),
            *post(CASE + "/tag/{tagid}", "cases_update", cases.tag),
            *post(CASE + "/untag/{tagid}", "cases_update", cases.untag),
            *post(f"{CASE}/history", "cases_update", cases.import_history, lambda: forms.imported(desk.zone), ("history",)),
            *post(f"{CASE}/snooze", "cases_update", cases.snooze, lambda: forms.snooze(desk.zone), ("until",)),
            *post(f"{CASE}/reply", "cases_update", cases.reply, forms.reply, ("body",)),
        ]

    def _directory(self, directory: Directory) -> list[Route]:
        get, post = partial(self._route, "GET"), partial(self._route, "POST")
        return [
            *get(f"{V1}/departments", "departments", partial(directory.departments, False)),
            *get(f"{V1}/departments/all", "departments", partial(directory.departments, None)),
            *get(f"{V1}/departments/archived", "departments", partial(directory.departments, True)),
            *get(V1 + "/departments/{departmentid}", "departments", directory.department),
            *get(f"{V1}/reps", "reps", directory.reps),
            *get(f"{V1}/casetags", "casetags", directory.casetags),
            *post(f"{V1}/casetags", "casetags", directory.add_tag, partial(forms.texts, "tagname"), ("tagname",)),
            *get(f"{V1}/session/permissions", "", directory.permissions),
            *get(f"{V2}/departments", "departments", directory.departments_v2),
            *get(f"{V2}/reps", "reps", directory.reps_v2),
            *get(f"{V2}/contacts", "", directory.contacts, partial(forms.texts, "search"), ("search",)),
        ]

    def _route(
        self, method: str, path: str, scope: str, work: Work, form: Callable[[], Form] = dict, required: Sequence[str] = ()
    ) -> list[Route]:
        async def endpoint(request: Request) -> Response:
            self._need(scope)
            given = await _sent(request)
            result = work(dict(request.path_params), read(given, form(), required))
            if method == "POST":
                self.desk.moved()
            return JSONResponse(as_strings(result) if self.desk.numbers_as_strings else result)

        return [Route(path, endpoint, methods=[method]), Route(path + "/", endpoint, methods=[method])]

    def _need(self, scope: str) -> None:
        if scope and scope not in self.desk.scopes:
            raise Refusal(403, "api_error_noscope", f"The API key lacks the scope {scope}.")


async def _sent(request: Request) -> dict[str, str]:
    """The query of a GET, the form of a POST. Raises Refusal for a query or body in the wrong place, or not of that kind."""
    body = await request.body()
    query = request.url.query
    if request.method in ("GET", "HEAD"):
        if body:
            raise wrong("A GET takes query parameters, not a body.")
        return _pairs(query)
    if query:
        raise wrong("A POST takes form fields, not query parameters.")
    if body and request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        raise wrong("The body must consist of form fields.")
    try:
        return _pairs(body.decode())
    except UnicodeDecodeError:
        raise wrong("The body is not UTF-8.") from None


def _pairs(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError:
        raise wrong("The parameters cannot be read.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise wrong("A parameter was sent twice.")
    return dict(pairs)


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Refusal)
    return error_response(fault, {})


async def _unknown(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    if fault.status_code == 404:
        return error_response(Refusal(404, "api_error_notfound", "There is no such URL."), {})
    return error_response(wrong(f"{request.method} is not supported here.", "api_error_method"), {})
