"""A stand-in for Slack: a workspace with people in it, the Web API, response URLs, Socket Mode, and people who use the bot.

    slack = Slack()
    async with slack.served() as url:        # the bot's SLACK_API_URL is f"{url}/api/"
        slack.connect(bot_url)
        await slack.command(JANE, SUPPORT, "help")
        assert "transfer" in slack.last(JANE, SUPPORT).plain()
        assert slack.faults == []

Strict as Slack: what Slack would refuse is refused with Slack's code and stands in `faults`; so does what Slack would silently
mangle. `forgive(code)` takes off what a test meant to happen. Switches: `down`, `latency`, `limit(method, retry_after=…)`,
`scopes`, `forward(seconds)`. Hooks: `on_request`, `on_effect`, `on_answer`, for the Web API and response URLs alike.

Each part says in its own file what it does not imitate: `slack_web` (entrance of the API), `slack_chat`, `slack_reading`,
`slack_views`, `slack_response` (response URLs), `slack_socket`, `slack_delivery`, `slack_payloads`, `blocks`, `driver`. For all
of them: no OAuth, no Enterprise Grid, no message events to the bot unless `event` sends them, no limits of rate unless switched
on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from simulator.driver import Driver
from simulator.serving import serve
from simulator.slack_chat import Chat
from simulator.slack_delivery import Exchange
from simulator.slack_reading import Reading
from simulator.slack_state import APP, BOT, BOT_USER, Absent, Call, Channel, Element, Message, NotPossible, User, View
from simulator.slack_text import Json
from simulator.slack_views import Views
from simulator.slack_web import Limit, Method, WebApi
from simulator.slack_workspace import ADA, BILLING, BOARD, BOB, DORA, GUS, JANE, LEADS, MIA, OTTO, RANDOM, SUPPORT

__all__ = [
    "ADA",
    "APP",
    "BILLING",
    "BOARD",
    "BOB",
    "BOT",
    "BOT_USER",
    "DORA",
    "GUS",
    "JANE",
    "LEADS",
    "MIA",
    "OTTO",
    "RANDOM",
    "SCOPES",
    "SUPPORT",
    "Absent",
    "Call",
    "Channel",
    "Element",
    "Exchange",
    "Message",
    "NotPossible",
    "Slack",
    "User",
    "View",
]

SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "users:read",
        "users:read.email",
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
    }
)


class Slack(Driver):
    """`app` is the ASGI application; `served()` runs it."""

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-test",
        app_token: str = "xapp-test",
        signing_secret: str = "s3cret",
        team: str = "T01ACME",
        scopes: frozenset[str] = SCOPES,
    ) -> None:
        super().__init__(signing_secret=signing_secret, team=team)
        self._api = WebApi(
            self, self.switches, self._methods(), bot_token=bot_token, app_token=app_token, scopes=frozenset(scopes)
        )
        self.app = Starlette(
            routes=[
                Route("/api/{method}", self._answer, methods=["GET", "POST"]),
                Route("/response/{kind}/{team}/{key}", self._urls.answer, methods=["POST"]),
                Route("/", _alive),
                WebSocketRoute("/socket/{ticket}", self.delivery.sockets.endpoint),
            ],
            lifespan=self._lifespan,
        )

    def _methods(self) -> dict[str, Method]:
        chat, views = Chat(self), self._triggers
        reading = Reading(self, chat, lambda scope: self._api.need(scope), lambda scope: scope in self._api.scopes)
        return _chat_methods(chat) | _reading_methods(reading) | _view_methods(views) | self._connection_methods()

    def _connection_methods(self) -> dict[str, Method]:
        return {"apps.connections.open": Method(self._open_socket, app_token=True)}

    def _open_socket(self, _: Json) -> Json:
        return {"url": self.url.replace("http", "ws", 1) + self.delivery.sockets.path()}

    async def _answer(self, request: Request) -> Response:
        # Whoever serves this app without `served()` need not tell where: the first caller does.
        self.url = self.url or str(request.base_url).rstrip("/")
        return await self._api.answer(request)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await self.delivery.close()

    @asynccontextmanager
    async def served(self, port: int = 0) -> AsyncIterator[str]:
        """Serves this Slack on loopback; yields its address."""
        async with serve(self.app, port=port) as url:
            self.url = url
            yield url

    @property
    def scopes(self) -> frozenset[str]:
        """What the bot token may."""
        return self._api.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str]) -> None:
        self._api.scopes = frozenset(scopes)

    @property
    def down(self) -> bool:
        """503 to every call and response URL."""
        return self.switches.down

    @down.setter
    def down(self, down: bool) -> None:
        self.switches.down = down

    @property
    def latency(self) -> float:
        """Seconds before every answer of the Web API and the response URLs."""
        return self.switches.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.switches.latency = seconds

    @property
    def sockets(self) -> int:
        """How many websockets the bot has open."""
        return len(self.delivery.sockets.open)

    def limit(self, method: str, *, retry_after: int = 1, times: int = 1) -> None:
        """Answers the next `times` calls of a method with 429 and `Retry-After`."""
        self.switches.limits[method] = Limit(retry_after, times)

    async def refresh_sockets(self) -> None:
        """Tells the bot's websockets that they are about to end."""
        await self.delivery.sockets.refresh()


async def _alive(_: Request) -> Response:
    return PlainTextResponse("Slack, simulated\n")


def _chat_methods(chat: Chat) -> dict[str, Method]:
    content = ("text", "blocks", "metadata", "parse", "link_names")
    posted = (*content, "thread_ts", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast")
    writes: dict[str, Any] = {"scopes": ("chat:write",)}
    return {
        "chat.postMessage": Method(chat.post, ("channel",), posted, **writes),
        "chat.postEphemeral": Method(chat.whisper, ("channel", "user"), (*content[:2], *content[3:], "thread_ts"), **writes),
        "chat.update": Method(chat.update, ("channel", "ts"), (*content, "reply_broadcast"), **writes),
        "chat.delete": Method(chat.delete, ("channel", "ts"), **writes),
        "chat.getPermalink": Method(chat.permalink, ("channel", "message_ts")),
    }


def _reading_methods(reading: Reading) -> dict[str, Method]:
    paged = ("cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")
    return {
        "api.test": Method(reading.echo, (), ("error", "foo")),
        "auth.test": Method(reading.identity),
        "users.info": Method(reading.user, ("user",), ("include_locale",), ("users:read",)),
        "conversations.info": Method(reading.channel, ("channel",), ("include_locale", "include_num_members")),
        "conversations.replies": Method(reading.replies, ("channel", "ts"), paged),
        "conversations.history": Method(reading.history, ("channel",), paged),
    }


def _view_methods(views: Views) -> dict[str, Method]:
    return {
        "views.open": Method(views.open, ("trigger_id", "view")),
        "views.push": Method(views.push, ("trigger_id", "view")),
        "views.update": Method(views.update, ("view",), ("view_id", "external_id", "hash")),
        "views.publish": Method(views.publish, ("user_id", "view"), ("hash",)),
    }
