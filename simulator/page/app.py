"""The page's own web application: the page, its events, the pieces asked for one by one, and the deeds of people.

What belongs here: routes and what holds for all of them. It listens on loopback, answers under its own name only, and takes
deeds as JSON only, so that no other page in the same browser can do any; the policy lets the browser load and run nothing but
the page's own files.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulator.casebot import CannotStart
from simulator.page.curl import curl
from simulator.page.deeds import DEEDS
from simulator.page.drawing import HERE, Pen
from simulator.page.live import Live
from simulator.page.look import HOME, PANELS, PEOPLE, PLACES, Look
from simulator.page.panel import STATUSES, Panel
from simulator.page.stage import Stage
from simulator.serving import App, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


class Page:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._live = Live(stage)
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/live", self._events),
                Route("/fusedesk", self._fusedesk),
                Route("/exchange/{id:int}", self._exchange),
                Route("/do/{deed}", self._do, methods=["POST"]),
                Mount("/static", StaticFiles(directory=HERE / "static")),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]), Middleware(Guarded)],
        )

    def _look(self, request: Request) -> Look:
        return Look.read(request.query_params, self._stage.slack)

    async def _page(self, request: Request) -> Response:
        look = self._look(request)
        ticket, follower = self._live.draw(look)
        pieces = follower.first()
        places = [place for place in PLACES if self._stage.slack.can_see(look.who, place)]
        given = {"ticket": ticket, "pieces": pieces, "people": PEOPLE, "places": places, "panels": PANELS, "home": HOME}
        return HTMLResponse(follower.regions.pen.draw("page.html", **given, shelf=self._shelf(request, look)))

    def _shelf(self, request: Request, look: Look) -> str:
        """The panel of FuseDesk, where it is looked at."""
        if look.panel != "fusedesk":
            return ""
        panel: Panel = self._stage.panel
        pen = Pen(self._stage, look)
        if look.case:
            return pen.draw("fusedesk_case.html", case=panel.case(look.case), desk=self._stage.desk, statuses=STATUSES)
        query = request.query_params
        return pen.draw("fusedesk_list.html", shelf=panel.shelf(query), query=query, statuses=STATUSES)

    async def _fusedesk(self, request: Request) -> Response:
        return HTMLResponse(self._shelf(request, self._look(request)))

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(self._live.stream(request.query_params.get("ticket", "")), media_type="text/event-stream")

    async def _exchange(self, request: Request) -> Response:
        row = self._stage.exchanges.row(request.path_params["id"])
        if row is None:
            raise HTTPException(404, "That exchange is forgotten.")
        given = {"row": row, "sent": _written(row.sent), "got": _written(row.got)}
        command = curl(row, self._stage.slack, self._stage.desk.api_key)
        return HTMLResponse(Pen(self._stage, self._look(request)).draw("exchange_detail.html", curl=command, **given))

    async def _do(self, request: Request) -> Response:
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None or request.headers.get("content-type") != "application/json":
            raise HTTPException(404)
        try:
            return JSONResponse(await deed(self._stage, self._look(request), await request.json()))
        except (AssertionError, CannotStart) as refused:  # AssertionError: what a person could not do, or waited for in vain
            return JSONResponse({"error": str(refused).partition("\n")[0]})
        except (KeyError, ValueError, TypeError) as fault:
            return JSONResponse({"error": f"That cannot be read: {fault}"}, 400)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class Guarded:
    """Adds the headers that every answer of the page has."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Callable[..., Awaitable[None]]:
    async def sending(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            assert isinstance(headers, list)
            headers += HEADERS.items()
        await send(message)

    return sending
