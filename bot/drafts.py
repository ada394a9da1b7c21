"""Texts too long for a form: the form shows their beginning, the rest waits here for its submission."""

from __future__ import annotations

from secrets import token_hex

from cachetools import TTLCache

from bot.cards.text import cut

# Slack's text input takes 3,000; the rest is room for what a person adds.
_SHOWN = 2_800
# Characters of all rests together.
_MOST = 20_000_000
_FORGOTTEN = "… (casebot was restarted and has lost the rest of this text.)"


class Drafts:
    """In memory for a day. A form that outlives the process submits what it shows, and says so."""

    def __init__(self) -> None:
        self._rest: TTLCache[str, str] = TTLCache(maxsize=_MOST, ttl=86_400, getsizeof=len)

    def keep(self, text: str) -> tuple[str, str, int]:
        """Returns what the form shows, the key of the rest ("" when there is none), and the rest's length."""
        shown = cut(text, _SHOWN)
        if shown == text:
            return text, "", 0
        shown = shown.removesuffix("…")
        key = token_hex(8)
        self._rest[key] = text[len(shown) :]
        return shown, key, len(text) - len(shown)

    def rest(self, key: str) -> str:
        return str(self._rest.get(key, _FORGOTTEN)) if key else ""
