"""Tables for a terminal, as text: what `doctor`, `audit` and a start that fails print.

A column that is `whole` is never broken; the others share the room that is left, and their words go on in the next line.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection, Sequence
from typing import TextIO

import click
from prettytable import PrettyTable, TableStyle
from wcwidth import wcswidth

# Where there is no terminal: readable in a log.
_WIDTH = 160
_NARROWEST = 8
# A table's lines and blanks: "│ " before each column, " " behind it, "│" at the end.
_FRAME, _END = 3, 1
# What would move the cursor or change colours, were it printed.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def width_of(stream: TextIO) -> int:
    """How many characters fit beside each other there."""
    return shutil.get_terminal_size().columns if stream.isatty() else _WIDTH


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    below: str = "",
    whole: Collection[str] = (),
    colours: Sequence[str | None] = (),
    width: int | None = None,
) -> str:
    """`rows` have a text for each column; `colours` has click's name of a colour, or None, for each row."""
    cells = [[_CONTROLS.sub(" ", text) for text in row] for row in rows]
    needed = [max(map(_width, texts)) for texts in zip(columns, *cells, strict=True)]
    room = (width or width_of(sys.stdout)) - _FRAME * len(columns) - _END
    drawn = PrettyTable(list(columns))
    drawn.set_style(TableStyle.SINGLE_BORDER)
    drawn.align = "l"
    drawn.max_width = dict(zip(columns, _shared(columns, needed, room, whole), strict=True))
    for at, row in enumerate(cells):
        colour = colours[at] if colours else None
        drawn.add_row([click.style(text, fg=colour) if colour and text else text for text in row])
    return "\n".join(part for part in (title, drawn.get_string(), below) if part)


def _width(text: str) -> int:
    return max(wcswidth(line) for line in text.split("\n"))


def _shared(columns: Sequence[str], needed: Sequence[int], room: int, whole: Collection[str]) -> list[int]:
    """How wide each column may be: those that need less than their share leave the rest to the others."""
    widths = list(needed)
    left = room - sum(need for name, need in zip(columns, needed, strict=True) if name in whole)
    open_ = sorted((need, at) for at, need in enumerate(needed) if columns[at] not in whole)
    for done, (need, at) in enumerate(open_):
        widths[at] = max(min(need, left // (len(open_) - done)), min(need, _NARROWEST))
        left -= widths[at]
    return [max(width, 1) for width in widths]
