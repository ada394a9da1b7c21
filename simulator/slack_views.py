"""The methods that show modals and the Home, and the triggers that allow it.

A trigger is good for 3 seconds after it was given out and for one view; a refused view does not use it up. Not imitated:
`interactivity_pointer`, and the focus of the cursor.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from simulator.blocks import Surface, problems
from simulator.slack_state import View
from simulator.slack_text import Json
from simulator.slack_web import Refused
from simulator.slack_workspace import Workspace

TRIGGER_SECONDS = 3.0
DEPTH = 3


@dataclass
class Trigger:
    """`view_id` is the modal in which it was given out, "" elsewhere."""

    user: str
    given: float
    view_id: str = ""
    used: bool = False


def view_of(view: object, surface: Surface) -> Json:
    """The view, when Slack would take it. Raises Refused with every reason."""
    if not isinstance(view, dict):
        raise Refused("invalid_arguments", "view must be an object")
    wrong = problems(view, surface)
    if any("view_too_large" in says for says in wrong):
        raise Refused("view_too_large", *wrong)
    if wrong:
        raise Refused("invalid_arguments", *wrong)
    return view


class Views:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._triggers: dict[str, Trigger] = {}

    def trigger(self, user: str, view: View | None = None) -> str:
        """Gives out a trigger_id, whose three seconds begin now."""
        count = next(self._workspace.ids)
        id = f"{int(self._workspace.now() * 1000)}.{count}.{secrets.token_hex(16)}"
        inside = view.id if view and view.kind == "modal" else ""
        self._triggers[id] = Trigger(user, self._workspace.now(), inside)
        return id

    def _trigger(self, id: object) -> Trigger:
        trigger = self._triggers.get(str(id))
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        late = self._workspace.now() - trigger.given
        if late > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id", f"{late:.1f} s old")
        return trigger

    def open(self, args: Json) -> Json:
        trigger = self._trigger(args["trigger_id"])
        content = self._content(args, "modal")
        trigger.used = True
        return {"view": self._workspace.put_view(self._workspace.new_view(trigger.user, content)).facts()}

    def push(self, args: Json) -> Json:
        trigger = self._trigger(args["trigger_id"])
        stack = self._workspace.views(trigger.user)
        if not trigger.view_id or not stack:
            raise Refused("invalid_trigger_id", "the trigger was not given out in an open modal")
        content = self._content(args, "modal")
        view = self.pushed(trigger.user, content)
        trigger.used = True
        return {"view": view.facts()}

    def pushed(self, user: str, content: Json) -> View:
        """Puts a view on top of the open ones. Raises Refused: push_limit_reached."""
        stack = self._workspace.views(user)
        if len(stack) >= DEPTH:
            raise Refused("push_limit_reached")
        return self._workspace.put_view(self._workspace.new_view(user, content, above=stack[-1]))

    def update(self, args: Json) -> Json:
        if not args.get("view_id") and not args.get("external_id"):
            raise Refused("invalid_arguments", "missing required field: view_id")
        view = self._workspace.find_view(str(args.get("view_id") or ""), str(args.get("external_id") or ""))
        if view is None:
            raise Refused("not_found")
        content = view_of(args["view"], "home" if view.kind == "home" else "modal")
        self._same(view, args)
        self._unique(content, view)
        self._workspace.change_view(view, content)
        return {"view": view.facts()}

    def publish(self, args: Json) -> Json:
        user = str(args["user_id"])
        if user not in self._workspace.users:
            raise Refused("user_not_found")
        content = view_of(args["view"], "home")
        there = self._workspace.homes.get(user)
        if there:
            self._same(there, args)
            self._workspace.change_view(there, content)
        view = there or self._workspace.put_view(self._workspace.new_view(user, content))
        return {"view": view.facts()}

    def _same(self, view: View, args: Json) -> None:
        if args.get("hash") and args["hash"] != view.hash:
            raise Refused("hash_conflict")

    def _content(self, args: Json, surface: Surface) -> Json:
        content = view_of(args["view"], surface)
        self._unique(content)
        return content

    def _unique(self, content: Json, besides: View | None = None) -> None:
        external = str(content.get("external_id") or "")
        there = self._workspace.find_view("", external) if external else None
        if there is not None and there is not besides:
            raise Refused("duplicate_external_id")
