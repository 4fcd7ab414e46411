"""What is wrong in a query as it is written: where, what, and the mend. Pure."""

from __future__ import annotations

import re

from luqum.tree import Boost, From, Fuzzy, Item, Proximity, Range, Regex, To

MAX_CHARS, MAX_DEPTH, MAX_TERMS = 2000, 20, 200
MAX_LEVELS = 4 * MAX_DEPTH + MAX_TERMS  # of luqum's tree, where a chain of operators is as deep as it is long
"""Depth is of parentheses, and of operators in operators: SQLite's own parsers give up a little beyond."""

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
    """A query that says nothing we can ask; the text says where, what is wrong, and the mend."""


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
                raise QueryError(f"column {column}: parentheses nest deeper than {MAX_DEPTH}")
        elif not quote and char == ")":
            if not opened:
                raise QueryError(f"column {column}: this ) closes nothing; take it out, or open one before it")
            opened.pop()
    if quote:
        raise QueryError(f"column {quote}: this quotation mark is not closed; add one at the phrase's end")
    if opened:
        raise QueryError(f"column {opened[-1]}: this ( is not closed; add a ) where the group ends")


def explain(plain: str, message: str) -> str:
    """Say where the parser stopped, in a column a person can find."""
    at = re.search(r"at position (\d+)", message)
    if not at:
        return f"column {len(plain) + 1}: the query ends too early; AND, OR, NOT and field: need something after them"
    rest = plain[int(at.group(1)) :]
    if operator := re.match(r"(?:AND|OR)\b", rest):
        mend = "write something before it, or put it in quotes to search for the word"
        return f"column {int(at.group(1)) + 1}: {operator[0]} has nothing before it; {mend}"
    return f"column {int(at.group(1)) + 1}: {rest[:20]!r} does not fit here; put special characters in quotes"


def column(item: Item) -> str:
    """Say where an item stands."""
    return f"column {item.pos + 1}" if item.pos is not None else "in this query"
