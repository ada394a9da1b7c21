"""Bolt for Python: AsyncApp behind its Starlette adapter, on uvicorn, with a listener for every id that casebot answers.

As https://docs.slack.dev/tools/bolt-python/ shows it; the command comes last, as the newest listener would.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def acknowledge(ack: AsyncAck) -> None:
    await ack()


async def offer(ack: AsyncAck) -> None:
    await ack(options=[{"text": {"type": "plain_text", "text": "Support"}, "value": "1"}])


async def opened() -> None:
    pass


def listening(told: dict[str, Any]) -> AsyncApp:
    client = AsyncWebClient(token=told["token"], base_url=told["slack"])
    app = AsyncApp(token=told["token"], signing_secret=told["secret"], client=client)
    for event in told["events"]:
        app.event(event)(opened)
    for shortcut in told["shortcuts"]:
        app.shortcut(shortcut)(acknowledge)
    for field in told["options"]:
        app.options(field)(offer)
    for form in told["submissions"]:
        app.view(form)(acknowledge)
    for action in told["actions"]:
        app.action(action)(acknowledge)
    http = httpx.AsyncClient(timeout=20)

    @app.command("/case")
    async def case(ack: AsyncAck, command: dict[str, str], respond: AsyncRespond) -> None:
        if command["text"] == "help":
            await ack(text=told["card"]["text"], blocks=told["card"]["blocks"])
            return
        await ack()
        headers = {"X-FuseDesk-API-Key": told["key"]}
        answer = await http.get(f"{told['fusedesk']}/api/v1/cases/{command['text']}", headers=headers)
        await respond(answer.json()["summary"])

    return app


def made(told: dict[str, Any]) -> Starlette:
    handler = AsyncSlackRequestHandler(listening(told))

    async def endpoint(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    uvicorn.run(made(told), host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
