"""New sources written into the text of a config: every byte that was there stays, at its place. Pure.

A parsed document with its comments (tomlkit's) would put a new table behind the comments that follow the last one,
which are the next section's heading; so the place is found line by line, and only the quoting is tomlkit's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import tomlkit

from wireroom.toml_lines import HEADER, KEY, TOKEN, split_key, statements

COMMENT = re.compile(r"#[^\n]*")
COMMENT_LINES = re.compile(r"(?:[ \t]*#[^\n]*(?:\n|\Z))+(?=[ \t]*\r?(?:\n|\Z))")
"""Comments without a blank line before them, and with one after them: about the table above, not the one below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A source to write: checked values, ``every`` as the config writes it."""

    id: str
    url: str
    tags: tuple[str, ...] = ()
    every: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sources of a config end; ``opening`` is the offset of their inline array, if they stand in one."""

    end: int
    opening: int | None = None


def with_sources(text: str, sources: Sequence[NewSource]) -> tuple[str, int]:
    """Write ``sources`` into the text of a valid config, after its last source → the new text, the first one's line.

    Where there is none they go to the end. Line ends are those of the text.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    place = find_place(text)
    if place.opening is not None:
        return into_array(text, place.opening, sources, line_end)
    before, after = text[: place.end], text[place.end :]
    if before and not before.endswith("\n"):
        before += line_end
    if before and not before.endswith((line_end * 2, "\n\n")):
        before += line_end
    tables = line_end.join(source_table(source, line_end) for source in sources)
    gap = "" if not after or re.match(r"[ \t]*\r?\n", after) else line_end
    return before + tables + gap + after, before.count("\n") + 1


def source_table(source: NewSource, line_end: str = "\n") -> str:
    """Write one source as a ``[[source]]`` table, with a line end at its end."""
    written = pairs(source)
    width = max(len(key) for key, _ in written)
    lines = ["[[source]]", *(f"{key:{width}} = {value}" for key, value in written), ""]
    return line_end.join(lines)


def pairs(source: NewSource) -> list[tuple[str, str]]:
    """List a source's keys with their values as TOML."""
    written = [("id", quoted(source.id)), ("url", quoted(source.url))]
    if source.tags:
        written.append(("tags", f"[{', '.join(map(quoted, source.tags))}]"))
    if source.every is not None:
        written.append(("every", quoted(source.every)))
    return written


def quoted(value: str) -> str:
    """Write text as a TOML string."""
    return tomlkit.string(value).as_string()


def find_place(text: str) -> Place:
    """Find where the last source ends: after its last key and the comments that adjoin it; else the end of the text."""
    begun = [at for _, at in statements(text)]
    end: int | None = None
    table: list[str] = []
    for at, following in zip(begun, [*begun[1:], len(text)], strict=True):
        header, key = HEADER.match(text, at), KEY.match(text, at)
        if header:
            table = split_key(header[2])
        elif key and not table and split_key(key[1]) == ["source"]:
            return Place(following, key.end())
        if (header or key) and table == ["source"]:
            end = following
    if end is None:
        return Place(len(text))
    comments = COMMENT_LINES.match(text, end)
    return Place(comments.end() if comments else end)


def into_array(text: str, opening: int, sources: Sequence[NewSource], line_end: str) -> tuple[str, int]:
    """Write ``sources`` as inline tables into the array whose value begins at ``opening``."""
    depth, element_end, closing = 0, 0, len(text)
    for token in TOKEN.finditer(text, opening):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
            if depth == 1 and token[0] == "}":
                element_end = token.end()
            elif depth == 0:
                closing = token.start()
                break
    has_elements = element_end > 0
    element_end = element_end or text.index("[", opening) + 1
    tail = text[element_end:closing]
    comma = "," if has_elements and "," not in COMMENT.sub("", tail) else ""
    tables = [f"{{ {', '.join(f'{key} = {value}' for key, value in pairs(source))} }}" for source in sources]
    if "\n" in tail:
        cut = tail.rindex("\n") + 1
        line = text[text.rfind("\n", 0, element_end) + 1 : element_end]
        indent = line[: len(line) - len(line.lstrip())] if has_elements else "  "
        new = "".join(f"{indent}{table},{line_end}" for table in tables)
        before = text[:element_end] + comma + tail[:cut]
        after = tail[cut:] + text[closing:]
    else:
        new = (" " if has_elements else "") + ", ".join(tables)
        before = text[:element_end] + (comma or tail.rstrip())
        after = text[closing:]
    return before + new + after, before.count("\n") + 1
