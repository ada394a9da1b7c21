"""What several tests do: ask and wait for the answer, find a card, share one."""

from __future__ import annotations

from bot.cards import case
from simulator.slack import JANE, SUPPORT, Message, View
from tests.conftest import World


async def answer(world: World, text: str, user: str = JANE, channel: str = SUPPORT) -> Message:
    """Types a command and waits for the message that answers it."""
    before = len(world.slack.seen(user, channel))
    exchange = await world.case(text, user=user, channel=channel)
    assert exchange.error == ""
    await world.slack.until(lambda: len(world.slack.seen(user, channel)) > before, what=f"an answer to {text!r}")
    return world.slack.last(user, channel)


async def shared_card(world: World, caseid: int = 1234, user: str = JANE, channel: str = SUPPORT) -> Message:
    """A case's card before everybody in the channel."""
    private = await answer(world, str(caseid), user, channel)
    await world.slack.click(user, private, case.SHARE)
    await world.slack.until(lambda: not world.slack.last(user, channel).ephemeral, what="the shared card")
    return world.slack.last(user, channel)


async def form(world: World, callback: str, user: str = JANE) -> View:
    """The modal that is to open."""

    def top() -> View | None:
        views = world.slack.views(user)
        return views[-1] if views and views[-1].callback_id == callback else None

    return await world.slack.until(top, what=f"the form {callback}")


def state(view: View) -> dict[str, object]:
    """What stands in each field: text, the chosen label, or the labels."""
    found: dict[str, object] = {}
    for fields in view.state["values"].values():
        for name, held in fields.items():
            if "selected_options" in held:
                found[name] = [option["text"]["text"] for option in held["selected_options"] or ()]
            elif "selected_option" in held:
                found[name] = (held["selected_option"] or {}).get("text", {}).get("text", "")
            else:
                found[name] = held.get("value") or ""
    return found


def lines_of(world: World, card: Message, user: str = JANE) -> list[str]:
    """What stands in the thread of a card, without the buttons."""
    return [
        message.plain().removesuffix("\nUndo")
        for message in world.slack.seen(user, card.channel, card.ts)
        if message.ts != card.ts
    ]


def writes(world: World) -> list[str]:
    return [f"{call.method} {call.path}" for call in world.desk.calls if call.method == "POST"]
