"""Logs: one line each, with ids and codes, and not a word of what people wrote."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from bot.logs import QUIET, configure
from tests.logging_kept import kept_logging

SECRET = "jane@example.com wrote: my card is 4111"


@pytest.fixture
def written() -> Iterator[Callable[..., io.StringIO]]:
    """Starts logging into a string; puts every level back at the end."""

    def start(level: str = "DEBUG", form: Literal["text", "json"] = "text") -> io.StringIO:
        stream = io.StringIO()
        configure(level, form, stream)
        return stream

    with kept_logging():
        yield start


def raise_quoting() -> None:
    try:
        int(SECRET)
    except ValueError as fault:
        raise RuntimeError(SECRET) from fault


def raise_group() -> None:
    raise ExceptionGroup(SECRET, [KeyError(SECRET)])


def log_error(log: logging.Logger, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("case not opened", extra={"facts": {"reference": "K7Q2"}})


def test_a_line_bears_the_time_the_level_the_place_and_the_facts(written: Callable[..., io.StringIO]) -> None:
    stream = written("INFO")

    logging.getLogger("bot.desk").info("case opened", extra={"facts": {"caseid": 7, "user": "U1"}})

    time, _, rest = stream.getvalue().partition(" ")
    assert time.endswith("Z")
    assert rest == "INFO bot.desk: case opened caseid=7 user=U1\n"


def test_json_lines_hold_the_facts_as_values(written: Callable[..., io.StringIO]) -> None:
    stream = written("INFO", "json")

    logging.getLogger("bot.desk").warning("quota %s", "low", extra={"facts": {"remaining": 7, "call": ("GET", 1)}})

    line: dict[str, Any] = json.loads(stream.getvalue())
    del line["time"]
    assert line == {"level": "WARNING", "logger": "bot.desk", "message": "quota low", "remaining": 7, "call": "('GET', 1)"}


def test_a_fact_cannot_take_the_place_of_the_line_s_own_fields(written: Callable[..., io.StringIO]) -> None:
    stream = written("INFO", "json")

    logging.getLogger("bot").info("true", extra={"facts": {"message": "false", "level": "false"}})

    line = json.loads(stream.getvalue())
    assert (line["message"], line["level"]) == ("true", "INFO")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("work", [raise_quoting, raise_group])
def test_an_error_is_told_by_type_and_place_without_its_words(
    written: Callable[..., io.StringIO], form: Literal["text", "json"], work: Callable[[], None]
) -> None:
    stream = written("DEBUG", form)

    log_error(logging.getLogger("bot.app"), work)

    told = stream.getvalue()
    assert work.__name__ in told
    assert "K7Q2" in told
    assert ("builtins.ValueError" if work is raise_quoting else "with builtins.KeyError") in told
    assert "4111" not in told


def test_an_error_that_led_to_itself_ends_the_line(written: Callable[..., io.StringIO]) -> None:
    stream = written()
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    logging.getLogger("bot").error("round", exc_info=first)

    assert stream.getvalue().count("builtins.ValueError") == 1


def test_a_line_break_in_a_message_starts_no_line(written: Callable[..., io.StringIO]) -> None:
    stream = written()

    logging.getLogger("bot").info("one\n2026 ERROR forged\x1b[31m", extra={"facts": {"name": "a\r\nb"}})

    assert stream.getvalue().count("\n") == 1
    assert r"one\n2026 ERROR forged\x1b[31m name=a\r\nb" in stream.getvalue()


@pytest.mark.parametrize("name", sorted(QUIET))
def test_libraries_that_log_bodies_stay_quiet_even_at_debug(written: Callable[..., io.StringIO], name: str) -> None:
    stream = written("DEBUG")

    for logger in (logging.getLogger(name), logging.getLogger(f"{name}.AsyncThing")):
        logger.info(SECRET)
        logger.debug(SECRET)

    assert stream.getvalue() == ""


def test_a_level_that_a_library_gives_its_own_logger_changes_nothing(written: Callable[..., io.StringIO]) -> None:
    stream = written("DEBUG")
    bolt = logging.getLogger("slack_bolt.AsyncApp")
    bolt.setLevel("DEBUG")

    bolt.warning("Unhandled request (%s)", SECRET)
    bolt.error("stopped")

    assert "4111" not in stream.getvalue()
    assert "stopped" in stream.getvalue()


def test_a_second_call_replaces_the_first(written: Callable[..., io.StringIO]) -> None:
    first = written("DEBUG")
    second = written("WARNING")

    logging.getLogger("bot").info("quiet")
    logging.getLogger("bot").warning("heard")

    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_facts_of_another_shape_are_left_out(written: Callable[..., io.StringIO]) -> None:
    stream = written()

    logging.getLogger("bot").info("done", extra={"facts": "none"})

    assert stream.getvalue().endswith("bot: done\n")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("asyncio", f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>"),
        ("slack_sdk.socket_mode.aiohttp", f"Failed to run a request listener: {SECRET}, session: s_1"),
    ],
)
def test_a_library_that_quotes_an_error_is_cut_before_its_words(
    written: Callable[..., io.StringIO], form: Literal["text", "json"], name: str, said: str
) -> None:
    stream = written("INFO", form)

    logging.getLogger(name).error(said)

    assert said[:20] in stream.getvalue()
    assert "4111" not in stream.getvalue()
