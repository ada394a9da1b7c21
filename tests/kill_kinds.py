"""Every kind of write that a person can wish for, each as it is done in Slack."""

from __future__ import annotations

from functools import partial

from bot.cards import case as card_ids
from bot.cards import forms
from simulator.fusedesk_store import Row
from simulator.slack import JANE, MIA, SUPPORT, Exchange, Message, NotPossible, View
from tests.kill_scenes import POST, RESPOND, UPDATE, VIEW, Kind, Scene

SUPPORT_DESK, BILLING_DESK, JANE_REP, VIP = 268, 269, 1, 7


async def _typed(text: str, scene: Scene) -> Exchange:
    return await scene.world.slack.command(JANE, SUPPORT, text.format(caseid=scene.caseid, word=scene.word))


async def _pressed(action: str, scene: Scene) -> Exchange:
    assert scene.card is not None
    return await scene.world.slack.click(JANE, scene.card, action)


async def _form(scene: Scene, callback: str) -> View:
    """The form that opens; NotPossible where casebot is killed before it does."""
    slack = scene.world.slack

    def top() -> View | bool:
        views = slack.views(JANE)
        there = bool(views) and views[-1].callback_id == callback
        return views[-1] if there else scene.world.is_dead()

    view = await slack.until(top, what=f"the form {callback}")
    if not isinstance(view, View):
        raise NotPossible("nobody opens the form any more")
    return view


async def _transferred_by_form(scene: Scene) -> Exchange:
    await _pressed(card_ids.TRANSFER, scene)
    view = await _form(scene, forms.TRANSFER_FORM)
    return await scene.world.slack.submit(JANE, view, {forms.DEPARTMENT: "Billing"})


async def _opened_from_message(scene: Scene) -> Exchange:
    slack = scene.world.slack
    await slack.message_shortcut(JANE, SUPPORT, scene.ts, "open_case_from_message")
    view = await _form(scene, forms.OPEN_FORM)
    return await slack.submit(JANE, view, {forms.DEPARTMENT: "Support"})


async def _opened_from_anywhere(scene: Scene) -> Exchange:
    slack = scene.world.slack
    await slack.global_shortcut(JANE, "new_case")
    view = await _form(scene, forms.OPEN_FORM)
    return await slack.submit(JANE, view, {forms.SUMMARY: scene.word, forms.DETAILS: "x", forms.DEPARTMENT: "Support"})


async def _imported(scene: Scene) -> Exchange:
    slack = scene.world.slack
    await slack.message_shortcut(JANE, SUPPORT, scene.ts, "import_thread")
    view = await _form(scene, forms.IMPORT_FORM)
    return await slack.submit(JANE, view, {forms.CASE: str(scene.caseid)})


async def _noted_by_form(scene: Scene) -> Exchange:
    await _pressed(card_ids.NOTE, scene)
    view = await _form(scene, forms.NOTE_FORM)
    return await scene.world.slack.submit(JANE, view, {forms.NOTE: scene.word})


async def _tagged_by_form(scene: Scene) -> Exchange:
    await _pressed(card_ids.TAGS, scene)
    view = await _form(scene, forms.TAGS_FORM)
    return await scene.world.slack.submit(JANE, view, {forms.TAGS: ["VIP"]})


async def _linked_by_form(scene: Scene) -> Exchange:
    assert scene.card is not None
    await scene.world.slack.click(JANE, scene.card, card_ids.MORE, option="Link to a contact")
    view = await _form(scene, forms.LINK_FORM)
    return await scene.world.slack.submit(JANE, view, {forms.CONTACT: "77"})


async def _added(scene: Scene) -> Exchange:
    slack = scene.world.slack
    await slack.message_shortcut(JANE, SUPPORT, scene.ts, "add_to_case")
    view = await _form(scene, forms.ADD_FORM)
    return await slack.submit(JANE, view, {forms.CASE: str(scene.caseid)})


async def _closed_privately(scene: Scene) -> Exchange:
    assert scene.private is not None
    return await scene.world.slack.click(JANE, scene.private, card_ids.CLOSE)


async def _undone(scene: Scene) -> Exchange:
    assert scene.card is not None
    thread = scene.world.slack.seen(JANE, SUPPORT, scene.card.ts)
    line = next(message for message in thread if "Undo" in message.buttons)
    return await scene.world.slack.click(JANE, line, line.button("Undo"))


def _a_message(scene: Scene) -> None:
    scene.ts = scene.world.slack.say(MIA, SUPPORT, scene.word)


def _closed_before(scene: Scene) -> None:
    scene.world.desk.change(scene.caseid, status="closed")


def _vip_before(scene: Scene) -> None:
    scene.world.desk.tag(scene.caseid, VIP)


async def _closed_by_card(scene: Scene) -> None:
    """The line that says so has the button that takes it back."""
    await _pressed(card_ids.CLOSE, scene)
    await scene.world.slack.until(
        lambda: scene.card is not None and "Reopen" in scene.card.buttons and any("closed it" in line for line in scene.lines()),
        what="the closed case in the channel",
    )


async def _a_private_card(scene: Scene) -> None:
    scene.private = await scene.world.shown(scene.caseid)


def _history(row: Row, word: str) -> int:
    return sum(word in f"{item['title']}\n{item['note']}" for item in row["history"])


def _noted(scene: Scene, row: Row) -> bool:
    return _history(row, scene.word) == 1


def _is(scene: Scene, row: Row, **wanted: object) -> bool:
    return all(row[name] == value for name, value in wanted.items())


def _shows(scene: Scene, card: Message, *, text: str = "", button: str = "") -> bool:
    return text in card.plain() and (not button or button in card.buttons)


def _redrawn(scene: Scene, card: Message) -> bool:
    return bool(card.edits)


_CASE = "POST /cases/{caseid}"
_OPENED = partial(_is, status="new", departmentid=SUPPORT_DESK)
_CLOSED = partial(_is, status="closed")
_REOPENED = partial(_is, status="open")
_BILLED = partial(_is, departmentid=BILLING_DESK)

KINDS = [
    Kind(
        "open",
        "POST /cases",
        partial(_typed, "open {word} dept:support"),
        (RESPOND,),
        _OPENED,
        answer="Your case is open.",
        opens=True,
    ),
    Kind("open_from_message", "POST /cases", _opened_from_message, (POST,), _OPENED, posts=True, opens=True, before=_a_message),
    Kind(
        "open_from_anywhere",
        "POST /cases",
        _opened_from_anywhere,
        (VIEW,),
        _OPENED,
        answer="Your case is open.",
        opens=True,
        slow=True,
    ),
    Kind(
        "note",
        _CASE + "/addnote",
        partial(_typed, "note #{caseid} {word}"),
        (RESPOND, UPDATE, POST),
        _noted,
        answer="Added the note to case #{caseid}",
        line="added a note to it",
        card=_redrawn,
    ),
    Kind(
        "call",
        _CASE + "/addnote",
        partial(_typed, "call #{caseid} {word}"),
        (RESPOND,),
        _noted,
        answer="Logged the call on case #{caseid}",
    ),
    Kind(
        "tag",
        f"{_CASE}/tag/{VIP}",
        partial(_typed, "tag #{caseid} vip"),
        (RESPOND,),
        lambda scene, row: "VIP" in row["tagnames"],
        answer="Tagged case #{caseid}: VIP",
        line="tagged it VIP",
        card=partial(_shows, text="VIP"),
    ),
    Kind(
        "untag",
        f"{_CASE}/untag/{VIP}",
        partial(_typed, "untag #{caseid} vip"),
        (RESPOND,),
        lambda scene, row: "VIP" not in row["tagnames"],
        answer="Took off case #{caseid}: VIP",
        before=_vip_before,
    ),
    Kind(
        "transfer",
        _CASE,
        partial(_typed, "transfer #{caseid} to billing"),
        (RESPOND,),
        _BILLED,
        answer="You transferred it to Billing",
        line="transferred it to Billing",
        card=partial(_shows, text="Billing"),
    ),
    Kind(
        "transfer_by_form",
        _CASE,
        _transferred_by_form,
        (UPDATE, POST),
        _BILLED,
        line="transferred it to Billing",
        card=partial(_shows, text="Billing"),
    ),
    Kind(
        "take",
        _CASE,
        partial(_pressed, card_ids.TAKE),
        (UPDATE,),
        partial(_is, repid=JANE_REP),
        line="took it",
        card=partial(_shows, text="Jane Doe"),
    ),
    Kind(
        "link",
        _CASE,
        partial(_typed, "link #{caseid} 77"),
        (RESPOND,),
        partial(_is, contactid=77),
        answer="You linked it to contact 77",
    ),
    Kind("close", _CASE, partial(_typed, "close #{caseid}"), (RESPOND,), _CLOSED, answer="You closed it"),
    Kind(
        "reopen",
        _CASE,
        partial(_typed, "reopen #{caseid}"),
        (RESPOND,),
        _REOPENED,
        answer="You reopened it",
        before=_closed_before,
    ),
    Kind(
        "close_by_card",
        _CASE,
        partial(_pressed, card_ids.CLOSE),
        (UPDATE, POST),
        _CLOSED,
        line="closed it",
        card=partial(_shows, button="Reopen"),
    ),
    Kind(
        "reopen_by_card",
        _CASE,
        partial(_pressed, card_ids.REOPEN),
        (UPDATE,),
        _REOPENED,
        line="reopened it",
        card=partial(_shows, button="Close"),
        before=_closed_before,
    ),
    Kind(
        "import",
        _CASE + "/history",
        _imported,
        (RESPOND,),
        _noted,
        answer="Imported 1 message into case #{caseid}",
        before=_a_message,
    ),
    Kind(
        "close_privately",
        _CASE,
        _closed_privately,
        (RESPOND,),
        _CLOSED,
        answer="You closed it",
        then=_a_private_card,
    ),
    Kind(
        "note_by_form",
        _CASE + "/addnote",
        _noted_by_form,
        (UPDATE, POST),
        _noted,
        line="added a note to it",
        card=_redrawn,
        few=True,
    ),
    Kind(
        "tag_by_form",
        f"{_CASE}/tag/{VIP}",
        _tagged_by_form,
        (UPDATE, POST),
        lambda scene, row: "VIP" in row["tagnames"],
        line="tagged it VIP",
        card=partial(_shows, text="VIP"),
        few=True,
    ),
    Kind(
        "link_by_form",
        _CASE,
        _linked_by_form,
        (UPDATE, POST),
        partial(_is, contactid=77),
        line="linked it to contact 77",
        card=partial(_shows, text="ontact 77"),
        few=True,
    ),
    Kind(
        "add_to_case",
        _CASE + "/addnote",
        _added,
        (RESPOND,),
        _noted,
        answer="Added the note to case #{caseid}",
        before=_a_message,
        few=True,
    ),
    Kind(
        "undo",
        _CASE,
        _undone,
        (UPDATE,),
        partial(_is, status="new"),
        line="took the change of status back",
        card=partial(_shows, button="Close"),
        then=_closed_by_card,
    ),
]
