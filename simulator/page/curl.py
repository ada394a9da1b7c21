"""An exchange as a curl command, to be pasted into a shell while the demo runs.

The tokens in it are the demo's own and open nothing else. A signature of Slack's counts for five minutes.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator

from simulator.page.exchanges import Row
from simulator.slack import Slack

TOKEN = "xoxb-test"


def curl(row: Row, slack: Slack, key: str) -> str:
    """`key` is FuseDesk's."""
    parts = {"slack": _to_casebot, "fusedesk": _to_fusedesk, "api": _to_slack}[row.way](row, slack, key)
    return "curl " + " ".join(shlex.quote(part) for part in parts)


def _to_casebot(row: Row, slack: Slack, key: str) -> Iterator[str]:
    now = int(time.time())
    kind = "application/json" if row.body.startswith("{") else "application/x-www-form-urlencoded"
    yield from ("-H", f"Content-Type: {kind}")
    yield from ("-H", f"X-Slack-Request-Timestamp: {now}", "-H", f"X-Slack-Signature: {slack.sign(row.body, now)}")
    yield from ("--data-raw", row.body, row.url)


def _to_fusedesk(row: Row, slack: Slack, key: str) -> Iterator[str]:
    yield from ("-X", row.method, "-H", f"X-FuseDesk-API-Key: {key}")
    if row.body:
        yield from ("--data-raw", row.body)
    yield row.url


def _to_slack(row: Row, slack: Slack, key: str) -> Iterator[str]:
    if row.title != "response_url":
        yield from ("-H", f"Authorization: Bearer {TOKEN}")
    yield from ("-H", "Content-Type: application/json", "--data-raw", json.dumps(row.sent, ensure_ascii=False), row.url)
