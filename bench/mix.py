"""The mix: a thousand things that eight reps do in an hour, with what each of them just saw in mind.

Of 1,000 wishes 400 show a case (half of them press *Show* in a list some seconds after it came, half type a number), 200 find by
email, 100 are "mine", 100 notes, 80 tags, 70 transfers by button (half *Take it*, half the form with a department), 50 new cases.
Everybody's wishes are interleaved; the hour passes on a clock of its own. The same at every run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["show", "press", "find", "mine", "note", "tag", "take", "transfer", "open"]

SHARES: dict[Kind, float] = {
    "show": 0.20,
    "press": 0.20,
    "find": 0.20,
    "mine": 0.10,
    "note": 0.10,
    "tag": 0.08,
    "take": 0.035,
    "transfer": 0.035,
    "open": 0.05,
}
HOUR = 3_600.0
REPS = 8
# Seconds that somebody looks at a list before they press Show in it.
_READING = (4.0, 20.0)


@dataclass(frozen=True, order=True)
class Wish:
    """`at` is seconds from the start, `who` counts the reps; a press is for a list of the same rep that came shortly before."""

    at: float
    who: int
    kind: Kind


def mix(count: int, *, seed: int = 5) -> list[Wish]:
    """In the order of time."""
    draw = random.Random(seed)
    lists = [_any(draw, kind) for kind in ("find", "mine") for _ in range(round(SHARES[kind] * count))]
    pressed = draw.sample(lists, round(SHARES["press"] * count))
    presses = [Wish(seen.at + draw.uniform(*_READING), seen.who, "press") for seen in pressed]
    others: list[Kind] = ["show", "note", "tag", "take", "transfer", "open"]
    return sorted(lists + presses + [_any(draw, kind) for kind in others for _ in range(round(SHARES[kind] * count))])


def _any(draw: random.Random, kind: Kind) -> Wish:
    return Wish(draw.uniform(0, HOUR), draw.randrange(REPS), kind)
