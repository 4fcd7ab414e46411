"""The config's tags, rules, topics and grouping as planning works by them. Pure.

Apart from the other parts of the running whole: commands need only these, and all others take long to import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from db.query_names import Names, read_query
from ingest.category import Categories, Mapped
from ingest.grouping import Grouping
from ingest.order import Asked, in_order
from ingest.subjects import name_key
from ingest.tag import Desks, Rule, Topic
from wireroom.config import Config
from wireroom.config import Topic as TopicConfig
from wireroom.config_queries import asked_by, names_of
from wireroom.entities import gazetteer_of

T = TypeVar("T")


def make_desks(
    config: Config, sources: Mapping[str, int], topics: Mapping[str, int], known: Desks | None = None
) -> Desks:
    """Turn the config's tags, rules and topics into what planning works by; ``sources``, ``topics``: their row ids.

    ``known`` are the desks before: tags that have not changed stay what they are, and take no memory again.
    """
    names = names_of(config)
    old_tags = known.source_tags if known is not None else {}
    source_tags: dict[int, tuple[tuple[str, str, str], ...]] = {}
    for s in config.sources:
        if s.tags:
            row = sources[s.id]
            source_tags[row] = kept(old_tags.get(row), tuple((*split_tag(tag), s.id) for tag in s.tags))
    return Desks(
        source_tags=source_tags,
        rules=make_rules(config, sources, names),
        topics=tuple(make_topic(t, topics[t.id], names) for t in config.topics),
        categories=mapped_categories(config, sources),
        gazetteer=gazetteer_of(config.entities, known=config.gazetteer),
    )


def make_topic(topic: TopicConfig, row: int, names: Names) -> Topic:
    """Turn a topic of the config into what selecting works by; ``row`` is its row id."""
    return Topic(
        id=row,
        query=asked_by(topic, names),
        dedupe=topic.dedupe,
        same_event=topic.same_event,
        delay_s=topic.delay_s,
        flood=topic.flood,
    )


def make_rules(config: Config, sources: Mapping[str, int], names: Names) -> tuple[Rule, ...]:
    """Turn the config's rules into what the poller works by, each behind those whose tags it asks for."""
    made = []
    for rule in config.rules:
        kind, name = split_tag(rule.tag) if rule.tag is not None else ("", "")
        made.append(
            Rule(
                id=rule.id,
                query=read_query(rule.match, names),
                kind=kind,
                name=name,
                withholds="drop" if rule.drop else "hold" if rule.hold else None,
                priority={sources[source]: priority for source, priority in rule.priority.items()},
            )
        )
    asked = [Asked(rule.query, (rule.kind, rule.name) if rule.name else None) for rule in made]
    return tuple(made[number] for number in in_order(asked))


def make_grouping(config: Config, sources: Mapping[str, int]) -> Grouping:
    """Turn what the config says of copies and events into what the poller works by, with their row ids."""
    return Grouping(
        dedupe=config.dedupe,
        dedupe_by_source={sources[s.id]: s.dedupe for s in config.sources if s.dedupe != config.dedupe},
        priority={sources[s.id]: s.priority for s in config.sources if s.priority},
        level=config.grouping,
    )


def mapped_categories(config: Config, rows: Mapping[str, int]) -> Categories:
    """Turn what the config says of categories into what tags are given by; ``rows``: the archive's, by source."""

    def mapped(table: Iterable[tuple[str, str]]) -> Mapped:
        return {name_key(name): split_tag(tag) if tag else None for name, tag in table}

    return Categories(
        shared=mapped(config.categories),
        by_source={rows[s.id]: mapped(s.categories) for s in config.sources if s.categories and s.id in rows},
        vocabulary=config.vocabulary,
    )


def kept(old: T | None, new: T) -> T:
    """Give the old value where the new one is equal."""
    return old if old is not None and old == new else new


def split_tag(tag: str) -> tuple[str, str]:
    """Split ``kind:name``; the config has checked that it is one."""
    kind, _, name = tag.partition(":")
    return kind, name
