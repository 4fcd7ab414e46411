"""On which line of a TOML file does a key stand? The standard parser says it for syntax errors only. Pure."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(.*)""", re.DOTALL
)
PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def key_lines(text: str) -> dict[Path, int]:
    """Map the key paths of valid TOML to their lines, from 1: ``("source", 2, "every")``, and the tables themselves.

    What stands inside a value of several lines belongs to the line where the value begins.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    open_value = ""  # the text so far of a value that goes on: it is done when brackets and quotes pair
    for number, line in enumerate(text.splitlines(), start=1):
        if open_value:
            open_value += "\n" + line
            open_value = "" if is_whole(open_value) else open_value
            continue
        header, key = HEADER.match(line), KEY.match(line)
        if header and not key:
            table = split_key(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif key:
            lines.setdefault((*table, *split_key(key[1])), number)
            open_value = "" if is_whole(key[2]) else key[2]
    return lines


def split_key(dotted: str) -> Path:
    """Split a dotted key, quotes off."""
    return tuple(part.strip("\"'") for part in PART.findall(dotted))


def is_whole(value: str) -> bool:
    """Tell whether the brackets and quotes of a value pair."""
    depth, at = 0, 0
    while at < len(value):
        char = value[at]
        if char == "#":
            at = value.find("\n", at)
            if at < 0:
                break
        elif char in "\"'":
            fence = char * 3 if value.startswith(char * 3, at) else char
            end = at + len(fence)
            while (end := value.find(fence, end)) > 0 and char == '"' and value[:end].endswith("\\"):
                end += 1
            if end < 0:
                return False
            at = end + len(fence) - 1
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        at += 1
    return depth <= 0


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Find the line of a key, or of the nearest table around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None
