"""The guided tour: seven steps, each with its words and the check that it was done, whoever did it and in whatever order.

A check looks at what FuseDesk was asked and answered, never at casebot's buttons, so a step counts however it was done. What
*Show me* does is in `tour_shown`. The last step, *undo*, counts when a button of that name was pressed and the case then stands
as it stood before the last change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.fusedesk import FuseDesk
from simulator.fusedesk_gate import Call
from simulator.page.exchanges import Exchanges
from simulator.page.tour_shown import SHOWN, UNDO
from simulator.slack import NotPossible, Slack

STANDING = ("departmentid", "repid", "status", "contactid", "tags")
PRESSED = f"press {UNDO}"
UNDOABLE = ("POST /cases/{id}", "POST /cases/{id}/tag/{tag}", "POST /cases/{id}/untag/{tag}")


@dataclass(frozen=True)
class Step:
    """`fits` recognises the call of FuseDesk that the step leads to."""

    title: str
    words: str
    fits: Callable[[Call], bool]


STEPS = (
    Step(
        "Open a case from a message",
        "In #support, choose ⋮ beside the message about the printer and then “Open a case”. Pick a department, press Open case: "
        "the card stands in the message’s thread.",
        lambda call: call.fits("POST /cases"),
    ),
    Step(
        "Find a customer by email",
        "Type  /case find jane@example.com  and press Enter. The answer is for your eyes only.",
        lambda call: call.fits("GET /cases") and "email" in call.query,
    ),
    Step(
        "Hand it over",
        "Press Transfer on a case card, choose another department, press Transfer. Only cards you see can be pressed: "
        "Show in the list brings one.",
        lambda call: call.fits("POST /cases/{id}") and bool({"depid", "repid"} & call.form.keys()),
    ),
    Step(
        "Add a note",
        "Press Add note on a card, or type  /case note  with a case and a text.",
        lambda call: call.fits("POST /cases/{id}/addnote"),
    ),
    Step(
        "Tag it",
        "Press Tags on a card, or type  /case tag  with a case and a tag: names are completed while you type.",
        lambda call: call.fits("POST /cases/{id}/tag/{tag}"),
    ),
    Step(
        "Import a thread",
        "In #support, choose ⋮ beside the message about the scanner and then “Import thread”. Type a number to pick the case.",
        lambda call: call.fits("POST /cases/{id}/history"),
    ),
    Step(
        "Undo",
        "Press Undo on the answer to your last transfer, tag or status. The case stands as it did before.",
        lambda call: False,
    ),
)


class Tour:
    """`done` are the numbers of the steps that were done, from 1."""

    def __init__(self, slack: Slack, desk: FuseDesk, exchanges: Exchanges) -> None:
        self._slack = slack
        self._desk = desk
        self._exchanges = exchanges
        self._seen = len(desk.calls)
        self._before: tuple[int, dict[str, Any], float] | None = None
        self.done: set[int] = set()
        desk.on_request = self._remember

    @property
    def now(self) -> int:
        """The first step that is not done; 0 when all are."""
        self._follow()
        return next((number for number in range(1, len(STEPS) + 1) if number not in self.done), 0)

    def _follow(self) -> None:
        for call in self._desk.calls[self._seen :]:
            self.done |= {number for number, step in enumerate(STEPS, 1) if 200 <= call.status < 300 and step.fits(call)}
        self._seen = len(self._desk.calls)
        if len(STEPS) not in self.done and self._undone():
            self.done.add(len(STEPS))

    def _remember(self, call: Call) -> None:
        """Before a change that can be undone: how the case stands. What *undo* itself changes does not count."""
        undoing = self._exchanges.wishes[-1].title == PRESSED
        if any(call.fits(pattern) for pattern in UNDOABLE) and not undoing:
            caseid = int(call.path.removeprefix("/api/v1").split("/")[2])
            self._before = (caseid, self._standing(caseid), self._slack.now())

    def _standing(self, caseid: int) -> dict[str, Any]:
        try:
            case = self._desk.case(caseid)
        except KeyError:
            return {}
        return {name: case[name] for name in STANDING}

    def _pressed_undo(self) -> bool:
        """Whether the newest change was followed by a press of *Undo*."""
        since = self._before[2] if self._before else 0.0
        return any(row.title == PRESSED and row.at >= since for row in self._exchanges.rows())

    def _undone(self) -> bool:
        return self._before is not None and self._pressed_undo() and self._standing(self._before[0]) == self._before[1]

    async def show(self, number: int, who: str) -> None:
        """Does a step as that person would. Raises NotPossible."""
        if not 1 <= number <= len(STEPS):
            raise NotPossible(f"there is no step {number}")
        await SHOWN[number - 1](self._slack, who)
