"""What casebot remembers of its own doings: which cards of a case stand in which channels.

Kept in memory and bounded: forgetting costs a card that is not redrawn by itself, never a case or a note.
"""

from __future__ import annotations

from cachetools import LRUCache, TTLCache

_CARDS_A_CASE = 20
_WEEK = 7 * 86_400


class Store:
    def __init__(self, *, most: int = 20_000) -> None:
        self._cards: TTLCache[int, LRUCache[tuple[str, str], str]] = TTLCache(maxsize=most, ttl=_WEEK)

    def card_shown(self, caseid: int, channel: str, ts: str, thread_ts: str = "") -> None:
        cards = self._cards.get(caseid)
        if cards is None:
            cards = self._cards[caseid] = LRUCache(maxsize=_CARDS_A_CASE)
        cards[channel, ts] = thread_ts or ts

    def card_gone(self, caseid: int, channel: str, ts: str) -> None:
        if (cards := self._cards.get(caseid)) is not None:
            cards.pop((channel, ts), None)

    def cards(self, caseid: int) -> list[tuple[str, str, str]]:
        """(channel, ts, ts of the thread that it stands in or starts) of the cards in channels, the newest last."""
        return [(channel, ts, thread) for (channel, ts), thread in (self._cards.get(caseid) or {}).items()]
