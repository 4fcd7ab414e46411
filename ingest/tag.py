"""Which tags has this story? Its sources' own, its feed categories, and the rules that match. Pure.

The story is tagged, not each copy: all its coverage is the evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from db.model import Dedupe, Entry
from db.query import Query
from db.recall import Carried, Desk, StoryTag
from ingest.category import Categories
from ingest.gazetteer import Gazetteer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the config, its query parsed."""

    id: str
    kind: str
    name: str
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of the config, by its row id, its query parsed; ``dedupe``: which copies share an item in it."""

    id: int
    query: Query
    dedupe: Dedupe = "copies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """What the config says of tagging and selecting: ``source_tags`` by source row id, as (kind, name, config id)."""

    source_tags: Mapping[int, tuple[tuple[str, str, str], ...]]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]
    categories: Categories = field(default_factory=Categories)
    gazetteer: Gazetteer | None = None


def with_mentions(entry: Entry, desks: Desks) -> Entry:
    """Give an entry the known names that its text has."""
    if desks.gazetteer is None:
        return replace(entry, mentions=())
    return replace(entry, mentions=desks.gazetteer.mentions(entry.title, entry.text, entry.language))


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


def rule_tags(refs: Iterable[int], desk: Desk, rules: Iterable[Rule]) -> dict[int, list[StoryTag]]:
    """Ask every rule, in the config's order, of the drafts on the desk → the tags by draft.

    A rule sees the tags that the rules before it gave.
    """
    found: dict[int, list[StoryTag]] = {ref: [] for ref in refs}
    for rule in rules:
        hits = desk.matching(rule.query)
        if hits:
            desk.tag(hits, rule.kind, rule.name)
        for ref in hits:
            found[ref].append(StoryTag(kind=rule.kind, name=rule.name, origin="rule", why=rule.id))
    return found
