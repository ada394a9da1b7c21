"""Who gets an answer: full members of the workspace, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cards import case, forms
from bot.errors import NotAllowed
from bot.people import People
from bot.slack import SlackDown
from simulator.slack import BILLING, DORA, GUS, MIA, OTTO, SUPPORT
from tests.conftest import World
from tests.flows import answer, shared_card, writes


@pytest.mark.parametrize(
    ("user", "words"),
    [(GUS, "not for guests"), (OTTO, "only for members"), (DORA, "deactivated"), ("U08ROBO", "not apps")],
)
async def test_whoever_is_no_full_member_is_refused_and_fusedesk_hears_nothing(world: World, user: str, words: str) -> None:
    for channel in world.slack.channels.values():
        channel.members.add(user)
    await world.slack.until(lambda: world.bot.directory.ready)
    before = len(world.desk.calls)

    exchange = await world.case("1234", user=user)
    helped = await world.case("help", user=user)

    assert words in exchange.text
    assert words in helped.text
    assert len(world.desk.calls) == before


async def test_a_guest_is_told_whom_to_ask(world: World) -> None:
    exchange = await world.case("help", user=GUS)

    assert "Ask a member of the support team" in exchange.text


async def test_an_outsider_who_presses_a_button_in_a_shared_channel_changes_nothing(world: World) -> None:
    card = await shared_card(world, channel=BILLING)
    before = len(world.desk.calls)

    exchange = await world.slack.click(OTTO, card, case.CLOSE)
    menu = await world.slack.click(OTTO, card, case.TRANSFER)

    await world.slack.until(
        lambda: any("only for members" in message.plain() for message in world.slack.seen(OTTO, BILLING) if message.ephemeral)
    )
    assert (exchange.error, menu.error) == ("", "")
    assert world.slack.views(OTTO) == []
    assert len(world.desk.calls) == before


async def test_a_guest_gets_no_form_no_names_and_a_home_that_says_why(world: World) -> None:
    ts = world.slack.say(GUS, SUPPORT, "help me")
    await world.slack.message_shortcut(GUS, SUPPORT, ts, "open_case_from_message")
    await world.slack.global_shortcut(GUS, "new_case")
    await world.slack.open_home(GUS)
    await world.slack.until(lambda: GUS in world.slack.homes)

    assert world.slack.views(GUS) == []
    assert (
        world.slack.homes[GUS].plain()
        == "casebot is not for guests of this workspace. Ask a member of the support team to do it for you."
    )
    assert writes(world) == []


async def test_a_member_who_becomes_a_guest_while_a_form_is_open_cannot_submit_it(world: World) -> None:
    await world.slack.global_shortcut(MIA, "new_case")
    view = await world.slack.until(lambda: world.slack.views(MIA) and world.slack.view(MIA))
    await world.slack.fill(MIA, view, {"summary": "x", "details": "y", "department": "Billing"})
    world.slack.add_user(MIA, name="mia", real_name="Mia Long", guest=True)
    world.bot.people.forget(MIA)

    refused = await world.slack.submit(MIA, view)

    assert "not for guests" in str(refused.json["errors"])
    assert view.callback_id == forms.OPEN_FORM
    assert writes(world) == []


async def test_slack_is_asked_once_who_somebody_is(world: World) -> None:
    await asyncio.gather(*(world.case("help") for _ in range(20)))
    await answer(world, "1234")

    assert len(world.slack.called("users.info")) == 1


async def test_while_slack_cannot_say_who_it_is_nobody_gets_in_but_an_answer(world: World) -> None:
    world.slack.limit("users.info", retry_after=30, times=5)

    exchange = await world.case("1234")

    assert exchange.error == ""
    assert "Slack does not answer" in exchange.text
    assert exchange.seconds < 3


class OneProfile:
    """A Slack that knows one person."""

    def __init__(self, **profile: Any) -> None:
        self._profile = profile

    async def user(self, user: str) -> dict[str, Any]:
        return {"id": user, "real_name": "Jane"} | self._profile


class NoReps:
    ready = True

    def rep_for(self, email: str, full_name: str) -> None:
        return None

    def rep_by_id(self, id: int | None) -> None:
        return None


class NoLinks:
    async def rep_of(self, user: str) -> None:
        return None


@pytest.mark.parametrize(
    ("profile", "enterprise", "welcome"),
    [
        ({"team_id": "T1"}, "", True),
        ({"team_id": "T2"}, "", False),
        ({"team_id": "T1", "is_stranger": True}, "", False),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}, "E1", True),
        ({"team_id": "T1", "enterprise_user": {"enterprise_id": "E2"}}, "E1", False),
        ({"team_id": "T1"}, "E1", False),
    ],
)
async def test_members_of_the_organisation_are_members(profile: dict[str, Any], enterprise: str, welcome: bool) -> None:
    people = People(OneProfile(**profile), NoReps(), NoLinks(), team="T1", enterprise=enterprise)  # type: ignore[arg-type]

    if welcome:
        assert (await people.member("U1")).name == "Jane"
    else:
        with pytest.raises(NotAllowed):
            await people.member("U1")


async def test_a_failed_look_up_is_not_remembered() -> None:
    class Silent(OneProfile):
        asked = 0

        async def user(self, user: str) -> dict[str, Any]:
            self.asked += 1
            if self.asked == 1:
                raise SlackDown("timeout")
            return await super().user(user)

    people = People(Silent(team_id="T1"), NoReps(), NoLinks(), team="T1")  # type: ignore[arg-type]
    with pytest.raises(SlackDown):
        await people.member("U1")

    assert (await people.member("U1")).user == "U1"
