"""Everything that went between Slack, casebot and FuseDesk, and the wish that each exchange belongs to.

A *wish* is one request of Slack to casebot: a command, a click, a sent form, a letter typed into a menu. What casebot then asks
of Slack belongs to the newest wish that knows the trigger, the response_url or the view that it names. FuseDesk's calls name
nothing of the kind, and casebot shall not be changed for the sake of its demo: they, and whatever names nothing, belong to the
newest wish that had begun by then. With one person at the page that is right, but for refreshes in the background.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from simulator.fusedesk import FuseDesk
from simulator.fusedesk_gate import Call as DeskCall
from simulator.slack import Exchange, Slack
from simulator.slack_state import Call
from simulator.slack_text import Json, shown

KEPT = 1000
ASKING = {"block_suggestion"}


@dataclass(frozen=True)
class Wish:
    """`names` are the triggers, paths of response URLs and ids of views by which it is known again."""

    number: int
    at: float
    title: str
    names: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Row:
    """One exchange. `way`: `slack` (Slack to casebot), `fusedesk` (casebot to FuseDesk) or `api` (casebot to Slack).
    `status` 0: no answer, or not yet. `why` says what was wrong. `sent` and `got` are JSON or text."""

    id: int
    way: str
    at: float
    title: str
    wish: int
    method: str = "POST"
    url: str = ""
    status: int = 0
    seconds: float = -1.0
    why: str = ""
    sent: object = None
    got: object = None
    body: str = ""


class Exchanges:
    """Follows a Slack and a FuseDesk from its making on; `rows` are the newest thousand."""

    def __init__(self, slack: Slack, desk: FuseDesk, desk_url: str) -> None:
        self._slack = slack
        self._desk = desk
        self._desk_url = desk_url
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._calls = len(slack.calls)
        self._desk_calls = len(desk.calls)
        self._under_way: dict[int, tuple[Row, int]] = {}
        self._ended: list[tuple[Row, Exchange, int]] = []
        self.wishes: deque[Wish] = deque([Wish(0, 0.0, "casebot by itself")], maxlen=200)
        self._rows: deque[Row] = deque(maxlen=KEPT)
        slack.delivery.watch = self._delivered

    def rows(self) -> list[Row]:
        """In the order of their beginning."""
        self._collect()
        return sorted(self._rows, key=lambda row: row.at)

    def row(self, id: int) -> Row | None:
        return next((row for row in self._rows if row.id == id), None)

    def _collect(self) -> None:
        """Takes over what the stand-ins recorded since the last time, and what Slack thought of casebot's last answers."""
        for row, exchange, noted in self._ended:
            faults = [fault for fault in self._slack.faults[noted:] if fault.startswith(f"{exchange.kind}: ")]
            row.why = "; ".join(faults) or exchange.error
        self._ended.clear()
        for call in self._slack.calls[self._calls :]:
            self._rows.append(self._api_row(call))
        for asked in self._desk.calls[self._desk_calls :]:
            self._rows.append(self._desk_row(asked))
        self._calls, self._desk_calls = len(self._slack.calls), len(self._desk.calls)

    # Slack to casebot

    def _delivered(self, exchange: Exchange) -> None:
        row, noted = self._under_way.pop(id(exchange), (None, 0))
        if row is None:
            wish = Wish(next(self._numbers), exchange.at, title_of(exchange.sent), set(_names(exchange.sent)))
            self.wishes.append(wish)
            row = Row(next(self._ids), "slack", exchange.at, wish.title, wish.number, sent=exchange.sent, body=exchange.body)
            row.url = f"{self._slack.delivery.bot_url}/slack/events"
            self._under_way[id(exchange)] = row, len(self._slack.faults)
            self._rows.append(row)
        else:
            row.status, row.seconds = exchange.status, exchange.seconds
            row.got = exchange.json or exchange.text
            self._ended.append((row, exchange, noted))
        self._slack.changed.note()

    # casebot to Slack, casebot to FuseDesk

    def _api_row(self, call: Call) -> Row:
        names = {str(call.args.get("trigger_id") or ""), call.path, str(call.args.get("view_id") or "")}
        wish = self._wish_of(names - {""}, call.at)
        if view := str((call.answer.get("view") or {}).get("id") or ""):
            wish.names.add(view)
        row = Row(next(self._ids), "api", call.at, call.method, wish.number, url=self._slack.url + call.path)
        row.status, row.seconds, row.sent, row.got = call.status, call.seconds, call.args, call.answer
        row.why = "; ".join(call.faults) or call.error
        return row

    def _desk_row(self, call: DeskCall) -> Row:
        at = call.at.timestamp()
        url = self._desk_url + call.path + (f"?{urlencode(call.query)}" if call.query else "")
        path = urlsplit(call.path).path.removeprefix("/api/v1")
        row = Row(next(self._ids), "fusedesk", at, f"{call.method} {path}", self._wish_of(set(), at).number, call.method, url)
        row.status, row.seconds = call.status, call.seconds
        row.sent, row.body = dict(call.form or call.query), urlencode(call.form)
        row.got = _read(call.answer)
        row.why = _why(call, row.got)
        return row

    def _wish_of(self, names: set[str], at: float) -> Wish:
        known = (wish for wish in reversed(self.wishes) if names & wish.names)
        begun = (wish for wish in reversed(self.wishes) if wish.at <= at)
        return next(known, None) or next(begun, self.wishes[0])


def _why(call: DeskCall, got: object) -> str:
    if not call.status:
        return "no answer"
    if call.status < 400:
        return ""
    return str(got.get("error")) if isinstance(got, dict) else f"status {call.status}"


def _read(answer: bytes) -> object:
    text = answer.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _names(sent: Json) -> Iterator[str]:
    if trigger := sent.get("trigger_id"):
        yield str(trigger)
    if url := sent.get("response_url"):
        yield urlsplit(str(url)).path
    if view := (sent.get("view") or {}).get("id"):
        yield str(view)


def title_of(sent: Json) -> str:
    """What somebody did, in a few words."""
    if "command" in sent:
        return f"{sent['command']} {shown(sent['text'])}".strip()
    kind = str(sent.get("type"))
    if kind == "block_actions":
        action = sent["actions"][0]
        label = (action.get("text") or {}).get("text") or action["action_id"]
        return f"{'press' if action['type'] == 'button' else 'choose in'} {label}"
    if kind == "block_suggestion":
        return f"type “{sent['value']}” into {sent['action_id']}"
    if kind in ("view_submission", "view_closed"):
        title = (sent["view"].get("title") or {}).get("text")
        return f"{'send' if kind == 'view_submission' else 'close'} the form {title}"
    if kind == "event_callback":
        return str(sent["event"]["type"])
    return f"shortcut {sent.get('callback_id')}"
