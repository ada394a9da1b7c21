"""The errors that carry words for a person.

    CaseError
    ├── Refused            the person can mend it
    │   ├── Misunderstood      the /case language could not read it        (bot.language)
    │   ├── NoSuchName         no department, rep or tag of that name      (bot.directory)
    │   ├── SeveralNames       more than one fits                          (bot.directory)
    │   ├── NotAllowed         not for this person                         (bot.access)
    │   └── Overtaken          somebody else was faster                    (bot.desk)
    ├── FuseDeskError      FuseDesk would or could not                     (bot.fusedesk.errors)
    ├── SlackError         Slack would or could not                        (bot.slack)
    ├── DatabaseError      casebot's own database would or could not       (bot.database)
    └── Busy               casebot itself has too much to do               (bot.background)

What belongs here: the root of the tree and the refusals that several rooms raise. Anything outside the tree is a fault of
casebot: it is logged with a reference which the person sees, and nothing else of it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Choice(NamedTuple):
    """A way out, drawn as a button: pressing it does what typing `/case {command}` would do."""

    label: str
    command: str


class CaseError(Exception):
    """Something a person must hear.

    `says` is plain text in whole sentences; it may quote what the person or FuseDesk wrote, and is escaped where it is drawn.
    `example` is a command that would work (without `/case`), `choices` are the nearest ways out, `field` names the field of a
    form that it is about (`case`, `department`, `rep`, `tags`, `summary`, `details`, `email`, `note`, `title`, `contact`).
    `facts` are for the log: ids and codes, never texts or emails. `passing`: the same may work later, without anybody doing
    anything about it, so that a change waits for it; `wait`: so many seconds at least, where that is known.
    """

    passing = False
    wait: float | None = None

    def __init__(self, says: str, *, example: str = "", choices: Sequence[Choice] = (), field: str = "", **facts: object) -> None:
        super().__init__(says)
        self.says = says
        self.example = example
        self.choices = tuple(choices)
        self.field = field
        self.facts = facts


class Refused(CaseError):
    """The person can mend it by asking differently."""


class Misunderstood(Refused):
    """The /case language could not read what was typed."""


class NameRefused(Refused):
    """A name did not lead to exactly one thing.

    `kind` is `department`, `rep`, `tag` or `target` (a department or a rep), `typed` what the person wrote, `names` the ones
    to offer: the caller, who knows the command, makes them into choices.
    """

    def __init__(self, says: str, *, kind: str, typed: str, names: Sequence[str], field: str = "") -> None:
        super().__init__(says, field=field or kind)
        self.kind = kind
        self.typed = typed
        self.names = tuple(names)


class NoSuchName(NameRefused):
    """FuseDesk has no department, rep or tag of that name; `names` are the nearest three."""


class SeveralNames(NameRefused):
    """More than one department, rep or tag fits what was typed; `names` are those (at most ten)."""


class NotAllowed(Refused):
    """This person may not do this."""


class Overtaken(Refused):
    """Somebody else changed the case since the card was drawn."""


class Busy(CaseError):
    """casebot has more to do than it can hold."""
