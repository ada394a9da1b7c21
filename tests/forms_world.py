"""What the tests of forms do: use a shortcut on a message, read what casebot told, find its cards in a thread."""

from __future__ import annotations

from bot.cards import forms
from simulator.slack import BOT_USER, JANE, MIA, SUPPORT, Message, View
from tests.conftest import World
from tests.flows import form

FROM_MESSAGE, ADD, IMPORT, NEW = "open_case_from_message", "add_to_case", "import_thread", "new_case"
_CALLBACKS = {FROM_MESSAGE: forms.OPEN_FORM, ADD: forms.ADD_FORM, IMPORT: forms.IMPORT_FORM}
MESSAGE = "The printer is on fire\nPlease answer to jane@example.com & hurry"


async def loaded(world: World) -> None:
    await world.slack.until(lambda: world.bot.directory.ready, what="the names")


async def shortcut(world: World, ts: str, which: str, *, user: str = JANE, channel: str = SUPPORT) -> View:
    """The form that a message shortcut opens, instead of any that was open."""
    world.slack.close_views(user)
    exchange = await world.slack.message_shortcut(user, channel, ts, which)
    assert exchange.error == ""
    return await form(world, _CALLBACKS[which], user)


async def its_case(world: World, ts: str, *, user: str = JANE, channel: str = SUPPORT) -> View:
    """The modal that shows the case which a message has already, instead of the form."""
    world.slack.close_views(user)
    exchange = await world.slack.message_shortcut(user, channel, ts, FROM_MESSAGE)
    assert exchange.error == ""

    def shown() -> View | None:
        views = world.slack.views(user)
        return views[-1] if views and "has a case already" in views[-1].plain() else None

    return await world.slack.until(shown, what="the message's case")


async def new_case(world: World, user: str = JANE) -> View:
    await world.slack.global_shortcut(user, NEW)
    return await form(world, forms.OPEN_FORM, user)


def cards(world: World, ts: str, *, user: str = JANE, channel: str = SUPPORT) -> list[Message]:
    """What everybody sees of casebot in a message's thread."""
    seen = world.slack.seen(user, channel, ts)
    return [message for message in seen if message.user == BOT_USER and not message.ephemeral]


def said(world: World, user: str = JANE, channel: str = SUPPORT) -> str:
    """What casebot told a person, wherever that was."""
    direct = world.slack.seen(user, world.slack.dm(user).id)
    return "\n".join(message.plain() for message in [*world.slack.seen(user, channel), *direct] if message.user == BOT_USER)


def link(ts: str, channel: str = SUPPORT) -> str:
    return f"https://acme.slack.com/archives/{channel}/p{ts.replace('.', '')}"


class _WithFiles(Message):
    files: list[dict[str, object]]

    def facts(self, replies: int = 0) -> dict[str, object]:
        return {**super().facts(replies), "files": self.files}


def with_files(world: World, text: str, files: list[dict[str, object]], *, thread_ts: str = "") -> str:
    """Mia shares files (or mail, which Slack keeps as a file); returns the message's ts."""
    message = _WithFiles(SUPPORT, "", MIA, text, thread_ts=thread_ts)
    message.files = files
    return world.slack.put(message).ts
