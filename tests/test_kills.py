"""casebot is killed at each moment of each write, and started again: one effect, one answer, and cards that show it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kill_campaign import POSTGRESQL, SQLITE, Campaign, Plan
from tests.kill_kinds import KINDS
from tests.kill_scenes import NEVER
from tests.postgres import Fresh

# Worlds live over several tests, so all of these run in one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

# Killed at every moment on PostgreSQL, too: one kind for each write there is. Of the others each is killed there at one moment,
# and each moment has its kind.
NAMED = ("open", "note", "call", "tag", "untag", "transfer", "link", "import", "close")

UNKILLED = [Plan(kind, NEVER, SQLITE) for kind in KINDS]
KILLED = [Plan(kind, moment, SQLITE) for kind in KINDS for moment in (kind.moments[1:2] if kind.few else kind.moments)]
# Forms that stay open, and so can be sent once more, when their casebot dies before it has answered.
FORMS = [kind for kind in KINDS if kind.name in ("open_from_message", "open_from_anywhere", "transfer_by_form", "note_by_form")]
AGAIN = [Plan(kind, moment, SQLITE, again=True) for kind in FORMS for moment in kind.moments[1:2]]
OTHERS = [kind for kind in KINDS if kind.name not in NAMED]
SPREAD = [Plan(kind, moment, POSTGRESQL) for kind in KINDS if kind.name in NAMED for moment in kind.moments]
SPREAD += [Plan(kind, kind.moments[number % len(kind.moments)], POSTGRESQL) for number, kind in enumerate(OTHERS)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def campaign(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campaign]:
    """Carries out the plans of those tests that were chosen, several at a time, while the tests wait for theirs."""
    places: Path = tmp_path_factory.mktemp("kills")
    numbers = iter(range(1_000))

    def fresh(database: str) -> str:
        if database == POSTGRESQL:
            made: Fresh = request.getfixturevalue("postgresql")
            return made()
        return f"sqlite:///{places}/casebot-{next(numbers)}.db"

    chosen = {
        item.callspec.params["plan"]
        for item in request.session.items
        if hasattr(item, "callspec") and item.module is request.module
    }
    if any(plan.database == POSTGRESQL for plan in chosen):
        try:
            request.getfixturevalue("postgresql")
        except pytest.skip.Exception:
            chosen = {plan for plan in chosen if plan.database == SQLITE}
    campaign = Campaign([plan for plan in [*UNKILLED, *KILLED, *AGAIN, *SPREAD] if plan in chosen], fresh)
    yield campaign
    await campaign.give_up()
    _tell(request.config, str(campaign.tally))


def _tell(config: pytest.Config, says: str) -> None:
    """On the terminal, whatever pytest captures."""
    manager = config.pluginmanager
    reporter, capture = manager.getplugin("terminalreporter"), manager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"\n{says}")


@pytest.mark.parametrize("plan", UNKILLED, ids=str)
async def test_a_wish_has_one_effect_and_is_told_once(campaign: Campaign, plan: Plan) -> None:
    await campaign.outcome(plan)


@pytest.mark.parametrize("plan", [*KILLED, *SPREAD], ids=str)
async def test_a_wish_survives_a_kill(request: pytest.FixtureRequest, campaign: Campaign, plan: Plan) -> None:
    if plan.database == POSTGRESQL:
        request.getfixturevalue("postgresql")
    await campaign.outcome(plan)


@pytest.mark.parametrize("plan", AGAIN, ids=str)
async def test_a_form_that_is_sent_again_after_a_kill_is_the_same_wish(campaign: Campaign, plan: Plan) -> None:
    await campaign.outcome(plan)


async def test_nothing_comes_a_second_time_later(campaign: Campaign) -> None:
    await campaign.end()

    assert not campaign.late, "\n\n".join(campaign.late)
