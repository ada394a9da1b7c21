"""One load for all, old values at once, newer ones behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.fusedesk.errors import KeyRefused, LeftAlone, Unavailable
from bot.stale import Stale


class Well:
    """What is loaded: the number of the load, or `fault`; while `open` is not set, loads hang."""

    def __init__(self) -> None:
        self.loads = 0
        self.fault: BaseException | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.drawn = asyncio.Event()

    async def draw(self) -> int:
        self.loads += 1
        number = self.loads
        self.drawn.set()
        await self.open.wait()
        if self.fault:
            raise self.fault
        return number


class Pauses:
    """Stands for sleep: notes the seconds, and ends a pause when told to."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self.begun = asyncio.Event()
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.lengths.append(seconds)
        self.begun.set()
        await self.over.wait()
        self.over.clear()

    async def skip(self) -> None:
        """Ends the pause, and waits until the next one begins."""
        await self.begun.wait()
        self.begun.clear()
        self.over.set()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def well() -> Well:
    return Well()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def stale(well: Well, clock: Clock, pauses: Pauses) -> AsyncIterator[Stale[int]]:
    stale = Stale("numbers", well.draw, ttl=600, patience=0.05, clock=clock, sleep=pauses.sleep)
    yield stale
    await stale.stop()


async def landed() -> None:
    """Until every load that can end has ended."""
    loads = [task for task in asyncio.all_tasks() if task.get_name().startswith("load ")]
    await asyncio.gather(*loads, return_exceptions=True)


async def test_a_hundred_who_miss_at_once_make_one_call(stale: Stale[int], well: Well) -> None:
    values = await asyncio.gather(*(stale.get() for _ in range(100)))

    assert values == [1] * 100
    assert well.loads == 1


async def test_who_stops_waiting_leaves_the_load_to_the_others(stale: Stale[int], well: Well) -> None:
    well.open.clear()
    gone, there = asyncio.create_task(stale.get()), asyncio.create_task(stale.get())
    await well.drawn.wait()
    gone.cancel()
    await asyncio.wait({gone})
    well.open.set()

    assert await there == 1
    assert gone.cancelled()


async def test_an_old_value_comes_at_once_and_a_newer_one_behind(stale: Stale[int], well: Well, clock: Clock) -> None:
    await stale.get()
    clock.now += 601
    well.open.clear()
    old = [await stale.get() for _ in range(10)]
    well.open.set()
    await landed()

    assert old == [1] * 10
    assert stale.peek() == 2
    assert well.loads == 2


async def test_within_its_time_a_value_is_not_loaded_again(stale: Stale[int], well: Well, clock: Clock) -> None:
    await stale.get()
    clock.now += 599
    await stale.get()

    assert stale.age == 599
    assert well.loads == 1


async def test_a_failed_renewal_keeps_the_old_value_and_pauses_longer_each_time(
    stale: Stale[int], well: Well, clock: Clock
) -> None:
    await stale.get()
    well.fault = Unavailable()
    clock.now += 601
    attempts = []
    for second in range(130):
        clock.now += 1
        before = well.loads
        assert await stale.get() == 1
        await landed()
        if well.loads > before:
            attempts.append(second)

    assert attempts == [0, 1, 3, 7, 15, 31, 63, 123]
    assert isinstance(stale.fault, Unavailable)


async def test_after_a_failure_a_success_forgets_the_pauses(stale: Stale[int], well: Well, clock: Clock) -> None:
    await stale.get()
    well.fault = Unavailable()
    for _ in range(4):
        with pytest.raises(Unavailable):
            await stale.renew()
    well.fault = None
    await stale.renew()
    well.fault = Unavailable()
    clock.now += 601
    stale.peek()
    await landed()
    well.fault = None
    clock.now += 1
    stale.peek()
    await landed()

    assert stale.peek() == 8
    assert stale.fault is None


async def test_a_refused_key_is_not_tried_again_for_five_minutes(stale: Stale[int], well: Well, clock: Clock) -> None:
    well.fault = KeyRefused()
    with pytest.raises(KeyRefused):
        await stale.get()
    clock.now += 299
    with pytest.raises(KeyRefused):
        await stale.get()
    early = well.loads
    clock.now += 2
    with pytest.raises(KeyRefused):
        await stale.get()

    assert early == 1
    assert well.loads == 2


async def test_the_first_value_is_waited_for_only_so_long(stale: Stale[int], well: Well) -> None:
    well.open.clear()
    with pytest.raises(Unavailable):
        await stale.get()
    well.open.set()
    await landed()

    assert await stale.get() == 1
    assert well.loads == 1


async def test_what_went_wrong_at_first_is_told_to_all_who_wait_and_to_who_comes_during_the_pause(
    stale: Stale[int], well: Well
) -> None:
    well.fault = Unavailable(status=503)
    outcomes = await asyncio.gather(*(stale.get() for _ in range(10)), return_exceptions=True)
    outcomes.append(*await asyncio.gather(stale.get(), return_exceptions=True))

    assert outcomes == [well.fault] * 11
    assert well.loads == 1


async def test_from_the_start_it_is_tried_with_growing_pauses_until_it_succeeds(
    stale: Stale[int], well: Well, pauses: Pauses
) -> None:
    well.fault = Unavailable()
    stale.start()
    stale.start()
    for _ in range(8):
        await pauses.skip()
    await pauses.begun.wait()
    well.fault = None
    well.drawn.clear()
    pauses.over.set()
    await well.drawn.wait()
    await landed()

    assert pauses.lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert stale.peek() == 10


async def test_something_missing_brings_one_newer_value_a_minute(stale: Stale[int], well: Well, clock: Clock) -> None:
    await stale.get()
    newer = [await stale.newer(1.0), await stale.newer(1.0)]
    clock.now += 59
    newer.append(stale.miss())
    clock.now += 2
    newer.append(stale.miss())
    await landed()

    assert newer == [True, False, False, True]
    assert well.loads == 3


async def test_who_misses_something_joins_the_load_that_somebody_else_asked_for(stale: Stale[int], well: Well) -> None:
    await stale.get()
    newer = await asyncio.gather(*(stale.newer(1.0) for _ in range(100)))

    assert newer == [True] * 100
    assert well.loads == 2


async def test_who_misses_something_does_not_wait_for_ever(stale: Stale[int], well: Well) -> None:
    await stale.get()
    well.open.clear()
    newer = await stale.newer(0.01)
    well.open.set()

    assert newer is False
    assert stale.peek() == 1


async def test_what_is_missing_is_not_asked_for_while_loads_fail(stale: Stale[int], well: Well) -> None:
    await stale.get()
    well.fault = Unavailable()
    with pytest.raises(Unavailable):
        await stale.renew()

    assert await stale.newer(1.0) is False
    assert well.loads == 2


async def test_a_renewal_asked_for_by_many_is_one_call_and_pays_no_heed_to_pauses(stale: Stale[int], well: Well) -> None:
    well.fault = Unavailable()
    with pytest.raises(Unavailable):
        await stale.renew()
    well.fault = None
    values = await asyncio.gather(*(stale.renew() for _ in range(20)))

    assert values == [2] * 20


async def test_stop_ends_everything_that_runs_and_lets_nothing_begin(stale: Stale[int], well: Well, clock: Clock) -> None:
    await stale.get()
    well.open.clear()
    well.drawn.clear()
    renewal = asyncio.create_task(stale.renew())
    await well.drawn.wait()
    await stale.stop()
    with pytest.raises(Unavailable):
        await renewal
    with pytest.raises(Unavailable):
        await stale.renew()
    clock.now += 601

    assert stale.peek() == 1
    assert stale.miss() is False
    assert well.loads == 2
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_stop_during_the_first_attempts_ends_them(stale: Stale[int], well: Well, pauses: Pauses) -> None:
    well.fault = Unavailable()
    stale.start()
    await pauses.begun.wait()
    await stale.stop()
    stale.start()

    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_the_log_tells_a_refusal_by_its_kind_and_a_fault_of_our_own_with_its_trace(
    stale: Stale[int], well: Well, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bot.stale")
    well.fault = Unavailable(status=503)
    with pytest.raises(Unavailable):
        await stale.renew()
    well.fault = ZeroDivisionError("secret text")
    with pytest.raises(ZeroDivisionError):
        await stale.renew()
    refusal, own = caplog.records

    assert refusal.getMessage() == "numbers not loaded: Unavailable {'status': 503}; next attempt in 1 s"
    assert own.levelname == "ERROR"
    assert own.exc_info is not None


async def test_while_calls_are_few_the_old_value_does_but_a_first_one_and_a_wished_one_are_loaded(
    well: Well, clock: Clock
) -> None:
    stale = Stale("numbers", well.draw, ttl=600, patience=0.05, clock=clock, thrifty=lambda: True)
    first = await stale.get()
    clock.now += 601
    old = [await stale.get(), stale.peek(), stale.miss(), await stale.newer(0.05)]
    await landed()
    loads = well.loads
    renewed = await stale.renew()
    await stale.stop()

    assert (first, old, loads, renewed) == (1, [1, 1, False, False], 1, 2)


async def test_where_fusedesk_is_left_alone_it_is_asked_again_every_second(stale: Stale[int], well: Well, pauses: Pauses) -> None:
    well.fault = LeftAlone()
    stale.start()
    for _ in range(4):
        await pauses.skip()
    await pauses.begun.wait()

    assert pauses.lengths == [1.0] * 5
