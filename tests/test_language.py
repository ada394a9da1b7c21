"""What people type after /case, and what it means or why it is refused."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from bot.errors import Misunderstood
from bot.fusedesk.models import DateFilter
from bot.language import VERBS, Verb, named, parse, render
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
    Show,
    Tag,
    Transfer,
    Untag,
)
from bot.verbs import verb_of

TODAY = date(2026, 11, 24)
CASE = CaseRef(caseid=1234)
NUMBERED = CaseRef(casenum="ABCD1234")
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def read(text: str) -> Operation:
    return parse(text, today=TODAY)


def refused(text: str) -> Misunderstood:
    with pytest.raises(Misunderstood) as caught:
        read(text)
    assert read(caught.value.example)
    return caught.value


def commands(refusal: Misunderstood) -> list[str]:
    return [choice.command for choice in refusal.choices]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Help()),
        ("   ", Help()),
        ("help", Help()),
        ("HELP  Transfer", Help(topic="transfer")),
        ("?", Help()),
        ("1234", Show(case=CASE)),
        ("#1234", Show(case=CASE)),
        ("0001234", Show(case=CASE)),
        ("abcd1234", Show(case=NUMBERED)),
        ("show #ABCD1234", Show(case=NUMBERED)),
        ("View case 1234", Show(case=CASE)),
        ("https://acme.fusedesk.com/app/#cases/view/ABCD1234", Show(case=NUMBERED)),
        ("<https://acme.fusedesk.com/app/#cases/view/1234>", Show(case=CASE)),
        ("<https://acme.fusedesk.com/app/#cases/view/AB12CD|the case>", Show(case=CaseRef(casenum="AB12CD"))),
        ("find 1234", Show(case=CASE)),
        ("/case 1234", Show(case=CASE)),
        ("jane@example.com", Find(email="jane@example.com")),
        ("<mailto:jane@example.com|jane@example.com>", Find(email="jane@example.com")),
        ("jane@example.com status:active", Find(email="jane@example.com", status="active")),
        ("status:active", Find(status="active")),
        ("<@U1|jane>", Find(rep="<@U1>")),
        ("mine", Mine()),
        ("mine NEW", Mine(status="new")),
        ("my status:closed", Mine(status="closed")),
        ("close 1234", Close(case=CASE)),
        ("reopen abcd1234", Reopen(case=NUMBERED)),
        ("refresh", Refresh()),
        ("link 1234 77", Link(case=CASE, contactid=77)),
        ("link 1234 to contact #77", Link(case=CASE, contactid=77)),
        (f"link 1234 {UUID.upper()}", Link(case=CASE, contact_uuid=UUID)),
        ("tag 1234 vip, hardware", Tag(case=CASE, tags=("vip", "hardware"))),
        ("tag 1234 vip hardware", Tag(case=CASE, tags=("vip hardware",))),
        ("tag 1234 “two words”, Vip,vip,,", Tag(case=CASE, tags=("two words", "Vip"))),
        ('tag 1234 "a, b", c', Tag(case=CASE, tags=("a, b", "c"))),
        ("untag 1234 vip", Untag(case=CASE, tags=("vip",))),
        ("transfer 1234 to billing", Transfer(case=CASE, to="billing")),
        ("transfer 1234 billing", Transfer(case=CASE, to="billing")),
        ("transfer 1234 to billing/jane", Transfer(case=CASE, to="billing/jane")),
        ("transfer 1234 to Tech   Support", Transfer(case=CASE, to="Tech Support")),
        ("transfer 1234 to “Tech Support”", Transfer(case=CASE, to="Tech Support")),
        ("transfer 1234 to to", Transfer(case=CASE, to="to")),
        ("transfer 1234 to <@U1|jane>", Transfer(case=CASE, to="<@U1>")),
        ("transfer 1234 to @jane", Transfer(case=CASE, to="jane")),
        ("TRANSFER\xa0 #1234  Me", Transfer(case=CASE, to="me")),
        ("assign 1234 to R&amp;D", Transfer(case=CASE, to="R&D")),
        ("close <https://acme.fusedesk.com/app/#cases/view/ABCD1234>", Close(case=NUMBERED)),
        (
            "close <http://acme.fusedesk.com/app/#cases/view/ABCD1234|acme.fusedesk.com/app/#cases/view/ABCD1234>",
            Close(case=NUMBERED),
        ),
        ("acme.fusedesk.com/app/#cases/view/1234", Show(case=CASE)),
        ("case #1234", Show(case=CASE)),
        ("find dept:‘customer success’", Find(dept="customer success")),
        ('find dept:"customer success”', Find(dept="customer success")),
        ("tag 1234 ‘a, b’, c", Tag(case=CASE, tags=("a, b", "c"))),
        (f"find contact:{UUID}", Find(contact_uuid=UUID)),
        (
            "open Printer dept: billing from: <mailto:jane@example.com|jane@example.com>",
            Open(summary="Printer", dept="billing", email="jane@example.com"),
        ),
        ("open Error type: timeout", Open(summary="Error type: timeout")),
        ("open \u200b dept:support", Open(dept="support")),
        (f"note 1234 {'x' * 251}\nbody", Note(case=CASE, title="", text=f"{'x' * 251}\nbody")),
    ],
)
def test_a_command_is_understood(text: str, meant: Operation) -> None:
    assert read(text) == meant
    assert read(render(meant)) == meant


def test_a_search_takes_every_filter_at_once() -> None:
    found = read(
        "find red <mailto:jane@example.com|jane@example.com> Status:Active dept:billing rep:<@U1|jane> tag:“two words” "
        "contact:77 company:#5 opened:&gt;2026-01-01 assigned:7d responded:yesterday updated:2026-01-01..2026-02-01 closed:today "
        'sort:closed limit:20 printer "on fire"'
    )

    assert found == Find(
        email="jane@example.com",
        words="red printer on fire",
        status="active",
        dept="billing",
        rep="<@U1>",
        tag="two words",
        contact=77,
        company=5,
        opened=DateFilter(after=date(2026, 1, 1)),
        assigned=DateFilter(after=date(2026, 11, 16)),
        responded=DateFilter(on=date(2026, 11, 23)),
        updated=DateFilter(after=date(2025, 12, 31), before=date(2026, 2, 2)),
        closed=DateFilter(on=TODAY),
        sort="date_resolved",
        limit=20,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-01-01", DateFilter(on=date(2026, 1, 1))),
        ("TODAY", DateFilter(on=TODAY)),
        ("2w", DateFilter(after=date(2026, 11, 9))),
        ("&lt;2026-02-01", DateFilter(before=date(2026, 2, 1))),
        ("&gt;=2026-01-01", DateFilter(after=date(2025, 12, 31))),
        ("&lt;=2026-01-31", DateFilter(before=date(2026, 2, 1))),
        ("&gt; yesterday", DateFilter(after=date(2026, 11, 23))),
        ("2026-01-01..", DateFilter(after=date(2025, 12, 31))),
        ("..2026-01-31", DateFilter(before=date(2026, 2, 1))),
        ("2w..yesterday", DateFilter(after=date(2026, 11, 9), before=TODAY)),
        ("2026-01-01…2026-01-01", DateFilter(after=date(2025, 12, 31), before=date(2026, 1, 2))),
    ],
)
def test_a_date_has_many_forms(typed: str, meant: DateFilter) -> None:
    found = read(f"find opened:{typed}")

    assert found == Find(opened=meant)
    assert read(render(found)) == found


@pytest.mark.parametrize(
    "typed",
    [
        "2026-02-30",
        "soon",
        "..",
        "&gt;",
        "&gt;9999-12-31",
        "&lt;0001-01-01",
        "0001-01-01..",
        "..9999-12-31",
        "99999w",
        "۲۰۲۶-۰۱-۰۱",
    ],
)
def test_a_malformed_date_is_refused_with_words(typed: str) -> None:
    assert "I read find, but not opened:" in refused(f"find opened:{typed}").says


@pytest.mark.parametrize("typed", ["yesterday", "1w", "1d..", "&gt;=today"])
def test_a_date_before_the_calendar_begins_is_refused(typed: str) -> None:
    with pytest.raises(Misunderstood, match="calendar"):
        parse(f"find opened:{typed}", today=date.min)


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        ("opened:yesteday", "find opened:yesterday"),
        ("opened:2026-02-01..2026-01-01", "find opened:2026-01-01..2026-02-01"),
        ("status:actve", "find status:active"),
        ("sort:opend", "find sort:opened"),
        ("limit:501", "find limit:500"),
        ("statsu:active", "find status:active"),
        ("dpet:billing reps:jane", "find dept:billing rep:jane"),
        ("tag:vip,hardware", "find tag:vip"),
    ],
)
def test_a_slip_in_a_search_is_offered_mended(typed: str, mended: str) -> None:
    assert mended in [command.replace('"', "") for command in commands(refused(f"find {typed}"))]


def test_contradicting_values_are_refused_with_each_of_them_as_a_way_out() -> None:
    refusal = refused("find status:new status:open dept:billing")

    assert "contradict" in refusal.says
    assert commands(refusal) == ["find status:new dept:billing", "find status:open dept:billing"]
    assert read("find status:new STATUS:new") == Find(status="new")


@pytest.mark.parametrize(
    "address",
    ["jane@", "jane@@example.com", "jane@example", "ja ne@exa mple", "jane@" + "x" * 300 + ".com", "jane@exa..mple.com"],
)
@pytest.mark.parametrize("command", ["find {}", "find email:{}", "open Printer from:{}"])
def test_a_malformed_email_is_refused_with_words(command: str, address: str) -> None:
    assert "email" in refused(command.format(address.replace(" ", ""))).says.lower()


@pytest.mark.parametrize(
    "address", ["jane@example.com", "o'hara+x@mail.example.co.uk", "jane@shop.test", "jane@x.invalid", "jö@bücher.de"]
)
def test_an_email_of_any_sound_form_is_taken(address: str) -> None:
    assert read(f"find {address}") == Find(email=address)
    assert read(f"open Printer from:<mailto:{address}|{address}>") == Open(summary="Printer", email=address)


@pytest.mark.parametrize("typed", ["find", "find   ", 'find ""'])
def test_a_search_for_nothing_says_what_can_be_searched(typed: str) -> None:
    refusal = refused(typed)

    assert "email" in refusal.says.lower()
    assert "status:" in refusal.says
    assert commands(refusal) == ["mine", "find status:active"]


def test_a_search_of_all_cases_can_be_asked_for_and_is_the_empty_search() -> None:
    assert read("find status:all") == Find() == read(render(Find()))
    assert read("find status:all dept:billing") == Find(status="all", dept="billing")


@pytest.mark.parametrize("words", ["word " * 400, "word " * 4000, "🔥" * 800])
def test_a_search_too_long_for_a_button_is_refused(words: str) -> None:
    assert "too long" in refused(f"find {words}").says


@pytest.mark.parametrize(("text", "key"), [("status:", "status"), ("rep:@", "rep"), ('dept:""', "dept"), ("Error:404", "Error")])
def test_a_key_without_value_or_meaning_is_refused_by_name(text: str, key: str) -> None:
    assert key in refused(f"find {text}").says


@pytest.mark.parametrize("text", ["12:30 meeting", "https://example.com/x y", "a: b", "Error: again"])
def test_a_colon_alone_makes_no_key(text: str) -> None:
    assert read(f"find {text}") == Find(words=text)


def test_words_that_look_like_a_key_can_be_searched_in_quotes() -> None:
    assert commands(refused("find Error:404 again")) == ['find "Error:404 again"']
    assert read('find "Error:404 again"') == Find(words="Error:404 again")
    assert read('find "1234"') == Find(words="1234")
    assert read("find Error: again @ noon") == Find(words="Error: again @ noon")


def test_a_whole_case_is_opened_from_one_line_and_more() -> None:
    opened = read(
        "open Printer <@U2|bob> dept:“tech support” on fire rep:jane from:<mailto:jane@example.com|jane@example.com> "
        f"tag:vip,'x', two tag:vip contact:77 contact:{UUID} company:5 status:open type:call opened:2026-01-01 "
        "assigned:yesterday updated:today skipcrm:yes\n"
        "  It <@U1|burns> &amp;amp; smokes: dept:nowhere\n\nsee <https://example.com/a|https://example.com/a>"
    )

    assert opened == Open(
        summary="Printer @bob on fire",
        details="It @burns &amp; smokes: dept:nowhere\n\nsee https://example.com/a",
        dept="tech support",
        rep="jane",
        email="jane@example.com",
        tags=("vip", "'x'", "two"),
        contact=77,
        contact_uuid=UUID,
        company=5,
        status="open",
        type="call",
        opened=date(2026, 1, 1),
        assigned=date(2026, 11, 23),
        updated=TODAY,
        skipcrm=True,
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("open", Open()),
        ("NEW", Open()),
        ("create Printer", Open(summary="Printer")),
        ("open\nOnly details", Open(details="Only details")),
        ("open Error: printer", Open(summary="Error: printer")),
        ("open Meeting at 12:30", Open(summary="Meeting at 12:30")),
        ("open See <http://example.com:80/x>", Open(summary="See http://example.com:80/x")),
        ("open See <http://example.com|example.com>", Open(summary="See example.com")),
        ("open See <http://example.com|our page>", Open(summary="See our page (http://example.com)")),
        ("open Tell <!here> and <!subteam^S1|@ops> in <#C1|ops>", Open(summary="Tell @here and @ops in #ops")),
        ("open Tell <#C1> on <!date^1^{date}>", Open(summary="Tell <#C1> on <!date^1^{date}>")),
        ("open form:5 typo:x update:done contract:12", Open(summary="form:5 typo:x update:done contract:12")),
        ("open Problem with contact: unknown", Open(summary="Problem with contact: unknown")),
        ("open Wrong status:", Open(summary="Wrong status:")),
        ('open 5" disk and 3" disk', Open(summary='5" disk and 3" disk')),
        ('open The "big" printer', Open(summary='The "big" printer')),
        ('open "The dept:big printer"', Open(summary="The dept:big printer")),
        ("open «The dept:big printer»", Open(summary="The dept:big printer")),
        ('open "never closed', Open(summary='"never closed')),
        ("open Broken dept:r&amp;d", Open(summary="Broken", dept="r&d")),
        ("open x tag:a.com", Open(summary="x", tags=("a.com",))),
        ("open x <http://tag:a.com|tag:a.com>", Open(summary="x", tags=("a.com",))),
        ("open x from:Jane", Open(summary="x", openedby="Jane")),
        ("open x from:<@U1|jane>", Open(summary="x", openedby="<@U1>")),
        ("open x from:@jane", Open(summary="x", openedby="@jane")),
        ('open x openedby:"jane @ acme"', Open(summary="x", openedby="jane @ acme")),
        ("open x from:jane@example.com from:Jane", Open(summary="x", email="jane@example.com", openedby="Jane")),
        ("open x skipcrm:no rep:me", Open(summary="x", rep="me")),
        ("open Windows11", Open(summary="Windows11")),
        ("open 1234 again", Open(summary="1234 again")),
    ],
)
def test_a_summary_is_taken_as_it_was_meant(text: str, meant: Open) -> None:
    assert read(text) == meant
    assert read(render(meant)) == meant


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        ("x dpet:support", ["open x dept:support", 'open "x dpet:support"']),
        ("x type:laser", []),
        ("x type:cal", ["open x type:call"]),
        ("x dept:a dept:b", ["open x dept:a", "open x dept:b"]),
        ("x dpet:a\nmore", ["open x dept:a\nmore", 'open "x dpet:a"\nmore']),
        ("x contact:jane", []),
        ("x opened:7", []),
        ("x skipcrm:maybe", []),
        ("x tag:,", []),
        ("1234", ["show 1234", "reopen 1234", 'open "1234"']),
        ("#1234", ["show 1234", "reopen 1234", 'open "#1234"']),
    ],
)
def test_a_slip_in_opening_is_refused_with_ways_out(typed: str, ways: list[str]) -> None:
    assert commands(refused(f"open {typed}")) == ways


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("1234 all is well", "all is well", "all is well"),
        ("#1234: all is well", "all is well", "all is well"),
        ("case 1234 all is well", "all is well", "all is well"),
        ("1234 The title\nand <@U1|jane>\n  dept:x &lt;b&gt;", "The title", "and @jane\n  dept:x <b>"),
        ("1234\nThe title\nand more", "The title", "and more"),
        ("1234 " + "word " * 40, "word " * 15 + "word…", ("word " * 40).strip()),
        ("1234 " + "x" * 100, "x" * 80 + "…", "x" * 100),
        ('1234 "quoted" status:closed', '"quoted" status:closed', '"quoted" status:closed'),
    ],
)
@pytest.mark.parametrize(("verb", "model"), [("note", Note), ("call", Call)])
def test_an_entry_keeps_its_text_and_gets_a_title(verb: str, model: type[Note | Call], text: str, title: str, body: str) -> None:
    entry = read(f"{verb} {text}")

    assert isinstance(entry, model)
    assert entry == model(case=CASE, title=title, text=body) == read(render(entry))


@pytest.mark.parametrize(
    ("text", "missing", "ways"),
    [
        ("close", "case", []),
        ("note", "case", []),
        ("note 1234", "text", []),
        ("call 1234\n \n", "text", []),
        ("tag 1234", "tags", []),
        ("untag 1234 , ,", "tags", []),
        ("transfer 1234", "department or rep", []),
        ("transfer 1234 to", "department or rep", []),
        ("transfer 1234 @", "department or rep", []),
        ("link 1234", "UUID", []),
        ("link 1234 seventy seven", "UUID", ["find seventy seven"]),
        ("link 1234 jane@example.com", "UUID", ["find jane@example.com"]),
        ("close 0", "case number", ["open close 0", "find close 0"]),
        ("show " + "9" * 5000, "case number", None),
        ("note the printer broke", "case number", ["open note the printer broke", "find note the printer broke"]),
        ("close 1234 it is done", "it is done", ["close 1234", "note 1234 it is done"]),
        ("refresh now", "now", ["refresh"]),
        ("mine nwe", "nwe", ["mine new", "mine"]),
        ("mine whatever", "whatever", ["mine"]),
        ("1234 close", "#1234", ["close 1234", "show 1234", "note 1234 close", "open 1234 close"]),
        ("1234 it broke", "#1234", ["show 1234", "note 1234 it broke", "open 1234 it broke"]),
    ],
)
def test_an_incomplete_command_says_what_is_missing(text: str, missing: str, ways: list[str] | None) -> None:
    refusal = refused(text)

    assert missing in refusal.says
    assert ways is None or commands(refusal) == ways


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("trasnfer 1234 to billing", ["transfer 1234 to billing", "help transfer"]),
        ("clsoe #1234", ["close #1234", "help close"]),
        ("notes 1234 hello", ["note 1234 hello", "help note"]),
        ("trasnfer 1234", ["help transfer"]),
        ("hlep", ["help", "help help", "open hlep", "find hlep"]),
        ("printer is broken", ["open printer is broken", "find printer is broken"]),
        ("Fine, thanks: a@b\nmore", ['open "Fine, thanks: a@b"\nmore', 'find "Fine, thanks: a@b more"']),
        ("the printer dpet:x", ['open "the printer dpet:x"', 'find "the printer dpet:x"']),
    ],
)
def test_what_is_no_verb_is_offered_as_what_it_may_mean(text: str, ways: list[str]) -> None:
    refusal = refused(text)

    assert refusal.says
    assert commands(refusal) == ways


def test_halves_of_characters_do_no_harm() -> None:
    assert read("note 1234 half \ud83d") == Note(case=CASE, text="half \ufffd")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_example_of_every_verb_works_and_every_alias_means_it(verb: Verb) -> None:
    assert read(verb.example).verb == verb.name
    assert verb.purpose
    assert verb.usage.startswith(verb.name)
    assert all(verb_of(alias.upper()) == verb for alias in verb.aliases)


@pytest.mark.parametrize(
    ("op", "kind", "typed", "mended"),
    [
        (Find(dept="bilings", words="x"), "department", "bilings", Find(dept="Billing", words="x")),
        (Find(rep="bilings"), "rep", "bilings", Find(rep="Billing")),
        (Find(tag="bilings"), "tag", "bilings", Find(tag="Billing")),
        (Open(dept="bilings", details="d"), "department", "bilings", Open(dept="Billing", details="d")),
        (Open(rep="bilings"), "rep", "bilings", Open(rep="Billing")),
        (Open(tags=("vip", "bilings")), "tag", "Bilings", Open(tags=("vip", "Billing"))),
        (Tag(case=CASE, tags=("bilings", "x")), "tag", "bilings", Tag(case=CASE, tags=("Billing", "x"))),
        (Untag(case=CASE, tags=("bilings",)), "tag", "bilings", Untag(case=CASE, tags=("Billing",))),
        (Transfer(case=CASE, to="bilings"), "target", "bilings", Transfer(case=CASE, to="Billing")),
        (Transfer(case=CASE, to="bilings/jane"), "department", "bilings", Transfer(case=CASE, to="Billing/jane")),
        (Transfer(case=CASE, to="support / bilings"), "rep", "bilings", Transfer(case=CASE, to="support/Billing")),
        (Transfer(case=CASE, to="a/b"), "target", "a/b", Transfer(case=CASE, to="Billing")),
        (Close(case=CASE), "tag", "bilings", Close(case=CASE)),
    ],
)
def test_a_mistyped_name_is_replaced_and_nothing_else(op: Operation, kind: str, typed: str, mended: Operation) -> None:
    assert named(op, kind, typed, "Billing") == mended


def test_a_case_given_twice_is_meant_by_its_id() -> None:
    assert CaseRef(caseid=7, casenum="anything") == CaseRef(caseid=7)
    assert (CASE.key, str(CASE)) == (1234, "#1234")
    assert (NUMBERED.key, str(NUMBERED)) == ("ABCD1234", "ABCD1234")


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (CaseRef, {}),
        (CaseRef, {"casenum": "no number"}),
        (Link, {"case": CASE}),
        (Link, {"case": CASE, "contactid": 1, "contact_uuid": UUID}),
        (Find, {"opened": DateFilter()}),
        (Find, {"opened": DateFilter(on=TODAY, after=TODAY)}),
        (Find, {"opened": DateFilter(after=TODAY, before=TODAY)}),
        (Find, {"opened": DateFilter(after=date.max)}),
        (Note, {"case": CASE, "text": " "}),
        (Tag, {"case": CASE, "tags": (" ",)}),
    ],
)
def test_an_operation_that_means_nothing_cannot_be_made(model: type, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model(**fields)
