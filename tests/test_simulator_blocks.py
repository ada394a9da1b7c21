"""The judge of blocks and views: takes what Slack takes, refuses what Slack refuses, and names the place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from simulator.blocks import active_tokens, problems, text_length
from simulator.slack_text import as_stored, plain, shown, units

Json = dict[str, Any]


def plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str, **more: object) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain_text(text), "value": value}


def section(text: str = "Hello", **more: object) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str = "go", **more: object) -> Json:
    return {"type": "button", "text": plain_text("Go"), "action_id": action_id, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def input_of(element: Json, **more: object) -> Json:
    return {"type": "input", "label": plain_text("Label"), "element": element, **more}


def modal(*blocks: Json, **more: object) -> Json:
    return {"type": "modal", "title": plain_text("Title"), "submit": plain_text("Send"), "blocks": list(blocks), **more}


def rich(*paragraphs: object) -> Json:
    return {"type": "rich_text", "elements": list(paragraphs)}


def runs(*elements: Json, kind: str = "rich_text_section", **more: object) -> Json:
    return {"type": kind, "elements": list(elements), **more}


RUN = {"type": "text", "text": "x", "style": {"bold": True}}

GOOD: list[tuple[str, object]] = [
    ("message", [section(), {"type": "divider"}, {"type": "header", "text": plain_text("Head")}]),
    ("message", [{"type": "section", "fields": [mrkdwn("a"), plain_text("b")], "accessory": button()}]),
    ("message", [actions(button("a", value="1"), button("b", style="danger", url="https://acme.example/x"))]),
    (
        "message",
        [{"type": "context", "elements": [mrkdwn("a"), {"type": "image", "image_url": "https://a.example/i", "alt_text": "i"}]}],
    ),
    ("message", [section("<!date^1790000000^{date_short} {time}^https://acme.example|then>")]),
    ("message", [actions({"type": "overflow", "action_id": "m", "options": [option(), option("Two", "2")]})]),
    ("message", [{"type": "markdown", "text": "**bold**"}]),
    ("message", [rich(runs(RUN), runs(RUN, kind="rich_text_quote"), runs(RUN, kind="rich_text_preformatted"))]),
    ("home", {"type": "home", "blocks": [rich(runs(runs(RUN), kind="rich_text_list", style="bullet"))]}),
    ("modal", modal(input_of({"type": "plain_text_input", "action_id": "t", "max_length": 3000}))),
    ("modal", modal(input_of({"type": "external_select", "action_id": "e", "initial_option": option(), "min_query_length": 0}))),
    ("modal", modal(input_of({"type": "multi_external_select", "action_id": "e", "initial_options": [option()]}))),
    ("modal", modal(input_of({"type": "checkboxes", "options": [option()], "initial_options": [option()]}, optional=True))),
    ("modal", modal(input_of({"type": "radio_buttons", "options": [option()], "initial_option": option()}))),
    ("modal", modal(input_of({"type": "datetimepicker", "initial_date_time": 1790000000}))),
    ("modal", modal(input_of({"type": "email_text_input", "initial_value": "a@b.example"}))),
    ("modal", modal(input_of({"type": "number_input", "is_decimal_allowed": False}))),
    ("modal", modal(input_of({"type": "static_select", "option_groups": [{"label": plain_text("G"), "options": [option()]}]}))),
    ("modal", modal({"type": "alert", "text": plain_text("Careful"), "level": "warning"})),
    ("modal", {"type": "modal", "title": plain_text("T"), "blocks": [section()]}),
    ("home", {"type": "home", "blocks": [section()] * 100}),
]


@pytest.mark.parametrize(("surface", "what"), GOOD)
def test_takes_what_slack_takes(surface: Any, what: object) -> None:
    assert problems(what, surface) == []


BAD: list[tuple[str, object, str]] = [
    ("message", [{"type": "sectoin"}], "unknown block: 'sectoin'"),
    ("message", ["text"], "unknown block"),
    ("message", {"type": "divider"}, "must be message"),
    ("message", [{"type": "section"}], "must have text or fields"),
    ("message", [section("x" * 3001)], "at most 3000 characters, has 3001"),
    ("message", [section("😀" * 1501)], "at most 3000 characters, has 3002"),
    ("message", [section("")], "at least 1 character"),
    ("message", [section(colour="red")], "unknown key: colour"),
    ("message", [{"type": "section", "text": "bare"}], "must be a text object"),
    ("message", [{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "at most 2000"),
    ("message", [{"type": "section", "fields": [mrkdwn("x")] * 11}], "1 to 10 items, has 11"),
    ("message", [{"type": "section", "text": {"type": "mrkdwn", "text": 5}}], "must be a string, not int"),
    ("message", [{"type": "section", "text": mrkdwn("x", verbatim="yes")}], "must be true or false"),
    ("message", [{"type": "header", "text": mrkdwn("x")}], "of type plain_text, not 'mrkdwn'"),
    ("message", [{"type": "header", "text": plain_text("x" * 151)}], "at most 150"),
    ("message", [{"type": "context", "elements": []}], "1 to 10 items, has 0"),
    ("message", [{"type": "context", "elements": [button()]}], "button is not allowed in context"),
    ("message", [actions(*(button(f"b{n}") for n in range(26)))], "1 to 25 items, has 26"),
    ("message", [actions(button(), button())], "action_id 'go' is there twice"),
    ("message", [actions({"type": "slider"})], "unknown element: 'slider'"),
    ("message", [actions(button(value="x" * 2001))], "at most 2000"),
    ("message", [actions(button(url="javascript:alert(1)"))], "has the wrong form"),
    ("message", [actions(button(style="default"))], "must be one of"),
    ("message", [actions({"type": "button", "action_id": "x"})], "missing required field: text"),
    ("message", [actions(button(confirm={"title": plain_text("T")}))], "missing required field: text"),
    ("message", [actions({"type": "overflow", "options": [option(value=str(n)) for n in range(6)]})], "1 to 5 items"),
    ("message", [actions({"type": "overflow", "options": [option(), option("Two")]})], "two options have the same value"),
    ("message", [actions({"type": "static_select", "options": [option(value="x" * 151)]})], "at most 150"),
    ("message", [actions({"type": "static_select", "options": [option("x" * 76)]})], "at most 75"),
    ("message", [actions({"type": "static_select", "options": []})], "1 to 100 items, has 0"),
    ("message", [actions({"type": "static_select"})], "either options or option_groups"),
    ("message", [actions({"type": "plain_text_input"})], "plain_text_input is not allowed in actions"),
    ("message", [section(accessory={"type": "datetimepicker"})], "datetimepicker is not allowed in section"),
    ("message", [section(block_id="b"), section(block_id="b")], "block_id 'b' is there twice"),
    ("message", [section()] * 51, "at most 50 blocks, are 51"),
    ("message", [section("x" * 3000)] * 4 + [section("x")], "msg_blocks_too_long"),
    ("message", [section("<!date^soon^{date}|then>")], "is not a date token"),
    ("message", [section("<!date^1790000000^{date}>")], "is not a date token"),
    ("message", [section("<!date^1790000000^{day}|then>")], "no date format that is known: day"),
    ("message", [{"type": "alert", "text": plain_text("x")}], "alert is not allowed in a message"),
    ("message", [{"type": "image", "alt_text": "x"}], "either image_url or slack_file"),
    ("message", [rich("x")], "must be one of ['rich_text_list'"),
    ("message", [rich(runs({"type": "text", "text": ""}))], "at least 1 character"),
    ("message", [rich(runs({"type": "text", "text": "x", "style": {"loud": True}}))], "unknown key: loud"),
    ("message", [rich(runs({"type": "shout", "text": "x"}))], "not 'shout'"),
    ("message", [rich(runs(RUN, kind="rich_text_list", style="bullet"))], "not 'text'"),
    ("message", [rich(runs(runs(RUN), kind="rich_text_list"))], "missing required field: style"),
    ("message", [rich(runs({"type": "text", "text": "x" * 12_001}))], "msg_blocks_too_long"),
    ("message", [{"type": "divider", "block_id": "x" * 256}], "at most 255"),
    ("message", [{"type": "actions", "elements": "none"}], "must be a list"),
    ("message", [{"type": "markdown", "text": "x" * 6001}] * 2, "msg_blocks_too_long"),
    ("modal", modal(section(), title=plain_text("x" * 25)), "at most 24"),
    ("modal", modal(section(), submit=plain_text("")), "at least 1 character"),
    ("modal", modal(section(), private_metadata="x" * 3001), "at most 3000"),
    ("modal", modal(section(), colour="red"), "unknown key: colour"),
    ("modal", modal(section(), blocks=None), "must be a list"),
    ("modal", modal(*[section()] * 101), "at most 100 blocks"),
    ("modal", {"type": "modal", "blocks": []}, "missing required field: title"),
    ("modal", {"type": "home", "blocks": []}, "must be modal, not 'home'"),
    ("modal", modal({"type": "markdown", "text": "x"}), "markdown is not allowed in a modal"),
    (
        "modal",
        {"type": "modal", "title": plain_text("T"), "blocks": [input_of({"type": "plain_text_input"})]},
        "submit is required",
    ),
    ("modal", modal(*[section("x" * 3000, block_id=str(n)) for n in range(90)]), "view_too_large"),
    ("modal", modal(input_of(button())), "button is not allowed in input"),
    ("modal", modal({"type": "input", "label": plain_text("L")}), "missing required field: element"),
    ("modal", modal(input_of({"type": "plain_text_input", "max_length": 3001})), "whole number from 1 to 3000"),
    ("modal", modal(input_of({"type": "plain_text_input", "min_length": 9, "max_length": 5})), "min_length is greater"),
    ("modal", modal(input_of({"type": "plain_text_input", "min_length": "9"})), "whole number"),
    ("modal", modal(input_of({"type": "plain_text_input", "max_length": 3, "initial_value": "four"})), "longer than max_length"),
    ("modal", modal(input_of({"type": "plain_text_input", "placeholder": plain_text("x" * 151)})), "at most 150"),
    ("modal", modal(input_of({"type": "external_select", "initial_option": {"value": "1"}})), "missing required field: text"),
    ("modal", modal(input_of({"type": "external_select", "options": [option()]})), "unknown key: options"),
    ("modal", modal(input_of({"type": "multi_external_select", "initial_options": []})), "1 to 100 items, has 0"),
    (
        "modal",
        modal(input_of({"type": "static_select", "options": [option()], "initial_option": option("x")})),
        "not among the options",
    ),
    ("modal", modal(input_of({"type": "checkboxes", "options": [option(value=str(n)) for n in range(11)]})), "1 to 10 items"),
    ("modal", modal(input_of({"type": "number_input"})), "missing required field: is_decimal_allowed"),
    ("modal", modal(input_of({"type": "datepicker", "initial_date": "1.2.2026"})), "has the wrong form"),
    ("home", {"type": "home", "blocks": [], "title": plain_text("T")}, "unknown key: title"),
]


@pytest.mark.parametrize(("surface", "what", "says"), BAD)
def test_refuses_what_slack_refuses_and_says_why(surface: Any, what: object, says: str) -> None:
    assert any(says in problem for problem in problems(what, surface)), problems(what, surface)


def test_a_problem_names_the_place() -> None:
    wrong = problems([section(), actions(button(), button("b", text=plain_text("x" * 76)))], "message")

    assert wrong == ["/blocks/1/elements/1/text/text: must be at most 75 characters, has 76"]


def test_judging_changes_nothing() -> None:
    view = modal(input_of({"type": "plain_text_input"}))
    before = copy.deepcopy(view)
    problems(view, "modal")

    assert view == before


def test_an_escape_counts_as_written_and_an_emoji_as_two() -> None:
    assert units("&amp;") == 5
    assert units("a😀") == 3
    assert text_length([section("&amp;"), {"type": "markdown", "text": "abc"}]) == 8


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("hey <!channel>", "<!channel>"),
        ("<!here|here>", "<!here|here>"),
        ("<@U01JANE>", "<@U01JANE>"),
        ("<#C01SUPPORT|support>", "<#C01SUPPORT|support>"),
        ("<!subteam^S01>", "<!subteam^S01>"),
        ("<https://evil.example|click>", "<https://evil.example|click>"),
        ("see https://evil.example now", "https://evil.example"),
    ],
)
def test_what_pings_or_links_is_listed(text: str, token: str) -> None:
    assert active_tokens([section(text)]) == [token]


def test_escaped_text_dates_plain_text_and_verbatim_addresses_are_not_alive() -> None:
    quiet = [
        section("&lt;!channel&gt; &amp;lt;@U01&amp;gt;"),
        section("<!date^1790000000^{date}|then>"),
        {"type": "section", "text": mrkdwn("https://a.example", verbatim=True)},
        {"type": "header", "text": plain_text("<!channel> https://a.example")},
    ]

    assert active_tokens({"text": "&lt;!here&gt;", "blocks": quiet}) == []


def test_the_top_level_text_and_rich_text_are_looked_at_too() -> None:
    pings = rich(runs({"type": "broadcast", "range": "here"}, {"type": "user", "user_id": "U01JANE"}, RUN))

    assert active_tokens({"text": "<!everyone>", "blocks": [pings]}) == ["<!everyone>", "<broadcast here>", "<user U01JANE>"]


def test_typed_text_is_stored_escaped_with_its_tokens() -> None:
    people, places = {"jane": "U01JANE", "jane doe": "U01JANE"}, {"support": "C01SUPPORT"}
    stored = as_stored("@Jane Doe & <b> in #support: a@b.example https://x.example/?a=1&b=2", people, places)

    assert stored == (
        "<@U01JANE> &amp; &lt;b&gt; in <#C01SUPPORT|support>: <mailto:a@b.example|a@b.example> <https://x.example/?a=1&amp;b=2>"
    )


def test_a_command_keeps_the_names_in_its_tokens() -> None:
    assert as_stored("rep:@jane #12", {"jane": "U01JANE"}, {}, labels=True) == "rep:<@U01JANE|jane> #12"


def test_a_card_reads_as_a_person_reads_it() -> None:
    blocks = [section("*A* &lt;b&gt; <https://a.example|link> <!date^0^{date}|then> <@U01|jane>"), actions(button())]

    assert plain([rich(runs(RUN, RUN), runs(runs(RUN), runs(RUN), kind="rich_text_list", style="bullet"))]) == "xx\nx\nx"
    assert plain(blocks) == "*A* <b> link 1970-01-01 00:00 UTC @jane\nGo"
    assert shown("<!here> <#C01|x> <mailto:a@b.example>") == "@here #x a@b.example"
