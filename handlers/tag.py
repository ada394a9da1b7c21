"""Tag and untag a case: typed, or by form."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import TAGS, Origin, tags_form
from bot.cards.words import tagged
from bot.cases import NamedCase, Person
from bot.changes import TagsDone
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.errors import Refused
from bot.fusedesk.models import Tag as CaseTag
from bot.intents import ChangeTags, Intent
from bot.listening import Ack, Later, Settle, Staged
from bot.operations import CaseRef, Tag, Untag
from bot.payloads import Click, Place, Submission
from bot.references import reference
from bot.slack import Slack
from bot.writing import Writing


async def wanted(operation: Tag | Untag) -> ChangeTags:
    if isinstance(operation, Tag):
        return ChangeTags(case=operation.case, add=operation.tags)
    return ChangeTags(case=operation.case, remove=operation.tags)


async def effect(deed: ChangeTags, by: Person, key: str, writing: Writing) -> TagsDone:
    return await writing.change_tags(deed.case, by, key, add=deed.add, remove=deed.remove)


async def tell(result: TagsDone, deed: ChangeTags, intent: Intent, desk: CaseDesk, answers: Answers) -> None:
    place, by = intent.place, intent.by
    words = tagged(result.caseid, result.changed, result.refused, adding=bool(deed.add), undo=result.undo)
    if intent.surface == "typed":
        await answers.report(place, words)
        await answers.others(place, result.caseid, by, result.line, desk.look_again, result.undo)
        return
    if named := await desk.look_again(result.caseid):
        await answers.changed(place, named, by, result.line, result.undo)
    if result.refused:
        await answers.report(place, words)


async def pressed(
    click: Click, ack: Ack, later: Later, staged: Staged, desk: CaseDesk, directory: Directory, slack: Slack, answers: Answers
) -> None:
    """The form shows the tags that the case has: from memory, or asked for while the form says so."""
    seen = Seen.load(click.value)
    named = desk.remembered(seen.caseid)
    await ack()
    if named is not None:
        later(answers.form(click.place, click.trigger, _view(named, click.place, seen, directory)))
        return
    staged("Fetching the case's tags …", lambda place: _form(place, click.place, seen, desk, directory, slack), modal=True)


async def _form(place: Place, asked: Place, seen: Seen, desk: CaseDesk, directory: Directory, slack: Slack) -> None:
    named = await desk.look(CaseRef(caseid=seen.caseid))
    await slack.update_view(place.view_id, _view(named, asked, seen, directory))


def _view(named: NamedCase, place: Place, seen: Seen, directory: Directory) -> dict[str, object]:
    origin = Origin(place=place, seen=seen, tags=named.case.tags[:100])
    return tags_form(_known(named.case.tags, directory), origin, named=named)


def _known(ids: tuple[int, ...], directory: Directory) -> list[CaseTag]:
    return [tag for tag in map(directory.tag_by_id, ids) if tag is not None]


async def submitted(submission: Submission, settle: Settle, desk: CaseDesk, directory: Directory) -> None:
    origin = Origin.load(submission.view.metadata)
    case = CaseRef(caseid=origin.card.caseid)
    wanted = tuple(int(tag) for tag in submission.view.options(TAGS))
    had = _known(origin.tags, directory)
    add = tuple(f"#{tag}" for tag in wanted if tag not in origin.tags)
    remove = tuple(f"#{tag.id}" for tag in had if tag.id not in wanted)
    if not add and not remove:
        raise Refused("These are the tags that the case has already.", field=TAGS)
    named = desk.remembered(origin.card.caseid)
    chosen = _known(wanted, directory)
    await settle(
        ChangeTags(case=case, add=add, remove=remove, names={f"#{tag.id}": tag.tagname for tag in (*had, *chosen)}),
        key=f"{submission.view.id}:{reference(repr(wanted))}",
        place=origin.place,
        again=lambda fault: tags_form(chosen, origin, named=named, fault=fault),
        waiting="Changing the tags …",
    )
