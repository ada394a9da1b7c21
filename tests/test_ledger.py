"""The book of wishes, on SQLite and on PostgreSQL alike: what is accepted once, whose turn it is, and who takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Table, update

from bot.fusedesk.quota import Quota
from bot.ledger import Entry, Ledger, State
from bot.store import Store
from bot.tables import intents, marks

HERE, THERE, DEAD = "casebot-1", "casebot-2", "casebot-0"
CASE = "case:7"
WAITS = "FuseDesk does not answer."


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


@pytest.fixture
async def elsewhere(store: Store, database_url: str) -> AsyncIterator[Ledger]:
    """The book as another process has it open."""
    other = Store(database_url)
    yield Ledger(other)
    await other.close()


async def accepted(ledger: Ledger, key: str, *, turn: str = CASE, user: str = "U1", executor: str = HERE) -> str:
    """The run of a wish that is new."""
    entry, is_new = await ledger.accept(key, user, turn, executor)
    assert is_new
    return entry.run


async def known(ledger: Ledger, run: str) -> Entry:
    entry = await ledger.entry(run)
    assert entry is not None
    return entry


async def aged(store: Store, table: Table, age: timedelta) -> None:
    """All that the table holds came so long ago."""
    await store.write(lambda connection: connection.execute(update(table).values(at=datetime.now(UTC) - age)))


# What is accepted


async def test_a_wish_is_entered_as_it_was_asked_for(ledger: Ledger) -> None:
    before = datetime.now(UTC)

    entry, is_new = await ledger.accept("k1", "U1", CASE, HERE)

    assert is_new
    assert entry == await ledger.entry(entry.run)
    assert entry[2:-1] == ("U1", CASE, "open", HERE, "")
    assert before <= entry.at <= datetime.now(UTC)


async def test_what_was_never_asked_for_is_not_known(ledger: Ledger) -> None:
    assert await ledger.entry("k1#0") is None


@pytest.mark.parametrize("state", ["open", "running", "waiting", "done"])
async def test_the_same_wish_once_more_is_the_same_one(ledger: Ledger, state: State) -> None:
    run = await accepted(ledger, "k1")
    await ledger.over(run, state)

    entry, is_new = await ledger.accept("k1", "U1", CASE, THERE)

    assert not is_new
    assert (entry.run, entry.state, entry.executor) == (run, state, HERE)


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
async def test_a_wish_that_was_in_vain_is_another_one_when_it_is_asked_again(ledger: Ledger, state: State) -> None:
    first = await accepted(ledger, "k1")
    await ledger.over(first, state)

    again = await accepted(ledger, "k1")
    entry, is_new = await ledger.accept("k1", "U1", CASE, HERE)

    assert again != first
    assert (entry.run, is_new) == (again, False)
    assert (await known(ledger, first)).state == state


async def test_a_wish_is_asked_for_again_though_its_first_run_is_forgotten(ledger: Ledger, store: Store) -> None:
    runs = []
    for _ in range(2):
        runs.append(await accepted(ledger, "k1"))
        await ledger.over(runs[-1], "failed")
    first = update(intents).where(intents.c.run == runs[0]).values(at=datetime.now(UTC) - timedelta(days=8))
    await store.write(lambda connection: connection.execute(first))
    await ledger.forget_old()

    assert await ledger.entry(runs[0]) is None
    assert await asyncio.wait_for(accepted(ledger, "k1"), 5) not in runs


async def test_a_wish_that_could_not_be_stored_is_another_one_when_it_is_asked_again(ledger: Ledger) -> None:
    first = await accepted(ledger, "k1")
    await ledger.refused("k1", HERE, datetime.now(UTC), [])

    again = await accepted(ledger, "k1")

    # The engine may have the first by now, under its name.
    assert again != first
    assert await ledger.begin(first, HERE) == "over"
    assert await ledger.begin(again, HERE) == "go"


async def test_what_is_refused_is_neither_what_was_accepted_nor_what_is_asked_later_nor_somebody_else_s(ledger: Ledger) -> None:
    refused = datetime.now(UTC)
    run = await accepted(ledger, "k1")
    await ledger.refused("k1", HERE, refused, [])
    await ledger.refused("k1", HERE, datetime.now(UTC), [run])
    await ledger.refused("k1", THERE, datetime.now(UTC), [])
    await ledger.refused("k2", HERE, datetime.now(UTC), [])

    assert await ledger.begin(run, HERE) == "go"


async def test_of_many_who_enter_one_wish_at_once_one_is_the_first(ledger: Ledger, elsewhere: Ledger) -> None:
    entered = await asyncio.gather(
        *(book.accept("k1", "U1", CASE, executor) for _ in range(20) for book, executor in ((ledger, HERE), (elsewhere, THERE)))
    )

    assert sum(is_new for _, is_new in entered) == 1
    assert len({entry for entry, _ in entered}) == 1


# Whose turn it is


async def test_a_wish_waits_for_the_earlier_one_on_its_case(ledger: Ledger) -> None:
    first, second, third = [await accepted(ledger, key) for key in ("k1", "k2", "k3")]

    assert await ledger.begin(second, HERE) == "wait"
    assert await ledger.begin(first, HERE) == "go"
    assert await ledger.begin(second, HERE) == "wait"
    await ledger.over(first, "done")
    assert await ledger.begin(third, HERE) == "wait"
    assert await ledger.begin(second, HERE) == "go"
    assert (await known(ledger, second)).state == "running"


@pytest.mark.parametrize("state", ["open", "running", "waiting"])
async def test_a_wish_waits_as_long_as_the_earlier_one_is_under_way(ledger: Ledger, state: State) -> None:
    first, second = await accepted(ledger, "k1"), await accepted(ledger, "k2")

    await ledger.over(first, state)

    assert await ledger.begin(second, HERE) == "wait"


@pytest.mark.parametrize("state", ["done", "failed", "cancelled", "lost"])
async def test_a_wish_waits_no_longer_once_the_earlier_one_is_over(ledger: Ledger, state: State) -> None:
    first, second = await accepted(ledger, "k1"), await accepted(ledger, "k2")

    await ledger.over(first, state)

    assert await ledger.begin(second, HERE) == "go"


@pytest.mark.parametrize("turns", [("case:7", "case:8"), ("", "")], ids=["another case", "no case"])
async def test_a_wish_waits_for_none_that_has_nothing_to_do_with_it(ledger: Ledger, turns: tuple[str, str]) -> None:
    first, second = [await accepted(ledger, turn or str(number), turn=turn) for number, turn in enumerate(turns)]

    assert await ledger.begin(second, HERE) == "go"
    assert await ledger.begin(first, HERE) == "go"


async def test_a_wish_whose_case_is_known_late_waits_for_the_earlier_one(ledger: Ledger) -> None:
    first, second = await accepted(ledger, "k1"), await accepted(ledger, "k2", turn="case:ABCD")
    assert await ledger.begin(first, HERE) == "go"

    await ledger.take_turn(second, CASE)

    assert await ledger.begin(second, HERE) == "wait"


async def test_a_wish_whose_case_is_known_late_does_not_run_beside_a_later_one(ledger: Ledger) -> None:
    first, second = await accepted(ledger, "k1", turn="case:ABCD"), await accepted(ledger, "k2")
    assert await ledger.begin(second, HERE) == "go"

    await ledger.take_turn(first, CASE)

    assert await ledger.begin(first, HERE) == "wait"
    await ledger.over(second, "done")
    assert await ledger.begin(first, HERE) == "go"


async def test_two_that_were_begun_when_casebot_died_do_not_wait_for_each_other_for_ever(ledger: Ledger) -> None:
    first, second = await accepted(ledger, "k1", turn="case:ABCD"), await accepted(ledger, "k2")
    assert await ledger.begin(second, HERE) == "go"
    await ledger.take_turn(first, CASE)

    assert await ledger.begin(second, HERE) == "wait"
    assert await ledger.begin(first, HERE) == "go"
    await ledger.over(first, "done")
    assert await ledger.begin(second, HERE) == "go"


async def test_two_do_not_run_at_once_while_the_case_of_one_becomes_known(ledger: Ledger, elsewhere: Ledger) -> None:
    for number in range(20):
        first = await accepted(ledger, f"a{number}", turn="case:ABCD")
        second = await accepted(ledger, f"b{number}", turn=f"case:{number}", executor=THERE)

        async def begin_late(run: str = first, turn: str = f"case:{number}") -> str:
            await ledger.take_turn(run, turn)
            return await ledger.begin(run, HERE)

        began = await asyncio.gather(begin_late(), elsewhere.begin(second, THERE))

        assert sorted(began) in (["go", "wait"], ["wait", "wait"])


async def test_of_many_that_begin_at_once_on_one_case_one_goes(ledger: Ledger, elsewhere: Ledger) -> None:
    runs = [await accepted(ledger, f"k{number}", executor=HERE if number % 2 else THERE) for number in range(20)]

    began = await asyncio.gather(
        *(ledger.begin(run, HERE) if number % 2 else elsewhere.begin(run, THERE) for number, run in enumerate(runs))
    )

    assert began == ["go", *["wait"] * 19]


async def test_what_was_begun_when_casebot_died_is_begun_again(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1")

    assert await ledger.begin(run, HERE) == "go"
    assert await ledger.begin(run, HERE) == "go"


async def test_what_is_not_there_or_another_casebot_s_is_not_begun(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1")

    assert await ledger.begin("k2#0", HERE) == "over"
    assert await ledger.begin(run, THERE) == "theirs"
    assert (await known(ledger, run)).state == "open"


# What waits for FuseDesk


async def test_whoever_waits_is_told_once(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1")
    await ledger.begin(run, HERE)

    told = [await ledger.waits(run, because) for because in ("", WAITS, WAITS, "", "FuseDesk allows no more calls.")]

    assert told == [False, True, False, False, False]
    entry = await known(ledger, run)
    assert (entry.state, entry.because) == ("waiting", "FuseDesk allows no more calls.")


async def test_whoever_waits_is_told_once_though_it_was_begun_again(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1")
    assert await ledger.waits(run, WAITS)

    assert await ledger.begin(run, HERE) == "go"

    assert not await ledger.waits(run, WAITS)


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
async def test_what_is_over_waits_no_more(ledger: Ledger, state: State) -> None:
    run = await accepted(ledger, "k1")
    await ledger.over(run, state)

    assert not await ledger.waits(run, WAITS)
    assert (await known(ledger, run)).state == state


# What is taken back


@pytest.mark.parametrize("state", ["open", "waiting"])
async def test_a_wish_that_only_waits_is_taken_back_and_never_begun(ledger: Ledger, state: State) -> None:
    run, next_one = await accepted(ledger, "k1"), await accepted(ledger, "k2")
    await ledger.over(run, state)

    assert await ledger.cancel(run, "U1")

    assert await ledger.begin(run, HERE) == "over"
    assert await ledger.begin(next_one, HERE) == "go"
    assert not await ledger.cancel(run, "U1")


@pytest.mark.parametrize("state", ["running", "done", "failed", "lost"])
async def test_a_wish_that_is_carried_out_or_over_is_not_taken_back(ledger: Ledger, state: State) -> None:
    run = await accepted(ledger, "k1")
    await ledger.over(run, state)

    assert not await ledger.cancel(run, "U1")
    assert (await known(ledger, run)).state == state


async def test_nobody_takes_back_what_somebody_else_wished(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1", user="U1")

    assert not await ledger.cancel(run, "U2")
    assert not await ledger.cancel("k2#0", "U2")
    assert await ledger.begin(run, HERE) == "go"


async def test_a_wish_is_either_taken_back_or_begun(ledger: Ledger, elsewhere: Ledger) -> None:
    for number in range(10):
        run = await accepted(ledger, f"k{number}", turn="")

        cancelled, began = await asyncio.gather(elsewhere.cancel(run, "U1"), ledger.begin(run, HERE))

        # "wait": it was taken back between the look and the beginning, and the next look says so.
        assert (cancelled, began) in [(True, "over"), (True, "wait"), (False, "go")]
        assert (await known(ledger, run)).state == ("cancelled" if cancelled else "running")


async def test_a_person_sees_what_they_wished_and_is_not_over_the_oldest_first(ledger: Ledger) -> None:
    runs = {
        state: await accepted(ledger, state) for state in ("open", "running", "waiting", "done", "failed", "cancelled", "lost")
    }
    for state, run in runs.items():
        await ledger.over(run, state)
    await accepted(ledger, "k1", user="U2")

    listed = [entry.run for entry in await ledger.under_way("U1")]

    assert listed == [runs["open"], runs["running"], runs["waiting"]]


async def test_what_was_in_vain_can_be_tried_again_longer_than_what_was_done(ledger: Ledger) -> None:
    done, failed, cancelled = [await accepted(ledger, key) for key in ("k1", "k2", "k3")]
    for run, state in ((done, "done"), (failed, "failed"), (cancelled, "cancelled")):
        await ledger.over(run, state)

    assert await ledger.fulfilled([done, failed, cancelled, "forgotten#0"]) == [done, cancelled, "forgotten#0"]


# Who takes over


async def test_what_a_dead_casebot_left_is_found_the_oldest_first(ledger: Ledger) -> None:
    await accepted(ledger, "k1", executor=HERE)
    left = [await accepted(ledger, key, executor=DEAD) for key in ("k2", "k3", "k4")]
    over = await accepted(ledger, "k5", executor=DEAD)
    await ledger.over(over, "done")
    await ledger.over(left[1], "waiting")

    assert [entry.run for entry in await ledger.left_by_others([HERE, THERE])] == left


async def test_of_two_casebots_one_takes_over(ledger: Ledger, elsewhere: Ledger) -> None:
    run = await accepted(ledger, "k1", executor=DEAD)

    took = await asyncio.gather(ledger.adopt(run, [HERE, THERE], HERE), elsewhere.adopt(run, [HERE, THERE], THERE))

    assert sorted(took) == [False, True]
    owner, other = (HERE, THERE) if took[0] else (THERE, HERE)
    assert (await known(ledger, run)).executor == owner
    assert await ledger.begin(run, other) == "theirs"
    assert await ledger.begin(run, owner) == "go"


async def test_nothing_is_taken_from_a_casebot_that_lives(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1", executor=HERE)

    assert not await ledger.adopt(run, [HERE, THERE], THERE)
    assert await ledger.begin(run, HERE) == "go"


async def test_whoever_claims_a_wish_is_the_only_one_to_begin_it(ledger: Ledger) -> None:
    run = await accepted(ledger, "k1", executor=DEAD)

    await ledger.claim(run, HERE)

    assert await ledger.begin(run, DEAD) == "theirs"
    assert await ledger.begin(run, HERE) == "go"


async def test_casebots_see_each_other_s_beats_until_they_end(ledger: Ledger) -> None:
    await ledger.beat(HERE, 1)
    await ledger.beat(THERE, 1)

    assert await ledger.beat(HERE, 2) == {HERE: 2, THERE: 1}
    await ledger.gone([THERE, "never-there"])
    assert await ledger.beat(HERE, 3) == {HERE: 3}


# What was begun


async def test_a_mark_tells_how_it_was_when_it_was_begun_first(ledger: Ledger) -> None:
    before = datetime.now(UTC)

    await ledger.mark("m1", {"status": "new", "tags": [1, 2], "repid": None})
    await ledger.mark("m1", {"status": "closed"})

    mark = await ledger.marked("m1")
    assert mark is not None
    assert (mark.before, mark.ts) == ({"status": "new", "tags": [1, 2], "repid": None}, "")
    assert before <= mark.at <= datetime.now(UTC)
    assert await ledger.marked("m2") is None


async def test_a_mark_without_a_state_has_none(ledger: Ledger) -> None:
    await ledger.mark("m1")

    mark = await ledger.marked("m1")

    assert mark is not None
    assert mark.before is None


async def test_a_message_that_is_there_is_known_by_its_ts(ledger: Ledger) -> None:
    await ledger.mark("m1")
    await ledger.mark("m2")

    await ledger.posted("m1", "1.1")

    assert [mark and mark.ts for mark in (await ledger.marked("m1"), await ledger.marked("m2"))] == ["1.1", ""]


async def test_what_certainly_did_not_happen_is_not_marked(ledger: Ledger) -> None:
    await ledger.mark("m1", {"status": "new"})
    await ledger.unmark("m1")
    assert await ledger.marked("m1") is None

    await ledger.mark("m1", {"status": "closed"})

    mark = await ledger.marked("m1")
    assert mark is not None
    assert mark.before == {"status": "closed"}


# What FuseDesk's headers said


def told(remaining: int, at: datetime) -> Quota:
    """What a casebot knows that was told so at that moment."""
    quota = Quota(lambda: at)
    quota.read({"X-FuseDesk-Usage-Limit": "1800", "X-FuseDesk-Usage-Remaining": str(remaining)})
    return quota


async def test_casebots_know_the_newest_that_fusedesk_told_any_of_them(ledger: Ledger, elsewhere: Ledger) -> None:
    now = datetime.now(UTC)
    newer, older = told(100, now), told(900, now - timedelta(seconds=9))

    assert await ledger.share_quota("acme", older.numbers) == older.numbers
    assert await elsewhere.share_quota("acme", newer.numbers) == newer.numbers
    older.take(await ledger.share_quota("acme", older.numbers))

    assert (older.limit, older.remaining, older.seen_at, older.again_at) == (1800, 100, now, newer.again_at)


async def test_a_casebot_that_was_told_nothing_yet_learns_of_the_quota_and_leaves_it_be(ledger: Ledger) -> None:
    quota = told(100, datetime.now(UTC))
    assert await ledger.share_quota("acme", None) is None
    await ledger.share_quota("acme", quota.numbers)

    assert await ledger.share_quota("acme", None) == quota.numbers
    assert await ledger.share_quota("other", None) is None


# Keeping it small


async def test_what_is_over_is_forgotten_after_a_week_and_what_is_under_way_never(ledger: Ledger, store: Store) -> None:
    runs = {
        state: await accepted(ledger, state) for state in ("open", "running", "waiting", "done", "failed", "cancelled", "lost")
    }
    for state, run in runs.items():
        await ledger.over(run, state)
    await aged(store, intents, timedelta(days=7, seconds=1))
    fresh = await accepted(ledger, "k1")
    await ledger.over(fresh, "done")

    await ledger.forget_old()

    kept = {state for state, run in runs.items() if await ledger.entry(run)}
    assert kept == {"open", "running", "waiting"}
    assert await ledger.entry(fresh)


async def test_what_is_over_is_remembered_for_a_week(ledger: Ledger, store: Store) -> None:
    run = await accepted(ledger, "k1")
    await ledger.over(run, "done")
    await aged(store, intents, timedelta(days=6, hours=23))

    await ledger.forget_old()

    assert await ledger.entry(run)


async def test_a_mark_outlives_every_wish_that_may_still_wait(ledger: Ledger, store: Store) -> None:
    await ledger.mark("m1")
    await aged(store, marks, timedelta(days=2, hours=23))
    await ledger.forget_old()
    assert await ledger.marked("m1")

    await aged(store, marks, timedelta(days=3, seconds=1))
    await ledger.forget_old()

    assert await ledger.marked("m1") is None
