"""The line that says how old something is which FuseDesk was not asked for: above a card, a list and the Home."""

from __future__ import annotations

from bot.cards.message import Block
from bot.cards.text import context, date, line, moment_words, mrkdwn, safe
from bot.cases import CasePage, NamedCase


def age_line(shown: NamedCase | CasePage) -> list[Block]:
    """Nothing for what FuseDesk has just told."""
    if shown.as_of is None:
        return []
    return [context([mrkdwn(f"🕒 As of {date(shown.as_of)}: {safe(line(shown.because, 300))}")])]


def age_words(shown: NamedCase | CasePage) -> str:
    """The same as plain text, for notifications and screen readers."""
    return f"As of {moment_words(shown.as_of)}: {line(shown.because, 300)}" if shown.as_of else ""
