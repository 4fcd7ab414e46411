"""Which tags does a category of a feed give? `category:`, what the config says of it, the subject that it names. Pure.

Categories are what a source calls its sections and keywords: "Politik", "News/World/Europe", "uncategorized", "p_3481".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from db.recall import StoryTag
from db.text import slug
from ingest.subjects import name_key, subjects_of

Mapped = Mapping[str, tuple[str, str] | None]
"""What the config says of categories, by ``name_key``: the tag (kind, name), or None: no tag at all."""

_STEPS = re.compile(r"\s*(?:>|»|›|::|\||→|\\)\s*")
_SLASHES = re.compile(r"\s*/\s*")
_DOTTED = re.compile(r"[a-z][a-z-]+(?:\.[a-z][a-z-]+)+")
_NO_NAME = re.compile(
    r"[\d\W_]+"  # numbers and signs: of no language
    r"|(?=[^g-z]*\d)(?:[0-9a-f]{10,}|[0-9a-f-]{16,})"  # hashes, UUIDs
    r"|(?=\S*[-_:])[\w:.-]*\d{5,}[\w:.-]*"  # numbered things: "nid-48213", "wp_post_20931"
    r"|(?:https?:|www\.|tag:|urn:)\S*"
    r"|[\w.-]+[=:]\S+",  # what a program notes: "type:article", "lang=en"
    re.IGNORECASE,
)
_NONE = frozenset(
    name_key(name)
    for line in (
        "uncategorized; uncategorised; unclassified; untagged; unsorted; none; null; undefined; default; n/a; unknown",
        "ohne Kategorie; nicht kategorisiert; non classé; sin categoría; sin categorizar; sem categoria",
        "senza categoria; geen categorie; zonder categorie; bez kategorii; okategoriserade; ukategoriseret",
        "ukategorisert; kategorisiz; без рубрики; без категории; без категорії; غير مصنف; 未分类; 未分類; 미분류",
    )
    for name in line.split("; ")
)
"""What programs call what nobody has put into a category."""

MAX_PART_WORDS = 8
"""A category of more words is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """What the config says of categories: ``[categories]``, those of single sources by row id, and the vocabulary."""

    shared: Mapped = field(default_factory=dict)
    by_source: Mapping[int, Mapped] = field(default_factory=dict)
    vocabulary: bool = True

    def tags(self, source_id: int, category: str) -> tuple[StoryTag, ...]:
        """Give the tags of a source's category.

        What the source's own table says beats what ``[categories]`` says, and that the vocabulary; the whole category
        is looked up first, then the steps of a path.
        """
        own = self.by_source.get(source_id)
        if own or self.shared:
            for name in (category, *steps_of(category)):
                key = name_key(name)
                for table in (own, self.shared):
                    if table and key in table:
                        return mapped(category, table[key])
        return vocabulary_tags(category) if self.vocabulary else plain_tags(category)


def mapped(category: str, tag: tuple[str, str] | None) -> tuple[StoryTag, ...]:
    """Give the tags of a category of which the config speaks."""
    if tag is None:
        return ()
    return (*plain_tags(category), StoryTag(kind=tag[0], name=tag[1], origin="vocabulary", why=category))


@lru_cache(maxsize=4096)
def vocabulary_tags(category: str) -> tuple[StoryTag, ...]:
    """Give the tags of a category, subjects among them. A feed's items have the same few."""
    steps = steps_of(category)
    whole = subjects_of(category) if steps else None
    subjects = dict.fromkeys(whole or (subject for step in steps for subject in subjects_of(step) or ()))
    found = [StoryTag(kind="subject", name=subject, origin="vocabulary", why=category) for subject in subjects]
    return (*plain_tags(category), *found)


@lru_cache(maxsize=4096)
def plain_tags(category: str) -> tuple[StoryTag, ...]:
    """Give the ``category:`` tags, one for each step of a path."""
    names = dict.fromkeys(slug(step) for step in steps_of(category))
    return tuple(StoryTag(kind="category", name=name, origin="category", why=category) for name in names if name)


@lru_cache(maxsize=4096)
def steps_of(category: str) -> tuple[str, ...]:
    """Split a category that is a path ("News/World/Europe", "Sport > Tennis", "news.politics") → its names.

    A slash parts names only ("AC/DC" and "9/11" stay), a dot only where the first step is a known section
    ("node.js" stays). Empty where it is no name: a program's own note, or a word for none.
    """
    steps = _STEPS.split(category.strip())
    if len(steps) == 1:
        parts = _SLASHES.split(category.strip("/ "))
        if len(parts) > 1 and all(sum(map(str.isalpha, part)) > 2 or not part.isascii() for part in parts):
            steps = parts
        elif _DOTTED.fullmatch(category) and subjects_of(category.partition(".")[0]) is not None:
            steps = category.split(".")
    return tuple(step for step in steps if is_name(step))


def is_name(step: str) -> bool:
    """Tell whether a category is a name that people gave."""
    if not step or _NO_NAME.fullmatch(step) or name_key(step) in _NONE:
        return False
    return len(step.split()) <= MAX_PART_WORDS
