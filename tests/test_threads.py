"""Messages of Slack: their addresses, and the marks by which they are known again."""

from __future__ import annotations

from bot.cases import Person
from bot.references import message_mark, permalink, signed

JANE = Person(user="U01JANE", team="T1", name="Jane Doe")


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
