"""Escaping, cutting, dates and the small parts: nothing foreign becomes active, nothing outgrows Slack's limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import text as t
from simulator.blocks import active_tokens, problems

JOINER = "\u2060"
FAMILY = "👨‍👩‍👧‍👦"
GERMANY = "🇩🇪"
HOSTILE = [
    "<!channel>",
    "<@U0123>",
    "<#C01|ops>",
    "<https://evil.example|bank>",
    "<!date^1790000000^{date}|x>",
    "&lt;!here&gt;",
    "&amp;",
    "*bold*",
    "_slanted_",
    "~struck~",
    "`code`",
    "```",
    "> quote",
    ">>> all",
    "http://evil.example",
    ":tada:",
    "\x00",
    "\u202eright to left\u202c",
    "\u2066",
    "\ud800",
    "שלום עולם",
    FAMILY,
    GERMANY,
    "e\u0301",
    "\n",
    "\r\n",
    "\u2028",
    "\t",
    " ",
]
PIECES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
FOREIGN = st.builds(
    lambda pieces, times: "".join(pieces) * times, st.lists(PIECES, max_size=8), st.sampled_from([1, 1, 1, 2, 500])
)

unhurried = settings(deadline=None)


def message_of(mrkdwn: str) -> list[dict[str, object]]:
    return [t.section(t.mrkdwn(mrkdwn))]


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2), (FAMILY, 11), ("\ud800", 1)], ids=lambda value: repr(value)
)
def test_a_length_counts_utf_16_units(text: str, units: int) -> None:
    assert t.length(text) == units


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("two words", 5, "two…"),
        ("ab😀", 4, "ab😀"),
        ("ab😀c", 4, "ab…"),
        (f"ab{FAMILY}cd", 10, "ab…"),
        (f"a{GERMANY}{GERMANY}", 7, f"a{GERMANY}…"),
        ("cafe\u0301s of", 5, "caf…"),
        ("ab👍🏽c", 6, "ab…"),
        ("1️⃣2️⃣", 5, "1️⃣…"),
        ("ab\r\ncd", 4, "ab…"),
        ("\u1100\u1161\u11a8" * 2, 5, "\u1100\u1161\u11a8…"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_cut_ends_in_an_ellipsis_and_takes_no_character_apart(text: str, limit: int, kept: str) -> None:
    assert t.cut(text, limit) == kept


def test_a_cluster_without_an_end_is_cut_all_the_same() -> None:
    zalgo = "a" + "\u0301" * 500

    assert t.length(t.cut(zalgo, 100)) == 100
    assert t.fitting(GERMANY * 500, 399) in (398, 199, 198)


@unhurried
@given(FOREIGN, st.integers(0, 300))
def test_a_cut_is_a_beginning_of_the_text_within_the_limit(text: str, limit: int) -> None:
    kept = t.cut(text, limit)

    assert t.length(kept) <= limit
    assert kept == text or text.startswith(kept.removesuffix("…"))


@unhurried
@given(FOREIGN, st.integers(2, 4_000))
def test_what_fits_never_is_nothing_and_never_too_much(text: str, limit: int) -> None:
    count = t.fitting(text, limit)

    assert t.length(text[:count]) <= limit
    assert count > 0 or not text


@unhurried
@given(FOREIGN, st.integers(1, 4_000))
def test_safe_text_cannot_ping_link_date_format_or_quote(text: str, limit: int) -> None:
    safe = t.safe(text, limit)

    assert t.length(safe) <= limit
    assert not re.search("[<>]", safe)
    assert not re.search("&(?!amp;|lt;|gt;)", safe)
    assert not re.search(f"(?<!{JOINER})[*_~`]|[*_~`](?!{JOINER})", safe)
    assert not re.search(r"(?m)^\s*&gt;", safe)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", safe)
    assert active_tokens(message_of(safe)) == []
    assert problems(message_of(safe), "message") == []


@unhurried
@given(FOREIGN)
def test_safe_text_reads_as_what_was_written(text: str) -> None:
    shown = t.unescape(t.safe(text, 100_000)).replace(JOINER, "")

    assert shown == t.clean(text, 100_000).replace(JOINER, "")


def test_safe_text_is_cut_again_when_escaping_made_it_longer() -> None:
    assert t.safe("&" * 100, 22) == "&amp;" * 3 + "…"
    assert t.safe("&", 0) == ""


def test_a_sign_at_the_start_of_a_line_does_not_open_a_quote_and_elsewhere_stays_as_it_is() -> None:
    assert t.safe("> a\nb > c\n  >>> d") == f"{JOINER}&gt; a\nb &gt; c\n  {JOINER}&gt;&gt;&gt; d"


def test_right_to_left_text_is_isolated_line_by_line_and_stray_direction_marks_go() -> None:
    assert t.clean("\u202eשלום\u2069\nab") == "\u2068שלום\u2069\n\u2068ab\u2069"
    assert t.clean("a\u202eb\u2067c") == "abc"
    assert t.length(t.clean("ש\n" * 100, 50)) <= 50


def test_a_line_has_neither_breaks_nor_runs_of_blanks() -> None:
    assert t.line("  a\r\n\tb\u2028c  ") == "a b c"
    assert t.line("x" * 10_000, 10) == "x" * 9 + "…"
    assert t.line("x y" + " " * 10_000, 10) == "x y…"


def test_what_was_typed_is_given_back_but_for_what_slack_cannot_carry() -> None:
    assert t.as_typed("a\x00\r\n\tb\u202e *c* <d>\ud800") == "a\n\tb\u202e *c* <d>"


def test_inbound_escapes_are_undone_once() -> None:
    assert t.unescape("&lt;a&gt; &amp;amp; &quot;") == "<a> &amp; &quot;"


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "\ufeff", "\u3164"])
def test_text_that_nobody_would_see_becomes_a_dash(text: str) -> None:
    assert t.plain(text)["text"] == t.mrkdwn(text)["text"] == t.message(text, []).text == "—"


def test_a_date_shows_in_the_viewers_time_and_falls_back_to_utc() -> None:
    moment = datetime(2026, 9, 21, 17, 33, tzinfo=timezone(timedelta(hours=2)))

    assert t.date(moment) == "<!date^1790004780^{date_short_pretty} at {time}|2026-09-21 15:33 UTC>"
    assert t.date(moment, time=False) == "<!date^1790004780^{date_short_pretty}|2026-09-21>"
    assert t.date(None) == t.moment_words(None) == ""
    assert t.date(datetime(2026, 9, 21, 15, 33)) == t.date(moment)
    assert problems(message_of(t.date(moment)), "message") == []


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_a_moment_beyond_slacks_reach_is_written_out(year: int) -> None:
    moment = datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=14)))

    assert t.date(moment).endswith("-01-01 00:00 UTC")


def test_only_web_addresses_become_links_and_their_signs_are_encoded() -> None:
    assert t.link("https://a.example/x?y=1&z=<2>|3 4", "a|b>*") == (
        f"<https://a.example/x?y=1&amp;z=%3C2%3E%7C3%204|a¦b&gt;{JOINER}*{JOINER}>"
    )
    assert t.link("javascript:alert(1)", "label") == "label"
    assert t.link("https://", "label") == "label"
    assert t.link("https://a.example/" + "x" * 3_000, "label") == "label"


@unhurried
@given(FOREIGN)
def test_an_address_can_neither_end_its_token_nor_hold_another(url: str) -> None:
    tokens = re.findall("[<>|]", t.link(f"https://a.example/{url}", "label"))

    assert tokens in (["<", "|", ">"], [])


def test_a_mention_is_one_only_of_a_user() -> None:
    assert t.mention("U0123ABC") == "<@U0123ABC>"
    assert t.mention("<!channel>") == "&lt;!channel&gt;"


def test_marked_up_text_is_trimmed_before_a_token_or_an_escape() -> None:
    date = t.date(datetime(2026, 1, 1, tzinfo=UTC))

    assert t.trim(f"seen {date} here", 30) == "seen…"
    assert t.trim("a &amp; b", 6) == "a…"
    assert t.trim("plain words", 6) == "plain…"
    assert t.trim("plain", 6) == "plain"


def test_a_buttons_value_and_an_options_value_are_never_cut() -> None:
    with pytest.raises(ValueError, match="2000"):
        t.button("Press", "press", value="x" * 2_001)
    with pytest.raises(ValueError, match="150"):
        t.option("Choose", "x" * 151)


@unhurried
@given(FOREIGN)
def test_every_part_takes_any_text(text: str) -> None:
    confirm = {"title": t.plain(text, 100), "text": t.plain(text, 300), "confirm": t.plain("Yes", 30), "deny": t.plain("No", 30)}
    blocks = [
        t.header(text),
        t.divider(),
        t.section(t.plain(text), accessory=t.button(text, "one", url="https://a.example/" + text, style="danger", label=text)),
        t.section(fields=[t.mrkdwn(t.safe(text), t.FIELD_LIMIT)] * 12),
        t.context([t.plain(text, 2_000)] * 12),
        t.actions([t.button(text, f"two{number}", value="v", confirm=confirm) for number in range(30)], block_id="buttons"),
        t.actions([t.overflow("three", [t.option(text, str(number), description=text or "-") for number in range(9)])]),
        t.input_block(text, {"type": "plain_text_input", "action_id": "four"}, block_id="in", hint=text, dispatch=True),
    ]

    assert [each for each in problems(blocks, "message") if "msg_blocks_too_long" not in each] == []
    assert active_tokens(blocks) == []
