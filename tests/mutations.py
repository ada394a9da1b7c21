"""Requests as an attacker, a broken proxy or a changed Slack would send them: real ones, recorded, with one or more things wrong.

What belongs here: recording a request of every surface, and changing it at random (seeded, so that a failure comes again).
What casebot must do with them is asserted by whoever sends them.
"""

from __future__ import annotations

import copy
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bot.cards import case, forms
from simulator.slack import JANE, MIA, SUPPORT, Message, Slack, View
from simulator.slack_text import Json

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# Stands in every text that is sent, and so may stand nowhere in a log.
MARK = "Zanzibar"
_KINDS = ["block_actions", "view_submission", "view_closed", "block_suggestion", "shortcut", "message_action", "event_callback"]
_ODD: list[object] = [
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    "",
    " ",
    f"\x00{MARK}",
    f"{MARK}\ud83d",
    "\udc00",
    f"{MARK} ' \" <!channel> \r\n\x1b[31m",
    MARK * 400,
    "9" * 5_000,
    "http://[",
    "https://evil.example/x",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"id": None},
    {"id": {"id": []}},
    {MARK: {MARK: MARK}},
    "{" * 50,
    '{"c":1,"t":"x"}',
    "1",
]


@dataclass
class Knock:
    """One request, ready to be sent."""

    body: bytes
    headers: dict[str, str]
    # Whether it was signed as Slack signs; whatever else is wrong with it.
    signed: bool = True


@dataclass
class Mutations:
    """An endless row of requests."""

    slack: Slack
    specimens: list[Json]
    seed: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def next(self) -> Knock:
        payload = copy.deepcopy(self.chance.choice(self.specimens))
        for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3, 8])):
            self._wrong(payload)
        body, kind = self._written(payload)
        if self.chance.random() < 0.1:
            body = self._torn(body)
        headers = {"Content-Type": kind, **self._signature(body)}
        if self.chance.random() < 0.3:
            return self._turned(Knock(body, headers))
        return Knock(body, headers)

    def _written(self, payload: Json) -> tuple[bytes, str]:
        if "command" in payload and "type" not in payload:
            return urlencode({name: _plain(value) for name, value in payload.items()}, errors="surrogatepass").encode(), FORM
        text = json.dumps(payload)
        return (text.encode(), JSON) if "event" in payload else (urlencode({"payload": text}).encode(), FORM)

    def _wrong(self, payload: Json) -> None:
        """One thing in it gets a value that does not belong there, is taken away, or is called otherwise."""
        holder: Any = payload
        while isinstance(holder, dict | list) and holder:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = self.chance.choice(keys)
            inside = holder[key]
            if isinstance(inside, dict | list) and inside and self.chance.random() < 0.75:
                holder = inside
                continue
            self._spoil(holder, key)
            return

    def _spoil(self, holder: Any, key: Any) -> None:
        how = self.chance.random()
        if how < 0.2:
            del holder[key]
        elif how < 0.3 and isinstance(holder, dict):
            holder[f"{key}{MARK}"] = holder.pop(key)
        elif how < 0.4 and key == "type":
            holder[key] = self.chance.choice(_KINDS)
        elif how < 0.45:
            holder[key] = _nested(self.chance.choice([5, 70, 900]))
        else:
            holder[key] = copy.deepcopy(self.chance.choice(_ODD))

    def _torn(self, body: bytes) -> bytes:
        at = self.chance.randrange(len(body) + 1)
        return self.chance.choice(
            [
                body[:at],
                body[:at] + b"\xff\xfe" + body[at:],
                body[at:],
                body + body,
                b"",
                body.replace(b"%22", b"%00"),
                b"[" * 9_000,
            ]
        )

    def _signature(self, body: bytes, at: int = 0) -> dict[str, str]:
        moment = int(time.time()) + at
        return {"X-Slack-Request-Timestamp": str(moment), "X-Slack-Signature": self.slack.sign(body, moment)}

    def _turned(self, knock: Knock) -> Knock:
        """Something is wrong around the body: mostly the signature, else how the body is announced."""
        wrong: dict[str, dict[str, str]] = {
            "other": {"X-Slack-Signature": "v0=" + "0" * 64},
            "cut": {"X-Slack-Signature": knock.headers["X-Slack-Signature"][:-1]},
            "latin": {"X-Slack-Signature": "v0=\xe9\xff"},
            "word": {"X-Slack-Request-Timestamp": "yesterday"},
            "digits": {"X-Slack-Request-Timestamp": "²³"},
            "long": {"X-Slack-Request-Timestamp": "9" * 400},
            "old": self._signature(knock.body, -400),
            "early": self._signature(knock.body, 400),
        }
        around: list[dict[str, str]] = [
            {"Content-Type": "text/plain"},
            {"Content-Type": "\xe9/\xff"},
            {"Content-Type": "APPLICATION/JSON; charset=\xff"},
            {"Content-Type": ""},
            {"Content-Encoding": "gzip"},
            {"X-Slack-Retry-Num": "\xff"},
        ]
        if self.chance.random() < 0.7:
            return Knock(knock.body, knock.headers | self.chance.choice(list(wrong.values())), signed=False)
        return Knock(knock.body, knock.headers | self.chance.choice(around))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _nested(levels: int) -> object:
    value: object = MARK
    for _ in range(levels):
        value = {"id": value}
    return value


async def recorded(slack: Slack) -> list[Json]:
    """What Slack sent while somebody did a little of everything. FuseDesk must hold case 1234."""
    command = await slack.command(JANE, SUPPORT, f"find {MARK}")
    shown = await slack.command(JANE, SUPPORT, "1234")
    card = await slack.until(lambda: _card(slack), what="the card")
    listed = await slack.command(JANE, SUPPORT, "find status:all")
    rows = await slack.until(lambda: _card(slack, "list_page"), what="the list")
    clicks = [
        await slack.click(JANE, rows, "list_page:next"),
        await slack.click(JANE, card, case.NOTE),
        *[await slack.click(JANE, card, action) for action in (case.TAKE, case.CLOSE, case.SHARE)],
    ]
    note = await _form(slack, forms.NOTE_FORM)
    written = await slack.submit(JANE, note, {"note": MARK})
    moved = await slack.click(JANE, await slack.until(lambda: _card(slack), what="the card"), case.TRANSFER)
    transfer = await _form(slack, forms.TRANSFER_FORM)
    options = await slack.typeahead(JANE, transfer, "department", "bil")
    chosen = await slack.submit(JANE, transfer, {"department": options[0]})
    ts = slack.say(MIA, SUPPORT, f"{MARK} is on fire")
    shortcuts = [
        await slack.message_shortcut(JANE, SUPPORT, ts, "open_case_from_message"),
        await slack.message_shortcut(JANE, SUPPORT, ts, "import_thread"),
        await slack.global_shortcut(JANE, "new_case"),
    ]
    opened = await _form(slack, forms.OPEN_FORM)
    home = await slack.open_home(JANE)
    sent = [command, shown, listed, *clicks, written, moved, chosen, *shortcuts, home]
    suggestion = slack._payloads.suggestion(JANE, opened, "department", "department", MARK)
    filled = slack._payloads.submission(JANE, opened, "1.2.3")
    left = slack._payloads.closed(JANE, opened, cleared=False)
    return [*(exchange.sent for exchange in sent), suggestion, filled, left]


def _card(slack: Slack, action: str = case.TRANSFER) -> Message | None:
    """The last message with such a button."""
    found = [
        message for message in slack.seen(JANE, SUPPORT) if any(one.action_id.startswith(action) for one in message.elements)
    ]
    return found[-1] if found else None


async def _form(slack: Slack, callback: str) -> View:
    def top() -> View | None:
        return next((view for view in slack.views(JANE) if view.callback_id == callback), None)

    return await slack.until(top, what=f"the form {callback}")
