"""What the templates are given: Jinja2 with autoescape on, and the few words of ours that blocks and messages need.

What belongs here: filters and the environment. HTML stands in `templates/` alone; nothing but what they drew counts as HTML.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from bot import manifest
from simulator.page.look import Look
from simulator.page.mrkdwn import Mrkdwn, words
from simulator.page.stage import Stage
from simulator.slack import Message, Slack
from simulator.slack_elements import HELD
from simulator.slack_text import Json

HERE = Path(__file__).parent
REACTIONS = ("thumbsup", "white_check_mark", "eyes", "tada", "heart", "fire", "pray", "thinking_face")
PALETTE = 6


@lru_cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"words": words, "hue": hue, "initials": initials, "took": took}
    made.globals |= {"HELD": HELD, "REACTIONS": REACTIONS, "shortcuts": shortcuts}
    return made


@lru_cache
def shortcuts(kind: str) -> list[Json]:
    """The app's shortcuts of a kind, `message` or `global`, as its manifest names them."""
    return [one for one in manifest.read()["features"]["shortcuts"] if one["type"] == kind]


def hue(id: str) -> int:
    """One of six colours, always the same for the same person."""
    return sum(id.encode()) % PALETTE


def initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper()


def took(seconds: float) -> str:
    if seconds < 0:
        return "…"
    return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms" if seconds < 10 else f"{seconds:.0f} s"


class Pen:
    """Draws for one look at one stage."""

    def __init__(self, stage: Stage, look: Look) -> None:
        self._stage = stage
        self._look = look
        self.clock = stage.clock(look.who)
        self._shared: dict[str, Any] = {
            "stage": stage,
            "look": look,
            "clock": self.clock,
            "markup": Mrkdwn(stage.name, self.clock),
            "local": self.local,
        }

    def draw(self, template: str, **given: Any) -> Markup:
        """HTML, as a template drew it that escapes whatever it is given; so it may stand in another one."""
        return Markup(environment().get_template(template).render(**self._shared, **given))

    def local(self, url: str) -> str:
        """Where a link into FuseDesk leads on this page, "" for every other link."""
        if not url.startswith(self._stage.desk_url):
            return ""
        return self._look.url(panel="fusedesk", case=url.rstrip("/").rpartition("/")[2].rpartition("=")[2].rpartition("#")[2])


def author(slack: Slack, message: Message) -> str:
    user = slack.users.get(message.user)
    return user.real_name if user else "Slackbot"
