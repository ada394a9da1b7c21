"""The load from `wrk` (Debian's package): written in C, so never the bottleneck. The signed request is handed over in Lua."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.requests import PATH, Shot

MISSING = "wrk is missing (apt-get install wrk): the door is measured with bench's own load, which may bound the fastest ones"

# https://github.com/wg/wrk/blob/master/SCRIPTING ; latencies come in microseconds.
_SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers = {headers}
function done(summary, latency, requests)
  local wrong = summary.errors
  io.write(string.format('\\nRESULT {{"p50": %f, "p99": %f, "requests": %d, "us": %d, "wrong": %d}}\\n',
    latency:percentile(50), latency:percentile(99), summary.requests, summary.duration,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout))
end
"""


class Wrong(Exception):
    """Some answers were none or no success."""


@dataclass(frozen=True)
class Burst:
    """Milliseconds, and requests a second."""

    p50: float
    p99: float
    rate: float


def available() -> bool:
    return shutil.which("wrk") is not None


async def burst(port: int, shot: Shot, *, connections: int, seconds: int) -> Burst:
    """Sends the one request for so long. Raises Wrong."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "shot.lua"
        script.write_bytes(_lua(shot))
        arguments = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
        process = await asyncio.create_subprocess_exec(
            "wrk", *arguments, f"http://127.0.0.1:{port}{PATH}", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
    return read(said.decode(errors="replace"))


def _lua(shot: Shot) -> bytes:
    headers = ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in shot.headers.items())
    return _SCRIPT.format(body=_quoted(shot.body.decode()), headers="{" + headers + "}").encode()


def _quoted(text: str) -> str:
    """A form is ASCII, so JSON's way to quote is Lua's."""
    return json.dumps(text)


def read(said: str) -> Burst:
    found = [line for line in said.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise Wrong(said)
    told = json.loads(found[0].removeprefix("RESULT "))
    if told["wrong"] or not told["requests"]:
        raise Wrong(said)
    return Burst(told["p50"] / 1000, told["p99"] / 1000, told["requests"] / told["us"] * 1e6)
