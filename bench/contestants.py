"""Casebot and its rivals as servers: how each is started, and what they are told so that all do the same work.

A rival that cannot run here (no node) is left out with a note. What is measured does not belong here.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.machine import ROOT, Server, free_port, serving
from bench.replay import Replay
from bench.requests import KEY, SECRET, TOKEN
from bench.run import Run
from bot.cards import case
from bot.cards.words import help_card
from bot.operations import Help
from handlers import ACTIONS, EVENTS, OPTIONS, SHORTCUTS, SUBMISSIONS

CASEBOT = "casebot"
BOLT = "Bolt"
BOLT_JS = "Bolt JS"
FLOOR = "floor"
JS_FOLDER = ROOT / "bench" / "rivals" / "bolt_js"


def told(replay: Replay, **more: Any) -> dict[str, Any]:
    """What a rival has to know. The button that is pressed comes last of its kind, as the newest listener would."""
    card = help_card(Help().topic)
    return {
        "token": TOKEN,
        "secret": SECRET,
        "slack": f"{replay.url}/api/",
        "fusedesk": replay.url,
        "key": KEY,
        "events": list(EVENTS),
        "shortcuts": list(SHORTCUTS),
        "options": list(OPTIONS),
        "submissions": list(SUBMISSIONS),
        "actions": sorted(ACTIONS, key=lambda action: action == case.FUSEDESK),
        "card": {"text": card.text, "blocks": card.blocks},
        **more,
    }


def settings(replay: Replay, port: int, **more: str) -> dict[str, str]:
    """Casebot's environment: the stand-ins instead of Slack and FuseDesk, all else as it comes."""
    return {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{replay.url}/api/",
        "FUSEDESK_APP": "acme",
        "FUSEDESK_API_KEY": KEY,
        "FUSEDESK_BASE_URL": replay.url,
        "PORT": str(port),
        "CASEBOT_ACCESS": "members",
        "LOG_LEVEL": "WARNING",
        **more,
    }


@asynccontextmanager
async def casebot(run: Run, replay: Replay, **more: str) -> AsyncIterator[Server]:
    """`casebot run`, in a folder where no `.env` lies."""
    port = free_port()
    with tempfile.TemporaryDirectory() as empty:
        async with serving(
            CASEBOT,
            [sys.executable, "-m", "bot", "run"],
            port=port,
            ready="/readyz",
            core=run.cores.server,
            env=settings(replay, port, **more),
            cwd=Path(empty),
        ) as server:
            yield server


@asynccontextmanager
async def rival(run: Run, name: str, facts: Mapping[str, Any]) -> AsyncIterator[Server]:
    commands = {
        BOLT: [sys.executable, "-m", "bench.rivals.bolt_python"],
        FLOOR: [sys.executable, "-m", "bench.rivals.floor"],
        BOLT_JS: ["node", str(JS_FOLDER / "app.js")],
    }
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "told.json"
        path.write_text(json.dumps(facts), encoding="utf-8")
        command = [*commands[name], str(port), str(path)]
        async with serving(name, command, port=port, ready="/", core=run.cores.server) as server:
            yield server


async def node_ready(run: Run) -> bool:
    """Whether the rival in JavaScript can run; installs it at the first time. Its version is pinned in its package.json."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        run.note("node or npm is missing: without Bolt for JavaScript")
        return False
    if (JS_FOLDER / "node_modules" / "@slack" / "bolt").is_dir():
        return True
    arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    process = await asyncio.create_subprocess_exec("npm", *arguments, cwd=JS_FOLDER, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        run.note("npm could not install Bolt for JavaScript: without it")
        return False
    return True


@asynccontextmanager
async def everybody(run: Run, replay: Replay) -> AsyncIterator[list[Server]]:
    """Casebot and all rivals, started together and idle until they are asked."""
    names = [BOLT, *([BOLT_JS] if run.with_node and await node_ready(run) else []), FLOOR]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(casebot(run, replay))]
        for name in names:
            servers.append(await stack.enter_async_context(rival(run, name, told(replay))))
        yield servers
