"""Slack and FuseDesk as casebot sees them, answered at once: what the stand-ins said the first time is said again.

The stand-ins (`simulator`) check and compute; here their time would be measured instead of casebot's. So whatever is asked
for the first time is asked of them, and from then on its bytes are repeated. No answer is invented here but Slack's "ok" to
messages and forms, whose content nobody reads, and to response URLs, where the arrival of a card is noted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from bench.exchange import FUSEDESK, Asked, Connection
from bench.requests import KEY, SECRET
from simulator.fusedesk import FuseDesk
from simulator.slack import Slack

_ASKED_OF_SLACK = ("/api/auth.test", "/api/users.info")
_OK = '{"ok":true,"ts":"1764000000.%06d","channel":"C01SUPPORT","view":{"id":"V1"}}'
_PASSED_ON = ("authorization", "content-type", "x-fusedesk-api-key")


class Replay:
    """`hanging`: FuseDesk's calls are not answered while it is set. `calls` counts requests by their first part."""

    def __init__(self, desk: FuseDesk, slack: Slack) -> None:
        self._desk = httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://fusedesk")
        self._slack = httpx.AsyncClient(transport=httpx.ASGITransport(slack.app), base_url="http://slack")
        self._said: dict[tuple[str, str], bytes] = {}
        self._cards: dict[str, asyncio.Future[float]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._held: list[tuple[Connection, Asked]] = []
        self._came = asyncio.Event()
        self._called: asyncio.Future[float] | None = None
        self.calls: Counter[str] = Counter()
        self.hanging = False
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def expect(self, name: str) -> tuple[str, asyncio.Future[float]]:
        """A response URL, and the moment (`time.perf_counter`) at which something arrives there."""
        path = f"/response/{name}"
        arrival = self._cards[path] = asyncio.get_running_loop().create_future()
        return self.url + path, arrival

    def next_call(self) -> asyncio.Future[float]:
        """The moment (`time.perf_counter`) at which FuseDesk is asked for something next."""
        self._called = asyncio.get_running_loop().create_future()
        return self._called

    def release(self) -> None:
        """Ends the hanging: whoever waits is answered, late."""
        self.hanging = False
        held, self._held = self._held, []
        for connection, asked in held:
            self.take(connection, asked)

    def forget(self, url: str) -> None:
        """Nobody waits for it any more."""
        self._cards.pop(url.removeprefix(self.url), None)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Looks again at every request that comes. Raises TimeoutError after a minute."""
        async with asyncio.timeout(60):
            while not reached():
                self._came.clear()
                await self._came.wait()

    async def quiet(self, seconds: float = 0.1) -> None:
        """Until nothing was asked for so long: what follows an answer has ended, too."""
        while True:
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), seconds)
            except TimeoutError:
                return

    def take(self, connection: Connection, asked: Asked) -> None:
        if asked.path.startswith("/response/"):
            if (card := self._cards.pop(asked.path, None)) and not card.done():
                card.set_result(time.perf_counter())
            connection.answer(b"ok", "text/plain")
            return
        self.calls["fusedesk" if asked.is_fusedesks else asked.path] += 1
        self._came.set()
        if asked.is_fusedesks and self._called is not None and not self._called.done():
            self._called.set_result(time.perf_counter())
        if asked.is_fusedesks and self.hanging:
            self._held.append((connection, asked))
            return
        said = self._known(asked)
        if said is not None:
            connection.answer(said)
            return
        task = asyncio.create_task(self._learn(connection, asked))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _known(self, asked: Asked) -> bytes | None:
        if not asked.is_fusedesks and asked.path not in _ASKED_OF_SLACK:
            return (_OK % self.calls.total()).encode()
        return self._said.get((asked.method, asked.target))

    async def _learn(self, connection: Connection, asked: Asked) -> None:
        said = self._said[asked.method, asked.target] = await self._ask(asked)
        connection.answer(said)

    async def _ask(self, asked: Asked) -> bytes:
        client = self._desk if asked.is_fusedesks else self._slack
        headers = {name: value for name, value in asked.headers.items() if name in _PASSED_ON}
        answer = await client.request(asked.method, asked.target, headers=headers, content=asked.body)
        answer.raise_for_status()
        return answer.content

    async def learn_cases(self, caseids: Iterable[int]) -> None:
        """Asks for cases beforehand, so that the first one to want them does not wait for the stand-in."""
        headers = {"x-fusedesk-api-key": KEY}
        for caseid in caseids:
            asked = Asked("GET", f"{FUSEDESK}cases/{caseid}", headers)
            self._said[asked.method, asked.target] = await self._ask(asked)

    async def close(self) -> None:
        for connection in list(self._connections):
            connection.close()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._desk.aclose()
        await self._slack.aclose()

    def connection(self) -> Connection:
        made = Connection(self)
        self._connections.add(made)
        return made

    def gone(self, connection: Connection) -> None:
        self._connections.discard(connection)


@asynccontextmanager
async def replaying(desk: FuseDesk) -> AsyncIterator[Replay]:
    """Before `desk` and a Slack of its own, for as long as the block lasts."""
    desk.quota_limit = 10_000_000
    slack = Slack(signing_secret=SECRET)
    async with AsyncExitStack() as stack:
        replay = Replay(desk, slack)
        server = await asyncio.get_running_loop().create_server(replay.connection, "127.0.0.1", 0)
        replay.port = server.sockets[0].getsockname()[1]
        stack.push_async_callback(replay.close)
        stack.callback(server.close)
        yield replay
