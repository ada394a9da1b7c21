"""Moments in the zone of the person who looks, in the words of Slack's date tokens.

What belongs here: dates and times as people read them. Where a date stands in a text does not.
https://docs.slack.dev/messaging/formatting-message-text#date-formatting
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta

_PATTERNS = {
    "date_num": "yyyy-MM-dd",
    "date_slash": "MM/dd/yyyy",
    "date": "MMMM d, yyyy",
    "date_short": "MMM d, yyyy",
    "date_long": "EEEE, MMMM d, yyyy",
    "time": "h:mm a",
    "time_secs": "h:mm:ss a",
}
_NEAR = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
_WORD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Clock:
    """`now` gives unix seconds."""

    zone: ZoneInfo
    now: Callable[[], float]

    def told(self, seconds: float, form: str) -> str:
        """A moment in the form of a date token, such as `{date_short_pretty} at {time}`."""
        moment = datetime.fromtimestamp(seconds, self.zone)
        words = _WORD.sub(lambda found: self._word(moment, found[1]), form)
        return words[:1].upper() + words[1:]

    def _word(self, moment: datetime, word: str) -> str:
        now = datetime.fromtimestamp(self.now(), self.zone)
        if word == "ago":
            return str(format_timedelta(moment - now, add_direction=True, locale="en_US"))
        plain = word.removesuffix("_pretty")
        near = _NEAR.get((moment.date() - now.date()).days) if plain != word else None
        return near or str(format_datetime(moment, _PATTERNS.get(plain, _PATTERNS["date"]), tzinfo=self.zone, locale="en_US"))

    def local(self, seconds: int) -> str:
        """A moment as `<input type=datetime-local>` takes it."""
        return datetime.fromtimestamp(seconds, self.zone).strftime("%Y-%m-%dT%H:%M")

    def seconds(self, local: str) -> int:
        """What such an input holds, in unix seconds. Raises ValueError."""
        return int(datetime.fromisoformat(local).replace(tzinfo=self.zone).timestamp())

    def stored(self, moment: str | None) -> str:
        """A moment of the FuseDesk store (`YYYY-MM-DD HH:MM:SS` in UTC), or a dash."""
        if not moment:
            return "–"
        return self.told(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp(), "{date_short_pretty} {time}")
