"""How fast changes go out near the end of an hour's quota."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from bot.fusedesk.pace import Pace
from bot.fusedesk.quota import LIMIT, REMAINING, Quota

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NINE

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pace(clock: Clock, limit: int, remaining: int, *, replicas: int = 1) -> tuple[Pace, Quota]:
    quota = Quota(clock)
    quota.read({LIMIT: str(limit), REMAINING: str(remaining)})
    made = Pace(quota, clock=clock)
    made.replicas = replicas
    return made, quota


def test_at_plenty_nobody_waits(clock: Clock) -> None:
    made, _ = pace(clock, 1_800, 1_000)

    assert [made.slot() for _ in range(50)] == [(0.0, None, False)] * 50


def test_before_fusedesk_told_anything_nobody_waits(clock: Clock) -> None:
    made = Pace(Quota(clock), clock=clock)

    assert made.slot() == (0.0, None, False)


def test_the_last_calls_are_spread_over_the_rest_of_the_hour(clock: Clock) -> None:
    made, _ = pace(clock, 1_800, 60)  # 30 changes of two calls in 60 minutes

    waits = [made.slot().seconds for _ in range(30)]

    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3:6] == [120.0, 240.0, 360.0]
    assert waits[-1] < 3_600


def test_what_would_come_after_the_hour_asks_again_when_it_is_over(clock: Clock) -> None:
    made, _ = pace(clock, 100, 4)

    slots = [made.slot() for _ in range(10)]

    assert {slot.seconds for slot in slots[-5:]} == {3_600.0}
    assert not any(slot.paced for slot in slots[-5:])


def test_several_casebots_share_what_is_left(clock: Clock) -> None:
    alone, _ = pace(clock, 1_800, 60)
    one_of_two, _ = pace(clock, 1_800, 60, replicas=2)

    assert [alone.slot().seconds for _ in range(4)][-1] * 2 == [one_of_two.slot().seconds for _ in range(4)][-1]


def test_with_nothing_left_all_wait_for_the_next_hour(clock: Clock) -> None:
    made, _ = pace(clock, 100, 0)
    clock.now += timedelta(minutes=10)

    slot = made.slot()

    assert slot.seconds == 3_000
    assert slot.because is not None


def test_the_next_hour_is_tried_by_a_few_first(clock: Clock) -> None:
    made, quota = pace(clock, 100, 0)
    clock.now += timedelta(hours=1, minutes=1)

    with ExitStack() as going:
        for _ in range(3):
            assert made.slot().seconds == 0
            going.enter_context(made.going())
        assert made.slot().seconds > 0
    quota.read({LIMIT: "100", REMAINING: "97"})

    assert made.slot().seconds == 0


def test_no_more_go_at_once_than_there_are_calls_for(clock: Clock) -> None:
    made, _ = pace(clock, 100, 20)

    with ExitStack() as going:
        for _ in range(10):
            assert made.slot().seconds == 0
            going.enter_context(made.going())
        assert made.slot().seconds > 0
