"""The regions of the page that follow what happens, each as pieces that the browser replaces when their mark changed.

What belongs here: which pieces a look has, in which order, and a mark that is cheap to compute and differs when a piece would
look different. How a piece looks is in the templates, how it reaches the browser in `live`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.page.drawing import Pen, author
from simulator.page.look import HOME, Look
from simulator.page.stage import Stage
from simulator.page.tour import STEPS
from simulator.page.weather import SWITCHES
from simulator.slack import Message, View
from simulator.slack_text import Json

ROWS = 150


@dataclass(frozen=True)
class Piece:
    """`mark` says whether it changed; `draw` gives its HTML, one element with `data-key`."""

    key: str
    mark: object
    draw: Callable[[], str]


class Regions:
    """`pieces()` are those of the whole page by region, as they are now."""

    def __init__(self, stage: Stage, look: Look) -> None:
        self._stage = stage
        self._slack = stage.slack
        self._look = look
        self._channel = look.channel(stage.slack)
        self.pen = Pen(stage, look)

    def pieces(self) -> dict[str, list[Piece]]:
        found = {"modals": self._modals(), "panel-state": [self._panel_state()], "weather-word": [self._weather_word()]}
        if self._look.place == HOME:
            found["home"] = self._home()
        else:
            found["messages"] = list(self._messages())
        if self._look.thread:
            found["replies"] = list(self._replies())
        return found | self._of_panel()

    def _of_panel(self) -> dict[str, list[Piece]]:
        panel = self._look.panel or "tour"
        if panel == "tour":
            return {"tour": [self._tour()]}
        if panel == "weather":
            return {"weather": [self._weather()]}
        if panel == "inspector":
            return {"inspector": list(self._exchanges()), "wishes": [self._wishes()]}
        return {}

    # Slack

    def _messages(self) -> Iterator[Piece]:
        """What stands in the channel itself; answers in threads are counted at their first message."""
        seen = self._slack.seen(self._look.who, self._channel)
        replies = Counter(message.thread_ts for message in seen if _is_reply(message))
        for message in seen:
            if not _is_reply(message):
                yield self._message(message, replies[message.ts])

    def _replies(self) -> Iterator[Piece]:
        for message in self._slack.seen(self._look.who, self._channel, self._look.thread):
            yield self._message(message, 0, thread=True)

    def _message(self, message: Message, replies: int, *, thread: bool = False) -> Piece:
        reactions = {name: len(who) for name, who in message.reactions.items()}
        mark = (len(message.edits), replies, reactions, message.text)

        def draw() -> str:
            given = {"message": message, "replies": replies, "thread": thread, "author": author(self._slack, message)}
            return self.pen.draw("message.html", **given)

        return Piece(f"{message.ts}{message.to}", mark, draw)

    def _modals(self) -> list[Piece]:
        """The form on top, and how many lie below it."""
        stack = self._slack.views(self._look.who)
        if not stack:
            return []
        view = stack[-1]
        return [self._view(view, "modal.html", depth=len(stack))]

    def _home(self) -> list[Piece]:
        view = self._slack.homes.get(self._look.who)
        return [self._view(view, "home.html")] if view else []

    def _view(self, view: View, template: str, **more: Any) -> Piece:
        mark = (view.hash, tuple(view.errors.items()), *more.values())
        return Piece(view.id, mark, lambda: self.pen.draw(template, view=view, **more))

    # Beside it

    def _panel_state(self) -> Piece:
        """What of FuseDesk is shown is known to the browser, which asks again when this mark changed."""
        mark = f"{self._stage.desk.version}"
        return Piece("desk", mark, lambda: self.pen.draw("mark.html", mark=mark))

    def _tour(self) -> Piece:
        tour = self._stage.tour
        now = tour.now
        return Piece("tour", (now, len(tour.done)), lambda: self.pen.draw("tour.html", steps=STEPS, now=now, done=tour.done))

    def _weather_word(self) -> Piece:
        bad = self._stage.weather.bad
        return Piece("word", tuple(bad), lambda: self.pen.draw("weather_word.html", bad=bad))

    def _weather(self) -> Piece:
        weather = self._stage.weather
        mark: Json = {"bad": weather.bad, "quota": weather.quota, "log": len(weather.bot.log), "pid": weather.bot.pid}
        lines = list(weather.bot.log)[-30:]
        return Piece("weather", mark, lambda: self.pen.draw("weather.html", weather=weather, switches=SWITCHES, lines=lines))

    def _exchanges(self) -> Iterator[Piece]:
        for row in reversed(self._stage.exchanges.rows()[-ROWS:]):
            # mypy cannot tell the type of a lambda with a default, which binds this turn's row.
            yield Piece(f"x{row.id}", (row.seconds, row.why), lambda row=row: self.pen.draw("exchange.html", row=row))  # type: ignore[misc]

    def _wishes(self) -> Piece:
        wishes = list(self._stage.exchanges.wishes)[-50:]
        return Piece("wishes", wishes[-1].number, lambda: self.pen.draw("wishes.html", wishes=wishes))


def _is_reply(message: Message) -> bool:
    """Whether it stands in a thread only. What only one person sees stands where that person was."""
    return bool(message.thread_ts) and message.thread_ts != message.ts
