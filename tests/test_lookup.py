"""Reps within departments, and what a case may be transferred to."""

from __future__ import annotations

import pytest

from bot.errors import NoSuchName, SeveralNames
from bot.fusedesk.models import Department, Rep
from bot.lookup import find_rep, find_target, listing
from bot.names import Departments, Reps, picture_departments, picture_reps


def rep(id: int, first: str, last: str, email: str = "", active: bool = True) -> Rep:
    return Rep(userid=id, firstname=first, lastname=last, email=email, active=active)


def department(id: int, name: str, *repids: int) -> Department:
    return Department(departmentid=id, name=name, repids=repids)


TEAM = picture_reps(
    [
        rep(1, "Jane", "Doe", "jane.doe@example.com"),
        rep(2, "José", "Núñez", "jn@example.com"),
        rep(3, "Mary Ann", "O'Brien", "mary@example.com"),
        rep(4, "Janet", "Smith", "smith@example.com"),
        rep(5, "Bob", "Sales", "bob@example.com"),
        rep(6, "Jane", "Roe", "jr@example.com"),
        rep(7, "Gone", "Away", "gone@example.com", active=False),
    ]
)
DESK = picture_departments(
    [
        department(268, "Support", 1, 2),
        department(270, "Support EU", 3),
        department(12, "Billing", 1, 4),
        department(99, "Sales/EU", 5),
    ]
)


def target(typed: str, departments: Departments = DESK, reps: Reps = TEAM) -> tuple[str, str]:
    """The names of what was found, "" for neither."""
    found, who = find_target(departments.names, reps.names, departments.teams, typed)
    return found.name if found else "", who.name if who else ""


# A rep of a department


def in_team(typed: str, id: int = 12) -> Rep:
    return find_rep(TEAM.names, typed, DESK.teams[id])


def test_within_a_department_a_name_means_whoever_is_in_it() -> None:
    assert in_team("jane").userid == 1
    assert in_team("smi").userid == 4
    assert in_team("janet smth").userid == 4


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("bob sales", "Bob Sales is not in Billing; there: Jane Doe and Janet Smith."),
        ("jane roe", "Jane Roe is not in Billing; there: Jane Doe and Janet Smith."),
        ("bo", "Bob Sales is not in Billing; there: Jane Doe and Janet Smith."),
    ],
)
def test_a_rep_outside_the_department_is_refused_with_those_inside(typed: str, says: str) -> None:
    with pytest.raises(NoSuchName) as refusal:
        in_team(typed)

    assert refusal.value.says == says
    assert refusal.value.names == ("Jane Doe", "Janet Smith")
    assert refusal.value.kind == "rep"


def test_a_first_name_outside_is_not_taken_for_the_beginning_of_one_inside() -> None:
    reps = picture_reps([rep(1, "Jan", "Doe"), rep(2, "Janette", "Roe")])
    desk = picture_departments([department(5, "Billing", 2)])
    with pytest.raises(NoSuchName) as refusal:
        find_rep(reps.names, "jan", desk.teams[5])

    assert refusal.value.says == "Jan Doe is not in Billing; there: Janette Roe."


def test_the_words_fit_many_outside_many_inside_and_nobody_inside() -> None:
    reps = picture_reps(
        [rep(id, "Kim", f"Outside{id}") for id in range(1, 6)] + [rep(id, f"In{id}", "Side") for id in range(10, 30)]
    )
    desk = picture_departments([department(1, "Full", *range(10, 30)), department(2, "Empty"), department(3, "Pair", 10, 11)])
    says = []
    for typed, id in (("kim", 1), ("in10", 2), ("kim", 3), ("kimm", 3)):
        with pytest.raises(NoSuchName) as refusal:
            find_rep(reps.names, typed, desk.teams[id])
        says.append(refusal.value.says)

    assert says[0].startswith('Nobody named "kim" is in Full; there, among 20 reps: In10 Side, In11 Side,')
    assert says[1] == "In10 Side is not in Empty, and nobody else is."
    assert says[2] == 'Nobody named "kim" is in Pair; there: In10 Side and In11 Side.'
    assert says[3] == 'There is no rep "kimm" in Pair. The nearest are In10 Side and In11 Side.'


def test_where_fusedesk_does_not_tell_who_is_where_nobody_is_refused() -> None:
    desk = picture_departments([department(1, "Support"), department(2, "Billing")])

    assert find_rep(TEAM.names, "bob", desk.teams[1]).userid == 5


# What a case may be transferred to


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("support", ("Support", "")),
        ("bil", ("Billing", "")),
        ("billng", ("Billing", "")),
        ("janet", ("", "Janet Smith")),
        ("janet smth", ("", "Janet Smith")),
        ("billing/jane", ("Billing", "Jane Doe")),
        ("Billing / Janet", ("Billing", "Janet Smith")),
        ("bil/smith", ("Billing", "Janet Smith")),
        ("billng/smith", ("Billing", "Janet Smith")),
        ("sales/eu", ("Sales/EU", "")),
        ("sales/e", ("Sales/EU", "")),
        ("salesEU", ("Sales/EU", "")),
        ("sales/eu/bob", ("Sales/EU", "Bob Sales")),
        ("billing/", ("Billing", "")),
        ("/janet", ("", "Janet Smith")),
        ("Billing (department)", ("Billing", "")),
        ("bob (rep)", ("", "Bob Sales")),
        ("268/1", ("Support", "Jane Doe")),
    ],
)
def test_a_target_is_a_department_a_rep_or_both(typed: str, found: tuple[str, str]) -> None:
    assert target(typed) == found


def test_a_target_that_fits_a_department_and_a_rep_offers_both_so_that_each_can_be_typed_back() -> None:
    desk = picture_departments([department(1, "Sales", 2), department(3, "Kim Lee"), department(4, "Salesforce")])
    reps = picture_reps([rep(2, "Sal", "Person"), rep(5, "Kim", "Lee")])
    offered = {}
    for typed in ("sal", "kim lee", "kim"):
        with pytest.raises(SeveralNames) as refusal:
            target(typed, desk, reps)
        assert refusal.value.kind == "target"
        offered[typed] = {name: target(name, desk, reps) for name in refusal.value.names}

    assert offered["kim"] == offered["kim lee"]
    assert offered["kim lee"] == {"Kim Lee (department)": ("Kim Lee", ""), "Kim Lee (rep)": ("", "Kim Lee")}
    with pytest.raises(SeveralNames) as refusal:
        target("Kim Leee", desk, reps)
    assert refusal.value.names == ("Kim Lee (department)", "Kim Lee (rep)")


def test_an_id_that_a_department_and_a_rep_share_is_asked_about() -> None:
    desk = picture_departments([department(1, "Sales"), department(2, "Care")])
    with pytest.raises(SeveralNames) as refusal:
        target("1", desk)

    assert refusal.value.names == ("Sales", "Jane Doe")


def test_a_slash_says_which_kind_is_meant_where_both_bear_the_name() -> None:
    desk, reps = picture_departments([department(1, "Kim")]), picture_reps([rep(5, "Kim", "")])

    assert target("kim/", desk, reps) == ("Kim", "")
    assert target("/kim", desk, reps) == ("", "Kim")


def test_a_name_that_reads_like_a_saying_of_its_kind_is_still_a_name() -> None:
    desk, reps = picture_departments([department(1, "Sales (rep)")]), picture_reps([rep(5, "Sales", "")])

    assert target("sales (rep)", desk, reps) == ("Sales (rep)", "")


@pytest.mark.parametrize(
    ("typed", "says", "names"),
    [
        (
            "billing/bob",
            "Bob Sales is not in Billing; there: Jane Doe and Janet Smith.",
            ("Billing/Jane Doe", "Billing/Janet Smith"),
        ),
        (
            "billng/bob",
            "Bob Sales is not in Billing; there: Jane Doe and Janet Smith.",
            ("Billing/Jane Doe", "Billing/Janet Smith"),
        ),
        (
            "bilin/jane",
            'There is no department "bilin". The nearest are Billing, Sales/EU and Support.',
            ("Billing/jane", "Sales/EU/jane", "Support/jane"),
        ),
        (
            "bilin",
            'There is no department or rep "bilin". The nearest are Billing, Mary Ann O\'Brien and Bob Sales.',
            ("Billing", "Mary Ann O'Brien", "Bob Sales"),
        ),
    ],
)
def test_a_target_that_is_not_there_is_refused_with_whole_targets_to_take_instead(
    typed: str, says: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(NoSuchName) as refusal:
        target(typed)

    assert refusal.value.says == says
    assert refusal.value.names == names
    assert (refusal.value.kind, refusal.value.typed) == ("target", typed)


def test_several_reps_of_the_department_before_the_slash_are_offered_as_whole_targets() -> None:
    desk = picture_departments([department(1, "Support", 1, 6)])
    with pytest.raises(SeveralNames) as refusal:
        target("sup/jane", desk)

    assert refusal.value.names == ("Support/Jane Doe", "Support/Jane Roe")
    assert [target(name, desk) for name in refusal.value.names] == [("Support", "Jane Doe"), ("Support", "Jane Roe")]


@pytest.mark.parametrize("typed", ["", "/", "//", "a/" * 20_000, "(rep)", "x" + " " * 40_000 + "y"])
def test_a_target_that_means_nothing_is_refused_in_words(typed: str) -> None:
    with pytest.raises((NoSuchName, SeveralNames)) as refusal:
        target(typed)

    assert 0 < len(refusal.value.says) < 300


def test_without_any_names_every_target_is_refused() -> None:
    with pytest.raises(NoSuchName) as refusal:
        target("billing/jane", picture_departments([]), picture_reps([]))

    assert refusal.value.says == 'There is no department or rep "billing/jane".'
    assert refusal.value.names == ()


def test_a_listing_reads_like_a_sentence() -> None:
    assert [listing(["A", "B", "C"][:count]) for count in range(4)] == ["", "A", "A and B", "A, B and C"]
