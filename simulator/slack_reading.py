"""The methods that tell about the workspace: who the token is, people, channels and what was said there.

A page holds at most `limit` messages; a reply's ts given to `conversations.replies` gets that reply alone. Not imitated:
`conversations.list` and other methods that casebot has no use for.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.slack_chat import Chat
from simulator.slack_state import BOT, BOT_USER, Channel, Message
from simulator.slack_text import Json
from simulator.slack_web import Refused
from simulator.slack_workspace import Workspace

TRUE = (True, "true", "1", 1)
DEFAULT_LIMIT = {"conversations.replies": 1000, "conversations.history": 100}


class Reading:
    """`need` raises Refused for a scope that the token lacks; `has` asks."""

    def __init__(self, workspace: Workspace, chat: Chat, need: Callable[[str], None], has: Callable[[str], bool]) -> None:
        self._workspace = workspace
        self._chat = chat
        self._need = need
        self._has = has

    def identity(self, _: Json) -> Json:
        domain, team = self._workspace.domain, self._workspace.team
        who = {"url": f"https://{domain}.slack.com/", "team": domain.title(), "user": "casebot", "team_id": team}
        return {**who, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False}

    def echo(self, args: Json) -> Json:
        if args.get("error"):
            raise Refused(str(args["error"]))
        return {"args": args}

    def user(self, args: Json) -> Json:
        user = self._workspace.users.get(str(args["user"]))
        if user is None:
            raise Refused("user_not_found")
        return {"user": user.facts(email=self._has("users:read.email"), home_team=self._workspace.team)}

    def _channel(self, args: Json, kind: str) -> Channel:
        channel = self._chat.channel(args["channel"])
        self._need(f"{channel.scope}:{kind}")
        return channel

    def channel(self, args: Json) -> Json:
        channel = self._channel(args, "read")
        facts = {"id": channel.id, "name": channel.name, "is_member": True, "is_archived": channel.archived}
        facts |= {"is_im": channel.kind == "im", "is_private": channel.kind != "public", "is_ext_shared": channel.shared}
        return {"channel": facts}

    def replies(self, args: Json) -> Json:
        channel = self._channel(args, "history")
        asked = channel.message(str(args["ts"]))
        if asked is None:
            raise Refused("thread_not_found")
        thread = [asked] if asked.thread_ts else channel.thread(asked.ts)
        return self._page("conversations.replies", thread, args)

    def history(self, args: Json) -> Json:
        channel = self._channel(args, "history")
        newest_first = [message for message in reversed(channel.messages) if not message.to and not message.thread_ts]
        return self._page("conversations.history", newest_first, args)

    def _page(self, method: str, messages: list[Message], args: Json) -> Json:
        limit, start = _limit(args, DEFAULT_LIMIT[method]), _start(args)
        fits = [message for message in messages if _between(message.ts, args)]
        page, more = fits[start : start + limit], len(fits) > start + limit
        facts = [self._workspace.facts(message) for message in page]
        if args.get("include_all_metadata") not in TRUE:
            facts = [_without_payload(each) for each in facts]
        answer: Json = {"messages": facts, "has_more": more}
        return answer | ({"response_metadata": {"next_cursor": f"next:{start + limit}"}} if more else {})


def _without_payload(facts: Json) -> Json:
    """Of metadata, Slack leaves the type."""
    return facts | {"metadata": {"event_type": facts["metadata"]["event_type"]}} if "metadata" in facts else facts


def _limit(args: Json, default: int) -> int:
    given = str(args.get("limit") or default)
    if not given.isdigit() or not 0 < int(given) <= 1000:
        raise Refused("invalid_limit", f"limit must be 1 to 999, not {given}")
    return int(given)


def _start(args: Json) -> int:
    cursor = str(args.get("cursor") or "next:0")
    if not cursor.startswith("next:") or not cursor[5:].isdigit():
        raise Refused("invalid_cursor")
    return int(cursor[5:])


def _between(ts: str, args: Json) -> bool:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999")
    if args.get("inclusive") in TRUE:
        return float(oldest) <= float(ts) <= float(latest)
    return float(oldest) < float(ts) < float(latest)
