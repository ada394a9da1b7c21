"""What the load sends: Slack's payloads, signed, as whole HTTP requests.

The payloads are those of `simulator.slack_payloads`, whose shapes are Slack's. How they are sent does not belong here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.cards.case import Seen, case_card
from bot.cards.forms import OPEN_FORM
from bot.cases import NamedCase
from bot.fusedesk.models import Case
from simulator.slack import JANE, SUPPORT, Message, Slack, View
from simulator.slack_payloads import Payloads

SECRET = "s3cret"
TOKEN = "xoxb-test"
KEY = "fd-test-key"
PATH = "/slack/events"
TRIGGER = "1.2.abc"
# Where nobody listens, on this machine: nothing that a server may send there leaves it.
NOWHERE = "http://127.0.0.1:9/commands/1"
BUTTON_BYTES = 6_700
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Shot:
    """One signed request. Slack's signature counts for five minutes."""

    body: bytes
    headers: Mapping[str, str]

    def wire(self) -> bytes:
        """As it goes over a connection that is kept open."""
        lines = [f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""]).encode() + self.body


def signed(fields: Mapping[str, str]) -> Shot:
    body = urlencode(fields).encode()
    now = str(int(time.time()))
    signature = "v0=" + hmac.new(SECRET.encode(), b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
    return Shot(body, {"Content-Type": _FORM, "X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature})


class Sender:
    """Writes what Slack would send for people of the stand-in's workspace."""

    def __init__(self, user: str = JANE) -> None:
        self._slack = Slack()
        self._payloads = Payloads(self._slack)
        self._user = user

    def command(self, text: str, *, trigger: str = TRIGGER, url: str = NOWHERE) -> Shot:
        channel = self._slack.channels[SUPPORT]
        return signed(self._payloads.command(self._user, channel, text, "/case", trigger=trigger, url=url))

    def press(self, named: NamedCase, action: str, *, private: bool = False, url: str = NOWHERE) -> Shot:
        """A button of a case's card. Before a channel the payload carries the whole card."""
        now = datetime.now(UTC)
        card = case_card(named, surface="private" if private else "channel", now=now)
        to = self._user if private else ""
        message = Message(SUPPORT, "1764000000.000100", "", card.text, card.blocks, to=to, by_bot=True)
        seen = Seen(
            caseid=named.case.caseid, departmentid=named.case.departmentid, repid=named.case.repid, at=int(now.timestamp())
        )
        entry = {"type": "button", "action_id": action, "block_id": "b1", "value": seen.dump(), "action_ts": "1764000000.1"}
        entry["text"] = json.dumps({"type": "plain_text", "text": "Press", "emoji": True})
        return _interaction(self._payloads.actions(self._user, message, entry, trigger=TRIGGER, url=url))

    def typing(self, field: str, typed: str) -> Shot:
        """A letter more in a field that asks casebot what it may offer."""
        content = {"type": "modal", "callback_id": OPEN_FORM, "blocks": []}
        view = View("V1", self._user, content, "h1", "V1")
        return _interaction(self._payloads.suggestion(self._user, view, field, "b1", typed))


def _interaction(payload: Mapping[str, Any]) -> Shot:
    return signed({"payload": json.dumps(payload)})


def heavy_press(sender: Sender, action: str) -> Shot:
    """A press whose body has the size of a real one: as long as what stands on the card has to be."""
    shots = (sender.press(_case(letters), action) for letters in range(0, 1_000, 20))
    return next(shot for shot in shots if len(shot.body) >= BUTTON_BYTES)


def _case(letters: int) -> NamedCase:
    words = ("The label printer on the second floor smokes. " * 25)[:letters]
    case = Case.model_validate({"caseid": 1234, "casenum": "ABCD1234", "summary": f"Fire! {words}", "details": words})
    return NamedCase(case, department="Support", rep="Jane Doe", tags=("VIP", words), url="https://acme.fusedesk.com/app/#1234")
