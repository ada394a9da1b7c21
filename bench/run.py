"""How large a run is, where it runs, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.machine import Cores, two_cores


@dataclass(frozen=True)
class Size:
    """Rounds of each contest and seconds of each round with `wrk`; how many requests, wishes and things elsewhere."""

    rounds: int = 5
    seconds: int = 1
    requests: int = 2_000
    wishes: int = 1_000
    waiting: int = 500
    names: int = 10_000
    tags: int = 1_000
    lookups: int = 3_000
    starts: int = 5
    commands: int = 200_000
    settled: int = 20_000
    growth: tuple[int, ...] = (1, 100, 10_000)


FULL = Size()
# Enough to run through every line, too little to say anything.
SMOKE = Size(1, 1, 20, 40, 10, 60, 20, 20, 1, 200, 50, (1, 10))


@dataclass
class Run:
    """`note` takes what a reader of the table must know."""

    size: Size = FULL
    cores: Cores = field(default_factory=two_cores)
    with_node: bool = True
    with_wrk: bool = True
    say: Callable[[str], None] = lambda text: None
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            self.say(text)
