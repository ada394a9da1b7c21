"""Server-sent events: after every change the browser gets the pieces that look different now, and nothing else.

A page is drawn with a ticket; its stream begins where the drawing ended, so nothing is lost in between and nothing is sent twice.
A ticket is good for one stream: a browser that lost its stream draws the whole page again.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator

from simulator.page.look import Look
from simulator.page.regions import Piece, Regions
from simulator.page.stage import Stage
from simulator.slack_text import Json

TICKETS = 50
TOGETHER = 0.03  # seconds in which changes are collected, so that a burst is drawn once
ALIVE = 15.0  # seconds after which an idle stream says something, so that a closed one is noticed

Shown = dict[str, dict[str, object]]


class Follower:
    """One drawn page: what it shows, by region and key, each with its mark."""

    def __init__(self, stage: Stage, look: Look) -> None:
        self.regions = Regions(stage, look)
        self.shown: Shown = {}

    def first(self) -> dict[str, list[str]]:
        """Everything, drawn."""
        pieces = self.regions.pieces()
        self.shown = {region: {piece.key: piece.mark for piece in found} for region, found in pieces.items()}
        return {region: [piece.draw() for piece in found] for region, found in pieces.items()}

    def changes(self) -> list[Json]:
        """`region`, the `keys` that are there now in their order, and the HTML of those that changed."""
        told = [self._change(region, found) for region, found in self.regions.pieces().items()]
        return [change for change in told if change]

    def _change(self, region: str, found: list[Piece]) -> Json:
        before = self.shown.get(region, {})
        now = {piece.key: piece.mark for piece in found}
        changed = {piece.key: piece.draw() for piece in found if before.get(piece.key, self) != piece.mark}
        if not changed and list(before) == list(now):
            return {}
        self.shown[region] = now
        return {"region": region, "keys": list(now), "html": changed}


class Live:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tickets: OrderedDict[str, Follower] = OrderedDict()

    def draw(self, look: Look) -> tuple[str, Follower]:
        """A ticket, and the page that it belongs to."""
        ticket = secrets.token_urlsafe(12)
        follower = self._tickets[ticket] = Follower(self._stage, look)
        while len(self._tickets) > TICKETS:
            self._tickets.popitem(last=False)
        return ticket, follower

    async def stream(self, ticket: str) -> AsyncIterator[str]:
        follower = self._tickets.pop(ticket, None)
        if follower is None:
            yield "event: again\ndata:\n\n"
            return
        changed = self._stage.slack.changed
        while True:
            version = changed.version
            for change in follower.changes():
                yield f"data: {json.dumps(change)}\n\n"
            try:
                await asyncio.wait_for(changed.after(version), ALIVE)
                await asyncio.sleep(TOGETHER)
            except TimeoutError:
                yield ": still here\n\n"
