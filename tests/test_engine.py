"""What DBOS, the engine, would do by default and must not: keep finished wishes and their texts, and leave a wish lying because
casebot's source has changed since."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cards import forms, waiting
from simulator.slack import JANE, SUPPORT
from tests.conftest import World, casebot_world, restarted
from tests.engine_rows import ended_earlier, holds
from tests.flows import answer, form
from tests.forms_world import said
from tests.processes import ROOT, lives
from tests.test_durable import WAITS, listed, told

DONE, VAIN, CANCELLED, UNDER_WAY = "quokka", "wallaby", "numbat", "bilby"
# What is older than all of them, and always due: when it is gone, casebot has looked at everything.
OLD = "potoroo"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WORKFLOW = "async def _wish("


async def wishes_of_every_end(world: World) -> None:
    """One is done, one in vain, one cancelled, and one waits."""
    await answer(world, f"note 1234 {DONE}")
    world.desk.fail("POST /cases/1235/addnote", how="405")
    await answer(world, f"note 1235 {VAIN}")
    await world.settled()
    world.desk.down = True
    await world.case(f"note 1236 {CANCELLED}")
    await world.slack.until(lambda: told(world, WAITS) == 1, timeout=10)
    [cancel] = [element for element in (await listed(world)).elements if element.action_id == waiting.CANCEL]
    await world.bot.durable.cancel(cancel.value, JANE)
    await world.settled()
    await world.case(f"note 1237 {UNDER_WAY}")
    await world.slack.until(lambda: told(world, WAITS) == 2, timeout=10)


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (HOUR - MINUTE, {DONE, VAIN, CANCELLED, UNDER_WAY}),
        (HOUR + MINUTE, {VAIN, UNDER_WAY}),
        (DAY - MINUTE, {VAIN, UNDER_WAY}),
        (DAY + MINUTE, {UNDER_WAY}),
    ],
    ids=["within an hour", "after an hour", "within a day", "after a day"],
)
async def test_texts_of_what_is_over_leave_the_database(database_url: str, age: timedelta, kept: set[str]) -> None:
    async with casebot_world(database_url=database_url, fusedesk_pause=0.2) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        await answer(world, f"note 1234 {OLD}")
        await world.settled()
        await asyncio.to_thread(ended_earlier, database_url, 2 * HOUR)
        await wishes_of_every_end(world)
        texts = {OLD, DONE, VAIN, CANCELLED, UNDER_WAY}
        assert {text for text in texts if await asyncio.to_thread(holds, database_url, text)} == texts
        await world.bot.durable.stop()
        await asyncio.to_thread(ended_earlier, database_url, age)

        async with restarted(world, names=False):

            async def tidied() -> bool:
                return not await asyncio.to_thread(holds, database_url, OLD)

            await world.slack.until(tidied, timeout=10, what="the end of what is oldest")
            assert {text for text in texts if await asyncio.to_thread(holds, database_url, text)} == kept
            world.desk.down = False
            await world.slack.until(lambda: told(world, "Added the note to case #1237") == 1, timeout=20)


async def test_what_was_in_vain_can_be_tried_again_after_an_hour(database_url: str) -> None:
    async with casebot_world(database_url=database_url) as world:
        await world.slack.until(lambda: world.bot.directory.ready)
        world.desk.fail("POST /cases/1235/addnote", how="405")
        refused = await answer(world, f"note 1235 {VAIN}")
        done = await answer(world, f"note 1234 {DONE}")
        await world.settled()
        await world.bot.durable.stop()
        await asyncio.to_thread(ended_earlier, database_url, HOUR + MINUTE)
        assert "Added" in done.plain()

        async with restarted(world) as again:

            async def tidied() -> bool:
                return not await asyncio.to_thread(holds, database_url, DONE)

            await world.slack.until(tidied, timeout=10, what="the end of what was done")
            await again.slack.click(JANE, refused, waiting.TRY_AGAIN)
            view = await form(again, forms.AGAIN_FORM)

            assert VAIN in view.state["values"][forms.COMMAND][forms.COMMAND]["value"]
            assert "does not remember" not in said(again)


def another_version(place: Path) -> Path:
    """casebot's source after a change of what carries out a wish."""
    for room in ("bot", "handlers"):
        shutil.copytree(ROOT / room, place / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manifest.yml", place)
    durable = place / "bot" / "durable.py"
    source = durable.read_text()
    assert source.count(WORKFLOW) == 1
    durable.write_text(source.replace(WORKFLOW, f"{WORKFLOW}\n    # A later version.\n    ", 1))
    return place


async def test_a_wish_is_finished_by_a_later_version_of_casebot(database_url: str, tmp_path: Path) -> None:
    async with lives(database_url, FUSEDESK_PAUSE="0.2", CASEBOT_TAKEOVER="2") as casebots:
        slack, desk = casebots.slack, casebots.desk

        def answers(words: str) -> int:
            return sum(words in message.plain() for message in slack.seen(JANE, SUPPORT))

        first = await casebots.start()
        await slack.command(JANE, SUPPORT, "help")
        desk.down = True
        await slack.command(JANE, SUPPORT, f"note #1234 {UNDER_WAY}")
        await slack.until(lambda: answers(WAITS) == 1, timeout=20, what=WAITS)
        await first.kill()
        desk.down = False

        await casebots.start(source=another_version(tmp_path / "later"))

        await slack.until(lambda: answers("Added the note") == 1, timeout=30, what="the note")
        assert sum(UNDER_WAY in entry["note"] for entry in desk.case(1234)["history"]) == 1
