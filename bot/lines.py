"""A line with `key:value` in it, taken apart, and what happens to a mistyped key or value.

A line becomes items, each a key with its raw value or a word without key, so that a mended command can be offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from bot.errors import Choice, Misunderstood
from bot.keys import Reader
from bot.tokens import as_name, as_text, escape, is_quoted, quoted, unquoted, value, words
from bot.values import Unreadable, nearest, shown

# Words of everyday language that are a slip away from a key: in a summary they are words, whatever follows their colon.
_PLAIN = frozenset(
    [
        "apartment",
        "apartments",
        "assign",
        "assigns",
        "bags",
        "compact",
        "contract",
        "contracts",
        "dated",
        "debt",
        "dent",
        "depth",
        "form",
        "forms",
        "frog",
        "hype",
        "kept",
        "mail",
        "mails",
        "open",
        "opener",
        "opens",
        "per",
        "prom",
        "reopened",
        "signed",
        "start",
        "starts",
        "state",
        "states",
        "statue",
        "stats",
        "tabs",
        "tape",
        "types",
        "typo",
        "tyre",
        "update",
        "updates",
    ]
)
_KEY = re.compile(r"([A-Za-z]{2,20}):")
_SIGNS = frozenset(("<", ">", "<=", ">=", "&lt;", "&gt;", "&lt;=", "&gt;=", "≤", "≥"))
_TAGS = ("tag", "tags")
_GUESSES = 40
# Behind these, a blank after the colon is a slip; behind the others it may be a sentence ("Error type: timeout").
_NAMES = frozenset(("dept", "department", "rep", "assignee", "tag", "tags", "from"))


class Item(NamedTuple):
    """A key (a known one in lower case, any other as it was typed) with its raw value; a word without key has "" for it."""

    key: str
    raw: str

    def __str__(self) -> str:
        return f"{self.key}:{self.raw}" if self.key else self.raw


class Line(NamedTuple):
    """A verb's line. `strict`: every `word:value` must be a key. `tail` is what follows the line, kept in mended commands."""

    verb: str
    keys: Mapping[str, Reader]
    example: str
    strict: bool
    tail: str = ""

    def command(self, items: Iterable[Item]) -> str:
        return " ".join((self.verb, *map(str, items))) + self.tail


def key_of(word: str) -> Item:
    """The raw word as an item, whether or not there is such a key."""
    if ":" not in word:
        return Item("", word)
    # Slack may have made a link of the whole of `tag:vip.com`.
    whole = escape(as_name(word)) if word.startswith("<") else word
    found = _KEY.match(whole)
    if not found or whole.startswith("//", found.end()):
        return Item("", word)
    return Item(found[1], whole[found.end() :])


def items_of(head: str, line: Line) -> list[Item]:
    """The line as items; raises Misunderstood when a key is mistyped."""
    queue = words(head)[::-1]
    items: list[Item] = []
    guessed: dict[str, str] = {}
    while queue:
        word = queue.pop()
        item = key_of(word)
        if not item.key:
            items.append(item)
        elif item.key.lower() in line.keys:
            raw = _whole_value(item, queue, line)
            items.append(Item(item.key.lower(), raw) if raw or line.strict else Item("", word))
        else:
            items.append(item if _is_key(item, line, guessed) else Item("", word))
    if any(item.key and item.key not in line.keys for item in items):
        raise _unknown(items, line)
    return items


def _whole_value(item: Item, queue: list[str], line: Line) -> str:
    """A value goes on behind a blank after a tag's comma, a sign, and (in a search, or where a name follows) the key's colon."""
    raw = item.raw
    is_tag, needs_value = item.key.lower() in _TAGS, line.strict or item.key.lower() in _NAMES
    while queue and not key_of(queue[-1]).key:
        if not (raw in _SIGNS or (is_tag and raw.endswith(",")) or (needs_value and not raw)):
            break
        raw += queue.pop()
    return raw


def _is_key(item: Item, line: Line, guessed: dict[str, str]) -> bool:
    """Whether a word with a colon was meant as a key. `guessed` remembers; a text with many such words has no typing slip."""
    if not item.raw and not line.strict:
        return False
    if item.raw and line.strict:
        return True
    if item.key not in guessed and len(guessed) < _GUESSES:
        guessed[item.key] = _guess(item.key, line)
    return bool(guessed.get(item.key))


def _guess(key: str, line: Line) -> str:
    word = key.lower()
    return "" if word in _PLAIN and not line.strict else nearest(word, line.keys, shortest=3 if line.strict else 4)


def _unknown(items: Sequence[Item], line: Line) -> Misunderstood:
    near = {key: _guess(key, line) for key in dict.fromkeys(item.key for item in items) if key and key not in line.keys}
    wrong, right = next(iter(near.items()))
    mended = [Item(near.get(item.key) or item.key, item.raw) for item in items]
    says = f"There is no key {shown(wrong + ':')}."
    says += f" Did you mean {right}:?" if right else f" The keys of {line.verb} are {', '.join(line.keys)}."
    plain = " ".join(str(item) for item in items if item.key not in line.keys)
    choices = (
        Choice(
            as_text(" ".join(str(new) for new, old in zip(mended, items, strict=True) if old.key in near))[:70],
            line.command(mended),
        ),
        Choice(
            "No key: it belongs to the text",
            line.command([Item("", quoted(as_text(plain))), *(item for item in items if item.key in line.keys)]),
        ),
    )
    return Misunderstood(says, example=line.example, choices=choices)


def fields_of(items: Sequence[Item], line: Line, today: date) -> dict[str, Any]:
    """The values by the operation's field; raises Misunderstood for one that cannot be read or contradicts another."""
    fields: dict[str, Any] = {}
    givers: dict[str, Item] = {}
    tags: list[str] = []
    for item in items:
        if item.key:
            for field, read in _read(item, items, line, today).items():
                if field == "tags":
                    tags += read
                elif fields.setdefault(field, read) != read:
                    raise _contradiction(givers[field], item, items, line)
                givers.setdefault(field, item)
    return {**fields, "tags": tuple(tags)} if tags else fields


def _read(item: Item, items: Sequence[Item], line: Line, today: date) -> dict[str, Any]:
    try:
        return line.keys[item.key](item.raw, today)
    except Unreadable as fault:
        better = item._replace(raw=value(fault.nearest))
        mended = [better if each == item else each for each in items]
        choices = (Choice(as_text(str(better))[:70], line.command(mended)),) if fault.nearest else ()
        raise Misunderstood(f"I read {line.verb}, but not {item.key}: {fault}", example=line.example, choices=choices) from fault


def _contradiction(one: Item, other: Item, items: Sequence[Item], line: Line) -> Misunderstood:
    says = f"{shown(as_text(str(one)))} and {shown(as_text(str(other)))} contradict each other; only one of them can hold."
    choices = [
        Choice(as_text(str(kept))[:70], line.command(each for each in items if each != dropped))
        for kept, dropped in ((one, other), (other, one))
    ]
    return Misunderstood(says, example=line.example, choices=choices)


def text_of(items: Iterable[Item]) -> str:
    """The words without key, as text. Quotes are taken off where the whole is one phrase."""
    raws = [item.raw for item in items if not item.key]
    if len(raws) == 1 and is_quoted(raws[0]):
        return as_text(unquoted(raws[0]))
    return as_text(" ".join(raws))
