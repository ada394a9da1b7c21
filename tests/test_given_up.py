"""What could not be done within a day is given up: nothing of it is sent any more, what had been sent is looked for, and its
person hears how it ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot import durable
from bot.ledger import Ledger
from simulator.fusedesk import Call
from simulator.slack import JANE, SUPPORT
from tests.conftest import World, casebot_world, restarted
from tests.engine_rows import asked_earlier
from tests.flows import answer, writes
from tests.test_durable import WAITS, notes, told

OVER_A_DAY = timedelta(hours=24, minutes=1)
GIVEN_UP = "Given up after 24 hours"
UNSURE = "FuseDesk may have done it all the same"
# Where an answer goes when nothing else takes it: with it ends an attempt.
LAST_RESORT = "chat.postMessage"
DONE = "Added the note"


async def something_ahead(world: World) -> str:
    """Something else is under way on the case and does not end; the run of it."""
    entry, _ = await Ledger(world.bot.store).accept("ahead", "U99SOMEBODY", "case:1234", world.bot.durable.executor)
    return entry.run


async def left_for_a_day(world: World) -> None:
    """casebot ends while a wish waits, and nobody starts it for longer than that may wait."""
    await world.slack.until(lambda: told(world, WAITS) == 1, timeout=15)
    await world.bot.durable.stop()
    await asyncio.to_thread(asked_earlier, world.bot.settings.database_url.get_secret_value(), OVER_A_DAY)


async def test_what_waits_for_the_hours_calls_is_given_up_when_its_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with casebot_world() as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        world.desk.quota_left = 1
        await answer(world, "1234")
        monkeypatch.setattr(durable, "LONGEST", timedelta(seconds=1))
        await world.case("note 1235 Called back")

        await world.slack.until(lambda: told(world, GIVEN_UP) == 1, timeout=10)

        await world.settled()
        assert (told(world, WAITS), told(world, UNSURE), writes(world)) == (1, 0, [])


async def test_what_waits_for_an_earlier_change_is_given_up_when_its_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with casebot_world() as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        await something_ahead(world)
        monkeypatch.setattr(durable, "LONGEST", timedelta(seconds=1))
        await world.case("note 1234 Called back")

        await world.slack.until(lambda: told(world, GIVEN_UP) == 1, timeout=10)

        await world.settled()
        assert (told(world, UNSURE), writes(world)) == (0, [])


@pytest.mark.parametrize("is_down", [False, True], ids=["FuseDesk is well", "FuseDesk is down"])
async def test_what_was_asked_more_than_a_day_ago_is_not_begun_by_the_next_casebot(is_down: bool) -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        ahead = await something_ahead(world)
        await world.case("note 1234 Called back")
        await left_for_a_day(world)
        await Ledger(world.bot.store).over(ahead, "done")

        world.desk.down = is_down
        async with restarted(world, names=not is_down) as again:
            await world.slack.until(lambda: told(world, GIVEN_UP) == 1, timeout=20)
            await again.settled()

            refused = next(message for message in world.slack.seen(JANE, SUPPORT) if GIVEN_UP in message.plain())
            assert "Try again" in refused.buttons
            assert "note 1234 Called back" in refused.plain()
            assert (told(world, UNSURE), told(world, DONE), writes(world)) == (0, 0, [])


async def test_what_was_asked_more_than_a_day_ago_and_begun_is_looked_for_and_told() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)

        def goes_down(_: Call) -> None:
            world.desk.down = True

        world.desk.on_effect = goes_down
        world.desk.fail("POST /cases/1234/addnote", when="after")
        await world.case("note 1234 Called back")
        await left_for_a_day(world)

        world.desk.on_effect = None
        world.desk.down = False
        async with restarted(world) as again:
            await world.slack.until(lambda: told(world, DONE) == 1, timeout=20)
            await again.settled()

            assert (told(world, GIVEN_UP), notes(world, "Called back")) == (0, 1)


async def cut_off(world: World) -> None:
    """A note is on its way when FuseDesk goes down."""

    async def goes_down(call: Call) -> None:
        if call.writes:
            world.desk.down = True
            world.desk.on_request = None

    world.desk.on_request = goes_down
    world.desk.fail("POST /cases/1234/addnote")
    await world.case("note 1234 Called back")
    await left_for_a_day(world)


async def test_what_was_cut_off_more_than_a_day_ago_and_is_not_there_is_not_sent_again() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        await cut_off(world)

        world.desk.down = False
        async with restarted(world) as again:
            await world.slack.until(lambda: told(world, GIVEN_UP) == 1, timeout=20)
            await again.settled()

            assert (told(world, UNSURE), notes(world, "Called back")) == (0, 0)


async def test_what_cannot_be_looked_for_at_the_end_of_the_day_is_said_to_be_unsure() -> None:
    async with casebot_world(fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        await cut_off(world)

        async with restarted(world, names=False) as again:
            await world.slack.until(lambda: told(world, UNSURE) == 1, timeout=20)
            await again.settled()

            assert (told(world, GIVEN_UP), notes(world, "Called back")) == (1, 0)


async def test_what_took_all_of_its_day_is_told_though_slack_is_down_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with casebot_world() as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        monkeypatch.setattr(durable, "LONGEST", timedelta(seconds=3))

        async def slowly(call: Call) -> None:
            if call.writes:
                await asyncio.sleep(3.5)  # so long it takes
                world.slack.down = True

        world.desk.on_request = slowly
        await world.case("note 1234 Called back")
        in_vain = (LAST_RESORT, 503)
        await world.slack.until(
            lambda: in_vain in [(call.method, call.status) for call in world.slack.calls],
            timeout=10,
            what="an attempt to tell it",
        )
        world.slack.down = False

        await world.slack.until(lambda: told(world, DONE) == 1, timeout=10)

        await world.settled()
        world.slack.faults.clear()  # what a Slack that is down answers
