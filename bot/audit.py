"""A line of the audit: who, when, where, what, before, after, outcome.

An entry takes ids and codes only. That is checked here, so that no caller can put a customer's words or an address into it by
mistake: a text with a blank or an @ is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

# Begins with a letter or digit, so that no spreadsheet takes it for a formula.
_CODE = r"^([A-Za-z0-9][A-Za-z0-9._:#/+-]*)?$"
_LONGEST = 200
Code = Annotated[str, Field(pattern=_CODE, max_length=_LONGEST)]
Value = bool | int | Code | None
State = dict[Code, Value | list[Value]]


def code(text: str) -> str:
    """An id that came from outside, or "unfit" where it is none: what was refused is kept whatever it was called."""
    return text if re.match(_CODE, text) and "\n" not in text and len(text) <= _LONGEST else "unfit"


class AuditEntry(BaseModel):
    """One thing that somebody did or was refused.

    `what` is the operation's name (`transfer`, `open`, `rep_link`), `outcome` how it ended (`done`, `refused`, `failed`,
    `unknown`, `undone`), `detail` a code that says more (an error's class, a permission). `before` and `after` hold what it
    changed: `{"departmentid": 268, "repid": None}`. `id` is given by the store.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    user: Code
    team: Code = ""
    channel: Code = ""
    what: Code
    caseid: int | None = None
    before: State | None = None
    after: State | None = None
    outcome: Code
    detail: Code = ""
    id: int | None = None
