"""The benchmark suite runs through, and its figures follow what it measures. How fast anything is, is not asserted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import cards, contestants, door, durable, growth, memory, names, quota, start, wish, wrk
from bench.__main__ import SUITES, main
from bench.contestants import BOLT, BOLT_JS, FLOOR, rival, told
from bench.load import percentile, volley
from bench.machine import Cores, NotStarted, free_port, serving
from bench.mix import SHARES, mix
from bench.replay import replaying
from bench.requests import BUTTON_BYTES, Sender, heavy_press
from bench.run import SMOKE, Run
from bench.table import Row, at_most, contest, keep, times_less, times_more
from bot.cards import case
from simulator.fusedesk import FuseDesk

FACTS = ["what", "unit", "casebot", "rivals", "ratio", "goal", "met"]


@pytest.fixture
def run() -> Run:
    return Run(SMOKE, Cores(None, None), with_node=False, with_wrk=False)


async def test_the_door_is_measured_for_casebot_and_its_rivals(run: Run) -> None:
    rows = await door.rows(run)

    assert len(rows) == 3
    assert all(row.casebot > 0 for row in rows)
    assert all(set(row.rivals) == {BOLT, FLOOR} and min(row.rivals.values()) > 0 for row in rows)


async def test_a_wish_is_measured_to_its_card_and_the_door_while_fusedesk_hangs(run: Run) -> None:
    rows = await wish.rows(run)

    assert len(rows) == 4
    assert all(row.casebot > 0 for row in rows)


@pytest.mark.parametrize("suite", [names, cards, durable, start, growth, memory], ids=lambda suite: suite.__name__)
async def test_every_other_suite_runs_through(suite: object, run: Run) -> None:
    rows = await suite.rows(run)  # type: ignore[attr-defined]

    assert rows
    assert all(list(row.facts()) == FACTS for row in rows)


async def test_calls_are_counted_with_casebots_caches_and_without_any(run: Run) -> None:
    (row,) = await quota.rows(run)

    assert 0 < row.casebot < row.rivals[quota.UNCACHED]


async def test_a_rival_slowed_down_on_purpose_changes_its_row(run: Run) -> None:
    shot = Sender().command("help")
    p50 = {}
    async with replaying(FuseDesk(cases=1)) as replay:
        for delay in (0, 0.1):
            async with rival(run, FLOOR, told(replay, delay=delay)) as server:
                p50[delay] = percentile((await volley(server.port, lambda: shot, at_once=1, count=5)).took, 50)

    fast, slow = (contest("door", "ms", {"casebot": 50.0, FLOOR: each}, [times_less(1, FLOOR)]) for each in p50.values())
    assert slow.rivals[FLOOR] >= 100
    assert (fast.met, slow.met) == (False, True)
    assert slow.ratio > fast.ratio  # type: ignore[operator]


@pytest.mark.skipif(not wrk.available(), reason="wrk is not installed")
async def test_wrk_sends_signed_requests(run: Run) -> None:
    async with replaying(FuseDesk(cases=1)) as replay, rival(run, FLOOR, told(replay)) as server:
        burst = await wrk.burst(server.port, Sender().command("help"), connections=2, seconds=1)

    assert burst.rate > 0
    assert burst.p99 >= burst.p50 > 0


async def test_wrk_reports_wrong_answers() -> None:
    with pytest.raises(wrk.Wrong):
        wrk.read('RESULT {"p50": 1, "p99": 2, "requests": 5, "us": 10, "wrong": 5}')


@pytest.mark.skipif(
    not (contestants.JS_FOLDER / "node_modules").is_dir(), reason="Bolt for JavaScript is not installed; bench does it"
)
async def test_the_rival_in_javascript_answers(run: Run) -> None:
    async with replaying(FuseDesk(cases=1)) as replay, rival(run, BOLT_JS, told(replay)) as server:
        fired = await volley(server.port, lambda: heavy_press(Sender(), case.FUSEDESK), at_once=1, count=2)

    assert len(fired.took) == 2


async def test_without_node_its_rival_is_left_out_with_a_note(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert not await contestants.node_ready(run)
    assert "node" in run.notes[0]


async def test_a_server_that_does_not_start_says_why() -> None:
    command = ["python3", "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(NotStarted, match="no such thing"):
        async with serving("broken", command, port=free_port(), ready="/", core=None):
            pass


def test_the_press_has_the_size_of_a_real_one() -> None:
    assert BUTTON_BYTES <= len(heavy_press(Sender(), case.FUSEDESK).body) < BUTTON_BYTES + 300


def test_the_mix_is_what_it_says_and_the_same_each_time() -> None:
    wishes = mix(1_000)

    assert Counter(wish.kind for wish in wishes) == {kind: round(share * 1_000) for kind, share in SHARES.items()}
    assert wishes == mix(1_000)
    assert wishes == sorted(wishes)


def test_a_goal_is_judged_beside_its_rival_and_not_without_it() -> None:
    rivals = {"Bolt": 100.0}

    assert Row("rate", "/s", 250.0, rivals, [times_more(2.5, "Bolt")]).met is True
    assert Row("rate", "/s", 249.0, rivals, [times_more(2.5, "Bolt")]).met is False
    assert Row("rate", "/s", 249.0, {}, [times_more(2.5, "Bolt")]).met is None
    assert Row("time", "ms", 0.5, rivals, [at_most(0.4), times_less(20, "Bolt")]).met is False
    assert Row("time", "ms", 5.0, rivals).ratio == 20
    assert Row("rate", "/s", 200.0, rivals, more_is_better=True).ratio == 2


def test_rows_are_kept_as_json(tmp_path: Path) -> None:
    keep([Row("time", "ms", 0.5, {"Bolt": 10.0}, [at_most(1)])], tmp_path / "results.json")

    told = json.loads((tmp_path / "results.json").read_text())
    assert told == [
        {"what": "time", "unit": "ms", "casebot": 0.5, "rivals": {"Bolt": 10.0}, "ratio": 20.0, "goal": "≤ 1", "met": True}
    ]


def test_the_command_prints_a_table_and_writes_the_results(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["cards", "--smoke", "--no-pin", "--results", str(tmp_path / "results.json")])

    assert result.exit_code == 0
    assert "building a case's card" in " ".join(result.output.split())
    assert len(json.loads((tmp_path / "results.json").read_text())) == 2


def test_an_unknown_suite_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(main, ["dor"])

    assert result.exit_code == 2
    assert all(name in result.output for name in SUITES)
