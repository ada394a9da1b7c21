"""What a card is: blocks, and the text that says the same to notifications, screen readers and old clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is mrkdwn (escaped where it holds foreign text) of at most 4,000 characters; at most 50 blocks."""

    text: str
    blocks: list[Block] = field(default_factory=list)
