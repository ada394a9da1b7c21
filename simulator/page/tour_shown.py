"""What *Show me* does in each step of the tour, as a person does it: commands, shortcuts, forms and buttons.

What belongs here: the doing. What a step says and when it counts is in `tour`. The messages that the steps need are here too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from simulator.page.look import OLU
from simulator.slack import BILLING, MIA, RANDOM, SUPPORT, Message, NotPossible, Slack, View

UNDO = "Undo"
FIRE = "The label printer at Alder & Finch is on fire again.\nPlease answer to jane@example.com"
SCANNER = "Delta Freight cannot scan since this morning, and their trucks are waiting."
THREADS = (
    (SUPPORT, SCANNER, ("All three scanners, or the one at the gate?", "All of them. Firmware 4.2, updated *last night*.")),
    (SUPPORT, FIRE, ("It is the one beside the window.", "Fire brigade is on its way :fire_engine:")),
    (BILLING, "Riga Timber asks for their invoice again. Can somebody look?", ("I’ll take it :eyes:",)),
    (RANDOM, "Cake in the kitchen :cake:", ("On my way!",)),
)
PATIENCE = 20.0


def prepare(slack: Slack) -> None:
    """What people wrote before the visitor came."""
    for channel, text, answers in THREADS:
        ts = slack.say(MIA, channel, text)
        for turn, answer in enumerate(answers):
            slack.say(OLU if turn % 2 else MIA, channel, answer, thread_ts=ts)


async def _form(slack: Slack, who: str, title: str) -> View:
    """The form of that title, once it is there to be filled in."""

    def there() -> Any:
        view = slack.view(who)
        return view if view.title == title and "submit" in view.content else None

    view: View = await slack.until(there, timeout=PATIENCE, what=f"the form {title}")
    return view


async def _card(slack: Slack, who: str) -> Message:
    """The newest message with the buttons of a case that the person sees; one is asked for when there is none."""
    cards = _with(slack, who, "Transfer")
    if not cards:
        lists = _with(slack, who, "Show")
        if not lists:
            await slack.command(who, SUPPORT, "find jane@example.com")
            lists = await slack.until(lambda: _with(slack, who, "Show"), timeout=PATIENCE, what="the list of cases")
        await slack.click(who, lists[-1], lists[-1].button("Show"))
        cards = await slack.until(lambda: _with(slack, who, "Transfer"), timeout=PATIENCE, what="a case card")
    return cards[-1]


def _with(slack: Slack, who: str, label: str) -> list[Message]:
    return [message for message in slack.seen(who, SUPPORT) if label in message.buttons]


def _message(slack: Slack, who: str, text: str) -> Message:
    found = (message for message in slack.seen(who, SUPPORT) if message.text.startswith(slack.stored(text)[:30]))
    message = next(found, None)
    if message is None:
        raise NotPossible("that person does not see the message in #support")
    return message


def _field(view: View, block: str) -> tuple[str, str]:
    """A field by the beginning of its block's id, which casebot changes when a choice made its content void."""
    found = next((one for one in view.elements if one.block_id.startswith(block)), None)
    if found is None:
        raise NotPossible(f"the form has no field {block}")
    return found.block_id, found.action_id


async def _from_message(slack: Slack, who: str) -> None:
    message = _message(slack, who, FIRE)
    await slack.message_shortcut(who, SUPPORT, message.ts, "open_case_from_message")
    view = await _form(slack, who, "Open a case")
    await slack.click(who, view, "department", option="Technical Support")
    await slack.submit(who, view, {_field(view, "tags"): ["Printer", "Urgent"]})


async def _by_email(slack: Slack, who: str) -> None:
    await slack.command(who, SUPPORT, "find jane@example.com")


async def _transfer(slack: Slack, who: str) -> None:
    card = await _card(slack, who)
    await slack.click(who, card, card.button("Transfer"))
    view = await _form(slack, who, "Transfer")
    await slack.click(who, view, "department", option="Billing")
    await slack.submit(who, view)


async def _note(slack: Slack, who: str) -> None:
    card = await _card(slack, who)
    await slack.click(who, card, card.button("Add note"))
    view = await _form(slack, who, "Add a note")
    await slack.submit(who, view, {_field(view, "note"): "Called back. A replacement is on its way."})


async def _tags(slack: Slack, who: str) -> None:
    card = await _card(slack, who)
    await slack.click(who, card, card.button("Tags"))
    view = await _form(slack, who, "Tags")
    place = _field(view, "tags")
    held = view.state["values"][place[0]][place[1]]["selected_options"]
    fresh = next(tag for tag in ("VIP", "Hardware", "Follow-up", "Bug") if tag not in {one["text"]["text"] for one in held})
    await slack.submit(who, view, {place: [*held, fresh]})


async def _thread(slack: Slack, who: str) -> None:
    message = _message(slack, who, SCANNER)
    await slack.message_shortcut(who, SUPPORT, message.ts, "import_thread")
    view = await _form(slack, who, "Import thread")
    block, action = _field(view, "case")
    options = await slack.typeahead(who, view, action, "scan") or await slack.typeahead(who, view, action, "the")
    if not options:
        raise NotPossible("FuseDesk offers no case to import into")
    await slack.submit(who, view, {(block, action): options[0]})


async def _undo(slack: Slack, who: str) -> None:
    found = _with(slack, who, UNDO)
    if not found:
        raise NotPossible("There is no Undo to be pressed in #support: change a case first, by a transfer, a tag or a status.")
    await slack.click(who, found[-1], found[-1].button(UNDO))


SHOWN: tuple[Callable[[Slack, str], Awaitable[None]], ...] = (
    _from_message,
    _by_email,
    _transfer,
    _note,
    _tags,
    _thread,
    _undo,
)
