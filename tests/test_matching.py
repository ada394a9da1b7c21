"""Names as people type them: whole, in part, and mistyped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NoSuchName, SeveralNames
from bot.fusedesk.models import Department, Rep, Tag
from bot.lookup import find, find_rep
from bot.matching import Entry, Index, Named, clear_hit, normalise
from bot.names import picture_departments, picture_reps, picture_tags


def index(*names: str) -> Index[str]:
    """Names with the ids 1, 2, 3 …"""
    return Index(Named(id, name, name) for id, name in enumerate(names, 1))


def rep(id: int, first: str, last: str, email: str = "", active: bool = True) -> Rep:
    return Rep(userid=id, firstname=first, lastname=last, email=email, active=active)


def department(id: int, name: str, *repids: int) -> Department:
    return Department(departmentid=id, name=name, repids=repids)


def labels(entries: list[Entry[str]]) -> list[str]:
    return [entry.label for entry in entries]


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


# Whole names


@pytest.mark.parametrize(
    "typed", ["Support", "support", "  SUPPORT ", "súppórt", "support.", "“Support”", "268", "#268", "# 268", "Ｓｕｐｐｏｒｔ"]
)
def test_a_whole_name_or_id_is_found_in_any_spelling_even_where_it_begins_another_name(typed: str) -> None:
    assert find("department", DESK.names, typed).departmentid == 268


@pytest.mark.parametrize(
    ("typed", "id"),
    [
        ("Jane Doe", 1),
        ("doe, jane", 1),
        ("DOE JANE", 1),
        ("jane d", 1),
        ("jane d.", 1),
        ("j doe", 1),
        ("doe", 1),
        ("jane.doe", 1),
        ("Jane.Doe@Example.com", 1),
        ("@doe", 1),
        ("jose", 2),
        ("nunez", 2),
        ("José Núñez", 2),
        ("jn", 2),
        ("OBrien", 3),
        ("o’brien", 3),
        ("mary ann", 3),
        ("ann", 3),
        ("janet", 4),
        ("6", 6),
        ("jr@example.com", 6),
    ],
)
def test_a_rep_is_found_by_any_of_their_names(typed: str, id: int) -> None:
    assert find_rep(TEAM.names, typed).userid == id


def test_a_name_of_digits_comes_before_an_id_and_a_hash_means_the_id() -> None:
    tags = picture_tags([Tag(id=5, tagname="7"), Tag(id=7, tagname="VIP"), Tag(id=8, tagname="2024 renewals")])

    assert find("tag", tags, "7").id == 5
    assert find("tag", tags, "#7").id == 7
    assert find("tag", tags, "8").id == 8
    assert find("tag", tags, "2024").id == 8


def test_punctuation_counts_where_it_is_all_that_tells_names_apart() -> None:
    languages = index("C", "C++", "C#", "R&D", "!!!")

    assert find("tag", languages, "c++") == "C++"
    assert find("tag", languages, "C#") == "C#"
    assert find("tag", languages, "c") == "C"
    assert find("tag", languages, "rd") == "R&D"
    assert find("tag", languages, "!!!") == "!!!"


def test_names_in_other_scripts_are_found_as_they_are_and_as_they_sound() -> None:
    names = index("Поддержка", "北京", "🔥")

    assert find("tag", names, "поддержка") == "Поддержка"
    assert find("tag", names, "beijing") == "北京"
    assert find("tag", names, "🔥") == "🔥"
    assert find("tag", names, "fire") == "🔥"


# The same name twice


def test_reps_of_the_same_name_are_offered_so_that_each_can_be_typed_back() -> None:
    twins = picture_reps(
        [rep(12, "Jane", "Doe", "a@example.com"), rep(13, "jane", "doe", "b@example.com"), rep(14, "Jane", "Doe")]
    )
    with pytest.raises(SeveralNames) as refusal:
        find_rep(twins.names, "jane doe")
    found = [find_rep(twins.names, name).userid for name in refusal.value.names]

    assert refusal.value.names == ("Jane Doe (a@example.com)", "jane doe (b@example.com)", "Jane Doe (id 14)")
    assert found == [12, 13, 14]
    assert [find_rep(twins.names, typed).userid for typed in ("#12", "13", "b@example.com")] == [12, 13, 13]


def test_where_even_the_email_is_shared_the_id_tells_reps_apart() -> None:
    twins = picture_reps([rep(12, "Jane", "Doe", "desk@example.com"), rep(13, "Jane", "Doe", "desk@example.com")])
    with pytest.raises(SeveralNames) as refusal:
        find_rep(twins.names, "desk@example.com")

    assert refusal.value.names == ("Jane Doe (id 12)", "Jane Doe (id 13)")
    assert refusal.value.says == '"desk@example.com" fits Jane Doe (id 12) and Jane Doe (id 13). Which one do you mean?'


def test_departments_and_tags_of_the_same_name_are_told_apart_by_id() -> None:
    twins = picture_departments(
        [department(1, "Support"), department(2, "support"), department(3, "x" * 400), department(4, "x" * 400)]
    )
    for typed in ("SUPPORT", "x" * 400):
        with pytest.raises(SeveralNames) as refusal:
            find("department", twins.names, typed)
        found = [find("department", twins.names, name).departmentid for name in refusal.value.names]

        assert found in ([1, 2], [3, 4])


# Parts of names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("bil", "Billing"),
        ("eu", "Support EU"),
        ("hard", "Hardware"),
        ("ware", "Ware House"),
        ("s e", "Support EU"),
        ("sup", "Support EU"),
    ],
)
def test_the_only_name_with_a_word_or_a_beginning_is_taken(typed: str, name: str) -> None:
    assert find("tag", index("Billing", "Hardware", "Support EU", "Ware House", "Old Supplies"), typed) == name


def test_a_part_of_several_names_offers_them() -> None:
    with pytest.raises(SeveralNames) as refusal:
        find("department", DESK.names, "supp")

    assert refusal.value.names == ("Support", "Support EU")
    assert refusal.value.says == '"supp" fits Support and Support EU. Which one do you mean?'
    assert refusal.value.field == "department"


def test_of_very_many_names_ten_are_offered() -> None:
    with pytest.raises(SeveralNames) as refusal:
        find("tag", index(*(f"team {number:02}" for number in range(40))), "team")

    assert refusal.value.names == tuple(f"team {number:02}" for number in range(10))
    assert refusal.value.says.startswith('"team" fits 40 names, among them team 00, team 01,')
    assert refusal.value.field == "tags"


# Mistyped names


@pytest.mark.parametrize(
    ("typed", "name"), [("billng", "Billing"), ("bbilling", "Billing"), ("suport", "Support"), ("custmer care", "Customer Care")]
)
def test_a_slip_is_taken_for_the_name_it_clearly_means(typed: str, name: str) -> None:
    assert find("tag", index("Billing", "Support", "Support EU", "Customer Care"), typed) == name


@pytest.mark.parametrize(
    ("typed", "names"), [("marketin9", ["Marketing"]), ("release 2025", ["Release 2024"]), ("markting", ["Marketing", "Marking"])]
)
def test_another_number_or_a_close_rival_is_never_guessed(typed: str, names: list[str]) -> None:
    with pytest.raises(NoSuchName) as refusal:
        find("tag", index(*names), typed)

    assert list(refusal.value.names) == names


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], 'There is no department "bilin".'),
        (["Billing"], 'There is no department "bilin". The nearest is Billing.'),
        (["Billing", "Sales"], 'There is no department "bilin". The nearest are Billing and Sales.'),
        (["Sales", "Billing", "Mailing", "XYZ"], 'There is no department "bilin". The nearest are Billing, Mailing and Sales.'),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_the_nearest_three(names: list[str], says: str) -> None:
    with pytest.raises(NoSuchName) as refusal:
        find("department", index(*names), "bilin")

    assert refusal.value.says == says
    assert refusal.value.kind == "department"
    assert refusal.value.typed == "bilin"


@pytest.mark.parametrize(
    ("names", "says"), [([], "No tag is named."), (["VIP", "Hardware"], "No tag is named. There is, for example, Hardware.")]
)
def test_nothing_typed_is_refused_in_words(names: list[str], says: str) -> None:
    with pytest.raises(NoSuchName) as refusal:
        find("tag", index(*names), "  ")

    assert refusal.value.says == says


def test_a_pasted_page_is_refused_with_its_first_words() -> None:
    with pytest.raises(NoSuchName) as refusal:
        find("department", DESK.names, "lorem ipsum " * 4000)

    assert len(refusal.value.says) < 200


def test_one_word_of_a_name_mistyped_is_offered_not_taken() -> None:
    with pytest.raises(NoSuchName) as refusal:
        find_rep(TEAM.names, "nunnez")

    assert refusal.value.names[0] == "José Núñez"


# While somebody types


def test_suggestions_come_as_beginnings_then_words_then_anything_inside() -> None:
    names = index("Transport", "EU Portal", "Portal", "Report", "Port", "Airport Port")

    assert labels(names.suggest("port", 100)) == ["Port", "Portal", "Airport Port", "EU Portal", "Report", "Transport"]
    assert labels(names.suggest("port", 2)) == ["Port", "Portal"]


def test_nothing_typed_suggests_the_first_by_name() -> None:
    assert labels(index("b", "C", "ä", "d").suggest(" ", 3)) == ["ä", "b", "C"]


def test_what_looks_alike_is_suggested_where_nothing_holds_what_was_typed() -> None:
    assert labels(index("Billing", "Sales").suggest("biling", 100)) == ["Billing"]
    assert index("Billing", "Sales").suggest("qqqq", 100) == []


def test_names_that_show_what_was_typed_come_first_since_slack_shows_no_others() -> None:
    assert labels(index("Élan", "Elan vital", "Eland").suggest("élan", 100)) == ["Élan", "Elan vital", "Eland"]
    assert labels(index("Élan", "Elan vital", "Eland").suggest("elan", 100)) == ["Elan vital", "Eland", "Élan"]


def test_reps_are_suggested_by_email_and_within_their_department_only() -> None:
    names = TEAM.names

    assert [who.id for who in names.suggest("jr@example.com", 10)] == [6]
    assert [who.id for who in names.suggest("jan", 10, frozenset({4, 6}))] == [6, 4]
    assert [who.id for who in names.suggest("smoth", 10, frozenset({4, 6}))] == [4]
    assert [who.id for who in names.suggest("", 10, frozenset({4, 6, 7}))] == [6, 4]
    assert names.suggest("gone", 10) == []


# Always


words = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)
many_names = st.lists(st.text(max_size=20).map(str.strip).filter(bool), min_size=1, max_size=12)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=12))
def test_every_rep_is_found_by_the_name_they_are_offered_with(people: list[tuple[str, str]]) -> None:
    names = picture_reps([rep(id, first, last) for id, (first, last) in enumerate(people, 101)]).names

    assert [find_rep(names, entry.label).userid for entry in names.entries] == [entry.id for entry in names.entries]


@given(many_names)
def test_every_name_of_its_own_leads_to_its_thing(given_names: list[str]) -> None:
    folded = [" ".join(name.casefold().split()) for name in given_names]
    names = index(*given_names)
    for name, form in zip(given_names, folded, strict=True):
        if form and folded.count(form) == 1 and not form.startswith("#") and " (id " not in form:
            assert find("tag", names, name) == name


@given(many_names, st.text())
def test_any_text_is_found_or_refused_with_names_that_exist(given_names: list[str], typed: str) -> None:
    names = index(*given_names)
    try:
        found, size = [find("tag", names, typed)], range(1, 2)
    except NoSuchName as refusal:
        found, size = list(refusal.names), range(min(3, len(names.entries)), 4)
    except SeveralNames as refusal:
        found, size = list(refusal.names), range(2, 11)

    assert len(found) in size
    assert set(found) <= {*given_names, *(entry.label for entry in names.entries)}


@given(many_names, st.text(max_size=5), st.frozensets(st.integers(1, 12)))
def test_suggestions_are_different_things_from_inside(given_names: list[str], typed: str, inside: frozenset[int]) -> None:
    names = Index(Named(id, name, id) for id, name in enumerate(given_names, 1))
    found = [entry.id for entry in names.suggest(typed, 5, inside)]

    assert len(set(found)) == len(found) <= 5
    assert set(found) <= inside


@given(st.text(max_size=30))
def test_a_clear_hit_has_the_digits_that_were_typed(typed: str) -> None:
    names = index("Release 2024", "Level 1", "Support")
    hit = clear_hit(typed, names.alike(typed))

    assert hit is None or [sign for sign in normalise(typed) if sign.isdigit()] == [sign for sign in hit.normal if sign.isdigit()]
