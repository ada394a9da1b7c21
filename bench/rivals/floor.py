"""The floor: Starlette on uvicorn that checks Slack's signature and does nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvicorn
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


def made(told: dict[str, object]) -> Starlette:
    """`delay` (seconds) slows it down on purpose: the test that a rival's figure follows the rival."""
    verifier = SignatureVerifier(str(told["secret"]))
    delay = float(str(told.get("delay", 0)))

    async def events(request: Request) -> Response:
        body = await request.body()
        if delay:
            await asyncio.sleep(delay)
        valid = verifier.is_valid_request(body, dict(request.headers))
        return PlainTextResponse("ok" if valid else "wrong signature", status_code=200 if valid else 401)

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    uvicorn.run(made(told), host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
