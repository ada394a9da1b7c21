"""A wire between casebot and its database, which a test can watch and cut.

It runs in a thread of its own, because casebot asks its database now and then in the thread of the test's own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

_CHUNK = 65_536


class Wire:
    """`port` is its near end, `to` the port of the database. `torn`: it came to what `tear_at` said; `silent`:
    whoever comes is let in and may speak, and nobody hears it. `knocks` counts the connections that found nobody."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._carried: set[asyncio.Task[None]] = set()
        self._countdown = 0
        self.port = 0
        self.torn = False
        self.silent = False
        self.knocks = 0

    def tear_at(self, number: int) -> None:
        """The so many-th commit from now on reaches the database. What that answers is lost, and nobody else gets through until
        `mend`."""
        self.knocks = 0
        self._countdown = number

    def mend(self) -> None:
        self._countdown = 0
        self.torn = False

    def run(self, up: threading.Event, end: threading.Event) -> None:
        self._loop.run_until_complete(self._serve(up, end))
        self._loop.close()

    async def _serve(self, up: threading.Event, end: threading.Event) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        up.set()
        await asyncio.to_thread(end.wait)
        server.close()
        await asyncio.sleep(0)  # who came last is being carried, too
        carried = list(self._carried)
        self._cut()
        await asyncio.gather(*carried, return_exceptions=True)

    def _cut(self) -> None:
        for task in list(self._carried):
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carried.add(task)
        ends = [writer]
        try:
            await self._between(reader, writer, ends)
        except OSError:
            self.knocks += 1
        finally:
            self._carried.discard(task)
            for end in ends:
                end.transport.abort()
            for end in ends:
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _between(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: list[asyncio.StreamWriter]
    ) -> None:
        """Raises OSError where nobody is at the far end."""
        if self.torn:
            raise ConnectionRefusedError
        if self.silent:
            self.knocks += 1
            while await reader.read(_CHUNK):
                pass
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        ends.append(far_writer)
        there = asyncio.create_task(self._there(reader, far_writer))
        back = asyncio.create_task(self._back(far_reader, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while said := await reader.read(_CHUNK):
                if self._tears(said):
                    self.torn = True
                if not self.silent:
                    writer.write(said)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while said := await reader.read(_CHUNK):
                if self.torn:
                    # The database has done what it was told last.
                    self._cut()
                    return
                writer.write(said)

    def _tears(self, said: bytes) -> bool:
        if not (self._countdown and b"COMMIT" in said):
            return False
        self._countdown -= 1
        return not self._countdown


@contextlib.contextmanager
def wire(to: int) -> Iterator[Wire]:
    """A wire to that port of this machine, which is gone afterwards."""
    made, up, end = Wire(to), threading.Event(), threading.Event()
    thread = threading.Thread(target=made.run, args=(up, end), daemon=True)
    thread.start()
    try:
        assert up.wait(10), "the wire is not up"
        yield made
    finally:
        end.set()
        thread.join(10)
