"""Pictures of FuseDesk's three lists, made once when a list comes and never changed.

What belongs here: which names a department, a rep or a tag goes by, and who is in which department.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from bot.fusedesk.models import Department, Rep, Tag
from bot.matching import Index, Named, normalise, plain


class Team(NamedTuple):
    """A department by its unique label, and the ids of the reps in it; `repids` is None when FuseDesk does not tell."""

    label: str
    repids: frozenset[int] | None


class Departments(NamedTuple):
    """`teams` go by department id."""

    names: Index[Department]
    teams: dict[int, Team]


class Reps(NamedTuple):
    """`names`, `by_email` and `by_name` (normalised full name) hold the active reps, `everyone` all of them by id."""

    names: Index[Rep]
    everyone: dict[int, Rep]
    by_email: dict[str, list[Rep]]
    by_name: dict[str, list[Rep]]
    with_emails: bool

    def matching(self, email: str, full_name: str) -> Rep | None:
        """Whose email this is; where FuseDesk tells no emails at all, who alone has this full name."""
        found = self.by_email.get(plain(email), []) if self.with_emails else self.by_name.get(normalise(full_name), [])
        return found[0] if len(found) == 1 else None


def picture_departments(departments: Sequence[Department]) -> Departments:
    names = Index(Named(one.departmentid, department_name(one), one) for one in departments)
    told = any(one.repids for one in departments)
    teams = {entry.id: Team(entry.label, frozenset(entry.thing.repids) if told else None) for entry in names.entries}
    return Departments(names, teams)


def picture_reps(reps: Sequence[Rep]) -> Reps:
    """Takes some tenths of a second for 10,000."""
    active = [rep for rep in reps if rep.active]
    by_email, by_name = defaultdict(list), defaultdict(list)
    for rep in active:
        by_email[plain(rep.email)].append(rep)
        by_name[normalise(rep.name)].append(rep)
    by_email.pop("", None)
    names = Index(Named(rep.userid, rep.name, rep, _other_names(rep), rep.email.strip()) for rep in active)
    return Reps(names, {rep.userid: rep for rep in reps}, dict(by_email), dict(by_name), any(rep.email.strip() for rep in reps))


def picture_tags(tags: Sequence[Tag]) -> Index[Tag]:
    return Index(Named(tag.id, tag_name(tag), tag) for tag in tags)


def department_name(department: Department) -> str:
    return department.name.strip() or f"Department {department.departmentid}"


def tag_name(tag: Tag) -> str:
    return tag.tagname.strip() or f"Tag {tag.id}"


def _other_names(rep: Rep) -> tuple[str, ...]:
    local = rep.email.strip().partition("@")[0]
    names = (rep.firstname, rep.lastname, f"{rep.lastname} {rep.firstname}", local)
    return tuple(name for name in names if name.strip())
