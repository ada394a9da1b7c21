"""Slack's text: lengths, escapes, the tokens in angle brackets, and what of a card a person can read.

Lengths are UTF-16 units of the text as written (`&amp;` is five). What it does not imitate: emoji names, the formatting
characters (`*`, `_`, `~`, backtick, quotes), and the linking of bare addresses in a message's top-level text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

_TOKEN = re.compile(r"<([^<>]+)>")
_DATE = re.compile(r"!date\^(\d+)\^([^|^<>]+)(\^https?://[^|^<>\s]+)?\|([^<>]+)")
_DATE_WORDS = {
    "date_num",
    "date",
    "date_slash",
    "date_short",
    "date_long",
    "date_pretty",
    "date_short_pretty",
    "date_long_pretty",
    "time",
    "time_secs",
    "ago",
}
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_RICH_TOKENS = {"user", "usergroup", "channel", "broadcast", "link"}


def units(text: str) -> int:
    """Length in UTF-16 units: a character beyond the basic plane counts as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def as_stored(text: str, users: Mapping[str, str], channels: Mapping[str, str], *, labels: bool = False) -> str:
    """Typed text as Slack keeps it: escaped, addresses and known `@name` and `#channel` as tokens.

    `users` and `channels` map lower-case names to ids. `labels` writes `<@U1|name>`, as commands get their mentions.
    """
    text = escape(text)
    text = _ADDRESS.sub(lambda found: f"<{found[0]}>", text)
    text = _EMAIL.sub(lambda found: f"<mailto:{found[0]}|{found[0]}>", text)
    text = _named(text, "@", users, labels=labels)
    return _named(text, "#", channels, labels=True)


def _named(text: str, sign: str, names: Mapping[str, str], *, labels: bool) -> str:
    if not names:
        return text
    known = "|".join(re.escape(escape(name)) for name in sorted(names, key=len, reverse=True))

    def token(found: re.Match[str]) -> str:
        name = unescape(found[1]).lower()
        return f"<{sign}{names[name]}|{found[1]}>" if labels else f"<{sign}{names[name]}>"

    return re.sub(rf"(?<![\w.<|&@#]){sign}({known})(?![\w-])", token, text, flags=re.IGNORECASE)


def texts(thing: object, *, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every text object of blocks or a view, with the path to it."""
    if isinstance(thing, dict):
        if thing.get("type") in ("plain_text", "mrkdwn") and isinstance(thing.get("text"), str):
            yield path, thing
        for key, inner in thing.items():
            if key != "state":
                yield from texts(inner, path=f"{path}/{key}")
    elif isinstance(thing, list):
        for index, inner in enumerate(thing):
            yield from texts(inner, path=f"{path}/{index}")


def token_problems(text: str) -> list[str]:
    """What is wrong with the tokens of a mrkdwn text; a date needs its moment, a known format and words to fall back on."""
    return [found for inner in _TOKEN.findall(text) if inner.startswith("!date") for found in _date_problems(inner)]


def _date_problems(inner: str) -> list[str]:
    found = _DATE.fullmatch(inner)
    if not found:
        return [f"<{inner}> is not a date token (<!date^moment^format|words>)"]
    words = re.findall(r"\{([^{}]*)\}", found[2])
    strange = [word for word in words if word not in _DATE_WORDS]
    if strange or not words:
        return [f"<{inner}> has no date format that is known: {', '.join(strange) or found[2]}"]
    return []


def live_tokens(text: str) -> list[str]:
    """The tokens of a mrkdwn text that ping or link: everything in angle brackets but dates."""
    return [f"<{inner}>" for inner in _TOKEN.findall(text) if not inner.startswith("!date^")]


def active_tokens(message: object) -> list[str]:
    """Everything in a message, view or list of blocks that pings somebody or leads somewhere.

    Takes a simulator's Message or View, Slack's JSON of either, or blocks. The top-level text counts as mrkdwn. A bare
    address in a mrkdwn object counts too, unless the object is `verbatim`. Addresses of buttons do not count.
    """
    text, blocks = _parts(message)
    found = live_tokens(text)
    for _, thing in texts(blocks):
        if thing["type"] == "mrkdwn":
            found += live_tokens(thing["text"])
            if thing.get("verbatim") is not True:
                found += _ADDRESS.findall(_TOKEN.sub("", thing["text"]))
    return found + [_rich_token(element) for element in _rich(blocks)]


def _parts(message: object) -> tuple[str, object]:
    if isinstance(message, list):
        return "", message
    if isinstance(message, dict):
        return str(message.get("text") or ""), message.get("blocks") or []
    return str(getattr(message, "text", "")), getattr(message, "blocks", [])


def _rich(thing: object) -> Iterator[Json]:
    if isinstance(thing, dict):
        if thing.get("type") in _RICH_TOKENS:
            yield thing
        for inner in thing.values():
            yield from _rich(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _rich(inner)


def _rich_token(element: Json) -> str:
    for key in ("user_id", "usergroup_id", "channel_id", "range", "url"):
        if key in element:
            return f"<{element['type']} {element[key]}>"
    return f"<{element['type']}>"


def shown(text: str) -> str:
    """Mrkdwn as a person reads it: tokens as their labels, dates in UTC, escapes undone."""
    return unescape(_TOKEN.sub(lambda found: _label(found[1]), text))


def _label(inner: str) -> str:
    date = _DATE.fullmatch(inner)
    if date:
        return datetime.fromtimestamp(int(date[1]), UTC).strftime("%Y-%m-%d %H:%M UTC")
    before, bar, label = inner.partition("|")
    if bar:
        return f"@{label}" if before.startswith("@") else f"#{label}" if before.startswith("#") else label
    if before.startswith("!"):
        return "@" + before[1:].split("^")[0]
    return before.removeprefix("mailto:")


def plain(thing: object) -> str:
    """All the text of blocks or a view that a person sees, one line for each text object, block by block."""
    return "\n".join(_lines(thing))


def _lines(thing: object) -> Iterator[str]:
    if isinstance(thing, list):
        for inner in thing:
            yield from _lines(inner)
    elif isinstance(thing, dict):
        if thing.get("type") == "mrkdwn":
            yield shown(str(thing.get("text")))
        elif thing.get("type") == "plain_text":
            yield str(thing.get("text"))
        elif thing.get("type") == "rich_text":
            yield from _rich_lines(thing["elements"])
        else:
            for key, inner in thing.items():
                if key not in ("state", "confirm"):
                    yield from _lines(inner)


def _rich_lines(elements: list[Json]) -> Iterator[str]:
    """A line for each section, quote and entry of a list."""
    for element in elements:
        if element["type"] == "rich_text_list":
            yield from _rich_lines(element["elements"])
        else:
            yield "".join(str(run.get("text") or run.get("url") or _rich_token(run)) for run in element["elements"])
