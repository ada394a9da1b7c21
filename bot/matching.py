"""Which of many names a person means: whole names, then parts of names, then names that look alike.

Case, accents, blanks and punctuation are ignored as far as they do not decide between two names. An `Index` is built once
for a list of names and never changes; 10,000 names are looked through in a millisecond or two.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, compress, islice
from typing import Generic, NamedTuple, TypeVar

from anyascii import anyascii
from cachetools import LRUCache
from rapidfuzz import fuzz, process

T = TypeVar("T")

LONGEST = 300  # characters of a name that are compared: no name is longer, and pasted pages must not cost seconds
CLEAR = 88.0  # likeness in percent from which a mistyped name is taken to be meant …
AHEAD = 6.0  # … if the next one is at least so many points less alike
WORD_WEIGHT = 0.9  # a likeness to one word of a name counts less than the same likeness to all of it

_WORDS = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile("['`]")
_ID = re.compile(r"(#?)\s*([0-9]{1,18})")
_AFTER_ALL = "\U0010ffff"


def plain(text: str) -> str:
    """Without regard to case and extra blanks."""
    return " ".join(text[:LONGEST].casefold().split())[:LONGEST].rstrip()


def normalise(text: str) -> str:
    """Words of a-z and 0-9 with single blanks between them; a name that has none of those (`!!!`) stays as it is."""
    text = text[:LONGEST]
    latin = text if text.isascii() else anyascii(text)
    words = _WORDS.findall(_APOSTROPHES.sub("", latin.lower()))
    return " ".join(words)[:LONGEST].rstrip() or plain(text)


def compact(normal: str) -> str:
    return normal.replace(" ", "")


class Named(NamedTuple, Generic[T]):
    """A thing with its name, the other whole names that it answers to, and its email address ("" for none)."""

    id: int
    name: str
    thing: T
    aliases: tuple[str, ...] = ()
    email: str = ""


class Entry(NamedTuple, Generic[T]):
    """`label` is the name as it is offered: it leads to this one thing even where two bear the same name."""

    id: int
    label: str
    normal: str
    thing: T


class Index(Generic[T]):
    """Names that can be looked up by what people type. `entries` are sorted by name."""

    def __init__(self, names: Iterable[Named[T]]) -> None:
        normal_form = cache(normalise)  # thousands of people share some hundred first names
        single = {named.id: named for named in names}
        given = sorted(((normal_form(named.name), named) for named in single.values()), key=lambda pair: (pair[0], pair[1].id))
        labels = _labels([named for _, named in given])
        self.entries = tuple(
            Entry(named.id, label, normal, named.thing) for (normal, named), label in zip(given, labels, strict=True)
        )
        self._at = {entry.id: at for at, entry in enumerate(self.entries)}
        self._index_wholes([named for _, named in given])
        self._index_aliases([{normal_form(alias) for alias in named.aliases} for _, named in given])
        self._index_parts()
        self._index_likeness()

    def _index_wholes(self, names: list[Named[T]]) -> None:
        self._plain: defaultdict[str, list[int]] = defaultdict(list)
        self._emails: defaultdict[str, list[int]] = defaultdict(list)
        self._normal: defaultdict[str, list[int]] = defaultdict(list)
        self._compact: defaultdict[str, list[int]] = defaultdict(list)
        for at, (named, entry) in enumerate(zip(names, self.entries, strict=True)):
            for name in {plain(named.name), plain(entry.label)}:
                self._plain[name].append(at)
            if named.email:
                self._emails[plain(named.email)].append(at)
            self._normal[entry.normal].append(at)
            self._compact[compact(entry.normal)].append(at)

    def _index_aliases(self, aliases: list[set[str]]) -> None:
        self._aliases: defaultdict[str, list[int]] = defaultdict(list)
        for at, names in enumerate(aliases):
            for alias in names:
                self._aliases[alias].append(at)

    def _index_parts(self) -> None:
        """Every name from each of its words on, sorted, so that a prefix of any word is a range."""
        starts = []
        for at, entry in enumerate(self.entries):
            starts.append((entry.normal, at))
            start = entry.normal.find(" ")
            while start >= 0:
                starts.append((entry.normal[start + 1 :], at))
                start = entry.normal.find(" ", start + 1)
        starts.sort()
        self._starts = [text for text, _ in starts]
        self._start_at = [at for _, at in starts]
        self._normals = [entry.normal for entry in self.entries]
        self._start_whole = [len(text) == len(self._normals[at]) for text, at in starts]
        # One text of all names: looking through it once is ten times as fast as through 10,000 small ones.
        self._text = "\n".join(self._normals)
        self._text_at = [0, *accumulate(len(normal) + 1 for normal in self._normals)]

    def _index_likeness(self) -> None:
        """Whole names first, then the words of names that have several, each with the names it stands in."""
        words: defaultdict[str, list[int]] = defaultdict(list)
        for at, normal in enumerate(self._normals):
            if " " in normal:
                for word in dict.fromkeys(normal.split()):
                    words[word].append(at)
        self._keys = self._normals + list(words)
        self._owners = [[at] for at in range(len(self._normals))] + list(words.values())
        self._keys_inside: LRUCache[frozenset[int], list[str | None]] = LRUCache(maxsize=64)

    def thing(self, id: int | None) -> T | None:
        return self.entries[self._at[id]].thing if id in self._at else None

    def exact(self, typed: str) -> list[Entry[T]]:
        """Those whose whole name, email address or id was typed. `#12` is always an id, `12` unless something is called so."""
        name = plain(typed)
        number = _ID.fullmatch(name)
        at = self._plain.get(name) or self._emails.get(name)
        if not at and number and number[1]:
            at = self._with_id(number[2])
        if not at:
            normal = normalise(typed)
            at = self._normal.get(normal) or self._compact.get(compact(normal))
        if not at and number:
            at = self._with_id(number[2])
        return [self.entries[position] for position in at or ()]

    def _with_id(self, digits: str) -> list[int]:
        at = self._at.get(int(digits))
        return [] if at is None else [at]

    def part(self, typed: str, inside: frozenset[int] | None = None, *, whole_words: bool = False) -> list[Entry[T]]:
        """Those that an alias, some words or the beginnings of words stand for: the best kind that fits anything.

        `inside` limits it to these ids, `whole_words` to aliases and words that were typed to their end.
        """
        normal = normalise(typed)
        if not normal:
            return []
        for positions in islice(self._ways(normal), 2 if whole_words else None):
            hits = [self.entries[at] for at in dict.fromkeys(positions)]
            if inside is not None:
                hits = [entry for entry in hits if entry.id in inside]
            if hits:
                return hits
        return []

    def _ways(self, normal: str) -> Iterator[Iterable[int]]:
        yield self._aliases.get(normal, ())
        found = self._beginning(normal)
        size = len(normal)
        yield [at for text, at in found if text[size : size + 1] in ("", " ")]
        yield [at for text, at in found if len(text) == len(self._normals[at])]
        yield [at for _, at in found]
        yield self._with_words(normal.split())

    def _beginning(self, normal: str) -> list[tuple[str, int]]:
        """(the name from that word on, its position) wherever a word and what follows it begins with `normal`."""
        found = self._range(normal)
        return list(zip(self._starts[found], self._start_at[found], strict=True))

    def _range(self, normal: str) -> slice:
        return slice(bisect_left(self._starts, normal), bisect_left(self._starts, normal + _AFTER_ALL))

    def _with_words(self, words: list[str]) -> list[int]:
        """Names in which each of several words begins a word, in any order: `j doe`, `Doe, Jane`."""
        if len(words) < 2:
            return []
        candidates = dict.fromkeys(at for _, at in self._beginning(max(words, key=len)))
        return sorted(at for at in candidates if _begin_words(words, self._normals[at].split()))

    def alike(
        self, typed: str, limit: int = 3, inside: frozenset[int] | None = None, *, least: float = 0.0
    ) -> list[tuple[float, Entry[T]]]:
        """The names most like what was typed, best first, each with its likeness in percent (`least` or more)."""
        # The cutoff lets rapidfuzz give up on a name early: most of them, at half the time.
        found = process.extract(
            normalise(typed), self._choices(inside), scorer=fuzz.ratio, limit=4 * limit, score_cutoff=least or None
        )
        scores: dict[int, float] = {}
        for _, score, key in found:
            weighed = score * (1.0 if key < len(self._normals) else WORD_WEIGHT)
            for at in self._owners[key]:
                if (inside is None or self.entries[at].id in inside) and weighed > scores.get(at, -1.0):
                    scores[at] = weighed
        best = sorted(scores, key=lambda at: (-scores[at], at))[:limit]
        return [(scores[at], self.entries[at]) for at in best]

    def _choices(self, inside: frozenset[int] | None) -> list[str] | list[str | None]:
        """What to compare with; kept per department, since looking 5,000 people's words together takes some milliseconds."""
        if inside is None:
            return self._keys
        choices = self._keys_inside.get(inside)
        if choices is None:
            at_hand = {self._at[id] for id in inside if id in self._at}
            owned = (not at_hand.isdisjoint(owners) for owners in self._owners)
            choices = [key if wanted else None for key, wanted in zip(self._keys, owned, strict=True)]
            self._keys_inside[inside] = choices
        return choices

    def suggest(self, typed: str, limit: int, inside: frozenset[int] | None = None) -> list[Entry[T]]:
        """What to offer while somebody types, best first; where nothing holds what was typed, what looks like it."""
        normal = normalise(typed)
        if not normal:
            return self._first(self.entries, limit, inside)
        hits = self._first((self.entries[at] for at in self._while_typing(typed, normal)), limit, inside, typed)
        if hits:
            return hits
        return [entry for score, entry in self.alike(typed, min(limit, 10), inside, least=60) if score >= 60]

    def _while_typing(self, typed: str, normal: str) -> Iterator[int]:
        yield from (self._at[entry.id] for entry in self.exact(typed))
        found = self._range(normal)
        beginning = self._start_at[found]
        yield from sorted(compress(beginning, self._start_whole[found]))
        yield from sorted(beginning)
        yield from self._within(normal)

    def _within(self, normal: str) -> Iterator[int]:
        """Names that hold the letters anywhere, in order; no name holds the line break between two of them."""
        start = self._text.find(normal)
        while start >= 0:
            at = bisect_right(self._text_at, start) - 1
            yield at
            start = self._text.find(normal, self._text_at[at + 1])

    def _first(self, hits: Iterable[Entry[T]], limit: int, inside: frozenset[int] | None, typed: str = "") -> list[Entry[T]]:
        """The first of `hits`, each once; those with `typed` in the label lead, since Slack shows no others."""
        taken: dict[int, Entry[T]] = {}
        for entry in hits:
            if len(taken) >= limit:
                break
            if inside is None or entry.id in inside:
                taken[entry.id] = entry
        wanted = plain(typed)
        return sorted(taken.values(), key=lambda entry: wanted not in entry.label.casefold())


def clear_hit(typed: str, alike: list[tuple[float, Entry[T]]]) -> Entry[T] | None:
    """The one that is meant beyond doubt by a mistyped name: very like it, alone with that, and no other number in it."""
    if not alike or alike[0][0] < CLEAR or _digits(normalise(typed)) != _digits(alike[0][1].normal):
        return None
    if len(alike) > 1 and alike[0][0] - alike[1][0] < AHEAD:
        return None
    return alike[0][1]


def _digits(text: str) -> list[str]:
    return sorted(filter(str.isdigit, text))


def _begin_words(beginnings: list[str], words: list[str]) -> bool:
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


def _labels(names: list[Named[T]]) -> list[str]:
    """Names as they are offered: where two are the same, with the email address or, failing that, the id."""
    same = Counter(plain(named.name) for named in names)
    emails = Counter(plain(named.email) for named in names)
    labels = []
    for named in names:
        mark = named.email if emails[plain(named.email)] == 1 and named.email else f"id {named.id}"
        labels.append(named.name if same[plain(named.name)] == 1 else f"{named.name[:200]} ({mark})")
    return labels
