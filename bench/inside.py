"""Casebot inside this process, for what is measured without a network before it: a request goes straight into its ASGI app.

Also the large firm whose names it has to find: thousands of reps, a thousand tags.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bench.contestants import settings
from bench.replay import Replay, replaying
from bench.requests import PATH, Shot
from bot.app import Casebot, build_app
from bot.settings import read_settings
from simulator.fusedesk import FuseDesk
from simulator.fusedesk_seed import FIRST_NAMES, LAST_NAMES, TAGS

_SYLLABLES = ("ba", "ko", "li", "mer", "no", "ra", "sen", "ta", "vi", "zu")


def large_firm(*, reps: int, tags: int, cases: int = 50) -> FuseDesk:
    """With so many reps and tags besides the usual ones; the same at every run."""
    desk = FuseDesk(cases=cases)
    draw = random.Random(7)
    with desk.store.together():
        for number in range(reps):
            last = f"{draw.choice(LAST_NAMES)}-{''.join(draw.choices(_SYLLABLES, k=3)).title()}"
            rep = {"firstname": draw.choice(FIRST_NAMES), "lastname": last, "email": f"rep{number}@example.org", "active": 1}
            desk.store.add_rep(rep, [draw.choice((268, 269, 270, 271))])
        for number in range(tags):
            desk.store.add_tag(f"{draw.choice(TAGS)} {''.join(draw.choices(_SYLLABLES, k=2))} {number}")
    return desk


@asynccontextmanager
async def casebot_inside(desk: FuseDesk) -> AsyncIterator[tuple[Casebot, Replay]]:
    """Started, with all names there."""
    with tempfile.TemporaryDirectory() as folder:
        async with replaying(desk) as replay:
            given = {
                name.lower(): value for name, value in settings(replay, 0, DATABASE_URL=f"sqlite:///{folder}/casebot.db").items()
            }
            bot = await build_app(read_settings(_env_file=None, **given))
            async with lifespan(bot):
                await bot.directory.filled(60)
                yield bot, replay


@asynccontextmanager
async def lifespan(bot: Casebot) -> AsyncIterator[None]:
    """What a server does around an ASGI app."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(bot.asgi({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    await outbox.get()
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await task


async def asked(bot: Casebot, shot: Shot) -> float:
    """Milliseconds from a signed request to its whole answer. Raises RuntimeError for anything but a 200."""
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": shot.body, "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in shot.headers.items()]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": PATH, "root_path": ""}
    scope |= {"scheme": "http", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    began = time.thread_time()
    await bot.asgi(scope, receive, send)
    took = (time.thread_time() - began) * 1000
    if answers[0]["status"] != 200:
        raise RuntimeError(f"status {answers[0]['status']}")
    return took


def each(work: Callable[[], object], count: int) -> float:
    """Milliseconds for one of `count` repetitions."""
    began = time.thread_time()
    for _ in range(count):
        work()
    return (time.thread_time() - began) * 1000 / count
