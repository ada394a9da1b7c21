"""casebot itself, unchanged: `python -m bot run` as a process of its own, which can be killed and started again.

It gets its settings as anybody's casebot does, by the environment, and nothing else of ours: no `.env`, no variable. It takes a
free port and tells it in its log. What it writes beside its log (a database) stands in `directory`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES = 200
GRACE = 5.0


class CannotStart(Exception):
    """casebot ended before it was up; the words are the end of its log."""


class BotProcess:
    """`up` gets its address at every start, `changed` is called when it came or went. `log` holds its last lines."""

    def __init__(
        self, settings: dict[str, str], directory: Path, *, up: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._up = up
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.log: deque[str] = deque(maxlen=LINES)
        self.state = "down"  # down, starting or up

    @property
    def pid(self) -> int:
        """Of the running process, 0 when there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def start(self) -> None:
        """Returns once it answers. Does nothing when it runs. Raises CannotStart."""
        if self.pid:
            return
        self._tell("starting")
        environment = {"PYTHONPATH": str(ROOT), "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", **self._settings}
        # A session of its own: Ctrl-C in the terminal is for us, and we end it in good order.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._directory,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        listening: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(self._process, listening))
        if not await listening:
            raise CannotStart("\n".join(list(self.log)[-8:]))

    async def _read(self, process: asyncio.subprocess.Process, listening: asyncio.Future[bool]) -> None:
        """Follows the log until the process ends."""
        assert process.stderr
        async for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            self.log.append(line)
            address = _address(line)
            if address:
                self._up(address)
                self._tell("up")
                listening.set_result(True)
        await process.wait()
        self._tell("down")
        if not listening.done():
            listening.set_result(False)

    def _tell(self, state: str) -> None:
        self.state = state
        self._changed()

    async def kill(self) -> None:
        """SIGKILL: no warning, nothing is finished. Returns when it is gone."""
        if self._process and self.pid:
            self._process.kill()
        if self._reading:
            await self._reading

    async def stop(self) -> None:
        """SIGTERM: what has begun is finished; SIGKILL when that takes too long."""
        if self._process and self._reading and self.pid:
            self._process.terminate()
            try:
                await asyncio.wait_for(asyncio.shield(self._reading), GRACE)
            except TimeoutError:
                await self.kill()


def _address(line: str) -> str:
    """Where casebot listens, when this is the line that says it."""
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said.get("address") or "") if isinstance(said, dict) and said.get("message") == "casebot is up" else ""
