"""Who in Slack it is, which rep they are, and whether casebot answers them at all.

What somebody may do is in `bot.access`. Only full members of the workspace (or organisation) that installed casebot are answered:
payloads carry no guest flag, and people of other companies can press buttons in shared channels, so everybody is looked up with
`users.info` (kept for ten minutes) before anything is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cachetools import TTLCache

from bot.cases import Person
from bot.database import DatabaseError
from bot.directory import FIRST_PATIENCE, Directory
from bot.errors import NotAllowed, Refused
from bot.slack import Slack, SlackError
from bot.store import Store

log = logging.getLogger(__name__)

_LINKS_TTL = 60.0
_NOBODY = {"user_not_found", "user_not_visible"}
_HELP = "Ask a member of the support team to do it for you."


class People:
    """`team` and `enterprise` are those of the installation, as auth.test tells them; `everybody` makes every full member the
    like of a rep."""

    def __init__(
        self,
        slack: Slack,
        directory: Directory,
        store: Store,
        *,
        team: str,
        enterprise: str = "",
        everybody: bool = False,
        ttl: float = 600.0,
        most: int = 20_000,
    ) -> None:
        self._slack = slack
        self._directory = directory
        self._store = store
        self._everybody = everybody
        self._team = team
        self._enterprise = enterprise
        self._profiles: TTLCache[str, asyncio.Task[dict[str, Any]]] = TTLCache(maxsize=most, ttl=ttl)
        self._links: TTLCache[str, int | None] = TTLCache(maxsize=most, ttl=_LINKS_TTL)

    async def member(self, user: str) -> Person:
        """The person behind a Slack user id, who may use casebot. Raises NotAllowed (or SlackError when Slack cannot say)."""
        profile = await self._profile(user)
        self._admit(user, profile)
        return self._person(user, profile, await self._linked(user))

    def at_hand(self, user: str) -> Person | None:
        """The same as `member` where all is known that has to be: nearly always. None where somebody must be asked."""
        task = self._profiles.get(user)
        if task is None or not task.done() or user not in self._links:
            return None
        self._admit(user, task.result())
        return self._person(user, task.result(), self._links.get(user))

    async def anybody(self, user: str) -> Person:
        """The person behind an id that was mentioned or wrote a message; no judgement. Refused for an id that is nobody's."""
        try:
            profile = await self._profile(user)
        except SlackError as fault:
            if fault.code not in _NOBODY:
                raise
            raise Refused("Slack does not know the person you mention.", field="rep") from fault
        return self._person(user, profile, await self._linked(user))

    async def recognised(self, by: Person, patience: float = FIRST_PATIENCE) -> Person:
        """The person with the rep that they are, even if the reps' names had not come yet when they asked."""
        if by.is_rep or self._directory.ready:
            return by
        await self._directory.filled(patience)
        return self._as_rep(by, await self._linked(by.user))

    def forget(self, user: str) -> None:
        """Slack and the store are asked anew at the next occasion."""
        self._profiles.pop(user, None)
        self._links.pop(user, None)

    async def _profile(self, user: str) -> dict[str, Any]:
        """Single flight: many clicks of a newcomer make one call; a failed one is forgotten."""
        task = self._profiles.get(user)
        if task is None:
            task = self._profiles[user] = asyncio.create_task(self._slack.user(user))
            task.add_done_callback(lambda done: self._forget_failed(user, done))
        return await asyncio.shield(task)

    def _forget_failed(self, user: str, done: asyncio.Task[dict[str, Any]]) -> None:
        if done.cancelled() or done.exception() is not None:
            self.forget(user)

    def _admit(self, user: str, profile: Mapping[str, Any]) -> None:
        if refusal := self._refusal(profile):
            raise NotAllowed(refusal, user=user)

    def _refusal(self, profile: Mapping[str, Any]) -> str:
        if profile.get("deleted"):
            return f"This Slack account is deactivated. {_HELP}"
        if profile.get("is_bot") or profile.get("is_workflow_bot"):
            return f"casebot answers people, not apps. {_HELP}"
        if not self._is_ours(profile):
            return f"casebot is only for members of the workspace that runs it. {_HELP}"
        if profile.get("is_restricted") or profile.get("is_ultra_restricted"):
            return f"casebot is not for guests of this workspace. {_HELP}"
        return ""

    def _is_ours(self, profile: Mapping[str, Any]) -> bool:
        if profile.get("is_stranger"):
            return False
        # In an organisation the sibling workspaces have ids of their own.
        if self._enterprise:
            return str((profile.get("enterprise_user") or {}).get("enterprise_id") or "") == self._enterprise
        return str(profile.get("team_id") or "") == self._team

    def _person(self, user: str, profile: Mapping[str, Any], linked: int | None) -> Person:
        about = profile.get("profile") or {}
        name = str(profile.get("real_name") or about.get("real_name") or profile.get("name") or user)
        person = Person(
            user=user,
            team=str(profile.get("team_id") or ""),
            name=name,
            email=str(about.get("email") or ""),
            zone=str(profile.get("tz") or "UTC"),
            admin=bool(profile.get("is_admin") or profile.get("is_owner")),
            everything=self._everybody,
        )
        # Asked anew each time and not kept: FuseDesk's reps change while Slack's profile stays.
        return self._as_rep(person, linked)

    def _as_rep(self, person: Person, linked: int | None) -> Person:
        """What was said by hand goes before what email and name tell."""
        rep = self._directory.rep_by_id(linked) or self._directory.rep_for(person.email, person.name)
        return replace(person, repid=rep.userid, rep=rep.name, everything=True) if rep else person

    async def _linked(self, user: str) -> int | None:
        """Kept for a minute: another replica may link somebody, too. Without its database casebot still knows people by email."""
        if user not in self._links:
            try:
                self._links[user] = await self._store.rep_of(user)
            except DatabaseError as fault:
                log.warning("links to reps are not known", extra={"facts": fault.facts})
                return None
        return self._links[user]
