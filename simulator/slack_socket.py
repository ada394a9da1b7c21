"""Socket Mode's other end: connections that the bot opened, envelopes out, acks in.

The first open connection gets every envelope. Not imitated: warnings before a disconnect, the limit of ten connections.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.slack_state import APP, Changes
from simulator.slack_text import Json


@dataclass(eq=False)
class Connection:
    socket: WebSocket
    acks: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class Sockets:
    def __init__(self, changed: Changes) -> None:
        self._changed = changed
        self._tickets: set[str] = set()
        self.open: list[Connection] = []

    def path(self) -> str:
        """The path of a new websocket address, good for one connection."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return f"/socket/{ticket}"

    async def endpoint(self, socket: WebSocket) -> None:
        """`WS /socket/{ticket}`: greets, then takes acks until the other end leaves."""
        ticket = str(socket.path_params["ticket"])
        if ticket not in self._tickets:
            return await socket.close(4401)
        self._tickets.remove(ticket)
        await socket.accept()
        connection = Connection(socket)
        hello = {"type": "hello", "num_connections": len(self.open) + 1, "connection_info": {"app_id": APP}}
        await socket.send_text(json.dumps(hello))
        self.open.append(connection)
        self._changed.note()
        try:
            await self._listen(connection)
        except WebSocketDisconnect:
            pass
        finally:
            self.open.remove(connection)
            self._changed.note()
        return None

    async def _listen(self, connection: Connection) -> None:
        while True:
            ack = json.loads(await connection.socket.receive_text())
            waiting = connection.acks.pop(str(ack.get("envelope_id")), None)
            if waiting and not waiting.done():
                waiting.set_result(ack)

    async def send(self, kind: str, payload: Json, *, retry: int = 0, reason: str = "") -> Json:
        """Sends an envelope (`slash_commands`, `interactive`, `events_api`) and waits for its ack; returns the ack's payload."""
        connection = self.open[0]
        id = secrets.token_hex(8)
        envelope = {"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        connection.acks[id] = asyncio.get_running_loop().create_future()
        await connection.socket.send_text(json.dumps(envelope))
        return dict((await connection.acks[id]).get("payload") or {})

    async def refresh(self) -> None:
        """Tells every connection that it is about to end, as Slack does every few hours; the bot then opens a new one."""
        for connection in self.open:
            farewell = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}
            await connection.socket.send_text(json.dumps(farewell))
