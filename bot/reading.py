"""From what Slack sends to typed values: the one place that reads a raw payload.

Everything here raises `Malformed` and nothing else; the door makes an answer of it, before Bolt or a listener has seen the
payload. Shapes: https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.payloads import Asked, Click, Command, HomeOpened, OpenView, Place, Shortcut, SlackMessage, Submission, Typeahead
from bot.shapes import Raw, id_in, needed, part, parts, text_in, wrong


def _who(body: Raw) -> dict[str, str]:
    user = part(body, "user")
    team = user.get("team_id") or part(body, "team").get("id")
    return {"user": needed(user.get("id"), "user.id"), "team": id_in(team, "team.id")}


def _view(body: Raw) -> OpenView | None:
    view = part(body, "view")
    if not view:
        return None
    # Bolt looks into views of any other kind for parts of workflow steps.
    if view.get("type") not in ("modal", "home"):
        wrong("view.type")
    id = needed(view.get("id"), "view.id")
    return OpenView(
        id=id,
        root_id=id_in(view.get("root_view_id"), "view.root_view_id") or id,
        callback_id=id_in(view.get("callback_id"), "view.callback_id"),
        metadata=text_in(view.get("private_metadata"), "view.private_metadata"),
        home=view.get("type") == "home",
        fields=_fields(view),
        blocks=[_block(block) for block in parts(view, "blocks")],
    )


def _fields(view: Raw) -> dict[str, Raw]:
    """Every field's state by its action_id. The names are part of what came, so no error names them."""
    values = part(part(view, "state"), "values")
    return {action: _object(field) for fields in values.values() for action, field in _object(fields).items()}


def _object(value: object) -> Raw:
    return part({"view.state": value}, "view.state")


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """A field's block has the two ids by which an error finds it."""
    if block.get("type") == "input":
        needed(block.get("block_id"), "block_id")
        needed(part(block, "element").get("action_id"), "element.action_id")
    return block


def _place(body: Raw, view: OpenView | None) -> Place:
    container, message = part(body, "container"), part(body, "message")
    message_ts = container.get("message_ts") or body.get("message_ts") or message.get("ts")
    return Place(
        **_who(body),
        channel=id_in(part(body, "channel").get("id") or container.get("channel_id"), "channel.id"),
        message_ts=id_in(message_ts, "message_ts"),
        thread_ts=id_in(message.get("thread_ts") or container.get("thread_ts"), "thread_ts"),
        response_url=_url(body.get("response_url")),
        ephemeral=bool(container.get("is_ephemeral")),
        view_id=view.id if view and not view.home else "",
        home=bool(view and view.home),
    )


def _url(value: object) -> str:
    """An address that can be taken apart. Whether it is one of Slack's is judged where it is used (`bot.slack`)."""
    url = text_in(value, "response_url")
    try:
        urlsplit(url)
    except ValueError:
        wrong("response_url")
    return url


def message_of(raw: Raw) -> SlackMessage:
    """A message of a shortcut's payload or of `conversations.replies`."""
    files = parts(raw, "files")
    return SlackMessage(
        ts=needed(raw.get("ts"), "message.ts"),
        thread_ts=id_in(raw.get("thread_ts"), "message.thread_ts"),
        text=text_in(raw.get("text"), "message.text"),
        user=id_in(raw.get("user"), "message.user"),
        bot_name=text_in(raw.get("username") or part(raw, "bot_profile").get("name"), "message.username"),
        files=tuple(text_in(file.get("title") or file.get("name"), "file.title") or "file" for file in files),
        emails=tuple(file for file in files if file.get("filetype") == "email"),
    )


def command_of(body: Raw) -> Command:
    place = Place(
        user=needed(body.get("user_id"), "user_id"),
        team=id_in(body.get("team_id"), "team_id"),
        channel=id_in(body.get("channel_id"), "channel_id"),
        response_url=_url(body.get("response_url")),
    )
    return Command(needed(body.get("command"), "command"), text_in(body.get("text"), "text"), _trigger(body), place)


def shortcut_of(body: Raw) -> Shortcut:
    message = message_of(part(body, "message")) if body.get("type") == "message_action" else None
    return Shortcut(needed(body.get("callback_id"), "callback_id"), _trigger(body), _place(body, None), message)


def _trigger(body: Raw) -> str:
    return id_in(body.get("trigger_id"), "trigger_id")


def click_of(body: Raw) -> Click:
    actions = parts(body, "actions")
    if not actions:
        wrong("actions")
    action, view = actions[0], _view(body)
    value = text_in(action.get("value") or part(action, "selected_option").get("value"), "action.value")
    # What follows a ":" only tells equal buttons apart.
    route = needed(action.get("action_id"), "action_id").partition(":")[0]
    return Click(route, value, _trigger(body), _place(body, view), view)


def typeahead_of(body: Raw) -> Typeahead:
    view = _view(body)
    return Typeahead(needed(body.get("action_id"), "action_id"), text_in(body.get("value"), "value"), _place(body, view), view)


def submission_of(body: Raw) -> Submission:
    view = _view(body)
    if view is None or not view.callback_id:
        wrong("view")
    return Submission(view.callback_id, view, _trigger(body), _place(body, view))


def home_of(body: Raw) -> HomeOpened:
    event = part(body, "event")
    team = id_in(body.get("context_team_id") or body.get("team_id"), "team_id")
    place = Place(user=needed(event.get("user"), "event.user"), team=team, home=True)
    return HomeOpened(id_in(event.get("type"), "event.type"), place, id_in(event.get("tab"), "event.tab") or "home")


def asked_of(body: Raw) -> Asked | None:
    """Whatever it is that came in; None for what has no person waiting for an answer. Raises Malformed."""
    kind = id_in(body.get("type"), "type")
    if not kind and "command" in body:
        return command_of(body)
    if kind == "event_callback":
        kind = id_in(part(body, "event").get("type"), "event.type")
        return _EVENTS[kind](body) if kind in _EVENTS else None
    return _READERS[kind](body) if kind in _READERS else None


_READERS: Mapping[str, Callable[[Raw], Asked]] = {
    "message_action": shortcut_of,
    "shortcut": shortcut_of,
    "block_actions": click_of,
    "block_suggestion": typeahead_of,
    "view_submission": submission_of,
}
_EVENTS: Mapping[str, Callable[[Raw], Asked]] = {"app_home_opened": home_of}
