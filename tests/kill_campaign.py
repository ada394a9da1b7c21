"""Many kills: in as many worlds at once as the machine bears, and how many wishes they cost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests import kills
from tests.kill_kinds import KINDS
from tests.kill_scenes import Kind, Moment, Scene
from tests.kills import World, world

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# Worlds at once. On PostgreSQL most of a kill's time goes by until a casebot counts as dead.
LANES = {SQLITE: 2, POSTGRESQL: 4}
# Wishes in one world: what it keeps is looked at again and again.
_SCENES = 50


@dataclass
class Tally:
    """What became of the wishes: how many kills, effects that never came or came more than once, answers likewise. `unheard`
    are those that casebot was killed before it had acknowledged, and of which nothing came."""

    wishes: int = 0
    kills: int = 0
    unheard: int = 0
    lost: int = 0
    doubled: int = 0
    silent: int = 0
    repeated: int = 0

    def count(self, scene: Scene) -> None:
        effects, told = len(scene.effects()), len(scene.told())
        self.wishes += 1
        self.kills += scene.moment.kills
        self.doubled += effects > 1
        self.repeated += told > 1
        if scene.came_to_nothing():
            self.unheard += 1
        else:
            self.lost += effects == 0
            self.silent += bool(scene.kind.answer) and told == 0

    def __str__(self) -> str:
        return (
            f"{self.wishes} wishes, {self.kills} kills ({self.unheard} before it heard): "
            f"{self.lost} effects lost, {self.doubled} doubled; "
            f"{self.silent} answers for one person not told, {self.repeated} told twice"
        )


@dataclass(frozen=True, eq=False)
class Plan:
    """`again`: the person sends the form once more afterwards."""

    kind: Kind
    moment: Moment
    database: str
    again: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.moment}-{self.database}" + ("-again" if self.again else "")


class Campaign:
    """Carries out plans in the order given, for each database in as many worlds at once as there are lanes. A world in which
    something went wrong is not used again."""

    def __init__(self, plans: list[Plan], fresh: Callable[[str], str]) -> None:
        """`fresh` makes an empty database of a kind and returns its address."""
        loop = asyncio.get_running_loop()
        self._fresh = fresh
        self._outcomes: dict[Plan, asyncio.Future[BaseException | None]] = {plan: loop.create_future() for plan in plans}
        self._lanes = [
            asyncio.create_task(self._lane(following))
            for database, lanes in LANES.items()
            for following in [iter([plan for plan in plans if plan.database == database])] * lanes
        ]
        self.late: list[str] = []
        self.tally = Tally()

    async def outcome(self, plan: Plan) -> None:
        """Raises what went wrong with it."""
        outcome = self._outcomes[plan]
        await asyncio.wait({outcome, *(lane for lane in self._lanes if not lane.done())}, return_when=asyncio.FIRST_COMPLETED)
        if not outcome.done():
            await self.end()  # a lane has ended: in a fault of its own, or because others have the last plans
        if fault := await outcome:
            raise fault

    async def end(self) -> None:
        """When everything is done. Raises what went wrong outside of a plan."""
        await asyncio.gather(*self._lanes)

    async def give_up(self) -> None:
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)

    async def _lane(self, plans: Iterator[Plan]) -> None:
        """`plans` are those of all lanes of a database: each takes the next."""
        while (plan := next(plans, None)) is not None:
            async with world(self._fresh(plan.database)) as place:
                await self._in_one_world(plan, plans, place)
                for scene in place.scenes:
                    self.tally.count(scene)

    async def _in_one_world(self, plan: Plan, plans: Iterator[Plan], place: World) -> None:
        fault = await self._carried_out(plan, place)
        while fault is None and len(place.scenes) < _SCENES and (plan := next(plans, None)) is not None:
            fault = await self._carried_out(plan, place)
        if fault is None:
            self.late += await place.end()

    async def _carried_out(self, plan: Plan, place: World) -> BaseException | None:
        """What went wrong, whatever it is: it belongs to the one who waits for this plan, and the lane goes on."""
        [fault] = await asyncio.gather(self._in_time(plan, place), return_exceptions=True)
        self._outcomes[plan].set_result(fault)
        return fault

    async def _in_time(self, plan: Plan, place: World) -> None:
        async with asyncio.timeout(kills.FINISHED + 3 * kills.COMES):
            await place.play(plan.kind, plan.moment, again=plan.again)


def at_random(count: int, seed: int, *, postgresql: bool) -> list[Plan]:
    """Plans of any kind at any moment, every third of them at a moment of the clock, a quarter of them on PostgreSQL."""
    chance = random.Random(seed)
    plans = []
    for number in range(count):
        kind = chance.choice(KINDS)
        clock = Moment(after=chance.uniform(0.001, 0.15))
        moment = clock if number % 3 == 0 else chance.choice(kind.moments)
        plans.append(Plan(kind, moment, POSTGRESQL if postgresql and number % 4 == 0 else SQLITE))
    return plans
