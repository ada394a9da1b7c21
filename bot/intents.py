"""What a person asked to be changed, as it is stored before Slack gets its acknowledgement: who, where, and what.

An `Intent` is the whole wish, told in the person's words and names; what of it goes to FuseDesk are the calls of `bot.wishes`.
Stored intents outlive an update of casebot: a new field needs a default, and a name that was given stays.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.cards.case import Seen
from bot.cards.message import View
from bot.cases import Person
from bot.fusedesk.models import NewCase, NewNote, Status
from bot.operations import CaseRef, Open, Operation
from bot.payloads import Place
from bot.undo import Undo


class _Deed(BaseModel):
    model_config = ConfigDict(frozen=True)


class OpenTyped(_Deed):
    """A case that was typed in full; its names are read when it is opened."""

    kind: Literal["open_typed"] = "open_typed"
    asked: Open


class OpenCase(_Deed):
    """A case by form. `message_ts` is the message that it is made of, `thread_ts` the thread whose replies shall come along."""

    kind: Literal["open"] = "open"
    new: NewCase
    message_ts: str = ""
    thread_ts: str = ""


class AddNote(_Deed):
    """A note, or a logged call. `on_card`: the cards show it, and nobody else is told."""

    kind: Literal["note"] = "note"
    case: CaseRef
    note: NewNote
    on_card: bool = False


class ChangeTags(_Deed):
    """Tags by name (or `#id`); `names` says what an `#id` is called."""

    kind: Literal["tags"] = "tags"
    case: CaseRef
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    names: dict[str, str] = {}


class Transfer(_Deed):
    """To what was typed (`to`), or to what was chosen, which is called `name`. `seen` is what the card showed."""

    kind: Literal["transfer"] = "transfer"
    case: CaseRef
    to: str = ""
    departmentid: int | None = None
    repid: int | None = None
    name: str = ""
    seen: Seen | None = None


class LinkContact(_Deed):
    kind: Literal["link"] = "link"
    case: CaseRef
    contactid: int | None = None
    contact_uuid: str = ""


class SetStatus(_Deed):
    kind: Literal["status"] = "status"
    case: CaseRef
    status: Status
    seen: Seen | None = None


class TakeBack(_Deed):
    kind: Literal["undo"] = "undo"
    undo: Undo


class ImportThread(_Deed):
    kind: Literal["history"] = "history"
    case: CaseRef
    channel: str
    thread_ts: str


Deed = Annotated[
    OpenTyped | OpenCase | AddNote | ChangeTags | Transfer | LinkContact | SetStatus | TakeBack | ImportThread,
    Field(discriminator="kind"),
]


class Intent(BaseModel):
    """`key` is the wish's identity: two with the same key are one. `what` names for the audit what was used.

    `place` is where the result belongs, `view` the form that waits for it. `typed` is what the person wrote, quoted where it was
    in vain; `operation` is the command that was typed. It can be tried again by `form`, the form as it was filled in, or else by
    `command` (without `/case`).
    """

    model_config = ConfigDict(frozen=True)

    key: str
    what: str
    by: Person
    place: Place
    deed: Deed
    surface: Literal["typed", "card", "form"]
    view: str = ""
    typed: str = ""
    command: str = ""
    form: View | None = None
    operation: Operation | None = None
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))

    def dump(self) -> str:
        # Not by pydantic's own JSON, which refuses half an emoji.
        return json.dumps(self.model_dump(mode="json"))

    @classmethod
    def load(cls, stored: str) -> Intent:
        """Raises ValueError for what `dump` did not write."""
        return cls.model_validate(json.loads(stored))


def ref_of(deed: Deed) -> CaseRef | None:
    """The case that it is about; None where it opens one."""
    match deed:
        case OpenTyped() | OpenCase():
            return None
        case TakeBack():
            return CaseRef(caseid=deed.undo.caseid)
    return deed.case


def turn_of(intent: Intent, caseid: int | None) -> str:
    """What it must not overtake: earlier wishes on its case (`caseid`, as far as it is known), or on the same message."""
    ref, place = ref_of(intent.deed), intent.place
    if ref is not None:
        return f"case:{caseid}" if caseid is not None else f"case:{ref.casenum}"
    message = intent.deed.message_ts if isinstance(intent.deed, OpenCase) else ""
    return f"message:{place.team}:{place.channel}:{message}" if message else ""
