"""On which line of a TOML file does a key stand? The standard parser says it for syntax errors only. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]

PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
DOTTED = rf"[ \t]*({PART}(?:[ \t]*\.[ \t]*{PART})*)[ \t]*"
KEY = re.compile(DOTTED + "=")
HEADER = re.compile(rf"[ \t]*(\[\[?){DOTTED}\]")
TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[\[\]{}\n]''', re.DOTALL
)
"""What brackets and line ends may hide in, and brackets and line ends."""


def key_lines(text: str) -> dict[Path, int]:
    """Map the key paths of valid TOML to their lines, from 1: ``("source", 2, "every")``, and the tables themselves.

    What stands inside a value of several lines, or an inline table, belongs to the line where the value begins.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, at in statements(text):
        header, key = HEADER.match(text, at), KEY.match(text, at)
        if header:
            *outer, last = split_key(header[2])
            table = ()
            for part in outer:
                table = numbered((*table, part), counts)
            table = (*table, last)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = numbered(table, counts)
            lines.setdefault(table, number)
        elif key:
            lines.setdefault((*table, *split_key(key[1])), number)
    return lines


def statements(text: str) -> Iterator[tuple[int, int]]:
    """Yield the line and offset of every line that is not within a value: where a key or table header may stand."""
    depth = 0
    line, counted = 1, 0
    yield 1, 0
    for token in TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        elif token[0] == "\n" and depth == 0:
            line += text.count("\n", counted, token.end())
            counted = token.end()
            yield line, counted


def numbered(table: Path, counts: dict[Path, int]) -> Path:
    """Add to an array of tables the number of the one that is being written; other tables stay."""
    return (*table, counts[table]) if table in counts else table


def split_key(dotted: str) -> list[str]:
    """Split a dotted key, quotes off."""
    return [
        str(tomllib.loads(f"key = {part}")["key"]) if part[0] in "\"'" else part for part in re.findall(PART, dotted)
    ]


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Find the line of a key, of the first thing in it (a table without a header), or of the nearest around it."""
    while path:
        if path in lines:
            return lines[path]
        inside = (line for key, line in lines.items() if key[: len(path)] == path)
        line = next(inside, None)
        if line is not None:
            return line
        path = path[:-1]
    return None
