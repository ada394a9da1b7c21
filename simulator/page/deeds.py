"""What a person does in Slack, as the page sends it, handed to the people of the stand-in.

Each deed takes the stage, the look and what was sent, and returns JSON for the page: {} when all is well, `error` and `errors`
(by block_id) where Slack's client would show some. What a person could not do raises NotPossible.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from simulator.page.completion import COMMAND
from simulator.page.look import Look
from simulator.page.stage import Stage
from simulator.slack import Absent, Element, Exchange, Message, NotPossible, View
from simulator.slack_text import Json

Deed = Callable[[Stage, Look, Json], Awaitable[Json]]


def _said(exchange: Exchange | None) -> Json:
    if exchange is None or not exchange.error:
        return {}
    return {"error": exchange.error, "errors": exchange.errors}


def _where(stage: Stage, look: Look, given: Json) -> Message | View:
    """The message or view that something was done in. Raises Absent."""
    if view_id := given.get("view"):
        view = stage.slack.find_view(str(view_id))
        if view is None:
            raise Absent("That form is closed.")
        return view
    seen = stage.slack.seen(look.who, str(given.get("channel")))
    found = next((message for message in seen if message.ts == given.get("ts")), None)
    if found is None:
        raise Absent("That message is gone.")
    return found


def _view(stage: Stage, look: Look, given: Json) -> View:
    view = _where(stage, look, given)
    if not isinstance(view, View):
        raise NotPossible("That is no form.")
    return view


def _element(where: Message | View, given: Json) -> Element:
    found = (one for one in where.elements if (one.block_id, one.action_id) == (given["block"], given["action"]))
    element = next(found, None)
    if element is None:
        raise Absent("That is no longer there.")
    return element


def _values(stage: Stage, look: Look, where: Message | View, given: Json) -> dict[tuple[str, str], Any]:
    """What stands in the fields: pairs of ids to texts, options, lists of options; a moment comes as the browser's local one."""
    fields = {(one.block_id, one.action_id): one for one in where.elements}
    values: dict[tuple[str, str], Any] = {}
    for field in given.get("values") or []:
        place = (field["block"], field["action"])
        if place in fields:
            values[place] = _value(stage, look, fields[place], field["value"])
    return values


def _value(stage: Stage, look: Look, element: Element, value: Any) -> Any:
    if element.raw["type"] == "datetimepicker" and value:
        return stage.clock(look.who).seconds(value)
    return value


async def click(stage: Stage, look: Look, given: Json) -> Json:
    where = _where(stage, look, given)
    element = _element(where, given)
    option = _value(stage, look, element, given.get("option"))
    values = _values(stage, look, where, given)
    return _said(await stage.slack.click(look.who, where, element, option=option, state=values))


async def fill(stage: Stage, look: Look, given: Json) -> Json:
    where = _where(stage, look, given)
    await stage.slack.fill(look.who, where, _values(stage, look, where, given))
    return {}


async def submit(stage: Stage, look: Look, given: Json) -> Json:
    view = _view(stage, look, given)
    return _said(await stage.slack.submit(look.who, view, _values(stage, look, view, given)))


async def close(stage: Stage, look: Look, given: Json) -> Json:
    return _said(await stage.slack.close(look.who, _view(stage, look, given)))


async def typeahead(stage: Stage, look: Look, given: Json) -> Json:
    where = _where(stage, look, given)
    await stage.slack.fill(look.who, where, _values(stage, look, where, given))
    return {"options": await stage.slack.typeahead(look.who, where, str(given["action"]), str(given["typed"]))}


async def send(stage: Stage, look: Look, given: Json) -> Json:
    """A line of the composer: a message, or a command."""
    text, thread = str(given["text"]).strip(), str(given.get("thread") or "")
    channel = look.channel(stage.slack)
    if not text or not channel:
        return {}
    verb, _, rest = text.partition(" ")
    if not text.startswith("/"):
        stage.slack.say(look.who, channel, text, thread_ts=thread)
        return {}
    if thread:
        raise NotPossible(f"{verb} cannot be used in a thread. Type it in the channel.")
    if verb.lower() != COMMAND:
        raise NotPossible(f"{verb} is not a command of this workspace. There is {COMMAND}.")
    return _said(await stage.slack.command(look.who, channel, rest))


async def shortcut(stage: Stage, look: Look, given: Json) -> Json:
    """Of a message when `ts` is there, else the global one."""
    id = str(given["id"])
    if ts := given.get("ts"):
        return _said(await stage.slack.message_shortcut(look.who, str(given["channel"]), str(ts), id))
    return _said(await stage.slack.global_shortcut(look.who, id))


async def react(stage: Stage, look: Look, given: Json) -> Json:
    message = _where(stage, look, given)
    if not isinstance(message, Message) or message.ephemeral:
        raise NotPossible("Only messages that everybody sees take reactions.")
    stage.slack.react(look.who, message, str(given["name"]))
    return {}


async def home(stage: Stage, look: Look, given: Json) -> Json:
    return _said(await stage.slack.open_home(look.who))


async def complete(stage: Stage, look: Look, given: Json) -> Json:
    return {"offers": [vars(offer) for offer in stage.completion.offers(str(given["text"]))]}


async def change(stage: Stage, look: Look, given: Json) -> Json:
    """Something is changed in FuseDesk, by somebody who sits before it."""
    stage.panel.change(given)
    return {}


async def weather(stage: Stage, look: Look, given: Json) -> Json:
    stage.weather.turn(given)
    return {}


async def bot(stage: Stage, look: Look, given: Json) -> Json:
    if given["order"] == "kill":
        await stage.bot.kill()
    else:
        await stage.bot.start()
    return {}


async def tour(stage: Stage, look: Look, given: Json) -> Json:
    await stage.tour.show(int(given["step"]), look.who)
    return {}


DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (click, fill, submit, close, typeahead, send, shortcut, react, home, complete, change, weather, bot, tour)
}
