"""Messages as text and as history, and texts too long for a form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.cards.text import length
from bot.cases import Person
from bot.drafts import Drafts
from bot.references import message_mark, permalink, signed

JANE = Person(user="U01JANE", team="T1", name="Jane Doe")


@given(st.text(max_size=6_000))
def test_what_a_form_shows_and_its_rest_are_the_whole_text(text: str) -> None:
    drafts = Drafts()

    shown, key, left = drafts.keep(text)

    assert shown + drafts.rest(key) == text
    assert length(shown) <= 2_800
    assert left == len(drafts.rest(key))
    assert bool(key) == bool(left)


def test_a_rest_that_was_forgotten_says_so() -> None:
    _, key, _ = Drafts().keep("word " * 1_000)

    assert "restarted" in Drafts().rest(key)
    assert Drafts().rest("") == ""


def test_permalinks_are_slacks_own() -> None:
    root = permalink("https://acme.slack.com/", "C1", "1790000000.000100", "1790000000.000100")
    reply = permalink("https://acme.slack.com/", "C1", "1790000000.000200", "1790000000.000100")

    assert root == "https://acme.slack.com/archives/C1/p1790000000000100"
    assert reply == "https://acme.slack.com/archives/C1/p1790000000000200?thread_ts=1790000000.000100&cid=C1"


def test_a_text_made_of_a_message_bears_its_mark_and_one_that_quotes_its_link_does_not() -> None:
    link = permalink("https://acme.slack.com/", "C1", "1790000000.000200", "1790000000.000100")

    assert message_mark(link) in signed("text", JANE, "key", link=link)
    assert message_mark(link) not in f"look at {link}"


def test_the_reference_is_the_same_for_the_same_wish_only() -> None:
    first, again, other = (signed("text", JANE, key).rpartition("ref ")[2] for key in ("one", "one", "two"))

    assert first == again != other
    assert len(first) == 10
