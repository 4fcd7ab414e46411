"""Which tags has this story before any rule? Its sources' own, its feed categories, names in its texts. Pure.

The story is tagged, not each copy: all its coverage is the evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from db.last_word import denied, given_by_hand
from db.model import Dedupe, Entry, Mention
from db.query_tree import Query
from db.recall import Carried, Mark, StoryTag
from ingest.category import Categories
from ingest.gazetteer import Gazetteer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the config, its query parsed, and what it does: one or more of these.

    ``kind`` and ``name`` of the tag that it gives; "": none. ``withholds``: it keeps stories out of all topics.
    ``priority``: of sources, by row id, within the stories that it takes.
    """

    id: str
    query: Query
    kind: str = ""
    name: str = ""
    withholds: Literal["drop", "hold"] | None = None
    priority: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of the config, by its row id: what it takes, and by which policy.

    ``query`` is all that it asks (``db.topic_query``); ``dedupe``: which copies share an item. ``same_event``: of an
    event it takes one story, and others where they are less alike than this; None: it takes all. ``delay_s``: so old
    must a story be. ``flood``: so many of one poll are announced at most; None: all.
    """

    id: int
    query: Query
    dedupe: Dedupe = "copies"
    same_event: float | None = None
    delay_s: float = 0
    flood: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """What the config says of tagging and selecting: ``source_tags`` by source row id, as (kind, name, config id).

    ``rules``: each behind those whose tags it asks for (ingest/order.py); they are asked one after the other.
    """

    source_tags: Mapping[int, tuple[tuple[str, str, str], ...]]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]
    categories: Categories = field(default_factory=Categories)
    gazetteer: Gazetteer | None = None


def mentions_of(title: str, text: str, language: str | None, desks: Desks) -> tuple[Mention, ...]:
    """Find the known names that a text has."""
    return desks.gazetteer.mentions(title, text, language) if desks.gazetteer is not None else ()


def with_mentions(entry: Entry, desks: Desks) -> Entry:
    """Give an entry the known names that its text has."""
    return replace(entry, mentions=mentions_of(entry.title, entry.text, entry.language, desks))


def given_tags(carried: Collection[Carried], language: str | None, desks: Desks) -> tuple[StoryTag, ...]:
    """Collect the tags that a story has before any rule: its sources', its categories', those of names in its texts.

    ``language`` is the story's, which is its lead's: the tag of it says what ``lang:`` finds.
    """
    tags = [
        StoryTag(kind=kind, name=name, origin="source", why=config_id)
        for source in dict.fromkeys(one.source_id for one in carried)
        for kind, name, config_id in desks.source_tags.get(source, ())
    ]
    tags += [
        tag for one in carried for category in one.categories for tag in desks.categories.tags(one.source_id, category)
    ]
    tags += [
        StoryTag(kind=m.kind, name=m.name, origin="entity" if m.origin == "entity" else "gazetteer", why=m.words)
        for one in carried
        for m in one.mentions
    ]
    if language:
        detected = any(one.language == language and one.language_from == "detected" for one in carried)
        why = "detected" if detected else "declared by the feed"
        tags.append(StoryTag(kind="lang", name=language.lower(), origin="language", why=why))
    return tuple(dict.fromkeys(tags))


def with_marks(tags: Iterable[StoryTag], marks: Sequence[Mark]) -> tuple[StoryTag, ...]:
    """Leave out the tags that a person took away, and add those that a person gave."""
    if not marks:
        return tuple(tags)
    barred = denied(marks)
    return (*(tag for tag in tags if (tag.kind, tag.name) not in barred), *given_by_hand(marks))
