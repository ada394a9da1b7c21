"""Kills casebot at a chosen moment of a chosen wish, starts it again on the same database, and looks at what became of the wish.

A `World` holds both simulators, one database and the casebot that lives there just now. Each wish has a case, a card and words of
its own, so that one world serves many kills, one after the other: the life that finishes one wish is the victim of the next.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.cards.case import SHARE, TRANSFER
from simulator.fusedesk import Call as DeskCall
from simulator.fusedesk_store import Row
from simulator.slack import BOT_USER, JANE, SUPPORT, Message
from simulator.slack import Call as SlackCall
from tests.kill_scenes import ANSWERED, ASKED, DONE, Kind, Moment, Scene
from tests.processes import Life, Lives, lives

# What the process is given besides, to shorten what it waits for between lives and attempts.
SETTINGS: dict[str, str] = {"CASEBOT_TAKEOVER": "2", "FUSEDESK_READ_TIMEOUT": "2"}
# Seconds within which a new life has finished what the old one left (on PostgreSQL it has to find out first that the old one is
# dead), and within which the moment of a kill has to come.
FINISHED = 45.0
COMES = 15.0

# What Slack says where a click or form got no answer, because nobody was there to give one, and where the form is closed by now.
FORGIVEN = ("dispatch_failed", "operation_timeout", "views.update: not_found")
SUPPORT_DESK, ZOE_REP = 268, 2


class Trap:
    """Kills the life at one moment of one scene, once. `sprung` is set when the process is gone."""

    def __init__(self, scene: Scene, moment: Moment, life: Life) -> None:
        self._scene = scene
        self._moment = moment
        self._life = life
        self._armed = True
        self.sprung = asyncio.Event()
        self.effects = 0

    async def fusedesk(self, what: str, call: DeskCall) -> bool:
        """Whether it killed at this call."""
        return not self._moment.at and await self._at(what, call.writes and self._scene.wrote(call))

    async def slack(self, what: str, method: str) -> bool:
        """What Slack is told before FuseDesk has the effect ("still asking", a form) is not what tells of it."""
        return self._moment.at == method and await self._at(what, bool(self._scene.effects()))

    async def _at(self, what: str, fits: bool) -> bool:
        if not (self._armed and fits and what == self._moment.what):
            return False
        await self.spring()
        return True

    async def spring(self) -> None:
        self._armed = False
        self.effects = len(self._scene.effects())
        await self._life.kill()
        self.sprung.set()


@dataclass
class World:
    """`effects` are all write calls that took effect in FuseDesk."""

    casebot: Lives
    life: Life | None = None
    trap: Trap | None = None
    hold: asyncio.Event | None = None
    effects: list[DeskCall] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.slack = self.casebot.slack
        self.desk = self.casebot.desk
        self.desk.on_request = self._desk_asked
        self.desk.on_effect = self._desk_done
        self.desk.on_answer = self._desk_answered
        self.slack.on_request = self._slack_asked
        self.slack.on_effect = self._slack_done

    async def _desk_asked(self, call: DeskCall) -> None:
        if call.writes and self.hold is not None:
            await self.hold.wait()
        if self.trap and await self.trap.fusedesk(ASKED, call):
            # The request dies with its sender: it never comes to its effect.
            self.desk.fail(f"{call.method} {call.path}", when="before", how="drop")

    async def _desk_done(self, call: DeskCall) -> None:
        self.effects.append(call)
        if self.trap:
            await self.trap.fusedesk(DONE, call)

    async def _desk_answered(self, call: DeskCall) -> None:
        if self.trap:
            await self.trap.fusedesk(ANSWERED, call)

    async def _slack_asked(self, method: str, args: object) -> None:
        if self.trap and await self.trap.slack(ASKED, method):
            self.slack.limit(method, retry_after=0)

    async def _slack_done(self, call: SlackCall) -> None:
        if self.trap:
            await self.trap.slack(DONE, call.method)

    def private(self) -> list[str]:
        """All that casebot told Jane alone: in the channel, in direct messages, in the modal that is open."""
        seen = [*self.slack.seen(JANE, SUPPORT), *self.slack.seen(JANE, self.slack.dm(JANE).id)]
        alone = [message for message in seen if message.user == BOT_USER and (message.ephemeral or message.channel != SUPPORT)]
        return [message.plain() for message in alone] + [view.plain() for view in self.slack.views(JANE)]

    def last_lives(self) -> list[tuple[int, Life]]:
        return list(enumerate(self.casebot.all, 1))[-2:]

    def is_dead(self) -> bool:
        return self.life is None or self.life.ended is not None

    async def living(self) -> Life:
        """The casebot that lives here; a new one where nobody does."""
        if self.life is None or self.is_dead():
            self.life = await self.casebot.start(**SETTINGS)
            await self.slack.until(self._greeted, timeout=COMES, what="an answer to /case help")
        return self.life

    async def _greeted(self) -> bool:
        """Whether casebot knows by now who Jane is: on a machine with much to do it may take its time to ask Slack for it."""
        exchange = await self.slack.command(JANE, SUPPORT, "help")
        return not exchange.error and "transfer" in exchange.text

    # One wish

    async def stage(self, kind: Kind) -> Scene:
        """A case of its own with a card in the channel, where the kind has one."""
        await self.living()
        scene = Scene(self, kind, next(self.numbers))
        if not kind.opens:
            scene.caseid = self.desk.insert(self._new_case(scene))
        if kind.before:
            kind.before(scene)
        if kind.line or kind.card:
            scene.card = await self._shared(scene.caseid)
        if kind.then:
            await kind.then(scene)
        scene.since = len(self.effects)
        scene.seen_before = len(self.private())
        scene.lines_before = len(scene.lines())
        return scene

    def _new_case(self, scene: Scene) -> Row:
        now = self.desk.now()
        row = {"summary": f"Scene {scene.number}", "details": "", "openedby": "Mia Long", "status": "new", "rating": ""}
        row |= {"departmentid": SUPPORT_DESK, "repid": ZOE_REP, "date_opened": now, "date_updated": now, "date_assigned": now}
        return row | {"date_closed": None, "feedback": "", "contactid": None, "contactUuid": None, "companyid": None}

    async def shown(self, caseid: int) -> Message:
        """The case's card for Jane alone."""
        await self.slack.command(JANE, SUPPORT, str(caseid))
        return await self._card(caseid, ephemeral=True)

    async def _shared(self, caseid: int) -> Message:
        await self.slack.click(JANE, await self.shown(caseid), SHARE)
        return await self._card(caseid, ephemeral=False)

    async def _card(self, caseid: int, *, ephemeral: bool) -> Message:
        """What an earlier wish still has to say may come in between."""

        def there() -> Message | None:
            cards = [card for card in self.slack.seen(JANE, SUPPORT) if card.ephemeral == ephemeral and TRANSFER in ids(card)]
            return next((card for card in reversed(cards) if f"#{caseid}" in card.plain()), None)

        card: Message = await self.slack.until(there, what=f"the card of #{caseid}")
        return card

    async def play(self, kind: Kind, moment: Moment, *, again: bool = False) -> Scene:
        """The wish, the kill, the next life; AssertionError where the end is not as it should be. `again`: the person sends the
        form once more, because Slack said that nobody answered."""
        scene = await self.stage(kind)
        scene.moment = moment
        self.scenes.append(scene)
        try:
            await self._acted(scene)
            if again:
                await self._sent_again(scene)
            await self.slack.until(lambda: not scene.wrong(finished=False), timeout=FINISHED, what="the wish's end")
        except AssertionError as fault:
            raise AssertionError(self._failure(scene, [str(fault).splitlines()[0], *scene.wrong(finished=True)])) from None
        if wrong := scene.wrong(finished=True) + self._faults():
            raise AssertionError(self._failure(scene, wrong))
        scene.modal = [view.plain() for view in self.slack.views(JANE)]
        self.slack.close_views(JANE)
        return scene

    def _failure(self, scene: Scene, wrong: list[str]) -> str:
        what = "\n  ".join(wrong)
        return f"{scene.kind}, killed {scene.moment}:\n  {what}\n{scene.holdings()}"

    def _faults(self) -> list[str]:
        """What Slack would have refused, but for what comes of a kill in any case."""
        faults = [fault for fault in self.slack.faults if not any(code in fault for code in FORGIVEN)]
        self.slack.faults.clear()
        return [f"Slack refused: {fault}" for fault in faults]

    async def _acted(self, scene: Scene) -> None:
        life, moment = await self.living(), scene.moment
        self.hold = asyncio.Event() if scene.kind.slow and moment.at else None
        self.trap = Trap(scene, moment, life) if moment.kills else None
        acting = asyncio.create_task(self._act(scene))
        try:
            if self.trap is not None:
                await self._killed(scene, self.trap, life, acting)
        finally:
            self.trap = None
            await asyncio.gather(acting, return_exceptions=True)
        if not moment.kills:
            await acting
        self.desk.mend()
        await self.living()

    async def _act(self, scene: Scene) -> None:
        scene.exchange = await scene.kind.act(scene)
        if self.hold is not None:
            self.hold.set()

    async def _sent_again(self, scene: Scene) -> None:
        """Unless the form is closed or redrawn by now."""
        unanswered = scene.exchange is not None and bool(scene.exchange.error)
        open_ones = [view for view in self.slack.views(JANE) if "submit" in view.content]
        if unanswered and open_ones:
            scene.exchange = await self.slack.submit(JANE, open_ones[-1])

    async def _killed(self, scene: Scene, trap: Trap, life: Life, acting: asyncio.Task[None]) -> None:
        """Waits for the kill, and sees to it that it came at the moment that was meant."""
        moment = scene.moment
        if moment.after:
            await asyncio.sleep(moment.after)  # a random moment is a moment of the clock
            await trap.spring()
        sprung = asyncio.ensure_future(trap.sprung.wait())
        await asyncio.wait({sprung, acting}, timeout=COMES, return_when=asyncio.FIRST_EXCEPTION)
        if not sprung.done():
            sprung.cancel()
            if acting.done():
                acting.result()
            raise AssertionError(f"the moment {moment} did not come within {COMES:g} s")
        assert life.ended == -signal.SIGKILL, f"it ended by itself ({life.ended}) before it was killed"
        if not moment.after:
            wanted = 0 if moment == Moment("", ASKED) else 1
            assert trap.effects == wanted, f"at {moment} FuseDesk had {trap.effects} effects, not {wanted}"

    async def end(self) -> list[str]:
        """Lets casebot finish, and looks at everything once more: what came a second time later, and what never came."""
        await (await self.living()).stop()
        late = []
        for scene in self.scenes:
            if wrong := scene.wrong(finished=True):
                late.append(self._failure(scene, wrong))
        return late


def ids(message: Message) -> list[str]:
    """Of the elements in it."""
    return [element.action_id for element in message.elements]


@asynccontextmanager
async def world(database: str) -> AsyncIterator[World]:
    """`database` is an address, or "" for a SQLite file of its own."""
    async with lives(database, cases=1, **SETTINGS) as casebot:
        yield World(casebot)
