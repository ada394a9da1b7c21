"""The forms: a modal for everything that a person fills in, drawn from values that are typed and drawn back from what was typed.

A field's action_id is its name, the same in every form; its block_id starts with that name. Slack keeps what was typed while a
view is updated only where both ids stay, so the rep's block changes its id when the department does: its old choice is void.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from bot.cards.case import Seen
from bot.cards.message import Block, Message, View
from bot.cards.text import Part, as_typed, context, cut, mrkdwn, option, plain, safe, section
from bot.cases import NamedCase
from bot.fusedesk.models import Department, Rep, Tag
from bot.operations import Open
from bot.payloads import Place
from bot.shapes import Malformed

OPEN_FORM = "open_form"
NOTE_FORM = "note_form"
ADD_FORM = "add_form"
TAGS_FORM = "tags_form"
TRANSFER_FORM = "transfer_form"
LINK_FORM = "link_form"
IMPORT_FORM = "import_form"
AGAIN_FORM = "again_form"
CARD_VIEW = "card_view"

CASE = "case"
DEPARTMENT = "department"
REP = "rep"
TAGS = "tags"
SUMMARY = "summary"
DETAILS = "details"
EMAIL = "email"
NOTE = "note"
TITLE = "title"
KIND = "kind"
WHEN = "when"
CONTACT = "contact"
THREAD = "thread"
COMMAND = "command"

_TEXT_LIMIT = 3_000
SUMMARY_LIMIT = 250
NONE = "none"


class Origin(BaseModel):
    """What a form remembers while it is open (its private_metadata): where it was asked, of which case, of which message.

    `rest` counts the characters of a text that the form has no room for, and `draft` leads to them ("" where they could not be
    kept); `tags` are those the case had, `author` whose message it is; `asked` is what was typed for a new case and has no field.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    place: Place = Field(Place(), alias="p")
    seen: Seen | None = Field(None, alias="s")
    message_ts: str = Field("", alias="m")
    thread_ts: str = Field("", alias="h")
    author: str = Field("", alias="a")
    draft: str = Field("", alias="d")
    rest: int = Field(0, alias="r")
    tags: tuple[int, ...] = Field((), alias="g")
    asked: Open = Field(Open(), alias="o")

    @property
    def card(self) -> Seen:
        """The case that the form is about. A form of none is Malformed."""
        if self.seen is None:
            raise Malformed("seen")
        return self.seen

    def dump(self) -> str:
        return self.model_dump_json(by_alias=True, exclude_defaults=True)

    @classmethod
    def load(cls, text: str) -> Origin:
        return cls.model_validate_json(text)


@dataclass(frozen=True, slots=True)
class OpenValues:
    """What stands in the form for a new case. `thread` is None where there is no thread to import."""

    summary: str = ""
    details: str = ""
    email: str = ""
    department: Department | None = None
    rep: Rep | None = None
    tags: Sequence[Tag] = ()
    thread: bool | None = None


@dataclass(frozen=True, slots=True)
class NoteValues:
    kind: str = "note"
    title: str = ""
    note: str = ""
    when: datetime | None = None
    case: str = ""


def department_option(department: Department) -> Part:
    return option(department.name, str(department.departmentid))


def rep_option(rep: Rep) -> Part:
    return option(rep.name, str(rep.userid))


def tag_option(tag: Tag) -> Part:
    return option(tag.tagname, str(tag.id))


def _input(name: str, label: str, element: Part, *, optional: bool = False, hint: str = "", suffix: str = "") -> Block:
    block: Block = {"type": "input", "block_id": name + suffix, "label": plain(label, 2_000), "optional": optional}
    block["element"] = {"action_id": name} | element
    if hint:
        block["hint"] = plain(hint, 2_000)
    return block


def _text(value: str, *, limit: int = _TEXT_LIMIT, lines: bool = False, placeholder: str = "") -> Part:
    element: Part = {"type": "plain_text_input", "max_length": limit, "multiline": lines}
    if value:
        element["initial_value"] = cut(as_typed(value), limit)
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    return element


def _select(chosen: Part | None, placeholder: str) -> Part:
    element: Part = {"type": "external_select", "min_query_length": 0, "placeholder": plain(placeholder, 150)}
    if chosen:
        element["initial_option"] = chosen
    return element


def _department(chosen: Department | None, *, optional: bool = False) -> Block:
    block = _input(
        DEPARTMENT,
        "Department",
        _select(department_option(chosen) if chosen else None, "Choose or type a department"),
        optional=optional,
    )
    # The reps that the form offers follow the department.
    block["dispatch_action"] = True
    return block


def _rep(chosen: Rep | None, department: Department | None, hint: str) -> Block:
    suffix = f":{department.departmentid}" if department else ""
    element = _select(rep_option(chosen) if chosen else None, "Choose or type a rep")
    return _input(REP, "Rep", element, optional=True, hint=hint, suffix=suffix)


def _tags(chosen: Sequence[Tag]) -> Block:
    element: Part = {
        "type": "multi_external_select",
        "min_query_length": 0,
        "placeholder": plain("Choose or type tags", 150),
    }
    if chosen:
        element["initial_options"] = [tag_option(tag) for tag in chosen][:100]
    return _input(TAGS, "Tags", element, optional=True)


def _modal(callback: str, title: str, submit: str, origin: Origin, blocks: list[Block], fault: str = "") -> View:
    banner = [section(mrkdwn(f":warning: {safe(fault)}"))] if fault else []
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, 24),
        "submit": plain(submit, 24),
        "close": plain("Cancel", 24),
        "private_metadata": origin.dump(),
        "blocks": banner + blocks,
    }


def _about(named: NamedCase | None) -> list[Block]:
    """Which case a form is about."""
    if named is None:
        return []
    return [context([plain(f"{named.label} · {named.case.summary or 'without a summary'}", 2_000)])]


def _rest(origin: Origin) -> str:
    """What becomes of the part of a text that the form has no room for."""
    if not origin.rest:
        return ""
    if origin.draft:
        return f"The text is longer than this field: its other {origin.rest:,} characters will be added."
    return (
        f"The text is longer than this field, and casebot cannot keep its other {origin.rest:,} characters right now: they will "
        "be missing. Close this form and open it again in a minute, or copy them by hand."
    )


def open_form(values: OpenValues, origin: Origin, *, fault: str = "") -> View:
    blocks = [
        _input(SUMMARY, "Summary", _text(values.summary, limit=SUMMARY_LIMIT, placeholder="What is it about?")),
        _input(DETAILS, "Details", _text(values.details, lines=True), hint=_rest(origin)),
        _department(values.department),
        _rep(values.rep, values.department, "Leave empty, and FuseDesk picks a rep of the department."),
        _input(EMAIL, "Customer's email", _email(values.email), optional=True, hint="FuseDesk links the case to this contact."),
        _tags(values.tags),
        *([] if values.thread is None else [_thread(values.thread)]),
        *_besides(origin.asked),
    ]
    return _modal(OPEN_FORM, "Open a case", "Open case", origin, blocks, fault)


def _thread(chosen: bool) -> Block:
    whole = option("Add the whole thread to the case’s history", THREAD)
    element: Part = {"type": "checkboxes", "options": [whole]}
    if chosen:
        element["initial_options"] = [whole]
    return _input(THREAD, "Replies", element, optional=True)


def _besides(asked: Open) -> list[Block]:
    """What was typed and has no field, so that the person sees that it is not lost."""
    words = {
        "opened by": asked.openedby,
        "contact": asked.contact or asked.contact_uuid,
        "company": asked.company,
        "status": asked.status,
        "type": asked.type,
        "opened": asked.opened,
        "assigned": asked.assigned,
        "updated": asked.updated,
    }
    told = [f"{name} {value}" for name, value in words.items() if value] + ["not written to the CRM"] * asked.skipcrm
    return [context([plain(f"As you typed: {', '.join(told)}", 2_000)])] if told else []


def _email(value: str) -> Part:
    element: Part = {"type": "email_text_input", "placeholder": plain("name@example.com", 150)}
    return element | {"initial_value": value} if value else element


def _kind(chosen: str) -> Block:
    options = [option("Note", "note"), option("Call", "call")]
    element: Part = {"type": "radio_buttons", "options": options, "initial_option": options[1 if chosen == "call" else 0]}
    return _input(KIND, "Add as", element)


def _note_fields(values: NoteValues, origin: Origin) -> list[Block]:
    when: Part = {"type": "datetimepicker"}
    if values.when:
        when["initial_date_time"] = int(values.when.timestamp())
    title = _text(values.title, limit=SUMMARY_LIMIT, placeholder="The first line of the text, if you leave this empty")
    return [
        _kind(values.kind),
        _input(NOTE, "Text", _text(values.note, lines=True), hint=_rest(origin)),
        _input(TITLE, "Title", title, optional=True),
        _input(WHEN, "When it happened", when, optional=True, hint="Leave empty for now."),
    ]


def note_form(values: NoteValues, origin: Origin, *, named: NamedCase | None = None, fault: str = "") -> View:
    return _modal(NOTE_FORM, "Add a note", "Add", origin, _about(named) + _note_fields(values, origin), fault)


def _case(chosen: str) -> Block:
    element = _select(option(case_label(chosen), chosen) if chosen else None, "A number such as 1234, or words of the summary")
    return _input(CASE, "Case", element)


def case_label(ref: str) -> str:
    return f"#{ref}" if ref.isdigit() else ref


def add_form(values: NoteValues, origin: Origin, *, fault: str = "") -> View:
    return _modal(ADD_FORM, "Add to a case", "Add", origin, [_case(values.case), *_note_fields(values, origin)], fault)


def import_form(case: str, origin: Origin, *, fault: str = "") -> View:
    says = (
        "The messages of this thread are added to the case’s history, each with its author, time and link. "
        "Those that the case has already are left out."
    )
    return _modal(IMPORT_FORM, "Import thread", "Import", origin, [section(mrkdwn(says)), _case(case)], fault)


def tags_form(chosen: Sequence[Tag], origin: Origin, *, named: NamedCase | None = None, fault: str = "") -> View:
    return _modal(TAGS_FORM, "Tags", "Save", origin, [*_about(named), _tags(chosen)], fault)


def transfer_form(
    department: Department | None, rep: Rep | None, origin: Origin, *, named: NamedCase | None = None, fault: str = ""
) -> View:
    hint = "Left empty, FuseDesk keeps or picks the rep."
    blocks = [*_about(named), _department(department), _rep(rep, department, hint)]
    return _modal(TRANSFER_FORM, "Transfer", "Transfer", origin, blocks, fault)


def link_form(contact: str, origin: Origin, *, named: NamedCase | None = None, fault: str = "") -> View:
    field = _input(
        CONTACT, "Contact", _text(contact, limit=60), hint="The contact's number in your CRM, or its UUID in FuseDesk."
    )
    return _modal(LINK_FORM, "Link to a contact", "Link", origin, [*_about(named), field], fault)


def again_form(command: str, origin: Origin, *, fault: str = "") -> View:
    """What was asked for in vain, as a command to be edited."""
    hint = " ".join(filter(None, ["As you would type it after /case.", _rest(origin)]))
    field = _input(COMMAND, "/case", _text(command, lines=True), hint=hint)
    return _modal(AGAIN_FORM, "Try again", "Try again", origin, [field], fault)


def message_view(message: Message, *, title: str = "casebot") -> View:
    """A card or an answer in a modal."""
    blocks = message.blocks or [section(mrkdwn(message.text))]
    return {
        "type": "modal",
        "callback_id": CARD_VIEW,
        "title": plain(title, 24),
        "close": plain("Close", 24),
        "blocks": blocks[:100],
    }


def waiting_view(what: str) -> View:
    """Shown until FuseDesk has answered."""
    return message_view(Message(what, [section(mrkdwn(f":hourglass_flowing_sand: {safe(what)}"))]))


def field_block(blocks: Sequence[Block], field: str) -> str:
    """The block_id under which Slack shows an error of that field; the form's first input for an error of no field."""
    inputs = [block for block in blocks if block.get("type") == "input"]
    for block in inputs:
        if block["element"]["action_id"] == field:
            return str(block["block_id"])
    return str(inputs[0]["block_id"]) if inputs else ""
