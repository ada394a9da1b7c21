"""The table of contents: every Slack surface of casebot and the function that answers it.

A route is looked up by the id that the card or the manifest carries; what follows a ":" in an action's id only tells equal
buttons apart. Every function is a listener: it reads what was asked, acknowledges, and hands the slow part over. Its arguments
come by name:

    what was asked   command, shortcut, click, typeahead, submission, opened (the one of its surface)
    by               the person, already let in
    ack              Slack's acknowledgement
    later            runs the slow part; its errors become words for the person
    staged           the same in a modal of its own, where it was asked in one, in the Home or by a shortcut
    wish, settle     store a change before the acknowledgement (`settle`: one that a form asked for)
    desk, writing, directory, slack, answers, threads, drafts, fusedesk
"""

from __future__ import annotations

from bot.cards import case, forms, lists, waiting, words
from bot.cards import home as home_card
from bot.changes import Done, TagsDone
from bot.deeds import Write, Writes
from bot.listening import Routes
from handlers import (
    add_note,
    choices,
    command,
    contact,
    find,
    history,
    home,
    open_case,
    pending,
    show,
    status,
    tag,
    transfer,
    undo,
)

COMMANDS: Routes = {
    "/case": command.typed,
}

SHORTCUTS: Routes = {
    "open_case_from_message": open_case.from_message,
    "add_to_case": add_note.from_message,
    "import_thread": history.from_message,
    "new_case": open_case.from_anywhere,
}

ACTIONS: Routes = {
    case.TRANSFER: transfer.pressed,
    case.TAKE: transfer.taken,
    case.NOTE: add_note.pressed,
    case.ADD: add_note.offered,
    case.TAGS: tag.pressed,
    case.CLOSE: status.closed,
    case.REOPEN: status.reopened,
    case.SHARE: show.shared,
    case.FUSEDESK: show.left,
    case.MORE: show.more,
    lists.SHOW: show.pressed,
    lists.PAGE: find.turned,
    words.RUN: command.chosen,
    words.UNDO: undo.pressed,
    words.OPEN: open_case.pressed,
    waiting.CANCEL: pending.cancel,
    waiting.TRY_AGAIN: pending.again,
    home_card.HOME_NEW: open_case.pressed,
    home_card.HOME_FIND: home.searched,
    home_card.HOME_REFRESH: home.refreshed,
    forms.DEPARTMENT: choices.department_chosen,
}

OPTIONS: Routes = {
    forms.DEPARTMENT: choices.departments,
    forms.REP: choices.reps,
    forms.TAGS: choices.tags,
    forms.CASE: choices.cases,
}

SUBMISSIONS: Routes = {
    forms.OPEN_FORM: open_case.submitted,
    forms.NOTE_FORM: add_note.submitted,
    forms.ADD_FORM: add_note.added,
    forms.TAGS_FORM: tag.submitted,
    forms.TRANSFER_FORM: transfer.submitted,
    forms.LINK_FORM: contact.submitted,
    forms.IMPORT_FORM: history.submitted,
    forms.AGAIN_FORM: command.retyped,
}

EVENTS: Routes = {
    "app_home_opened": home.opened,
}

# Every change, by the kind of its deed (`bot.intents`): its effect in FuseDesk, and how its end is told.
WRITES: Writes = {
    "open": Write(open_case.effect, open_case.tell, open_case.Opened, open_case.shown),
    "open_typed": Write(open_case.effect_typed, open_case.tell_typed, open_case.Opened),
    "note": Write(add_note.effect, add_note.tell, add_note.Noted),
    "tags": Write(tag.effect, tag.tell, TagsDone),
    "transfer": Write(transfer.effect, transfer.tell, Done),
    "link": Write(contact.effect, contact.tell, Done),
    "status": Write(status.effect, status.tell, Done),
    "undo": Write(undo.effect, undo.tell, Done),
    "history": Write(history.effect, history.tell, history.Imported),
}

# What members who are no reps may use, too (see `bot.access`); which verbs and cases is asked where they are known.
FOR_MEMBERS = frozenset(
    {
        "/case",
        "open_case_from_message",
        "new_case",
        "app_home_opened",
        case.FUSEDESK,
        lists.SHOW,
        words.RUN,
        words.OPEN,
        waiting.CANCEL,
        waiting.TRY_AGAIN,
        home_card.HOME_NEW,
        home_card.HOME_REFRESH,
        forms.DEPARTMENT,
        forms.REP,
        forms.TAGS,
        forms.OPEN_FORM,
        forms.AGAIN_FORM,
    }
)
