"""What the composer offers while a command is typed: the command, its verbs, then cases, departments, reps and tags.

Slack itself completes only the command; the rest is for people who have never seen casebot's language. What casebot understands
is not decided here: the verbs are its own, and everything can be typed without being offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.verbs import VERBS
from simulator.fusedesk import FuseDesk
from simulator.page.panel import Panel

COMMAND = "/case"
MOST = 8
OF_A_CASE = {"show", "note", "call", "tag", "untag", "transfer", "link", "close", "reopen"}
KEYS = {"open": ("dept", "rep", "tag", "from"), "find": ("dept", "rep", "tag", "status")}
STATUSES = ("active", "all", "new", "open", "closed")


@dataclass(frozen=True)
class Offer:
    """`text` is the whole line once the offer is taken."""

    text: str
    label: str
    detail: str = ""


class Completion:
    def __init__(self, desk: FuseDesk) -> None:
        self._desk = desk
        self._panel = Panel(desk)

    def offers(self, line: str) -> list[Offer]:
        """At most eight; [] where nothing is to be completed."""
        if "\n" in line or not line.startswith("/"):
            return []
        if not line.startswith(f"{COMMAND} "):
            fits = COMMAND.startswith(line)
            return [Offer(f"{COMMAND} ", COMMAND, "Open, find, show and change FuseDesk cases")] if fits else []
        verb, blank, rest = line.removeprefix(f"{COMMAND} ").lstrip().partition(" ")
        found = self._after(verb.lower(), rest, line) if blank else self._verbs(verb)
        return list(found)[:MOST]

    def _verbs(self, begun: str) -> Iterator[Offer]:
        for verb in VERBS:
            if any(name.startswith(begun.lower()) for name in (verb.name, *verb.aliases)):
                yield Offer(f"{COMMAND} {verb.name} ", verb.name, verb.purpose)

    def _after(self, verb: str, rest: str, line: str) -> Iterable[Offer]:
        if verb in KEYS:
            return self._keyed(verb, line)
        if verb not in OF_A_CASE:
            return []
        ref, blank, more = rest.partition(" ")
        if not blank:
            return self._cases(verb, ref)
        return self._objects(verb, f"{COMMAND} {verb} {ref} ", more)

    def _cases(self, verb: str, begun: str) -> Iterator[Offer]:
        for case in self._panel.shelf({"words": begun}).cases[:MOST]:
            yield Offer(f"{COMMAND} {verb} {case['caseid']} ", f"#{case['caseid']}", case["summary"])

    def _objects(self, verb: str, before: str, begun: str) -> Iterable[Offer]:
        """What a verb takes after its case."""
        if verb in ("tag", "untag"):
            earlier, comma, last = begun.rpartition(",")
            return self._named(before + earlier + (", " if comma else ""), last, {"tag": self._desk.tags()})
        if verb == "transfer":
            goal = begun.removeprefix("to ") if begun != "to" else ""
            return self._named(f"{before}to ", goal, {"department": self._desk.departments(), "rep": self._desk.reps()})
        return []

    def _keyed(self, verb: str, line: str) -> Iterable[Offer]:
        """`dept:` and the like, and what may stand behind them."""
        found = re.search(r'(?P<before>.*\s)(?:(?P<key>[a-z]+):(?P<value>"[^"]*|\S*)|(?P<word>\w*))$', line)
        if not found:
            return []
        before, key = found["before"], found["key"]
        if key is None:
            keys = [name for name in KEYS[verb] if name.startswith(found["word"]) and f" {name}:" not in line]
            return [Offer(f"{before}{name}:", f"{name}:", f"{'of' if verb == 'find' else 'with'} this {name}") for name in keys]
        names = {"dept": self._desk.departments(), "rep": self._desk.reps(), "tag": self._desk.tags()}
        choices = {key: dict.fromkeys(STATUSES, 0)} if key == "status" else {key: names.get(key, {})}
        return self._named(f"{before}{key}:", found["value"].strip('"'), choices, quoted=True)

    def _named(self, before: str, begun: str, kinds: dict[str, dict[str, int]], *, quoted: bool = False) -> Iterator[Offer]:
        begun = begun.strip().casefold()
        for kind, names in kinds.items():
            for name in names:
                if any(word.startswith(begun) for word in (name.casefold(), *name.casefold().split())):
                    yield Offer(f'{before}"{name}"' if quoted and " " in name else before + name, name, kind)
