"""Serves an ASGI app on 127.0.0.1 inside the loop that already runs, for as long as a `with` block lasts.

What belongs here: the socket, uvicorn's start and end, and the way to break a connection off on purpose. What the app
answers does not.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CUT = "casebot.cut"
GRACE = 0.3


class CannotCut(Exception):
    """The app is not served by `serve`, so its connections are out of reach."""


@asynccontextmanager
async def serve(
    app: App, *, port: int = 0, grace: float = GRACE, http: type[asyncio.Protocol] | str = "auto"
) -> AsyncIterator[str]:
    """Yields `http://127.0.0.1:PORT` once the app answers there (`port=0`: any free one; `http`: uvicorn's side of a connection).

    At the end, requests still being answered get `grace` seconds, then their connections are broken off and their tasks
    cancelled, so that an answer that never comes cannot hold the end up. Raises OSError when the port is taken and
    RuntimeError when the app's own start fails.
    """
    listening = _listen(port)
    guard = _Guard(app)
    config = uvicorn.Config(
        guard,
        http=http,  # type: ignore[arg-type]  # uvicorn names its own protocols
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    guard.state = server.server_state
    await _start(server, listening)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        guard.ending = True
        await _end(server, grace)
        listening.close()


async def cut(scope: Scope, receive: Receive) -> None:
    """Breaks off the connection that a request came by: its sender gets no answer at all, not even a status."""
    extensions = scope.get("extensions") or {}
    if CUT not in extensions:
        raise CannotCut("only an app run by simulator.serving.serve can break a connection off")
    extensions[CUT]()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Guard:
    """Stands before the app: hands it the means to cut, and keeps quiet about requests that the server's end cancels."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.state: Any = None
        self.ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("extensions", {})[CUT] = lambda: self._abort(scope["client"])
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.ending:
                raise

    def _abort(self, client: tuple[str, int]) -> None:
        for connection in list(self.state.connections):
            if connection.transport.get_extra_info("peername") == tuple(client):
                connection.transport.abort()


def _listen(port: int) -> socket.socket:
    # The protocol is named, because asyncio switches Nagle's delay off only for sockets that say they are TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


async def _start(server: uvicorn.Server, listening: socket.socket) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    try:
        await server.startup(sockets=[listening])
    except SystemExit:
        listening.close()
        raise RuntimeError("the app did not start; uvicorn logged why") from None


async def _end(server: uvicorn.Server, grace: float) -> None:
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    await _emptied(server, grace)
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)  # lets the broken connections be noticed before their tasks are cancelled
    pending = list(server.server_state.tasks)
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending, timeout=grace)
    for listener in server.servers:
        await listener.wait_closed()
    await server.lifespan.shutdown()


async def _emptied(server: uvicorn.Server, grace: float) -> None:
    """Returns when every connection is gone, or after `grace` seconds. uvicorn offers nothing to wait for."""
    end = asyncio.get_running_loop().time() + grace
    # uvicorn has no event for its last connection, so it is asked again and again.
    while server.server_state.connections and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
