"""Tables for a terminal: every word is there, and nothing is wider than the terminal or reaches into it."""

from __future__ import annotations

import io

import click
import pytest
from wcwidth import wcswidth

from bot.printing import table, width_of

LONG = "is not set (nor SLACK_APP_TOKEN, which Socket Mode would need instead)"
WHERE = "api.slack.com/apps > your app > Basic Information > Signing Secret (HTTP mode)"


def drawn(*rows: tuple[str, str, str], width: int = 60, colours: tuple[str | None, ...] = ()) -> str:
    return table(("name", "found", "what to do"), rows, whole=["name"], colours=colours, width=width)


@pytest.mark.parametrize("width", [70, 80, 100, 200])
def test_a_table_fits_and_keeps_every_word(width: int) -> None:
    lines = drawn(("SLACK_SIGNING_SECRET", LONG, WHERE), ("PORT", "3000", ""), width=width).splitlines()

    assert {wcswidth(line) for line in lines} == {wcswidth(lines[0])}
    assert wcswidth(lines[0]) <= width
    assert set(f"{LONG} {WHERE}".split()) <= set("\n".join(lines).replace("│", " ").split())


def test_what_is_whole_is_not_broken_however_narrow_the_terminal_is() -> None:
    assert "│ SLACK_SIGNING_SECRET │" in drawn(("SLACK_SIGNING_SECRET", LONG, WHERE), width=10)


def test_a_column_that_needs_little_leaves_its_room_to_the_others() -> None:
    assert WHERE in drawn(("PORT", "3000", WHERE), width=4 + 5 + len(WHERE) + 10)


def test_wide_characters_keep_the_lines_straight() -> None:
    lines = drawn(("日本語", "日本語テキスト" * 6, "x"), ("PORT", "3000", "y")).splitlines()

    assert {wcswidth(line) for line in lines} == {wcswidth(lines[0])}


def test_nothing_that_is_printed_moves_the_cursor_or_changes_colours() -> None:
    shown = drawn(("a\x1b[2Jb", "c\x07\x9bd", "e\rf"))

    assert not [sign for sign in shown if sign != "\n" and not sign.isprintable()]
    assert "a [2Jb" in shown


def test_a_line_break_of_ours_begins_a_line() -> None:
    assert [line.split("│")[2].strip() for line in drawn(("a", "one\ntwo", "x")).splitlines()[3:5]] == ["one", "two"]


def test_rows_are_coloured_and_read_the_same_without() -> None:
    coloured = drawn(("a", LONG, WHERE), ("b", "", ""), colours=("red", None))

    assert click.style("a", fg="red") in coloured
    assert click.unstyle(coloured) == drawn(("a", LONG, WHERE), ("b", "", ""))


def test_title_and_closing_line_stand_above_and_below() -> None:
    lines = table(("a",), [("b",)], title="Over it", below="Under it").splitlines()

    assert (lines[0], lines[-1]) == ("Over it", "Under it")


def test_where_there_is_no_terminal_there_is_room() -> None:
    assert width_of(io.StringIO()) == 160
