"""The payloads that Slack sends, key by key. Shapes: Slack's documentation of commands, interactions and events.

Not imitated: Enterprise Grid, unfurls, custom steps, a `message` in the payload of a click on an ephemeral message (Slack does
not promise one, so there is none).
"""

from __future__ import annotations

import time

from simulator.slack_state import APP, BOT_USER, Channel, Message, View
from simulator.slack_text import Json
from simulator.slack_workspace import Workspace


class Payloads:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def moment(self) -> str:
        return f"{self._workspace.now():.6f}"

    def _common(self, kind: str, user: str) -> Json:
        person = self._workspace.users[user]
        return {
            "type": kind,
            "token": "legacy",
            "api_app_id": APP,
            "team": {"id": self._workspace.team, "domain": self._workspace.domain},
            "user": {"id": user, "name": person.name, "username": person.name, "team_id": person.team},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def command(self, user: str, channel: Channel, text: str, command: str, *, trigger: str, url: str) -> dict[str, str]:
        person = self._workspace.users[user]
        return {
            "token": "legacy",
            "team_id": person.team,
            "team_domain": self._workspace.domain,
            "channel_id": channel.id,
            "channel_name": channel.payload_name,
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": trigger,
        }

    def shortcut(self, user: str, callback_id: str, trigger: str) -> Json:
        return self._common("shortcut", user) | {
            "action_ts": self.moment(),
            "callback_id": callback_id,
            "trigger_id": trigger,
        }

    def message_shortcut(self, user: str, message: Message, callback_id: str, *, trigger: str, url: str) -> Json:
        facts = self._workspace.facts(message)
        if message.by_bot:
            facts.pop("user")
        return self._common("message_action", user) | {
            "action_ts": self.moment(),
            "callback_id": callback_id,
            "trigger_id": trigger,
            "response_url": url,
            "channel": self._channel(message),
            "message_ts": message.ts,
            "message": facts,
        }

    def _channel(self, message: Message) -> Json:
        channel = self._workspace.channels[message.channel]
        return {"id": channel.id, "name": channel.payload_name}

    def _container(self, where: Message | View) -> Json:
        """What says where an element stands: `container`, and the view or the message with its channel."""
        if isinstance(where, View):
            return {"container": {"type": "view", "view_id": where.id}, "view": where.facts()}
        container: Json = {"type": "message", "message_ts": where.ts, "channel_id": where.channel}
        container["is_ephemeral"] = where.ephemeral
        if where.thread_ts:
            container["thread_ts"] = where.thread_ts
        found: Json = {"container": container, "channel": self._channel(where)}
        return found if where.ephemeral else found | {"message": self._workspace.facts(where)}

    def actions(self, user: str, where: Message | View, action: Json, *, trigger: str, url: str) -> Json:
        payload = self._common("block_actions", user) | self._container(where)
        payload |= {"trigger_id": trigger, "actions": [action]}
        return payload if isinstance(where, View) else payload | {"response_url": url, "state": where.state}

    def suggestion(self, user: str, where: Message | View, action_id: str, block_id: str, typed: str) -> Json:
        asked = {"action_id": action_id, "block_id": block_id, "value": typed}
        return self._common("block_suggestion", user) | self._container(where) | asked

    def submission(self, user: str, view: View, trigger: str) -> Json:
        more = {"trigger_id": trigger, "view": view.facts(), "response_urls": []}
        return self._common("view_submission", user) | more

    def closed(self, user: str, view: View, *, cleared: bool) -> Json:
        return self._common("view_closed", user) | {"view": view.facts(), "is_cleared": cleared}

    def event(self, event: Json, event_id: str) -> Json:
        team = self._workspace.team
        installed = {"enterprise_id": None, "team_id": team, "user_id": BOT_USER, "is_bot": True}
        return {
            "type": "event_callback",
            "token": "legacy",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": APP,
            "event": {"event_ts": self.moment(), **event},
            "event_id": event_id,
            "event_time": int(time.time()),
            "event_context": f"4-{event_id}",
            "authorizations": [installed | {"is_enterprise_install": False}],
            "is_ext_shared_channel": False,
        }

    def home_opened(self, user: str, channel: str, tab: str) -> Json:
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
        home = self._workspace.homes.get(user)
        return event | {"view": home.facts()} if home and tab == "home" else event
