"""Who may do what. Everybody here is a full member of the workspace already (`bot.people`).

Reps do everything, and so does everybody where CASEBOT_ACCESS is `members`. Other members open cases and see those that they
opened through casebot; nothing else. What a member may press or type stands in the table of contents, `handlers.FOR_MEMBERS`.
"""

from __future__ import annotations

from bot.cases import Person
from bot.errors import Choice, NotAllowed
from bot.store import Store

# The verbs of the /case language that are for every member. `rep` is for admins, who need be no reps themselves.
VERBS = frozenset({"help", "open", "show", "mine", "pending", "rep"})

_YOURS = (Choice("My cases", "mine"), Choice("Open a case", "open"))
_ADMINS = 'An admin of this workspace can: /case rep @you "Your name in FuseDesk".'


class Access:
    def __init__(self, store: Store) -> None:
        self._store = store

    def work(self, by: Person) -> None:
        """Raises NotAllowed unless the person may work on cases."""
        if not by.everything:
            raise NotAllowed(
                "This is for the reps of FuseDesk, and casebot does not know you as one. You can open cases and see those "
                f"that you opened. If you are a rep, have yourself made known. {_ADMINS}",
                choices=_YOURS,
                example="open Printer on fire",
                user=by.user,
            )

    def verb(self, verb: str, by: Person) -> None:
        if verb not in VERBS:
            self.work(by)

    async def see(self, by: Person, caseid: int | None, *, because: str = "") -> None:
        """Raises NotAllowed unless the person may see that case; None is one that FuseDesk does not have. `because` is a whole
        sentence that says how they came to it."""
        if not by.everything and (caseid is None or not await self._store.has_opened(by.user, caseid)):
            says = "You can see the cases that you opened, and this is none of them. Ask a rep of the support team."
            raise NotAllowed(
                f"{because} {says}".lstrip(),
                choices=_YOURS,
                user=by.user,
                case=caseid,
            )

    def administer(self, by: Person) -> None:
        if not by.admin:
            raise NotAllowed("Only admins and owners of this workspace say who is which rep. Ask one of them.", user=by.user)
