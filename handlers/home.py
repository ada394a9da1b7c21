"""App Home: my cases at a glance, the way to a new one, and to a customer's."""

from __future__ import annotations

import asyncio

from bot.cards.forms import message_view
from bot.cards.home import home
from bot.cards.lists import case_list
from bot.cases import CasePage, Person
from bot.desk import CaseDesk
from bot.errors import CaseError
from bot.fusedesk.client import FuseDesk
from bot.language import parse
from bot.listening import Ack, Later, Staged
from bot.operations import Find
from bot.payloads import Click, HomeOpened, Place
from bot.slack import Slack

# A Home that is there sooner needs no view before it.
_PATIENCE = 0.7


async def opened(opened: HomeOpened, by: Person, later: Later, desk: CaseDesk, fusedesk: FuseDesk, slack: Slack) -> None:
    if opened.tab == "home":
        later(_publish(by, desk, fusedesk, slack, unasked=True))


async def refreshed(by: Person, ack: Ack, later: Later, desk: CaseDesk, fusedesk: FuseDesk, slack: Slack) -> None:
    await ack()
    later(_publish(by, desk, fusedesk, slack, unasked=False))


async def _publish(by: Person, desk: CaseDesk, fusedesk: FuseDesk, slack: Slack, *, unasked: bool) -> None:
    reading = asyncio.ensure_future(_cases(by, desk, unasked=unasked))
    done, _ = await asyncio.wait({reading}, timeout=_PATIENCE)
    if not done:
        await slack.publish_home(by.user, home(None, person=by, answers="Asking FuseDesk …"))
    person, page, fault = await reading
    await slack.publish_home(by.user, home(page, person=person, answers=_state(fusedesk), fault=fault))


async def _cases(by: Person, desk: CaseDesk, *, unasked: bool) -> tuple[Person, CasePage | None, str]:
    """The person with the rep they are, and the cases or why they cannot be shown: the Home is drawn either way.

    `unasked`: it was only opened, which costs no call while few are left; Refresh asks for it.
    """
    try:
        return *await desk.home(by, unasked=unasked), ""
    except CaseError as error:
        return by, None, error.says


def _state(fusedesk: FuseDesk) -> str:
    """Whether FuseDesk answers, and what is left of the hour's calls."""
    if fusedesk.last_fault is not None:
        return fusedesk.last_fault.says
    quota = fusedesk.quota
    if quota.remaining is None or quota.limit is None:
        return "FuseDesk answers."
    left = f"{quota.remaining:,} of {quota.limit:,} calls are left this hour"
    if not quota.is_low:
        return f"FuseDesk answers. {left}."
    return f"{left}: they are kept for changes, and cases are shown from memory, until {quota.again_at:%H:%M} UTC."


async def searched(click: Click, by: Person, ack: Ack, staged: Staged, desk: CaseDesk, slack: Slack) -> None:
    await ack()
    staged("Looking for cases …", lambda place: _search(place, click.value, by, desk, slack), typed=click.value)


async def _search(place: Place, typed: str, by: Person, desk: CaseDesk, slack: Slack) -> None:
    find = parse(typed, today=by.today())
    page = await desk.find(find if isinstance(find, Find) else Find(words=typed), by)
    await slack.update_view(place.view_id, message_view(case_list(page), title="Cases"))
