"""A PostgreSQL for one measurement, on loopback, in a folder that is gone afterwards. What it says is on the disk is there.

It stays on the core for loads, for in earnest it has a machine of its own. PostgreSQL refuses to run as root; then it runs as a
user that the machine has for such things.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.machine import NotStarted, free_port

MISSING = "PostgreSQL's initdb and pg_ctl are missing: without its figures"
_USERS = ("postgres", "nobody", "daemon")


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; the newest where several are installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return places[-1].parent if places else None


@asynccontextmanager
async def postgresql(inside: Path) -> AsyncIterator[str]:
    """The address of an empty database; `inside` are the `programs`. Raises NotStarted."""
    somebody = _somebody()
    with tempfile.TemporaryDirectory(prefix="casebot-bench-") as folder:
        place, port = Path(folder), free_port()
        if somebody:
            os.chown(place, somebody["user"], somebody["group"])

        async def run(program: str, *arguments: str) -> None:
            command = [str(inside / program), "-D", str(place / "data"), *arguments]
            # A file, because the server inherits it: a pipe would never end. And a thread, because uvloop knows no users.
            with (place / "told").open("ab") as told:
                how = {"cwd": place, "stdin": subprocess.DEVNULL, "stdout": told, "stderr": told, "check": False}
                done = await asyncio.to_thread(subprocess.run, command, **how, **somebody)
            if done.returncode:
                raise NotStarted((place / "told").read_text(errors="replace"))

        await run("initdb", "--auth=trust", "--username=casebot", "--encoding=UTF8", "--locale=C")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={place}"
        await run("pg_ctl", "-w", "-l", str(place / "log"), "-o", options, "start")
        try:
            yield f"postgresql://casebot@127.0.0.1:{port}/postgres"
        finally:
            await run("pg_ctl", "-w", "-m", "fast", "stop")


def _somebody() -> dict[str, Any]:
    """What makes a child run as somebody else than root, as arguments for a process."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    somebody = next(known[name] for name in _USERS if name in known)
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
