"""What is wrong in a query as it is written: where, what, and the mend. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from unicodedata import combining, east_asian_width

from luqum.exceptions import ParseError
from luqum.tree import Boost, From, Fuzzy, Item, Proximity, Range, Regex, To

MAX_CHARS, MAX_DEPTH, MAX_TERMS = 2000, 20, 200
MAX_LEVELS = 4 * MAX_DEPTH + MAX_TERMS  # of luqum's tree, where a chain of operators is as deep as it is long
"""Depth is of parentheses, and of operators in operators: SQLite's own parsers give up a little beyond."""

MAX_EXPANDED = 1000
"""Terms of a query with all that it names put in: what SQLite's parsers still take with ease."""

LIKE = 0.8
"""How alike a word is to the one that was meant, at least: ``titel`` and ``title`` are just so much."""

MAX_QUOTED = 40
"""Of a long word so many characters are shown."""

MAX_LINE = 72
"""Of a long query so many characters are shown around the fault."""

DEGREE = re.compile(r"[~^]([0-9.]+)")

UNSUPPORTED: dict[type[Item], str] = {
    Regex: "a /pattern/",
    Range: "a [range]",
    From: "a comparison (> or >=)",
    To: "a comparison (< or <=)",
    Fuzzy: "fuzzy~",
    Proximity: "nearness~",
    Boost: "a boost^",
}


class QueryError(ValueError):
    """A query that says nothing we can ask; the text says where, what is wrong, and the mend.

    ``column`` counts from 1; None where it is all of the query, ``query`` where nobody has said it yet.
    """

    def __init__(self, problem: str, column: int | None = None) -> None:
        super().__init__(f"column {column}: {problem}" if column else problem)
        self.column = column
        self.query: str | None = None


class SlowError(QueryError):
    """A query that can be asked, and takes too long to answer."""


def fault(item: Item, problem: str) -> QueryError:
    """Make the error of something that stands in the query."""
    return QueryError(problem, item.pos + 1 if item.pos is not None else None)


def quoted(text: str) -> str:
    """Show text that a person wrote, not all of it where it is long."""
    return repr(text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the word that was meant, if one of ``known`` is much like it."""
    return next(iter(difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=LIKE)), None)


def pointed(error: QueryError) -> list[str]:
    """Show the line of the query that the fault is in, and a caret below it; wide characters take two places."""
    query, column = error.query, error.column
    if query is None or column is None:
        return []
    before = query[: column - 1]
    line = before.rpartition("\n")[2]
    whole = line + query[len(before) :].partition("\n")[0]
    start = max(0, len(line) - MAX_LINE // 2)
    shown = "".join(char if char.isprintable() else " " for char in whole[start : start + MAX_LINE])
    width = sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in shown[: len(line) - start])
    return [shown, " " * width + "^"]


def levels(tree: Item) -> int:
    """Count the levels of a parsed query, without recursion: a stray quotation mark can hide parentheses."""
    deepest, rest = 0, [(tree, 1)]
    while rest:
        item, level = rest.pop()
        deepest = max(deepest, level)
        rest += [(child, level + 1) for child in item.children]
    return deepest


def check_nesting(plain: str) -> None:
    """Refuse what is nested too deep, or whose quotes and parentheses do not pair, with the column."""
    opened: list[int] = []
    quote = 0
    escaped = False
    for column, char in enumerate(plain, start=1):
        if escaped or char == "\\":
            escaped = not escaped
        elif char == '"':
            quote = 0 if quote else column
        elif not quote and char == "(":
            opened.append(column)
            if len(opened) > MAX_DEPTH:
                raise QueryError(f"parentheses nest deeper than {MAX_DEPTH}", column)
        elif not quote and char == ")":
            if not opened:
                raise QueryError("this ) closes nothing; take it out, or open one before it", column)
            opened.pop()
    if quote:
        raise QueryError("this quotation mark is not closed; add one at the phrase's end", quote)
    if opened:
        raise QueryError("this ( is not closed; add a ) where the group ends", opened[-1])


def syntax_fault(plain: str, error: Exception) -> QueryError:
    """Say where the parser stopped, in a column a person can find."""
    if not isinstance(error, ParseError):
        at = next((found for found in DEGREE.finditer(plain) if not found[1].isdigit()), None)
        problem = "~ and ^ take a whole number; put the text in quotes to search for it as it stands"
        return QueryError(problem, at.start() + 1 if at else None)
    at = re.search(r"at position (\d+)", str(error))
    if not at:
        problem = "the query ends too early; AND, OR, NOT and field: need something after them"
        return QueryError(problem, len(plain) + 1)
    column, rest = int(at[1]) + 1, plain[int(at[1]) :]
    if operator := re.match(r"(?:AND|OR)\b", rest):
        mend = "write something before it, or put it in quotes to search for the word"
        return QueryError(f"{operator[0]} has nothing before it; {mend}", column)
    if rest.startswith(")") and plain[: int(at[1])].rstrip().endswith("("):
        return QueryError("there is nothing in these parentheses; write a word in them, or take them away", column)
    return QueryError(f"{rest[:20]!r} does not fit here; put special characters in quotes", column)
