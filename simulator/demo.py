"""`casebot demo`: the unchanged bot over signed HTTP between the two stand-ins, a conversation to watch, then your own lines.

Nothing is kept. What the conversation does is done as people do it: commands, shortcuts, forms and buttons go to casebot as
Slack sends them, and what is printed is what each person would see.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from contextlib import AsyncExitStack

from rich.console import Console

from bot import logs
from bot.app import build_app
from bot.cards import case, forms
from bot.fusedesk.models import Status
from bot.settings import Settings, read_settings
from simulator.fusedesk import FuseDesk
from simulator.serving import serve
from simulator.slack import JANE, MIA, SUPPORT, Message, NotPossible, Slack, View
from simulator.terminal import Terminal

OLU = "U10OLU"
_QUIET = 0.25  # seconds without a change after which everything has been said
_HELP = "Type what follows /case (or `press Transfer`, `as olu`, `as mia`, `as gus`, `quit`):"


class Demo:
    def __init__(self, slack: Slack, desk: FuseDesk, terminal: Terminal) -> None:
        self._slack = slack
        self._desk = desk
        self._terminal = terminal
        self._drawn: dict[tuple[str, str], str] = {}
        self._who = JANE

    # What the audience sees

    def _name(self, user: str) -> str:
        return self._slack.users[user].real_name

    async def _settle(self, user: str) -> None:
        """Waits until casebot has said all, then draws what is new or changed before `user`."""
        while True:
            try:
                await asyncio.wait_for(self._slack.changed.after(self._slack.changed.version), _QUIET + self._desk.latency)
            except TimeoutError:
                break
        for message in self._slack.seen(user, SUPPORT):
            self._draw(message, user)

    def _draw(self, message: Message, user: str) -> None:
        # What everybody sees is drawn once, whoever looks.
        key, looks = (user if message.ephemeral else "", message.ts), message.plain()
        before = self._drawn.get(key)
        if before == looks:
            return
        self._drawn[key] = looks
        author = self._name(message.user) if message.user in self._slack.users else "casebot"
        where = "the thread in #support" if message.thread_ts and message.thread_ts != message.ts else "#support"
        self._terminal.message(message, author, to=self._name(user), where=where, edited=before is not None)

    async def _view(self, user: str) -> View:
        return await self._slack.until(lambda: self._slack.view(user), what="a form")

    # What people do

    async def _command(self, user: str, text: str) -> None:
        self._terminal.say(f"{self._name(user)} types   /case {text}", "bold green")
        await self._slack.command(user, SUPPORT, text)
        await self._settle(user)

    async def _press(self, user: str, message: Message, label: str) -> None:
        self._terminal.say(f"{self._name(user)} presses   [ {label} ]", "bold green")
        await self._slack.click(user, message, message.button(label))

    def _card(self, user: str, *, shared: bool) -> Message:
        """The newest case card that the person sees."""
        cards = [message for message in self._slack.seen(user, SUPPORT) if case.TRANSFER in _actions(message)]
        return next(card for card in reversed(cards) if card.ephemeral is not shared)

    async def conversation(self) -> None:
        await self._from_message()
        self._terminal.step(2, "Find a customer's cases by email")
        await self._command(JANE, "jane@example.com")
        self._terminal.step(3, "Show a case, then share it with the channel")
        caseid = self._desk.find(status=Status.NEW, departmentid=268, limit=1)[0]["caseid"]
        await self._command(JANE, str(caseid))
        await self._press(JANE, self._card(JANE, shared=False), "Share")
        await self._settle(JANE)
        await self._transfer()
        self._terminal.step(5, "A note, tags, and a command with two typing errors in it")
        await self._command(OLU, f"note {caseid} Called back. A replacement is on its way.")
        await self._command(OLU, f"tag {caseid} vip, hardware")
        await self._command(OLU, f"trasnfer {caseid} to biling")

    async def _from_message(self) -> None:
        slack = self._slack
        self._terminal.step(1, "Open a case from a message, with its whole thread")
        ts = slack.say(MIA, SUPPORT, "The label printer at Alder & Finch is on fire again.\nPlease answer to jane@example.com")
        for user, text in [(MIA, "It is the one beside the window."), (OLU, "Fire brigade is on its way :fire_engine:")]:
            slack.say(user, SUPPORT, text, thread_ts=ts)
        await self._settle(JANE)
        self._terminal.say("Jane Doe chooses   ⋮ > Open a case   on the first message", "bold green")
        await slack.message_shortcut(JANE, SUPPORT, ts, "open_case_from_message")
        view = await self._view(JANE)
        await slack.click(JANE, view, forms.DEPARTMENT, option="Technical Support")
        await self._settle(JANE)
        await slack.fill(JANE, view, {forms.TAGS: ["Printer", "Urgent"], forms.THREAD: [forms.THREAD]})
        self._terminal.view(view, to="Jane Doe")
        self._terminal.say("Jane Doe presses   [ Open ]", "bold green")
        await slack.submit(JANE, view)
        await self._settle(JANE)

    async def _transfer(self) -> None:
        self._terminal.step(4, "Somebody else transfers it from the channel, with a button")
        await self._press(OLU, self._card(OLU, shared=True), "Transfer")
        view = await self._view(OLU)
        await self._slack.click(OLU, view, forms.DEPARTMENT, option="Billing")
        await self._settle(OLU)
        await self._slack.fill(OLU, view, {forms.REP: "Olu Adeyemi"})
        self._terminal.view(view, to="Olu Adeyemi")
        self._terminal.say("Olu Adeyemi presses   [ Transfer ]", "bold green")
        await self._slack.submit(OLU, view)
        await self._settle(OLU)

    async def prompt(self) -> None:
        """Your own lines, until `quit` or the end of the input."""
        self._terminal.say("")
        lines = _lines()
        while True:
            self._terminal.say(f"{_HELP}  you are {self._name(self._who)} in #support", "bold")
            line = await lines.get()
            if line is None or line.strip() in ("quit", "exit"):
                return
            await self._obey(line.strip())

    async def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        try:
            if verb == "as":
                self._who = {"jane": JANE, "olu": OLU, "mia": MIA, "gus": "U05GUS"}[rest.strip().lower()]
            elif verb == "press":
                seen = [message for message in self._slack.seen(self._who, SUPPORT) if rest in message.buttons]
                await self._press(self._who, seen[-1], rest)
                await self._settle(self._who)
                if self._slack.views(self._who):
                    self._terminal.view(self._slack.view(self._who), to=self._name(self._who))
            else:
                await self._command(self._who, line.removeprefix("/case").strip())
        except (KeyError, IndexError, NotPossible) as refused:
            self._terminal.say(f"That cannot be done: {refused}", "red")


def _actions(message: Message) -> set[str]:
    return {element.action_id for element in message.elements}


def _lines() -> asyncio.Queue[str | None]:
    """Lines of standard input; None at its end. A daemon thread, so that Ctrl-C need not wait for Enter."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def settings(slack_url: str, desk_url: str, key: str, kept_in: str) -> Settings:
    return read_settings(
        _env_file=None,
        slack_bot_token="xoxb-test",
        slack_signing_secret="s3cret",
        slack_app_token="",
        slack_api_url=f"{slack_url}/api/",
        fusedesk_app="demo",
        fusedesk_api_key=key,
        fusedesk_base_url=desk_url,
        database_url=f"sqlite:///{kept_in}/casebot.db",
    )


async def play(*, cases: int, port: int, latency: float, console: Console) -> None:
    terminal = Terminal(console)
    terminal.say(f"Starting a FuseDesk with {cases:,} cases, a Slack, and casebot between them …")
    slack, desk = Slack(), FuseDesk(cases=cases)
    # Two reps of FuseDesk who are in Slack, too.
    slack.add_user(JANE, name="jane", real_name="Jane Doe", email="jane.doe@example.org")
    slack.add_user(OLU, name="olu", real_name="Olu Adeyemi", email="olu.adeyemi@example.org")
    slack.channels[SUPPORT].members.add(OLU)
    async with AsyncExitStack() as stack:
        slack_url = await stack.enter_async_context(slack.served())
        desk_url = await stack.enter_async_context(serve(desk.app))
        kept_in = stack.enter_context(tempfile.TemporaryDirectory(prefix="casebot-demo-"))
        bot = await build_app(settings(slack_url, desk_url, desk.api_key, kept_in))
        slack.connect(await stack.enter_async_context(serve(bot.asgi, port=port)))
        await slack.until(lambda: bot.directory.ready, timeout=30, what="the names")
        desk.latency = latency
        demo = Demo(slack, desk, terminal)
        await demo.conversation()
        await demo.prompt()


def main(*, cases: int, port: int, latency: float) -> None:
    logs.configure("ERROR")
    try:
        asyncio.run(play(cases=cases, port=port, latency=latency, console=Console(highlight=False)))
    except KeyboardInterrupt:
        print()
