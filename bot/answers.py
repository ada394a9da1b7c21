"""Where an answer goes, and where it goes instead when that way is closed.

`tell` answers one person, `redraw` changes the card that was pressed, `changed` brings every card of a case up to date and
leaves a line in its thread, `place_card` puts a card before a channel. A channel that casebot is not in is answered through
the interaction's response_url, and the person learns how to invite it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from bot.cards.case import Surface, case_card
from bot.cards.forms import message_view, waiting_view
from bot.cards.message import Message, View
from bot.cards.words import acted, asking, invite
from bot.cases import NamedCase, Person
from bot.database import DatabaseError
from bot.operations import CaseRef
from bot.payloads import Click, Place
from bot.slack import Gone, NotInChannel, Slack
from bot.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

# Seconds after which a waiting person hears that it is still asked for.
_PATIENCE = 1.5


class Answers:
    def __init__(self, slack: Slack, store: Store) -> None:
        self._slack = slack
        self._store = store

    async def tell(self, place: Place, messages: Message | Sequence[Message]) -> None:
        """Shows messages to the person alone: where they asked, else in casebot's direct messages."""
        for message in [messages] if isinstance(messages, Message) else messages:
            await self._tell(place, message)

    async def _tell(self, place: Place, message: Message) -> None:
        for way in self._ways(place, message):
            # Used up, over 30 minutes old, a channel without casebot, a modal that was closed: there is another way.
            with suppress(Gone, NotInChannel):
                await way
                return
        await self._slack.post(place.user, message)

    def _ways(self, place: Place, message: Message) -> Iterator[Awaitable[None]]:
        """Ways to one person, the nearest to where they asked first; in a card's thread the answer belongs beside the card."""
        if place.response_url:
            yield self._slack.respond(place.response_url, message, thread_ts=place.thread_ts)
        if place.channel:
            yield self._slack.whisper(place.channel, place.user, message, thread_ts=place.thread_ts)
        if place.view_id:
            yield self._slack.update_view(place.view_id, message_view(message))

    async def patiently(self, place: Place, work: Awaitable[T], what: str) -> T:
        """Waits for `work`; after a moment the person is told that it is still asked for."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not done:
            await self.tell(place, asking(what))
        return await task

    async def stage(self, click: Click, what: str) -> Place:
        """Where the answer to a click goes: for a click in the Home or in a modal a new modal, opened while the trigger lives."""
        place = click.place
        if not (place.home or place.view_id):
            return place
        return Place(user=place.user, team=place.team, view_id=await self.form(place, click.trigger, waiting_view(what)))

    async def form(self, place: Place, trigger: str, view: View) -> str:
        """Opens a modal, on top of the one that was pressed in where there is one; returns its id."""
        if place.view_id:
            return await self._slack.push_view(trigger, view)
        return await self._slack.open_view(trigger, view)

    async def redraw(self, place: Place, message: Message) -> None:
        """Puts `message` where the pressed card or list was; for the person alone where that cannot be changed any more."""
        if place.view_id:
            try:
                return await self._slack.update_view(place.view_id, message_view(message))
            except Gone:
                return await self._tell(place.model_copy(update={"view_id": ""}), message)
        if place.is_card:
            try:
                return await self._slack.update(place.channel, place.message_ts, message)
            except (NotInChannel, Gone):
                pass  # posted through a response_url, where casebot is not a member: the click's own URL can change it
        if place.message_ts and place.response_url:
            return await self._slack.respond(place.response_url, message, replace=True, in_channel=place.is_card)
        return await self._tell(place, message)

    async def show(self, place: Place, named: NamedCase, by: Person, *, headline: str = "") -> None:
        """A case's card for the person alone."""
        await self._tell(place, card(named, by, private=True, headline=headline))

    def in_modal(self, named: NamedCase, by: Person, *, headline: str = "") -> Message:
        return card(named, by, private=True, modal=True, headline=headline)

    async def place_card(self, place: Place, named: NamedCase, by: Person, *, headline: str = "") -> bool:
        """A case's card before everybody in the channel (in the thread, where there is one).

        Returns False where casebot is not a member: then the card went through the response_url, or else to the person.
        """
        thread = place.thread_ts or place.message_ts
        message = card(named, by, private=False, headline=headline)
        try:
            ts = await self._slack.post(place.channel, message, thread_ts=thread)
        except NotInChannel:
            private = card(named, by, private=True, headline=headline)
            await self.tell(place, [private, invite()])
            return False
        await self._remembered(self._store.card_shown(named.case.caseid, place.channel, ts, thread), None)
        return True

    async def share(self, place: Place, named: NamedCase, by: Person, *, headline: str) -> None:
        """From one person's card to the whole channel; works where casebot is not a member, too."""
        message = card(named, by, private=False, headline=headline)
        try:
            ts = await self._slack.post(place.channel, message, thread_ts=place.thread_ts)
        except NotInChannel:
            await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=place.thread_ts)
        else:
            await self._remembered(self._store.card_shown(named.case.caseid, place.channel, ts, place.thread_ts), None)

    async def changed(self, place: Place, named: NamedCase, by: Person, line: str) -> None:
        """After a change: the pressed card and every other card of the case show it, and the channel's cards get one line
        in their thread that says who did what."""
        caseid = named.case.caseid
        if place.message_ts or place.view_id:
            await self.redraw(place, card(named, by, private=not place.is_card, modal=bool(place.view_id)))
        if place.is_card:
            await self._remembered(self._store.card_shown(caseid, place.channel, place.message_ts, place.thread_ts), None)
        for channel, ts, thread in await self._remembered(self._store.cards(caseid), []):
            if (channel, ts) != (place.channel, place.message_ts):
                await self._refresh(caseid, channel, ts, card(named, by, private=False))
            if line:
                await self._line(place, channel, thread, acted(by, line))

    async def finished(self, place: Place, named: NamedCase, by: Person, line: str) -> None:
        """After a change that was typed: the person gets the card, and the channels' cards follow."""
        headline = f"You {line}." if line else "Nothing to do: it is so already."
        await self.show(place, named, by, headline=headline)
        await self.changed(_nowhere(place), named, by, line)

    async def others(
        self, place: Place, caseid: int, by: Person, line: str, show: Callable[[CaseRef], Awaitable[NamedCase]]
    ) -> None:
        """After a change that needed no look at the case: it is looked at only where cards of it stand in channels."""
        if await self._remembered(self._store.cards(caseid), []):
            await self.changed(_nowhere(place), await show(CaseRef(caseid=caseid)), by, line)

    async def _refresh(self, caseid: int, channel: str, ts: str, message: Message) -> None:
        try:
            await self._slack.update(channel, ts, message)
        except (NotInChannel, Gone):
            await self._remembered(self._store.card_gone(caseid, channel, ts), None)

    async def _line(self, place: Place, channel: str, thread: str, message: Message) -> None:
        try:
            await self._slack.post(channel, message, thread_ts=thread)
        except NotInChannel:
            if place.response_url and channel == place.channel:
                await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=thread)

    async def _remembered(self, work: Awaitable[T], otherwise: T) -> T:
        """What the store says, or `otherwise` where it cannot.

        The only place that forgives it: by now FuseDesk did what was wished, and a person who heard of a fault would do it
        again. What is lost is that a card does not redraw itself, which its own buttons mend.
        """
        try:
            return await work
        except DatabaseError as error:
            log.warning("cards are not remembered", extra={"facts": error.facts})
            return otherwise


def _nowhere(place: Place) -> Place:
    """A command's place: no card was pressed there."""
    return Place(user=place.user, team=place.team, channel=place.channel, response_url=place.response_url)


def card(named: NamedCase, by: Person, *, private: bool, modal: bool = False, headline: str = "") -> Message:
    surface: Surface = "modal" if modal else "private" if private else "channel"
    return case_card(named, surface=surface, viewer_repid=by.repid, now=datetime.now(UTC), headline=headline)
