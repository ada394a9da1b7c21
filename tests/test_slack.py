"""What casebot says to Slack's Web API and response URLs, apart from everything else: marks, limits of rate, odd answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import pacing
from bot.cards.words import done
from bot.slack import Gone, NotInChannel, ScopeMissing, Slack, SlackDown, http_session, web_client
from simulator.serving import serve
from simulator.slack import BILLING, BOARD, JANE, RANDOM, SUPPORT
from simulator.slack import Slack as Workspace

MARK = "wish-7:card"


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    workspace = Workspace()
    async with workspace.served():
        yield workspace


@pytest.fixture
async def slack(workspace: Workspace) -> AsyncIterator[Slack]:
    async with http_session() as session:
        yield Slack(web_client("xoxb-test", f"{workspace.url}/api/", session), session)


def now() -> datetime:
    return datetime.now(UTC)


# Marks


async def test_a_marked_message_is_found_again_in_its_channel(workspace: Workspace, slack: Slack) -> None:
    since = now()
    ts = await slack.post(SUPPORT, done("x"), mark=MARK)
    await slack.post(SUPPORT, done("y"), mark="another")
    await slack.post(SUPPORT, done("z"))

    assert await slack.posted(SUPPORT, MARK, since) == ts
    assert await slack.posted(SUPPORT, "nobody's", since) is None
    assert await slack.posted(BILLING, MARK, since) is None
    assert workspace.faults == []


async def test_a_marked_reply_is_found_in_its_thread_alone(workspace: Workspace, slack: Slack) -> None:
    since, thread, other = now(), workspace.say(JANE, SUPPORT, "one"), workspace.say(JANE, SUPPORT, "two")
    ts = await slack.post(SUPPORT, done("x"), thread_ts=thread, mark=MARK)

    assert await slack.posted(SUPPORT, MARK, since, thread_ts=thread) == ts
    assert await slack.posted(SUPPORT, MARK, since, thread_ts=other) is None
    assert await slack.posted(SUPPORT, MARK, since) is None


async def test_nothing_of_the_mark_is_to_be_seen(workspace: Workspace, slack: Slack) -> None:
    await slack.post(SUPPORT, done("x"), mark=MARK)

    assert workspace.last(JANE, SUPPORT).plain() == "x"


async def test_a_message_is_found_behind_many_later_ones(workspace: Workspace, slack: Slack) -> None:
    since = now()
    ts = await slack.post(SUPPORT, done("x"), mark=MARK)
    for number in range(450):
        workspace.say(JANE, SUPPORT, f"{number}")

    assert await slack.posted(SUPPORT, MARK, since) == ts
    assert len(workspace.called("conversations.history")) == 3


async def test_only_what_came_since_is_looked_through_but_clocks_may_be_a_minute_apart(
    workspace: Workspace, slack: Slack
) -> None:
    ts = await slack.post(SUPPORT, done("x"), mark=MARK)

    assert await slack.posted(SUPPORT, MARK, now() + timedelta(seconds=50)) == ts
    assert await slack.posted(SUPPORT, MARK, now() + timedelta(seconds=70)) is None


async def test_direct_messages_are_found_by_their_own_id_and_never_by_the_persons(workspace: Workspace, slack: Slack) -> None:
    since = now()
    ts = await slack.post(JANE, done("x"), mark=MARK)

    assert await slack.posted(workspace.dm(JANE).id, MARK, since) == ts
    assert await slack.posted(JANE, MARK, since) is None


async def test_a_channel_that_cannot_be_read_is_not_taken_for_empty(workspace: Workspace, slack: Slack) -> None:
    thread = workspace.say(JANE, SUPPORT, "one")
    for channel in (RANDOM, BOARD):
        with pytest.raises(NotInChannel):
            await slack.posted(channel, MARK, now())
    with pytest.raises(Gone):
        await slack.posted(SUPPORT, MARK, now(), thread_ts="1.000000")
    workspace.scopes -= {"channels:history"}
    with pytest.raises(ScopeMissing):
        await slack.posted(SUPPORT, MARK, now(), thread_ts=thread)


# Limits of rate


async def test_who_comes_after_a_refused_call_waits_with_it_instead_of_being_refused(workspace: Workspace, slack: Slack) -> None:
    workspace.limit("chat.postMessage", retry_after=1)
    refused = asyncio.Event()
    workspace.on_answer = lambda call: refused.set()
    first = asyncio.create_task(slack.post(SUPPORT, done("first")))
    await refused.wait()
    await slack.identity()  # by then the refusal has been read

    await asyncio.gather(first, *(slack.post(SUPPORT, done(f"{number}")) for number in range(5)))

    calls = workspace.called("chat.postMessage")

    assert [call.status for call in calls] == [429] + [200] * 6
    assert calls[1].at - calls[0].at >= 1


async def test_another_method_does_not_wait(workspace: Workspace, slack: Slack) -> None:
    workspace.limit("chat.postMessage", retry_after=60)
    with pytest.raises(SlackDown):
        await slack.post(SUPPORT, done("x"))

    assert await slack.identity()


async def test_who_would_have_to_wait_too_long_is_told_at_once_and_slack_is_left_alone(
    workspace: Workspace, slack: Slack
) -> None:
    workspace.limit("chat.postMessage", retry_after=60)
    for _ in range(3):
        with pytest.raises(SlackDown) as told:
            await slack.post(SUPPORT, done("x"))
        assert told.value.code == "ratelimited"

    assert len(workspace.called("chat.postMessage")) == 1


async def test_after_three_refusals_it_is_given_up(workspace: Workspace, slack: Slack) -> None:
    workspace.limit("chat.postMessage", retry_after=0, times=9)
    with pytest.raises(SlackDown):
        await slack.post(SUPPORT, done("x"))

    assert len(workspace.called("chat.postMessage")) == 3


async def test_all_response_urls_wait_together(workspace: Workspace, slack: Slack) -> None:
    urls = [workspace._response_url("commands", JANE, SUPPORT) for _ in range(3)]
    workspace.limit("response_url", retry_after=1)
    refused = asyncio.Event()
    workspace.on_answer = lambda call: refused.set()
    first = asyncio.create_task(slack.respond(urls[0], done("first")))
    await refused.wait()
    await slack.identity()

    await asyncio.gather(first, *(slack.respond(url, done("x")) for url in urls[1:]))

    assert [call.status for call in workspace.called("response_url")] == [429, 200, 200, 200]


async def test_who_waits_goes_on_waiting_when_slack_asks_for_more_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_PATIENCE", 5.0)
    paced, sent = pacing.Pacing(), []

    async def send() -> str:
        sent.append(asyncio.get_running_loop().time())
        if len(sent) < 3:
            raise pacing.TooFast(0.1)
        return "done"

    assert await paced.run("m", send) == "done"
    assert sent[1] - sent[0] >= 0.1
    assert sent[2] - sent[1] >= 0.1


# Odd answers


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}], ids=["no Retry-After", "a Retry-After that is no number"])
async def test_a_refusal_that_does_not_say_how_long_is_a_matter_of_a_second(headers: dict[str, str]) -> None:
    async def answer(request: Request) -> Response:
        told = answers.pop(0)
        return Response('{"ok": true, "user_id": "U1"}' if told == 200 else "{}", told, headers, "application/json")

    answers = [429, 200]
    async with serve(Starlette(routes=[Route("/api/{m}", answer, methods=["POST"])])) as url, http_session() as session:
        slack = Slack(web_client("xoxb-test", f"{url}/api/", session), session)

        assert await slack.identity() == {"ok": True, "user_id": "U1"}


async def test_an_answer_that_is_no_json_though_it_says_so_is_no_answer() -> None:
    async def answer(request: Request) -> Response:
        return Response("<html>", 200, media_type="application/json")

    async with serve(Starlette(routes=[Route("/api/{m}", answer, methods=["POST"])])) as url, http_session() as session:
        with pytest.raises(SlackDown):
            await Slack(web_client("xoxb-test", f"{url}/api/", session), session).identity()
