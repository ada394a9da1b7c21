"""Reload the names of departments, reps and tags."""

from __future__ import annotations

from bot.answers import Answers
from bot.cards.words import done
from bot.cases import Person
from bot.directory import Directory
from bot.operations import Refresh
from bot.payloads import Place


async def typed(operation: Refresh, place: Place, by: Person, key: str, directory: Directory, answers: Answers) -> None:
    counts = await answers.patiently(place, directory.refresh(), "the names")
    says = f"Reloaded {counts.departments} departments, {counts.reps} reps and {counts.tags} tags from FuseDesk."
    faults = [fault.says for fault in counts.faults]
    await answers.tell(place, done("\n".join([says, *dict.fromkeys(faults)])))
