"""The App Home: my cases at a glance, the ways in, and whether FuseDesk answers."""

from __future__ import annotations

from bot.cards.age import age_line
from bot.cards.lists import counted, rows
from bot.cards.message import Block, Message, View
from bot.cards.text import (
    actions,
    bullets,
    button,
    context,
    divider,
    header,
    input_block,
    line,
    paragraph,
    plain,
    rich,
    run,
    section,
)
from bot.cases import CasePage, Person
from bot.tokens import is_blank
from bot.verbs import VERBS

HOME_NEW = "home_new"
HOME_FIND = "home_find"
HOME_REFRESH = "home_refresh"


def home(page: CasePage | None, *, person: Person, answers: str, fault: str = "") -> View:
    """A person's Home. `page` None: the cases are still asked for, or could not be read where `fault` says why.

    `answers` is a plain sentence on whether FuseDesk answers.
    """
    blocks = [header(_title(page, person)), *_welcome(person), *_cases(page, person, fault)]
    blocks += [_ways_in(), _find(), divider(), *_verbs(), context([plain(_sentence(answers, "FuseDesk was not asked yet."))])]
    return {"type": "home", "blocks": blocks}


def refused_home(words: Message) -> View:
    """The Home of somebody whom casebot does not answer, or cannot now."""
    return {"type": "home", "blocks": words.blocks}


def _title(page: CasePage | None, person: Person) -> str:
    title = line(page.title) if page else ""
    return ("My open cases" if person.is_rep else "Cases I opened") if is_blank(title) else title


def _welcome(person: Person) -> list[Block]:
    if person.is_rep:
        return []
    email = line(person.email, 120)
    says = "FuseDesk does not know you as a rep, so these are the cases that you opened. You can open new ones any time."
    if not is_blank(email):
        says += f" If you are a rep, ask for {email} to be your email in FuseDesk."
    return [context([plain(says)])]


def _cases(page: CasePage | None, person: Person, fault: str) -> list[Block]:
    if not is_blank(fault):
        return [section(plain(f"Your cases cannot be shown right now. {line(fault, 1_000)}"))]
    if page is None:
        return [section(plain("Fetching your cases …"))]
    remark = [context([plain(line(page.remark, 500))])] if not is_blank(page.remark) else []
    if not page.cases:
        nothing = "No open cases: all is done." if person.is_rep else "You have not opened any cases yet."
        return [*age_line(page), section(plain(nothing)), *remark]
    is_all = page.total <= len(page.cases) and not page.more
    more = "" if is_all or not person.is_rep else "  ·  /case mine shows the others"
    return [*age_line(page), context([plain(counted(page) + more)]), *rows(page.cases), *remark]


def _ways_in() -> Block:
    new = button("New case", HOME_NEW, style="primary")
    return actions([new, button("Refresh", HOME_REFRESH, label="Fetch my cases again")])


def _find() -> Block:
    """Enter sends it: the Home has no button to submit an input with."""
    element = {
        "type": "email_text_input",
        "action_id": HOME_FIND,
        "placeholder": plain("jane@example.com, then Enter", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    return input_block("Find a customer’s cases by email", element, block_id=HOME_FIND, optional=True, dispatch=True)


def _verbs() -> list[Block]:
    lines = [paragraph(run(f"/case {verb.example}", code=True), run(f"  {verb.purpose}")) for verb in VERBS]
    return [section(plain("In any channel you can type:")), rich(bullets(*lines))]


def _sentence(text: str, otherwise: str) -> str:
    text = line(text, 500)
    return otherwise if is_blank(text) else text
