"""What Slack does with the bot's answer to a command, a submission or a typeahead. What it would not take is a fault."""

from __future__ import annotations

from simulator.slack_chat import content_of
from simulator.slack_delivery import Exchange
from simulator.slack_response import ResponseUrls
from simulator.slack_rules import Report, listing
from simulator.slack_shapes import GROUP, OPTION
from simulator.slack_state import Message, View
from simulator.slack_text import Json
from simulator.slack_views import Views, view_of
from simulator.slack_web import Refused
from simulator.slack_workspace import Workspace

ACK_KEYS = {"text", "blocks", "response_type", "unfurl_links", "unfurl_media", "metadata"}


class Acks:
    def __init__(self, workspace: Workspace, views: Views, urls: ResponseUrls) -> None:
        self._workspace = workspace
        self._views = views
        self._urls = urls

    def _invalid(self, exchange: Exchange, says: str) -> None:
        exchange.error = "invalid_response"
        self._workspace.fault(f"{exchange.kind}: {says}")

    def command(self, exchange: Exchange, user: str, channel: str, command: str) -> None:
        """A body becomes a message: for the person alone, unless it says in_channel. A failure is told by Slackbot."""
        if exchange.error:
            says = f'{command} failed with the error "{exchange.error}"'
            self._workspace.put(Message(channel, "", "USLACKBOT", says, to=user))
            return
        body = exchange.json or ({"text": exchange.text} if exchange.text else {})
        if not body:
            return
        try:
            for unknown in sorted(body.keys() - ACK_KEYS):
                self._workspace.fault(f"command: unknown key {unknown} in the answer")
            self._urls.write(user, channel, content_of(self._workspace, body, "command"), body)
        except Refused as refusal:
            self._invalid(exchange, str(refusal))

    def nothing(self, exchange: Exchange) -> None:
        """Slack ignores the body here, so a bot that sends one is mistaken."""
        if not exchange.error and exchange.text.strip():
            self._workspace.fault(f"{exchange.kind}: the answer's body is ignored: {exchange.text[:200]}")

    def options(self, exchange: Exchange) -> list[Json]:
        """The options offered, groups taken apart; [] where Slack would show none."""
        if exchange.error:
            return []
        body = exchange.json
        report = Report()
        if ("options" in body) == ("option_groups" in body):
            report.note("", "must have either options or option_groups")
        listing(100, OPTION, least=0)(report, "/options", body.get("options", []))
        listing(100, GROUP, least=0)(report, "/option_groups", body.get("option_groups", []))
        if report.found:
            self._invalid(exchange, "; ".join(report.found))
            return []
        return [*body.get("options", []), *(option for group in body.get("option_groups", []) for option in group["options"])]

    def submission(self, exchange: Exchange, view: View) -> None:
        """Closes the view, or does what `response_action` says. A failure leaves it open with an error."""
        if exchange.error or view.closed:
            return None
        if exchange.text.strip() not in ("", "{}") and not exchange.json:
            return self._invalid(exchange, f"the answer is no JSON object: {exchange.text[:200]}")
        try:
            self._respond(exchange, view, exchange.json)
        except Refused as refusal:
            self._invalid(exchange, str(refusal))
        return None

    def _respond(self, exchange: Exchange, view: View, body: Json) -> None:
        action = body.get("response_action")
        if action is None and body:
            raise Refused("invalid_response", f"no response_action: {sorted(body)}")
        if action is None:
            self._workspace.close_views(view.user, view)
        elif action == "clear":
            self._workspace.close_views(view.user)
        elif action == "errors":
            self._errors(exchange, view, body.get("errors"))
        elif action == "update":
            self._workspace.change_view(view, view_of(body.get("view"), "modal"))
        elif action == "push":
            self._views.pushed(view.user, view_of(body.get("view"), "modal"))
        else:
            raise Refused("invalid_response", f"unknown response_action {action!r}")

    def _errors(self, exchange: Exchange, view: View, errors: object) -> None:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors:
            raise Refused("invalid_response", "errors must hold at least one")
        for block_id, says in errors.items():
            if block_id not in inputs:
                raise Refused("invalid_response", f"errors: {block_id!r} is no input block; there are {sorted(inputs)}")
            if not isinstance(says, str) or not says:
                raise Refused("invalid_response", f"errors: {block_id!r} has no words")
        view.errors = dict(errors)
        exchange.errors = dict(errors)
        self._workspace.changed.note()
