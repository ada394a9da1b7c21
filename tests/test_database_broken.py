"""The database fails in other ways than by going away: casebot is to end without it."""

from __future__ import annotations

import asyncio

from bot.cards import waiting
from simulator.slack import JANE, SUPPORT, Slack
from tests.postgres import Cluster
from tests.processes import lives
from tests.test_database_away import (  # noqa: F401  # a fixture
    ANSWERS,
    EFFECTS,
    ENDS,
    LINES,
    NOTED,
    REFUSED,
    ask_for_all,
    count,
    desk_with_cards,
    ended,
    lines,
    own,
    told,
)

WAITS = "Your change waits"


def alone(slack: Slack, words: str) -> int:
    """How many messages tell Jane alone so."""
    return sum(words in message.plain() for message in slack.seen(JANE, SUPPORT) if message.ephemeral)


async def test_a_casebot_ends_in_time_though_its_database_is_away(own: Cluster) -> None:  # noqa: F811
    """Also where the engine waits for the database, because somebody wants to take something back."""
    async with lives(own.fresh(), FUSEDESK_PAUSE="0.2", CASEBOT_TAKEOVER="2") as casebots:
        slack, desk = casebots.slack, casebots.desk
        desk.change(NOTED, status="new")
        first = await casebots.start()
        await slack.command(JANE, SUPPORT, str(NOTED))
        await slack.until(lambda: alone(slack, f"#{NOTED}"), timeout=ENDS, what="the case")
        desk.down = True
        await slack.command(JANE, SUPPORT, f"close {NOTED}")
        waits = await slack.until(
            lambda: [message for message in slack.seen(JANE, SUPPORT) if WAITS in message.plain()], timeout=ENDS, what=WAITS
        )

        await asyncio.to_thread(own.stop)
        try:
            clicked = await slack.click(JANE, waits[0], waiting.CANCEL)
            await slack.until(lambda: alone(slack, REFUSED), timeout=ENDS, what="that it cannot be taken back now")
            await first.stop()
        finally:
            await asyncio.to_thread(own.start)
        desk.down = False
        await casebots.start()

        await slack.until(lambda: alone(slack, "You closed it"), timeout=ENDS, what="the closed case")
        assert (clicked.error, first.ended) == ("", 0)
        assert desk.case(NOTED)["status"] == "closed"
