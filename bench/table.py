"""A row of the table: what was measured, for casebot and its rivals, and whether the goal is met. How rows are shown and kept.

What belongs here: goals and how they are judged. How something is measured is the suites' business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bot import printing

Rivals = Mapping[str, float]


@dataclass(frozen=True)
class Goal:
    """`text` is the goal in words; `met` judges casebot's value beside the rivals', None where the rival it needs is missing."""

    text: str
    met: Callable[[float, Rivals], bool | None]


def at_most(limit: float) -> Goal:
    return Goal(f"≤ {limit:g}", lambda value, _: value <= limit)


def times_more(times: float, rival: str) -> Goal:
    """For what is better the higher it is."""
    return Goal(f"≥ {times:g} × {rival}", lambda value, rivals: value >= times * rivals[rival] if rival in rivals else None)


def times_less(times: float, rival: str) -> Goal:
    """For what is better the lower it is."""
    return Goal(f"≤ {rival} / {times:g}", lambda value, rivals: value <= rivals[rival] / times if rival in rivals else None)


@dataclass(frozen=True)
class Row:
    """`ratio` is how many times better than the first rival; None without one. `met` is None without a goal."""

    what: str
    unit: str
    casebot: float
    rivals: Rivals = field(default_factory=dict)
    goals: Sequence[Goal] = ()
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        other = next(iter(self.rivals.values()), None)
        if not other or not self.casebot:
            return None
        return self.casebot / other if self.more_is_better else other / self.casebot

    @property
    def goal(self) -> str:
        return ", ".join(goal.text for goal in self.goals)

    @property
    def met(self) -> bool | None:
        judged = [goal.met(self.casebot, self.rivals) for goal in self.goals]
        known = [each for each in judged if each is not None]
        return all(known) if known else None

    def facts(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "unit": self.unit,
            "casebot": self.casebot,
            "rivals": dict(self.rivals),
            "ratio": self.ratio,
            "goal": self.goal,
            "met": self.met,
        }


def middle(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each contestant over all rounds."""
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def contest(what: str, unit: str, values: Mapping[str, float], goals: Sequence[Goal], *, more_is_better: bool = False) -> Row:
    """A row from the values of all contestants, casebot's under its name."""
    rivals = {name: value for name, value in values.items() if name != "casebot"}
    return Row(what, unit, values["casebot"], rivals, goals, more_is_better)


def drawn(rows: Sequence[Row]) -> str:
    return printing.table(("what", "unit", "casebot", "rivals", "ratio", "goal", "met"), [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    rivals = "\n".join(f"{name} {figure(value)}" for name, value in row.rivals.items())
    ratio = "" if row.ratio is None else f"{figure(row.ratio)} ×"
    met = {None: "", True: "yes", False: "NO"}[row.met]
    return [row.what, row.unit, figure(row.casebot), rivals, ratio, row.goal, met]


def figure(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def keep(rows: Sequence[Row], path: Path) -> None:
    path.write_text(json.dumps([row.facts() for row in rows], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
