"""Who looks at what: the part of the page that is in its address, so that a reload or a link shows the same.

What belongs here: reading and writing that address. What is to be seen there does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from simulator.slack import BILLING, GUS, JANE, MIA, OTTO, RANDOM, SUPPORT, Slack

OLU = "U10OLU"
HOME, DIRECT = "home", "casebot"
PANELS = {"tour": "Tour", "fusedesk": "FuseDesk", "inspector": "Inspector", "weather": "Weather"}
PLACES = (SUPPORT, BILLING, RANDOM)
PEOPLE = {
    JANE: "a rep in Support and Billing",
    OLU: "a rep in Billing and Repairs",
    MIA: "a member, no rep",
    GUS: "a guest",
    OTTO: "from another company",
}


@dataclass(frozen=True)
class Look:
    """`place` is a channel's id, `home` or `casebot` (the direct messages); `panel` "" means that none was asked for; `case` is a
    case's id or number."""

    who: str = JANE
    place: str = SUPPORT
    thread: str = ""
    panel: str = ""
    case: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], slack: Slack) -> Look:
        """What an address asks for; what is not there, or not for that person, becomes what is."""
        look = cls(**{name: query[name] for name in cls.__dataclass_fields__ if name in query})
        if look.who not in PEOPLE:
            look = replace(look, who=JANE)
        if look.panel not in PANELS:
            look = replace(look, panel="")
        if look.place in (HOME, DIRECT) or (look.place in PLACES and slack.can_see(look.who, look.place)):
            return look
        return replace(look, place=next((place for place in PLACES if slack.can_see(look.who, place)), HOME), thread="")

    def url(self, **changes: object) -> str:
        given = asdict(self) | {name: str(value) for name, value in changes.items()}
        return "/?" + urlencode({name: value for name, value in given.items() if value})

    def channel(self, slack: Slack) -> str:
        """The id of the channel that is looked at, "" for the Home."""
        return "" if self.place == HOME else slack.dm(self.who).id if self.place == DIRECT else self.place
