"""Everything that the page shows and lets people do, made once for a demo and handed to whoever draws or acts."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from simulator.casebot import BotProcess
from simulator.fusedesk import FuseDesk
from simulator.page.completion import Completion
from simulator.page.exchanges import Exchanges
from simulator.page.moments import Clock
from simulator.page.panel import Panel
from simulator.page.tour import Tour
from simulator.page.weather import Weather
from simulator.slack import Slack


@dataclass
class Stage:
    slack: Slack
    desk: FuseDesk
    desk_url: str
    bot: BotProcess
    exchanges: Exchanges
    completion: Completion
    panel: Panel
    weather: Weather
    tour: Tour

    def clock(self, who: str) -> Clock:
        """The clock on that person's wall."""
        return Clock(ZoneInfo(self.slack.users[who].tz), self.slack.now)

    def name(self, id: str) -> str:
        """Who or what an id of Slack's is."""
        if user := self.slack.users.get(id):
            return user.real_name
        channel = self.slack.channels.get(id)
        return channel.name if channel else id


def staged(slack: Slack, desk: FuseDesk, desk_url: str, bot: BotProcess) -> Stage:
    """Brings everything together, and lets the page know of whatever happens in FuseDesk."""
    desk.on_answer = lambda call: slack.changed.note()
    desk.on_move = slack.changed.note
    exchanges = Exchanges(slack, desk, desk_url)
    weather = Weather(slack, desk, bot)
    return Stage(slack, desk, desk_url, bot, exchanges, Completion(desk), Panel(desk), weather, Tour(slack, desk, exchanges))
