"""Texts too long for a form: the form shows their beginning, the rest waits here for its submission.

It waits in casebot's database, so that a restart or a submission that reaches another replica finds it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from sqlalchemy import Connection, delete, func, insert, select

from bot.cards.text import cut
from bot.database import DatabaseError
from bot.store import Store
from bot.tables import drafts

log = logging.getLogger(__name__)

# How long a form may be of use: open for a day, its wish under way for another, and to be tried again for a third. `bot.ledger`
# deletes what is older.
KEPT = timedelta(days=3)
# Slack's text input takes 3,000; the rest is room for what a person adds.
_SHOWN = 2_800
# Characters of all rests together.
_MOST = 20_000_000
# A trigger lives for three seconds: what a form is filled with must be there in part of them.
_WITHIN = 0.8
_MISSING = "… (The rest of this text is missing: casebot did not have it when the form was sent.)"
# A message may hold what no database takes as text: a NUL, half a surrogate pair.
_CODEC = ("utf-8", "surrogatepass")


class Drafts:
    """`most`: of how many characters of all rests together the newest are kept."""

    def __init__(self, store: Store, *, most: int = _MOST) -> None:
        self._store = store
        self._most = most

    async def keep(self, text: str) -> tuple[str, str, int]:
        """Returns what the form shows, the key of the rest, and the rest's length.

        The key is "" where there is no rest, or where the database does not take it in time: the form must open all the same,
        and says that the rest will be missing.
        """
        shown, rest = split(text)
        if not rest:
            return text, "", 0
        key = token_hex(8)
        try:
            await asyncio.wait_for(self._keep(key, rest), _WITHIN)
        except (DatabaseError, TimeoutError) as fault:
            facts = fault.facts if isinstance(fault, DatabaseError) else {"code": type(fault).__name__}
            log.warning("the rest of a text cannot be kept", extra={"facts": facts})
            key = ""
        return shown, key, len(rest)

    async def rest(self, key: str, size: int) -> str:
        """The rest of so many characters, or a sentence that it is missing. Raises DatabaseError: it may be there."""
        found = await self._find(key) if key else None
        if found is not None:
            return found
        return _MISSING if key or size else ""

    async def _keep(self, key: str, rest: str) -> None:
        row = {"key": key, "at": datetime.now(UTC), "size": len(rest), "rest": rest.encode(*_CODEC)}
        newest_first = func.sum(drafts.c.size).over(order_by=(drafts.c.at.desc(), drafts.c.key))
        summed = select(drafts.c.key, newest_first.label("so_far")).subquery()
        surplus = select(summed.c.key).where(summed.c.so_far > self._most)

        def keep(connection: Connection) -> None:
            connection.execute(insert(drafts), row)
            connection.execute(delete(drafts).where(drafts.c.key.in_(surplus)))

        await self._store.write(keep)

    async def _find(self, key: str) -> str | None:
        asked = select(drafts.c.rest).where(drafts.c.key == key)
        found = await self._store.read(lambda connection: connection.execute(asked).scalar_one_or_none())
        return None if found is None else bytes(found).decode(*_CODEC)


def split(text: str) -> tuple[str, str]:
    """What a form shows of a text, and the rest."""
    shown = cut(text, _SHOWN)
    if shown == text:
        return text, ""
    shown = shown.removesuffix("…")
    return shown, text[len(shown) :]
