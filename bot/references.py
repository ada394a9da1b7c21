"""The short line that casebot adds to every text it creates: who wrote it, from where, and a reference that finds it again."""

from __future__ import annotations

import hashlib

from bot.cases import Person

_REF = "ref "


def permalink(workspace: str, channel: str, ts: str, thread_ts: str = "") -> str:
    """A message's address, built as Slack builds it, so that a thread of a thousand costs no call. `workspace` ends in "/"."""
    address = f"{workspace}archives/{channel}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread_ts}&cid={channel}" if thread_ts and thread_ts != ts else address


def message_mark(link: str) -> str:
    """What a text made of the message with that permalink holds, and one that only quotes the permalink does not.

    Without the query, which FuseDesk might hand back escaped.
    """
    return f"Slack · {link.partition('?')[0]}"


def signed(text: str, by: Person, key: str, *, link: str = "") -> str:
    """`text` with its signature. The user's id tells casebot later whose it is, the reference which wish it was."""
    where = f" · {link}" if link else ""
    return f"{text}\n\n— {by.name} ({by.user}) via Slack{where} · {_REF}{reference(key)}"


def bears(key: str, text: str) -> bool:
    """Whether a text was signed for that wish. The rest need not be the same: FuseDesk may store it a little differently."""
    return f"{_REF}{reference(key)}" in text


def reference(key: str) -> str:
    """Ten characters that stand for a key of any length."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]
