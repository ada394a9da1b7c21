"""The Web API's entrance: arguments, token, scopes, switches, the envelope of every answer.

Arguments are taken from the query, a form and a JSON body alike. Refusals of the methods are `Refused`; each is a fault of the
workspace and an answer `{"ok": false, "error": …}`. Not imitated: warnings, token rotation, rate limits by themselves (only
those switched on), arguments that casebot has no use for (attachments, markdown_text, username and icons: faults).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.hooks import tell
from simulator.slack_state import Call
from simulator.slack_text import Json
from simulator.slack_workspace import Workspace

# These hold JSON, which comes as a string in forms and queries.
NESTED = {"blocks", "view", "metadata"}
FLAGS = {"include_all_metadata", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast", "link_names", "inclusive"}


class Refused(Exception):
    """Slack's own code, and what the answer has besides."""

    def __init__(self, code: str, *messages: str, **more: Any) -> None:
        super().__init__(": ".join([code, *messages]))
        self.code = code
        self.messages = list(messages)
        self.more = more

    def answer(self) -> Json:
        detail = {"response_metadata": {"messages": [f"[ERROR] {says}" for says in self.messages]}} if self.messages else {}
        return {"ok": False, "error": self.code, **detail, **self.more}


@dataclass(frozen=True)
class Method:
    """`call` takes the arguments and gives what the answer has besides `ok`; scopes are what it needs, whatever the channel."""

    call: Callable[[Json], Json]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    app_token: bool = False


@dataclass
class Limit:
    retry_after: int
    times: int


@dataclass
class Switches:
    """Slack's weather. `down`: 503 to everything; `latency`: seconds before every answer; `limits`: by method."""

    down: bool = False
    latency: float = 0.0
    limits: dict[str, Limit] = field(default_factory=dict)

    def take_limit(self, name: str) -> Limit | None:
        """The limit that the call runs into, if any; response URLs count as `response_url`."""
        limit = self.limits.get(name)
        if limit is None or limit.times <= 0:
            return None
        limit.times -= 1
        return limit


@dataclass(frozen=True)
class Answer:
    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class WebApi:
    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        methods: dict[str, Method],
        *,
        bot_token: str,
        app_token: str,
        scopes: frozenset[str],
    ) -> None:
        self._workspace = workspace
        self._switches = switches
        self._methods = methods
        self._bot_token = bot_token
        self._app_token = app_token
        self.scopes = scopes

    async def answer(self, request: Request) -> Response:
        """`POST` or `GET /api/{method}`."""
        name = str(request.path_params["method"])
        began = self._workspace.now()
        try:
            args = await arguments(request)
        except ValueError:
            args = None
        await tell(self._workspace.on_request, name, args or {})
        await asyncio.sleep(self._switches.latency)
        noted = len(self._workspace.faults)
        if args is None:
            answer = Answer(self._refuse(name, Refused("invalid_json")))
        else:
            answer = self._judged(name, args, _token(request, args))
        faults, path = tuple(self._workspace.faults[noted:]), request.url.path
        seconds = self._workspace.now() - began
        call = Call(name, args or {}, answer.body, began, seconds, answer.status, path, faults)
        return await answered(self._workspace, call, JSONResponse(answer.body, answer.status, answer.headers | self._headers()))

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self.scopes)), "date": formatdate(usegmt=True)}

    def _judged(self, name: str, args: Json, token: str) -> Answer:
        if self._switches.down:
            return Answer({"ok": False, "error": "service_unavailable"}, 503)
        if limit := self._switches.take_limit(name):
            return Answer({"ok": False, "error": "ratelimited"}, 429, {"retry-after": str(limit.retry_after)})
        try:
            return Answer({"ok": True, **self._run(name, args, token)})
        except Refused as refusal:
            return Answer(self._refuse(name, refusal))

    def _refuse(self, name: str, refusal: Refused) -> Json:
        self._workspace.fault(f"{name}: {refusal}")
        return refusal.answer()

    def _run(self, name: str, args: Json, token: str) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        self._authorised(method, token)
        for scope in method.scopes:
            self.need(scope)
        missing = [key for key in method.required if args.get(key) in (None, "")]
        if missing:
            raise Refused("invalid_arguments", *(f"missing required field: {key}" for key in missing))
        for key in sorted(args.keys() - {*method.required, *method.optional, "token", "team_id"}):
            self._workspace.fault(f"{name}: unknown argument {key}")
        _kinds(args)
        return method.call(args)

    def _authorised(self, method: Method, token: str) -> None:
        wanted, other = (self._app_token, self._bot_token) if method.app_token else (self._bot_token, self._app_token)
        if not token:
            raise Refused("not_authed")
        if token == other:
            raise Refused("not_allowed_token_type")
        if token != wanted:
            raise Refused("invalid_auth")

    def need(self, scope: str) -> None:
        """Raises Refused when the bot token lacks the scope."""
        if scope not in self.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))


async def answered(workspace: Workspace, call: Call, answer: Response) -> Response:
    """The answer to a call, which is put on record; whoever follows is told of its effect and that it left."""
    workspace.calls.append(call)
    workspace.changed.note()
    if call.writes and call.answer.get("ok"):
        await tell(workspace.on_effect, call)
    answer.background = BackgroundTask(tell, workspace.on_answer, call)
    return answer


def _token(request: Request, args: Json) -> str:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return bearer or str(args.get("token") or "")


async def arguments(request: Request) -> Json:
    """What the query, the form or the JSON body holds. Raises ValueError for a body that cannot be read."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        read = json.loads(await request.body() or b"{}")
        if not isinstance(read, dict):
            raise ValueError("the body is no object")
        return args | read
    if kind == "application/x-www-form-urlencoded":
        args |= parse_qsl((await request.body()).decode(), keep_blank_values=True)
    for key in NESTED & args.keys():
        args[key] = json.loads(args[key])
    return args


def _kinds(args: Json) -> None:
    """Every argument of the right JSON kind. Raises Refused."""
    for key, value in args.items():
        if key in NESTED or value is None:
            continue
        if key in FLAGS and value not in (True, False, "true", "false", "1", "0", 1, 0):
            raise Refused("invalid_arguments", f"{key} must be true or false, not {value!r}")
        if key not in FLAGS and not isinstance(value, str | int):
            raise Refused("invalid_arguments", f"{key} must be a string, not {value!r}")
