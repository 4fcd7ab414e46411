"""Rows as a table for the terminal: cut to its width, control characters escaped. IO: terminal (its width)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import tabulate

from wireroom.escape import escaped


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Lay out ``columns`` of ``rows``; the last column takes what width is left."""
    cells = [[cell(row[column]) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[n]) for line in cells)]) for n, column in enumerate(columns)]
    room = max(20, shutil.get_terminal_size((120, 24)).columns - sum(widths[:-1]) - 2 * (len(columns) - 1))
    cut = [[*line[:-1], line[-1] if len(line[-1]) <= room else line[-1][: room - 1] + "…"] for line in cells]
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
