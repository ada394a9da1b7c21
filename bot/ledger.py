"""The book of wishes: which were accepted, whose turn it is, what was begun, and which casebots are alive.

What belongs here: the statements. What a wish says stands in the engine's own tables (`bot.durable`), for this book holds no
texts. A wish's `state` is

    open        accepted, nothing of it begun
    running     casebot is at it
    waiting     FuseDesk cannot take it right now, and it is tried again
    done, failed, cancelled    over; it may still have to be told
    lost        never acknowledged: the engine could not store it, or the casebot died between two lines
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, delete, func, or_, select, update

from bot.drafts import KEPT as DRAFTS_KEPT
from bot.store import CHANGE_KEPT, Store, put, put_once
from bot.tables import changes, drafts, intents, marks, quotas, replicas

State = Literal["open", "running", "waiting", "done", "failed", "cancelled", "lost"]
_UNDER_WAY = ("open", "running", "waiting")
_NOT_DONE = ("failed", "cancelled", "lost")
# How long the book remembers: a wish, so that its repetition is known as one; a mark, as long as a wish may wait, and then some.
_REMEMBERED = timedelta(days=7)
_MARKED = timedelta(days=3)
# The word `turn`, as the first of the two numbers that PostgreSQL's advisory locks are named by.
_TURNS = int.from_bytes(b"turn")


Turn = Literal["go", "wait", "over", "theirs"]


class Entry(NamedTuple):
    """A line of the book. `because` is why it waits, a plain sentence; "" where it does not (yet)."""

    id: int
    run: str
    user: str
    turn: str
    state: State
    executor: str
    because: str
    at: datetime


class Mark(NamedTuple):
    """Something that was begun at `at`: `before` is how the case stood, `ts` the message that came of it ("" while unknown)."""

    at: datetime
    before: Mapping[str, Any] | None
    ts: str


class Ledger:
    def __init__(self, store: Store) -> None:
        self._store = store

    # Wishes

    async def accept(self, key: str, user: str, turn: str, executor: str) -> tuple[Entry, bool]:
        """Enters a wish; the second value is False where the wish of that key is known already, and was not in vain."""

        def enter(connection: Connection) -> tuple[Entry, bool]:
            while True:
                # One look, or another replica's might come in between, and this one would be the next of that key.
                last = connection.execute(_ENTRY.where(intents.c.key == key).order_by(intents.c.id.desc()).limit(1)).first()
                if last is not None and last.state not in _NOT_DONE:
                    return _entry(last), False
                number = int(last.run.rpartition("#")[2]) + 1 if last is not None else 0
                row = {"run": f"{key}#{number}", "key": key, "user": user, "turn": turn, "state": "open", "executor": executor}
                # Another replica may enter it at this moment: whoever comes second finds it in the next round.
                if put_once(connection, intents, row | {"because": "", "at": datetime.now(UTC)}):
                    entered = connection.execute(_ENTRY.where(intents.c.run == row["run"])).one()
                    return _entry(entered), True

        return await self._store.write(enter)

    async def refused(self, key: str, executor: str, entered: datetime, kept: Sequence[str]) -> None:
        """What that casebot entered under the key, up to the moment `entered`, was not accepted after all; what has begun and
        the runs to be `kept` were. Its line stays: the engine may have it by now, so its name is used up."""
        mine = (intents.c.key == key, intents.c.executor == executor, intents.c.state == "open")
        lost = update(intents).where(*mine, intents.c.at <= entered, intents.c.run.not_in(kept)).values(state="lost")
        await self._store.write(lambda connection: connection.execute(lost))

    async def entry(self, run: str) -> Entry | None:
        rows = await self._store.read(lambda connection: connection.execute(_ENTRY.where(intents.c.run == run)).all())
        return _entry(rows[0]) if rows else None

    async def claim(self, run: str, executor: str) -> None:
        """From now on that casebot is at it, and nobody else."""
        await self._update(run, executor=executor)

    async def take_turn(self, run: str, turn: str) -> None:
        """Its case is known now."""
        await self._update(run, turn=turn)

    async def begin(self, run: str, executor: str) -> Turn:
        """Whether it may go to FuseDesk now: not while an earlier wish of its turn is under way or a later one at FuseDesk, nor
        when it was cancelled, nor where another casebot took it over."""

        def start(connection: Connection) -> Turn:
            found = connection.execute(_ENTRY.where(intents.c.run == run)).first()
            if found is None or found.state in ("cancelled", "lost"):
                return "over"
            if found.executor != executor:
                return "theirs"
            mine = update(intents).where(intents.c.run == run, intents.c.state == found.state, intents.c.executor == executor)
            if found.turn and _must_wait(connection, found):
                if found.state == "running":
                    # Its casebot died. Those that it waits for must not wait for it.
                    connection.execute(mine.values(state="waiting"))
                return "wait"
            # Where another one changed it meanwhile, the next look tells how.
            return "go" if connection.execute(mine.values(state="running")).rowcount else "wait"

        return await self._store.write(start)

    async def waits(self, run: str, because: str) -> bool:
        """It waits. Returns whether the person is to hear of it: once, when there is a `because` for the first time."""

        def wait(connection: Connection) -> bool:
            mine = (intents.c.run == run, intents.c.state.in_(_UNDER_WAY))
            told = connection.scalar(select(intents.c.because).where(*mine))
            values = {"state": "waiting"} | ({"because": because} if because else {})
            changed = connection.execute(update(intents).where(*mine).values(**values)).rowcount
            return changed > 0 and bool(because) and not told

        return await self._store.write(wait)

    async def over(self, run: str, state: State) -> None:
        await self._update(run, state=state)

    async def cancel(self, run: str, user: str) -> bool:
        """Takes a person's wish back; False where it is no longer only waiting, or is somebody else's."""
        mine = (intents.c.run == run, intents.c.user == user, intents.c.state.in_(("open", "waiting")))
        gone = update(intents).where(*mine).values(state="cancelled")
        return await self._store.write(lambda connection: connection.execute(gone).rowcount > 0)

    async def under_way(self, user: str) -> list[Entry]:
        """What a person wished and is not done yet, the oldest first."""
        mine = _ENTRY.where(intents.c.user == user, intents.c.state.in_(_UNDER_WAY)).order_by(intents.c.id)
        return [_entry(row) for row in await self._store.read(lambda connection: connection.execute(mine).all())]

    async def fulfilled(self, runs: Sequence[str]) -> list[str]:
        """Those of them that need not be tried again."""
        asked = select(intents.c.run).where(intents.c.run.in_(runs), intents.c.state == "failed")
        in_vain = {row.run for row in await self._store.read(lambda connection: connection.execute(asked).all())}
        return [run for run in runs if run not in in_vain]

    async def left_by_others(self, alive: Sequence[str]) -> list[Entry]:
        """What is under way at a casebot that is no more."""
        dead = _ENTRY.where(intents.c.executor.not_in(alive), intents.c.state.in_(_UNDER_WAY)).order_by(intents.c.id)
        return [_entry(row) for row in await self._store.read(lambda connection: connection.execute(dead).all())]

    async def adopt(self, run: str, alive: Sequence[str], executor: str) -> bool:
        """Takes over from a casebot that is no more; False where somebody else did."""
        orphan = update(intents).where(intents.c.run == run, intents.c.executor.not_in(alive)).values(executor=executor)
        return await self._store.write(lambda connection: connection.execute(orphan).rowcount > 0)

    async def _update(self, run: str, **values: str) -> None:
        change = update(intents).where(intents.c.run == run).values(**values)
        await self._store.write(lambda connection: connection.execute(change))

    # What was begun

    async def mark(self, key: str, before: Mapping[str, Any] | None = None) -> None:
        """It is begun now. What is marked already stays as it is."""
        row = {"key": key, "at": datetime.now(UTC), "before": before, "ts": ""}
        await self._store.write(lambda connection: put_once(connection, marks, row))

    async def marked(self, key: str) -> Mark | None:
        asked = select(marks.c.at, marks.c.before, marks.c.ts).where(marks.c.key == key)
        rows = await self._store.read(lambda connection: connection.execute(asked).all())
        return Mark(*rows[0]) if rows else None

    async def posted(self, key: str, ts: str) -> None:
        """The message that was begun is there."""
        await self._store.write(lambda connection: connection.execute(update(marks).where(marks.c.key == key).values(ts=ts)))

    async def unmark(self, key: str) -> None:
        """It certainly did not happen."""
        await self._store.write(lambda connection: connection.execute(delete(marks).where(marks.c.key == key)))

    # Replicas

    async def beat(self, executor: str, beat: int) -> dict[str, int]:
        """Shows that this casebot lives; returns what every one counted last."""

        def count(connection: Connection) -> dict[str, int]:
            put(connection, replicas, {"executor": executor}, {"beat": beat})
            return {row.executor: row.beat for row in connection.execute(select(replicas))}

        return await self._store.write(count)

    async def gone(self, executors: Sequence[str]) -> None:
        """Those casebots ended."""
        ended = delete(replicas).where(replicas.c.executor.in_(executors))
        await self._store.write(lambda connection: connection.execute(ended))

    async def share_quota(self, app: str, numbers: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Tells the others what FuseDesk's headers said, where that is news to them; returns the newest that anybody knows."""

        def share(connection: Connection) -> Mapping[str, Any] | None:
            known = connection.execute(select(quotas).where(quotas.c.app == app)).mappings().first()
            if numbers is not None and (known is None or numbers["at"] > known["at"]):
                put(connection, quotas, {"app": app}, dict(numbers))
                return numbers
            return None if known is None else {name: known[name] for name in ("limit", "remaining", "at", "again_at")}

        return await self._store.write(share)

    # Keeping it small

    async def forget_old(self) -> None:
        """What nobody will ask for again, in casebot's whole database. What is under way stays, however old."""
        now = datetime.now(UTC)

        def forget(connection: Connection) -> None:
            connection.execute(delete(intents).where(intents.c.state.not_in(_UNDER_WAY), intents.c.at < now - _REMEMBERED))
            connection.execute(delete(marks).where(marks.c.at < now - _MARKED))
            connection.execute(delete(drafts).where(drafts.c.at < now - DRAFTS_KEPT))
            connection.execute(delete(changes).where(changes.c.at < now - CHANGE_KEPT))

        await self._store.write(forget)


_ENTRY = select(*(intents.c[name] for name in Entry._fields))


def _entry(row: Any) -> Entry:
    return Entry(*row)


def _must_wait(connection: Connection, mine: Any) -> bool:
    """A later one can be at FuseDesk already: a case number may lead to its case only then, and PostgreSQL may show the later
    of two lines first."""
    if connection.dialect.name == "postgresql":
        # One at a time looks and writes, to the end of its transaction. SQLite has one writer anyway.
        connection.execute(select(func.pg_advisory_xact_lock(_TURNS, func.hashtext(mine.turn))))
    before = or_(intents.c.id < mine.id, intents.c.state == "running")
    others = select(intents.c.id).where(intents.c.turn == mine.turn, intents.c.state.in_(_UNDER_WAY), intents.c.id != mine.id)
    return connection.execute(others.where(before).limit(1)).first() is not None
