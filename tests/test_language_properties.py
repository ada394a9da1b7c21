"""Whatever is typed is read or refused with words; whatever was read can be written down and read again."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Misunderstood
from bot.fusedesk.models import DateFilter
from bot.keys import FIND, OPEN, SORT
from bot.language import VERBS, named, parse, render
from bot.operations import (
    Call,
    CaseRef,
    Close,
    Find,
    Help,
    Link,
    Mine,
    Note,
    Open,
    Operation,
    Refresh,
    Reopen,
    RepLink,
    Show,
    Tag,
    Transfer,
    Untag,
    who,
)

TODAY = date(2026, 11, 24)
NASTY = (
    *"\"“”«»':,#@/<>&|\n\r\t\xa0\u2028\x00\x1b\x1c é🔥ß٣İ\u202e",
    *('""', ", ", "&amp;", "&lt;", "<@U1>", "<@U1|jane>", "<!channel>", "<http://x.y|z>", "<mailto:a@b.c|a@b.c>", "\r\n", "  "),
    *("*_~`", "👩‍👩‍👧", "e\u0301", "שלום", "\ud800", "to", "me", "case", "1234", "#12", "ABCD1234", "a@b.com", "dept:", "dpet:x"),
    *("tag:a,", "status:", "https://acme.fusedesk.com/app/#cases/view/ABCD1234", "..", ">="),
    *(verb.name for verb in VERBS),
    *(f"{key}:" for key in {**FIND, **OPEN}),
)
PIECES = st.one_of(st.sampled_from(NASTY), st.text(max_size=6))
COMMANDS = st.lists(st.one_of(PIECES, PIECES.map(lambda piece: f" {piece}")), max_size=25).map("".join)
SOUND = st.one_of(st.sampled_from([piece for piece in NASTY if piece != "\ud800"]), st.text(max_size=6))
TEXTS = st.lists(SOUND, max_size=8).map("".join)
FILLED = TEXTS.filter(lambda text: text.replace("@", "").strip() != "")
IDS = st.integers(1, 10**18 - 1)
OPTIONAL_IDS = st.none() | IDS
UUIDS = st.uuids().map(str)
EMAILS = st.sampled_from(
    [
        "",
        "jane@example.com",
        "O'Hara+x@Example.COM",
        "a&b@example.com",
        "{x}@host.test",
        "“x“@example.com",
        "jö@bücher.de",
        "#1@x.local",
    ]
)
DAYS = st.dates(min_value=date.min + timedelta(days=2), max_value=date.max - timedelta(days=2))


@st.composite
def spans(draw: st.DrawFn) -> DateFilter | None:
    kind = draw(st.sampled_from(["", "on", "before", "after", "both"]))
    first, last = sorted((draw(DAYS), draw(DAYS)))
    if kind == "both":
        return DateFilter(after=first - timedelta(days=1), before=last + timedelta(days=1))
    return DateFilter.model_validate({kind: first}) if kind else None


NUMBERED = st.from_regex(r"[A-Z]{2,10}[0-9]{1,18}|(?=[0-9]*[A-Z])[A-Z0-9]{1,20}[0-9]", fullmatch=True)
CASES = st.one_of(st.builds(CaseRef, caseid=IDS), st.builds(CaseRef, casenum=NUMBERED))
STATUSES = st.sampled_from(["", "all", "active", "new", "open", "closed"])
TAGS = st.lists(FILLED, min_size=1, max_size=4).map(tuple)
TITLES = st.just("") | TEXTS
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Help, topic=TEXTS),
    st.builds(Show, case=CASES),
    st.builds(
        Find,
        email=EMAILS,
        words=TEXTS,
        status=STATUSES,
        dept=TEXTS,
        rep=TEXTS,
        tag=TEXTS,
        contact=OPTIONAL_IDS,
        company=OPTIONAL_IDS,
        opened=spans(),
        assigned=spans(),
        responded=spans(),
        updated=spans(),
        closed=spans(),
        sort=st.sampled_from(["", *SORT.values()]),
        limit=st.none() | st.integers(1, 500),
    ),
    st.builds(Find),
    st.builds(Mine, status=STATUSES),
    st.builds(
        Open,
        summary=TEXTS,
        details=TEXTS,
        dept=TEXTS,
        rep=TEXTS,
        email=EMAILS,
        openedby=TEXTS,
        tags=st.lists(TEXTS, max_size=4).map(tuple),
        contact=OPTIONAL_IDS,
        contact_uuid=st.just("") | UUIDS,
        company=OPTIONAL_IDS,
        status=st.sampled_from(["", "new", "open", "closed"]),
        type=st.sampled_from(["", "note", "call", "import"]),
        opened=st.none() | st.dates(),
        assigned=st.none() | st.dates(),
        updated=st.none() | st.dates(),
        skipcrm=st.booleans(),
    ),
    st.builds(Open, summary=TEXTS),
    st.builds(Note, case=CASES, title=TITLES, text=FILLED | st.text(min_size=1, max_size=200).filter(str.strip)),
    st.builds(Call, case=CASES, title=TITLES, text=FILLED),
    st.builds(Tag, case=CASES, tags=TAGS),
    st.builds(Untag, case=CASES, tags=TAGS),
    st.builds(Transfer, case=CASES, to=FILLED),
    st.builds(Link, case=CASES, contactid=IDS),
    st.builds(Link, case=CASES, contact_uuid=UUIDS),
    st.builds(Close, case=CASES),
    st.builds(Reopen, case=CASES),
    st.builds(
        RepLink, person=st.from_regex(r"<@[UW][A-Z0-9]{1,12}>", fullmatch=True), rep=FILLED.filter(lambda name: bool(who(name)))
    ),
    st.just(RepLink()),
    st.just(Refresh()),
)


def fitting(op: Operation) -> bool:
    return not isinstance(op, Find) or len(render(op).encode("utf-16-le")) <= 3000


@settings(max_examples=1500, deadline=None)
@given(OPERATIONS.filter(fitting))
def test_every_operation_is_read_again_as_it_was_written(op: Operation) -> None:
    command = render(op)

    assert parse(command, today=TODAY) == op


def read(text: str) -> Operation | Misunderstood:
    try:
        return parse(text, today=TODAY)
    except Misunderstood as refusal:
        return refusal


@settings(max_examples=2000, deadline=None)
@given(st.sampled_from(["", *(f"{verb.name} " for verb in VERBS)]), COMMANDS)
def test_any_text_is_read_or_refused_with_words_and_ways_out_that_work(verb: str, text: str) -> None:
    found = read(verb + text)

    if isinstance(found, Misunderstood):
        assert found.says.strip()
        assert parse(found.example, today=TODAY)
        assert all(choice.label.strip() and parse(choice.command, today=TODAY) for choice in found.choices)
    else:
        assert parse(render(found), today=TODAY) == found


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(["note", "call"]), st.text(max_size=300).filter(str.strip))
def test_a_notes_text_is_never_read_for_keys_or_cut(verb: str, text: str) -> None:
    sent = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    op = parse(f"{verb} 1234 first line\n{sent}", today=TODAY)

    assert isinstance(op, Note | Call)
    assert (op.title, op.text) == ("first line", text.replace("\r\n", "\n").replace("\r", "\n").strip())


@settings(max_examples=500, deadline=None)
@given(OPERATIONS.filter(fitting), st.sampled_from(["department", "rep", "tag"]), FILLED)
def test_a_replaced_name_leaves_a_command_that_can_be_read(op: Operation, kind: str, name: str) -> None:
    mended = named(op, "target" if isinstance(op, Transfer) else kind, "bilings", name)

    assert not fitting(mended) or parse(render(mended), today=TODAY) == mended


PADS = (
    *("a", "a ", '"', '"a ', 'x:"', ',"', '"a"" ', ' """a', "«a ", "“a ", "<", "<@", "<a:", "<http://a|", "&amp;", "&", "a:b "),
    *(
        "dept:a ",
        "dpet:a ",
        "tag:a ",
        "tag:a, ",
        "@",
        "a@b ",
        "\n",
        "\n ",
        " ",
        ":",
        ",",
        "1",
        "#1 ",
        "a/",
        "https://",
        "..",
        "🔥",
        "to ",
    ),
)


@pytest.mark.parametrize(
    "verb", ["", "open ", "find ", "note 1 ", "tag 1 ", "transfer 1 to ", "link 1 ", "close 1 ", "help ", "opne "]
)
@pytest.mark.parametrize("piece", PADS)
def test_forty_thousand_characters_are_read_at_once(verb: str, piece: str) -> None:
    text = (verb + piece * 40_000)[:40_000]
    fastest = min(seconds_to_read(text) for _ in range(3))

    assert fastest < 0.5


def test_a_text_with_thousands_of_different_keys_is_read_at_once() -> None:
    keys = ["".join(chr(97 + (number // 26**place) % 26) for place in range(4)) for number in range(5_000)]
    text = "open " + " ".join(f"{key}:x" for key in keys)

    assert min(seconds_to_read(text) for _ in range(3)) < 0.5


def seconds_to_read(text: str) -> float:
    """Of this process. The bound above has room for slow machines and for coverage; anything not linear takes far longer."""
    began = time.process_time()
    read(text)
    return time.process_time() - began
