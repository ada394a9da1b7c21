"""SIGTERM, sent to the real process: no new requests, what runs is finished, and it ends within Docker's ten seconds."""

from __future__ import annotations

import asyncio
import signal
import time

from simulator.slack import JANE, SUPPORT
from tests.processes import Running, address_of, half_a_request, running

DOCKER = 10.0


async def stopped(casebot: Running) -> tuple[float, str]:
    """Sends SIGTERM; how long it took to end, and what it logged."""
    began = time.monotonic()
    casebot.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        _, told = await casebot.process.communicate()
    return time.monotonic() - began, told.decode()


def notes(casebot: Running, words: str) -> int:
    """How many notes of these words the case holds."""
    return sum(words in entry["note"] for entry in casebot.desk.case(1234)["history"])


async def test_a_write_that_runs_is_finished_and_told_before_the_process_ends() -> None:
    async with running(cases=300) as casebot:
        casebot.slack.connect(await address_of(casebot.process))
        casebot.desk.latency = 1.5
        await casebot.slack.command(JANE, SUPPORT, "note #1234 Called back")
        await casebot.slack.until(lambda: any(call.method == "POST" for call in casebot.desk.calls), what="the write")

        seconds, told = await stopped(casebot)

        assert casebot.process.returncode == 0
        assert seconds < DOCKER
        assert "Added the note" in casebot.slack.last(JANE, SUPPORT).plain()
        assert notes(casebot, "Called back") == 1
        assert "ERROR" not in told, told


async def test_a_fusedesk_that_hangs_and_a_request_that_never_arrives_hold_nothing_up() -> None:
    async with running(cases=300) as casebot:
        url = await address_of(casebot.process)
        casebot.slack.connect(url)
        casebot.desk.fail("POST /cases/1234/addnote", when="after", how="hang")
        await casebot.slack.command(JANE, SUPPORT, "note #1234 Hangs")
        await casebot.slack.command(JANE, SUPPORT, "note #1234 Waits behind it")
        reader, writer = await half_a_request(url)
        await casebot.slack.until(lambda: notes(casebot, "Hangs"), what="the write")

        seconds, told = await stopped(casebot)
        rest = await reader.read()
        writer.transport.abort()

        assert casebot.process.returncode == 0
        assert seconds < DOCKER
        assert rest == b""
        assert "left for the next start" in told
        assert "ERROR" not in told, told


# Casebot with an end that never comes.
STUCK = """
import asyncio, bot.__main__, bot.app
bot.app.Casebot._stop = lambda _: asyncio.Event().wait()
bot.__main__.main(["run"])
"""


async def test_whatever_hangs_at_the_end_does_not_keep_the_process_alive() -> None:
    async with running(run=("-c", STUCK)) as casebot:
        await address_of(casebot.process)

        seconds, told = await stopped(casebot)

        assert casebot.process.returncode == 0, told
        assert seconds < DOCKER


async def test_no_request_is_taken_once_it_was_told_to_stop() -> None:
    async with running(cases=300) as casebot:
        url = await address_of(casebot.process)
        casebot.slack.connect(url)
        casebot.desk.hanging = True
        await casebot.slack.command(JANE, SUPPORT, "note #1234 Called back")
        casebot.process.send_signal(signal.SIGTERM)
        await casebot.slack.until(lambda: _shut(url), timeout=8, what="the door to be shut")

        assert casebot.process.returncode is None  # it still works at what it had begun
        casebot.desk.hanging = False
        await casebot.slack.until(lambda: notes(casebot, "Called back") == 1, what="the note")


async def _shut(url: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    except ConnectionError:
        return True
    writer.close()
    await writer.wait_closed()
    return False
