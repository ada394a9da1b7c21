"""From typed names to departments, reps and tags, within the names at hand; and the words when that does not succeed.

Everything here is a function of what was typed and of an `Index`; when the names are loaded is the directory's affair.
A whole name always wins over a part of one, a part over a likeness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from bot.errors import NameRefused, NoSuchName, SeveralNames
from bot.fusedesk.models import Department, Rep
from bot.matching import Entry, Index, clear_hit, normalise, plain
from bot.names import Team

T = TypeVar("T")
Kind = Literal["department", "rep", "tag", "target"]
Target = tuple[Department | None, Rep | None]

MOST_OFFERED = 10
_CALLED = {"department": "department", "rep": "rep", "tag": "tag", "target": "department or rep"}
_FIELDS = {"department": "department", "rep": "rep", "tag": "tags", "target": "department"}


def find(kind: Kind, index: Index[T], typed: str) -> T:
    """The one that is meant. Raises NoSuchName with the nearest three, or SeveralNames with at most ten."""
    hits = index.exact(typed) or index.part(typed)
    if hits:
        return _only(kind, typed, hits)
    alike = index.alike(typed)
    hit = clear_hit(typed, alike)
    if hit is None:
        raise no_such(kind, typed, [entry.label for _, entry in alike])
    return hit.thing


def find_rep(index: Index[Rep], typed: str, team: Team | None = None) -> Rep:
    """The rep that is meant; with a team, one of its members: anybody else is refused with those who are in it.

    Whole words of a name outside the team are not taken for the beginning of a name inside.
    """
    if team is None or team.repids is None:
        return find("rep", index, typed)
    whole = index.exact(typed)
    words = whole or index.part(typed, whole_words=True)
    inside = [entry for entry in whole if entry.id in team.repids]
    if not whole:
        inside = index.part(typed, team.repids, whole_words=bool(words))
    if inside:
        return _only("rep", typed, inside)
    elsewhere = words or index.part(typed)
    if elsewhere:
        raise _outside(typed, elsewhere, team, index)
    alike = index.alike(typed, inside=team.repids)
    hit = clear_hit(typed, alike)
    if hit is None:
        raise no_such("rep", typed, [entry.label for _, entry in alike], f" in {team.label}")
    return hit.thing


def find_target(departments: Index[Department], reps: Index[Rep], teams: dict[int, Team], typed: str) -> Target:
    """What `transfer … to` names: a department, a rep, or both as `department/rep`.

    Where a name fits a department and a rep alike, both are offered; `Sales (department)` and `Sales (rep)` tell them apart.
    `sales/` is only a department, `/jane` only a rep. Names may hold slashes themselves: the whole comes before its parts.
    """
    kind, name = _told(typed)
    department_hits, rep_hits = departments.exact(typed), reps.exact(typed)
    if kind:  # only something whose very name reads like that comes before
        department_hits = [hit for hit in department_hits if plain(hit.label) == plain(typed)]
        rep_hits = [hit for hit in rep_hits if plain(hit.label) == plain(typed)]
    whole = _either(departments, reps, typed, department_hits, rep_hits)
    if whole:
        return whole
    if kind == "department":
        return find("department", departments, name), None
    if kind == "rep":
        return None, find("rep", reps, name)
    both = _both(departments, reps, teams, typed, refuse=False)
    if both:
        return both
    part = _either(departments, reps, typed, departments.part(typed), reps.part(typed))
    if part:
        return part
    return _both(departments, reps, teams, typed, refuse=True) or _mistyped(departments, reps, teams, typed)


def _told(typed: str) -> tuple[str, str]:
    """Which kind the person says it is ("" for neither), and the name without the saying."""
    name = typed.strip()
    for kind in ("department", "rep"):
        if name.lower().endswith(f"({kind})"):
            return kind, name[: -len(kind) - 2].strip()
    if name.endswith("/"):
        return "department", name.strip("/ ")
    return ("rep", name.strip("/ ")) if name.startswith("/") else ("", name)


def _either(
    departments: Index[Department],
    reps: Index[Rep],
    typed: str,
    department_hits: Sequence[Entry[Department]],
    rep_hits: Sequence[Entry[Rep]],
) -> Target | None:
    if not department_hits and not rep_hits:
        return None
    if not rep_hits:
        return _only("target", typed, department_hits), None
    if not department_hits:
        return None, _only("target", typed, rep_hits)
    raise several("target", typed, _apart(departments, reps, department_hits, rep_hits))


def _apart(
    departments: Index[Department],
    reps: Index[Rep],
    department_hits: Sequence[Entry[Department]],
    rep_hits: Sequence[Entry[Rep]],
) -> list[str]:
    """Names that lead to one thing each when they are typed as a target."""
    names = [f"{hit.label} (department)" if reps.exact(hit.label) else hit.label for hit in department_hits[: MOST_OFFERED // 2]]
    room = MOST_OFFERED - len(names)
    return names + [f"{hit.label} (rep)" if departments.exact(hit.label) else hit.label for hit in rep_hits[:room]]


def _both(departments: Index[Department], reps: Index[Rep], teams: dict[int, Team], typed: str, *, refuse: bool) -> Target | None:
    """A department and a rep with a slash between them, when the words before some slash mean one department.

    With `refuse` the rep's refusal is raised, told of the whole target; without, what does not fit is passed over.
    """
    for left, right in _splits(typed):
        hits = departments.exact(left) or departments.part(left)
        if len(hits) != 1:
            continue
        department, label = hits[0].thing, hits[0].label
        try:
            return department, find_rep(reps, right, teams.get(department.departmentid))
        except NameRefused as refusal:
            if refuse:
                raise _of_target(refusal, typed, label) from None
    return None


def _splits(typed: str) -> Iterator[tuple[str, str]]:
    """Before and after each slash, the last slash first; the first few slashes of a pasted page are enough."""
    parts = typed.split("/", 5)
    for at in range(len(parts) - 1, 0, -1):
        yield "/".join(parts[:at]).strip(), "/".join(parts[at:]).strip()


def _of_target(refusal: NameRefused, typed: str, label: str) -> NameRefused:
    """The same refusal of a rep, offering whole targets in place of what was typed."""
    names = [f"{label}/{name}" for name in refusal.names]
    return type(refusal)(refusal.says, kind="target", typed=typed, names=names, field="rep")


def _mistyped(departments: Index[Department], reps: Index[Rep], teams: dict[int, Team], typed: str) -> Target:
    alike_departments, alike_reps = departments.alike(typed), reps.alike(typed)
    department, rep = clear_hit(typed, alike_departments), clear_hit(typed, alike_reps)
    if department and rep:
        raise several("target", typed, _apart(departments, reps, [department], [rep]))
    if department or rep:
        return department.thing if department else None, rep.thing if rep else None
    scored = [(score, _apart(departments, reps, [entry], [])[0]) for score, entry in alike_departments]
    scored += [(score, _apart(departments, reps, [], [entry])[0]) for score, entry in alike_reps]
    best = sorted(scored, key=lambda pair: -pair[0])[:3]
    left, slash, right = (part.strip() for part in typed.rpartition("/"))
    alike_left = departments.alike(left) if slash else []
    if alike_left and alike_left[0][0] >= best[0][0]:
        return _mistyped_department(reps, teams, typed, (left, right), alike_left)
    raise no_such("target", typed, [label for _, label in best])


def _mistyped_department(
    reps: Index[Rep], teams: dict[int, Team], typed: str, parts: tuple[str, str], alike: list[tuple[float, Entry[Department]]]
) -> Target:
    """`biling/jane`: the department before the slash is only like one that there is."""
    left, right = parts
    hit = clear_hit(left, alike)
    if hit is None:
        refusal = no_such("department", left, [entry.label for _, entry in alike])
        names = [f"{name}/{right}" for name in refusal.names]
        raise NoSuchName(refusal.says, kind="target", typed=typed, names=names, field="department")
    try:
        return hit.thing, find_rep(reps, right, teams.get(hit.id))
    except NameRefused as refusal:
        raise _of_target(refusal, typed, hit.label) from None


def _only(kind: Kind, typed: str, hits: Sequence[Entry[T]]) -> T:
    if len(hits) > 1:
        raise several(kind, typed, [entry.label for entry in hits])
    return hits[0].thing


# Words


def no_such(kind: Kind, typed: str, nearest: Sequence[str], where: str = "") -> NoSuchName:
    called = _CALLED[kind]
    if not normalise(typed):
        says = f"No {called} is named." + (f" There is, for example, {nearest[0]}." if nearest else "")
        return NoSuchName(says, kind=kind, typed=typed, names=nearest, field=_FIELDS[kind])
    says = f"There is no {called} {quoted(typed)}{where}."
    if nearest:
        says += f" The nearest {'is' if len(nearest) == 1 else 'are'} {listing(nearest)}."
    return NoSuchName(says, kind=kind, typed=typed, names=nearest, field=_FIELDS[kind])


def several(kind: Kind, typed: str, names: Sequence[str]) -> SeveralNames:
    offered = names[:MOST_OFFERED]
    if len(offered) < len(names):
        says = f"{quoted(typed)} fits {len(names)} names, among them {listing(offered)}. Type more of the one you mean."
    else:
        says = f"{quoted(typed)} fits {listing(offered)}. Which one do you mean?"
    return SeveralNames(says, kind=kind, typed=typed, names=offered, field=_FIELDS[kind])


def _outside(typed: str, elsewhere: Sequence[Entry[Rep]], team: Team, index: Index[Rep]) -> NoSuchName:
    who = [entry.label for entry in elsewhere]
    inside = [entry.label for entry in index.entries if entry.id in (team.repids or ())]
    says = f"{listing(who)} {'is' if len(who) == 1 else 'are'}" if len(who) <= 3 else f"Nobody named {quoted(typed)} is"
    says += " in " if len(who) > 3 else " not in "
    says += team.label
    if not inside:
        says += ", and nobody else is."
    elif len(inside) > MOST_OFFERED:
        says += f"; there, among {len(inside)} reps: {listing(inside[:MOST_OFFERED])}."
    else:
        says += f"; there: {listing(inside)}."
    return NoSuchName(says, kind="rep", typed=typed, names=inside[:MOST_OFFERED], field="rep")


def listing(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def quoted(typed: str) -> str:
    """What was typed, on one line and no longer than a name would be."""
    text = " ".join(typed.split())
    return f'"{text[:60]}…"' if len(text) > 61 else f'"{text}"'
