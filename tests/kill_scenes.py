"""One wish that casebot is killed over: when it is killed, what is wished, and what there is to be seen of it afterwards.

What is expected of every wish: one effect in FuseDesk, one answer, one line in the thread, cards that show the new state. An
answer that one person alone sees cannot be looked up afterwards, so it may be missing where the kill hit its sending
(`Moment.may_be_silent`); and a wish that nobody acknowledged may have come to nothing, as the person was told by Slack.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.fusedesk import Call
from simulator.fusedesk_store import Row
from simulator.slack import BOT_USER, JANE, SUPPORT, Exchange, Message

if TYPE_CHECKING:
    from tests.kills import World

RESPOND, POST, UPDATE, VIEW = "response_url", "chat.postMessage", "chat.update", "views.update"
ASKED, DONE, ANSWERED = "asked", "done", "answered"


@dataclass(frozen=True)
class Moment:
    """`at` FuseDesk ("") or at one of Slack's methods: when it saw the call, after the effect, after the answer left; or, where
    there is no `what`, `after` so many seconds, wherever casebot is then."""

    at: str = ""
    what: str = ""
    after: float = 0.0

    def __str__(self) -> str:
        if not self.what:
            return f"after_{self.after * 1000:.0f}_ms" if self.after else "never"
        return f"{self.at or 'fusedesk'}_{self.what}"

    @property
    def kills(self) -> bool:
        return bool(self.what or self.after)

    @property
    def may_be_silent(self) -> bool:
        """Whether the kill may have hit an answer on its way, which casebot cannot know and must not repeat."""
        return bool(self.after) or (self.at in (RESPOND, VIEW) and self.what == ASKED)

    @property
    def most(self) -> int:
        """How often it may be told: a modal that was drawn and closed before the next life could know is not there to be drawn
        again, so it is told another way."""
        return 2 if (self.at, self.what) == (VIEW, DONE) else 1


NEVER = Moment()


@dataclass
class Scene:
    """One wish: what it is about, and how to see what became of it. `modal` is what stood in modals that are closed by now."""

    world: World
    kind: Kind
    number: int
    caseid: int = 0
    card: Message | None = None
    ts: str = ""
    moment: Moment = NEVER
    private: Message | None = None
    exchange: Exchange | None = None
    modal: list[str] = field(default_factory=list)
    since: int = 0
    seen_before: int = 0
    lines_before: int = 0

    @property
    def word(self) -> str:
        """What no other scene's texts hold."""
        return f"quokka{self.number:05}x"

    @property
    def row(self) -> Row:
        return self.world.desk.case(self.caseid)

    def case(self) -> Row | None:
        """The case that the wish is about; None while it is not open."""
        if self.caseid:
            return self.row
        found = self.world.desk.find(words=self.word)
        return self.world.desk.case(found[0]["caseid"]) if found else None

    def effects(self) -> list[Call]:
        """The write calls of this wish that took effect in FuseDesk."""
        return [call for call in self.world.effects[self.since :] if self.wrote(call)]

    def wrote(self, call: Call) -> bool:
        if self.caseid:
            return call.fits(self.kind.write.format(caseid=self.caseid))
        return call.fits(self.kind.write) and self.word in call.form.get("summary", "")

    def others(self) -> list[Call]:
        """Write calls that took effect on the same case and are not this wish's."""
        since = self.world.effects[self.since :]
        about = [call for call in since if self.caseid and call.fits(f"POST /cases/{self.caseid}*")]
        return [call for call in about if not self.wrote(call)]

    def told(self) -> list[str]:
        """What casebot told the person alone, wherever, that tells of this wish's end."""
        return [text for text in self.world.private() + self.modal if self.says(text, self.kind.answer)]

    def says(self, text: str, what: str) -> bool:
        """Whether it says that, and is about this wish."""
        about = self.word in text if not self.caseid else f"#{self.caseid}" in text
        return bool(what) and about and what.format(caseid=self.caseid) in text

    def lines(self) -> list[str]:
        """What stands in the thread of the channel's card."""
        if self.card is None:
            return []
        thread = self.world.slack.seen(JANE, SUPPORT, self.card.ts)
        return [message.plain() for message in thread if message.ts != self.card.ts and not message.ephemeral]

    def posted(self) -> list[Message]:
        """casebot's cards in the thread of the message that the case was opened from."""
        thread = self.world.slack.seen(JANE, SUPPORT, self.ts) if self.ts else []
        return [message for message in thread if message.user == BOT_USER and not message.ephemeral]

    def wrong(self, *, finished: bool) -> list[str]:
        """What is not as it should be; `finished`: also what may still come, or has come too often."""
        kind = self.kind
        if self.came_to_nothing():
            return []
        row = self.case()
        wrong = _count("effects in FuseDesk", len(self.effects()), 1, finished=finished)
        if row is None or not kind.holds(self, row):
            wrong.append("the case in FuseDesk is not as it was wished")
        if kind.answer:
            least = 0 if self.moment.may_be_silent else 1
            told = len(self.told())
            wrong += _count("answers to the person", told, self.moment.most, least=least, finished=finished)
        if kind.line:
            line = sum(kind.line in text for text in self.lines())
            wrong += _count(f"lines that say “{kind.line}”", line, 1, finished=finished)
        if kind.posts:
            wrong += _count("cards in the thread", len(self.posted()), 1, finished=finished)
            wrong += [f"a card without “{self.word}”" for card in self.posted() if self.word not in card.plain()]
        if kind.card and self.card is not None and not kind.card(self, self.card):
            wrong.append("the card in the channel does not show the new state")
        if finished and self.others():
            wrong.append(f"FuseDesk was asked for what nobody wished: {[f'{call.method} {call.path}' for call in self.others()]}")
        return wrong

    def came_to_nothing(self) -> bool:
        """At a moment of the clock casebot may be killed before it has heard of the wish, which Slack then tells the person."""
        unheard = self.exchange is None or bool(self.exchange.error)
        lines = self.lines()[self.lines_before :]
        return bool(self.moment.after) and unheard and not (self.effects() or self.told() or lines or self.posted())

    def holdings(self) -> str:
        """What FuseDesk, Slack and casebot's log hold, for a failure."""
        row = self.case()
        facts = {name: row[name] for name in ("caseid", "status", "department", "rep", "tagnames", "contactid")} if row else None
        history = [f"{item['type']}: {item['title']}" for item in row["history"]] if row else []
        effects = [f"{call.method} {call.path} {dict(call.form)}"[:200] for call in self.effects() + self.others()]
        calls = [f"{call.method} {call.status} {call.error}".rstrip() for call in self.world.slack.calls[-12:]]
        return "\n".join(
            [
                f"FuseDesk holds: {facts}",
                f"  its history: {history[-6:]}",
                f"  write calls that took effect: {effects}",
                f"Slack holds: answers {self.told()}",
                f"  all that the person alone was told: {self.world.private()[self.seen_before :]}",
                f"  lines {self.lines()}",
                f"  the channel's card: {self.card.plain() if self.card else None} {self.card.buttons if self.card else ''}",
                f"  cards in the message's thread: {[card.plain() for card in self.posted()]}",
                f"  the last calls: {calls}",
                f"Slack's request was answered: {self._acknowledged()}",
                "casebot's log ends:",
                *(f"--- life {number}\n{life.told(12)}" for number, life in self.world.last_lives()),
            ]
        )

    def _acknowledged(self) -> str:
        if self.exchange is None:
            return "there was none"
        return f"{self.exchange.kind} {self.exchange.error or self.exchange.status} {self.exchange.text[:100]}"


def _count(what: str, there: int, most: int, *, least: int = 1, finished: bool) -> list[str]:
    if there < least or (finished and there > most):
        return [f"{what}: {there} instead of 1"]
    return []


Act = Callable[[Scene], Awaitable[Exchange | None]]


@dataclass(frozen=True)
class Kind:
    """A kind of write. `write` is FuseDesk's call, `tells` are the calls of Slack that tell of it.

    `before` sets the stage, `then` does so once the case's card is in the channel; `opens`: there is no case yet. `answer` is
    what the person alone is told, `line` what stands in the thread of the card, `card` is whether the channel's card shows the
    new state, `posts`: a new card is put into the message's thread. `slow`: FuseDesk answers after the form has its
    acknowledgement. `few`: another kind stands for it at most moments.
    """

    name: str
    write: str
    act: Act
    tells: tuple[str, ...]
    holds: Callable[[Scene, Row], bool]
    answer: str = ""
    line: str = ""
    card: Callable[[Scene, Message], bool] | None = None
    posts: bool = False
    opens: bool = False
    before: Callable[[Scene], None] | None = None
    then: Callable[[Scene], Awaitable[None]] | None = None
    slow: bool = False
    few: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def moments(self) -> list[Moment]:
        at_fusedesk = [Moment("", what) for what in (ASKED, DONE, ANSWERED)]
        return at_fusedesk + [Moment(method, what) for method in self.tells for what in (ASKED, DONE)]
