"""Nothing that people write, no address of theirs and no secret ends in the log or in an error's own words."""

from __future__ import annotations

import logging

import pytest

from bot import logs
from bot.cards import case, forms
from simulator.slack import GUS, JANE, MIA, SUPPORT
from tests.conftest import World
from tests.flows import answer, form, shared_card
from tests.logging_kept import kept_logging

PRIVATE = ("Zanzibar", "quokka@private.example", "jane@example.com", "newsletter")
SECRETS = ("xoxb-test", "s3cret", "fd-test-key", "v0=")


async def conversation(world: World) -> None:
    world.desk.change(1234, details="Zanzibar details", openedby="quokka@private.example")
    card = await shared_card(world)
    await world.slack.click(JANE, card, case.NOTE)
    note = await form(world, forms.NOTE_FORM)
    world.desk.fail("POST /cases/1234/addnote", how="405")
    await world.slack.submit(JANE, note, {"note": "Zanzibar note"})
    await world.slack.submit(JANE, note)
    await answer(world, "jane@example.com")
    await answer(world, "find Zanzibar dept:Zanzibar")
    await answer(world, "Zanzibar quokka@private.example")
    await world.case("note 1234 Zanzibar", user=GUS)
    ts = world.slack.say(MIA, SUPPORT, "Zanzibar is on fire, says quokka@private.example")
    await world.slack.message_shortcut(JANE, SUPPORT, ts, "open_case_from_message")
    opened = await form(world, forms.OPEN_FORM)
    await world.slack.submit(JANE, opened, {"department": "Support"})
    card.element(case.CLOSE).raw["value"] = "Zanzibar"
    await world.slack.click(JANE, card, case.CLOSE)
    await world.slack.raw("/slack/events", "text=Zanzibar", {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=1"})
    world.desk.garbage = True
    await answer(world, "1234")
    await world.slack.until(lambda: world.bot.busy == 0)


@pytest.mark.parametrize("form_of_lines", ["text", "json"])
async def test_a_whole_conversation_leaves_ids_in_the_log_and_nothing_else(
    world: World, form_of_lines: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with kept_logging():
        logs.configure("DEBUG", form_of_lines)  # type: ignore[arg-type]
        await conversation(world)
        written = capsys.readouterr().err
        loggers = set(logging.root.manager.loggerDict)

    assert "1234" in written
    assert "httpx" in loggers
    assert [word for word in (*PRIVATE, *SECRETS) if word.lower() in written.lower()] == []


async def test_settings_do_not_show_their_secrets(world: World) -> None:
    shown = repr(world.bot.settings) + str(world.bot.settings) + str(world.bot.settings.model_dump())

    assert [secret for secret in SECRETS if secret in shown] == []
