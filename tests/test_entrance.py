"""Slow and endless requests: whoever sends them is let go, and others are answered meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.door import Door
from bot.entrance import Entrance
from simulator.serving import serve

POST = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"


class Impatient(Entrance):
    arrival = 0.4


async def health(_: Request) -> Response:
    return PlainTextResponse("ok")


@asynccontextmanager
async def casebot_door(arrival: float = 5.0) -> AsyncIterator[str]:
    """The door alone behind an entrance that waits only a moment. Nothing that is sent here comes as far as Bolt."""
    door = Door(AsyncApp(signing_secret="s3cret", token="xoxb-test"), "s3cret", arrival=arrival)
    app = Starlette(routes=[Route("/slack/events", door.http, methods=["POST"]), Route("/healthz", health)])
    async with serve(app, http=Impatient) as url:
        yield url


async def told(url: str, *pieces: bytes) -> bytes:
    """All that comes back until the other side ends the connection, which is within seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        async with asyncio.timeout(5):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_a_body_that_does_not_come_is_answered_with_a_408(caplog: pytest.LogCaptureFixture) -> None:
    async with casebot_door(arrival=0.1) as url:
        answer = await told(url, POST + b"Content-Length: 50\r\n\r\nquokka")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert "body too slow" in caplog.text
    assert "quokka" not in caplog.text


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /slack/ev", POST + b"X-Quokka: 1\r\n", POST + b"Content-Length: 50\r\n\r\nx"],
    ids=["nothing", "half a line", "half the headers", "half the body"],
)
async def test_a_request_that_does_not_arrive_is_let_go_while_others_are_answered(begun: bytes) -> None:
    async with casebot_door() as url, aiohttp.ClientSession() as session:
        slow = [asyncio.create_task(told(url, begun)) for _ in range(50)]
        async with session.get(f"{url}/healthz") as response:
            assert response.status == 200

        answers = await asyncio.gather(*slow)

    assert set(answers) == {b""}


async def test_a_body_that_trickles_on_after_its_answer_is_let_go() -> None:
    async with casebot_door() as url:
        answer = await told(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n", b"x")

    assert answer.endswith(b"ok")


async def test_headers_without_an_end_are_broken_off(caplog: pytest.LogCaptureFixture) -> None:
    async with casebot_door() as url:
        answer = await told(url, POST, *[b"X-Quokka-%d: %s\r\n" % (number, b"q" * 1_000) for number in range(200)])

    assert answer == b""
    assert "headers too large" in caplog.text
    assert "quokka" not in caplog.text.lower()


async def test_a_connection_may_serve_one_request_after_another() -> None:
    async with casebot_door() as url, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for _ in range(3):
            async with session.get(f"{url}/healthz") as response:
                assert await response.text() == "ok"


async def test_what_is_no_http_is_told_so_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with casebot_door() as url:
        answer = await told(url, b"\x16\x03\x01quokka\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
    assert "Traceback" not in caplog.text
    assert "quokka" not in caplog.text
