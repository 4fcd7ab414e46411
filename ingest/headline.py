"""What two entries' headlines say for and against one text. Pure."""

from __future__ import annotations

from ingest.facts import facts
from ingest.prints import Reading

MIN_HEADLINE_WORDS = 5
"""Fewer make a column's title."""

NEAR_TITLE = 5
"""Words that begin with the same so many letters count as one word in a headline ("raises", "raised")."""

MIN_HEADED_LETTERS = 4
"""A headline's word that has fewer ("for", "to", "by") stands in any text."""


def same_headline(one: Reading, other: Reading) -> bool:
    """Tell whether two headlines are one, and long enough to be no column's."""
    return one.title == other.title and len(one.title) >= MIN_HEADLINE_WORDS * (2 if one.apart else 1)


def strangers(one: Reading, other: Reading) -> int:
    """Count a headline's words that are nowhere in the other entry → of the headline that has fewer."""
    counts = []
    for mine, theirs in ((one, other), (other, one)):
        words = {*theirs.title, *theirs.body}
        left = set(mine.title) - words
        if not left:
            return int(one.title == other.title and 0 < len(one.title) < MIN_HEADLINE_WORDS)  # a column's tells nothing
        beginnings = {word[:NEAR_TITLE] for word in words}
        counts.append(sum(1 for word in left if word[:NEAR_TITLE] not in beginnings))
    return min(counts)


def is_headed(one: Reading, other: Reading) -> bool:
    """Tell whether of each headline some word, no little one where there are spaces, stands in the other entry."""
    for mine, theirs in ((one, other), (other, one)):
        least = 1 if mine.apart else MIN_HEADED_LETTERS
        beginnings = {word[:NEAR_TITLE] for word in (*theirs.title, *theirs.body)}
        if not any(word[:NEAR_TITLE] in beginnings for word in mine.title if len(word) >= least):
            return False
    return True


def subjects(one: Reading, other: Reading) -> int:
    """Count what only one entry's headline and text tell of: words, names twice → of the entry that has fewer."""
    counts = []
    for mine, theirs in ((one, other), (other, one)):
        words = {*theirs.title, *theirs.body}
        beginnings = {word[:NEAR_TITLE] for word in words}
        told = {word for word in set(mine.title) - words if word[:NEAR_TITLE] not in beginnings and word in mine.body}
        counts.append(len(told) + len(told & facts(mine).names))
    return min(counts)
