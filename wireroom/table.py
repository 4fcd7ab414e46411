"""Rows as a table for the terminal: cut to its width, control characters escaped. IO: terminal (its width)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import tabulate

from wireroom.escape import escaped

ROOM, LEAST = 30, 20
"""The last column has so much room, if others can be cut for it; no column is cut to less than the second: a time."""


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Lay out ``columns`` of ``rows``; the last column takes what width is left, but gets some from the widest."""
    cells = [[cell(row[column]) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[n]) for line in cells)]) for n, column in enumerate(columns)]
    width = shutil.get_terminal_size((120, 24)).columns - 2 * (len(columns) - 1)
    last = min(widths[-1], ROOM)
    while (widest := max(widths[:-1], default=0)) > LEAST and sum(widths[:-1]) + last > width:
        widths[widths.index(widest)] -= 1
    widths[-1] = max(LEAST, width - sum(widths[:-1]))
    cut = [
        [text if len(text) <= room else text[: room - 1] + "…" for text, room in zip(line, widths, strict=True)]
        for line in cells
    ]
    tabulate.MIN_PADDING = 0  # it would make a column wider than its header, which spoils the sum above
    drawn: str = tabulate.tabulate(cut, headers=list(columns), tablefmt="simple", disable_numparse=True)
    return drawn


def cell(value: Any) -> str:
    """Write one value."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    return escaped(str(value))
