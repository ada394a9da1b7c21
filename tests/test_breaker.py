"""When a FuseDesk that does not answer is left alone, and when it is tried again. The clock is the test's."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.fusedesk.breaker import Breaker
from bot.fusedesk.errors import FuseDeskError, LeftAlone, NotFound, Unavailable


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(limit=3, window=60, pause=10, clock=clock)


def call(breaker: Breaker, fault: FuseDeskError | None = None) -> str:
    """How a call ends: `answered`, `refused`, `failed`, or `left alone` where it was not made."""
    try:
        with breaker.passing("GET cases/1"):
            if fault:
                raise fault
    except LeftAlone:
        return "left alone"
    except Unavailable:
        return "failed"
    except FuseDeskError:
        return "refused"
    return "answered"


def calls(breaker: Breaker, *faults: FuseDeskError | None) -> list[str]:
    return [call(breaker, fault) for fault in faults]


def test_three_failures_in_a_row_open_it(breaker: Breaker) -> None:
    assert calls(breaker, *[Unavailable()] * 3, None) == ["failed", "failed", "failed", "left alone"]


@pytest.mark.parametrize(("between", "how"), [(None, "answered"), (NotFound("case #1"), "refused")])
def test_an_answer_or_a_refusal_in_between_keeps_it_closed(breaker: Breaker, between: FuseDeskError | None, how: str) -> None:
    outcomes = calls(breaker, Unavailable(), Unavailable(), between, Unavailable(), Unavailable(), None)

    assert outcomes == ["failed", "failed", how, "failed", "failed", "answered"]


def test_failures_far_apart_keep_it_closed(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        assert call(breaker, Unavailable()) == "failed"
        clock.now += 31

    assert breaker.closed


def test_after_the_pause_one_call_is_let_through_and_its_answer_closes_it(breaker: Breaker, clock: Clock) -> None:
    calls(breaker, *[Unavailable()] * 3)
    clock.now = 9.9
    early = call(breaker)
    clock.now = 10
    with breaker.passing("GET cases/1"):
        beside = call(breaker)
    after = call(breaker)

    assert (early, beside, after) == ("left alone", "left alone", "answered")


def test_a_probe_that_fails_begins_another_pause(breaker: Breaker, clock: Clock) -> None:
    calls(breaker, *[Unavailable()] * 3)
    clock.now = 10
    probe = call(breaker, Unavailable())
    clock.now = 19.9
    early = call(breaker)
    clock.now = 20

    assert (probe, early, call(breaker)) == ("failed", "left alone", "answered")


def test_a_probe_that_is_given_up_leaves_its_place_to_the_next(breaker: Breaker, clock: Clock) -> None:
    calls(breaker, *[Unavailable()] * 3)
    clock.now = 10
    with pytest.raises(asyncio.CancelledError), breaker.passing("GET cases/1"):
        raise asyncio.CancelledError

    assert call(breaker) == "answered"


def test_a_late_failure_of_an_earlier_call_prolongs_nothing(breaker: Breaker, clock: Clock) -> None:
    with suppress(Unavailable), breaker.passing("GET cases/1"):
        calls(breaker, *[Unavailable()] * 3)
        clock.now = 9
        raise Unavailable

    clock.now = 10
    assert call(breaker) == "answered"


def test_a_late_answer_of_an_earlier_call_shows_that_fusedesk_is_back(breaker: Breaker) -> None:
    with breaker.passing("GET cases/1"):
        calls(breaker, *[Unavailable()] * 3)

    assert breaker.closed


def test_what_was_left_alone_was_certainly_not_done(breaker: Breaker) -> None:
    calls(breaker, *[Unavailable(maybe_done=True)] * 3)
    with pytest.raises(LeftAlone) as raised, breaker.passing("POST cases/1"):
        pass

    assert not raised.value.maybe_done
    assert "Nothing was changed" in raised.value.says
