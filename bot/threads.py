"""A Slack thread as history of a case: each message a note (or, forwarded by mail, an email) with author, time and permalink."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.access import People
from bot.cards.text import cut, unescape
from bot.fusedesk.models import NewEmail, NewNote
from bot.payloads import SlackMessage
from bot.references import permalink
from bot.slack import SlackError

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")

Item = tuple[str, NewNote | NewEmail]


class Threads:
    """`workspace` is the workspace's address, such as `https://acme.slack.com/`."""

    def __init__(self, people: People, workspace: str) -> None:
        self._people = people
        self._workspace = workspace

    def permalink(self, channel: str, ts: str, thread_ts: str = "") -> str:
        return permalink(self._workspace, channel, ts, thread_ts)

    async def author(self, message: SlackMessage) -> str:
        return await self._name(message.user) if message.user else message.bot_name or "an app"

    async def _name(self, user: str) -> str:
        try:
            return (await self._people.anybody(user)).name
        except SlackError:
            return user

    async def plain(self, message: SlackMessage) -> str:
        """The message as a person reads it: names for mentions, addresses for links, nothing escaped."""
        text = message.text
        for user in set(_MENTION.findall(text)):
            text = re.sub(rf"<@{user}(?:\|[^>]*)?>", "@" + (await self._name(user)).replace("\\", ""), text)
        text = unescape(_TOKEN.sub(_readable, text)).strip()
        files = [f"[file: {name}]" for name in message.files]
        return "\n".join([text, *files] if text else files) or "(no text)"

    async def history(self, channel: str, messages: Iterable[SlackMessage]) -> list[Item]:
        """Each message as an item of a history import, with the permalink by which it is known again."""
        return [item for message in messages for item in await self._items(channel, message)]

    async def _items(self, channel: str, message: SlackMessage) -> list[Item]:
        link = self.permalink(channel, message.ts, message.thread_ts)
        at = datetime.fromtimestamp(float(message.ts), UTC)
        if message.emails:
            return [(link, email_of(mail, link, at)) for mail in message.emails]
        author = await self.author(message)
        text = f"{await self.plain(message)}\n\n— {author} in Slack · {link}"
        return [(link, NewNote(title=cut(f"{author} in Slack", 200), note=text, date_added=at))]


def _readable(token: re.Match[str]) -> str:
    target, label = token.group(1), token.group(2)
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or "@" + target[1:].split("^")[0]
    if not label or label in target:
        return target.removeprefix("mailto:")
    return f"{label} ({target})"


def email_of(mail: Mapping[str, Any], link: str, at: datetime) -> NewEmail:
    """Mail that Slack's email address received stands in a message as a file with the mail's own fields."""
    return NewEmail(
        to=_addresses(mail.get("to")) or "unknown",
        from_=_addresses(mail.get("from")) or "unknown",
        cc=_addresses(mail.get("cc")),
        subject=str(mail.get("subject") or mail.get("title") or "(no subject)"),
        body=f"{mail.get('plain_text') or mail.get('preview_plain_text') or ''}\n\n— {link}".strip(),
        date_recvd=at,
    )


def _addresses(value: object) -> str:
    people = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return ", ".join(filter(None, (str(one.get("address") or one.get("original") or "") for one in people)))
