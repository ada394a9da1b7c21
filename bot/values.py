"""Single values as people type them: emails, numbers, words out of a list, yes and no. Dates have a file of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import email_validator
from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import OSA

LONGEST_EMAIL = 254
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"#?0*([1-9][0-9]{0,17})")


class Unreadable(ValueError):
    """A value that cannot be read. `str()` is a whole sentence, `nearest` what may have been meant ("" when nothing is near)."""

    def __init__(self, why: str, nearest: str = "") -> None:
        super().__init__(why)
        self.nearest = nearest


def shown(text: str, limit: int = 60) -> str:
    """What a person typed, short enough to be quoted back inside a sentence."""
    line = " ".join(text[: limit * 4].split())
    return f'"{line if len(line) <= limit else line[: limit - 1] + "…"}"'


def email(text: str) -> str:
    """The address with its domain in lower case; raises Unreadable. Only its form is checked, nothing is looked up."""
    if len(text) > LONGEST_EMAIL:
        raise Unreadable(f"{shown(text)} is too long for an email address.")
    # Test and home networks use domains that the public mail system does not know; their form is checked like any other.
    local = "." in text.rpartition("@")[2] and text.rpartition(".")[2].lower() in email_validator.SPECIAL_USE_DOMAIN_NAMES
    try:
        normalized = validate_email(text + ".com" if local else text, check_deliverability=False).normalized
    except EmailNotValidError as fault:
        raise Unreadable(f"{shown(text)} is not an email address: {fault}") from fault
    return normalized.removesuffix(".com") if local else normalized


def number(text: str) -> int:
    """A positive whole number, such as 77 or #77; raises Unreadable."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise Unreadable(f"{shown(text)} is not a number such as 77.")
    return int(found[1])


def at_most(limit: int, text: str) -> int:
    """A number from 1 to `limit`; raises Unreadable."""
    value = number(text)
    if value > limit:
        raise Unreadable(f"{shown(text)} is too many: at most {limit}.", str(limit))
    return value


def uuid(text: str) -> str:
    """A UUID in lower case, "" where it is none."""
    found = _UUID.fullmatch(text.strip().lower())
    return found[0] if found else ""


def one_of(words: Mapping[str, str], text: str) -> str:
    """What the word stands for; raises Unreadable with the nearest word."""
    typed = text.strip().lower()
    if typed in words:
        return words[typed]
    raise Unreadable(f"{shown(text)} is none of {', '.join(words)}.", nearest(typed, words, shortest=3))


def nearest(typed: str, words: Iterable[str], *, shortest: int = 4) -> str:
    """The word that was probably meant: one slip away, two in a long word, the same letters in another order, or a plural.

    "" when none is near. Of several equally near ones it is the first. Words of fewer letters than `shortest` bear no slip.
    """
    best = ("", 3)
    for word in words:
        slips = OSA.distance(typed, word, score_cutoff=2)
        allowed = 2 if len(word) >= 6 else 1 if len(word) >= shortest and len(typed) > 1 else 0
        if slips > allowed and (sorted(typed) == sorted(word) or typed == f"{word}s"):
            slips = allowed
        if slips <= allowed and slips < best[1]:
            best = (word, slips)
    return best[0]
