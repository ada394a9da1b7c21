"""The demo's page without a browser: its texts, its dates, what it offers, which wish an exchange belongs to, whom it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import keeping
from simulator.casebot import BotProcess
from simulator.demo import workspace
from simulator.fusedesk import FuseDesk
from simulator.page.app import POLICY, Page
from simulator.page.completion import Completion
from simulator.page.look import HOME, OLU, Look
from simulator.page.moments import Clock
from simulator.page.mrkdwn import Mrkdwn, Run
from simulator.page.stage import Stage, staged
from simulator.page.tour import STEPS
from simulator.page.tour_shown import UNDO, prepare
from simulator.serving import serve
from simulator.slack import BOT_USER, GUS, JANE, SUPPORT, Message
from simulator.slack_text import escape
from tests.conftest import World

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp()
BERLIN = Clock(ZoneInfo("Europe/Berlin"), lambda: NOON)
MRKDWN = Mrkdwn({"U1": "Jane Doe", "C1": "support"}.get, BERLIN)  # type: ignore[arg-type]


def flat(runs: tuple[Run, ...]) -> str:
    return "".join(run.text + flat(run.inside) for run in runs)


def kinds(text: str) -> list[str]:
    """The kinds of all runs but plain texts, from the outside in."""

    def walk(runs: tuple[Run, ...]) -> list[str]:
        return [kind for run in runs for kind in (run.kind, *walk(run.inside)) if kind not in ("text", "paragraph")]

    return walk(MRKDWN.mrkdwn(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("*bold* _it_ ~no~ `code`", ["bold", "italic", "strike", "code"]),
        ("*a _b_ c*", ["bold", "italic"]),
        ("2*3*4 a_b_c", []),
        ("\u2060*\u2060not\u2060*\u2060", []),
        ("&gt; quoted\nnot", ["quote"]),
        ("```*x*```", ["pre"]),
        ("<@U1> <#C1> <!channel>", ["mention"] * 3),
        ("<https://example.com/|here> https://example.com", ["link", "link"]),
        ("<javascript:alert(1)|x>", []),
        ("<!date^1795608000^{date_short} {time}|words>", ["date"]),
    ],
)
def test_markup_is_read_as_slack_reads_it(text: str, found: list[str]) -> None:
    assert kinds(text) == found


def test_names_and_pictures_take_the_place_of_their_codes() -> None:
    assert flat(MRKDWN.mrkdwn("<@U1> in <#C1> :fire: &amp; &lt;b&gt;")) == "@Jane Doe in #support 🔥 & <b>"


@given(st.text(alphabet=st.characters(exclude_characters=":`*_~\r", exclude_categories=["Cs"])))
def test_an_escaped_text_without_marks_is_shown_as_it_was_written(text: str) -> None:
    shown = flat(MRKDWN.mrkdwn(escape(text), verbatim=True))

    assert shown.replace("\n", "") == "\n".join(line.removeprefix(">").removeprefix(" ") if line.startswith(">") else line
                                                  for line in text.split("\n")).replace("\n", "")  # fmt: skip


@pytest.mark.parametrize(
    ("ago", "form", "words"),
    [
        (0, "{date_short_pretty} at {time}", "Today at 1:00 PM"),
        (86_400, "{date_pretty}", "Yesterday"),
        (-86_400, "{date_long_pretty}", "Tomorrow"),
        (10 * 86_400, "{date_short}", "Nov 14, 2026"),
        (0, "{date_num} {time_secs}", "2026-11-24 1:00:00 PM"),
        (7200, "{ago}", "2 hours ago"),
    ],
)
def test_a_date_is_told_in_the_viewers_zone(ago: int, form: str, words: str) -> None:
    assert BERLIN.told(NOON - ago, form).replace("\u202f", " ") == words


def test_a_moment_survives_the_field_of_a_browser() -> None:
    assert BERLIN.seconds(BERLIN.local(int(NOON))) == NOON


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("/", "/case"),
        ("/case tr", "transfer"),
        ("/case show 1003", "#1003"),
        ("/case note printer", "#"),
        ("/case transfer 1003 ", "Support"),
        ("/case transfer 1003 to oo", ""),
        ("/case transfer 1003 to jane", "Jane Doe"),
        ("/case tag 1003 VIP, ref", "Refund"),
        ("/case find de", "dept:"),
        ("/case open Printer dept:tech", "Technical Support"),
        ("/case find status:cl", "closed"),
        ("hello", ""),
        ("/other", ""),
    ],
)
def test_what_can_be_typed_next_is_offered(typed: str, label: str) -> None:
    offers = Completion(FuseDesk(60)).offers(typed)

    assert any(label in offer.label for offer in offers) if label else offers == []


def test_an_offer_that_is_taken_makes_the_whole_line() -> None:
    completion = Completion(FuseDesk(60))

    assert completion.offers("/case tag 1003 VIP, ref")[0].text == "/case tag 1003 VIP, Refund"
    assert completion.offers("/case open Fire dept:tech")[0].text == '/case open Fire dept:"Technical Support"'


def test_what_was_asked_for_and_may_not_be_seen_becomes_what_may() -> None:
    slack = workspace()

    assert Look.read({"who": GUS, "place": "C02BILLING", "panel": "x"}, slack) == Look(who=GUS, place=SUPPORT)
    assert Look.read({"who": "U99", "place": HOME}, slack) == Look(place=HOME)


def test_messages_outlive_the_demo_in_a_file(tmp_path: Path) -> None:
    file, slack = tmp_path / "kept", workspace()
    prepare(slack)
    slack.react(JANE, slack.last(JANE, SUPPORT), "eyes")
    slack.say(OLU, slack.dm(OLU).id, "hello")
    keeping.keep(slack, file)
    again = workspace()

    assert keeping.restore(again, file)
    assert [one.facts() for one in again.seen(JANE, SUPPORT)] == [one.facts() for one in slack.seen(JANE, SUPPORT)]
    assert again.last(OLU, again.dm(OLU).id).text == "hello"
    keeping.forget(file)
    assert not file.exists()


@asynccontextmanager
async def paged(world: World) -> AsyncIterator[tuple[httpx.AsyncClient, Stage]]:
    """The page before the bot of the tests, which runs in this process."""
    bot = BotProcess({}, Path("."), up=world.slack.connect, changed=world.slack.changed.note)
    stage = staged(world.slack, world.desk, "http://desk.example", bot)
    async with serve(Page(stage).app) as url, httpx.AsyncClient(base_url=url) as client:
        yield client, stage


async def test_the_page_lets_the_browser_run_nothing_but_its_own_files(world: World) -> None:
    async with paged(world) as (client, _):
        answer = await client.get("/")

    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


async def test_another_page_in_the_same_browser_can_do_nothing(world: World) -> None:
    async with paged(world) as (client, _):
        elsewhere = await client.get("/", headers={"host": "evil.example"})
        simple = await client.post("/do/send", content='{"text": "x"}', headers={"content-type": "text/plain"})

    assert elsewhere.status_code == 400
    assert simple.status_code == 404
    assert world.slack.seen(JANE, SUPPORT) == []


async def test_a_page_that_lost_its_stream_is_drawn_anew(world: World) -> None:
    async with paged(world) as (client, _):
        answer = await client.get("/live", params={"ticket": "spent"})

    assert answer.text.startswith("event: again")


async def test_each_exchange_belongs_to_the_wish_that_caused_it(world: World) -> None:
    async with paged(world) as (_, stage):
        await world.case("show 1003")
        await world.slack.until(lambda: world.slack.last(JANE, SUPPORT).buttons)
        await world.case("help")
        await world.slack.until(lambda: "FuseDesk cases" in world.slack.last(JANE, SUPPORT).plain())
        rows = stage.exchanges.rows()

    wishes = {wish.title: wish.number for wish in stage.exchanges.wishes}
    of_show = {row.title for row in rows if row.wish == wishes["/case show 1003"]}
    assert {"/case show 1003", "GET /cases/1003", "response_url"} <= of_show
    assert {row.title for row in rows if row.wish == wishes["/case help"]} == {"/case help"}


async def test_what_slack_does_not_take_of_an_answer_stands_at_its_exchange(world: World) -> None:
    async with paged(world) as (_, stage):
        stage.slack.delivery.ack_seconds = 0.0
        await world.case("help")
        row = next(row for row in stage.exchanges.rows() if row.title == "/case help")

    assert "operation_timeout" in row.why
    world.slack.forgive("operation_timeout")


async def test_the_last_step_of_the_tour_counts_when_the_case_stands_as_before(world: World) -> None:
    """casebot's part is played by hand: a button, and FuseDesk set back."""
    async with paged(world) as (_, stage):
        before = world.desk.case(1003)
        await world.case("transfer 1003 to onboarding")
        await world.slack.until(lambda: world.desk.case(1003)["department"] == "Onboarding")
        button = {"type": "button", "action_id": "x", "text": {"type": "plain_text", "text": UNDO}}
        blocks = [{"type": "actions", "elements": [button]}]
        offered = world.slack.put(Message(SUPPORT, "", BOT_USER, UNDO, blocks, by_bot=True))
        await world.slack.click(JANE, offered, "x")
        assert stage.tour.now
        assert len(STEPS) not in stage.tour.done
        world.desk.change(1003, departmentid=before["departmentid"], repid=before["repid"])

        assert stage.tour.now
        assert len(STEPS) in stage.tour.done
