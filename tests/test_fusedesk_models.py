"""FuseDesk's things, read tolerantly and written exactly."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.fusedesk.models import (
    Case,
    CaseSearch,
    DateFilter,
    Department,
    HistoryItem,
    NewCase,
    NewEmail,
    NewNote,
    Rep,
    Status,
    Tag,
    history_json,
)

MOMENT = datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def case(**fields: Any) -> Case:
    return Case.model_validate({"caseid": 7} | fields)


@pytest.mark.parametrize(
    ("written", "read"),
    [(written, 5) for written in (5, "5", " 5 ", 5.0)]
    + [(nothing, None) for nothing in ("", "0", 0, None, False, True, "five", "9" * 30, 5.5, [5], {}, float("nan"))],
)
def test_numbers_are_read_however_they_are_written(written: object, read: int | None) -> None:
    assert case(repid=written).repid == read


@pytest.mark.parametrize("nothing", ["", None, "0000-00-00", "0000-00-00 00:00:00", "-0001-11-30T00:00:00+00:00", 0, False])
@pytest.mark.parametrize("name", ["date_opened", "date_closed"])
def test_every_kind_of_empty_date_is_none(name: str, nothing: object) -> None:
    assert getattr(case(**{name: nothing}), name) is None


@pytest.mark.parametrize("odd", ["soon", "2026-02-31", "0001-01-01 00:00:00", "9999-12-31 23:59:59", 1700000000, ["2026-01-01"]])
def test_a_date_that_no_case_can_have_is_none(odd: object) -> None:
    assert case(date_opened=odd).date_opened is None


def test_a_date_without_offset_is_in_fusedesks_zone_and_one_with_is_not() -> None:
    row = {"caseid": 7, "date_opened": "2026-07-01 10:00:00", "date_updated": "2026-07-01T10:00:00-04:00"}

    read = Case.model_validate(row, context={"zone": ZoneInfo("Europe/Berlin")})

    assert read.date_opened == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert read.date_updated == datetime(2026, 7, 1, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "tags",
    [
        [7, 3],
        ["7", "3"],
        [{"id": 7, "tagname": "VIP"}, {"id": "3", "tagname": "Bug"}],
        {"7": "VIP", "3": "Bug"},
        {"7": {"tagname": "VIP"}, "3": {"tagname": "Bug"}},
        {"0": {"id": 7, "tagname": "VIP"}, "1": {"id": 3, "tagname": "Bug"}},
        "7, 3",
        [7, 3, 7, None, "x", {}, [1]],
    ],
)
def test_tags_are_read_in_every_shape(tags: object) -> None:
    assert case(tags=tags).tags == (7, 3)


@pytest.mark.parametrize("tags", [None, "", [], {}, False, 12])
def test_no_tags_in_any_shape_are_none(tags: object) -> None:
    assert case(tags=tags).tags == ()


def test_the_second_names_of_fields_are_understood_when_the_first_are_empty() -> None:
    row = {
        "caseid": None,
        "id": "7",
        "casenum": "",
        "casenumber": "ABCD1234",
        "depid": "268",
        "casetags": "4",
        "contactUuid": "u",
    }

    read = Case.model_validate(row)

    assert (read.caseid, read.casenum, read.departmentid, read.tags, read.contact_uuid) == (7, "ABCD1234", 268, (4,), "u")


def test_half_an_emoji_from_json_does_not_lose_the_case() -> None:
    read = Case.model_validate(json.loads('{"caseid": 7, "summary": "fire \\ud83d!", "details": false, "rating": 5}'))

    assert (read.summary, read.details, read.rating) == ("fire ?!", "", "5")


@pytest.mark.parametrize(
    ("written", "read"), [(" NEW ", Status.NEW), ("Closed", Status.CLOSED), ("", Status.NEW), (None, Status.NEW)]
)
def test_a_status_is_read_in_any_case_and_new_when_missing(written: object, read: Status) -> None:
    assert case(status=written).status is read


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"caseid": "x"},
        {"caseid": 0},
        {"caseid": -1},
        {"caseid": 7, "status": "lost"},
        {"caseid": 7, "status": 3},
        None,
        [],
        7,
    ],
)
def test_a_case_without_a_readable_id_and_status_is_none(row: object) -> None:
    with pytest.raises(ValidationError):
        Case.model_validate(row)


@pytest.mark.parametrize("keyed", [False, True])
def test_history_of_notes_and_emails_is_read(keyed: bool) -> None:
    note = {"type": "call", "title": "Rang", "note": "Nobody there", "repid": "3", "date_added": "2026-01-02 03:04:05"}
    email = {"type": "email", "from": "a@x.example", "to": "b@x.example", "subject": "Hi", "body": "Text", "date_added": "",
             "date_recvd": None, "date_sent": "2026-01-02T03:04:05Z"}  # fmt: skip
    items = [note, "not an item", email]

    read = case(history={str(index): item for index, item in enumerate(items)} if keyed else items).history

    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read[0] == HistoryItem(type="call", title="Rang", note="Nobody there", repid=3, date_added=at)
    assert (read[1].title, read[1].note, read[1].from_, read[1].to) == ("Hi", "Text", "a@x.example", "b@x.example")
    assert [item.date_added for item in read] == [at, at]


@given(st.dictionaries(st.sampled_from([*Case.model_fields, "depid", "casetags", "contactUuid", "x"]), junk))
def test_no_other_field_can_make_a_case_unreadable(fields: dict[str, Any]) -> None:
    fields = {name: value for name, value in fields.items() if name not in ("caseid", "status")}

    read = Case.model_validate(fields | {"caseid": 7})

    assert read.caseid == 7
    read.model_dump_json()


def test_names_are_read_in_the_words_of_both_versions_of_the_api() -> None:
    old = Rep.model_validate({"userid": "1", "firstname": "Jane", "lastname": "Doe", "active": "0", "email": "j@x.example"})
    new = Rep.model_validate({"userId": 2, "firstName": "Zoë", "lastName": None, "active": None})
    department = Department.model_validate({"departmentid": "268", "name": "Support", "repids": ["1", 2, None]})
    tag = Tag.model_validate({"id": "7", "tagname": "VIP"})

    assert (old.userid, old.name, old.active, old.email) == (1, "Jane Doe", False, "j@x.example")
    assert (new.userid, new.name, new.active) == (2, "Zoë", True)
    assert Rep(userid=3).name == "Rep 3"
    assert (department.departmentid, department.name, department.repids) == (268, "Support", (1, 2))
    assert (tag.id, tag.tagname) == (7, "VIP")


def test_a_new_case_is_written_with_every_field_in_fusedesks_form() -> None:
    note = NewNote(title="T", note="N", type="call", date_added=MOMENT)
    new = NewCase(
        depid=268, summary="S", details="", openedby="Jane", repid=3, status=Status.OPEN, date_opened=MOMENT,
        date_assigned=MOMENT, date_updated=MOMENT, contactid=7, contact_uuid="u-1", email="j@x.example", companyid=5,
        type="import", history=(note,), skipinfusionsoft=True, casetags=(4, 7),
    )  # fmt: skip

    fields = new.fields()

    assert json.loads(fields.pop("history")) == [
        {"type": "call", "title": "T", "note": "N", "date_added": "2026-03-01T12:30:15+00:00"}
    ]
    assert fields == {
        "depid": "268", "summary": "S", "details": "", "openedby": "Jane", "repid": "3", "status": "open",
        "date_opened": "2026-03-01T12:30:15+00:00", "date_assigned": "2026-03-01T12:30:15+00:00",
        "date_updated": "2026-03-01T12:30:15+00:00", "contactid": "7", "contactUuid": "u-1", "email": "j@x.example",
        "companyid": "5", "type": "import", "skipinfusionsoft": "true", "casetags": "4,7",
    }  # fmt: skip


def test_what_is_empty_is_not_written() -> None:
    new = NewCase(depid=268, summary="S", details="D", openedby="Jane")

    assert new.fields() == {"depid": "268", "summary": "S", "details": "D", "openedby": "Jane"}


def test_a_history_is_written_as_a_json_array_of_notes_and_emails() -> None:
    email = NewEmail(to="a@x.example", from_="b@x.example", subject="Hi 🙂", body="half \ud83d", repid=3, date_sent=MOMENT)

    written = history_json([email, NewNote(title="T", note="")])

    assert json.loads(written) == [
        {"type": "email", "to": "a@x.example", "from": "b@x.example", "subject": "Hi 🙂", "body": "half ?", "repid": 3,
         "date_sent": "2026-03-01T12:30:15+00:00"},
        {"type": "note", "title": "T", "note": ""},
    ]  # fmt: skip


def test_a_search_is_written_with_every_filter_in_fusedesks_form() -> None:
    day, later = date(2026, 1, 2), date(2026, 2, 3)
    search = CaseSearch(
        email="j@x.example", contactid=1, companyid=2, repid=3, depid=4, casetag=5, status="active",
        date_opened=DateFilter(on=day), date_assigned=DateFilter(before=day), date_firstresponse=DateFilter(after=day),
        date_updated=DateFilter(after=day, before=later), date_closed=DateFilter(on=later), limit=500, offset=0,
        orderby="caseid desc", subject="fire", from_="x@x.example", created_by_rep=6, contact_uuid="u-1",
    )  # fmt: skip

    assert search.fields() == {
        "email": "j@x.example", "contactid": "1", "companyid": "2", "repid": "3", "depid": "4", "casetag": "5",
        "status": "active", "date_opened": "2026-01-02", "date_assigned": '{"before":"2026-01-02"}',
        "date_firstresponse": '{"after":"2026-01-02"}', "date_updated": '{"before":"2026-02-03","after":"2026-01-02"}',
        "date_closed": "2026-02-03", "limit": "500", "offset": "0", "orderby": "caseid desc", "subject": "fire",
        "from": "x@x.example", "createdByRep": "6", "contactUuid": "u-1",
    }  # fmt: skip


@pytest.mark.parametrize("bad", [{"limit": 501}, {"limit": 0}, {"offset": -1}, {"status": "lost"}, {"colour": "red"}])
def test_what_fusedesk_does_not_know_cannot_be_asked(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CaseSearch(**bad)
