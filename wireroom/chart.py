"""Numbers as bars of text, for the terminal. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
LEFT_EIGHTHS = " ▏▎▍▌▋▊▉█"


def columns(numbers: Sequence[int], width: int, height: int = 4) -> tuple[list[str], int]:
    """Draw a row of numbers as standing bars, at most ``width`` columns → its lines, how many numbers a bar sums.

    The highest bar is full; whatever is not nothing can be seen.
    """
    together = -(-len(numbers) // max(1, width))
    sums = [sum(numbers[n : n + together]) for n in range(0, len(numbers), together)]
    wide = 2 if 2 * len(sums) <= width else 1
    most = max(sums, default=0)
    levels = [eighths(number, most, height) for number in sums]
    lines = []
    for row in range(height - 1, -1, -1):
        cells = (EIGHTHS[min(8, max(0, level - 8 * row))] for level in levels)
        lines.append("".join(cell + " " * (wide - 1) for cell in cells).rstrip())
    return lines, together


def bar(number: int, most: int, width: int) -> str:
    """Draw a number as a lying bar; ``most`` is as long as ``width``."""
    full, rest = divmod(eighths(number, most, width), 8)
    return "█" * full + (LEFT_EIGHTHS[rest] if rest else "")


def eighths(number: int, most: int, cells: int) -> int:
    """Give the size of a bar in eighths of a cell; 0 is nothing, all else is something."""
    return max(1, round(8 * cells * number / most)) if number and most else 0


def bars(rows: Iterable[tuple[str, int]], width: int) -> list[str]:
    """Draw names with their numbers as lying bars, a line each, at most ``width`` columns."""
    rows = list(rows)
    if not rows:
        return []
    names = min(max(len(name) for name, _ in rows), width // 3)
    figures = max(len(f"{number:,}") for _, number in rows)
    most = max(number for _, number in rows)
    room = max(4, min(40, width - names - figures - 4))
    return [
        f"{clipped(name, names):<{names}}  {number:>{figures},}  {bar(number, most, room)}" for name, number in rows
    ]


def clipped(text: str, width: int) -> str:
    """Cut a text to so many columns."""
    if cells(text) <= width:
        return text
    kept, room = [], width - 1
    for char in text:
        room -= cells(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…"


def cells(text: str) -> int:
    """Count the columns that a terminal takes for a text: two for a wide character, none for a mark on another."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )
