"""The cards: what a person sees of a case, a list, the Home, help and refusals, and that no text whatever can break them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.case import ADD, CLOSE, FUSEDESK, MORE, NOTE, REOPEN, SHARE, TAGS, TAKE, TRANSFER, Seen, case_card, history_card
from bot.cards.home import HOME_FIND, HOME_NEW, HOME_REFRESH, home
from bot.cards.lists import PAGE, SHOW, case_list
from bot.cards.message import Message
from bot.cards.text import TEXT_LIMIT, as_typed, date, is_blank, length, moment_words
from bot.cards.words import (
    OPEN,
    RUN,
    acted,
    asking,
    done,
    help_card,
    imported,
    invite,
    noted,
    refusal,
    tagged,
    thread_left_out,
    unexpected,
)
from bot.cases import CasePage, NamedCase, Person
from bot.changes import NotTagged
from bot.errors import CaseError, Choice, NoSuchName
from bot.fusedesk.models import Case, HistoryItem, Status
from bot.verbs import VERBS
from simulator.blocks import active_tokens, elements, problems

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
URL = "https://acme.fusedesk.com/app/#cases/view/ABCD1234"
REP = Person("U1", "T1", "ana", email="ana@example.com", repid=3, rep="Ana Diaz")
MEMBER = Person("U2", "T1", "bo", email="bo@example.com")
HOSTILE = ["<!channel>", "<@U1>", "<!date^1790000000^{date}|x>", "<https://evil.example|x>", "*b* _i_ ~s~ `c`", "> q", "&amp;"]
HOSTILE += ["\x00", "\u202e", "\ud800", "👨‍👩‍👧‍👦", "🇩🇪", "שלום", "a\u0301", "\u200b", "\n", " ", "https://evil.example"]
FOREIGN = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=6),
    st.sampled_from([1, 1, 1, 2, 100, 2_000]),
).map(lambda text: text[:40_000])
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
IDS = st.none() | st.integers(1, 2**53)
HISTORY = st.lists(
    st.builds(HistoryItem, type=st.sampled_from(["note", "call", "email", "?"]), title=FOREIGN, note=FOREIGN, date_added=MOMENTS),
    max_size=12,
).map(tuple)
CASES = st.builds(
    Case,
    caseid=st.integers(1, 2**53),
    casenum=FOREIGN,
    summary=FOREIGN,
    details=FOREIGN,
    openedby=FOREIGN,
    status=st.sampled_from(Status),
    repid=IDS,
    departmentid=IDS,
    contactid=IDS,
    contact_uuid=FOREIGN,
    date_opened=MOMENTS,
    date_updated=MOMENTS,
    date_closed=MOMENTS,
    history=HISTORY,
)
AS_OF = st.none() | st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC))
NAMED = st.builds(
    NamedCase,
    CASES,
    department=FOREIGN,
    rep=FOREIGN,
    tags=st.lists(FOREIGN, max_size=4).map(tuple) | FOREIGN.map(lambda tag: (tag,) * 500),
    url=st.sampled_from(["", URL]) | FOREIGN,
    as_of=AS_OF,
    because=FOREIGN,
)
CHOICES = st.lists(st.builds(Choice, FOREIGN, FOREIGN), max_size=30).map(tuple)
PAGES = st.builds(
    CasePage,
    cases=st.lists(NAMED, max_size=3).map(lambda cases: tuple(cases * 4)[:10]),
    offset=st.sampled_from([0, 10, 490]),
    total=st.integers(0, 500),
    more=st.booleans(),
    query=FOREIGN,
    title=FOREIGN,
    filters=st.lists(FOREIGN, max_size=5).map(tuple),
    wider=CHOICES,
    remark=FOREIGN,
    as_of=AS_OF,
    because=FOREIGN,
)
for_anything = settings(deadline=None, max_examples=60)


def a_case(**changes: Any) -> NamedCase:
    """Case 1234: new, in Support, with Jane."""
    names = {"department": "Support", "rep": "Jane Doe", "tags": ("vip", "hardware"), "url": URL, "as_of": None, "because": ""}
    names |= {name: changes.pop(name) for name in list(changes) if name in names}
    facts: dict[str, Any] = {
        "caseid": 1234,
        "casenum": "ABCD1234",
        "summary": "Printer on fire",
        "details": "It burns.\n\nPlease help.",
        "openedby": "Sam <sam@example.com>",
        "repid": 7,
        "departmentid": 268,
        "contactid": 77,
        "date_opened": NOW - timedelta(days=2),
        "date_updated": NOW - timedelta(hours=1),
    }
    return NamedCase(Case(**(facts | changes)), **names)


def a_page(count: int = 10, **changes: Any) -> CasePage:
    cases = tuple(a_case(caseid=number, summary=f"Summary {number}") for number in range(1, count + 1))
    facts = {"cases": cases, "offset": 0, "total": count, "more": False, "query": "find status:active", "title": "Cases"}
    return CasePage(**(facts | changes))


def strings(thing: object) -> Iterator[str]:
    """Every text that a person sees, in reading order, rich text included."""
    if isinstance(thing, dict):
        if isinstance(thing.get("text"), str):
            yield thing["text"]
        for key, inner in thing.items():
            if key not in ("text", "value") or not isinstance(inner, str):
                yield from strings(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from strings(inner)


def seen(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(strings(blocks))


def pressable(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {element["action_id"]: element for _, element in elements(blocks)}


def rich_runs(thing: object) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        if str(thing.get("type")).startswith("rich_text"):
            yield from (each for each in thing["elements"] if not str(each["type"]).startswith("rich_text"))
        for inner in thing.values():
            yield from rich_runs(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from rich_runs(inner)


def faults(card: Message) -> list[str]:
    """Everything for which Slack would refuse the card, or that pings, links or is too long for an edit."""
    found = problems(card.blocks, "message") + active_tokens({"text": card.text, "blocks": card.blocks})
    found += [f"a rich text holds {run}" for run in rich_runs(card.blocks) if run["type"] != "text" or not run["text"]]
    found += ["text is empty or over 4,000"] * (not 0 < length(card.text) <= TEXT_LIMIT)
    found += ["the blocks hold 12,000 characters or more"] * (sum(map(length, strings(card.blocks))) >= 12_000)
    ids = [element["action_id"] for _, element in elements(card.blocks)]
    found += ["an action_id is there twice"] * (len({each for each in ids if each != SHOW}) != len([i for i in ids if i != SHOW]))
    json.dumps(card.blocks, ensure_ascii=False).encode()
    card.text.encode()
    return found


# The case card


def test_a_card_shows_the_case_with_its_people_its_dates_its_tags_and_the_start_of_its_details() -> None:
    card = case_card(a_case(), surface="private", now=NOW)

    assert faults(card) == []
    assert list(strings(card.blocks))[:8] == [
        "#1234  Printer on fire",
        "*Status*\n🔵 New · waiting on us",
        "*Department*\nSupport",
        "*Rep*\nJane Doe",
        "*Contact*\nSam &lt;sam@example.com&gt; (contact 77)",
        "It burns.\nPlease help.",
        "ABCD1234 · Opened <!date^1772452800^{date_short_pretty} at {time}|2026-03-02 12:00 UTC>"
        " · Updated <!date^1772622000^{date_short_pretty} at {time}|2026-03-04 11:00 UTC>",
        "🏷 vip, hardware",
    ]


def test_a_cards_text_says_what_its_blocks_say() -> None:
    card = case_card(a_case(), surface="channel", now=NOW, headline="Opened from a message by Ana")

    assert card.text == (
        "Opened from a message by Ana\n"
        "Case #1234: Printer on fire\n"
        "🔵 New · waiting on us. Department: Support. Rep: Jane Doe. Contact: Sam &lt;sam@example.com&gt; (contact 77).\n"
        "Opened 2026-03-02 12:00 UTC. Updated 2026-03-04 11:00 UTC.\n"
        "Tags: vip, hardware.\n"
        "It burns.\nPlease help."
    )
    assert next(strings(card.blocks)) == "Opened from a message by Ana"


def test_a_case_of_which_little_is_known_says_so() -> None:
    bare = NamedCase(Case(caseid=5))

    card = case_card(bare, surface="channel", now=NOW)

    assert faults(card) == []
    for words in ("without a summary", "nobody yet", "*Department*\nnone", "*Contact*\nunknown", "Case #5"):
        assert words in seen(card.blocks)
    assert FUSEDESK not in pressable(card.blocks)


@pytest.mark.parametrize(
    ("facts", "contact"),
    [
        ({"openedby": "Sam", "contactid": None}, "Sam"),
        ({"openedby": "", "contactid": 77}, "Contact 77"),
        ({"openedby": "Sam", "contactid": None, "contact_uuid": "0-1"}, "Sam (linked contact)"),
        ({"openedby": "", "contactid": None, "contact_uuid": "0-1"}, "Linked contact"),
    ],
)
def test_the_contact_is_told_as_far_as_it_is_known(facts: dict[str, Any], contact: str) -> None:
    assert f"*Contact*\n{contact}" in strings(case_card(a_case(**facts), surface="channel", now=NOW).blocks)


def test_a_private_card_has_every_button_and_take_it_only_for_others() -> None:
    for_others = pressable(case_card(a_case(), surface="private", viewer_repid=3, now=NOW).blocks)
    for_jane = pressable(case_card(a_case(), surface="private", viewer_repid=7, now=NOW).blocks)

    assert list(for_others) == [TAKE, TRANSFER, NOTE, TAGS, CLOSE, SHARE, FUSEDESK, MORE]
    assert list(for_jane) == [TRANSFER, NOTE, TAGS, CLOSE, SHARE, FUSEDESK, MORE]
    assert for_others[FUSEDESK]["url"] == URL


def test_what_a_card_says_of_a_message_comes_with_the_way_to_add_the_message() -> None:
    card = case_card(a_case(), surface="private", viewer_repid=7, now=NOW, headline="It has a case already.", add="a message")

    assert card.blocks[0]["text"]["text"] == "It has a case already."
    assert card.text.startswith("It has a case already.")
    assert list(pressable(card.blocks)) == [ADD, TRANSFER, NOTE, TAGS, CLOSE, SHARE, FUSEDESK, MORE]
    assert pressable(card.blocks)[ADD]["value"] == "a message"
    assert faults(card) == []


@pytest.mark.parametrize("surface", ["channel", "modal"])
def test_a_card_for_everybody_and_one_in_a_modal_can_be_taken_but_not_shared(surface: Any) -> None:
    buttons = pressable(case_card(a_case(), surface=surface, viewer_repid=7, now=NOW).blocks)

    assert list(buttons) == [TAKE, TRANSFER, NOTE, TAGS, CLOSE, FUSEDESK, MORE]


def test_a_case_that_nobody_has_can_be_taken_by_a_viewer_who_is_no_rep() -> None:
    assert TAKE in pressable(case_card(a_case(repid=None, rep=""), surface="private", now=NOW).blocks)


def test_a_closed_case_is_reopened_before_anybody_takes_or_closes_it() -> None:
    card = case_card(a_case(status="closed", date_closed=NOW), surface="private", now=NOW)

    assert list(pressable(card.blocks)) == [REOPEN, TRANSFER, NOTE, TAGS, SHARE, FUSEDESK, MORE]
    assert "*Status*\n⚪ Closed" in strings(card.blocks)
    assert "Closed <!date^" in seen(card.blocks)
    assert "Closed 2026-03-04 12:00 UTC." in card.text


def test_a_button_carries_what_the_card_showed() -> None:
    buttons = pressable(case_card(a_case(status="open"), surface="private", now=NOW).blocks)

    assert Seen.load(buttons[TRANSFER]["value"]) == Seen(
        caseid=1234, departmentid=268, repid=7, status=Status.OPEN, contactid=77, at=1772625600
    )
    assert [choice["value"] for choice in buttons[MORE]["options"]] == ["link|1234", "history|1234", "refresh|1234"]


@given(st.builds(Seen, caseid=st.integers(1, 2**63), departmentid=IDS, repid=IDS, status=st.sampled_from(Status), contactid=IDS))
def test_what_a_button_carries_is_short_and_comes_back(state: Seen) -> None:
    assert len(state.dump()) <= 200
    assert Seen.load(state.dump()) == state


def test_a_value_that_no_card_wrote_is_refused() -> None:
    with pytest.raises(ValueError, match="Seen"):
        Seen.load("link|1234")


def test_long_details_and_many_tags_are_cut_and_the_rest_is_counted() -> None:
    tags = tuple(f"tag number {number}" for number in range(500))

    card = case_card(a_case(details="a line\n" * 1_000, tags=tags), surface="channel", now=NOW)

    assert "\n".join(["a line"] * 8) + "\n…" in strings(card.blocks)
    assert "tag number 19 and 480 more" in seen(card.blocks)


def test_a_tag_of_three_thousand_characters_leaves_room_for_the_others() -> None:
    card = case_card(a_case(tags=("x" * 3_000, "", "vip")), surface="channel", now=NOW)

    assert f"🏷 {'x' * 59}…, vip and 1 more" in strings(card.blocks)


@for_anything
@given(NAMED, st.sampled_from(["private", "channel", "modal"]), FOREIGN)
def test_no_text_can_ping_from_or_break_a_case_card(named: NamedCase, surface: Any, headline: str) -> None:
    card = case_card(named, surface=surface, viewer_repid=named.case.repid, now=NOW, headline=headline)

    assert faults(card) == []
    assert problems({"type": "modal", "title": {"type": "plain_text", "text": "Case"}, "blocks": card.blocks}, "modal") == []


# The history


def test_the_history_shows_the_last_ten_entries_newest_first() -> None:
    items = [HistoryItem(type="note", title=f"Note {day}", note="x", date_added=NOW + timedelta(days=day)) for day in range(11)]
    items += [HistoryItem(type="call", title="", note="undated")]

    card = history_card(a_case(history=tuple(items)), NOW)

    titles = [text for text in strings(card.blocks) if text.startswith("Note ·")]

    assert faults(card) == []
    assert titles == [f"Note · Note {day}" for day in range(10, 0, -1)]
    assert "The last 10 of 12 entries · as of" in seen(card.blocks)
    assert FUSEDESK in pressable(card.blocks)
    assert "2026-03-14 12:00 UTC, Note · Note 10: x" in card.text


def test_an_entry_without_a_title_or_a_date_is_named_by_its_kind() -> None:
    items = (HistoryItem(type="call", note="They rang"), HistoryItem(type="sms", note=""), HistoryItem(type="email", title="Re"))

    texts = list(strings(history_card(a_case(history=items, url=""), NOW).blocks))

    assert texts[1:5] == ["Call", "They rang", "Entry", "Email · Re"]


def test_a_case_without_history_says_so() -> None:
    card = history_card(a_case(), NOW)

    assert faults(card) == []
    assert "FuseDesk shows no history for this case." in seen(card.blocks)
    assert "FuseDesk shows no history for this case." in card.text


@for_anything
@given(NAMED)
def test_no_text_can_ping_from_or_break_a_history(named: NamedCase) -> None:
    assert faults(history_card(named, NOW)) == []


# Lists


def test_a_row_says_what_a_case_is_about_how_it_stands_and_shows_it() -> None:
    card = case_list(a_page(1, filters=("status active",)))

    assert faults(card) == []
    assert list(strings(card.blocks)) == [
        "Cases",
        "1 case · status active",
        "#1  Summary 1",
        "Show",
        "🔵 New · Support / Jane Doe",
        "updated <!date^1772622000^{date_short_pretty} at {time}|2026-03-04 11:00 UTC>",
    ]
    assert pressable(card.blocks)[SHOW]["value"] == "1"
    assert card.text == ("Cases: 1 case · status active\n#1 Summary 1 (🔵 New, Support / Jane Doe, updated 2026-03-04 11:00 UTC)")


@pytest.mark.parametrize(
    ("facts", "heading", "turning"),
    [
        ({"count": 7}, "7 cases", {}),
        ({"count": 10, "total": 37}, "1–10 of 37", {"next": 10}),
        ({"count": 10, "total": 150, "more": True, "offset": 10}, "11–20 of 150+", {"prev": 0, "next": 20}),
        ({"count": 7, "total": 37, "offset": 30}, "31–37 of 37", {"prev": 20}),
        ({"count": 1, "total": 11, "offset": 10}, "11 of 11", {"prev": 0}),
        ({"count": 10, "total": 150, "more": True, "offset": 140}, "141–150 of 150+", {"prev": 130, "next": 150}),
        ({"count": 10, "total": 10, "more": True}, "10+ cases", {"next": 10}),
        ({"count": 10, "total": 1500, "offset": 3}, "4–13 of 1,500", {"prev": 0, "next": 13}),
    ],
)
def test_a_list_counts_and_turns_only_where_that_leads_somewhere(
    facts: dict[str, Any], heading: str, turning: dict[str, int]
) -> None:
    card = case_list(a_page(**facts))

    steps = {key.partition(":")[2]: each["value"] for key, each in pressable(card.blocks).items() if key.startswith(PAGE)}

    assert heading in strings(card.blocks)
    assert {which: json.loads(value) for which, value in steps.items()} == {
        which: {"q": "find status:active", "o": offset} for which, offset in turning.items()
    }


def test_a_search_too_long_for_a_button_says_why_its_pages_cannot_be_turned() -> None:
    card = case_list(a_page(total=37, query="find " + "x" * 2_000))

    assert faults(card) == []
    assert "too long to turn its pages" in seen(card.blocks)


def test_a_list_without_a_title_is_one_of_cases_and_a_remark_stands_below() -> None:
    texts = list(strings(case_list(a_page(1, title=" ", remark="Only the newest were searched.")).blocks))

    assert (texts[0], texts[-1]) == ("Cases", "Only the newest were searched.")


def test_finding_nothing_says_what_was_searched_and_offers_to_widen_it() -> None:
    wider = (Choice("Any status", "find jane@example.com"), Choice("Any words", "find status:active"))

    card = case_list(a_page(0, title="Cases of jane@example.com", filters=("status active", "department Billing"), wider=wider))

    assert faults(card) == []
    assert list(strings(card.blocks))[:3] == [
        "No case was found.",
        "Searched: Cases of jane@example.com: status active · department Billing",
        "Search wider:",
    ]
    assert {key: each["value"] for key, each in pressable(card.blocks).items()} == {
        f"{RUN}:0": "find jane@example.com",
        f"{RUN}:1": "find status:active",
    }
    assert card.text.endswith("Search wider: Any status, Any words")


def test_a_page_past_the_end_leads_back() -> None:
    card = case_list(a_page(0, offset=40, total=40, wider=(Choice("Any", "find x"),)))

    assert "There are no further cases." in strings(card.blocks)
    assert list(pressable(card.blocks)) == [f"{PAGE}:prev"]


@for_anything
@given(PAGES)
def test_no_text_can_ping_from_or_break_a_list(page: CasePage) -> None:
    assert faults(case_list(page)) == []


# What FuseDesk was not asked for


OLD = {"as_of": NOW - timedelta(hours=3), "because": "FuseDesk does not answer right now."}


@pytest.mark.parametrize(
    "drawn",
    [
        case_card(a_case(**OLD), surface="channel", now=NOW),
        history_card(a_case(**OLD), NOW),
        case_list(a_page(**OLD)),
        case_list(a_page(0, **OLD)),
    ],
)
def test_what_comes_from_memory_bears_its_age_in_the_readers_time_and_in_its_text(drawn: Message) -> None:
    aged = [text for text in strings(drawn.blocks) if "As of" in text]

    assert faults(drawn) == []
    assert aged == [f"🕒 As of {date(OLD['as_of'])}: FuseDesk does not answer right now."]
    assert drawn.text.startswith(f"As of {moment_words(OLD['as_of'])}: FuseDesk does not answer right now.")


@pytest.mark.parametrize("count", [0, 3])
def test_a_home_from_memory_bears_its_age(count: int) -> None:
    view = home(a_page(count, **OLD), person=REP, answers="")

    assert problems(view, "home") == []
    assert "FuseDesk does not answer right now." in seen(view["blocks"])


def test_the_buttons_of_an_old_card_say_of_when_it_is() -> None:
    card = case_card(a_case(**OLD), surface="private", now=NOW)

    value = next(part["value"] for block in card.blocks if block["type"] == "actions" for part in block["elements"])
    assert Seen.load(value).at == int(OLD["as_of"].timestamp())


# The Home


def test_a_reps_home_has_their_cases_and_every_way_in() -> None:
    view = home(a_page(10, total=37, title="My open cases"), person=REP, answers="FuseDesk answers.")

    said = list(strings(view["blocks"]))

    assert problems(view, "home") == []
    assert said[:2] == ["My open cases", "1–10 of 37  ·  /case mine shows the others"]
    assert said[-1] == "FuseDesk answers."
    assert all(f"/case {verb.example}" in said for verb in VERBS)
    assert {SHOW, HOME_NEW, HOME_REFRESH, HOME_FIND} <= set(pressable(view["blocks"]))
    assert len([text for text in said if text == "Show"]) == 10


def test_the_home_finds_by_email_on_enter() -> None:
    blocks = home(None, person=REP, answers="")["blocks"]

    found = next(block for block in blocks if block["type"] == "input")

    assert (found["dispatch_action"], found["element"]["type"]) == (True, "email_text_input")
    assert found["element"]["dispatch_action_config"] == {"trigger_actions_on": ["on_enter_pressed"]}


def test_somebody_who_is_no_rep_sees_what_they_opened_and_how_to_become_known() -> None:
    said = seen(home(a_page(2, title=""), person=MEMBER, answers="")["blocks"])

    assert said.startswith("Cases I opened\nFuseDesk does not know you as a rep")
    assert "ask for bo@example.com to be your email in FuseDesk" in said
    assert "2 cases\n" in said


def test_somebody_without_an_email_is_not_told_of_one() -> None:
    said = seen(home(None, person=Person("U3", "T1", "cy"), answers="")["blocks"])

    assert "If you are a rep" not in said


@pytest.mark.parametrize(
    ("page", "person", "fault", "says"),
    [
        (None, REP, "", "Fetching your cases …"),
        (None, REP, "FuseDesk does not answer right now.", "cannot be shown right now. FuseDesk does not answer right now."),
        (a_page(0, title="My open cases"), REP, "", "No open cases: all is done."),
        (a_page(0, title=""), MEMBER, "", "You have not opened any cases yet."),
        (a_page(1, remark="Of the last 150."), REP, "", "Of the last 150."),
    ],
)
def test_a_home_without_cases_says_why(page: CasePage | None, person: Person, fault: str, says: str) -> None:
    view = home(page, person=person, answers="", fault=fault)

    assert problems(view, "home") == []
    assert says in seen(view["blocks"])


@for_anything
@given(st.none() | PAGES, st.builds(Person, user=FOREIGN, team=FOREIGN, name=FOREIGN, email=FOREIGN, repid=IDS), FOREIGN, FOREIGN)
def test_no_text_can_ping_from_or_break_a_home(page: CasePage | None, person: Person, answers: str, fault: str) -> None:
    view = home(page, person=person, answers=answers, fault=fault)

    assert problems(view, "home") == []
    assert active_tokens(view) == []


# Help and answers


def test_help_names_every_verb_with_an_example_and_the_ways_in() -> None:
    card = help_card()

    said = list(strings(card.blocks))

    assert faults(card) == []
    assert all(f"/case {verb.example}" in said and verb.purpose in seen(card.blocks) for verb in VERBS)
    assert {key: each.get("value") for key, each in pressable(card.blocks).items()} == {OPEN: None, f"{RUN}:0": "mine"}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_on_a_verb_shows_it_in_full(verb: Any) -> None:
    card = help_card(f" {verb.name.upper()} ")

    assert faults(card) == []
    assert {f"/case {verb.usage}", f"/case {verb.example}"} <= set(strings(card.blocks))
    assert all(alias in seen(card.blocks) for alias in verb.aliases)


def test_help_on_something_unknown_shows_all_and_offers_the_nearest() -> None:
    card = help_card("transfr")

    assert "There is no “transfr”. This is what there is:" in strings(card.blocks)
    assert pressable(card.blocks)[f"{RUN}:1"]["value"] == "help transfer"


@for_anything
@given(FOREIGN)
def test_no_topic_can_ping_from_or_break_the_help(topic: str) -> None:
    assert faults(help_card(topic)) == []


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (asking("the cases"), "Still asking FuseDesk for the cases …"),
        (asking("FuseDesk"), "Still asking FuseDesk …"),
        (acted(REP, "closed it"), "ana closed it."),
        (noted(7, "note"), "Added the note to case #7."),
        (noted(7, "call"), "Logged the call on case #7."),
        (imported(7, 0, 4), "Nothing new: case #7 has all 4 messages of this thread already."),
        (imported(7, 1, 0), "Imported 1 message into case #7."),
        (imported(7, 2, 3), "Imported 2 messages into case #7. The other 3 were there already."),
        (thread_left_out(7), "/invite @casebot"),
        (invite(), "/invite @casebot"),
        (tagged(7, ["vip", "vat"], [], adding=True), "Tagged case #7: vip, vat."),
        (tagged(7, ["vip"], [NotTagged("No tag “x”.")], adding=False), "Took off case #7: vip.\nNo tag “x”."),
        (tagged(7, [], [], adding=True), "Tagged nothing with case #7."),
    ],
)
def test_an_answer_is_one_sentence_in_blocks_and_text(card: Message, says: str) -> None:
    assert faults(card) == []
    assert says in seen(card.blocks)
    assert says in card.text


def test_an_answer_about_a_case_leads_to_it() -> None:
    assert pressable(noted(7, "note").blocks)[f"{RUN}:0"]["value"] == "show 7"


@for_anything
@given(FOREIGN)
def test_no_words_can_ping_from_or_break_an_answer(text: str) -> None:
    cards = [
        done(text),
        asking(text),
        acted(Person("U", "T", text), text),
        tagged(1, [text] * 9, [NotTagged(text)] * 9, adding=True),
    ]

    assert [faults(card) for card in cards] == [[]] * 4


# Refusals


def quoted(messages: list[Message]) -> str:
    """What a person can copy out of the preformatted blocks, one after the other."""
    return "".join(
        run["text"]
        for message in messages
        for block in message.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_preformatted"
        for run in part["elements"]
    )


def test_a_refusal_says_what_is_wrong_gives_an_example_offers_choices_and_quotes_what_was_typed() -> None:
    error = CaseError("There is no verb “clsoe”.", example="close 1234", choices=[Choice("close 1234", "close 1234")])

    [card] = refusal(error, typed="clsoe 1234 *now*")

    assert faults(card) == []
    assert list(strings(card.blocks)) == [
        "There is no verb “clsoe”.",
        "For example:  ",
        "/case close 1234",
        "close 1234",
        "You typed:",
        "clsoe 1234 *now*",
    ]
    assert pressable(card.blocks)[f"{RUN}:0"]["value"] == "close 1234"
    assert card.text.startswith(
        "There is no verb “clsoe”.\nFor example: /case close 1234\nInstead: close 1234\nYou typed:\nclsoe"
    )


def test_a_refusal_of_nothing_typed_quotes_nothing() -> None:
    error = NoSuchName("There is no tag “x”.", kind="tag", typed="x", names=["vip"])

    [card] = refusal(error)

    assert list(strings(card.blocks)) == ["There is no tag “x”."]


def test_a_choice_too_long_for_a_button_is_written_out() -> None:
    long = Choice("transfer", "transfer " + "x" * 2_000)

    [card] = refusal(CaseError("Unclear.", choices=[long, Choice("help", "help")]))

    assert faults(card) == []
    assert list(pressable(card.blocks)) == [f"{RUN}:0"]
    assert "/case transfer " + "x" * 90 + "…" in strings(card.blocks)


def test_forty_thousand_characters_come_back_whole_in_few_messages() -> None:
    typed = "".join(f"{number:>7} 👩‍💻" for number in range(40_000 // 13))

    messages = refusal(CaseError("Too long."), typed=typed)

    assert quoted(messages) == typed
    assert len(messages) == 4
    assert [faults(message) for message in messages] == [[]] * 4
    assert "You typed (4 of 4):" in strings(messages[-1].blocks)


def test_a_fault_of_casebots_own_has_a_reference_and_keeps_what_was_typed() -> None:
    messages = unexpected("c0ffee12", typed="open Printer")

    assert faults(messages[0]) == []
    assert "c0ffee12" in messages[0].text
    assert quoted(messages) == "open Printer"


@for_anything
@given(FOREIGN, FOREIGN, CHOICES, FOREIGN)
def test_nothing_typed_is_lost_and_no_refusal_can_ping_or_break(
    says: str, example: str, choices: tuple[Choice, ...], typed: str
) -> None:
    messages = refusal(CaseError(says, example=example, choices=choices), typed=typed)

    assert [faults(message) for message in messages] == [[]] * len(messages)
    assert quoted(messages) == ("" if is_blank(as_typed(typed)) else as_typed(typed))
