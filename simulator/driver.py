"""People who use the bot: they type commands, press buttons, fill forms, and Slack tells the bot.

Each method does what Slack's client and server do together: only what is visible to that person can be pressed, fields are
checked before anything is sent, and the bot's answer has its effect. What a person could not do raises NotPossible. One
leniency: outsiders and deactivated people may run commands here, so that a test can see the bot refuse them. A confirm dialog
is always confirmed. Not imitated: drafts, keyboard entry letter by letter (`typeahead` sends what it is given).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from simulator.slack_acks import Acks
from simulator.slack_delivery import Delivery, Exchange
from simulator.slack_elements import action_of, option_of, refusals
from simulator.slack_filling import Filling, Where
from simulator.slack_payloads import Payloads
from simulator.slack_response import ResponseUrls
from simulator.slack_state import Channel, Element, Message, NotPossible, View
from simulator.slack_text import Json
from simulator.slack_views import Views
from simulator.slack_web import Switches
from simulator.slack_workspace import Workspace

QUERY_LENGTH = 3


class Driver(Workspace):
    """`url` is where this Slack itself is served; response URLs begin with it."""

    def __init__(self, *, signing_secret: str, team: str) -> None:
        super().__init__(team)
        self.url = ""
        self.switches = Switches()
        self.delivery = Delivery(self, signing_secret)
        self._payloads = Payloads(self)
        self._triggers = Views(self)
        self._urls = ResponseUrls(self, self.switches)
        self._acks = Acks(self, self._triggers, self._urls)
        self._filling = Filling(self.typeahead)

    def connect(self, *bot_urls: str) -> None:
        """Where the bot listens; requests go to `{bot_url}/slack/events`, unless it has a socket open. Of several addresses each
        request goes to the next one."""
        self.delivery.bots = deque(url.rstrip("/") for url in bot_urls)

    def sign(self, body: str | bytes, timestamp: int | str) -> str:
        """The `X-Slack-Signature` of a body."""
        return self.delivery.sign(body, timestamp)

    async def raw(self, path: str, body: str | bytes, headers: Mapping[str, str] | None = None) -> Exchange:
        """Posts exactly that to the bot, unsigned and unjudged."""
        return await self.delivery.raw(path, body, headers or {})

    def _response_url(self, kind: str, user: str, channel: str, message: Message | None = None) -> str:
        if not self.url:
            raise NotPossible("this Slack does not know its own address: use `served()` or set `url`")
        return self.url + self._urls.path(kind, user, channel, message)

    def _place(self, user: str, channel: str) -> Channel:
        if channel not in self.channels or not self.can_see(user, channel):
            raise NotPossible(f"{user} cannot see {channel}")
        return self.channels[channel]

    async def command(self, user: str, channel: str, text: str, command: str = "/case") -> Exchange:
        """Runs a slash command. `@name`, `#channel`, addresses and `& < >` reach the bot escaped, as `should_escape` asks."""
        place = self._place(user, channel)
        trigger, url = self._triggers.trigger(user), self._response_url("commands", user, channel)
        fields = self._payloads.command(user, place, self.stored(text.strip(), labels=True), command, trigger=trigger, url=url)
        exchange = await self.delivery.command(fields)
        self._acks.command(exchange, user, channel, command)
        return exchange

    async def global_shortcut(self, user: str, callback_id: str) -> Exchange:
        return await self._interaction(self._payloads.shortcut(user, callback_id, self._triggers.trigger(user)))

    async def message_shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Exchange:
        message = self._place(user, channel).message(ts)
        if message is None:
            raise NotPossible(f"no message {ts} in {channel} that has shortcuts")
        trigger, url = self._triggers.trigger(user), self._response_url("app", user, channel, message)
        return await self._interaction(self._payloads.message_shortcut(user, message, callback_id, trigger=trigger, url=url))

    async def _interaction(self, payload: Json) -> Exchange:
        exchange = await self.delivery.interactive(payload)
        self._acks.nothing(exchange)
        return exchange

    async def click(
        self,
        user: str,
        where: Where,
        action: str | Element,
        *,
        nth: int = 0,
        value: str | None = None,
        option: Any = None,
        state: Mapping[Any, Any] | None = None,
    ) -> Exchange:
        """Presses a button, chooses from a menu, or sends an input with `dispatch_action`.

        `action` is an action_id (the nth of them; with `value`, the one that carries it) or what `button()` gave. `option` is
        what is chosen or typed; `state` is filled into the other fields before. Raises NotPossible.
        """
        self._in_sight(user, where)
        element = self._element(where, action, nth, value)
        await self.fill(user, where, state or {})
        held = await self._held(user, where, element, value if option is None else option)
        entry = action_of(element.block_id, element.raw, held, self._payloads.moment())
        view = where if isinstance(where, View) else None
        url = "" if isinstance(where, View) else self._response_url("actions", user, where.channel, where)
        trigger = self._triggers.trigger(user, view)
        return await self._interaction(self._payloads.actions(user, where, entry, trigger=trigger, url=url))

    def _element(self, where: Where, action: str | Element, nth: int, value: str | None) -> Element:
        if isinstance(action, Element):
            if action not in where.elements:
                raise NotPossible(f"{action.label or action.action_id!r} is no longer there:\n{where.plain()}")
            return action
        if value is not None:
            fits = [found for found in where.elements if (found.action_id, found.value) == (action, value)]
            if fits:
                return fits[min(nth, len(fits) - 1)]
            if where.element(action, nth).raw["type"] == "button":
                raise NotPossible(f"no button {action!r} carries {value!r}:\n{where.plain()}")
        return where.element(action, nth)

    async def _held(self, user: str, where: Where, element: Element, given: Any) -> Json | None:
        """What a stateful element now holds, None for a button. It stays there for later."""
        kind = element.raw["type"]
        if kind == "button":
            return None
        if kind == "overflow":
            chosen = option_of(element.options, given)
            if chosen is None:
                raise NotPossible(f"{element.action_id!r} does not offer {given!r}, but {element.options}")
            return {"selected_option": chosen}
        block = next(block for block in where.blocks if block["block_id"] == element.block_id)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise NotPossible(f"{element.action_id!r} sends nothing before the form is sent (no dispatch_action)")
        state = await self._filling.state(user, where, element, given)
        where.typed[element.block_id, element.action_id] = state
        return state

    def _in_sight(self, user: str, where: Where) -> None:
        """Raises NotPossible unless the person sees it now and could press something in it."""
        if isinstance(where, View):
            mine = self.homes.get(user) if where.kind == "home" else next(iter(self.views(user)[-1:]), None)
            if where is not mine:
                raise NotPossible(f"{user} does not see that view{' any more' if where.closed else ''}:\n{where.plain()}")
        elif where not in self.seen(user, where.channel):
            raise NotPossible(f"{user} does not see that message{' any more' if where.deleted else ''}:\n{where.plain()}")

    async def typeahead(self, user: str, where: Where, action_id: str, typed: str) -> list[Json]:
        """Types into an external select; returns the options that the bot offers. Raises NotPossible."""
        self._in_sight(user, where)
        element = where.element(action_id)
        if "external" not in element.raw["type"]:
            raise NotPossible(f"{action_id!r} is a {element.raw['type']}")
        if len(typed) < element.raw.get("min_query_length", QUERY_LENGTH):
            raise NotPossible(f"{action_id!r} asks from {element.raw.get('min_query_length', QUERY_LENGTH)} letters on")
        payload = self._payloads.suggestion(user, where, action_id, element.block_id, typed)
        return self._acks.options(await self.delivery.interactive(payload))

    async def fill(self, user: str, where: Where, values: Mapping[Any, Any]) -> None:
        """Puts values into fields without sending anything (but typeahead); see `submit`. A key may be (block_id, action_id)."""
        self._in_sight(user, where)
        await self._filling.fill(user, where, values)

    async def submit(self, user: str, view: View, values: Mapping[Any, Any] | None = None) -> Exchange:
        """Fills a modal and sends it. `values`: action_id or block_id -> text, option (text, value or itself), list, None.

        What Slack's client refuses is not sent: `error` is then `not_sent` and `errors` says why.
        """
        await self.fill(user, view, values or {})
        if "submit" not in view.content:
            raise NotPossible(f"the modal has no submit button:\n{view.plain()}")
        said = refusals(view.blocks, view.state["values"])
        view.errors = said
        if said:
            self.changed.note()
            return Exchange("view_submission", error="not_sent", errors=said)
        payload = self._payloads.submission(user, view, self._triggers.trigger(user, view))
        exchange = await self.delivery.interactive(payload)
        self._acks.submission(exchange, view)
        return exchange

    async def close(self, user: str, view: View) -> Exchange | None:
        """Closes the modal (the whole stack with `clear_on_close`); tells the bot if it asked for it."""
        self._in_sight(user, view)
        cleared = view.content.get("clear_on_close") is True
        payload = self._payloads.closed(user, view, cleared=cleared)
        self.close_views(user, None if cleared else view)
        return await self._interaction(payload) if view.content.get("notify_on_close") else None

    async def event(self, event: Json, *, event_id: str = "", retry: int = 0, reason: str = "http_timeout") -> Exchange:
        """Sends an event once. Give `event_id` and `retry` (1 to 3) to send it again as Slack does after a failure."""
        envelope = self._payloads.event(event, event_id or f"Ev{next(self.ids):08d}")
        return await self.delivery.event(envelope, retry=retry, reason=reason if retry else "")

    async def open_home(self, user: str, tab: str = "home") -> Exchange:
        """Opens the bot's Home (or its messages tab)."""
        return await self.event(self._payloads.home_opened(user, self.dm(user).id, tab))
