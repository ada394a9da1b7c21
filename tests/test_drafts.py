"""Texts too long for a form: their rest waits in the database for the submission, whichever casebot gets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text, update

from bot.cards.text import length
from bot.database import WRITING, engine_for
from bot.drafts import Drafts, split
from bot.ledger import Ledger
from bot.store import Store
from bot.tables import drafts as table
from simulator.slack import JANE, MIA, SUPPORT
from tests.conftest import World, casebot_world, restarted
from tests.forms_world import ADD, FROM_MESSAGE, cards, said, shortcut

LONG = "Start " + "🔥 word " * 1_000 + "END"


@given(st.text(max_size=6_000))
def test_what_a_form_shows_and_its_rest_are_the_whole_text(whole: str) -> None:
    shown, rest = split(whole)

    assert shown + rest == whole
    assert length(shown) <= 2_800


@pytest.mark.parametrize("whole", [LONG, "\0" * 3_000 + "\ud800 half of a pair"], ids=["words", "what no database takes as text"])
async def test_the_rest_is_found_by_another_casebot(store: Store, whole: str) -> None:
    shown, key, size = await Drafts(store).keep(whole)

    rest = await Drafts(store).rest(key, size)

    assert shown + rest == whole
    assert len(rest) == size > 0


async def test_a_text_that_fits_leaves_nothing_behind(store: Store) -> None:
    drafts = Drafts(store)

    assert await drafts.keep("short") == ("short", "", 0)
    assert await drafts.rest("", 0) == ""
    assert await held(store) == 0


async def test_a_rest_that_is_three_days_old_is_deleted_and_its_place_says_so(store: Store) -> None:
    drafts = Drafts(store)
    old = await drafts.keep(LONG)
    long_ago = datetime.now(UTC) - timedelta(days=3, minutes=1)
    await store.write(lambda connection: connection.execute(update(table).values(at=long_ago)))
    new = await drafts.keep(LONG)

    await Ledger(store).forget_old()

    assert "is missing" in await drafts.rest(*old[1:])
    assert (await drafts.rest(*new[1:])).endswith("END")


async def test_of_too_many_rests_the_newest_are_kept(store: Store) -> None:
    size = len(split(LONG)[1])
    drafts = Drafts(store, most=2 * size)

    kept = [await drafts.keep(LONG) for _ in range(3)]

    found = [await drafts.rest(key, size) for _, key, size in kept]
    assert ["END" in rest for rest in found] == [False, True, True]
    assert await held(store) == 2


async def held(store: Store) -> int:
    return await store.read(lambda connection: connection.execute(text("SELECT count(*) FROM drafts")).scalar_one())


@contextmanager
def inside(url: str) -> Iterator[Connection]:
    """The database without casebot in between, which cannot write meanwhile."""
    engine = engine_for(url)
    with engine.execution_options(**WRITING).begin() as connection:
        yield connection
    engine.dispose()


def change(world: World, statement: str) -> None:
    with inside(world.bot.settings.database_url.get_secret_value()) as connection:
        connection.execute(text(statement))


async def test_a_form_that_was_opened_before_a_restart_opens_a_case_with_the_whole_text(database_url: str) -> None:
    async with casebot_world(database_url=database_url) as world:
        ts = world.slack.say(MIA, SUPPORT, LONG)
        view = await shortcut(world, ts, FROM_MESSAGE)

        async with restarted(world) as later:
            await later.slack.submit(JANE, view, {"department": "Support"})

            await later.slack.until(lambda: cards(later, ts))
            await later.settled()
            assert later.desk.newest()["details"].startswith(LONG)


async def test_a_form_that_was_opened_before_a_restart_adds_the_whole_note(database_url: str) -> None:
    async with casebot_world(database_url=database_url) as world:
        ts = world.slack.say(MIA, SUPPORT, LONG)
        view = await shortcut(world, ts, ADD)

        async with restarted(world) as later:
            await later.slack.submit(JANE, view, {"case": "1234"})

            await later.slack.until(lambda: "Added the note" in said(later))
            assert any(entry["note"].startswith(LONG) for entry in later.desk.case(1234)["history"])


async def test_a_form_opens_without_its_rest_while_the_database_takes_nothing(world: World) -> None:
    change(world, "DROP TABLE drafts")
    ts = world.slack.say(MIA, SUPPORT, LONG)

    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})

    await world.slack.until(lambda: cards(world, ts))
    details = world.desk.newest()["details"]
    assert "will be missing" in view.plain()
    assert "The rest of this text is missing" in details
    assert details.startswith("Start")
    assert "END" not in details


async def test_a_database_that_hangs_is_not_waited_for(store: Store, database_url: str) -> None:
    with inside(database_url) as connection:
        # Nobody else gets at the table until this transaction ends.
        connection.execute(text("ALTER TABLE drafts RENAME TO elsewhere"))
        shown, key, size = await Drafts(store).keep(LONG)
        connection.rollback()

    assert key == ""
    assert len(shown) + size == len(LONG)


async def test_a_form_whose_rest_cannot_be_read_right_now_is_kept_and_can_be_sent_again(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, LONG)
    view = await shortcut(world, ts, FROM_MESSAGE)
    before = world.desk.count()

    change(world, "ALTER TABLE drafts RENAME TO elsewhere")
    refused = await world.slack.submit(JANE, view, {"department": "Support"})
    change(world, "ALTER TABLE elsewhere RENAME TO drafts")
    opened = world.desk.count() - before
    await world.slack.submit(JANE, view)

    await world.slack.until(lambda: cards(world, ts))
    assert "Try again in a minute" in str(refused.json["errors"])
    assert opened == 0
    assert world.desk.newest()["details"].startswith(LONG)
