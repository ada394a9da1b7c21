"""The names of FuseDesk: loaded once, kept, renewed behind, each list by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.directory import Directory
from bot.errors import NoSuchName, SeveralNames
from bot.fusedesk.errors import KeyRefused, ScopeMissing, Unavailable
from bot.fusedesk.models import Department, Rep, Tag


class Lists:
    """What the directory asks: three lists, `faults` by call, and `open`, without which every call hangs. Counts the calls."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, Exception] = {}
        self.open = asyncio.Event()
        self.open.set()
        self.all_departments = [
            Department(departmentid=268, name="Support", repids=(1, 2)),
            Department(departmentid=270, name="Billing", repids=(2, 3, 9)),
        ]
        self.all_reps = [
            Rep(userid=1, firstname="Jane", lastname="Doe", email="Jane@Example.com"),
            Rep(userid=2, firstname="Bob", lastname="Roe", email="bob@example.com"),
            Rep(userid=3, firstname="Ann", lastname="Lee"),
            Rep(userid=9, firstname="Gone", lastname="Away", email="gone@example.com", active=False),
        ]
        self.all_tags = [Tag(id=7, tagname="VIP"), Tag(id=8, tagname="Hardware")]

    async def _answer(self, call: str) -> None:
        self.calls[call] += 1
        await self.open.wait()
        if call in self.faults:
            raise self.faults[call]

    async def departments(self) -> list[Department]:
        await self._answer("departments")
        return list(self.all_departments)

    async def reps(self) -> list[Rep]:
        await self._answer("reps")
        return list(self.all_reps)

    async def casetags(self) -> list[Tag]:
        await self._answer("casetags")
        return list(self.all_tags)


class Clock:
    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def directory(lists: Lists, clock: Clock) -> AsyncIterator[Directory]:
    directory = Directory(lists, clock=clock, first_patience=5.0, newer_patience=5.0)
    yield directory
    lists.open.set()
    await directory.stop()


@pytest.fixture
async def filled(directory: Directory) -> Directory:
    await directory.refresh()
    return directory


async def landed() -> None:
    """Until every load that has begun has ended."""
    loads = [task for task in asyncio.all_tasks() if task.get_name().startswith("load ")]
    await asyncio.gather(*loads, return_exceptions=True)


# Loading


async def test_it_fills_in_the_background_and_start_does_not_wait(directory: Directory, lists: Lists) -> None:
    lists.open.clear()
    await directory.start()
    early = directory.ready, directory.age
    lists.open.set()
    found = await directory.department("support"), await directory.rep("jane"), await directory.tag("vip")

    assert early == (False, None)
    assert [found[0].departmentid, found[1].userid, found[2].id] == [268, 1, 7]
    assert (directory.ready, directory.age) == (True, 0)
    assert lists.calls == {"departments": 1, "reps": 1, "casetags": 1}


async def test_who_asks_before_the_names_came_gets_the_fault_that_stands_in_the_way(directory: Directory, lists: Lists) -> None:
    lists.faults = dict.fromkeys(("departments", "reps", "casetags"), Unavailable())
    lookups: list[Callable[[str], Awaitable[object]]] = [directory.department, directory.rep, directory.tag, directory.target]
    for lookup in lookups:
        with pytest.raises(Unavailable):
            await lookup("jane")

    assert not directory.ready
    assert (directory.department_name(268), directory.rep_name(1), directory.tag_name(7)) == ("Department 268", "Rep 1", "Tag 7")
    assert (directory.suggest_departments(""), directory.suggest_reps("", 268), directory.suggest_tags("")) == ([], [], [])
    assert directory.rep_for("jane@example.com", "Jane Doe") is None


async def test_who_asks_while_fusedesk_hangs_waits_only_so_long(lists: Lists, clock: Clock) -> None:
    hasty = Directory(lists, clock=clock, first_patience=0.01)
    lists.open.clear()
    with pytest.raises(Unavailable):
        await hasty.target("jane")
    await hasty.stop()

    assert lists.calls == {"departments": 1, "reps": 1}


async def test_with_fusedesk_down_at_the_start_it_keeps_trying(lists: Lists, clock: Clock) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            lists.faults.clear()

    lists.faults = dict.fromkeys(("departments", "reps", "casetags"), Unavailable())
    directory = Directory(lists, clock=clock, sleep=sleep)
    await directory.start()
    while not directory.ready:
        await landed()
        await asyncio.sleep(0)
    await directory.stop()

    assert pauses[:9] == [1, 1, 1, 2, 2, 2, 4, 4, 4]
    assert (await directory.department("support")).departmentid == 268


async def test_each_list_stands_alone(directory: Directory, lists: Lists) -> None:
    lists.faults = {"departments": ScopeMissing("departments")}
    counts = await directory.refresh()
    with pytest.raises(ScopeMissing):
        await directory.department("support")

    assert (counts.departments, counts.reps, counts.tags) == (0, 3, 2)
    assert counts.faults == directory.faults == (lists.faults["departments"],)
    assert (await directory.rep("jane")).userid == 1
    assert (await directory.rep("jane", department=lists.all_departments[0])).userid == 1
    assert [rep.userid for rep in directory.reps_in(268)] == [3, 2, 1]
    assert directory.age == 0
    assert not directory.ready


async def test_a_refresh_is_one_load_for_all_who_ask_and_counts(directory: Directory, lists: Lists) -> None:
    counts = await asyncio.gather(*(directory.refresh() for _ in range(20)))

    assert set(counts) == {(2, 3, 2, ())}
    assert lists.calls == {"departments": 1, "reps": 1, "casetags": 1}


async def test_a_refresh_that_brings_nothing_says_why_and_keeps_the_names(filled: Directory, lists: Lists) -> None:
    lists.faults = dict.fromkeys(("departments", "reps", "casetags"), KeyRefused())
    with pytest.raises(KeyRefused):
        await filled.refresh()

    assert (await filled.department("billing")).departmentid == 270


async def test_a_fault_of_our_own_is_not_taken_for_fusedesks(directory: Directory, lists: Lists) -> None:
    lists.faults = {"reps": ZeroDivisionError()}
    with pytest.raises(ZeroDivisionError):
        await directory.refresh()


async def test_old_names_are_given_at_once_while_newer_ones_come(filled: Directory, lists: Lists, clock: Clock) -> None:
    lists.all_departments[0] = Department(departmentid=268, name="Care")
    clock.now += 601
    lists.open.clear()
    old = (await filled.department("support")).name, filled.department_name(268), filled.age
    lists.open.set()
    await landed()

    assert old == ("Support", "Support", 601)
    assert filled.department_name(268) == "Care"
    assert lists.calls["departments"] == 2


async def test_names_in_memory_cost_no_calls(filled: Directory, lists: Lists) -> None:
    for _ in range(50):
        await filled.target("support/jane")
        filled.suggest_reps("ja")
        filled.rep_name(1)

    assert lists.calls.total() == 3


async def test_stop_leaves_nothing_running(directory: Directory, lists: Lists) -> None:
    lists.open.clear()
    await directory.start()
    await directory.stop()

    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


# What is not there


async def test_a_name_that_is_new_in_fusedesk_is_found_at_once(filled: Directory, lists: Lists) -> None:
    lists.all_tags.append(Tag(id=9, tagname="Urgent"))
    found = await asyncio.gather(*(filled.tag("urgent") for _ in range(100)))

    assert {tag.id for tag in found} == {9}
    assert lists.calls == {"departments": 1, "reps": 1, "casetags": 2}


async def test_unknown_names_ask_fusedesk_once_a_minute_at_most(filled: Directory, lists: Lists, clock: Clock) -> None:
    for second in range(60):
        clock.now = 5000.0 + second
        with pytest.raises(NoSuchName):
            await filled.tag(f"nonsense {second}")
    in_a_minute = lists.calls["casetags"]
    clock.now = 5061.0
    with pytest.raises(NoSuchName):
        await filled.tag("nonsense")

    assert in_a_minute == 2
    assert lists.calls["casetags"] == 3


async def test_an_unknown_name_is_refused_in_time_while_fusedesk_hangs(lists: Lists, clock: Clock) -> None:
    directory = Directory(lists, clock=clock, newer_patience=0.01)
    await directory.refresh()
    lists.open.clear()
    with pytest.raises(NoSuchName) as refusal:
        await directory.department("bilin")
    await directory.stop()

    assert refusal.value.says == 'There is no department "bilin". The nearest are Billing and Support.'


async def test_a_rep_who_was_just_put_into_the_department_is_not_refused(filled: Directory, lists: Lists) -> None:
    billing = await filled.department("billing")
    lists.all_departments[1] = Department(departmentid=270, name="Billing", repids=(1, 2, 3))

    assert (await filled.rep("jane", department=billing)).userid == 1


async def test_an_unknown_id_is_named_by_its_number_and_asked_for_behind(filled: Directory, lists: Lists) -> None:
    lists.all_departments.append(Department(departmentid=99, name="New"))
    lists.all_reps.append(Rep(userid=99, firstname="New", lastname="Rep"))
    lists.all_tags.append(Tag(id=99, tagname="New Tag"))
    before = filled.department_name(99), filled.rep_name(99), filled.tag_name(99)
    await landed()

    assert before == ("Department 99", "Rep 99", "Tag 99")
    assert (filled.department_name(99), filled.rep_name(99), filled.tag_name(99)) == ("New", "New Rep", "New Tag")
    assert lists.calls == {"departments": 2, "reps": 2, "casetags": 2}


async def test_an_id_that_stays_unknown_is_not_asked_for_every_minute(filled: Directory, lists: Lists, clock: Clock) -> None:
    for minute in range(9):
        clock.now = 5000.0 + 60 * minute
        assert filled.department_by_id(404) is None
        await landed()

    assert lists.calls["departments"] == 2


async def test_no_id_is_no_name(filled: Directory, lists: Lists) -> None:
    names = filled.department_name(None), filled.rep_name(None), filled.tag_name(None)
    things = filled.department_by_id(None), filled.rep_by_id(None), filled.tag_by_id(None)

    assert names == ("", "", "")
    assert things == (None, None, None)
    assert lists.calls.total() == 3


# Who and what there is


async def test_reps_who_left_are_named_on_old_cases_but_cannot_be_chosen(filled: Directory) -> None:
    with pytest.raises(NoSuchName):
        await filled.rep("gone away")

    assert filled.rep_name(9) == "Gone Away"
    assert filled.suggest_reps("gone") == []
    assert [rep.userid for rep in filled.reps_in(270)] == [3, 2]
    assert [rep.userid for rep in filled.reps_in(None)] == [3, 2, 1]
    assert filled.reps_in(404) == []


async def test_a_rep_outside_the_department_is_refused_with_those_inside(filled: Directory) -> None:
    billing = await filled.department("billing")
    with pytest.raises(NoSuchName) as refusal:
        await filled.rep("jane", department=billing)

    assert refusal.value.says == "Jane Doe is not in Billing; there: Ann Lee and Bob Roe."
    assert not filled.holds(billing, await filled.rep("jane"))
    assert filled.holds(billing, await filled.rep("bob"))


async def test_targets_are_departments_reps_or_both(filled: Directory, lists: Lists) -> None:
    support, jane = await filled.department("support"), await filled.rep("jane")

    assert await filled.target("support") == (support, None)
    assert await filled.target("jane") == (None, jane)
    assert await filled.target("support/jane") == (support, jane)


async def test_suggestions_come_from_memory_and_follow_the_department(filled: Directory) -> None:
    assert [one.label for one in filled.suggest_departments("")] == ["Billing", "Support"]
    assert [one.label for one in filled.suggest_departments("supp")] == ["Support"]
    assert [rep.label for rep in filled.suggest_reps("", 270)] == ["Ann Lee", "Bob Roe"]
    assert [rep.label for rep in filled.suggest_reps("", limit=1)] == ["Ann Lee"]
    assert filled.suggest_reps("", 404) == []
    assert [tag.label for tag in filled.suggest_tags("h")] == ["Hardware"]
    assert [one.name for one in filled.all_departments()] == ["Billing", "Support"]


async def test_labels_tell_things_of_one_name_apart(filled: Directory, lists: Lists) -> None:
    lists.all_reps.append(Rep(userid=10, firstname="jane", lastname="doe"))
    lists.all_tags.append(Tag(id=10, tagname=""))
    await filled.refresh()
    with pytest.raises(SeveralNames) as refusal:
        await filled.rep("jane doe")

    assert refusal.value.names == ("Jane Doe (Jane@Example.com)", "jane doe (id 10)")
    assert [(one.id, one.label) for one in filled.suggest_reps("jane")] == [
        (1, "Jane Doe (Jane@Example.com)"),
        (10, "jane doe (id 10)"),
    ]
    assert [one.label for one in filled.suggest_tags("tag 10")] == ["Tag 10"]


# Who in Slack is which rep


@pytest.mark.parametrize(
    ("email", "name", "userid"),
    [
        ("jane@example.com", "", 1),
        (" JANE@example.COM ", "Somebody Else", 1),
        ("unknown@example.com", "Jane Doe", None),
        ("", "Ann Lee", None),
        ("gone@example.com", "Gone Away", None),
    ],
)
async def test_where_reps_carry_emails_the_email_decides(filled: Directory, email: str, name: str, userid: int | None) -> None:
    rep = filled.rep_for(email, name)

    assert (rep and rep.userid) == userid


@pytest.mark.parametrize(
    ("name", "userid"), [("jane doe", 1), ("JANÉ  DOE", 1), ("Ann Lee", None), ("Jane", None), ("", None), ("Gone Away", None)]
)
async def test_where_no_rep_carries_an_email_a_unique_full_name_decides(
    directory: Directory, lists: Lists, name: str, userid: int | None
) -> None:
    lists.all_reps = [rep.model_copy(update={"email": ""}) for rep in lists.all_reps]
    lists.all_reps.append(Rep(userid=4, firstname="Ann", lastname="Lee"))
    await directory.refresh()
    rep = directory.rep_for("jane@example.com", name)

    assert (rep and rep.userid) == userid


async def test_two_reps_with_one_email_are_nobody(directory: Directory, lists: Lists) -> None:
    lists.all_reps.append(Rep(userid=4, firstname="Jane", lastname="Double", email="jane@example.com"))
    await directory.refresh()

    assert directory.rep_for("jane@example.com", "Jane Doe") is None
