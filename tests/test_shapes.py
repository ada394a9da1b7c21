"""JSON from outside: read the fast way, it is what the slow way makes of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.shapes import Malformed, fit, from_json

# Halves of characters, whole ones, NUL, and what looks like an escape and is none.
PIECES = ["\x00", "\ud83d", "\ude00", "😀", "é", "\\", "u0000", "\\ud83d", "\\u", '"', "\n", "d83d", "plain"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, escaped=st.booleans())
@example(value="\\ud83d\ude00", escaped=True)  # a backslash, letters, and half a character behind them
@example(value="\ud83d\\ude00", escaped=True)
@example(value={"\ude00\ud83d": ["\ud83d\ud83d\ude00"]}, escaped=True)
def test_what_is_read_fast_is_what_each_value_would_be_made_into(value: object, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped).encode(errors="replace").decode()
    assert from_json(text) == fit(json.loads(text))
    json.dumps(from_json(text), ensure_ascii=False).encode()


@pytest.mark.parametrize("inside", ["", '"\\ud83d"'], ids=["plain", "with half a character"])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_nesting_is_bounded_whatever_it_holds(opens: str, closes: str, inside: str) -> None:
    innermost = opens + (inside or "1") + closes
    assert from_json(opens * 59 + innermost + closes * 59)
    with pytest.raises(Malformed, match="nesting"):
        from_json(opens * 60 + innermost + closes * 60)
