"""What Slack sends as the text of a command, in words: quotes, Slack's escapes, mentions, links, case numbers.

Raw text is as Slack sends it; every function that gives text to people or FuseDesk unescapes it exactly once. All patterns
run in linear time: quotes and brackets are matched possessively, and what does not close is text like any other.
"""

from __future__ import annotations

import re

from bot.operations import CASENUM, CaseRef

# A phrase in straight quotes (a quote inside is doubled), in curly ones of any make, in guillemets, or opened by a straight
# quote and closed by a curly one, as phones do. A single curly quote that does not open stays an apostrophe.
_QUOTED = r'"(?:[^"]++|"")*+"|[“”„‟][^“”„‟"]*+[“”„‟"]|«[^«»]*+»|"[^"“”„‟\n]*+[“”]|‘[^‘’\n]*+’'
_WORD = re.compile(rf'(?:(?:(?<!\S)|(?<=[:,]))(?:{_QUOTED})|<[^<>\n]*>|[^\s<:,"“”„‟«]++|\S)++')
_PHRASE = re.compile(_QUOTED, re.DOTALL)
_LISTED = re.compile(rf"\s*(?:({_QUOTED})\s*(?=,|\Z)|((?:<[^<>\n]*>|[^,])++))?,?")
_BLANKS = re.compile(r"\A[^\S\n]+")
_QUOTES = '"“”„‟«»‘'
_MARKUP = re.compile(r"<([@#!]|[A-Za-z][A-Za-z0-9+.-]*:)([^<>|\n]*)(?:\|([^<>\n]*))?>|&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]*"
)
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>\n]*)?>")
_SIMPLE = re.compile(r"\w[\w.+'@/-]*")
_CASE = re.compile(r"#?(?:([0-9]{1,18})|([A-Z]{2,10}[0-9]{1,18}))")
_CASE_PAGE = re.compile(r"(?:https?://)?[^\s/]+/[^\s#]*#/?cases/view/([A-Za-z0-9]{1,30})(?![A-Za-z0-9])")


def clean(text: str) -> str:
    """Text that can be stored and sent: one kind of line break, no halves of characters; nothing around it."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").strip()


def is_blank(text: str) -> bool:
    """Whether nobody would see anything: empty, blanks, or invisible characters only. Slack refuses empty texts."""
    return _INVISIBLE.fullmatch(text) is not None


def words(raw: str) -> list[str]:
    """The raw words. A quoted phrase is (part of) one word when it stands at a word's start or behind a colon or comma."""
    return _WORD.findall(raw)


def first(raw: str) -> tuple[str, str]:
    """The first raw word, and all that follows it without the blanks between (line breaks stay)."""
    found = _WORD.match(raw.lstrip())
    if not found:
        return "", ""
    return found[0], _BLANKS.sub("", raw.lstrip()[found.end() :], count=1)


def escape(text: str) -> str:
    """As Slack would send it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(raw: str) -> str:
    """Slack's three escapes undone, once."""
    return raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _markup(found: re.Match[str], *, name: bool) -> str:
    kind, rest, label, entity = found[1], found[2], found[3] or "", found[4]
    if entity:
        return _ENTITIES[entity]
    shown = (_mark if kind in "@#!" else _link)(kind, rest, label, name=name)
    return unescape(shown or found[0])


def _mark(kind: str, rest: str, label: str, *, name: bool) -> str:
    if kind == "@":
        return f"@{label}" if label and not name else f"<@{rest}>"
    if kind == "#":
        return f"#{label}" if label else f"<#{rest}>"
    return label or ("" if "^" in rest else f"@{rest}")


def _link(scheme: str, rest: str, label: str, *, name: bool) -> str:
    """Where Slack made the link by itself, what was typed; else the address, in running text behind its label."""
    if scheme.lower() in ("mailto:", "tel:"):
        return label or rest
    url = scheme + rest
    if not label or label == url:
        return url
    if rest.strip("/") == label.strip("/"):
        return label
    return url if name else f"{label} ({url})"


def as_text(raw: str) -> str:
    """For people to read: mentions by their label, links by what was typed."""
    return _resolved(raw, name=False)


def as_name(raw: str) -> str:
    """For a name, an email or a number: a mention stays `<@U123>`, quotes around the whole are taken off."""
    return _resolved(unquoted(raw), name=True).strip()


def _resolved(raw: str, *, name: bool) -> str:
    return _MARKUP.sub(lambda found: _markup(found, name=name), raw) if "<" in raw else unescape(raw)


def is_quoted(raw: str) -> bool:
    """Whether the raw word is one phrase in quotes, so that nothing in it is a key."""
    return raw[:1] in _QUOTES and _PHRASE.fullmatch(raw) is not None


def unquoted(raw: str) -> str:
    """The raw text without the quotes around it, if it is quoted as a whole."""
    if not raw or not is_quoted(raw):
        return raw
    inner = raw[1:-1]
    return inner.replace('""', '"') if raw[0] == '"' else inner


def quoted(text: str) -> str:
    """The text as one raw word that means exactly it."""
    return '"' + escape(text).replace('"', '""') + '"'


def value(text: str) -> str:
    """The text as the raw value of a key: bare where nothing in it could be misread."""
    mention = MENTION.fullmatch(text)
    if _SIMPLE.fullmatch(text) or (mention and "|" not in text):
        return text
    return quoted(text)


def phrase(text: str, special: str = "") -> str:
    """The text as raw words: bare where nothing in it could be taken for a key, a phrase, a case or a `special` character."""
    if case_ref(escape(text)) or any(mark in text for mark in _QUOTES + ":" + special):
        return quoted(text)
    return escape(text)


def listed(raw: str) -> tuple[str, ...]:
    """Names separated by commas, each perhaps in quotes; empty ones are left out."""
    found = (as_name(match[1] or (match[2] or "").strip()) for match in _LISTED.finditer(raw))
    return tuple(name for name in found if name)


def case_ref(raw: str) -> CaseRef | None:
    """The case that a raw word means: `1234`, `#1234`, `ABCD1234` or the address of its page in FuseDesk; else None."""
    word = as_name(raw).rstrip(":,;")
    page = _CASE_PAGE.match(word)
    marked = page[1].upper() if page else word.upper().removeprefix("#")
    found = _CASE.fullmatch(marked)
    if found and found[1]:
        return CaseRef(caseid=int(found[1])) if int(found[1]) else None
    if found or ((page or word.startswith("#")) and CASENUM.fullmatch(marked)):
        return CaseRef(casenum=marked)
    return None


def written_case(ref: CaseRef) -> str:
    """The case as a raw word."""
    if ref.caseid is not None:
        return str(ref.caseid)
    return ref.casenum if _CASE.fullmatch(ref.casenum) else f"#{ref.casenum}"
