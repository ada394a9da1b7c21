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

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.cards.message import Message, View
from bot.errors import CaseError
from bot.payloads import SlackMessage
from bot.reading import message_of

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


class SlackError(CaseError):
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
    def __init__(self, code: str) -> None:
        super().__init__(code, "Slack does not answer casebot right now. Try again in a minute.")


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


def _patient() -> list[AsyncRetryHandler]:
    """What the SDK may repeat: what Slack refused for coming too fast. Its default, a new attempt after a broken connection, is
    left out: a repeated message would stand there twice."""
    return [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]


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
    """The SDK's client on one shared session."""
    return AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=_patient())


class Slack:
    """`session` is the process's one aiohttp session; its owner closes it."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self.client = client
        self._session = session
        base = urlsplit(client.base_url)
        self._origins = {("https", host) for host in _RESPONSE_HOSTS} | {(base.scheme, base.netloc)}

    async def _request(self, method: str, **how: Any) -> dict[str, Any]:
        try:
            answer = await self.client.api_call(method, **how)
        except SlackApiError as fault:
            # The answer's body may hold a customer's text, so neither it nor the SDK's sentence goes further than here.
            raise _named(str(fault.response.get("error") or fault.response.status_code)) from None
        except (TimeoutError, aiohttp.ClientError) as fault:
            raise SlackDown(type(fault).__name__) from fault
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

    async def post(self, channel: str, message: Message, *, thread_ts: str = "") -> str:
        """chat.postMessage; returns the message's ts. A user's id as channel writes to their direct messages."""
        answer = await self._call("chat.postMessage", channel=channel, thread_ts=thread_ts, **_QUIET, **_content(message))
        return str(answer["ts"])

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
        webhook = AsyncWebhookClient(url, session=self._session, retry_handlers=_patient())
        try:
            answer = await webhook.send_dict(body)
        except (TimeoutError, aiohttp.ClientError) as fault:
            raise SlackDown(type(fault).__name__) from fault
        if answer.status_code >= 500 or answer.status_code == 429:
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
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self._read("conversations.replies", channel=channel, ts=ts, limit=200, **more)
            for raw in page.get("messages") or ():
                yield message_of(raw)
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks} if message.blocks else {"text": message.text}
