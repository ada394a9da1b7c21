"""What casebot remembers, on SQLite and on PostgreSQL alike: the same promises, in the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.audit import AuditEntry
from bot.database import DatabaseError, engine_for
from bot.ledger import Ledger
from bot.store import Change, Store
from bot.tables import cards, changes, rep_links
from simulator.slack import JANE, SUPPORT
from tests.conftest import World, restarted
from tests.flows import answer, shared_card

PLACE = ("T1", "C1", "1700000000.000100")


@contextmanager
def inside(url: str) -> Iterator[Connection]:
    """The database without casebot in between."""
    engine = engine_for(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


async def listed(store: Store, since: datetime, page: int = 1_000) -> list[AuditEntry]:
    return [entry async for entry in store.audit_since(since, page=page)]


# Cards


async def test_cards_come_back_with_their_threads_the_newest_last(store: Store) -> None:
    await store.card_shown(7, "C1", "1.1")
    await store.card_shown(7, "C2", "2.2", "1.5")
    await store.card_shown(8, "C1", "3.3")

    assert await store.cards(7) == [("C1", "1.1", "1.1"), ("C2", "2.2", "1.5")]


async def test_a_card_shown_again_is_the_newest(store: Store) -> None:
    for ts in ("1.1", "2.2", "1.1"):
        await store.card_shown(7, "C1", ts)

    assert [ts for _, ts, _ in await store.cards(7)] == ["2.2", "1.1"]


async def test_a_message_that_shows_another_case_now_is_no_card_of_the_first(store: Store) -> None:
    await store.card_shown(7, "C1", "1.1")
    await store.card_shown(8, "C1", "1.1")

    assert await store.cards(7) == []


async def test_a_card_that_is_gone_is_forgotten(store: Store) -> None:
    await store.card_shown(7, "C1", "1.1")
    await store.card_gone(7, "C1", "1.1")
    await store.card_gone(7, "C1", "9.9")

    assert await store.cards(7) == []


async def test_the_twenty_newest_cards_of_a_case_are_kept_and_other_cases_lose_none(store: Store) -> None:
    await store.card_shown(8, "C1", "0.1")
    for number in range(25):
        await store.card_shown(7, "C1", f"{number + 10}.1")

    assert [ts for _, ts, _ in await store.cards(7)] == [f"{number + 10}.1" for number in range(5, 25)]
    assert len(await store.cards(8)) == 1


async def test_a_card_is_forgotten_after_a_week(store: Store, database_url: str) -> None:
    await store.card_shown(7, "C1", "1.1")
    with inside(database_url) as connection:
        connection.execute(update(cards).values(shown_at=datetime.now(UTC) - timedelta(days=7, seconds=1)))

    old = await store.cards(7)
    await store.card_shown(8, "C1", "2.2")

    assert old == []
    with inside(database_url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM cards")) == 1


# Who opened what


async def test_a_message_leads_to_the_case_that_was_opened_from_it(store: Store) -> None:
    assert await store.case_of_message(*PLACE) is None

    assert await store.message_opened(*PLACE, 7, "U1", "k1") == 7
    assert await store.case_of_message(*PLACE) == (7, "k1")


async def test_a_message_keeps_its_case_and_the_wish_that_opened_it(store: Store) -> None:
    await store.message_opened(*PLACE, 7, "U1", "k1")

    assert await store.message_opened(*PLACE, 8, "U2", "k2") == 7
    assert await store.case_of_message(*PLACE) == (7, "k1")


async def test_a_message_whose_case_is_gone_may_have_another(store: Store) -> None:
    await store.message_opened(*PLACE, 7, "U1", "k1")

    await store.message_freed(*PLACE)

    assert await store.case_of_message(*PLACE) is None
    assert await store.message_opened(*PLACE, 8, "U1", "k2") == 8
    assert await store.case_of_message(*PLACE) == (8, "k2")


async def test_of_many_who_open_from_one_message_at_once_the_first_is_remembered_by_all(store: Store) -> None:
    seen = await asyncio.gather(*(store.message_opened(*PLACE, number, "U1", f"k{number}") for number in range(1, 31)))

    assert len(set(seen)) == 1
    assert await store.case_of_message(*PLACE) == (seen[0], f"k{seen[0]}")


async def test_who_opened_a_case_is_known_the_newest_first(store: Store) -> None:
    await store.case_opened(5, "U1")
    await store.message_opened(*PLACE, 6, "U1", "k1")
    await store.case_opened(4, "U1")
    await store.case_opened(9, "U2")

    assert await store.opened_by("U1", 10) == [4, 6, 5]
    assert await store.opened_by("U1", 2) == [4, 6]
    assert await store.has_opened("U1", 6)
    assert not await store.has_opened("U2", 6)


async def test_a_case_stays_with_whoever_opened_it_first(store: Store) -> None:
    await store.case_opened(5, "U1")
    await store.case_opened(5, "U2")

    assert await store.has_opened("U1", 5)
    assert not await store.has_opened("U2", 5)


# Reps


def link(detail: str = "") -> AuditEntry:
    return AuditEntry(user="UADMIN", channel="C1", what="rep_link", outcome="done", detail=detail)


async def test_a_person_is_linked_to_a_rep_and_to_another_and_to_none(store: Store) -> None:
    before = [await store.link_rep("U1", repid, link()) for repid in (3, 4)]
    linked = await store.rep_of("U1")
    before += [await store.link_rep("U1", None, link()) for _ in range(2)]

    assert before == [None, 3, 4, None]
    assert linked == 4
    assert await store.rep_of("U1") is None


async def test_the_audit_has_which_rep_a_person_was_and_is(store: Store) -> None:
    for repid in (3, 4, None):
        await store.link_rep("U1", repid, link("U1"))

    kept = [entry async for entry in store.audit_since(datetime(2020, 1, 1, tzinfo=UTC))]
    assert [(entry.before, entry.after) for entry in kept] == [
        ({"repid": None}, {"repid": 3}),
        ({"repid": 3}, {"repid": 4}),
        ({"repid": 4}, {"repid": None}),
    ]
    assert {(entry.user, entry.channel, entry.what, entry.detail) for entry in kept} == {("UADMIN", "C1", "rep_link", "U1")}


async def test_a_link_that_the_audit_does_not_take_is_none(store: Store) -> None:
    unfit = link().model_copy(update={"outcome": None})

    with pytest.raises(IntegrityError):
        await store.link_rep("U1", 3, unfit)

    assert await store.rep_of("U1") is None


async def test_links_are_listed_with_who_made_them_and_when(store: Store) -> None:
    before = datetime.now(UTC)
    await store.link_rep("U1", 3, link())
    await store.link_rep("U2", 4, link())

    links = await store.rep_links()

    assert [(link.user, link.repid, link.by) for link in links] == [("U2", 4, "UADMIN"), ("U1", 3, "UADMIN")]
    assert all(before <= link.at <= datetime.now(UTC) for link in links)


# Audit


async def test_an_audit_entry_comes_back_as_it_was_with_a_number(store: Store) -> None:
    at = datetime(2026, 11, 24, 12, 30, 0, 123456, tzinfo=UTC)
    entry = AuditEntry(
        at=at,
        user="U1",
        team="T1",
        channel="C1",
        what="transfer",
        caseid=7,
        before={"departmentid": 268, "repid": None},
        after={"departmentid": 269, "tags": [1, 2]},
        outcome="done",
    )
    refused = AuditEntry(at=at, user="U2", what="show", outcome="refused", detail="NotAllowed")

    await store.audit(entry)
    await store.audit(refused)

    first, second = await listed(store, at)
    assert first == entry.model_copy(update={"id": first.id})
    assert second == refused.model_copy(update={"id": second.id})
    assert (first.id or 0) < (second.id or 0)


async def test_the_audit_is_read_from_a_moment_on_page_by_page(store: Store) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    for hour in range(12):
        await store.audit(AuditEntry(at=at + timedelta(hours=hour), user="U1", what="note", caseid=hour, outcome="done"))

    entries = await listed(store, at + timedelta(hours=2), page=5)

    assert [entry.caseid for entry in entries] == list(range(2, 12))
    assert [entry.caseid for entry in await listed(store, at + timedelta(hours=2), page=10)] == list(range(2, 12))


async def test_a_moment_of_another_zone_is_the_same_moment(store: Store) -> None:
    berlin = datetime.fromisoformat("2026-11-24T01:00:00+01:00")
    await store.audit(AuditEntry(at=berlin, user="U1", what="note", outcome="done"))

    assert [entry.at for entry in await listed(store, datetime(2026, 11, 24, tzinfo=UTC))] == [berlin]
    assert await listed(store, datetime.fromisoformat("2026-11-24T01:00:01+01:00")) == []


async def test_what_is_said_twice_under_one_key_is_one_line(store: Store) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    note = AuditEntry(at=at, user="U1", what="note", outcome="done")

    for key in ("k1", "k1", "k2", "", ""):
        await store.audit(note, once=key)

    assert len(await listed(store, at)) == 4


# What was done last to a case


def moved(by: str, at: datetime) -> tuple[AuditEntry, Change]:
    entry = AuditEntry(at=at, user=by, what="transfer", caseid=7, outcome="done")
    return entry, Change(by, "Zoë\0 Müller", "transferred it to Billing", at, (269, None))


async def test_what_was_done_last_to_a_case_is_known_to_every_casebot(store: Store, database_url: str) -> None:
    now = datetime.now(UTC)
    noted = AuditEntry(at=now, user="U3", what="note", caseid=8, outcome="done")
    for by, ago in (("U1", 2), ("U2", 1)):
        entry, change = moved(by, now - timedelta(minutes=ago))
        await store.audit(entry, once=by, change=change)
    await store.audit(noted, once="U3", change=Change("U3", "Bob", "added a note to it", now))

    other = Store(database_url)
    known = [await other.last_change(caseid) for caseid in (7, 8, 9)]
    await other.close()

    assert known == [change, Change("U3", "Bob", "added a note to it", now), None]


async def test_what_is_told_twice_does_not_become_the_last_again(store: Store) -> None:
    now = datetime.now(UTC)
    first, second = moved("U1", now - timedelta(minutes=2)), moved("U2", now - timedelta(minutes=1))

    for key, (entry, change) in (("k1", first), ("k2", second), ("k1", first)):
        await store.audit(entry, once=key, change=change)

    assert await store.last_change(7) == second[1]


async def test_who_changed_a_case_is_known_for_an_hour(store: Store) -> None:
    entry, change = moved("U1", datetime.now(UTC) - timedelta(minutes=59))
    await store.audit(entry, change=change)
    await Ledger(store).forget_old()
    still = await store.last_change(7)
    await store.write(lambda connection: connection.execute(update(changes).values(at=change.at - timedelta(minutes=2))))
    unsaid = await store.last_change(7)

    await Ledger(store).forget_old()

    assert (still, unsaid) == (change, None)
    assert await store.read(lambda connection: connection.execute(select(changes)).all()) == []


# The process and after


async def test_what_was_remembered_is_there_after_a_restart(database_url: str) -> None:
    for number in (1, 2):
        store = Store(database_url)
        await store.open()
        await store.case_opened(number, "U1")
        known = await store.opened_by("U1", 10)
        await store.close()

    assert known == [2, 1]


async def test_a_hundred_writes_and_reads_at_once_all_end_well(store: Store) -> None:
    await asyncio.gather(*(store.case_opened(number, f"U{number % 3}") for number in range(100)))
    counts = await asyncio.gather(*(store.opened_by(f"U{number}", 200) for number in range(3)))

    assert sum(map(len, counts)) == 100


async def test_two_processes_write_at_once_and_wait_for_each_other(store: Store, database_url: str) -> None:
    other = Store(database_url)

    await asyncio.gather(*(each.case_opened(number, "U1") for number in range(40) for each in (store, other)))

    known = await other.opened_by("U1", 100)
    await other.close()
    assert len(known) == 40


async def test_a_fault_of_the_database_is_told_without_what_was_asked(store: Store, database_url: str) -> None:
    with inside(database_url) as connection:
        connection.execute(text("DROP TABLE rep_links"))

    with pytest.raises(DatabaseError) as caught:
        await store.rep_of("UJANE17")

    assert "Try again in a minute" in caught.value.says
    assert "UJANE17" not in f"{caught.value} {caught.value.__cause__} {caught.value.facts}"


async def test_a_value_that_does_not_fit_is_casebot_s_own_fault_and_no_outage(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.case_opened(5, None)  # type: ignore[arg-type]


async def test_a_moment_without_a_zone_is_refused(store: Store, database_url: str) -> None:
    with inside(database_url) as connection, pytest.raises(Exception, match="time zone"):
        connection.execute(rep_links.insert(), {"user": "U1", "repid": 1, "by_user": "U2", "at": datetime(2026, 1, 1)})


@pytest.mark.parametrize(
    ("make", "url", "words"),
    [
        (lambda file: file.write_text("Dear diary, " * 99), "sqlite:///{}", "is no database"),
        (lambda file: file.mkdir(), "sqlite:///{}", "cannot be opened"),
        (lambda file: file.touch(), "sqlite:///file:{}?mode=ro&uri=true", "cannot be written"),
    ],
    ids=["a diary", "a directory", "read only"],
)
async def test_a_file_that_casebot_cannot_use_is_refused_at_the_start(
    make: Callable[[Path], object], url: str, words: str, tmp_path: Path
) -> None:
    make(tmp_path / "casebot.db")
    store = Store(url.format(tmp_path / "casebot.db"))

    with pytest.raises(DatabaseError) as caught:
        await store.open()

    await store.close()
    assert words in caught.value.why
    assert "DATABASE_URL" in caught.value.fix


# In Slack


async def test_a_card_that_was_shared_before_a_restart_still_changes_with_its_case(world: World) -> None:
    card = await shared_card(world, 1234)
    await world.slack.until(lambda: remembered(world), what="the card in the database")

    await world.settled()
    async with restarted(world) as later:
        await later.case("close 1234")
        await later.slack.until(lambda: "Closed" in shown(later, card.ts), what="the closed case on its card")


async def test_a_person_gets_the_answer_where_cards_cannot_be_remembered(world: World) -> None:
    with inside(world.bot.settings.database_url.get_secret_value()) as connection:
        connection.execute(text("DROP TABLE cards"))

    await shared_card(world, 1234)
    told = await answer(world, "note 1234 Called back")

    assert "Added the note to case #1234" in told.plain()


def remembered(world: World) -> int | None:
    with inside(world.bot.settings.database_url.get_secret_value()) as connection:
        return connection.scalar(text("SELECT caseid FROM cards"))


def shown(world: World, ts: str) -> str:
    return next(message.plain() for message in world.slack.seen(JANE, SUPPORT) if message.ts == ts)


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    async def begin() -> None:
        store = Store(f"sqlite:///{tmp_path}/new.db")
        await store.open()
        await store.close()

    asyncio.run(begin())

    assert {file.stat().st_mode & 0o077 for file in tmp_path.glob("new.db*")} == {0}
