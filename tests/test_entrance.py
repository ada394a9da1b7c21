"""Slow and endless requests, and crowds of them: whoever sends them is let go, and others are answered meanwhile."""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
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
from simulator.slack import JANE, SUPPORT
from tests.processes import lives, open_files, resident

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"


# More than any entrance here lets in at once.
CROWD = 60
# Bytes, more than what the system keeps for whoever does not read.
BIG = 32_000_000
# What comes to the real casebot, and the files that it may open.
MANY = 700
FILES = 600
# Files that casebot may have opened meanwhile for itself.
FEW = 20
# KiB that may stay of each connection at most: far less than one has while it lives.
KEPT = 2


class Impatient(Entrance):
    arrival = 0.4


class Narrow(Entrance):
    most = 20


async def health(_: Request) -> Response:
    return PlainTextResponse("ok")


@asynccontextmanager
async def casebot_door(*more: Route, arrival: float = 5.0, http: type[Entrance] = Impatient) -> AsyncIterator[str]:
    """The door alone behind an entrance that waits only a moment. Nothing that is sent here comes as far as Bolt."""
    door = Door(AsyncApp(signing_secret="s3cret", token="xoxb-test"), "s3cret", arrival=arrival)
    app = Starlette(routes=[Route("/slack/events", door.http, methods=["POST"]), Route("/healthz", health), *more])
    async with serve(app, http=http) as url:
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


async def test_who_sends_a_heap_of_requests_without_waiting_for_an_answer_gets_none(caplog: pytest.LogCaptureFixture) -> None:
    async with casebot_door() as url:
        answer = await told(url, GET * 100)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"ok" not in answer
    assert "Traceback" not in caplog.text


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


@asynccontextmanager
async def crowd(url: str, count: int, begun: bytes = b"") -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that say this and nothing more, one after the other; what they hear."""
    port, readers, writers = int(url.rpartition(":")[2]), [], []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            readers.append(reader)
            writers.append(writer)
        yield readers
    finally:
        for writer in writers:
            writer.transport.abort()


async def healthy(url: str) -> bool:
    """Asked by a connection of its own."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as response:
        return response.status == 200


async def ended(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "begun",
    [b"", POST + b"X-Quokka: 1\r\n", POST + b"Content-Length: 50\r\n\r\nx", GET, GET + POST],
    ids=["nothing", "half the headers", "half the body", "one request and no other", "one request and half of another"],
)
async def test_of_a_crowd_those_go_that_waited_longest_and_nobody_is_kept_out(begun: bytes) -> None:
    async with casebot_door(http=Narrow) as url, crowd(url, CROWD, begun) as readers:
        assert await healthy(url)
        heard = [await ended(reader) for reader in readers[: CROWD - Narrow.most]]

        assert {answer[-2:] for answer in heard} == {b"ok" if begun.startswith(GET) else b""}
        assert not readers[-1].at_eof()


class Slow:
    """A route that answers nobody before its end."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.end = asyncio.Event()
        self.route = Route("/slow", self._answer)

    async def _answer(self, _: Request) -> Response:
        self.begun.release()
        await self.end.wait()
        return PlainTextResponse("late")


@pytest.mark.parametrize("more", [b"", POST, GET], ids=["alone", "and half of another", "and another"])
async def test_a_request_under_way_is_not_broken_off_for_a_crowd(more: bytes) -> None:
    slow = Slow()
    async with casebot_door(slow.route, http=Narrow) as url, crowd(url, 1, SLOW + more) as asking:
        await slow.begun.acquire()
        async with crowd(url, CROWD) as readers:
            assert await healthy(url)
            assert await ended(readers[0]) == b""
            slow.end.set()
            answer = await asking[0].readuntil(b"late")

    assert answer.startswith(b"HTTP/1.1 200")


async def test_where_all_are_being_answered_whoever_comes_next_is_let_go() -> None:
    slow = Slow()
    async with casebot_door(slow.route, http=Narrow) as url, crowd(url, Narrow.most, SLOW) as asking:
        for _ in asking:
            await slow.begun.acquire()
        async with crowd(url, 1) as readers:
            assert await ended(readers[0]) == b""
            slow.end.set()
            answers = [await reader.readuntil(b"late") for reader in asking]

    assert len(answers) == Narrow.most


async def test_an_answer_that_nobody_reads_holds_no_place_in_a_crowd() -> None:
    begun = asyncio.Event()

    async def big(_: Request) -> Response:
        begun.set()
        return Response(b"x" * BIG)

    big_one = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
    async with casebot_door(Route("/big", big), http=Narrow) as url, crowd(url, 1, big_one) as asking:
        await begun.wait()
        async with crowd(url, CROWD):
            assert await healthy(url)
            answer = await ended(asking[0])

    assert len(answer) < BIG


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_hundreds_of_silent_connections_keep_nobody_out_of_the_real_casebot_and_leave_nothing_behind() -> None:
    async with lives() as world:
        life = await world.start()
        url, pid = await life.up(), life.process.pid
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        world.slack.latency = 0.8  # somebody whom casebot does not know yet is looked up before the acknowledgement
        asking = asyncio.create_task(world.slack.command(JANE, SUPPORT, "help"))
        await world.slack.until(lambda: world.slack.called("users.info"), what="the command")
        before, memory = open_files(pid), []

        for begun in [b"", POST, GET, b""]:
            async with crowd(url, MANY, begun):
                under_way = await asking
                assert await healthy(url)
                help_ = await world.slack.command(JANE, SUPPORT, "help")
                assert (under_way.error, help_.error) == ("", "")
                assert open_files(pid) < FILES
            await world.slack.until(lambda: open_files(pid) < before + FEW, what="the end of the connections")
            memory.append(resident(pid))

        assert memory[-1] - memory[0] < MANY * KEPT
        assert "ERROR" not in life.told()
