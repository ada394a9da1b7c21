"""The only place that writes mrkdwn: escaping, cutting, dates, links, and the small parts that blocks are made of.

Three ways for foreign text (a customer's, an error's, a name from FuseDesk), best first:

1. `plain()` and the `text` elements of `rich()`: Slack parses nothing in them. `line()` and `clean()` make the string fit.
2. `safe()` inside `mrkdwn()`, where a line also needs our own bold, dates or links.
3. `safe()` in a message's top-level `text`, which Slack always reads as mrkdwn.

Lengths are UTF-16 units throughout, the strictest reading of Slack's "characters". Nothing here knows what a case is.
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.cards.message import Block, Message
from bot.tokens import is_blank

ELLIPSIS = "…"
BLANK = "—"
TEXT_LIMIT = 4000
MRKDWN_LIMIT = 3000
FIELD_LIMIT = 2000
BUTTON_LIMIT = 75
VALUE_LIMIT = 2000
URL_LIMIT = 3000

Part = dict[str, Any]

# Slack has no escape for formatting. A word joiner on both sides leaves a mark neither a word's edge to open at nor a
# character to cling to. U+2060 and not U+200B: a zero-width space is known to *make* an edge at which Slack formats.
_JOINER = "\u2060"
_ISOLATE, _POP = "\u2068", "\u2069"
_ACTIVE = re.compile("[&<>*_~`]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {mark: f"{_JOINER}{mark}{_JOINER}" for mark in "*_~`"}
_QUOTE = re.compile("^(\\s*)(?=>)", re.MULTILINE)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, embeddings, overrides and isolates (they reorder what stands beside them), halves of surrogate pairs.
_STRAY = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]")
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_TO_THE_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_WEB = re.compile("https?://[^\\s/?#]", re.IGNORECASE)
_USER = re.compile("[UW][A-Z0-9]{1,30}")
_LONGEST_CLUSTER = 40


def length(text: str) -> int:
    """UTF-16 units: an emoji outside the basic plane counts two, as in JavaScript."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitting(text: str, limit: int) -> int:
    """How many code points of `text` fit into `limit` units without taking a grapheme cluster apart.

    A cluster longer than any honest one is taken apart all the same, so that the answer is 0 only when nothing fits.
    """
    end = min(len(text), max(limit, 0))
    if not text.isascii():
        while (over := length(text[:end]) - limit) > 0:
            end -= max(over // 2, 1)
    whole = end
    while 0 < whole < len(text) and end - whole < _LONGEST_CLUSTER and _clings(text, whole):
        whole -= 1
    return whole if whole and not (whole < len(text) and _clings(text, whole)) else end


def _clings(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to the one before it."""
    char, before = text[at], text[at - 1]
    if char.isascii():
        return char == "\n" and before == "\r"
    if before == "\u200d" or char == "\u200d" or "\ufe00" <= char <= "\ufe0f" or "\u1160" <= char <= "\u11ff":
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    if _is_flag_letter(char):
        start = at
        while start and _is_flag_letter(text[start - 1]) and at - start < _LONGEST_CLUSTER:
            start -= 1
        return (at - start) % 2 == 1
    return unicodedata.category(char).startswith("M")


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` units, ending in "…" when something is missing."""
    if len(text) * 2 <= limit or length(text) <= limit:
        return text
    return text[: fitting(text, limit - 1)].rstrip() + ELLIPSIS if limit > 0 else ""


def clean(text: str, limit: int = MRKDWN_LIMIT) -> str:
    """Foreign text of several lines for a `plain_text` or `rich_text`: no controls, nothing that reorders its neighbours.

    Right-to-left text comes isolated (each line by itself, as an isolate ends with its paragraph).
    """
    rest = len(text) > 4 * limit
    if rest:
        text = text[: 4 * limit]
    text = _STRAY.sub("", _BREAKS.sub("\n", text)).replace("\t", " ").strip()
    if rest:
        text += ELLIPSIS
    if text.isascii() or not _TO_THE_LEFT.search(text):
        return cut(text, limit)
    room = limit
    while length(isolated := _isolate(cut(text, room))) > limit:
        room -= max(length(isolated) - limit, 1)
    return isolated


def _isolate(text: str) -> str:
    return "\n".join(f"{_ISOLATE}{line}{_POP}" if line else "" for line in text.split("\n"))


def line(text: str, limit: int = 150) -> str:
    """Foreign text as one line: as `clean`, with every run of blanks and line breaks as one blank."""
    return clean(" ".join(text[: 8 * limit].split()) + (ELLIPSIS if len(text) > 8 * limit else ""), limit)


def safe(text: str, limit: int = MRKDWN_LIMIT) -> str:
    """Foreign text for mrkdwn, at most `limit` units when escaped: it cannot ping, link, date, format or quote.

    Without a `<` Slack knows no token; formatting marks are joined to their neighbours; a `>` that would open a quote is
    pushed off the line's start. `:emoji:` codes still turn into pictures, which harms nobody; bare addresses are left to
    `verbatim`. Cut before escaping, which makes text longer, and then again until the escaped text fits.
    """
    room = limit
    while True:
        bare = clean(text, room)
        if ">" in bare:
            bare = _QUOTE.sub(f"\\1{_JOINER}", bare)
        escaped = _ACTIVE.sub(lambda mark: _ESCAPES[mark[0]], bare)
        units = length(escaped)
        if units <= limit or room < 1:
            return escaped
        room = min(room - 1, room * limit // units)


def unescape(text: str) -> str:
    """Text as a person typed it, from Slack's inbound form (`&lt;`, `&gt;`, `&amp;` and no other entity). Apply it once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def as_typed(text: str) -> str:
    """What a person typed, to be quoted back: only what Slack cannot carry at all (controls, half characters) is missing."""
    return _UNSENDABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def moment_words(moment: datetime | None) -> str:
    """`2026-09-21 15:33 UTC`, for where Slack does not render dates; "" for None."""
    if moment is None:
        return ""
    if moment.tzinfo is None or not 1970 < moment.year < 9999:
        return f"{moment:%Y-%m-%d %H:%M} UTC"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def unix(moment: datetime) -> float:
    """Seconds since 1970; moments without a zone count as UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def date(moment: datetime | None, *, time: bool = True) -> str:
    """A moment in the viewer's own time, as mrkdwn; "" for None."""
    if moment is None:
        return ""
    words = moment_words(moment)
    if not 1970 < moment.year < 9999:
        return words
    stamp = int(unix(moment))
    if not time:
        return f"<!date^{stamp}^{{date_short_pretty}}|{words[:10]}>"
    return f"<!date^{stamp}^{{date_short_pretty}} at {{time}}|{words}>"


def web_address(url: str) -> str:
    """`url` with everything percent-encoded that could end a token, or "" unless it is http(s) and at most 3,000 units."""
    if not _WEB.match(url):
        return ""
    url = quote(url, safe="!#$%&'()*+,/:;=?@[]~-._", errors="replace")
    return url if len(url) <= URL_LIMIT else ""


def link(url: str, label: str) -> str:
    """A link of our own as mrkdwn; the escaped label alone where `url` is no web address."""
    words = safe(line(label)).replace("|", "¦")
    address = web_address(url).replace("&", "&amp;")
    return f"<{address}|{words}>" if address and words else words


def mention(user: str) -> str:
    """Pings the person: `user` is a Slack user id; anything else comes back escaped."""
    return f"<@{user}>" if _USER.fullmatch(user) else safe(user, 100)


def plain(text: str, limit: int = MRKDWN_LIMIT, *, emoji: bool = False) -> Part:
    """A `plain_text` object. `emoji` for our own words only: it turns `:codes:` into pictures."""
    text = cut(text, limit)
    return {"type": "plain_text", "text": BLANK if is_blank(text) else text, "emoji": emoji}


def mrkdwn(text: str, limit: int = MRKDWN_LIMIT) -> Part:
    """A `mrkdwn` object of our own words and `safe()` pieces; `verbatim` keeps bare addresses and names from turning active."""
    text = trim(text, limit)
    return {"type": "mrkdwn", "text": BLANK if is_blank(text) else text, "verbatim": True}


def trim(marked_up: str, limit: int) -> str:
    """mrkdwn in at most `limit` units, with no token and no escape cut in half."""
    if len(marked_up) * 2 <= limit or length(marked_up) <= limit:
        return marked_up
    kept = marked_up[: fitting(marked_up, limit - 1)]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rfind("<")]
    if kept.rfind("&") > kept.rfind(";"):
        kept = kept[: kept.rfind("&")]
    return kept.rstrip() + ELLIPSIS


def message(text: str, blocks: list[Block]) -> Message:
    """A message whose `text` (mrkdwn, escaped by the caller) also fits `chat.update`, which refuses over 4,000."""
    text = trim(text, TEXT_LIMIT)
    return Message(BLANK if is_blank(text) else text, blocks)


def run(text: str, **style: bool) -> Part:
    """A `text` element of a rich text: literal, with a style of ours (`bold`, `italic`, `code`)."""
    text = text or BLANK
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def rich(*elements: Part) -> Block:
    """A `rich_text` block of paragraphs: `paragraph()`, `quoted()`, `preformatted()`, `bullets()`."""
    return {"type": "rich_text", "elements": list(elements)}


def paragraph(*runs: Part) -> Part:
    return {"type": "rich_text_section", "elements": list(runs)}


def quoted(*runs: Part) -> Part:
    return {"type": "rich_text_quote", "elements": list(runs)}


def preformatted(text: str) -> Part:
    return {"type": "rich_text_preformatted", "elements": [run(text)]}


def bullets(*paragraphs: Part) -> Part:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(paragraphs)}


def section(text: Part | None = None, *, fields: Sequence[Part] = (), accessory: Part | None = None) -> Block:
    block: Block = {"type": "section"}
    if text:
        block["text"] = text
    if fields:
        block["fields"] = list(fields[:10])
    if accessory:
        block["accessory"] = accessory
    return block


def header(text: str) -> Block:
    return {"type": "header", "text": plain(line(text, 150), 150)}


def divider() -> Block:
    return {"type": "divider"}


def context(elements: Sequence[Part]) -> Block:
    """Small grey words: at most ten text objects side by side."""
    return {"type": "context", "elements": list(elements[:10])}


def actions(elements: Iterable[Part], *, block_id: str = "") -> Block:
    """Buttons and menus in a row, 25 at most."""
    block: Block = {"type": "actions", "elements": list(elements)[:25]}
    return block | {"block_id": block_id} if block_id else block


def button(
    text: str, action_id: str, *, value: str = "", style: str = "", url: str = "", confirm: Part | None = None, label: str = ""
) -> Part:
    """A button; `style` is `primary` or `danger`, `label` what a screen reader says. A `value` over 2,000 units is a ValueError:
    it would not come back whole."""
    value = as_typed(value)
    if length(value) > VALUE_LIMIT:
        raise ValueError(f"a button's value holds {VALUE_LIMIT} units, not {length(value)}")
    part: Part = {"type": "button", "text": plain(line(text, BUTTON_LIMIT), BUTTON_LIMIT), "action_id": action_id}
    address = web_address(url)
    given = {"value": value, "style": style, "url": address, "confirm": confirm, "accessibility_label": line(label, BUTTON_LIMIT)}
    return part | {key: content for key, content in given.items() if content}


def option(text: str, value: str, *, description: str = "") -> Part:
    """A choice of a menu; `value` has at most 150 units (ValueError beyond)."""
    if length(value) > 150:
        raise ValueError("an option's value holds 150 units")
    part: Part = {"text": plain(line(text, 75), 75), "value": value}
    return part | {"description": plain(line(description, 75), 75)} if description else part


def overflow(action_id: str, options: Sequence[Part]) -> Part:
    """The "…" menu: one to five options."""
    return {"type": "overflow", "action_id": action_id, "options": list(options[:5])}


def input_block(
    label: str, element: Part, *, block_id: str, optional: bool = False, hint: str = "", dispatch: bool = False
) -> Block:
    """A field of a form. `dispatch` also sends an action when the person is done with it."""
    block: Block = {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element, "optional": optional}
    if hint:
        block["hint"] = plain(hint, 2000)
    if dispatch:
        block["dispatch_action"] = True
    return block
