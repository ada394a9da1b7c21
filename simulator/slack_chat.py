"""The methods that write messages, and the judgement of a message's content that response URLs and acks share.

Not imitated: scheduled and streamed messages, unfurling, `reply_broadcast`.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.blocks import TEXT_LIMIT, problems, text_length
from simulator.slack_state import BOT_USER, Channel, Message
from simulator.slack_text import Json, token_problems, units
from simulator.slack_web import Refused
from simulator.slack_workspace import Workspace

CUT_AT = 40_000
UPDATE_LIMIT = 4_000


@dataclass(frozen=True)
class Content:
    text: str
    blocks: list[Json]


def content_of(workspace: Workspace, args: Json, where: str) -> Content:
    """What a message shall say. Raises Refused: no_text, invalid_blocks, msg_blocks_too_long.

    Notes as faults what Slack would take but mangle or hide: a text over 40,000 characters, blocks without a text, a
    malformed date.
    """
    text, blocks = args.get("text") or "", args.get("blocks") or []
    if not isinstance(text, str):
        raise Refused("invalid_arguments", "text must be a string")
    if not text and not blocks:
        raise Refused("no_text")
    if isinstance(blocks, list) and text_length(blocks) > TEXT_LIMIT:
        raise Refused("msg_blocks_too_long", f"{text_length(blocks)} characters in all blocks")
    wrong = problems(blocks, "message")
    if wrong:
        raise Refused("invalid_blocks", *wrong)
    faults = [*token_problems(text)]
    faults += ["blocks without a text that says the same"] if not text else []
    faults += [f"text of {units(text)} characters is cut at {CUT_AT}"] if units(text) > CUT_AT else []
    for fault in faults:
        workspace.fault(f"{where}: {fault}")
    return Content(text[:CUT_AT], blocks)


class Chat:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def channel(self, id: object) -> Channel:
        """A channel that the bot is a member of. Raises Refused: channel_not_found, not_in_channel."""
        channel = self._workspace.channels.get(str(id))
        if channel is None or (BOT_USER not in channel.members and channel.kind != "public"):
            raise Refused("channel_not_found")
        if BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _target(self, id: object) -> Channel:
        """Where to post; a person's id means their direct messages. Raises Refused."""
        user = self._workspace.users.get(str(id))
        if user and (user.bot or user.deleted or user.stranger):
            raise Refused("channel_not_found")
        channel = self._workspace.dm(user.id) if user else self.channel(id)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def _thread(self, channel: Channel, ts: object, where: str) -> str:
        """The thread's first message. Raises Refused: thread_not_found."""
        if not ts:
            return ""
        parent = channel.message(str(ts))
        if parent is None:
            raise Refused("thread_not_found", str(ts))
        if parent.thread_ts:
            self._workspace.fault(f"{where}: thread_ts {ts} is a reply's, not the first message's")
        return parent.thread_ts or parent.ts

    def post(self, args: Json) -> Json:
        channel = self._target(args["channel"])
        content = content_of(self._workspace, args, "chat.postMessage")
        thread_ts = self._thread(channel, args.get("thread_ts"), "chat.postMessage")
        message = self._workspace.put(self._own(channel, content, thread_ts, args))
        return {"channel": channel.id, "ts": message.ts, "message": self._workspace.facts(message)}

    def _own(self, channel: Channel, content: Content, thread_ts: str, args: Json, to: str = "") -> Message:
        message = Message(channel.id, "", BOT_USER, content.text, content.blocks, thread_ts, to, by_bot=True)
        message.metadata = self._metadata(args)
        return message

    def _metadata(self, args: Json) -> Json | None:
        """Slack drops what is malformed and says so in a warning alone; here it is a fault."""
        given = args.get("metadata")
        if given is None:
            return None
        if isinstance(given, dict) and isinstance(given.get("event_type"), str) and isinstance(given.get("event_payload"), dict):
            return given
        self._workspace.fault("chat.postMessage: invalid_metadata_format")
        return None

    def whisper(self, args: Json) -> Json:
        channel = self._target(args["channel"])
        if args["user"] not in self._workspace.users:
            raise Refused("user_not_found")
        if args["user"] not in channel.members:
            raise Refused("user_not_in_channel")
        content = content_of(self._workspace, args, "chat.postEphemeral")
        thread_ts = self._thread(channel, args.get("thread_ts"), "chat.postEphemeral")
        message = self._workspace.put(self._own(channel, content, thread_ts, args, to=str(args["user"])))
        return {"message_ts": message.ts}

    def _mine(self, args: Json, refusal: str) -> Message:
        """A message that the bot wrote for all to see. Raises Refused."""
        channel = self.channel(args["channel"])
        message = channel.message(str(args["ts"]))
        if message is None:
            raise Refused("message_not_found")
        if not message.by_bot:
            raise Refused(refusal)
        return message

    def update(self, args: Json) -> Json:
        """Blocks that are not given go when a text is given, else they stay."""
        message = self._mine(args, "cant_update_message")
        if units(str(args.get("text") or "")) > UPDATE_LIMIT:
            raise Refused("msg_too_long", f"{units(args['text'])} characters, at most {UPDATE_LIMIT}")
        content = content_of(self._workspace, args, "chat.update")
        self._workspace.edit(message, content.text or message.text, content.blocks)
        facts = self._workspace.facts(message)
        return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": facts}

    def delete(self, args: Json) -> Json:
        message = self._mine(args, "cant_delete_message")
        self._workspace.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, args: Json) -> Json:
        channel = self.channel(args["channel"])
        message = channel.message(str(args["message_ts"]))
        if message is None:
            raise Refused("message_not_found")
        link = f"https://{self._workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}
