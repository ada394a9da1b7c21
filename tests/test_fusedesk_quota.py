"""What casebot knows of the hour's calls, from whatever headers come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.fusedesk.quota import LIMIT, REMAINING, Quota

NOON = datetime(2026, 3, 1, 12, 20, 30, tzinfo=UTC)
ONE = NOON.replace(hour=13, minute=0, second=0)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(clock: Clock) -> Quota:
    return Quota(clock)


def headers(limit: object = 1800, remaining: object = 900, **more: str) -> httpx.Headers:
    return httpx.Headers({LIMIT: str(limit), REMAINING: str(remaining)} | {name.replace("_", "-"): v for name, v in more.items()})


def test_before_the_first_answer_nothing_is_known(quota: Quota) -> None:
    assert (quota.limit, quota.remaining, quota.seen_at, quota.state) == (None, None, None, "unknown")
    assert quota.again_at == ONE


@pytest.mark.parametrize(
    ("remaining", "state"), [(1800, "plenty"), (181, "plenty"), (180, "low"), (1, "low"), (0, "empty"), (-3, "empty")]
)
def test_a_tenth_of_the_limit_is_where_plenty_ends(quota: Quota, remaining: int, state: str) -> None:
    quota.read(headers(1800, remaining))

    assert quota.state == state
    assert (quota.limit, quota.remaining, quota.seen_at) == (1800, max(remaining, 0), NOON)


@pytest.mark.parametrize(("limit", "kept"), [(1800, 180), (100, 10), (20, 5), (6, 3), (1, 0)])
def test_a_small_limit_keeps_five_calls_or_its_half(quota: Quota, limit: int, kept: int) -> None:
    quota.read(headers(limit, kept + 1))
    plenty = quota.state
    quota.read(headers(limit, kept))

    assert plenty == "plenty"
    assert quota.is_low


def test_reads_are_spared_while_little_is_left_but_one_now_and_then_sees_whether_it_still_is(quota: Quota, clock: Clock) -> None:
    quota.read(headers(1800, 900))
    plenty = quota.spares_reads
    quota.read(headers(1800, 10))
    told = quota.spares_reads
    clock.now += timedelta(minutes=5)

    assert (plenty, told, quota.spares_reads) == (False, True, False)
    assert quota.is_low


def test_header_names_count_in_any_case(quota: Quota) -> None:
    quota.read(httpx.Headers({LIMIT.lower(): " 1800 ", REMAINING.upper(): "7"}))

    assert (quota.limit, quota.remaining) == (1800, 7)


@pytest.mark.parametrize("bad", ["", "many", "1e3", "12.5", "９", "0x10", "99999999999999"])
def test_malformed_numbers_leave_what_was_known(quota: Quota, bad: str) -> None:
    quota.read(headers(1800, 900))

    quota.read({LIMIT: bad, REMAINING: bad})

    assert (quota.limit, quota.remaining, quota.state) == (1800, 900, "plenty")


def test_one_number_alone_replaces_only_itself(quota: Quota) -> None:
    quota.read(headers(1800, 900))

    quota.read({REMAINING: "5"})

    assert (quota.limit, quota.remaining) == (1800, 5)


def test_a_remainder_without_a_limit_tells_only_whether_it_is_empty(quota: Quota) -> None:
    quota.read({REMAINING: "5"})
    some = quota.state
    quota.read({REMAINING: "0"})

    assert (some, quota.state) == ("unknown", "empty")


def test_a_limit_alone_says_nothing_of_the_state(quota: Quota) -> None:
    quota.read({LIMIT: "1800"})

    assert (quota.limit, quota.state) == (1800, "unknown")


def test_when_the_hour_is_over_its_numbers_count_no_more(quota: Quota, clock: Clock) -> None:
    quota.read(headers(1800, 0))
    before = quota.state, quota.again_at

    clock.now = ONE

    assert before == ("empty", ONE)
    assert quota.state == "unknown"
    assert quota.again_at == ONE + timedelta(hours=1)


def test_a_429_means_empty_whatever_the_numbers_say(quota: Quota) -> None:
    quota.read(headers(1800, 12), used_up=True)

    assert (quota.state, quota.remaining, quota.again_at) == ("empty", 0, ONE)


@pytest.mark.parametrize(
    ("retry_after", "again_at"),
    [
        ("90", NOON + timedelta(seconds=90)),
        ("Sun, 01 Mar 2026 12:45:00 GMT", NOON.replace(minute=45, second=0)),
        ("Sun, 01 Mar 2026 12:45:00 -0000", NOON.replace(minute=45, second=0)),
        ("Sun, 01 Mar 2026 11:45:00 GMT", ONE),
        ("0", ONE),
        ("-5", ONE),
        ("soon", ONE),
        ("999999999", ONE),
        ("9" * 40, ONE),
        ("", ONE),
    ],
)
def test_a_sensible_retry_after_beats_the_guess_of_the_full_hour(quota: Quota, retry_after: str, again_at: datetime) -> None:
    quota.read(httpx.Headers({"Retry-After": retry_after}), used_up=True)

    assert quota.again_at == again_at


def test_retry_after_of_other_answers_is_not_about_the_quota(quota: Quota) -> None:
    quota.read(headers(Retry_After="90"))

    assert quota.again_at == ONE


def test_the_default_clock_is_the_real_one() -> None:
    quota = Quota()

    quota.read(headers())

    assert quota.seen_at is not None
    assert timedelta(0) <= datetime.now(UTC) - quota.seen_at < timedelta(minutes=1)


def test_threads_reading_at_once_leave_numbers_that_belong_together() -> None:
    quota = Quota()

    def read(number: int) -> None:
        quota.read(headers(number, number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(1, 500)))

    assert quota.limit == quota.remaining


@given(st.dictionaries(st.sampled_from([LIMIT, REMAINING, "Retry-After"]), st.text()), st.booleans())
def test_no_header_can_break_it(given_headers: dict[str, str], used_up: bool) -> None:
    quota = Quota()

    quota.read(given_headers, used_up=used_up)

    assert quota.state in ("plenty", "low", "empty", "unknown")
    assert quota.again_at > datetime.now(UTC)
