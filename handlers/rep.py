"""Say who in Slack is which rep of FuseDesk, where email and name do not tell."""

from __future__ import annotations

from bot.access import Access
from bot.answers import Answers
from bot.audit import AuditEntry, code
from bot.cards.words import done, rep_links
from bot.cases import Person
from bot.directory import Directory
from bot.operations import RepLink
from bot.payloads import Place
from bot.people import People
from bot.store import Store
from bot.tokens import MENTION

_NOBODY = "nobody"
# Each name that is listed may cost a call to Slack.
_MOST = 50


async def typed(
    operation: RepLink,
    place: Place,
    by: Person,
    key: str,
    access: Access,
    people: People,
    directory: Directory,
    store: Store,
    answers: Answers,
) -> None:
    access.administer(by)
    mention = MENTION.fullmatch(operation.person)
    if mention is None:
        links = (await store.rep_links())[:_MOST]
        names = [((await people.anybody(link.user)).name, directory.rep_name(link.repid)) for link in links]
        return await answers.tell(place, rep_links(names))
    person = await people.anybody(mention[1])
    says = await _link(operation.rep, person, by, directory, store)
    people.forget(person.user)
    return await answers.tell(place, done(says))


async def _link(name: str, person: Person, by: Person, directory: Directory, store: Store) -> str:
    rep = None if name.casefold() == _NOBODY else await directory.rep(name)
    entry = AuditEntry(user=by.user, team=by.team, channel=code(by.channel), what="rep_link", outcome="done", detail=person.user)
    was = await store.link_rep(person.user, rep.userid if rep else None, entry)
    if rep:
        return f"{person.name} is {rep.name} from now on."
    return f"{person.name} is linked to no rep any more." if was else f"{person.name} was linked to no rep by hand."
