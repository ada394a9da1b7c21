"""Messages of Slack as FuseDesk gets them: readable text, and a thread as history of a case.

Each message of a thread becomes a note, mail that was forwarded to Slack an email, with author, time and permalink.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.cards.text import cut, unescape
from bot.errors import CaseError, Refused
from bot.fusedesk.models import NewEmail, NewNote
from bot.payloads import SlackMessage
from bot.people import People
from bot.references import message_mark, permalink
from bot.slack import Slack, SlackError

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")
_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_TITLE = 200
NO_TEXT = "(no text)"

Item = tuple[str, NewNote | NewEmail]


class Threads:
    """`workspace` is the workspace's address, such as `https://acme.slack.com/`."""

    def __init__(self, people: People, workspace: str) -> None:
        self._people = people
        self._workspace = workspace

    def permalink(self, channel: str, ts: str, thread_ts: str = "") -> str:
        return permalink(self._workspace, channel, ts, thread_ts)

    async def read(self, message: SlackMessage, *, within: float | None = None) -> tuple[str, str]:
        """A message as a person reads it, and its author: names for mentions, addresses for links, nothing escaped.

        Names that Slack does not tell `within` so many seconds are left as ids: a form has no time to wait for them.
        """
        text, author = await asyncio.gather(self._words(message, within), self._author(message, within))
        return "\n\n".join(filter(None, [text, *map(_mail, message.emails)])) or NO_TEXT, author

    async def _author(self, message: SlackMessage, within: float | None) -> str:
        name = await self._name(message.user, within) if message.user else ""
        return cut(name or message.bot_name or message.user or "an app", _TITLE)

    async def _name(self, user: str, within: float | None) -> str:
        """ "" where Slack does not tell (in time)."""
        try:
            return (await asyncio.wait_for(self._people.anybody(user), within)).name
        except (CaseError, TimeoutError):
            return ""

    async def _words(self, message: SlackMessage, within: float | None) -> str:
        """The message's own text and the names of its files, without the mail that it carries."""
        users = sorted(set(_MENTION.findall(message.text)))
        names = dict(zip(users, await asyncio.gather(*(self._name(user, within) for user in users)), strict=True))
        text = unescape(_TOKEN.sub(lambda token: _readable(token, names), message.text)).strip()
        mails = {name for mail in message.emails for name in (mail.get("title"), mail.get("name"))}
        return "\n".join(filter(None, [text, *(f"[file: {name}]" for name in message.files if name not in mails)]))

    async def items(self, slack: Slack, channel: str, thread_ts: str) -> list[Item]:
        """The thread as items of a history import, without what casebot itself wrote in it, oldest first.

        The first of each pair is the mark by which a history is known to hold the message. Raises NotInChannel, and Refused
        where there is no such thread any more.
        """
        own = str((await slack.identity()).get("user_id") or "")
        try:
            messages = [message async for message in slack.thread(channel, thread_ts) if message.user != own]
        except SlackError as fault:
            if fault.code == "thread_not_found":
                raise Refused("This message or its thread was deleted in Slack, so there is nothing to import.") from fault
            raise
        return await self._history(channel, messages)

    async def _history(self, channel: str, messages: Iterable[SlackMessage]) -> list[Item]:
        return [item for message in messages for item in await self._items(channel, message)]

    async def _items(self, channel: str, message: SlackMessage) -> list[Item]:
        link = self.permalink(channel, message.ts, message.thread_ts)
        mark = message_mark(link)
        at = datetime.fromtimestamp(float(message.ts), UTC)
        items: list[Item] = [(mark, email_of(mail, link, at)) for mail in message.emails]
        text = await self._words(message, None)
        if text or not items:
            author = await self._author(message, None)
            note = f"{text or NO_TEXT}\n\n— {author} in Slack · {link}"
            items.append((mark, NewNote(title=cut(f"{author} in Slack", _TITLE), note=note, date_added=at)))
        return items


def _readable(token: re.Match[str], names: Mapping[str, str]) -> str:
    target, label = token.group(1), token.group(2)
    if target.startswith("@"):
        return f"@{names.get(target[1:]) or label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or "@" + target[1:].split("^")[0]
    if not label or label in target:
        return target.removeprefix("mailto:")
    return f"{label} ({target})"


def _subject(mail: Mapping[str, Any]) -> str:
    return next(filter(None, (str(mail.get(key) or "").strip() for key in ("subject", "title", "name"))), "(no subject)")


def _body(mail: Mapping[str, Any]) -> str:
    return str(mail.get("plain_text") or mail.get("preview_plain_text") or "").strip()


def _mail(mail: Mapping[str, Any]) -> str:
    """Mail as text: its subject first, as it makes the best summary, and then who sent it, as that is the customer."""
    sender = _addresses(mail.get("from"))
    return "\n".join(filter(None, [_subject(mail), f"From: {sender}" if sender else "", _body(mail)]))


def email_of(mail: Mapping[str, Any], link: str, at: datetime) -> NewEmail:
    """Mail that Slack's email address received stands in a message as a file with the mail's own fields."""
    return NewEmail(
        to=_addresses(mail.get("to")) or "unknown",
        from_=_addresses(mail.get("from")) or "unknown",
        cc=_addresses(mail.get("cc")),
        subject=_subject(mail),
        body=f"{_body(mail)}\n\n— received in Slack · {link}".strip(),
        date_recvd=at,
    )


def _addresses(value: object) -> str:
    people = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return ", ".join(filter(None, (str(one.get("address") or one.get("original") or "") for one in people)))
