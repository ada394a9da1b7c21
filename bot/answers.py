"""Where an answer goes, and where it goes instead when that way is closed.

`tell` answers one person, `redraw` changes the card that was pressed, `changed` brings every card of a case up to date and
leaves a line in its thread, `place_card` puts a card before a channel. A channel that casebot is not in is answered through
the interaction's response_url, and the person learns how to invite it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from bot.cards.case import Surface, case_card
from bot.cards.forms import message_view, waiting_view
from bot.cards.message import Message, View
from bot.cards.words import acted, asking, invite
from bot.cases import NamedCase, Person
from bot.operations import CaseRef
from bot.payloads import Click, Place
from bot.slack import Gone, NotInChannel, Slack
from bot.store import Store
from bot.undo import Undo

T = TypeVar("T")

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

    async def show(self, place: Place, named: NamedCase, by: Person, *, headline: str = "", undo: Undo | None = None) -> None:
        """A case's card for the person alone."""
        await self._tell(place, card(named, by, private=True, headline=headline, undo=undo))

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
        self._store.card_shown(named.case.caseid, place.channel, ts, thread)
        return True

    async def share(self, place: Place, named: NamedCase, by: Person, *, headline: str) -> None:
        """From one person's card to the whole channel; works where casebot is not a member, too."""
        message = card(named, by, private=False, headline=headline)
        try:
            ts = await self._slack.post(place.channel, message, thread_ts=place.thread_ts)
        except NotInChannel:
            await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=place.thread_ts)
        else:
            self._store.card_shown(named.case.caseid, place.channel, ts, place.thread_ts)

    async def changed(self, place: Place, named: NamedCase, by: Person, line: str, undo: Undo | None = None) -> None:
        """After a change: the pressed card and every other card of the case show it, and the channel's cards get one line
        in their thread that says who did what, with the way back."""
        caseid = named.case.caseid
        if place.message_ts or place.view_id:
            await self.redraw(place, _redrawn(place, named, by, line, undo))
        if place.is_card:
            self._store.card_shown(caseid, place.channel, place.message_ts, place.thread_ts)
        for channel, ts, thread in self._store.cards(caseid):
            if (channel, ts) != (place.channel, place.message_ts):
                await self._refresh(caseid, channel, ts, card(named, by, private=False))
            if line:
                await self._line(place, channel, thread, acted(by, line, undo))

    async def finished(self, place: Place, named: NamedCase, by: Person, line: str, undo: Undo | None = None) -> None:
        """After a change that was typed: the person gets the card, and the channels' cards follow."""
        headline = f"You {line}." if line else "Nothing to do: it is so already."
        await self.show(place, named, by, headline=headline, undo=undo)
        await self.changed(_nowhere(place), named, by, line, undo)

    async def undone(self, place: Place, named: NamedCase, by: Person, line: str) -> None:
        """After a change was taken back: the line in the channel that had the button says so instead, and the cards follow."""
        if not place.is_card:
            await self.changed(place, named, by, line)
            return
        with suppress(NotInChannel, Gone):
            await self._slack.update(place.channel, place.message_ts, acted(by, line or "found it undone already"))
        await self.changed(_nowhere(place), named, by, "")

    async def others(
        self,
        place: Place,
        caseid: int,
        by: Person,
        line: str,
        show: Callable[[CaseRef], Awaitable[NamedCase]],
        undo: Undo | None = None,
    ) -> None:
        """After a change that needed no look at the case: it is looked at only where cards of it stand in channels."""
        if self._store.cards(caseid):
            await self.changed(_nowhere(place), await show(CaseRef(caseid=caseid)), by, line, undo)

    async def _refresh(self, caseid: int, channel: str, ts: str, message: Message) -> None:
        try:
            await self._slack.update(channel, ts, message)
        except (NotInChannel, Gone):
            self._store.card_gone(caseid, channel, ts)

    async def _line(self, place: Place, channel: str, thread: str, message: Message) -> None:
        try:
            await self._slack.post(channel, message, thread_ts=thread)
        except NotInChannel:
            if place.response_url and channel == place.channel:
                await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=thread)


def _nowhere(place: Place) -> Place:
    """A command's place: no card was pressed there."""
    return Place(user=place.user, team=place.team, channel=place.channel, response_url=place.response_url)


def _redrawn(place: Place, named: NamedCase, by: Person, line: str, undo: Undo | None) -> Message:
    """The pressed card as it is now. Its person sees what they did; in a channel a line in the thread says it to everybody."""
    headline = f"You {line}." if line and undo and not place.is_card else ""
    return card(named, by, private=not place.is_card, modal=bool(place.view_id), headline=headline, undo=undo)


def card(
    named: NamedCase, by: Person, *, private: bool, modal: bool = False, headline: str = "", undo: Undo | None = None
) -> Message:
    surface: Surface = "modal" if modal else "private" if private else "channel"
    return case_card(named, surface=surface, viewer_repid=by.repid, now=datetime.now(UTC), headline=headline, undo=undo)
