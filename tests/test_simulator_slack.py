"""What the Slack stand-in promises, tried with a small real Bolt app and the real SDK over real HTTP and a real websocket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import aiohttp
import httpx
import pytest
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.serving import serve
from simulator.slack import (
    BILLING,
    BOARD,
    BOB,
    BOT_USER,
    DORA,
    GUS,
    JANE,
    LEADS,
    MIA,
    OTTO,
    RANDOM,
    SCOPES,
    SUPPORT,
    Absent,
    Call,
    NotPossible,
    Slack,
)

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def field(name: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": name, "label": plain(name), "element": {"action_id": name, **element}, **more}


def modal(*blocks: Json, callback_id: str = "form", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain("Title"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [section("Nothing")],
        **more,
    }


REPS = [option("Jane Doe", "1"), option("Bob Stone", "2")]
FORM = [
    field("summary", {"type": "plain_text_input", "max_length": 20}),
    field("email", {"type": "email_text_input"}, optional=True),
    field("rep", {"type": "external_select", "min_query_length": 0}, optional=True, dispatch_action=True),
    field("tags", {"type": "multi_external_select", "min_query_length": 2}, optional=True),
    field("kind", {"type": "radio_buttons", "options": [option("Note", "note"), option("Call", "call")]}, optional=True),
    field("whole", {"type": "checkboxes", "options": [option("Whole thread", "all")]}, optional=True),
    field("when", {"type": "datetimepicker"}, optional=True),
    field("hours", {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "8"}, optional=True),
    field("site", {"type": "url_text_input"}, optional=True),
]


class Bot:
    """A small Bolt app that notes what it gets; `answer` is what it does with the next thing."""

    def __init__(self, slack_url: str) -> None:
        self.got: list[Json] = []
        self.client = AsyncWebClient("xoxb-test", base_url=f"{slack_url}/api/", retry_handlers=[])
        self.app = AsyncApp(client=self.client, signing_secret="s3cret", process_before_response=True)
        self.answer: Any = None
        for register in (
            self.app.command("/case"),
            self.app.shortcut("open"),
            self.app.action("press"),
            self.app.action("rep"),
            self.app.action("menu"),
            self.app.options("rep"),
            self.app.options("tags"),
            self.app.view("form"),
            self.app.view_closed("form"),
        ):
            register(self.listen)
        self.app.event("app_home_opened")(self.home)

    async def listen(self, ack: Any, body: Json, respond: Any) -> None:
        self.got.append(body)
        if self.answer:
            await self.answer(ack=ack, body=body, respond=respond, client=self.client)
        elif body.get("type") == "block_suggestion":
            await ack(options=[one for one in REPS if body["value"].lower() in one["text"]["text"].lower()])
        else:
            await ack()

    async def home(self, body: Json, client: AsyncWebClient) -> None:
        self.got.append(body)
        view = {"type": "home", "blocks": [section("Your cases"), actions(button("New", "press"))]}
        await client.views_publish(user_id=body["event"]["user"], view=view)

    @property
    def last(self) -> Json:
        return self.got[-1]


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[Bot]:
    async with slack.served() as url:
        bot = Bot(url)
        async with serve(cast(Any, AsyncSlackRequestHandler(bot.app))) as bot_url:
            slack.connect(bot_url)
            yield bot


@asynccontextmanager
async def refused(code: str) -> AsyncIterator[SlackApiError]:
    """Slack's own code is the answer to what is called within."""
    with pytest.raises(SlackApiError) as caught:
        yield caught  # type: ignore[misc]
    assert caught.value.response["error"] == code


def answers(**how: Any) -> Any:
    async def answer(*, ack: Any, **_: Any) -> None:
        await ack(**how)

    return answer


def opens(*blocks: Json, **more: Any) -> Any:
    async def answer(*, ack: Any, body: Json, client: AsyncWebClient, **_: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(*blocks, **more))

    return answer


async def card(slack: Slack, bot: Bot, *blocks: Json, channel: str = SUPPORT) -> Any:
    await bot.client.chat_postMessage(channel=channel, text="card", blocks=list(blocks) or [actions(button("Press", "press"))])
    return slack.last(JANE, channel)


async def form(slack: Slack, bot: Bot, *blocks: Json, **more: Any) -> Any:
    bot.answer = opens(*(blocks or FORM), **more)
    await slack.global_shortcut(JANE, "open")
    bot.answer = None
    return slack.view(JANE)


class TestWebApi:
    async def test_says_who_the_bot_is_and_what_it_may(self, slack: Slack, bot: Bot) -> None:
        answer = await bot.client.auth_test()

        assert (answer["url"], answer["team_id"], answer["user_id"]) == ("https://acme.slack.com/", "T01ACME", BOT_USER)
        assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")
        assert (await bot.client.api_test())["ok"]

    async def test_refuses_what_slack_does_not_know(self, slack: Slack, bot: Bot) -> None:
        async with refused("unknown_method"):
            await bot.client.api_call("chat.shout")
        async with refused("invalid_auth"):
            await AsyncWebClient("xoxb-other", base_url=bot.client.base_url).auth_test()
        async with refused("not_authed"):
            await AsyncWebClient("", base_url=bot.client.base_url).auth_test()
        async with refused("not_allowed_token_type"):
            await bot.client.apps_connections_open(app_token="xoxb-test")
        async with refused("invalid_arguments"):
            await bot.client.api_call("chat.postMessage", json={"text": "x"})

        slack.forgive("unknown_method", "invalid_auth", "not_authed", "not_allowed_token_type", "missing required field: channel")
        assert slack.faults == []

    async def test_notes_an_argument_that_slack_does_not_know(self, slack: Slack, bot: Bot) -> None:
        await bot.client.api_call("chat.postMessage", json={"channel": SUPPORT, "text": "x", "colour": "red"})

        assert slack.faults == ["chat.postMessage: unknown argument colour"]
        assert slack.called("chat.postMessage")[0].args["colour"] == "red"

    async def test_names_the_scope_that_is_missing(self, slack: Slack, bot: Bot) -> None:
        slack.scopes = SCOPES - {"users:read", "channels:history"}
        async with refused("missing_scope") as caught:
            await bot.client.users_info(user=JANE)
        ts = slack.say(JANE, SUPPORT, "hello")
        async with refused("missing_scope"):
            await bot.client.conversations_replies(channel=SUPPORT, ts=ts)
        async with refused("missing_scope"):
            await bot.client.conversations_info(channel=SUPPORT)

        assert caught.value.response["needed"] == "users:read"  # type: ignore[attr-defined]
        assert slack.called("users.info")[0].error == "missing_scope"

    async def test_tells_about_people_as_they_are(self, slack: Slack, bot: Bot) -> None:
        async def user(id: str) -> Json:
            return dict((await bot.client.users_info(user=id))["user"])

        slack.add_user("U13SINA", name="sina", guest=True, single_channel=True)
        jane, gus, otto, dora = await user(JANE), await user(GUS), await user(OTTO), await user(DORA)
        sina = await user("U13SINA")
        slack.scopes = SCOPES - {"users:read.email"}
        blind = await user(JANE)

        assert (jane["profile"]["email"], jane["real_name"], jane["tz"]) == ("jane@acme.example", "Jane Doe", "Europe/Berlin")
        assert not jane["is_restricted"]
        assert (gus["is_restricted"], gus["is_ultra_restricted"]) == (True, False)
        assert (sina["is_restricted"], sina["is_ultra_restricted"]) == (True, True)
        assert (otto["team_id"], otto["is_stranger"]) == ("T09OTHER", False)
        assert dora["deleted"]
        assert "email" not in blind["profile"]
        async with refused("user_not_found"):
            await bot.client.users_info(user="U99NOBODY")

    async def test_posts_edits_and_deletes_what_everybody_sees(self, slack: Slack, bot: Bot) -> None:
        posted = await bot.client.chat_postMessage(channel=SUPPORT, text="one", blocks=[section("*one*")])
        message = slack.last(BOB, SUPPORT)
        await bot.client.chat_update(channel=SUPPORT, ts=posted["ts"], text="two")

        assert (message.plain(), message.blocks) == ("two", [])
        assert message.edits[0][0] == "one"
        await bot.client.chat_delete(channel=SUPPORT, ts=posted["ts"])
        assert slack.seen(BOB, SUPPORT) == []
        assert slack.faults == []

    async def test_takes_arguments_from_forms_and_queries(self, slack: Slack, bot: Bot) -> None:
        async with httpx.AsyncClient(base_url=slack.url, trust_env=False) as http:
            form = {"token": "xoxb-test", "channel": SUPPORT, "text": "x", "blocks": json.dumps([section("from a form")])}
            posted = await http.post("/api/chat.postMessage", data=form)
            broken = await http.post("/api/chat.postMessage", content="{", headers={"content-type": "application/json"})
            listed = await http.post("/api/chat.postMessage", content="[]", headers={"content-type": "application/json"})
            alive = await http.get("/")

        assert posted.json()["ok"]
        assert slack.last(JANE, SUPPORT).plain() == "from a form"
        assert broken.json()["error"] == listed.json()["error"] == "invalid_json"
        assert alive.status_code == 200

    async def test_writes_to_a_person_by_their_id(self, slack: Slack, bot: Bot) -> None:
        answer = await bot.client.chat_postMessage(channel=MIA, text="for you")

        assert answer["channel"] == slack.dm(MIA).id
        assert slack.last(MIA, slack.dm(MIA).id).plain() == "for you"
        assert slack.seen(JANE, slack.dm(MIA).id) == []
        async with refused("channel_not_found"):
            await bot.client.chat_postMessage(channel=DORA, text="gone")

    async def test_an_ephemeral_message_is_seen_by_one_and_cannot_be_changed(self, slack: Slack, bot: Bot) -> None:
        answer = await bot.client.chat_postEphemeral(channel=SUPPORT, user=JANE, text="psst")

        assert slack.last(JANE, SUPPORT).ephemeral
        assert slack.seen(BOB, SUPPORT) == []
        async with refused("message_not_found"):
            await bot.client.chat_update(channel=SUPPORT, ts=answer["message_ts"], text="loud")
        async with refused("user_not_in_channel"):
            await bot.client.chat_postEphemeral(channel=SUPPORT, user=OTTO, text="psst")
        async with refused("user_not_found"):
            await bot.client.chat_postEphemeral(channel=SUPPORT, user="U99", text="psst")

    async def test_refuses_where_the_bot_is_no_member(self, slack: Slack, bot: Bot) -> None:
        ts = slack.say(JANE, RANDOM, "hello")
        async with refused("not_in_channel"):
            await bot.client.chat_postMessage(channel=RANDOM, text="x")
        async with refused("not_in_channel"):
            await bot.client.conversations_replies(channel=RANDOM, ts=ts)
        async with refused("channel_not_found"):
            await bot.client.chat_postMessage(channel=BOARD, text="x")
        async with refused("channel_not_found"):
            await bot.client.chat_postMessage(channel="C99", text="x")
        slack.channels[SUPPORT].archived = True
        async with refused("is_archived"):
            await bot.client.chat_postMessage(channel=SUPPORT, text="x")

        assert len(slack.faults) == 5

    async def test_refuses_a_message_that_is_not_well_made(self, slack: Slack, bot: Bot) -> None:
        async def post(**content: Any) -> None:
            await bot.client.api_call("chat.postMessage", json={"channel": SUPPORT, **content})

        async with refused("no_text"):
            await post()
        async with refused("invalid_blocks") as caught:
            await post(text="x", blocks=[section("x" * 3001)])
        async with refused("msg_blocks_too_long"):
            await post(text="x", blocks=[section("x" * 3000)] * 5)
        async with refused("invalid_arguments"):
            await post(text={"a": 1})
        async with refused("invalid_arguments"):
            await post(text="x", unfurl_links="maybe")
        async with refused("thread_not_found"):
            await post(text="x", thread_ts="1.2")

        assert "at most 3000" in caught.value.response["response_metadata"]["messages"][0]  # type: ignore[attr-defined]
        assert slack.seen(JANE, SUPPORT) == []

    async def test_notes_what_slack_would_take_but_mangle(self, slack: Slack, bot: Bot) -> None:
        root = await bot.client.chat_postMessage(channel=SUPPORT, text="root")
        reply = await bot.client.chat_postMessage(channel=SUPPORT, text="reply", thread_ts=root["ts"])
        await bot.client.api_call("chat.postMessage", json={"channel": SUPPORT, "blocks": [section("no text")]})
        await bot.client.chat_postMessage(channel=SUPPORT, text="x" * 40_001)
        await bot.client.chat_postMessage(channel=SUPPORT, text="<!date^x^{date}|y>")
        await bot.client.chat_postMessage(channel=SUPPORT, text="too deep", thread_ts=reply["ts"])

        slack.forgive("blocks without a text", "is cut at 40000", "not a date token", "is a reply's")
        assert slack.faults == []
        assert [message.plain() for message in slack.seen(JANE, SUPPORT, root["ts"])] == ["root", "reply", "too deep"]

    async def test_changes_only_what_the_bot_wrote(self, slack: Slack, bot: Bot) -> None:
        ts = slack.say(JANE, SUPPORT, "mine")
        own = (await bot.client.chat_postMessage(channel=SUPPORT, text="own"))["ts"]
        async with refused("cant_update_message"):
            await bot.client.chat_update(channel=SUPPORT, ts=ts, text="x")
        async with refused("cant_delete_message"):
            await bot.client.chat_delete(channel=SUPPORT, ts=ts)
        async with refused("message_not_found"):
            await bot.client.chat_update(channel=SUPPORT, ts="1.2", text="x")
        async with refused("msg_too_long"):
            await bot.client.chat_update(channel=SUPPORT, ts=own, text="x" * 4001)

        assert slack.last(JANE, SUPPORT).plain() == "own"

    async def test_links_to_messages(self, slack: Slack, bot: Bot) -> None:
        root = slack.say(JANE, SUPPORT, "root")
        reply = slack.say(BOB, SUPPORT, "reply", thread_ts=root)
        first = await bot.client.chat_getPermalink(channel=SUPPORT, message_ts=root)
        second = await bot.client.chat_getPermalink(channel=SUPPORT, message_ts=reply)

        assert first["permalink"] == f"https://acme.slack.com/archives/{SUPPORT}/p{root.replace('.', '')}"
        assert second["permalink"].endswith(f"?thread_ts={root}&cid={SUPPORT}")
        async with refused("message_not_found"):
            await bot.client.chat_getPermalink(channel=SUPPORT, message_ts="1.2")

    async def test_reads_a_thread_page_by_page(self, slack: Slack, bot: Bot) -> None:
        root = slack.say(JANE, SUPPORT, "0")
        for number in range(1, 1001):
            slack.say(BOB, SUPPORT, str(number), thread_ts=root)
        pages = await bot.client.conversations_replies(channel=SUPPORT, ts=root, limit=400)
        texts = [message["text"] async for page in pages for message in page["messages"]]

        assert texts == [str(number) for number in range(1001)]
        assert len(slack.called("conversations.replies")) == 3
        assert pages["messages"][0]["thread_ts"] == root

    async def test_reads_history_newest_first_without_replies_and_whispers(self, slack: Slack, bot: Bot) -> None:
        first = slack.say(JANE, SUPPORT, "first")
        slack.say(BOB, SUPPORT, "reply", thread_ts=first)
        await bot.client.chat_postEphemeral(channel=SUPPORT, user=JANE, text="psst")
        second = slack.say(JANE, SUPPORT, "second")
        history = await bot.client.conversations_history(channel=SUPPORT)
        one = await bot.client.conversations_history(channel=SUPPORT, latest=first, inclusive=True, limit=1)
        older = await bot.client.conversations_history(channel=SUPPORT, latest=second)

        assert [message["text"] for message in history["messages"]] == ["second", "first"]
        assert history["messages"][1]["reply_count"] == 1
        assert [message["text"] for message in one["messages"]] == ["first"]
        assert [message["text"] for message in older["messages"]] == ["first"]
        async with refused("invalid_limit"):
            await bot.client.conversations_history(channel=SUPPORT, limit=5000)
        async with refused("invalid_cursor"):
            await bot.client.conversations_history(channel=SUPPORT, cursor="x")
        async with refused("thread_not_found"):
            await bot.client.conversations_replies(channel=SUPPORT, ts="1.2")

    async def test_tells_the_metadata_of_messages_to_whom_asks_for_all_of_it(self, slack: Slack, bot: Bot) -> None:
        metadata = {"event_type": "casebot", "event_payload": {"mark": "x"}}
        thread = slack.say(JANE, SUPPORT, "first")
        await bot.client.chat_postMessage(channel=SUPPORT, text="card", metadata=metadata)
        reply = (await bot.client.chat_postMessage(channel=SUPPORT, text="reply", thread_ts=thread, metadata=metadata))["ts"]
        await bot.client.chat_update(channel=SUPPORT, ts=reply, text="edited")
        full = {"include_all_metadata": True}
        history = await bot.client.conversations_history(channel=SUPPORT)
        whole_history = await bot.client.conversations_history(channel=SUPPORT, **full)
        replies = await bot.client.conversations_replies(channel=SUPPORT, ts=thread)
        whole_replies = await bot.client.conversations_replies(channel=SUPPORT, ts=thread, **full)

        assert history["messages"][0]["metadata"] == replies["messages"][1]["metadata"] == {"event_type": "casebot"}
        assert whole_history["messages"][0]["metadata"] == whole_replies["messages"][1]["metadata"] == metadata
        assert "metadata" not in whole_history["messages"][1]
        assert slack.faults == []

    async def test_drops_malformed_metadata_and_says_so(self, slack: Slack, bot: Bot) -> None:
        await bot.client.chat_postMessage(channel=SUPPORT, text="card", metadata={"event_type": "x"})

        assert slack.last(JANE, SUPPORT).metadata is None
        assert slack.faults == ["chat.postMessage: invalid_metadata_format"]

    async def test_reads_what_came_after_a_moment(self, slack: Slack, bot: Bot) -> None:
        first = slack.say(JANE, SUPPORT, "first")
        reply = slack.say(BOB, SUPPORT, "reply", thread_ts=first)
        slack.say(BOB, SUPPORT, "again", thread_ts=first)
        slack.say(JANE, SUPPORT, "second")
        history = await bot.client.conversations_history(channel=SUPPORT, oldest=first)
        replies = await bot.client.conversations_replies(channel=SUPPORT, ts=first, oldest=reply)

        assert [message["text"] for message in history["messages"]] == ["second"]
        assert [message["text"] for message in replies["messages"]] == ["again"]

    async def test_hooks_see_the_request_the_effect_and_the_answer_in_this_order(self, slack: Slack, bot: Bot) -> None:
        seen: list[tuple[str, str, int]] = []
        answered = asyncio.Event()

        async def effect(call: Call) -> None:
            seen.append(("effect", call.method, len(slack.seen(JANE, SUPPORT))))

        def answer(call: Call) -> None:
            seen.append(("answer", call.method, len(slack.seen(JANE, SUPPORT))))
            if call.method == "response_url":
                answered.set()

        slack.on_request = lambda name, args: seen.append(("request", name, len(slack.seen(JANE, SUPPORT))))
        slack.on_effect, slack.on_answer = effect, answer
        await bot.client.chat_postMessage(channel=SUPPORT, text="x")
        await bot.client.api_test()
        async with refused("channel_not_found"):
            await bot.client.chat_postMessage(channel="C0", text="x")
        bot.answer = answers()
        await slack.command(JANE, SUPPORT, "x")
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.post(bot.last["response_url"], json={"text": "y"})
        await answered.wait()

        post, url = "chat.postMessage", "response_url"
        written = [("request", post, 0), ("effect", post, 1), ("answer", post, 1)]
        read = [("request", "api.test", 1), ("answer", "api.test", 1)]
        no = [("request", post, 1), ("answer", post, 1)]
        own = [each for each in seen if each[1] != "auth.test"]  # Bolt's
        assert own == [*written, *read, *no, ("request", url, 1), ("effect", url, 2), ("answer", url, 2)]
        slack.forgive("channel_not_found")

    async def test_tells_about_a_channel_when_it_may(self, slack: Slack, bot: Bot) -> None:
        slack.scopes = SCOPES | {"channels:read"}
        channel = (await bot.client.conversations_info(channel=BILLING))["channel"]

        assert (channel["name"], channel["is_ext_shared"]) == ("billing", True)

    async def test_asks_for_a_pause_as_often_as_it_is_told(self, slack: Slack, bot: Bot) -> None:
        slack.limit("chat.postMessage", retry_after=7)
        async with refused("ratelimited") as caught:
            await bot.client.chat_postMessage(channel=SUPPORT, text="x")
        await bot.client.chat_postMessage(channel=SUPPORT, text="x")

        assert caught.value.response.status_code == 429  # type: ignore[attr-defined]
        assert caught.value.response.headers["retry-after"] == "7"  # type: ignore[attr-defined]
        assert slack.faults == []

    async def test_is_down_and_slow_when_switched_so(self, slack: Slack, bot: Bot) -> None:
        slack.down = True
        async with refused("service_unavailable") as caught:
            await bot.client.auth_test()
        slack.down, slack.latency = False, 0.05
        await bot.client.auth_test()

        assert caught.value.response.status_code == 503  # type: ignore[attr-defined]
        assert slack.calls[-1].seconds >= 0.05
        assert (slack.down, slack.latency) == (False, 0.05)


class TestCommands:
    async def test_a_command_arrives_signed_and_whole(self, slack: Slack, bot: Bot) -> None:
        exchange = await slack.command(JANE, SUPPORT, "note 12 a&b for @bob jane@example.com")

        assert (exchange.status, exchange.error) == (200, "")
        body = bot.last
        assert body["text"] == "note 12 a&amp;b for <@U02BOB|bob> <mailto:jane@example.com|jane@example.com>"
        assert (body["command"], body["user_id"], body["channel_name"]) == ("/case", JANE, "support")
        assert body["is_enterprise_install"] == "false"

    async def test_private_places_hide_their_names(self, slack: Slack, bot: Bot) -> None:
        await slack.command(JANE, LEADS, "x")
        await slack.command(JANE, slack.dm(JANE).id, "x")

        assert [body["channel_name"] for body in bot.got] == ["privategroup", "directmessage"]

    async def test_a_plain_answer_is_for_the_person_alone(self, slack: Slack, bot: Bot) -> None:
        bot.answer = answers(text="just you")
        await slack.command(JANE, SUPPORT, "x")

        assert slack.last(JANE, SUPPORT).plain() == "just you"
        assert slack.seen(BOB, SUPPORT) == []

    async def test_an_answer_in_the_channel_is_for_all_even_where_the_bot_is_no_member(self, slack: Slack, bot: Bot) -> None:
        bot.answer = answers(response_type="in_channel", text="all", blocks=[section("for all")])
        await slack.command(JANE, RANDOM, "x")

        assert slack.last(BOB, RANDOM).plain() == "for all"
        assert slack.faults == []

    async def test_an_answer_that_slack_would_refuse_is_a_fault(self, slack: Slack, bot: Bot) -> None:
        bot.answer = answers(text="x", blocks=[{"type": "divider", "colour": "red"}])
        exchange = await slack.command(JANE, SUPPORT, "x")

        assert exchange.error == "invalid_response"
        assert "unknown key: colour" in slack.faults[0]

    async def test_a_slow_bot_is_told_on(self, slack: Slack, bot: Bot) -> None:
        async def never(**_: Any) -> None:
            await asyncio.Event().wait()

        bot.answer, slack.delivery.ack_seconds = never, 0.1
        exchange = await slack.command(JANE, SUPPORT, "x")

        assert exchange.error == "operation_timeout"
        assert slack.last(JANE, SUPPORT).plain() == '/case failed with the error "operation_timeout"'
        slack.forgive("operation_timeout")

    async def test_a_broken_bot_is_told_on(self, slack: Slack, bot: Bot) -> None:
        exchange = await slack.command(JANE, SUPPORT, "x", command="/unknown")
        slack.connect("http://127.0.0.1:9")
        gone = await slack.command(JANE, SUPPORT, "x")

        assert (exchange.status, exchange.error) == (404, "dispatch_failed")
        assert gone.error == "dispatch_failed"
        assert len(slack.faults) == 2

    async def test_a_forged_request_can_be_sent(self, slack: Slack, bot: Bot) -> None:
        now = str(int(time.time()))
        body = "command=%2Fcase&text=x&team_id=T01ACME&user_id=U01JANE&channel_id=C01SUPPORT&trigger_id=1&response_url=x"
        headers = {"content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": now}
        forged = await slack.raw("/slack/events", body, headers | {"x-slack-signature": "v0=00"})
        signed = await slack.raw("/slack/events", body, headers | {"x-slack-signature": slack.sign(body, now)})

        assert (forged.status, signed.status) == (401, 200)
        assert slack.faults == []

    async def test_nobody_writes_where_they_cannot_look(self, slack: Slack, bot: Bot) -> None:
        with pytest.raises(NotPossible):
            await slack.command(BOB, BOARD, "x")
        with pytest.raises(NotPossible):
            await slack.command(GUS, BILLING, "x")
        with pytest.raises(NotPossible):
            await slack.message_shortcut(JANE, SUPPORT, "1.2", "open")

    async def test_without_a_bot_or_an_address_it_says_so(self) -> None:
        alone = Slack()
        with pytest.raises(NotPossible, match="own address"):
            await alone.command(JANE, SUPPORT, "x")
        alone.url = "http://127.0.0.1:1"
        with pytest.raises(NotPossible, match="no bot"):
            await alone.command(JANE, SUPPORT, "x")


class TestResponseUrls:
    async def url(self, slack: Slack, bot: Bot) -> str:
        await slack.command(JANE, RANDOM, "x")
        return str(bot.last["response_url"])

    async def post(self, url: str, **body: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await http.post(url, json=body)

    async def test_serves_five_times(self, slack: Slack, bot: Bot) -> None:
        url = await self.url(slack, bot)
        statuses = [(await self.post(url, text=str(number))).status_code for number in range(6)]

        assert statuses == [200] * 5 + [404]
        assert [message.plain() for message in slack.seen(JANE, RANDOM)] == ["0", "1", "2", "3", "4"]
        assert slack.faults == ["response_url: used_url"]

    async def test_expires_after_thirty_minutes(self, slack: Slack, bot: Bot) -> None:
        url = await self.url(slack, bot)
        slack.forward(30 * 60 + 1)
        answer = await self.post(url, text="late")

        assert (answer.status_code, answer.json()["error"]) == (404, "expired_url")
        assert (await self.post(url + "x", text="forged")).status_code == 404

    async def test_writes_into_a_thread_for_one_or_for_all(self, slack: Slack, bot: Bot) -> None:
        root = slack.say(BOB, RANDOM, "root")
        url = await self.url(slack, bot)
        await self.post(url, text="all", response_type="in_channel", thread_ts=root)
        await self.post(url, text="one", thread_ts=root)

        assert [message.plain() for message in slack.seen(BOB, RANDOM, root)] == ["root", "all"]
        assert [message.plain() for message in slack.seen(JANE, RANDOM, root)] == ["root", "all", "one"]
        assert slack.seen(JANE, RANDOM)[1].facts()["bot_id"] == "B01CASEBOT"

    async def test_a_command_has_nothing_to_replace(self, slack: Slack, bot: Bot) -> None:
        url = await self.url(slack, bot)
        await self.post(url, text="one")
        await self.post(url, text="two", replace_original=True)
        refused = await self.post(url, delete_original=True)

        assert [message.plain() for message in slack.seen(JANE, RANDOM)] == ["one", "two"]
        assert refused.status_code == 400
        slack.forgive("replace_original does nothing", "no message that could be deleted")

    async def test_refuses_what_is_not_well_made(self, slack: Slack, bot: Bot) -> None:
        url = await self.url(slack, bot)
        async with httpx.AsyncClient(trust_env=False) as http:
            broken = await http.post(url, content="{")
            listed = await http.post(url, content="[]")
        answers = [
            await self.post(url),
            await self.post(url, text="x", response_type="loud"),
            await self.post(url, text="x", thread_ts="1.2"),
        ]
        unknown = await self.post(url, text="x", colour="red")

        assert [answer.json()["error"] for answer in (broken, listed)] == ["invalid_payload"] * 2
        assert [answer.json()["error"] for answer in answers] == ["no_text", "invalid_payload", "thread_not_found"]
        assert unknown.status_code == 200
        slack.forgive("unknown key colour")

    async def test_a_click_on_an_ephemeral_message_replaces_and_deletes_it(self, slack: Slack, bot: Bot) -> None:
        blocks = [actions(button("Press", "press"))]
        await bot.client.chat_postEphemeral(channel=SUPPORT, user=JANE, text="old", blocks=blocks)
        message = slack.last(JANE, SUPPORT)
        await slack.click(JANE, message, "press")
        url = bot.last["response_url"]
        await self.post(url, text="new", blocks=blocks, replace_original=True)

        assert (message.text, message.ephemeral, slack.seen(BOB, SUPPORT)) == ("new", True, [])
        await self.post(url, delete_original=True)
        assert slack.seen(JANE, SUPPORT) == []
        assert slack.faults == []
        assert (await self.post(url, text="x", replace_original=True)).json()["error"] == "message_not_found"

    async def test_a_click_in_the_channel_replaces_for_all_but_changes_no_ones_sight(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot)
        await slack.click(JANE, message, "press")
        await self.post(bot.last["response_url"], text="new", replace_original=True, response_type="in_channel")
        await self.post(bot.last["response_url"], text="newer", replace_original=True, response_type="ephemeral")

        assert slack.last(BOB, SUPPORT).plain() == "newer"
        assert slack.faults == ["response_url: a message cannot become ephemeral by being replaced"]

    async def test_is_down_with_slack(self, slack: Slack, bot: Bot) -> None:
        url = await self.url(slack, bot)
        slack.down = True

        assert (await self.post(url, text="x")).status_code == 503


class TestClicks:
    async def test_a_click_tells_where_and_what(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot, actions(button("Take", "press", value="1")), actions(button("Drop", "press", value="2")))
        await slack.click(BOB, message, message.button("Drop"))
        by_label = bot.last
        await slack.click(BOB, message, "press", value="2")

        assert by_label["actions"][0]["value"] == bot.last["actions"][0]["value"] == "2"
        assert bot.last["container"] == {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": SUPPORT,
            "is_ephemeral": False,
        }
        assert bot.last["message"]["text"] == "card"
        assert bot.last["user"]["team_id"] == "T01ACME"
        assert slack.faults == []

    async def test_a_click_on_an_ephemeral_card_in_a_thread_carries_no_message(self, slack: Slack, bot: Bot) -> None:
        root = slack.say(JANE, SUPPORT, "root")
        blocks = [actions(button("Press", "press"))]
        await bot.client.chat_postEphemeral(channel=SUPPORT, user=JANE, text="x", blocks=blocks, thread_ts=root)
        await slack.click(JANE, slack.last(JANE, SUPPORT), "press")

        assert "message" not in bot.last
        assert bot.last["container"]["is_ephemeral"]
        assert bot.last["container"]["thread_ts"] == root

    async def test_an_answer_to_a_click_says_whether_it_replaces(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot)
        await slack.click(JANE, message, "press")
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.post(bot.last["response_url"], json={"text": "beside it"})

        assert slack.last(JANE, SUPPORT).plain() == "beside it"
        assert "say replace_original" in slack.faults[0]

    async def test_a_menu_sends_the_chosen_option(self, slack: Slack, bot: Bot) -> None:
        menu = {"type": "overflow", "action_id": "menu", "options": [option("Link", "link"), option("History", "history")]}
        message = await card(slack, bot, actions(menu))
        await slack.click(JANE, message, "menu", option="History")

        assert bot.last["actions"][0]["selected_option"]["value"] == "history"
        with pytest.raises(NotPossible, match="does not offer"):
            await slack.click(JANE, message, "menu", option="Nothing")

    async def test_nobody_presses_what_they_do_not_see(self, slack: Slack, bot: Bot) -> None:
        await bot.client.chat_postEphemeral(channel=SUPPORT, user=JANE, text="x", blocks=[actions(button("Press", "press"))])
        private = slack.last(JANE, SUPPORT)
        public = await card(slack, bot)
        old = public.button("Press")
        await bot.client.chat_update(channel=SUPPORT, ts=public.ts, text="x", blocks=[actions(button("Other", "press"))])
        with pytest.raises(NotPossible, match="does not see"):
            await slack.click(BOB, private, "press")
        with pytest.raises(NotPossible, match="no longer there"):
            await slack.click(JANE, public, old)
        with pytest.raises(Absent, match="no element"):
            await slack.click(JANE, public, "nothing")
        with pytest.raises(Absent, match="no button"):
            public.button("Press")
        with pytest.raises(NotPossible, match="carries"):
            await slack.click(JANE, public, "press", value="7")
        await bot.client.chat_delete(channel=SUPPORT, ts=public.ts)
        with pytest.raises(NotPossible, match="any more"):
            await slack.click(JANE, public, "press")

        assert bot.got == []

    async def test_an_outsider_presses_in_a_shared_channel(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot, channel=BILLING)
        await slack.click(OTTO, message, "press")

        assert bot.last["user"]["team_id"] == "T09OTHER"

    async def test_an_answer_that_slack_ignores_is_a_fault(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot)
        bot.answer = answers(text="ignored")
        await slack.click(JANE, message, "press")

        assert "is ignored" in slack.faults[0]

    async def test_a_shortcut_carries_the_message_as_slack_stores_it(self, slack: Slack, bot: Bot) -> None:
        root = slack.say(BOB, RANDOM, "a < b & jane@example.com")
        own = slack.say(BOT_USER, RANDOM, "from the bot", thread_ts=root)
        await slack.message_shortcut(JANE, RANDOM, root, "open")
        await slack.message_shortcut(JANE, RANDOM, own, "open")

        first, second = (body["message"] for body in bot.got)
        assert first["text"] == "a &lt; b &amp; <mailto:jane@example.com|jane@example.com>"
        assert (first["user"], first["thread_ts"]) == (BOB, root)
        assert ("user" in second, second["bot_id"]) == (False, "B01CASEBOT")
        assert bot.last["response_url"].startswith(slack.url)

    async def test_the_home_is_published_and_pressed(self, slack: Slack, bot: Bot) -> None:
        await slack.open_home(JANE)
        home = slack.home(JANE)
        await slack.click(JANE, home, home.button("New"))
        pressed = bot.last
        await slack.open_home(JANE)

        assert pressed["view"]["type"] == "home"
        assert "channel" not in pressed
        assert "response_url" not in pressed
        assert bot.last["event"]["view"]["id"] == home.id
        assert slack.home(JANE) is home
        assert slack.faults == []

    async def test_an_event_can_be_sent_again(self, slack: Slack, bot: Bot) -> None:
        event = {"type": "app_home_opened", "user": JANE, "channel": "D01JANE", "tab": "home"}
        exchange = await slack.event(event, event_id="Ev1", retry=1)

        assert (exchange.status, bot.last["event_id"]) == (200, "Ev1")


class TestForms:
    async def test_a_form_is_opened_filled_and_sent(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        values = {"summary": "Fire", "email": "a@b.example", "rep": "bob", "tags": ["Jane Doe"], "kind": "Call", "whole": True}
        exchange = await slack.submit(JANE, view, values | {"when": moment, "hours": "3", "site": "https://a.example"})

        state = bot.last["view"]["state"]["values"]
        assert exchange.error == ""
        assert state["summary"]["summary"] == {"type": "plain_text_input", "value": "Fire"}
        assert state["rep"]["rep"]["selected_option"]["value"] == "2"
        assert [one["value"] for one in state["tags"]["tags"]["selected_options"]] == ["1"]
        assert state["kind"]["kind"]["selected_option"]["value"] == "call"
        assert state["whole"]["whole"]["selected_options"][0]["value"] == "all"
        assert state["when"]["when"]["selected_date_time"] == int(moment.timestamp())
        assert (view.closed, slack.views(JANE), slack.faults) == (True, [], [])

    async def test_empty_fields_arrive_as_null_and_empty_lists(self, slack: Slack, bot: Bot) -> None:
        await slack.submit(JANE, await form(slack, bot), {"summary": "x", "whole": False, "email": None})

        state = bot.last["view"]["state"]["values"]
        assert state["email"]["email"]["value"] is None
        assert state["whole"]["whole"]["selected_options"] == []

    @pytest.mark.parametrize(
        ("field_name", "given"),
        [
            ("summary", ""),
            ("summary", "x" * 21),
            ("email", "nobody"),
            ("hours", "many"),
            ("hours", "9"),
            ("site", "not a url"),
        ],
    )
    async def test_slacks_own_checks_hold_a_form_back(self, slack: Slack, bot: Bot, field_name: str, given: str) -> None:
        view = await form(slack, bot)
        asked = len(bot.got)
        exchange = await slack.submit(JANE, view, {"summary": "ok", field_name: given})

        assert exchange.error == "not_sent"
        assert list(exchange.errors) == [field_name] == list(view.errors)
        assert (len(bot.got), slack.view(JANE)) == (asked, view)

    async def test_a_choice_must_be_offered(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        await slack.fill(JANE, view, {"rep": REPS[0], "kind": option("Note", "note"), "tags": None})
        assert view.state["values"]["rep"]["rep"]["selected_option"] == REPS[0]
        for values in ({"kind": "Letter"}, {"rep": "Nobody"}, {"nothing": "x"}, {"tags": "x"}):
            with pytest.raises(NotPossible):
                await slack.submit(JANE, view, values)
        with pytest.raises(NotPossible, match="plain_text_input"):
            await slack.typeahead(JANE, view, "summary", "x")

    async def test_typeahead_brings_the_bots_options(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)

        assert await slack.typeahead(JANE, view, "rep", "bo") == [REPS[1]]
        assert bot.last["view"]["id"] == view.id
        await slack.submit(JANE, view, {"summary": "x", "rep": "2"})
        assert bot.last["view"]["state"]["values"]["rep"]["rep"]["selected_option"] == REPS[1]

    async def test_options_that_slack_would_not_show_are_faults(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        bot.answer = answers(options=[option("x" * 76, "1")])
        long = await slack.typeahead(JANE, view, "rep", "x")
        bot.answer = answers(option_groups=[{"label": plain("Team"), "options": REPS}])
        grouped = await slack.typeahead(JANE, view, "rep", "x")
        bot.answer = answers()
        nothing = await slack.typeahead(JANE, view, "rep", "x")

        assert (long, grouped, nothing) == ([], REPS, [])
        slack.forgive("at most 75", "either options or option_groups")

    async def test_typeahead_in_a_message_carries_the_message(self, slack: Slack, bot: Bot) -> None:
        message = await card(slack, bot, actions({"type": "external_select", "action_id": "rep", "min_query_length": 1}))
        await slack.click(JANE, message, "rep", option="jane")

        assert bot.last["actions"][0]["selected_option"] == REPS[0]
        assert bot.got[-2]["channel"]["id"] == SUPPORT
        assert next(iter(bot.last["state"]["values"].values()))["rep"]["selected_option"] == REPS[0]

    async def test_a_choice_in_an_input_is_sent_only_where_it_asks_for_it(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        await slack.click(JANE, view, "rep", option="jane", state={"summary": "typed before"})

        assert bot.last["view"]["state"]["values"]["summary"]["summary"]["value"] == "typed before"
        assert bot.last["actions"][0]["selected_option"] == REPS[0]
        assert "response_url" not in bot.last
        with pytest.raises(NotPossible, match="dispatch_action"):
            await slack.click(JANE, view, "summary", option="x")

    async def test_an_update_keeps_what_was_typed_where_the_ids_stay(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        await slack.fill(JANE, view, {"summary": "typed", "kind": "Call"})
        fresh = field("summary", {"type": "plain_text_input", "initial_value": "fresh"})
        moved = field("kind:2", {"type": "radio_buttons", "options": [option("Note", "note")], "action_id": "kind"})
        await bot.client.views_update(view_id=view.id, view=modal(fresh, moved))

        assert view.state["values"]["summary"]["summary"]["value"] == "typed"
        assert view.state["values"]["kind:2"]["kind"]["selected_option"] is None

    async def test_errors_stand_at_their_fields_and_the_form_stays(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        bot.answer = answers(response_action="errors", errors={"summary": "Too short."})
        exchange = await slack.submit(JANE, view, {"summary": "x"})

        assert exchange.errors == view.errors == {"summary": "Too short."}
        assert slack.view(JANE) is view
        assert view.state["values"]["summary"]["summary"]["value"] == "x"

    async def test_a_view_is_updated_pushed_and_cleared(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot)
        bot.answer = answers(response_action="update", view=modal(section("Second")))
        await slack.submit(JANE, view, {"summary": "x"})
        assert view.plain() == "Title\nSecond"
        bot.answer = answers(response_action="push", view=modal(section("Above")))
        await slack.submit(JANE, view)
        top = slack.view(JANE)
        assert (top.previous_id, top.root_id, len(slack.views(JANE))) == (view.id, view.id, 2)
        with pytest.raises(NotPossible, match="does not see"):
            await slack.submit(JANE, view)
        bot.answer = answers(response_action="clear")
        await slack.submit(JANE, top)

        assert slack.views(JANE) == []
        assert slack.faults == []

    @pytest.mark.parametrize(
        ("answer", "fault"),
        [
            ({"response_action": "errors", "errors": {"nowhere": "x"}}, "is no input block"),
            ({"response_action": "errors", "errors": {"summary": ""}}, "has no words"),
            (
                {"response_action": "update", "view": {"type": "modal", "title": plain("T"), "blocks": [{"type": "x"}]}},
                "unknown block",
            ),
            ({"response_action": "dance"}, "unknown response_action"),
        ],
    )
    async def test_an_answer_that_slack_would_not_take_is_a_fault(self, slack: Slack, bot: Bot, answer: Json, fault: str) -> None:
        view = await form(slack, bot)
        bot.answer = answers(**answer)
        exchange = await slack.submit(JANE, view, {"summary": "x"})

        assert exchange.error == "invalid_response"
        assert fault in slack.faults[0]
        assert slack.view(JANE) is view

    async def test_a_failing_bot_leaves_the_form_open(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot, callback_id="unknown")
        exchange = await slack.submit(JANE, view, {"summary": "x"})

        assert exchange.error == "dispatch_failed"
        assert slack.view(JANE) is view

    async def test_closing_tells_the_bot_when_it_asked(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot, notify_on_close=True, clear_on_close=True)
        told = await slack.close(JANE, view)
        quiet = await slack.close(JANE, await form(slack, bot))

        assert told
        assert quiet is None
        assert next(body for body in bot.got if body["type"] == "view_closed")["is_cleared"]
        async with refused("not_found"):
            await bot.client.views_update(view_id=view.id, view=modal())

    async def test_a_form_without_a_button_cannot_be_sent(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot, section("Read only"))
        await bot.client.views_update(view_id=view.id, view={key: value for key, value in modal().items() if key != "submit"})
        with pytest.raises(NotPossible, match="no submit button"):
            await slack.submit(JANE, view)


async def test_of_several_bots_the_next_one_gets_the_next_request(slack: Slack) -> None:
    got: list[str] = []

    def bot(name: str) -> Starlette:
        async def answer(request: Request) -> Response:
            got.append(name)
            return Response()

        return Starlette(routes=[Route("/slack/events", answer, methods=["POST"])])

    async with slack.served(), serve(bot("one")) as one, serve(bot("two")) as two:
        slack.connect(one, two)
        exchanges = [await slack.command(JANE, SUPPORT, "x") for _ in range(4)]

    assert got == ["one", "two", "one", "two"]
    assert [exchange.to for exchange in exchanges] == [one, two, one, two]


class TestCrudeAnswers:
    """What a bot may answer that Bolt would not."""

    @pytest.fixture
    async def crude(self, slack: Slack) -> AsyncIterator[list[str]]:
        """The next body to be answered."""
        body = [""]

        async def answer(request: Request) -> Response:
            return Response(body[0])

        app = Starlette(routes=[Route("/slack/events", answer, methods=["POST"])])
        async with slack.served() as url, serve(app) as bot_url:
            slack.connect(bot_url)
            client = AsyncWebClient("xoxb-test", base_url=f"{url}/api/")
            slack.put_view(slack.new_view(JANE, modal(*FORM)))
            await client.auth_test()
            yield body

    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            ("closed", "is no JSON object"),
            ('{"view": {}}', "no response_action"),
            ('{"response_action": "errors", "errors": {}}', "must hold at least one"),
            ('{"response_action": "push"}', "must be an object"),
        ],
    )
    async def test_a_strange_answer_to_a_form_leaves_it_open(self, slack: Slack, crude: list[str], body: str, fault: str) -> None:
        crude[0] = body
        exchange = await slack.submit(JANE, slack.view(JANE), {"summary": "x"})

        assert exchange.error == "invalid_response"
        assert fault in slack.faults[0]
        assert slack.view(JANE).plain().startswith("Title")

    async def test_a_command_may_answer_plain_words_and_must_know_the_keys(self, slack: Slack, crude: list[str]) -> None:
        crude[0] = "plain words"
        await slack.command(JANE, SUPPORT, "x")
        crude[0] = '{"text": "json", "colour": "red"}'
        await slack.command(JANE, SUPPORT, "x")

        assert [message.plain() for message in slack.seen(JANE, SUPPORT)] == ["plain words", "json"]
        assert slack.faults == ["command: unknown key colour in the answer"]

    async def test_a_menu_shows_nothing_when_the_bot_fails(self, slack: Slack, crude: list[str]) -> None:
        slack.connect("http://127.0.0.1:9")

        assert await slack.typeahead(JANE, slack.view(JANE), "rep", "x") == []
        assert "dispatch_failed" in slack.faults[0]


class TestTriggers:
    async def trigger(self, slack: Slack, bot: Bot) -> str:
        await slack.global_shortcut(JANE, "open")
        return str(bot.last["trigger_id"])

    async def test_lives_three_seconds(self, slack: Slack, bot: Bot) -> None:
        trigger = await self.trigger(slack, bot)
        slack.forward(3.1)
        async with refused("expired_trigger_id"):
            await bot.client.views_open(trigger_id=trigger, view=modal())

    async def test_serves_once_but_a_refused_view_does_not_use_it_up(self, slack: Slack, bot: Bot) -> None:
        trigger = await self.trigger(slack, bot)
        async with refused("invalid_arguments") as caught:
            await bot.client.views_open(trigger_id=trigger, view=modal(section("")))
        await bot.client.views_open(trigger_id=trigger, view=modal())
        async with refused("exchanged_trigger_id"):
            await bot.client.views_open(trigger_id=trigger, view=modal())
        async with refused("invalid_trigger_id"):
            await bot.client.views_open(trigger_id="x", view=modal())

        assert "/blocks/0/text/text" in caught.value.response["response_metadata"]["messages"][0]  # type: ignore[attr-defined]

    async def test_three_modals_may_be_stacked(self, slack: Slack, bot: Bot) -> None:
        async def push() -> None:
            await slack.click(JANE, slack.view(JANE), "press")
            await bot.client.views_push(trigger_id=bot.last["trigger_id"], view=modal(actions(button("Press", "press"))))

        async with refused("invalid_trigger_id"):
            await bot.client.views_push(trigger_id=await self.trigger(slack, bot), view=modal())
        await form(slack, bot, actions(button("Press", "press")))
        await push()
        await push()
        async with refused("push_limit_reached"):
            await push()

        assert len(slack.views(JANE)) == 3

    async def test_an_outdated_hash_and_a_second_external_id_are_refused(self, slack: Slack, bot: Bot) -> None:
        view = await form(slack, bot, section("x"), external_id="mine")
        old = view.hash
        await bot.client.views_update(external_id="mine", view=modal(external_id="mine"), hash=old)
        async with refused("hash_conflict"):
            await bot.client.views_update(view_id=view.id, view=modal(), hash=old)
        async with refused("duplicate_external_id"):
            await bot.client.views_open(trigger_id=await self.trigger(slack, bot), view=modal(external_id="mine"))
        async with refused("invalid_arguments"):
            await bot.client.api_call("views.update", json={"view": modal()})
        async with refused("invalid_arguments"):
            await bot.client.api_call("views.update", json={"view": "x", "view_id": view.id})
        async with refused("view_too_large"):
            huge = modal(*[section("x" * 3000)] * 90)
            await bot.client.views_update(view_id=view.id, view=huge)

    async def test_a_home_is_for_somebody_and_is_a_home(self, slack: Slack, bot: Bot) -> None:
        async with refused("user_not_found"):
            await bot.client.views_publish(user_id="U99", view={"type": "home", "blocks": []})
        async with refused("invalid_arguments"):
            await bot.client.views_publish(user_id=JANE, view=modal())
        await bot.client.views_publish(user_id=JANE, view={"type": "home", "blocks": [section("one")]})
        async with refused("hash_conflict"):
            await bot.client.views_publish(user_id=JANE, view={"type": "home", "blocks": []}, hash="x")

        assert slack.home(JANE).plain() == "one"


class TestWatching:
    async def test_waits_for_what_comes(self, slack: Slack, bot: Bot) -> None:
        waiting = asyncio.create_task(slack.until(lambda: slack.last(JANE, SUPPORT).plain() == "now", what="the word"))
        await bot.client.chat_postMessage(channel=SUPPORT, text="now")

        assert await waiting is True

    async def test_waits_for_coroutines_too(self, slack: Slack) -> None:
        async def count() -> int:
            return len(slack.seen(JANE, SUPPORT))

        slack.say(JANE, SUPPORT, "x")

        assert await slack.until(count) == 1

    async def test_says_what_is_there_instead(self, slack: Slack, bot: Bot) -> None:
        await form(slack, bot)
        slack.say(JANE, SUPPORT, "something else")
        await slack.open_home(JANE)
        with pytest.raises(AssertionError) as caught:
            await slack.until(lambda: slack.view(BOB), timeout=0.05, what="a modal for Bob")

        for word in ("a modal for Bob", "something else", "modal of U01JANE", "home of U01JANE", "views.open", "faults: []"):
            assert word in str(caught.value)

    async def test_what_is_not_there_is_named(self, slack: Slack) -> None:
        for look in (lambda: slack.view(JANE), lambda: slack.home(JANE), lambda: slack.last(JANE, SUPPORT)):
            with pytest.raises(Absent):
                look()
        with pytest.raises(Absent):
            slack.forgive("nothing")

    async def test_every_ts_is_new_and_greater(self, slack: Slack) -> None:
        stamps = [slack.say(JANE, SUPPORT, "x") for _ in range(50)]
        slack.forward(60)
        stamps.append(slack.say(JANE, SUPPORT, "later"))

        assert stamps == sorted(set(stamps))

    async def test_nobody_answers_in_a_thread_that_is_not_there(self, slack: Slack) -> None:
        with pytest.raises(NotPossible, match="no thread"):
            slack.say(JANE, SUPPORT, "x", thread_ts="1.2")

    async def test_guests_and_outsiders_see_only_their_channels(self, slack: Slack) -> None:
        for channel in (SUPPORT, BILLING, LEADS):
            slack.say(JANE, channel, "x")

        assert [bool(slack.seen(GUS, channel)) for channel in (SUPPORT, BILLING, LEADS)] == [True, False, False]
        assert [bool(slack.seen(OTTO, channel)) for channel in (SUPPORT, BILLING, LEADS)] == [False, True, False]


class TestSocketMode:
    @pytest.fixture
    async def bot(self, slack: Slack) -> AsyncIterator[Bot]:
        async with slack.served() as url:
            bot = Bot(url)
            handler = AsyncSocketModeHandler(bot.app, "xapp-test", web_client=bot.client)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await slack.until(lambda: slack.sockets)
            yield bot
            await handler.close_async()  # type: ignore[no-untyped-call]
            await slack.until(lambda: not slack.sockets)

    async def test_everything_goes_over_the_websocket(self, slack: Slack, bot: Bot) -> None:
        bot.answer = answers(text="over the socket")
        exchange = await slack.command(JANE, SUPPORT, "x")
        bot.answer = None
        view = await form(slack, bot)
        found = await slack.typeahead(JANE, view, "rep", "bob")
        bot.answer = answers(response_action="errors", errors={"summary": "No."})
        sent = await slack.submit(JANE, view, {"summary": "x"})
        await slack.open_home(JANE)
        await slack.until(lambda: slack.home(JANE))

        assert exchange.status == 200
        assert slack.last(JANE, SUPPORT).plain() == "over the socket"
        assert found == [REPS[1]]
        assert sent.errors == {"summary": "No."}
        assert slack.faults == []

    async def test_a_bot_that_does_not_ack_is_told_on(self, slack: Slack, bot: Bot) -> None:
        slack.delivery.ack_seconds = 0.1
        exchange = await slack.command(JANE, SUPPORT, "x", command="/unknown")

        assert exchange.error == "operation_timeout"

    async def test_the_bot_opens_a_new_socket_when_told_that_the_old_one_ends(self, slack: Slack, bot: Bot) -> None:
        old = slack.delivery.sockets.open[0]
        await slack.refresh_sockets()
        await slack.until(lambda: slack.sockets and slack.delivery.sockets.open[0] is not old)
        exchange = await slack.command(JANE, SUPPORT, "x")

        assert (exchange.status, bot.last["text"]) == (200, "x")

    async def test_a_socket_address_serves_once(self, slack: Slack, bot: Bot) -> None:
        address = (await bot.client.apps_connections_open(app_token="xapp-test"))["url"]
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(address) as socket:
                hello = await socket.receive_json()
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(address)

        assert hello["type"] == "hello"
        await slack.until(lambda: slack.sockets == 1)

    async def test_a_stranger_gets_no_socket(self, slack: Slack, bot: Bot) -> None:
        async with refused("invalid_auth"):
            await bot.client.apps_connections_open(app_token="xapp-other")
        with pytest.raises(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False) as http:
                (await http.get(f"{slack.url}/socket/guess")).raise_for_status()
