"""This machine: which core serves and which one loads, servers as processes of their own, how much they take.

What belongs here: starting, watching and stopping processes, each by its own id. What runs in them does not.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_REST = 0.5


class NotStarted(Exception):
    """A server that ended or did not answer in time; what it wrote is the text."""


@dataclass(frozen=True)
class Cores:
    """One core for servers, another for the load; None where the system cannot pin, or has but one."""

    server: int | None
    load: int | None


def two_cores() -> Cores:
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    mine = sorted(os.sched_getaffinity(0))
    return Cores(mine[0], mine[-1]) if len(mine) > 1 else Cores(None, None)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started inside inherits the core, with all threads that it will ever have."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Server:
    """A process that answers at `port` of 127.0.0.1. `seconds` is how long it took from its start to its first answer."""

    name: str
    pid: int
    port: int
    seconds: float

    def rss(self) -> float:
        """MiB in memory now, as ps and Docker count and as the goals do; 0 where the system does not tell."""
        path = Path(f"/proc/{self.pid}/statm")
        return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if path.exists() else 0.0

    def cpu(self) -> float:
        """Seconds of processor time so far, 0 where the system does not tell."""
        try:
            return time.clock_gettime(_cpu_clock(self.pid))
        except (AttributeError, OSError):
            return 0.0

    async def at_rest(self) -> None:
        """Until it takes hardly anything of its core for half a second. Raises TimeoutError after two minutes."""
        async with asyncio.timeout(120):
            while True:
                before = self.cpu()
                await asyncio.sleep(_REST)
                if self.cpu() - before < _REST / 10:
                    return


def _cpu_clock(pid: int) -> int:
    """What clock_getcpuclockid(3) returns on Linux, for which Python has no name: /proc tells hundredths of a second only."""
    return (~pid << 3) | 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    ready: str,
    core: int | None,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> AsyncIterator[Server]:
    """Runs `command` until the block ends. It is there once `GET ready` has any answer below 500. Raises NotStarted."""
    started = time.perf_counter()
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**_bare(), **(env or {})},
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    said: list[bytes] = []
    reading = asyncio.create_task(_drain(process, said))
    try:
        await _answers(process, port, ready, said)
        yield Server(name, process.pid, port, time.perf_counter() - started)
    finally:
        await _stop(process)
        await reading


def _bare() -> dict[str, str]:
    """The environment without anybody's settings of casebot: a run must not depend on whose machine it is."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}


async def _drain(process: asyncio.subprocess.Process, said: list[bytes]) -> None:
    """Keeps the last words; a full pipe would stop the server."""
    assert process.stderr is not None
    while line := await process.stderr.readline():
        said.append(line)
        del said[:-30]


async def _answers(process: asyncio.subprocess.Process, port: int, path: str, said: list[bytes]) -> None:
    try:
        async with asyncio.timeout(30):
            while process.returncode is None:
                if await _status(port, path) in range(200, 500):
                    return
                await asyncio.sleep(0.005)  # nothing tells when another process listens
    except TimeoutError:
        raise NotStarted("no answer within 30 seconds\n" + b"".join(said).decode(errors="replace")) from None
    raise NotStarted(b"".join(said).decode(errors="replace"))


async def _status(port: int, path: str) -> int:
    """0 for no answer."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        line = (await reader.readline()).split()
        return int(line[1]) if len(line) > 1 else 0
    except OSError:
        return 0
    finally:
        writer.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends that one process: asked first, then made to."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
