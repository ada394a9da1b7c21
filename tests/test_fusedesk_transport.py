"""httpx over aiohttp: the same answers, the same names for what goes wrong; and the line before it."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.fusedesk.lanes import Lanes
from bot.fusedesk.transport import Transport
from simulator.fusedesk import FuseDesk
from simulator.serving import serve


@asynccontextmanager
async def client(**more: object) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=Transport(most=5, keep=30), **more) as http:  # type: ignore[arg-type]
        yield http


async def echo(request: Request) -> Response:
    told = {"headers": dict(request.headers), "query": str(request.url.query), "body": (await request.body()).decode()}
    return JSONResponse(told, headers={"X-Told": "Yes", "Set-Cookie": "a=1"})


async def zipped(_: Request) -> Response:
    return Response(gzip.compress(b'{"small": true}'), media_type="application/json", headers={"Content-Encoding": "gzip"})


async def away(_: Request) -> Response:
    return RedirectResponse("/echo")


APP = Starlette(
    routes=[Route("/echo", echo, methods=["GET", "POST"]), Route("/zipped", zipped), Route("/away", away)],
)


async def test_what_httpx_was_told_to_send_arrives_and_so_does_the_answer() -> None:
    async with serve(APP) as url, client(headers={"User-Agent": "casebot"}) as http:
        got = await http.get(f"{url}/echo", params={"words": "a b&ü"}, headers={"X-Key": "k"})
        sent = await http.post(f"{url}/echo", data={"note": "ü & more"})

    assert got.json()["query"] == "words=a+b%26%C3%BC"
    assert got.json()["headers"]["x-key"] == "k"
    assert got.json()["headers"]["user-agent"] == "casebot"
    assert got.headers["x-told"] == "Yes"
    assert sent.json()["body"] == "note=%C3%BC+%26+more"


async def test_a_compressed_answer_is_read_and_a_redirect_is_not_followed() -> None:
    async with serve(APP) as url, client() as http:
        small, moved = await http.get(f"{url}/zipped"), await http.get(f"{url}/away")

    assert small.json() == {"small": True}
    assert moved.status_code == 307


async def test_a_name_and_password_in_the_address_become_a_header() -> None:
    async with serve(APP) as url, client() as http:
        got = await http.get(url.replace("http://", "http://me:secret@") + "/echo")

    assert got.json()["headers"]["authorization"].startswith("Basic ")


async def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with client() as http:
            with pytest.raises(httpx.ConnectError):
                await http.post(f"http://127.0.0.1:{closed.getsockname()[1]}/")


@pytest.mark.parametrize(("how", "error"), [("drop", httpx.RemoteProtocolError), ("hang", httpx.ReadTimeout)])
async def test_an_answer_that_never_comes_has_httpxs_name(how: str, error: type[Exception]) -> None:
    desk = FuseDesk(cases=1)
    desk.fail("GET *", how=how, times=None)
    async with serve(desk.app) as url, client(timeout=httpx.Timeout(0.2)) as http:
        with pytest.raises(error):
            await http.get(f"{url}/api/v1/departments")


async def test_a_proxy_of_the_system_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(APP) as url, client() as http:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "")
        answer = await http.get("http://fusedesk.example/echo")

    assert answer.json()["headers"]["host"] == "fusedesk.example"


async def test_calls_wait_for_a_free_lane_in_the_order_they_came() -> None:
    lanes, done = Lanes(1, patience=5), []

    async def call(number: int) -> None:
        async with lanes.one():
            done.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(call, range(5)))

    assert done == list(range(5))


async def test_a_call_that_gets_no_lane_in_time_was_sent_nothing() -> None:
    lanes = Lanes(1, patience=0.01)
    async with lanes.one():
        with pytest.raises(httpx.PoolTimeout):
            async with lanes.one():
                pass

    async with lanes.one():
        pass
