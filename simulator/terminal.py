"""What a person in Slack sees, drawn in a terminal: messages, cards, lists and modals as panels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from simulator.slack_state import Message, View
from simulator.slack_text import plain, shown

Json = dict[str, Any]

WIDTH = 100


class Terminal:
    """`console` is rich's; everything is drawn at most 100 columns wide."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), width=WIDTH)

    def step(self, number: int, text: str) -> None:
        self._console.print()
        self._console.print(Text(f" {number}  {text} ", style="bold reverse"), width=WIDTH)

    def message(self, message: Message, author: str, *, to: str, where: str, edited: bool = False) -> None:
        """One message, as `to` sees it in `where`."""
        seen = f"only visible to {to}" if message.ephemeral else "everybody sees it"
        title = f"{author} in {where} · {'changed in place' if edited else seen}"
        body = Group(*drawn(message.blocks)) if message.blocks else Text(shown(message.text))
        style = "bright_black" if message.ephemeral else "blue"
        self._console.print(Panel(body, title=title, title_align="left", border_style=style, width=WIDTH))

    def view(self, view: View, *, to: str, filled: dict[str, str] | None = None) -> None:
        """A modal, with what the person has put into it."""
        body = Group(*drawn(view.blocks, view.state["values"], filled or {}))
        title = f"modal before {to}: {plain(view.content.get('title'))}"
        self._console.print(Panel(body, title=title, title_align="left", border_style="magenta", width=WIDTH))


def drawn(blocks: list[Json], values: Json | None = None, filled: dict[str, str] | None = None) -> Iterator[RenderableType]:
    for block in blocks:
        kind = block["type"]
        if kind == "divider":
            yield Text("─" * 40, style="dim")
        elif kind == "actions":
            yield _row(block["elements"])
        elif kind == "input":
            yield _field(block, values or {}, filled or {})
        elif kind == "context":
            yield Text("  ·  ".join(plain(element) for element in block["elements"]), style="dim")
        else:
            yield from _section(block)


def _section(block: Json) -> Iterator[RenderableType]:
    accessory = block.get("accessory")
    text = plain({key: value for key, value in block.items() if key not in ("accessory", "fields")})
    style = "bold" if block["type"] == "header" else ""
    if text:
        yield Text(text, style=style) if not accessory else Text.assemble(text, "   ", _element(accessory))
    if fields := block.get("fields"):
        yield Text("    ".join(" ".join(plain(field).replace("*", "").split("\n")) for field in fields))


def _row(elements: list[Json]) -> Text:
    return Text("  ").join(_element(element) for element in elements)


def _element(element: Json) -> Text:
    if element["type"] == "overflow":
        return Text("[ … ]", style="cyan")
    label = plain(element.get("text") or element.get("placeholder") or {}) or element["type"]
    return Text(f"[ {label} ]", style="bold cyan" if element.get("style") else "cyan")


def _field(block: Json, values: Json, filled: dict[str, str]) -> Text:
    element = block["element"]
    held = next(iter(values.get(block["block_id"], {}).values()), {})
    value = filled.get(element["action_id"]) or _value(held)
    return Text.assemble((f"{plain(block['label'])}: ", "bold"), value or ("(empty)", "dim"))


def _value(held: Json) -> str:
    if held.get("value"):
        return str(held["value"])
    if option := held.get("selected_option"):
        return plain(option["text"])
    return ", ".join(plain(option["text"]) for option in held.get("selected_options") or ())
