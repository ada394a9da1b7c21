"""Tag and untag a case: typed, or by form."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.case import Seen
from bot.cards.forms import TAGS, Origin, tags_form
from bot.cards.words import tagged
from bot.cases import NamedCase, Person
from bot.desk import CaseDesk
from bot.directory import Directory
from bot.errors import Refused
from bot.fusedesk.models import Tag as CaseTag
from bot.listening import Ack, Later, Settle, Staged
from bot.operations import CaseRef, Tag, Untag
from bot.payloads import Click, Place, Submission
from bot.slack import Slack


async def typed(operation: Tag | Untag, place: Place, by: Person, key: str, desk: CaseDesk, answers: Answers) -> None:
    adding = isinstance(operation, Tag)
    names = operation.tags
    work = desk.change_tags(operation.case, by, key, add=names if adding else (), remove=() if adding else names)
    done = await answers.patiently(place, work, "FuseDesk")
    await answers.report(place, tagged(done.caseid, done.changed, done.refused, adding=adding, undo=done.undo))
    await answers.others(place, done.caseid, by, done.line, desk.look_again, done.undo)


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


async def submitted(
    submission: Submission, by: Person, settle: Settle, desk: CaseDesk, directory: Directory, answers: Answers
) -> None:
    origin = Origin.load(submission.view.metadata)
    seen = origin.card
    wanted = tuple(int(tag) for tag in submission.view.options(TAGS))
    add = [f"#{tag}" for tag in wanted if tag not in origin.tags]
    remove = [f"#{tag.id}" for tag in _known(origin.tags, directory) if tag.id not in wanted]
    if not add and not remove:
        raise Refused("These are the tags that the case has already.", field=TAGS)
    named = desk.remembered(seen.caseid)
    await settle(
        _change(seen.caseid, add, remove, submission.view.id, origin.place, by, desk, answers),
        again=lambda fault: tags_form(_known(wanted, directory), origin, named=named, fault=fault),
        waiting="Changing the tags …",
    )


async def _change(
    caseid: int,
    add: list[str],
    remove: list[str],
    key: str,
    place: Place,
    by: Person,
    desk: CaseDesk,
    answers: Answers,
) -> None:
    done = await desk.change_tags(CaseRef(caseid=caseid), by, key, add=add, remove=remove)
    if named := await desk.look_again(caseid):
        await answers.changed(place, named, by, done.line, done.undo)
    if done.refused:
        await answers.report(place, tagged(caseid, done.changed, done.refused, adding=bool(add)))
