"""The same mutated requests again and again, sent to a casebot that runs as a process: it keeps nothing of them.

`make soak-door` sends 100,000 different ones.
"""

from __future__ import annotations

import sys

import pytest

from tests.mutations import Mutations, recorded
from tests.processes import lives, resident
from tests.test_door_fuzz import stormed

COUNT = 1_500
FIRST, AGAIN = 2, 3
# The memory goes up and down by a fiftieth, so the lowest of a few is taken; that of a casebot which kept each request would have
# grown by a twelfth.
MOST = 1.05


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_same_requests_again_and_again_take_no_more_memory() -> None:
    async with lives() as world:
        world.desk.change(1234, status="new")
        life = await world.start()
        url, specimens, memory = await life.up(), await recorded(world.slack), []
        for _ in range(FIRST + AGAIN):
            statuses = await stormed(url, Mutations(world.slack, specimens, seed=1), COUNT)
            assert set(statuses) <= {200, 400, 401}, statuses
            memory.append(resident(life.process.pid))

    assert min(memory[FIRST:]) < min(memory[:FIRST]) * MOST, memory
