"""Slack's Web API and response URLs, as far as casebot speaks to them: one small method for each thing it does there.

Errors of the SDK and of the network end here as words:

    SlackError            Slack refused; `code` is Slack's own
    ├── NotInChannel      casebot cannot see or write that channel
    ├── Gone              the message, view or URL is no more
    ├── TooLate           a form could not be opened within the click's three seconds
    ├── ScopeMissing      the token lacks a scope
    └── SlackDown         no answer

What does not belong here: what a card says, and where an answer goes when the first way fails (`bot.answers`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.cards.message import Message, View
from bot.errors import CaseError
from bot.pacing import Pacing, TooFast
from bot.payloads import SlackMessage
from bot.reading import message_of

T = TypeVar("T")

_NOT_IN_CHANNEL = {"not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
_GONE = {
    "message_not_found",
    "not_found",
    "expired_url",
    "used_url",
    "cant_update_message",
    "edit_window_closed",
    "view_not_found",
    "thread_not_found",
}
_LATE = {"expired_trigger_id", "exchanged_trigger_id"}
# A customer's address in a card must not turn into a preview.
_QUIET = {"unfurl_links": False, "unfurl_media": False}
_DOWN = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
_RESPONSE_HOSTS = {"hooks.slack.com", "hooks.slack-gov.com"}
# What marks a message of casebot's own, in its metadata: https://docs.slack.dev/messaging/message-metadata
_MARKED = "casebot"
# Slack's clock gives a message its ts, casebot's says since when to look.
_CLOCKS_APART = timedelta(minutes=1)


class SlackError(CaseError):
    """`maybe_done`: no answer came, but the request may have arrived."""

    maybe_done = False

    def __init__(self, code: str, says: str = "") -> None:
        super().__init__(says or "Slack refused what casebot wanted to show. Try again.", code=code)
        self.code = code


class NotInChannel(SlackError):
    def __init__(self, code: str) -> None:
        super().__init__(code, "casebot is not in that channel. Invite it with /invite @casebot and try again.")


class Gone(SlackError):
    def __init__(self, code: str) -> None:
        super().__init__(code, "What you pressed is no longer there. Ask again with /case.")


class TooLate(SlackError):
    def __init__(self, code: str) -> None:
        super().__init__(code, "Slack gave up waiting for the form. Ask once more: casebot is quicker then.")


class ScopeMissing(SlackError):
    def __init__(self, code: str) -> None:
        says = (
            "Slack has not given casebot all the permissions that it needs. Whoever runs casebot can see with `casebot doctor` "
        )
        super().__init__(code, says + "which are missing, and install the app again.")


class SlackDown(SlackError):
    passing = True

    def __init__(self, code: str, *, maybe_done: bool = False) -> None:
        super().__init__(code, "Slack does not answer casebot right now. Try again in a minute.")
        self.maybe_done = maybe_done


def _named(code: str) -> SlackError:
    """The one place where Slack's error codes become errors. A number is an HTTP status without a code of Slack's."""
    if code in _DOWN or code.startswith("5"):
        return SlackDown(code)
    for codes, error in _ERRORS:
        if code in codes:
            return error(code)
    return SlackError(code)


_ERRORS: tuple[tuple[set[str], type[SlackError]], ...] = (
    (_NOT_IN_CHANNEL, NotInChannel),
    (_GONE, Gone),
    (_LATE, TooLate),
    ({"missing_scope"}, ScopeMissing),
)


def _refusal(answer: Any) -> SlackError | TooFast:
    """What an answer of the Web API that says no means. One whose body is no JSON comes as aiohttp's own."""
    if isinstance(answer, aiohttp.ClientResponse):
        return SlackDown("unreadable")
    if answer.status_code == 429:
        return _too_fast(answer.headers)
    return _named(str(answer.get("error") or answer.status_code))


def _too_fast(headers: Mapping[str, str]) -> TooFast:
    given = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return TooFast(float(given) if given.isdigit() else 1.0)


def http_session() -> aiohttp.ClientSession:
    """The process's one session to Slack. It follows no redirect: what is said would go to whomever the redirect names."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20, connect=3), trace_configs=[trace])


class _Redirected(aiohttp.ClientError):
    """Slack's API and response URLs do not redirect; something between does."""


async def _refuse_redirect(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
    redirect.response.close()
    raise _Redirected


def web_client(token: str, base_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """The SDK's client on one shared session. It repeats nothing by itself: after a broken connection, which is when it would, a
    message may be there already."""
    return AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[])


class Slack:
    """`session` is the process's one aiohttp session; its owner closes it."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self.client = client
        self._session = session
        self._pacing = Pacing()
        base = urlsplit(client.base_url)
        self._origins = {("https", host) for host in _RESPONSE_HOSTS} | {(base.scheme, base.netloc)}

    async def _request(self, method: str, **how: Any) -> dict[str, Any]:
        return await self._paced(method, lambda: self._once(method, **how))

    async def _paced(self, method: str, send: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._pacing.run(method, send)
        except TooFast:
            raise SlackDown("ratelimited") from None
        except (TimeoutError, aiohttp.ClientError) as fault:
            raise SlackDown(type(fault).__name__, maybe_done=not isinstance(fault, aiohttp.ClientConnectorError)) from fault

    async def _once(self, method: str, **how: Any) -> dict[str, Any]:
        try:
            answer = await self.client.api_call(method, **how)
        except SlackApiError as fault:
            # The answer's body may hold a customer's text, so neither it nor the SDK's sentence goes further than here.
            raise _refusal(fault.response) from None
        return answer.data if isinstance(answer.data, dict) else {}

    async def _call(self, method: str, **arguments: object) -> dict[str, Any]:
        return await self._request(method, json={name: value for name, value in arguments.items() if value not in (None, "")})

    async def _read(self, method: str, **arguments: object) -> dict[str, Any]:
        """The reading methods take their arguments in the query, not as JSON."""
        return await self._request(method, http_verb="GET", params=arguments)

    async def identity(self) -> dict[str, Any]:
        """auth.test: team_id, user_id, bot_id, url, and enterprise_id where there is one."""
        return await self._call("auth.test")

    async def socket_allowed(self, app_token: str) -> None:
        """Whether Slack takes the app-level token: SlackError if it does not. The SDK's socket would try for ever."""
        await self._request("apps.connections.open", params={"token": app_token})

    async def user(self, user: str) -> dict[str, Any]:
        return dict((await self._read("users.info", user=user))["user"])

    async def post(self, channel: str, message: Message, *, thread_ts: str = "", mark: str = "") -> str:
        """chat.postMessage; returns the message's ts. A user's id as channel writes to their direct messages.

        By its `mark`, a short opaque word that readers do not see, `posted` finds the message again.
        """
        marked = {"metadata": {"event_type": _MARKED, "event_payload": {"mark": mark}}} if mark else {}
        answer = await self._call(
            "chat.postMessage", channel=channel, thread_ts=thread_ts, **_QUIET, **_content(message), **marked
        )
        return str(answer["ts"])

    async def posted(self, channel: str, mark: str, since: datetime, *, thread_ts: str = "") -> str | None:
        """The ts of casebot's message with that mark, posted at `since` or later to the channel or to one of its threads; None
        where there is none.

        None, too, for a user's id as channel: that their direct messages have an id of their own is told by conversations.open
        alone, for which casebot has no scope (im:write). Raises SlackError for a channel that casebot may not read.
        """
        if channel[:1] in ("U", "W"):
            return None
        where = {"channel": channel, "oldest": f"{(since - _CLOCKS_APART).timestamp():.6f}"}
        # Documented for the metadata of all apps, and no scope beside *:history is named for it. Without it the mark is left out,
        # also of an app's own messages; with it people saw it: https://github.com/slackapi/python-slack-sdk/issues/1501
        where["include_all_metadata"] = "true"
        method = "conversations.replies" if thread_ts else "conversations.history"
        async for raw in self._messages(method, **where, **({"ts": thread_ts} if thread_ts else {})):
            if _mark_of(raw) == mark:
                return str(raw["ts"])
        return None

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """chat.update, whose `parse` would be `client` if it were not given."""
        await self._call("chat.update", channel=channel, ts=ts, parse="none", **_content(message))

    async def whisper(self, channel: str, user: str, message: Message, *, thread_ts: str = "") -> None:
        """chat.postEphemeral: only `user` sees it, and nobody can change it later."""
        await self._call("chat.postEphemeral", channel=channel, user=user, thread_ts=thread_ts, **_content(message))

    async def respond(
        self, url: str, message: Message, *, replace: bool = False, in_channel: bool = False, thread_ts: str = ""
    ) -> None:
        """Answers through a response_url, which works where casebot is not a member: 5 times within 30 minutes."""
        if urlsplit(url)[:2] not in self._origins:
            raise Gone("foreign_response_url")
        body: dict[str, Any] = _content(message) | _QUIET | {"replace_original": replace}
        body["response_type"] = "in_channel" if in_channel else "ephemeral"
        if thread_ts:
            body["thread_ts"] = thread_ts
        await self._paced("response_url", lambda: self._answer(url, body))

    async def _answer(self, url: str, body: dict[str, Any]) -> None:
        answer = await AsyncWebhookClient(url, session=self._session, retry_handlers=[]).send_dict(body)
        if answer.status_code == 429:
            raise _too_fast(answer.headers)
        if answer.status_code >= 500:
            raise SlackDown(f"response_url_{answer.status_code}")
        if answer.status_code != 200:
            raise Gone(f"response_url_{answer.status_code}")

    async def open_view(self, trigger: str, view: View) -> str:
        """views.open within the trigger's 3 seconds; returns the view's id, which may be updated without a limit of time."""
        return str((await self._call("views.open", trigger_id=trigger, view=view))["view"]["id"])

    async def push_view(self, trigger: str, view: View) -> str:
        return str((await self._call("views.push", trigger_id=trigger, view=view))["view"]["id"])

    async def update_view(self, view_id: str, view: View) -> None:
        await self._call("views.update", view_id=view_id, view=view)

    async def publish_home(self, user: str, view: View) -> None:
        await self._call("views.publish", user_id=user, view=view)

    async def thread(self, channel: str, ts: str) -> AsyncIterator[SlackMessage]:
        """The thread's messages, the first one included, oldest first."""
        async for raw in self._messages("conversations.replies", channel=channel, ts=ts):
            yield message_of(raw)

    async def _messages(self, method: str, **where: str) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self._read(method, limit=200, **where, **more)
            for raw in page.get("messages") or ():
                yield raw
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return


def _mark_of(raw: Mapping[str, Any]) -> str:
    marked = raw.get("metadata") or {}
    return str((marked.get("event_payload") or {}).get("mark") or "") if marked.get("event_type") == _MARKED else ""


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks} if message.blocks else {"text": message.text}
