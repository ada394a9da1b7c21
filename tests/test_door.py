"""The front door: what is let in, what is turned away, and what is never said about it."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.cards.words import done
from bot.door import Door
from bot.slack import Slack, SlackDown, http_session, web_client
from simulator import slack as simulated
from simulator.serving import serve
from simulator.slack import JANE, SUPPORT, Exchange
from tests.conftest import World, casebot_world
from tests.flows import answer

FORM = "application/x-www-form-urlencoded"
PATH = "/slack/events"


# `at` is the moment that is signed: seconds from now, or whatever text.
def headers(world: World, body: str | bytes, *, kind: str = FORM, at: int | str = 0, signature: str = "") -> dict[str, str]:
    moment = str(int(time.time()) + at if isinstance(at, int) else at)
    signed = signature or world.slack.sign(body, moment)
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": moment, "X-Slack-Signature": signed}


async def knock(world: World, body: str | bytes, **how: object) -> Exchange:
    return await world.slack.raw(PATH, body, headers(world, body, **how))  # type: ignore[arg-type]


COMMAND = urlencode(
    {"command": "/case", "text": "help", "user_id": JANE, "team_id": "T01ACME", "channel_id": SUPPORT, "trigger_id": "1.2.3"}
)


async def test_a_signed_command_is_let_in(world: World) -> None:
    assert (await knock(world, COMMAND)).status == 200


@pytest.mark.parametrize(
    "how",
    [
        {"signature": "v0=0000"},
        {"signature": "v0=é"},
        {"signature": "nonsense"},
        {"at": "yesterday"},
        {"at": "-5"},
        {"at": "9" * 40},
        {"at": -301},
        {"at": 400},
    ],
    ids=str,
)
async def test_a_wrong_or_malformed_signature_is_turned_away(
    world: World, how: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with aiohttp.ClientSession() as session:
        sent = {name: value.encode().decode("latin-1") for name, value in headers(world, COMMAND, **how).items()}
        async with session.post(world.url + PATH, data=COMMAND, headers=sent) as response:
            status = response.status

    assert status == 401
    assert "turned away" in caplog.text
    assert "help" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("missing", ["X-Slack-Request-Timestamp", "X-Slack-Signature"])
async def test_a_missing_header_is_turned_away(world: World, missing: str) -> None:
    sent = headers(world, COMMAND)
    del sent[missing]

    assert (await world.slack.raw(PATH, COMMAND, sent)).status == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("payload=not json", FORM),
        ("payload=[1,2]", FORM),
        ("payload=" + "[" * 100_000, FORM),
        ("{", "application/json"),
        ("[]", "application/json"),
        ('"text"', "application/json"),
        (b"\xff\xfe", "application/json"),
        ("hello", "text/plain"),
        ("<xml/>", ""),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_malformed_body_is_refused_without_a_trace(
    world: World, body: str | bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    answered = await knock(world, body, kind=kind)

    assert answered.status == 400
    assert "Traceback" not in caplog.text


async def test_a_body_over_a_megabyte_is_refused_while_it_comes_in(world: World) -> None:
    async def chunks():  # type: ignore[no-untyped-def]  # an async generator for aiohttp
        for _ in range(40):
            yield b"x" * 50_000

    async with aiohttp.ClientSession() as session:
        sent = headers(world, COMMAND)
        async with session.post(world.url + PATH, data=chunks(), headers=sent) as response:
            assert response.status == 413
        async with session.post(world.url + PATH, data=b"x" * 1_000_001, headers=sent) as response:
            assert response.status == 413


class Held(AsyncApp):
    """A Bolt app that answers nobody before its end."""

    def __init__(self) -> None:
        super().__init__(signing_secret="s3cret", token="xoxb-test")
        self.begun = asyncio.Semaphore(0)
        self.end = asyncio.Event()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        self.begun.release()
        await self.end.wait()
        return BoltResponse(status=200, body="late")


async def test_a_request_more_than_the_door_can_hold_is_turned_away_and_the_others_are_finished(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held, slack = Held(), simulated.Slack()
    door = Starlette(routes=[Route(PATH, Door(held, "s3cret", at_once=2), methods=["POST"])])
    async with slack.served(), serve(door) as url:
        slack.connect(url)
        under_way = [asyncio.create_task(slack.command(JANE, SUPPORT, "help")) for _ in range(2)]
        for _ in under_way:
            await held.begun.acquire()
        unsigned = await slack.raw(PATH, COMMAND, {})
        one_more = await slack.command(JANE, SUPPORT, "find quokka")
        held.end.set()
        answers = [await each for each in under_way]
        later = await slack.command(JANE, SUPPORT, "help")

    assert (unsigned.status, one_more.status) == (401, 503)
    assert one_more.text == "Service Unavailable"
    assert [each.text for each in [*answers, later]] == ["late"] * 3
    assert "turned away: too many requests at once" in caplog.text
    assert "quokka" not in caplog.text


async def test_a_command_whose_text_holds_the_word_payload_works(world: World) -> None:
    card = await answer(world, "find payload=1 & payload")

    assert "payload" in card.plain()


async def test_slacks_handshake_and_its_certificate_probe_are_answered(world: World) -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"})

    shaken = await knock(world, challenge, kind="application/json")
    probed = await knock(world, "ssl_check=1&token=x")

    assert shaken.json == {"challenge": "abc"}
    assert probed.status == 200


async def test_an_event_that_comes_twice_is_handled_once(world: World) -> None:
    event = {"type": "app_home_opened", "user": JANE, "channel": "D1", "tab": "home"}

    await world.slack.event(event, event_id="Ev1")
    await world.slack.until(lambda: world.slack.home(JANE))
    published = len(world.slack.called("views.publish"))
    again = await world.slack.event(event, event_id="Ev1", retry=1)
    await world.slack.until(lambda: world.bot.busy == 0)

    assert again.status == 200
    assert len(world.slack.called("views.publish")) == published


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions", "actions": [{"action_id": "long_gone", "block_id": "b", "type": "button", "value": "1"}]},
        {"type": "view_submission", "view": {"id": "V1", "type": "modal", "callback_id": "long_gone", "blocks": []}},
        {"type": "view_closed", "view": {"id": "V1", "type": "modal", "callback_id": "long_gone"}, "is_cleared": False},
        {"type": "block_suggestion", "action_id": "long_gone", "block_id": "b", "value": "x"},
        {"type": "shortcut", "callback_id": "long_gone"},
        {"type": "message_action", "callback_id": "long_gone", "message": {"ts": "1.2", "text": "x"}, "message_ts": "1.2"},
        {"type": "something_new"},
    ],
    ids=lambda payload: payload["type"],
)
async def test_an_unknown_id_is_answered_politely(world: World, payload: dict[str, object]) -> None:
    common = {"user": {"id": JANE, "team_id": "T01ACME"}, "team": {"id": "T01ACME"}, "trigger_id": "1.2.3"}
    body = urlencode({"payload": json.dumps(common | payload)})

    answered = await knock(world, body)

    assert answered.status == 200


async def test_an_unknown_command_and_event_are_answered_politely(world: World) -> None:
    command = await knock(world, COMMAND.replace("%2Fcase", "%2Fother"))
    event = await knock(
        world,
        json.dumps({"type": "event_callback", "event_id": "Ev9", "team_id": "T01ACME", "event": {"type": "reaction_added"}}),
        kind="application/json",
    )

    assert command.status == 200
    assert "does not know" in command.text
    assert event.status == 200


async def test_a_malformed_payload_that_is_signed_ends_in_a_reference_that_the_log_has(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    view = {"id": "V1", "type": "modal", "callback_id": "note_form", "private_metadata": "jane@secret.example", "blocks": []}
    view["blocks"] = [{"type": "input", "block_id": "note", "element": {"action_id": "note", "type": "plain_text_input"}}]
    payload = {"type": "view_submission", "user": {"id": JANE, "team_id": "T01ACME"}, "view": view, "trigger_id": "1.2.3"}

    answered = await knock(world, urlencode({"payload": json.dumps(payload)}))

    words = answered.json["errors"]["note"]
    reference = words.split("reference ")[1].strip(".")
    assert reference in caplog.text
    assert "jane@secret.example" not in caplog.text


PERSON = {"user": {"id": JANE, "team_id": "T01ACME"}, "team": {"id": "T01ACME"}, "trigger_id": "1.2.3"}
BUTTON = {"action_id": "case_take", "block_id": "b", "type": "button", "value": "{}"}
MODAL = {"id": "V1", "type": "modal", "callback_id": "note_form", "private_metadata": "{}", "blocks": []}
MESSAGE = {"ts": "1.2", "text": "quokka"}


def event_of(event: object) -> dict[str, object]:
    return {"type": "event_callback", "event_id": "Ev7", "team_id": "T01ACME", "event": event}


def nested(levels: int) -> object:
    return {"quokka": nested(levels - 1)} if levels else "quokka"


@pytest.mark.parametrize(
    "payload",
    [
        {"type": ["quokka"]},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": {"quokka": 1}},
        {"type": "block_actions", "actions": [None]},
        {"type": "block_actions", "actions": [BUTTON | {"value": {"quokka": None}}]},
        {"type": "block_actions", "actions": [BUTTON], "user": None},
        {"type": "block_actions", "actions": [BUTTON], "user": {"id": ["quokka"]}},
        {"type": "block_actions", "actions": [BUTTON], "user": {"id": "q" * 100_000}},
        {"type": "block_actions", "actions": [BUTTON], "response_url": "http://[quokka"},
        {"type": "block_actions", "actions": [BUTTON], "authorizations": {"quokka": 1}},
        {"type": "block_actions", "actions": [BUTTON], "state": nested(100)},
        {"type": "block_suggestion", "action_id": "department", "value": 10**30},
        {"type": "block_suggestion", "value": "quokka"},
        {"type": "shortcut", "callback_id": None},
        {"type": "message_action", "callback_id": "add_to_case", "message": None},
        {"type": "message_action", "callback_id": "add_to_case", "message": MESSAGE | {"files": ["quokka"]}},
        {"type": "view_submission"},
        {"type": "view_submission", "view": MODAL | {"type": "quokka"}},
        {"type": "view_submission", "view": MODAL | {"state": {"values": {"note": {"note": "quokka"}}}}},
        {"type": "view_submission", "view": MODAL | {"blocks": [{"type": "input", "element": None}]}},
        event_of(None) | {"event": ["quokka"]},
        event_of({"type": "app_home_opened"}),
        event_of({"type": "app_home_opened", "user": {"quokka": 1}}),
    ],
    ids=lambda payload: json.dumps(payload)[:60],
)
async def test_a_signed_but_malformed_payload_is_refused_in_one_line_without_its_words(
    world: World, payload: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")

    answered = await knock(world, json.dumps(PERSON | payload), kind="application/json")

    assert answered.status == 400
    assert answered.headers["X-Slack-No-Retry"] == "1"
    assert [record.levelname for record in caplog.records if record.name.startswith("bot")] == ["WARNING"]
    assert "quokka" not in caplog.text


@pytest.mark.parametrize("body", ["command=%2Fcase&text=quokka", "command=&user_id=U1&text=quokka"])
async def test_a_command_of_nobody_or_of_no_name_is_refused(world: World, body: str, caplog: pytest.LogCaptureFixture) -> None:
    assert (await knock(world, body)).status == 400
    assert "quokka" not in caplog.text


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("case_take", "{}"),
        ("case_note", "quokka"),
        ("list_show", "1e9"),
        ("list_page:next", "[1]"),
        ("case_more", "history|quokka"),
    ],
)
async def test_a_button_of_another_casebot_is_answered_in_words_with_a_reference_that_the_log_has(
    world: World, action: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    payload = {"type": "block_actions", "actions": [BUTTON | {"action_id": action, "value": value}], "channel": {"id": SUPPORT}}

    answered = await knock(world, urlencode({"payload": json.dumps(PERSON | payload)}))
    await world.slack.until(lambda: world.slack.seen(JANE, SUPPORT))

    words = world.slack.last(JANE, SUPPORT).plain()
    assert answered.status == 200
    assert "older casebot" in words
    assert words.split("reference ")[1].split(".")[0] in caplog.text
    assert "quokka" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_halves_of_characters_and_nul_are_replaced_and_harm_nothing(world: World) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "a\ud83d\x00b"})

    assert (await knock(world, body, kind="application/json")).json == {"challenge": "a\ufffd\ufffdb"}


@pytest.mark.parametrize(
    "more", [{"Content-Type": "é/ÿ"}, {"Content-Type": "application/json; charset=é"}, {"Content-Encoding": "gzip"}]
)
async def test_a_body_that_is_announced_as_something_else_is_refused(world: World, more: dict[str, str]) -> None:
    body = gzip.compress(COMMAND.encode()) if "Content-Encoding" in more else COMMAND.encode()

    assert (await world.slack.raw(PATH, body, headers(world, body) | more)).status == 400


async def test_health_and_readiness_say_nothing_private(world: World) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(world.url + "/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok")
        async with session.get(world.url + "/readyz") as response:
            assert (response.status, await response.text()) == (200, "ready")
        async with session.get(world.url + PATH) as response:
            assert response.status == 405
        async with session.get(world.url + "/") as response:
            assert response.status == 404


async def test_a_response_url_that_redirects_is_not_followed() -> None:
    heard: list[str] = []

    async def away(request: Request) -> Response:
        heard.append(request.url.path)
        return RedirectResponse("/elsewhere", status_code=307)

    app = Starlette(routes=[Route("/response", away, methods=["POST"]), Route("/elsewhere", away, methods=["POST"])])
    async with serve(app) as url, http_session() as session:
        slack = Slack(web_client("xoxb-test", f"{url}/api/", session), session)
        with pytest.raises(SlackDown):
            await slack.respond(f"{url}/response", done("quokka"))

    assert heard == ["/response"]


async def test_over_socket_mode_everything_comes_by_the_same_door() -> None:
    async with casebot_world(slack_app_token="xapp-test", slack_signing_secret="") as world:
        await world.slack.until(lambda: world.slack.sockets == 1)
        card = await answer(world, "1234")
        await world.slack.click(JANE, card, "case_transfer")
        view = await world.slack.until(lambda: world.slack.views(JANE) and world.slack.view(JANE))
        options = await world.slack.typeahead(JANE, view, "department", "bil")
        await world.slack.submit(JANE, view, {"department": options[0]})
        await world.slack.until(lambda: "Billing" in card.plain())
        await world.slack.open_home(JANE)
        await world.slack.until(lambda: "FuseDesk answers" in world.slack.home(JANE).plain())
        shut = await knock(world, COMMAND)

        assert shut.status == 401
        assert world.slack.faults == []


async def test_a_malformed_payload_over_socket_mode_is_left_unacknowledged_and_the_socket_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with casebot_world(slack_app_token="xapp-test") as world:
        await world.slack.until(lambda: world.slack.sockets == 1)
        world.slack.delivery.ack_seconds = 0.3
        lost = await world.slack.delivery.interactive({"type": "block_actions", "actions": "quokka"})
        world.slack.delivery.ack_seconds = 3.0
        card = await answer(world, "help")

        assert lost.error == "operation_timeout"
        assert "Open a case" in card.buttons
        assert "malformed payload, actions" in caplog.text
        assert "quokka" not in caplog.text
        world.slack.faults.clear()


async def test_a_socket_that_slack_renews_is_replaced() -> None:
    async with casebot_world(slack_app_token="xapp-test") as world:
        await world.slack.until(lambda: world.slack.sockets == 1)
        sockets = world.slack.delivery.sockets
        before = sockets.open[0]

        await world.slack.refresh_sockets()

        await world.slack.until(lambda: sockets.open and before not in sockets.open)
        assert "Open a case" in (await answer(world, "help")).buttons
