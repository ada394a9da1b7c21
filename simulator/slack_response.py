"""Response URLs: five uses within thirty minutes, each an answer to one command, shortcut or click.

They write where the bot is no member, too. What a slash command or a shortcut got cannot be replaced through its own URL: Slack
then writes a new message, and here it is a fault as well. Not imitated: URLs of views (`response_urls`).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from simulator.hooks import tell
from simulator.slack_chat import Content, content_of
from simulator.slack_state import BOT_USER, Call, Message
from simulator.slack_text import Json
from simulator.slack_web import Answer, Refused, Switches, answered
from simulator.slack_workspace import Workspace

USES = 5
LIFETIME = 30 * 60.0
KEYS = {
    "text",
    "blocks",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "metadata",
}


@dataclass
class Way:
    """One response_url: whose, where, since when; `message` carried the clicked element (None for commands and shortcuts)."""

    kind: str
    user: str
    channel: str
    given: float
    message: Message | None = None
    uses: int = 0


class ResponseUrls:
    def __init__(self, workspace: Workspace, switches: Switches) -> None:
        self._workspace = workspace
        self._switches = switches
        self._ways: dict[str, Way] = {}

    def path(self, kind: str, user: str, channel: str, message: Message | None = None) -> str:
        """A new URL's path. `kind`: commands, app (shortcuts) or actions."""
        key = secrets.token_urlsafe(18)
        self._ways[key] = Way(kind, user, channel, self._workspace.now(), message)
        return f"/response/{kind}/{self._workspace.team}/{key}"

    async def answer(self, request: Request) -> Response:
        """`POST /response/{kind}/{team}/{key}`."""
        began, noted = self._workspace.now(), len(self._workspace.faults)
        body: Json = {}
        try:
            body = await _body(request)
            answer = await self._judged(str(request.path_params["key"]), body)
        except Refused as refusal:
            self._workspace.fault(f"response_url: {refusal}")
            answer = Answer(refusal.answer(), 404 if refusal.code in ("expired_url", "used_url") else 400)
        faults, path = tuple(self._workspace.faults[noted:]), request.url.path
        seconds = self._workspace.now() - began
        call = Call("response_url", body, answer.body, began, seconds, answer.status, path, faults)
        return await answered(self._workspace, call, _plain(answer))

    async def _judged(self, key: str, body: Json) -> Answer:
        """Raises Refused."""
        await tell(self._workspace.on_request, "response_url", body)
        await asyncio.sleep(self._switches.latency)
        if self._switches.down:
            return Answer({"ok": False, "error": "service_unavailable"}, 503)
        if limit := self._switches.take_limit("response_url"):
            return Answer({"ok": False, "error": "ratelimited"}, 429, {"retry-after": str(limit.retry_after)})
        self._use(key, body)
        return Answer({"ok": True})

    def _use(self, key: str, body: Json) -> None:
        way = self._ways.get(key)
        if way is None or self._workspace.now() - way.given > LIFETIME:
            raise Refused("expired_url")
        if way.uses >= USES:
            raise Refused("used_url")
        for unknown in sorted(body.keys() - KEYS):
            self._workspace.fault(f"response_url: unknown key {unknown}")
        way.uses += 1
        if body.get("delete_original") in (True, "true"):
            return self._workspace.remove(self._original(way, "deleted"))
        content = content_of(self._workspace, body, "response_url")
        if way.kind == "actions" and "replace_original" not in body:
            self._workspace.fault("response_url: say replace_original; what Slack does without it differs between interactions")
        if body.get("replace_original") in (True, "true") and self._replaced(way, content, body):
            return None
        return self.write(way.user, way.channel, content, body)

    def _original(self, way: Way, what: str) -> Message:
        if way.message is None:
            raise Refused("invalid_payload", f"the URL of {way.kind} has no message that could be {what}")
        if way.message.deleted or not way.message.by_bot:
            raise Refused("message_not_found")
        return way.message

    def _replaced(self, way: Way, content: Content, body: Json) -> bool:
        if way.message is None:
            self._workspace.fault(f"response_url: replace_original does nothing in the URL of {way.kind}")
            return False
        message = self._original(way, "replaced")
        asked = body.get("response_type") or "ephemeral"
        if (asked == "in_channel") == message.ephemeral and "response_type" in body:
            self._workspace.fault(f"response_url: a message cannot become {asked} by being replaced")
        self._workspace.edit(message, content.text, content.blocks)
        return True

    def write(self, user: str, channel: str, content: Content, body: Json) -> None:
        """A new message: for the person alone, unless `response_type` is in_channel. Raises Refused."""
        kind = body.get("response_type") or "ephemeral"
        if kind not in ("ephemeral", "in_channel"):
            raise Refused("invalid_payload", f"response_type {kind!r}")
        place = self._workspace.channels[channel]
        thread_ts = str(body.get("thread_ts") or "")
        parent = place.message(thread_ts) if thread_ts else None
        if thread_ts and parent is None:
            raise Refused("thread_not_found", thread_ts)
        to = "" if kind == "in_channel" else user
        thread = (parent.thread_ts or parent.ts) if parent else ""
        self._workspace.put(Message(channel, "", BOT_USER, content.text, content.blocks, thread, to, by_bot=True, via_url=True))


def _plain(answer: Answer) -> Response:
    """Without the Web API's envelope, unless there is something to say about what was sent."""
    if answer.status in (400, 404):
        return JSONResponse(answer.body, answer.status)
    return PlainTextResponse(str(answer.body.get("error", "ok")), answer.status, answer.headers)


async def _body(request: Request) -> Json:
    try:
        read = json.loads(await request.body())
    except ValueError:
        raise Refused("invalid_payload") from None
    if not isinstance(read, dict):
        raise Refused("invalid_payload")
    return read
