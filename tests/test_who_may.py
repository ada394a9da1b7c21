"""Who may do what: every way in, for every kind of person; and how somebody is said to be a rep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import pytest
import pytest_asyncio
from dbos import DBOS

import handlers
from bot import language
from bot.audit import AuditEntry
from bot.cards import case, forms, lists, waiting
from bot.operations import Operation
from simulator.fusedesk_store import Row
from simulator.slack import ADA, DORA, GUS, JANE, MIA, OTTO, SUPPORT
from tests.conftest import World, casebot_world, restarted
from tests.flows import answer, shared_card, writes
from tests.forms_world import FROM_MESSAGE, MESSAGE, cards, new_case, said, shortcut
from tests.ways_in import BUG, VERBS, WAYS, Needs, Visit, Way

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIA, NORA, SINA, SAM = "U11LIA", "U12NORA", "U13SINA", "U14SAM"
ROBO = "U08ROBO"
NO_CHANNEL = "channel_not_found"

FOR_REPS = "for the reps of FuseDesk"
MADE_KNOWN = "If you are a rep, have yourself made known. An admin of this workspace can:"
NOT_YOURS = "this is none of them. Ask a rep of the support team."
ADMINS_ONLY = "Only admins and owners of this workspace say who is which rep. Ask one of them."
NO_REP = "Whoever manages FuseDesk can give your rep the email you use in Slack."
GUESTS = "not for guests of this workspace. Ask a member of the support team to do it for you."
OUTSIDERS = "only for members of the workspace that runs it. Ask a member of the support team to do it for you."
APPS = "answers people, not apps."
GONE = "This Slack account is deactivated."
REFUSALS = (FOR_REPS, NOT_YOURS, ADMINS_ONLY, NO_REP, GUESTS, OUTSIDERS, APPS, GONE)


@dataclass(frozen=True)
class Kind:
    """Somebody. `refused` has, by what a way needs, the words that turn them away; `mine` is the title of their cases.
    `is_deaf`: Slack delivers them no direct message, so that they hear nothing of what was in no channel.
    """

    name: str
    user: str
    access: str = "reps"
    refused: Mapping[Needs, str] = field(default_factory=dict)
    mine: str = "Cases I opened"
    is_deaf: bool = False

    def __str__(self) -> str:
        return self.name


def nobody(name: str, user: str, words: str, access: str = "reps", *, is_deaf: bool = False) -> Kind:
    return Kind(name, user, access, dict.fromkeys(Needs, words), is_deaf=is_deaf)


MEMBER = {Needs.OPENER: NOT_YOURS, Needs.WORK: MADE_KNOWN, Needs.BEING_A_REP: MADE_KNOWN, Needs.ADMIN: ADMINS_ONLY}
KINDS = [
    Kind("rep", JANE, refused={Needs.ADMIN: ADMINS_ONLY}, mine="My"),
    Kind("linked rep", LIA, refused={Needs.ADMIN: ADMINS_ONLY}, mine="My"),
    Kind("rep and admin", ADA, mine="My"),
    Kind("member", MIA, refused=MEMBER),
    Kind("admin", NORA, refused={need: words for need, words in MEMBER.items() if need is not Needs.ADMIN}),
    # Not refused for want of a right: casebot cannot tell which rep's cases they mean.
    Kind("member like a rep", MIA, "members", {Needs.ADMIN: ADMINS_ONLY, Needs.BEING_A_REP: NO_REP, Needs.CASES: NO_REP}),
    *(nobody(f"guest, access {access}", GUS, GUESTS, access) for access in ("reps", "members")),
    *(nobody(f"guest of one channel, access {access}", SINA, GUESTS, access) for access in ("reps", "members")),
    *(nobody(f"outsider, access {access}", OTTO, OUTSIDERS, access) for access in ("reps", "members")),
    nobody("stranger", SAM, OUTSIDERS, is_deaf=True),
    nobody("bot", ROBO, APPS, is_deaf=True),
    nobody("deactivated", DORA, GONE, is_deaf=True),
]
# A case for each cell.
NUMBERS = {(kind.name, way.name): number for number, (kind, way) in enumerate(product(KINDS, WAYS), 1001)}


def cells(access: str, fit: Callable[[Kind, Way], bool]) -> list[tuple[Kind, Way]]:
    return [(kind, way) for kind, way in product(KINDS, WAYS) if kind.access == access and fit(kind, way)]


SURFACES = {
    "command": handlers.COMMANDS,
    "shortcut": handlers.SHORTCUTS,
    "action": handlers.ACTIONS,
    "option": handlers.OPTIONS,
    "submission": handlers.SUBMISSIONS,
    "event": handlers.EVENTS,
}


async def people_it(world: World) -> None:
    slack = world.slack
    slack.add_user(LIA, name="lia", real_name="Lia Linked")
    slack.add_user(NORA, name="nora", real_name="Nora Admin", admin=True)
    slack.add_user(SINA, name="sina", real_name="Sina Single", guest=True, single_channel=True)
    slack.add_user(SAM, name="sam", real_name="Sam Stranger", team="T09OTHER", stranger=True)
    slack.channels[SUPPORT].members |= slack.users.keys()
    world.desk.quota_limit = 100_000
    await slack.until(lambda: world.bot.directory.ready, what="the names")
    # Whoever takes a case of Support must be in it.
    world.desk.change_rep(10, email="fatima@example.org")
    world.desk.change_rep(3, email="ada@acme.example")
    await answer(world, "refresh", JANE)
    await answer(world, 'rep @lia "Mai Nguyễn"', ADA)


def test_every_way_in_has_its_row() -> None:
    contents = {name: routes for name, routes in vars(handlers).items() if name.isupper() and isinstance(routes, dict)}
    # What becomes of what was asked; nobody gets in there.
    assert contents.pop("WRITES") is handlers.WRITES

    assert list(SURFACES.values()) == list(contents.values())
    assert {way.route for way in WAYS} == {f"{surface} {id}" for surface, routes in SURFACES.items() for id in routes}


def test_every_verb_has_its_row() -> None:
    operations = get_args(get_args(Operation)[0])

    assert {verb.name for verb in VERBS.values()} == {operation.model_fields["verb"].default for operation in operations}
    assert {verb.name for verb in VERBS.values()} == {verb.name for verb in language.VERBS}


def test_what_members_may_use_is_a_way_in() -> None:
    assert {id for routes in SURFACES.values() for id in routes} >= handlers.FOR_MEMBERS


@dataclass
class Outcome:
    """`sees` is all that the person sees afterwards, `offered` what a menu showed, `wrote` the calls by which FuseDesk was to
    change, `refused` and `done` what the audit has of it (links to reps apart), `shows` the words that tell that it was done.
    `stood` and `stands` are the case before and after, as FuseDesk holds it."""

    sees: str
    offered: str
    wrote: list[str]
    refused: list[AuditEntry]
    done: list[dict[str, Any]]
    shows: str
    stood: Row
    stands: Row


async def taken(world: World, kind: Kind, way: Way) -> Outcome:
    visit = Visit(world, kind.user, NUMBERS[kind.name, way.name])
    clear_away(world, kind.user)
    world.desk.change(visit.caseid, departmentid=268, repid=2, status=way.status)
    world.desk.tag(visit.caseid, BUG.id)
    stood = world.desk.case(visit.caseid)
    began, calls = datetime.now(UTC), len(world.desk.calls)
    exchange = await way.take(visit)
    await settled(world)
    kept = [entry async for entry in world.bot.store.audit_since(began)]
    return Outcome(
        sees="\n".join([exchange.text, *seen(world, kind.user)]),
        offered=exchange.text,
        wrote=[call.path for call in world.desk.calls[calls:] if call.method != "GET"],
        refused=[entry for entry in kept if entry.outcome == "refused"],
        done=[entry.model_dump(include=TOLD) for entry in kept if entry.outcome == "done" and entry.what != "rep_link"],
        shows=way.shows.format(case=visit.caseid, mine=kind.mine),
        stood=stood,
        stands=world.desk.newest() if way.writes == "open" else world.desk.case(visit.caseid),
    )


TOLD = {"user", "channel", "what", "caseid", "before", "after"}
# What the audit keeps of a case for each change: its name there, and FuseDesk's.
_HELD = {"departmentid": "departmentid", "repid": "repid"}
HELD: Mapping[str, Mapping[str, str]] = {
    "open": _HELD,
    "transfer": _HELD,
    "status": {"status": "status"},
    "undo": {"status": "status"},
    "link": {"contactid": "contactid", "contact_uuid": "contactUuid"},
    "tag": {"tags": "tags"},
    "untag": {"tags": "tags"},
}


def held(row: Row, change: str) -> dict[str, Any] | None:
    """The part of a case that was changed; None for what adds to it and changes nothing."""
    return {name: row[column] for name, column in HELD[change].items()} if change in HELD else None


def line_of(kind: Kind, way: Way, outcome: Outcome) -> dict[str, Any]:
    """What the audit is to have of a change."""
    before, after = held(outcome.stood, way.writes), held(outcome.stands, way.writes)
    return {
        "user": kind.user,
        "channel": SUPPORT,
        "what": way.writes,
        "caseid": outcome.stands["caseid"],
        "before": None if way.writes == "open" else before,
        "after": {"items": 2} if way.writes == "history" else after,
    }


def rights(access: str) -> type:
    """Every cell of the table for one value of CASEBOT_ACCESS. A process has room for one casebot at a time, so each value has a
    class, whose world is closed when the next one opens."""

    @pytest.mark.asyncio(loop_scope="class")
    class Rights:
        @pytest_asyncio.fixture(scope="class", loop_scope="class")
        @classmethod
        async def office(cls) -> AsyncIterator[World]:
            async with casebot_world(cases=len(NUMBERS), casebot_access=access) as world:
                await people_it(world)
                yield world

        @pytest.mark.parametrize(("kind", "way"), cells(access, lambda kind, way: way.needs not in kind.refused), ids=str)
        async def test_whoever_may_do_it_does_it(self, office: World, kind: Kind, way: Way) -> None:
            outcome = await taken(office, kind, way)

            assert outcome.shows in outcome.sees
            assert [words for words in REFUSALS if words in outcome.sees] == []
            assert bool(outcome.wrote) is bool(way.writes)
            assert outcome.refused == []
            assert outcome.done == ([line_of(kind, way, outcome)] if way.writes else [])
            assert office.slack.faults == []

        @pytest.mark.parametrize(
            ("kind", "way"), cells(access, lambda kind, way: way.needs in kind.refused and not way.offers), ids=str
        )
        async def test_whoever_may_not_learns_who_can_and_nothing_is_done(self, office: World, kind: Kind, way: Way) -> None:
            outcome = await taken(office, kind, way)

            assert outcome.wrote == []
            assert not way.shows or outcome.shows not in outcome.sees
            assert [(entry.user, entry.what in way.audited) for entry in outcome.refused] == [(kind.user, True)]
            if kind.is_deaf and not way.in_channel:
                office.slack.forgive(NO_CHANNEL)
            else:
                assert kind.refused[way.needs] in outcome.sees
            assert office.slack.faults == []

        @pytest.mark.parametrize(
            ("kind", "way"), cells(access, lambda kind, way: way.needs in kind.refused and way.offers), ids=str
        )
        async def test_whoever_may_not_is_offered_nothing(self, office: World, kind: Kind, way: Way) -> None:
            outcome = await taken(office, kind, way)

            assert outcome.offered == ""
            # A line for every letter would fill the audit.
            assert outcome.refused == []
            assert office.slack.faults == []

    return Rights


TestWhereRepsWork = rights("reps")
TestWhereEverybodyWorks = rights("members")


async def told(world: World, typed: str, user: str) -> str:
    """What a command is answered with, in its acknowledgement or behind it."""
    clear_away(world, user)
    exchange = await world.case(typed, user=user)
    await settled(world)
    return "\n".join([exchange.text, *seen(world, user)])


def clear_away(world: World, user: str) -> None:
    """What was before is not to be taken for an answer."""
    for channel in (world.slack.channels[SUPPORT], world.slack.dm(user)):
        channel.messages.clear()
    world.slack.close_views(user)
    world.slack.homes.pop(user, None)
    world.slack.faults.clear()


async def settled(world: World) -> None:
    """Waits for all that goes on behind the acknowledgement, and for every wish to be fulfilled and told."""

    async def done() -> bool:
        assert await world.bot.background.drain(5) == 0
        return not await DBOS.list_workflows_async(status="PENDING", limit=1, load_input=False) and not len(world.bot.background)

    await world.slack.until(done, what="the end of all that was asked for")


def seen(world: World, user: str) -> list[str]:
    messages = [*world.slack.seen(user, SUPPORT), *world.slack.seen(user, world.slack.dm(user).id)]
    homes = [world.slack.home(user)] if user in world.slack.homes else []
    errors = [str(view.errors) for view in world.slack.views(user)]
    return [*errors, *(one.plain() for one in (*messages, *world.slack.views(user), *homes))]


async def test_a_form_left_open_by_somebody_who_is_no_rep_any_more_changes_nothing(world: World) -> None:
    card = await shared_card(world)
    await world.slack.click(ADA, card, case.NOTE)
    view = await world.slack.until(lambda: world.slack.views(ADA) and world.slack.view(ADA))
    world.desk.change_rep(10, email="somebody@else.example")
    await answer(world, "refresh")

    refused = await world.slack.submit(ADA, view, {forms.NOTE: "hello"})

    assert FOR_REPS in str(refused.json["errors"])
    assert writes(world) == []
    [line] = await world.slack.until(lambda: rows(world, 1), what="the line in the audit")
    assert (line.user, line.channel, line.what, line.outcome) == (ADA, SUPPORT, forms.NOTE_FORM, "refused")


async def test_a_member_sees_the_cases_they_opened_and_can_only_look(world: World) -> None:
    opened = await answer(world, "open Printer on fire dept:support", MIA)
    caseid = world.desk.newest()["caseid"]

    shown = await answer(world, str(caseid), MIA)
    mine = await answer(world, "mine", MIA)

    for card in (opened, shown):
        assert f"#{caseid}" in card.plain()
        assert card.buttons == []
    assert "Cases I opened" in mine.plain()
    assert f"#{caseid}" in mine.plain()
    await world.slack.click(MIA, mine, lists.SHOW)
    await world.slack.until(lambda: world.slack.last(MIA, SUPPORT).buttons == [])


async def test_in_a_members_form_names_are_offered_and_cases_are_not(world: World) -> None:
    view = await new_case(world, MIA)

    offered = await world.slack.typeahead(MIA, view, "department", "bil")

    assert [option["text"]["text"] for option in offered] == ["Billing"]
    assert forms.CASE not in handlers.FOR_MEMBERS


# Whose wish it is


async def test_a_person_sees_only_what_they_wished_themselves(world: World) -> None:
    async with Visit(world, JANE, 1234).wished():
        hers = await answer(world, "pending", JANE)
        another_s = await answer(world, "pending", ADA)

    assert "Add a note to #1234: Called back" in hers.plain()
    assert hers.button("Cancel")
    assert "Nothing waits" in another_s.plain()
    assert "Called back" not in another_s.plain()


@pytest.mark.parametrize("user", [ADA, MIA], ids=["an admin", "a member"])
async def test_nobody_takes_back_what_somebody_else_wished(world: World, user: str) -> None:
    began = datetime.now(UTC)
    async with Visit(world, JANE, 1234).wished() as run:
        await Visit(world, user, 1234).press(waiting.CANCEL, run)
        await world.slack.until(lambda: "Only the person who asked for it can cancel it." in said(world, user))
        left, _ = await world.bot.durable.under_way(JANE)

        assert [wish.run for wish in left] == [run]

    [refused] = [entry async for entry in world.bot.store.audit_since(began) if entry.user == user]
    assert (refused.what, refused.outcome) == (waiting.CANCEL, "refused")


@pytest.mark.parametrize("user", [ADA, MIA], ids=["an admin", "a member"])
async def test_nobody_gets_to_see_what_somebody_else_wished(world: World, user: str) -> None:
    async with Visit(world, JANE, 1234).wished() as run:
        await Visit(world, user, 1234).press(waiting.TRY_AGAIN, run)
        await world.slack.until(lambda: "does not remember any more what you asked for" in said(world, user))

    assert world.slack.views(user) == []
    assert "Called back" not in said(world, user)


# Who is which rep


async def test_an_admin_says_who_is_which_rep(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2)
    began = datetime.now(UTC)
    linked = await answer(world, 'rep @mia "Mai Nguyễn"', ADA)
    listed = await answer(world, "rep", ADA)

    taken = await answer(world, "transfer 1234 to me", MIA)

    assert "Mia Long is Mai Nguyễn from now on." in linked.plain()
    assert "Mia Long is Mai Nguyễn" in listed.plain()
    assert "took it" in taken.plain()
    assert world.desk.case(1234)["repid"] == 4
    told = [entry async for entry in world.bot.store.audit_since(began) if entry.what == "rep_link"]
    assert [(entry.user, entry.channel, entry.detail) for entry in told] == [(ADA, SUPPORT, MIA)]
    assert (told[0].before, told[0].after) == ({"repid": None}, {"repid": 4})


async def test_a_link_is_taken_away_again(world: World) -> None:
    await answer(world, "rep @mia mai", ADA)

    gone = await answer(world, "rep @mia nobody", ADA)

    assert "linked to no rep any more" in gone.plain()
    assert FOR_REPS in await told(world, "close 1234", MIA)


async def test_a_mistyped_rep_is_offered_as_a_button_that_runs(world: World) -> None:
    refused = await answer(world, "rep @mia zzz", ADA)

    await world.slack.click(ADA, refused, refused.buttons and refused.button(refused.buttons[0]))

    await world.slack.until(lambda: "from now on" in world.slack.last(ADA, SUPPORT).plain())


@pytest.mark.parametrize("typed", ["rep", "rep @mia jane"])
async def test_a_rep_who_is_no_admin_says_nothing_of_it(world: World, typed: str) -> None:
    card = await answer(world, typed)

    assert "Only admins" in card.plain()


# What is kept of it


async def test_every_change_and_refusal_is_kept_with_ids_and_no_words(world: World) -> None:
    world.desk.change(1234, departmentid=268, repid=2, status="new")
    await answer(world, "transfer 1234 to billing/jane")
    await answer(world, "note 1234 A secret of jane@example.com")
    await told(world, "close 1234", MIA)
    await told(world, "close 999999", JANE)

    kept = await world.slack.until(lambda: rows(world, 4), what="four entries")
    transfer, note, refused, failed = kept
    assert (transfer.user, transfer.channel, transfer.what, transfer.caseid, transfer.outcome) == (
        JANE,
        SUPPORT,
        "transfer",
        1234,
        "done",
    )
    assert transfer.before == {"departmentid": 268, "repid": 2}
    assert transfer.after == {"departmentid": 269, "repid": 1}
    assert (note.what, note.outcome) == ("note", "done")
    assert (refused.user, refused.outcome, refused.detail) == (MIA, "refused", "NotAllowed")
    assert (failed.what, failed.outcome, failed.detail) == ("close", "failed", "NotFound")
    assert "secret" not in str(kept)


async def rows(world: World, number: int) -> list[Any]:
    entries = [entry async for entry in world.bot.store.audit_since(LONG_AGO)]
    return entries if len(entries) >= number else []


async def test_a_message_has_its_case_after_a_restart_too(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    before = world.desk.count()

    await world.settled()
    async with restarted(world) as later:
        again = await shortcut(later, ts, FROM_MESSAGE, user=ADA)
        await later.slack.submit(ADA, again, {"department": "Billing"})

        await later.slack.until(lambda: "has a case already" in said(later, ADA))
        assert later.desk.count() == before


async def test_a_message_whose_case_is_gone_from_fusedesk_gets_another(world: World) -> None:
    ts = world.slack.say(MIA, SUPPORT, MESSAGE)
    view = await shortcut(world, ts, FROM_MESSAGE)
    await world.slack.submit(JANE, view, {"department": "Support"})
    await world.slack.until(lambda: cards(world, ts))
    world.desk.remove_case(world.desk.newest()["caseid"])
    before = world.desk.count()

    await world.settled()
    async with restarted(world) as later:
        again = await shortcut(later, ts, FROM_MESSAGE)
        await later.slack.submit(JANE, again, {"department": "Support"})

        await later.slack.until(lambda: len(cards(later, ts)) == 2)
        assert later.desk.count() == before + 1
