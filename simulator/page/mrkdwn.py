"""Slack's markup taken apart into runs: plain data that a template can draw with every text escaped.

What belongs here: mrkdwn and rich text, to `Run`s. No HTML: a foreign text stays a text until Jinja2 escapes it.
Not imitated: lists in mrkdwn (Slack has none), custom emoji, previews of links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import emoji

from simulator.page.moments import Clock
from simulator.slack_text import Json, unescape

# A word joiner beside a mark means that the mark is meant as a letter; see `bot.cards.text.safe`.
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<token>[^<>\n]+)>"
    r"|(?<![^\W_\u2060])(?<!\u2060)(?P<mark>[*_~])(?=[^\s\u2060*_~])(?P<marked>[^\n]*?[^\s\u2060])(?P=mark)(?![^\W_])"
    r"|(?P<address>https?://[^\s<>|]+)"
)
_FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_DATE = re.compile(r"!date\^(\d+)\^([^|^]+)(?:\^([^|]+))?\|(.+)")
_MARKS = {"*": "bold", "_": "italic", "~": "strike"}
_WEB = re.compile(r"(https?://|mailto:)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """`kind`: text, bold, italic, strike, code, pre, quote, paragraph, list, item, link, mention or date; `to` is a link's
    address or a date's moment in full."""

    kind: str
    text: str = ""
    inside: tuple[Run, ...] = ()
    to: str = ""


def words(text: str) -> str:
    """A text with its `:emoji:` names as pictures."""
    return emoji.emojize(text, language="alias")


class Mrkdwn:
    """`name` tells who or what an id such as U1 or C1 is."""

    def __init__(self, name: Callable[[str], str], clock: Clock) -> None:
        self._name = name
        self._clock = clock

    def mrkdwn(self, text: str, *, verbatim: bool = False) -> tuple[Run, ...]:
        return tuple(self._fenced(text, verbatim))

    def _fenced(self, text: str, verbatim: bool) -> Iterator[Run]:
        for index, part in enumerate(_FENCE.split(text)):
            if index % 2:
                yield Run("pre", unescape(part))
            elif part:
                yield from self._quoted(part, verbatim)

    def _quoted(self, text: str, verbatim: bool) -> Iterator[Run]:
        for quoted, lines in groupby(text.split("\n"), key=lambda line: line.startswith("&gt;")):
            if quoted:
                inside = "\n".join(line.removeprefix("&gt;").removeprefix(" ") for line in lines)
                yield Run("quote", inside=tuple(self._inline(inside, verbatim)))
            else:
                yield Run("paragraph", inside=tuple(self._inline("\n".join(lines), verbatim)))

    def _inline(self, text: str, verbatim: bool) -> Iterator[Run]:
        at = 0
        for found in _INLINE.finditer(text):
            if found.start() > at:
                yield Run("text", words(unescape(text[at : found.start()])))
            yield self._found(found, verbatim)
            at = found.end()
        if at < len(text):
            yield Run("text", words(unescape(text[at:])))

    def _found(self, found: re.Match[str], verbatim: bool) -> Run:
        if found["code"]:
            return Run("code", unescape(found["code"]))
        if found["token"]:
            return self._token(found["token"])
        if found["mark"]:
            return Run(_MARKS[found["mark"]], inside=tuple(self._inline(found["marked"], verbatim)))
        address = unescape(found["address"])
        return Run("text", address) if verbatim else Run("link", address, to=address)

    def _token(self, inner: str) -> Run:
        if date := _DATE.fullmatch(inner):
            return self._date(int(date[1]), date[2])
        before, bar, label = inner.partition("|")
        if before[0] in "@#":
            return Run("mention", before[0] + (unescape(label) if bar else self._name(before[1:])))
        if before[0] == "!":
            return Run("mention", "@" + before[1:].split("^")[0])
        if _WEB.fullmatch(before):
            return Run("link", unescape(label if bar else before.removeprefix("mailto:")), to=unescape(before))
        return Run("text", f"<{unescape(inner)}>")

    def _date(self, seconds: int, form: str) -> Run:
        return Run("date", self._clock.told(seconds, form), to=self._clock.told(seconds, "{date_long}, {time_secs}"))

    # Rich text

    def rich(self, elements: Iterable[Json]) -> tuple[Run, ...]:
        return tuple(self._paragraph(element) for element in elements)

    def _paragraph(self, element: Json) -> Run:
        kind = element["type"].removeprefix("rich_text_")
        if kind == "list":
            return Run("list", inside=tuple(Run("item", inside=self._runs(one["elements"])) for one in element["elements"]))
        if kind == "preformatted":
            return Run("pre", "".join(run.text for run in self._runs(element["elements"])))
        return Run("quote" if kind == "quote" else "paragraph", inside=self._runs(element["elements"]))

    def _runs(self, elements: Iterable[Json]) -> tuple[Run, ...]:
        return tuple(self._run(element) for element in elements)

    def _run(self, element: Json) -> Run:
        run = self._bare(element)
        for style in ("code", "bold", "italic", "strike"):
            if (element.get("style") or {}).get(style):
                run = Run("code", run.text) if style == "code" else Run(style, inside=(run,))
        return run

    def _bare(self, element: Json) -> Run:
        kind = element["type"]
        if kind == "link":
            return Run("link", element.get("text") or element["url"], to=element["url"])
        if kind == "emoji":
            return Run("text", words(f":{element['name']}:"))
        if kind == "date":
            return self._date(element["timestamp"], element["format"])
        if kind in ("user", "usergroup", "channel", "broadcast"):
            about = element.get("range") or element.get(f"{kind}_id", "")
            return Run("mention", ("#" if kind == "channel" else "@") + (about if kind == "broadcast" else self._name(about)))
        return Run("text", str(element.get("text") or element.get("value") or ""))
