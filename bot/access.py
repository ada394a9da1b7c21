"""Who in Slack it is, and whether casebot answers them.

Only full members of the workspace (or organisation) that installed casebot are answered: payloads carry no guest flag, and
people of other companies can press buttons in shared channels, so everybody is looked up with `users.info` (kept for ten
minutes) before anything is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from cachetools import TTLCache

from bot.cases import Person
from bot.directory import Directory
from bot.errors import NotAllowed, Refused
from bot.slack import Slack, SlackError

_NOBODY = {"user_not_found", "user_not_visible"}
_HELP = "Ask a member of the support team to do it for you."


class People:
    """`team` and `enterprise` are those of the installation, as auth.test tells them."""

    def __init__(
        self, slack: Slack, directory: Directory, *, team: str, enterprise: str = "", ttl: float = 600.0, most: int = 20_000
    ) -> None:
        self._slack = slack
        self._directory = directory
        self._team = team
        self._enterprise = enterprise
        self._profiles: TTLCache[str, asyncio.Task[dict[str, Any]]] = TTLCache(maxsize=most, ttl=ttl)

    async def member(self, user: str) -> Person:
        """The person behind a Slack user id, who may use casebot. Raises NotAllowed (or SlackError when Slack cannot say)."""
        profile = await self._profile(user)
        if refusal := self._refusal(profile):
            raise NotAllowed(refusal, user=user)
        return self._person(user, profile)

    async def anybody(self, user: str) -> Person:
        """The person behind an id that was mentioned or wrote a message; no judgement. Refused for an id that is nobody's."""
        try:
            return self._person(user, await self._profile(user))
        except SlackError as fault:
            if fault.code not in _NOBODY:
                raise
            raise Refused("Slack does not know the person you mention.", field="rep") from fault

    def forget(self, user: str) -> None:
        """Slack is asked anew at the next occasion."""
        self._profiles.pop(user, None)

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

    def _refusal(self, profile: Mapping[str, Any]) -> str:
        if profile.get("deleted"):
            return "This Slack account is deactivated."
        if profile.get("is_bot") or profile.get("is_workflow_bot"):
            return "casebot answers people, not apps."
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

    def _person(self, user: str, profile: Mapping[str, Any]) -> Person:
        about = profile.get("profile") or {}
        name = str(profile.get("real_name") or about.get("real_name") or profile.get("name") or user)
        email = str(about.get("email") or "")
        # Asked anew each time and not kept: FuseDesk's reps change while Slack's profile stays.
        rep = self._directory.rep_for(email, name)
        return Person(
            user=user,
            team=str(profile.get("team_id") or ""),
            name=name,
            email=email,
            zone=str(profile.get("tz") or "UTC"),
            repid=rep.userid if rep else None,
            rep=rep.name if rep else "",
            admin=bool(profile.get("is_admin") or profile.get("is_owner")),
        )
