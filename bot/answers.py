"""Where an answer goes, and where it goes instead when that way is closed.

`tell` answers one person, `redraw` changes the card that was pressed, `changed` brings every card of a case up to date and
leaves a line in its thread, `place_card` puts a card before a channel. A channel that casebot is not in is answered through
the interaction's response_url, and the person learns how to invite it.

Whatever tells of a change that FuseDesk has made already (`report`, `changed`, `finished`, `undone`, `others`, `place_card`)
raises no SlackError: to say that it failed would be false, and would make people do it twice. Within a `Telling` it is told once,
however often it is tried; what Slack was down for is noted as missed, and tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from cachetools import TTLCache

from bot.cards.case import Surface, case_card
from bot.cards.forms import message_view, waiting_view
from bot.cards.message import Message, View
from bot.cards.words import acted, asking, done, invite
from bot.cases import NamedCase, Person
from bot.changes import Done
from bot.database import DatabaseError
from bot.intents import Intent
from bot.payloads import Click, Place
from bot.slack import Gone, NotInChannel, Slack, SlackError
from bot.store import Store
from bot.telling import current, missed
from bot.undo import Undo

T = TypeVar("T")

# Seconds after which a waiting person hears that it is still asked for.
PATIENCE = 1.0
# Seconds within which a second click on Share is the same wish.
_DOUBLE_CLICK = 5.0
_NOT_SHOWN = "It is done in FuseDesk, but Slack did not take what casebot wanted to show of it."

log = logging.getLogger(__name__)


class Answers:
    def __init__(self, slack: Slack, store: Store) -> None:
        self._slack = slack
        self._store = store
        self._shared: TTLCache[tuple[int, str, str], bool] = TTLCache(maxsize=10_000, ttl=_DOUBLE_CLICK)

    async def tell(self, place: Place, messages: Message | Sequence[Message]) -> None:
        """Shows messages to the person alone: where they asked, else in casebot's direct messages."""
        for message in [messages] if isinstance(messages, Message) else messages:
            await self._tell(place, message)

    async def _tell(self, place: Place, message: Message) -> None:
        telling = current()
        if telling is None:
            await self._to_person(place, message)
        else:
            # Nobody can look whether one person has seen something, so this is done at most once.
            await telling.once("person", lambda _: self._to_person(place, message, carefully=True))

    async def _to_person(self, place: Place, message: Message, *, carefully: bool = False) -> str:
        """`carefully`: what may have arrived goes no second way."""
        down: SlackError | None = None
        for way in self._ways(place, message):
            try:
                await way()
                return ""
            except SlackError as fault:
                # Used up, over 30 minutes old, a channel without casebot, a modal that was closed: there is another way.
                if carefully and fault.maybe_done:
                    raise
                down = fault if fault.passing else down
        try:
            return await self._slack.post(place.user, message)
        except SlackError as fault:
            raise down or fault from None

    async def _post(self, channel: str, message: Message, thread_ts: str = "") -> str:
        """A message before everybody; returns its ts."""
        telling = current()
        if telling is None:
            return await self._slack.post(channel, message, thread_ts=thread_ts)
        return await telling.once(
            f"{channel}:{thread_ts}",
            lambda mark: self._slack.post(channel, message, thread_ts=thread_ts, mark=mark),
            lambda mark, since: self._slack.posted(channel, mark, since, thread_ts=thread_ts),
        )

    async def report(self, place: Place, messages: Message | Sequence[Message]) -> None:
        """Tells what was done. Where Slack takes it no way, it is told in the plainest words, or else logged."""
        try:
            await self.tell(place, messages)
        except SlackError as fault:
            if missed(fault):
                return
            await _surely(self.tell(place, done(_NOT_SHOWN)), "a person could not be told")

    def _ways(self, place: Place, message: Message) -> Iterator[Callable[[], Awaitable[None]]]:
        """Ways to one person, the nearest to where they asked first; in a card's thread the answer belongs beside the card."""
        if place.response_url:
            yield lambda: self._slack.respond(place.response_url, message, thread_ts=place.thread_ts)
        if place.channel:
            yield lambda: self._slack.whisper(place.channel, place.user, message, thread_ts=place.thread_ts)
        if place.channel and place.thread_ts:
            # The thread may be gone.
            yield lambda: self._slack.whisper(place.channel, place.user, message)
        if place.view_id:
            yield lambda: self._slack.update_view(place.view_id, message_view(message))

    async def patiently(self, place: Place, work: Awaitable[T], what: str) -> T:
        """Waits for `work`; after a moment the person is told that it is still asked for."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            await self.report(place, asking(what))
        return await task

    async def stage(self, click: Click, what: str, *, modal: bool = False) -> Place:
        """Where the answer to a click goes: for a click in the Home or in a modal (or for a form) a new modal, opened while the
        trigger lives."""
        place = click.place
        if not (place.home or place.view_id or modal):
            return place
        return Place(user=place.user, team=place.team, view_id=await self.form(place, click.trigger, waiting_view(what)))

    async def form(self, place: Place, trigger: str, view: View) -> str:
        """Opens a modal, on top of the one that was pressed in where there is one; returns its id."""
        if place.view_id:
            return await self._slack.push_view(trigger, view)
        return await self._slack.open_view(trigger, view)

    async def redraw(self, place: Place, message: Message) -> None:
        """Puts `message` where the pressed card or list was; for the person alone where that cannot be changed any more."""
        for way in self._ways_to_redraw(place, message):
            try:
                return await way()
            except SlackError as fault:
                if missed(fault):
                    return None
        return await self._tell(place.model_copy(update={"view_id": ""}), message)

    def _ways_to_redraw(self, place: Place, message: Message) -> Iterator[Callable[[], Awaitable[None]]]:
        """A card that was posted through a response_url, where casebot is not a member, changes by the click's own URL."""
        if place.view_id:
            yield lambda: self._slack.update_view(place.view_id, message_view(message))
        if place.is_card:
            yield lambda: self._slack.update(place.channel, place.message_ts, message)
        if place.message_ts and place.response_url:
            yield lambda: self._slack.respond(place.response_url, message, replace=True, in_channel=place.is_card)

    async def show(self, place: Place, named: NamedCase, by: Person) -> None:
        """A case's card for the person alone."""
        await self._tell(place, card(named, by, private=True, modal=bool(place.view_id)))

    async def show_done(self, place: Place, named: NamedCase, by: Person, headline: str, undo: Undo | None = None) -> None:
        """A case's card for the person alone, after a change that FuseDesk has made."""
        await self.report(place, card(named, by, private=True, modal=bool(place.view_id), headline=headline, undo=undo))

    def in_modal(self, named: NamedCase, by: Person, *, headline: str = "") -> Message:
        return card(named, by, private=True, modal=True, headline=headline)

    async def place_card(self, place: Place, named: NamedCase, by: Person, *, headline: str = "") -> bool:
        """A case's card before everybody in the channel (in the thread, where there is one).

        Returns False where casebot is not a member: then the card went through the response_url, or else to the person.
        """
        thread = place.thread_ts or place.message_ts
        message = card(named, by, private=False, headline=headline)
        try:
            ts = await self._post(place.channel, message, thread)
        except SlackError as fault:
            if missed(fault):
                return False
            private = card(named, by, private=True, headline=headline)
            await self.report(place, [private, invite()] if isinstance(fault, NotInChannel) else private)
            return False
        await self._remembered(self._store.card_shown(named.case.caseid, place.channel, ts, thread), None)
        return True

    async def share(self, place: Place, named: NamedCase, by: Person, *, headline: str) -> None:
        """From one person's card to the whole channel; works where casebot is not a member, too."""
        message = card(named, by, private=False, headline=headline)
        wish = (named.case.caseid, place.channel, place.thread_ts)
        if wish in self._shared:
            return
        self._shared[wish] = True
        try:
            ts = await self._slack.post(place.channel, message, thread_ts=place.thread_ts)
        except NotInChannel:
            await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=place.thread_ts)
        else:
            await self._remembered(self._store.card_shown(named.case.caseid, place.channel, ts, place.thread_ts), None)

    async def changed(self, place: Place, named: NamedCase, by: Person, line: str, undo: Undo | None = None) -> None:
        """After a change: the pressed card and every other card of the case show it, and the channel's cards get one line
        in their thread that says who did what, with the way back."""
        caseid = named.case.caseid
        if place.message_ts or place.view_id:
            await _surely(self.redraw(place, _redrawn(place, named, by, line, undo)), "a card could not be redrawn")
        if place.is_card:
            await self._remembered(self._store.card_shown(caseid, place.channel, place.message_ts, place.thread_ts), None)
        threads: dict[tuple[str, str], None] = {}
        for channel, ts, thread in await self._remembered(self._store.cards(caseid), []):
            threads[channel, thread] = None
            if (channel, ts) != (place.channel, place.message_ts):
                redrawn = self._refresh(caseid, channel, ts, card(named, by, private=False))
                await _surely(redrawn, "a card could not be redrawn")
        for channel, thread in threads if line else ():
            await _surely(self._line(place, channel, thread, acted(by, line, undo)), "a line could not be posted")

    async def finished(self, place: Place, named: NamedCase, by: Person, line: str, undo: Undo | None = None) -> None:
        """After a change that was typed: the person gets the card, and the channels' cards follow."""
        headline = f"You {line}." if line else "Nothing to do: it is so already."
        await self.show_done(place, named, by, headline, undo)
        await self.changed(nowhere(place), named, by, line, undo)

    async def carried_out(self, done: Done, intent: Intent) -> None:
        """After a change of one case, typed or asked of a card."""
        show = self.finished if intent.surface == "typed" else self.changed
        await show(intent.place, done.named, intent.by, done.line, done.undo)

    async def undone(self, place: Place, named: NamedCase, by: Person, line: str) -> None:
        """After a change was taken back: the line in the channel that had the button says so instead, and the cards follow.

        Who comes second (`line` is "" then) changes nothing before others: the line tells who was first.
        """
        if not place.is_card:
            await self.changed(place, named, by, line)
            return
        if not line:
            await self.report(place, done("It is undone already, so nothing was changed."))
            return
        said = self._slack.update(place.channel, place.message_ts, acted(by, line))
        await _surely(said, "a line could not be redrawn")
        await self.changed(nowhere(place), named, by, "")

    async def others(
        self,
        place: Place,
        caseid: int,
        by: Person,
        line: str,
        look_again: Callable[[int], Awaitable[NamedCase | None]],
        undo: Undo | None = None,
    ) -> None:
        """After a change that needed no look at the case: it is looked at only where cards of it stand in channels."""
        if await self._remembered(self._store.cards(caseid), []) and (named := await look_again(caseid)) is not None:
            await self.changed(nowhere(place), named, by, line, undo)

    async def _refresh(self, caseid: int, channel: str, ts: str, message: Message) -> None:
        try:
            await self._slack.update(channel, ts, message)
        except (NotInChannel, Gone):
            await self._remembered(self._store.card_gone(caseid, channel, ts), None)

    async def _line(self, place: Place, channel: str, thread: str, message: Message) -> None:
        try:
            await self._post(channel, message, thread)
        except NotInChannel:
            if place.response_url and channel == place.channel:
                await self._slack.respond(place.response_url, message, in_channel=True, thread_ts=thread)

    async def _remembered(self, work: Awaitable[T], otherwise: T) -> T:
        """What the store says, or `otherwise` where it cannot.

        The only place that forgives it: by now FuseDesk did what was wished, and a person who heard of a fault would do it
        again. Whoever tells of a wish comes back to it. What else is lost is that a card does not redraw itself, which its own
        buttons mend.
        """
        try:
            return await work
        except DatabaseError as error:
            missed(error)
            log.warning("cards are not remembered", extra={"facts": error.facts})
            return otherwise


async def _surely(showing: Awaitable[object], lost: str) -> None:
    """Shows what can be shown; what Slack does not take is logged."""
    try:
        await showing
    except SlackError as fault:
        if missed(fault):
            return
        log.warning(lost, extra={"facts": {"error": type(fault).__name__, **fault.facts}})


def nowhere(place: Place) -> Place:
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
    if private and not by.everything:
        surface = "reader"
    return case_card(named, surface=surface, viewer_repid=by.repid, now=datetime.now(UTC), headline=headline, undo=undo)
