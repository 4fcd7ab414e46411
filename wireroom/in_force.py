"""What a config says, thing by thing, as the archive remembers it (``db/in_force.py``). IO: files (lists of names)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from db.in_force import Said
from db.text import slug
from wireroom.config import Config, Source, Topic
from wireroom.units import digest_text

UNTOLD = frozenset({"id", "was", "trials"})
"""Of a rule or topic: what it is called is no part of what it says, nor how it is tried out."""

SERVING = frozenset({"token", "hub", "ping", "proxies"})
"""How the daemon is reached changes no story; and no secret of the config is written into the archive."""


def said(config: Config) -> Iterator[Said]:
    """Tell all that a config says that changes what is archived, tagged, selected or published."""
    yield Said("settings", "", settings(config))
    for source in config.sources:
        if more := source_says(source, config):
            yield Said("source", source.id, more)
    for name, tag in config.categories:
        yield Said("category", name, {"tag": tag})
    for entity in config.entities.tables:
        tag = f"{entity.kind}:{entity.id or slug(entity.name)}"
        yield Said("entity", f"{tag} “{entity.name}”", {"aliases": entity.aliases} if entity.aliases else {})
    if (names := config.entities.list_hash()) is not None:
        yield Said("entity", "the list of names", {"hash": names})
    for rule in config.rules:
        yield Said("rule", rule.id, rule.model_dump(mode="json", exclude={"id", "test"}, exclude_defaults=True))
    for query in config.queries:
        yield Said("query", query.id, {"match": query.match})
    for topic in config.topics:
        yield Said("topic", topic.id, topic_says(topic))


def source_says(source: Source, config: Config) -> dict[str, Any]:
    """Tell what a source says that has no column in the archive, as far as it says anything. There may be very many."""
    more: dict[str, Any] = {"tags": list(source.tags)} if source.tags else {}
    if source.every_s is not None:
        more["every_s"] = source.every_s
    if source.dedupe != config.dedupe:
        more["dedupe"] = source.dedupe
    if source.priority:
        more["priority"] = source.priority
    if source.categories:
        more["categories"] = dict(source.categories)
    return more


def settings(config: Config) -> dict[str, Any]:
    """Tell what holds for all: the single values of ``[wireroom]`` and ``[poll]``; no paths, which are a machine's."""
    values = ((field.name, getattr(config, field.name)) for field in fields(config))
    single = {
        name: value for name, value in values if isinstance(value, str | int | float | None) and name not in SERVING
    }
    poll = plain(config.poll) | {"allow": [f"{one.network}:{one.port}" for one in config.poll.allow]}
    return single | {f"poll.{name}": value for name, value in poll.items()}


def topic_says(topic: Topic) -> dict[str, Any]:
    """Tell what a topic says."""
    digest = topic.digest
    told = {} if digest is None else {"digest": f"{digest_text(*digest[:3])} {digest.zone}"}
    return {name: value for name, value in plain(topic).items() if name not in UNTOLD} | told


def plain(one: Any) -> dict[str, Any]:
    """List the fields of a value that JSON can write; tuples as lists, what is in them as text where it is none."""
    found = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if isinstance(value, tuple):
            value = [each if isinstance(each, str | int | float) else str(each) for each in value]
        if isinstance(value, str | int | float | list | None):
            found[field.name] = value
    return found
