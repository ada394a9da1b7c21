"""Everything is made here: `build_app` creates each part once and wires the routes.

Also the one place where an exception becomes words: `Words` for the person, a line with a reference for the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import aiohttp
import httpx
import uvicorn
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.access import Access
from bot.answers import Answers
from bot.background import Background
from bot.cards.message import Message
from bot.cards.words import refusal, unexpected, unreadable
from bot.database import Alone
from bot.deeds import Deeds
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.door import Door
from bot.drafts import Drafts
from bot.durable import Durable
from bot.entrance import Entrance
from bot.errors import CaseError, Choice, NameRefused, Refused
from bot.fusedesk.breaker import Breaker
from bot.fusedesk.client import FuseDesk, http_client
from bot.fusedesk.pace import Pace
from bot.fusedesk.quota import Quota
from bot.language import named, render
from bot.ledger import Ledger
from bot.listening import Listening
from bot.once import Once
from bot.operations import Operation
from bot.people import People
from bot.settings import Settings
from bot.slack import Slack, TooLate, http_session, web_client
from bot.store import Store
from bot.surfaces import Surfaces
from bot.threads import Threads
from bot.verbs import verb_of
from bot.writing import Writing

log = logging.getLogger(__name__)

# Seconds to the end: requests first, then what they started; all within Docker's ten.
_LAST_REQUESTS = 2
_LAST_WORK = 5.0
# Seconds that a connection may idle between two requests; proxies keep theirs for the next one.
_IDLE = 30


class Words:
    """What a person hears of an exception."""

    def __call__(
        self, error: Exception, *, typed: str = "", wanted: str = "", operation: Operation | None = None
    ) -> list[Message]:
        if isinstance(error, CaseError):
            log.info("refused", extra={"facts": {"error": type(error).__name__, **error.facts}})
            return refusal(_with_choices(error, operation), typed=typed, wanted=wanted)
        reference = token_hex(4)
        # The exception's own text may quote a customer; its type and place are what helps.
        facts = {"reference": reference, "error": type(error).__name__}
        if isinstance(error, ValueError):
            # A value from outside that cannot be read, such as what a button of an older casebot carries: no fault of this one.
            log.warning("unreadable %s", reference, extra={"facts": facts | {"at": _place(error)}})
            return unreadable(reference, typed=typed, wanted=wanted)
        log.error("fault %s", reference, extra={"facts": facts}, exc_info=_without_text(error))
        return unexpected(reference, typed=typed, wanted=wanted)


def _without_text(error: Exception) -> tuple[type[BaseException], BaseException, Any]:
    return RuntimeError, RuntimeError(f"{type(error).__name__} (its text is withheld)"), error.__traceback__


def _place(error: Exception) -> str:
    """Where it was raised: the last line of casebot's own on the way."""
    passed = ((str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__))
    return ["?", *(f"{name}:{line}" for name, line in passed if name.startswith(("bot.", "handlers.")))][-1]


def _with_choices(error: CaseError, operation: Operation | None) -> CaseError:
    """A name that did not lead anywhere becomes buttons that run the same command with a better one; a form that came too late,
    one that runs it again."""
    if operation is not None and isinstance(error, Refused) and not error.example and (verb := verb_of(operation.verb)):
        error.example = verb.example
    if operation is not None and isinstance(error, TooLate):
        error.choices = (Choice("Open the form", render(operation)),)
    if operation is None or not isinstance(error, NameRefused) or error.choices:
        return error
    error.choices = tuple(Choice(name, render(named(operation, error.kind, error.typed, name))) for name in error.names)
    return error


class Casebot:
    """The assembled bot. `asgi` is its HTTP entrance, whose lifespan starts and stops everything else."""

    def __init__(
        self,
        settings: Settings,
        door: Door,
        people: People,
        directory: Directory,
        background: Background,
        durable: Durable,
        store: Store,
        alone: Alone,
        http: httpx.AsyncClient,
        session: aiohttp.ClientSession,
        begin: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.directory = directory
        self._door = door
        self.people = people
        self.background = background
        self.durable = durable
        self._begin = begin
        self.store = store
        self.alone = alone
        self._http = http
        self._session = session
        # FuseDesk's state is no part of it: a casebot that says that FuseDesk is down is worth more than none.
        self.ready = False
        self.asgi = Starlette(
            routes=[
                Route("/slack/events", door, methods=["POST"]),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self.directory.start()
        self._begin()
        # Connecting goes on until Slack answers, however long that takes; a signal must be able to end it.
        socket = asyncio.create_task(self._socket()) if self.settings.socket_mode else None
        self.ready = socket is None
        try:
            yield
        finally:
            self.ready = False
            if socket is not None:
                socket.cancel()
                await asyncio.gather(socket, return_exceptions=True)
            await self._stop()

    @property
    def busy(self) -> int:
        """How much is under way: answers, and changes with what is to be told of them."""
        return len(self.background) + self.durable.busy

    async def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _readyz(self, _: Request) -> Response:
        return PlainTextResponse("ready") if self.ready else PlainTextResponse("starting", status_code=503)

    async def _socket(self) -> None:
        """Keeps the connection to Slack until it is cancelled."""
        client = SocketModeClient(
            app_token=self.settings.slack_app_token.get_secret_value(),
            web_client=AsyncWebClient(base_url=self.settings.slack_api_url),
        )
        self._door.socket(client)
        try:
            await client.connect()
            self.ready = True
            await asyncio.Event().wait()
        finally:
            await client.close()

    async def _stop(self) -> None:
        """Finishes what runs, ends what would take too long, closes what was opened."""
        ended, left = await asyncio.gather(self.background.drain(_LAST_WORK), self.durable.stop(_LAST_WORK))
        if ended:
            log.warning("%d pieces of work did not end in time", ended)
        if left:
            log.warning("%d changes are left for the next start", left)
        await self.directory.stop()
        await _close(self.store, self.alone, self._http, self._session)


async def build_app(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Casebot:
    """Makes every part. Brings the tables up to date (DatabaseError) and asks Slack once who casebot is (SlackError).

    `clock` ages what FuseDesk told; by `now` and `sleep` pass the hours of its quota, and what waits for them.
    """
    from handlers import ACTIONS, COMMANDS, EVENTS, FOR_MEMBERS, OPTIONS, SHORTCUTS, SUBMISSIONS, WRITES

    session = http_session()
    http = http_client(settings)
    store = Store(settings.database_url.get_secret_value())
    alone = Alone(settings.database_url.get_secret_value())
    try:
        await alone.take()
        await store.open()
        slack = Slack(web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session), session)
        identity = await slack.identity()
        if settings.socket_mode:
            await slack.socket_allowed(settings.slack_app_token.get_secret_value())
    except CaseError:
        await _close(store, alone, http, session)
        raise

    fusedesk = FuseDesk(
        http,
        base_url=settings.fusedesk_url,
        api_key=settings.fusedesk_api_key.get_secret_value(),
        zone=settings.fusedesk_timezone,
        quota=Quota(now),
        breaker=Breaker(pause=settings.fusedesk_pause),
    )
    directory = Directory(fusedesk, ttl=settings.casebot_names_ttl, thrifty=lambda: fusedesk.quota.is_low, clock=clock)
    background = Background()
    ledger = Ledger(store)
    people = People(
        slack,
        directory,
        store,
        team=str(identity["team_id"]),
        enterprise=str(identity.get("enterprise_id") or ""),
        everybody=settings.casebot_access == "members",
    )
    desk = CaseDesk(
        fusedesk,
        directory,
        people,
        store,
        case_url=lambda number: f"{settings.fusedesk_url}/app/#cases/view/{number}",
        default_department=settings.casebot_default_department,
        cases_ttl=settings.casebot_cases_ttl,
        clock=clock,
    )
    writing = Writing(fusedesk, directory, desk, Once(fusedesk, ledger, patience=settings.fusedesk_read_timeout), store)
    durable = Durable(
        settings.database_url.get_secret_value(),
        store.engine,
        alone,
        ledger,
        Pace(fusedesk.quota, clock=now),
        caseid=desk.caseid,
        known_id=desk.known_id,
        takeover=settings.casebot_takeover,
        sleep=sleep,
    )
    answers = Answers(slack, store)
    access = Access(store)
    parts: dict[str, Any] = {
        "desk": desk,
        "writing": writing,
        "directory": directory,
        "slack": slack,
        "answers": answers,
        "threads": Threads(people, str(identity.get("url") or "")),
        "drafts": Drafts(store),
        "fusedesk": fusedesk,
        "access": access,
        "people": people,
        "store": store,
        "durable": durable,
    }
    words = Words()
    listening = Listening(background, answers, slack, store, durable, words)
    deeds = Deeds(WRITES, parts, desk, answers, slack, words, listening.refused)
    surfaces = Surfaces(parts, people, access, background, listening, words)
    bolt = _bolt(slack, identity)
    surfaces.route(
        bolt,
        commands=COMMANDS,
        shortcuts=SHORTCUTS,
        actions=ACTIONS,
        options=OPTIONS,
        submissions=SUBMISSIONS,
        events=EVENTS,
        for_members=FOR_MEMBERS,
    )
    door = Door(bolt, settings.slack_signing_secret.get_secret_value())

    try:
        await durable.start()
    except CaseError:
        await durable.stop()
        await _close(store, alone, http, session)
        raise

    async def share() -> None:
        fusedesk.quota.take(await ledger.share_quota(settings.fusedesk_app, fusedesk.quota.numbers))

    return Casebot(
        settings, door, people, directory, background, durable, store, alone, http, session, lambda: durable.work(deeds, share)
    )


async def _close(store: Store, alone: Alone, http: httpx.AsyncClient, session: aiohttp.ClientSession) -> None:
    await store.close()
    alone.release()
    await http.aclose()
    await session.close()


def _bolt(slack: Slack, identity: Mapping[str, Any]) -> AsyncApp:
    """Bolt without what the door does already. `authorize` hands out what auth.test said at the start: no call per request."""
    who = AuthorizeResult(
        enterprise_id=identity.get("enterprise_id"),
        team_id=identity.get("team_id"),
        bot_user_id=identity.get("user_id"),
        bot_id=identity.get("bot_id"),
        bot_token=slack.client.token,
    )

    async def authorize() -> AuthorizeResult:
        return who

    return AsyncApp(
        logger=logging.getLogger("slack_bolt"),
        # Without a token: beside `authorize` it would be one too many. Handlers speak to Slack through `bot.slack`.
        client=AsyncWebClient(base_url=slack.client.base_url),
        authorize=authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        # Bots, casebot among them, are refused by `bot.access`; and this one trips over a payload whose `event` is null.
        ignoring_self_events_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


class _Server(uvicorn.Server):
    """Tells its address once it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is not None and self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://{host}:{port}")


async def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Runs casebot until SIGTERM or SIGINT; in Socket Mode its HTTP entrance answers health checks only.

    `ready` is called with the address once requests are taken. Raises what `build_app` raises.
    """
    bot = await build_app(settings)
    # What was made until now stays to the end. Looking through it again and again costs the collector a pause of
    # 30 ms and more each time, in which nobody is acknowledged.
    gc.freeze()
    config = uvicorn.Config(
        bot.asgi,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody asks where a request came from
        server_header=False,
        http=Entrance,
        # A WebSocket is nothing that casebot serves, and would leave the entrance's bounds.
        ws="none",
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_LAST_REQUESTS,
    )
    await _Server(config, ready).serve()
