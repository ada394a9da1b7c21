"""What can go wrong between casebot and FuseDesk, each with the words a person gets.

    FuseDeskError
    ├── KeyRefused        401: the API key is wrong or was withdrawn
    ├── ScopeMissing      403: the key lacks a scope
    ├── NotFound          404: no such case (or other object)
    ├── RefusedByFuseDesk FuseDesk's own sentence (405, or an error object inside a 200)
    ├── QuotaUsedUp       429: the hour's calls are used up
    ├── QuotaLow          the hour's last calls are kept for changes; FuseDesk was not asked
    ├── Unavailable       timeout, broken connection, 5xx
    │   └── LeftAlone         it was so three times in a row: nothing was sent (bot.fusedesk.breaker)
    └── Unintelligible    an answer that is not what the API promises

Nothing here imports httpx: the client translates lower errors at its seam.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.errors import CaseError


class FuseDeskError(CaseError):
    """FuseDesk would not or could not. `facts` hold the call (`GET cases/1`), the status and FuseDesk's error code.

    `maybe_done`: it was a write whose outcome is unknown, because the request may have arrived. `meanwhile` is the sentence
    beside what is shown from memory instead; "" where nothing may be, such as after a refusal.
    """

    maybe_done = False
    meanwhile = ""


class KeyRefused(FuseDeskError):
    def __init__(self, **facts: Any) -> None:
        super().__init__(
            "FuseDesk refused casebot's API key. Whoever runs casebot needs to set a valid FUSEDESK_API_KEY; "
            "`casebot doctor` shows what is wrong.",
            **facts,
        )


class ScopeMissing(FuseDeskError):
    """`scope` is the FuseDesk scope that the call needs, such as `cases_update`."""

    def __init__(self, scope: str, **facts: Any) -> None:
        super().__init__(
            f"casebot's FuseDesk API key lacks the scope {scope}. Whoever runs casebot needs to add it to the key.",
            scope=scope,
            **facts,
        )
        self.scope = scope


class NotFound(FuseDeskError):
    """`what` names the missing thing as a person would: "case #1234"."""

    def __init__(self, what: str, **facts: Any) -> None:
        super().__init__(f"FuseDesk has no {what}. It may have been deleted, or the number is mistyped.", **facts)
        self.what = what


class RefusedByFuseDesk(FuseDeskError):
    """`sentence` is FuseDesk's own, shown as it is."""

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(f"FuseDesk refused: {sentence}", **facts)
        self.sentence = sentence


class QuotaUsedUp(FuseDeskError):
    """`again_at` is when calls may be expected to work again (aware datetime)."""

    passing = True
    meanwhile = "FuseDesk allows no more calls this hour."

    def __init__(self, again_at: datetime, **facts: Any) -> None:
        super().__init__(
            "FuseDesk allows no more calls this hour. Try again after " + again_at.strftime("%H:%M") + " UTC.", **facts
        )
        self.again_at = again_at


class QuotaLow(FuseDeskError):
    """A read that was not made. `again_at` is when reads may be expected to work again (aware datetime)."""

    passing = True
    meanwhile = "Few of this hour's FuseDesk calls are left, and they are kept for changes."

    def __init__(self, again_at: datetime, **facts: Any) -> None:
        says = f"{self.meanwhile} This can be shown again after {again_at:%H:%M} UTC; changes still work."
        super().__init__(says, **facts)
        self.again_at = again_at


class Unavailable(FuseDeskError):
    passing = True
    meanwhile = "FuseDesk does not answer right now."

    def __init__(self, *, maybe_done: bool = False, **facts: Any) -> None:
        says = self.meanwhile
        if maybe_done:
            says += " It may have done what you asked before it fell silent: look at the case before you ask again."
        else:
            says += " Nothing was changed; try again in a minute."
        super().__init__(says, **facts)
        self.maybe_done = maybe_done


class LeftAlone(Unavailable):
    """Certainly not done, and worth asking again soon, because that costs nothing."""


class Unintelligible(FuseDeskError):
    """Also the page "back soon" that comes with a status of 200."""

    passing = True
    meanwhile = "FuseDesk answered with something that casebot cannot read."

    def __init__(self, *, maybe_done: bool = False, **facts: Any) -> None:
        says = self.meanwhile + " "
        if maybe_done:
            says += "It may have done what you asked: look at the case before you ask again."
        else:
            says += "Try again; if it stays so, tell whoever runs casebot."
        super().__init__(says, **facts)
        self.maybe_done = maybe_done
