"""The forms as Slack sees them: within its limits whatever stands in them, and holding what was typed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import forms
from bot.cards.case import Seen
from bot.cards.forms import NoteValues, OpenValues, Origin
from bot.cards.message import View
from bot.cases import NamedCase
from bot.fusedesk.models import Case, Department, Rep, Tag
from bot.operations import Open
from bot.payloads import Place
from bot.shapes import Malformed
from simulator.blocks import active_tokens, problems

ANY = st.text(max_size=4_000)
ORIGIN = Origin(place=Place(user="U01JANE", channel="C1", response_url="https://hooks.slack.com/" + "x" * 200))
LONG = ORIGIN.model_copy(update={"draft": "0" * 16, "rest": 12_345})


@given(summary=ANY, details=ANY, email=st.sampled_from(["", "amy@example.com"]), name=ANY, fault=ANY)
def test_a_case_form_of_any_texts_is_one_that_slack_takes(summary: str, details: str, email: str, name: str, fault: str) -> None:
    values = OpenValues(
        summary=summary,
        details=details,
        email=email,
        department=Department(departmentid=1, name=name),
        rep=Rep(userid=2, firstname=name),
        tags=[Tag(id=3, tagname=name)],
        thread=True,
    )

    view = forms.open_form(values, LONG, fault=fault)

    assert problems(view, "modal") == []
    assert active_tokens(view) == []


@given(title=ANY, note=ANY, summary=ANY)
def test_a_note_form_of_any_texts_is_one_that_slack_takes(title: str, note: str, summary: str) -> None:
    values = NoteValues(kind="call", title=title, note=note, when=datetime(2026, 1, 2, tzinfo=UTC), case="1234")
    named = NamedCase(Case(caseid=1234, summary=summary))

    views = [forms.note_form(values, ORIGIN, named=named, fault=title), forms.add_form(values, LONG, fault=title)]

    assert [problem for view in views for problem in problems(view, "modal")] == []
    assert [token for view in views for token in active_tokens(view)] == []


@pytest.mark.parametrize(
    "view",
    [
        forms.open_form(OpenValues(), ORIGIN),
        forms.note_form(NoteValues(), ORIGIN),
        forms.add_form(NoteValues(), ORIGIN),
        forms.import_form("", ORIGIN),
        forms.import_form("ABCD1234", ORIGIN, fault="No."),
        forms.tags_form([], ORIGIN),
        forms.transfer_form(None, None, ORIGIN),
        forms.link_form("", ORIGIN),
        forms.waiting_view("Opening the case …"),
    ],
    ids=lambda view: str(view["title"]["text"]),
)
def test_an_empty_form_is_one_that_slack_takes(view: View) -> None:
    assert problems(view, "modal") == []


def test_the_most_that_a_form_remembers_fits_into_its_metadata() -> None:
    asked = Open(
        openedby="ü" * 250,
        contact=10**17,
        contact_uuid="00000000-0000-4000-8000-00000000004d",
        company=10**17,
        status="closed",
        type="import",
        opened=date(2026, 1, 1),
        assigned=date(2026, 1, 1),
        updated=date(2026, 1, 1),
        skipcrm=True,
    )
    origin = ORIGIN.model_copy(
        update={
            "asked": asked,
            "author": "🔥" * 100,
            "message_ts": "1790000000.000100",
            "thread_ts": "1790000000.000100",
            "draft": "0" * 16,
            "rest": 1_000_000,
            "tags": tuple(range(100_000, 100_050)),
            "seen": Seen(caseid=10**17, departmentid=1, repid=1, status="new", contactid=10**17, at=1_790_000_000),
        }
    )

    assert len(origin.dump()) <= 3_000
    assert Origin.load(origin.dump()) == origin


@pytest.mark.parametrize(("draft", "says"), [("0" * 16, "will be added"), ("", "will be missing")])
def test_a_text_that_does_not_fit_says_what_becomes_of_its_rest(draft: str, says: str) -> None:
    origin = ORIGIN.model_copy(update={"draft": draft, "rest": 12_345})

    hints = [
        str(block.get("hint"))
        for view in (forms.open_form(OpenValues(), origin), forms.add_form(NoteValues(), origin))
        for block in view["blocks"]
        if "12,345" in str(block)
    ]

    assert [says in hint for hint in hints] == [True, True]


def test_a_form_of_no_case_says_so_to_whoever_asks_for_its_case() -> None:
    with pytest.raises(Malformed):
        _ = ORIGIN.card


def test_an_error_stands_at_its_field_and_one_of_no_field_at_the_first() -> None:
    blocks = forms.open_form(OpenValues(department=Department(departmentid=7, name="X")), ORIGIN, fault="No.")["blocks"]

    assert forms.field_block(blocks, "rep") == "rep:7"
    assert forms.field_block(blocks, "nothing") == "summary"
    assert forms.field_block([], "rep") == ""


def test_the_reps_field_is_another_one_for_each_department() -> None:
    views = [forms.transfer_form(Department(departmentid=number, name="X"), None, ORIGIN) for number in (1, 2)]

    assert [view["blocks"][1]["block_id"] for view in views] == ["rep:1", "rep:2"]
