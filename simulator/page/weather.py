"""The weather: what can go wrong with FuseDesk, Slack and casebot, as switches of the page.

What belongs here: reading the switches and setting them. What each does belongs to the stand-ins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.casebot import BotProcess
from simulator.fusedesk import FuseDesk
from simulator.slack import NotPossible, Slack

LIMITED = (
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.update",
    "views.open",
    "views.update",
    "views.publish",
    "users.info",
)
ALWAYS = 1_000_000
WAIT = 2  # seconds that Slack asks casebot to wait


@dataclass(frozen=True)
class Switch:
    name: str
    label: str
    hint: str


SWITCHES = (
    Switch("down", "FuseDesk is down", "Every call is answered 503 by a proxy."),
    Switch("hanging", "FuseDesk hangs", "Calls wait until you switch this off."),
    Switch("rejects_key", "FuseDesk rejects the key", "Every call is answered 401."),
    Switch("limited", "Slack limits the rate", f"Calls of the Web API are answered 429, retry after {WAIT} s."),
)


class Weather:
    def __init__(self, slack: Slack, desk: FuseDesk, bot: BotProcess) -> None:
        self._slack = slack
        self._desk = desk
        self.bot = bot

    @property
    def latency(self) -> int:
        """Milliseconds before each answer of FuseDesk."""
        return round(self._desk.latency * 1000)

    @property
    def quota(self) -> int:
        return self._desk.quota_left

    @property
    def bad(self) -> list[str]:
        """What is not as on a fine day, in words."""
        found = [switch.label for switch in SWITCHES if self.on(switch.name)]
        found += [f"FuseDesk takes {self.latency} ms"] if self.latency else []
        found += ["FuseDesk’s quota is used up"] if not self.quota else []
        return found + ([] if self.bot.state == "up" else [f"casebot is {self.bot.state}"])

    def on(self, name: str) -> bool:
        if name == "limited":
            return any(limit.times > 0 for limit in self._slack.switches.limits.values())
        return bool(getattr(self._desk, name))

    def turn(self, given: Mapping[str, object]) -> None:
        """`switch` with `on`; or `latency` in milliseconds; or `quota`, the calls left. Raises NotPossible."""
        if "switch" in given:
            self._switch(str(given["switch"]), bool(given.get("on")))
        for name in ("latency", "quota"):
            if name in given:
                self._set(name, str(given[name]))
        self._slack.changed.note()

    def _switch(self, name: str, on: bool) -> None:
        if name not in {switch.name for switch in SWITCHES}:
            raise NotPossible(f"there is no switch {name}")
        if name != "limited":
            return setattr(self._desk, name, on)
        self._slack.switches.limits.clear()
        for method in LIMITED if on else ():
            self._slack.limit(method, retry_after=WAIT, times=ALWAYS)
        return None

    def _set(self, name: str, value: str) -> None:
        if not value.isdecimal() or int(value) > 60_000:
            raise NotPossible("a whole number from 0 to 60000 is expected")
        if name == "latency":
            self._desk.latency = int(value) / 1000
        else:
            self._desk.quota_left = int(value)
