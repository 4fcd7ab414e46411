"""The parts of the running whole as the config describes them. IO: network (the client that is made)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from db.query_names import Names, read_query
from db.sync import ConfiguredTopic, Synced
from ingest.batch import Limits
from ingest.batches import BatchCollector
from ingest.category import Categories, Mapped
from ingest.collect import Collector
from ingest.digest import DIGEST_VERSION
from ingest.fetch import Fetcher
from ingest.grouping import Grouping
from ingest.guard import Guard
from ingest.hosts import Hosts
from ingest.order import Asked, in_order
from ingest.poll import Setup
from ingest.reach import Reach
from ingest.subjects import name_key
from ingest.tag import Desks, Rule, Topic
from ingest.wanted import SourceSetting
from ingest.workers import Workers
from wireroom import __version__
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.config import Topic as TopicConfig
from wireroom.config_queries import asked_by, names_of
from wireroom.entities import gazetteer_of
from wireroom.log import Log
from wireroom.press import Press
from wireroom.worker import do_batch

T = TypeVar("T")


def user_agent(config: Config) -> str:
    """Write how we name ourselves to every server."""
    about = f"; +{config.contact}" if config.contact else ""
    return f"Wireroom/{__version__} (feed syndicator{about})"


def make_hosts(config: Config) -> Hosts:
    """Make the budgets that the config describes. Must run inside the loop."""
    clock = asyncio.get_running_loop().time
    return Hosts(per_host=config.poll.per_host, pause_s=config.poll.pause_s, clock=clock)


def make_fetcher(config: Config, hosts: Hosts) -> Fetcher:
    """Make the HTTP client that the config describes. Must run inside the loop."""
    return Fetcher(
        user_agent=user_agent(config),
        guard=Guard(config.poll.allow),
        hosts=hosts,
        timeout_s=config.poll.timeout_s,
        max_body_bytes=config.poll.max_body_bytes,
        now=utc_now,
    )


def make_reach(
    config: Config, places: Callable[[str], Sequence[str]]
) -> Callable[[str], Awaitable[bool | None]] | None:
    """Make what finds out whether anyone can be reached from here; None where it is not from here that is polled."""
    return Reach(Guard(config.poll.allow), places).anyone if config.poll.scheduler is None else None


def make_collector(
    config: Config, hosts: Hosts, workers: Workers, press: Press, log: Log
) -> Collector | BatchCollector:
    """Make what fetches and digests, as the config describes it. Must run inside the loop.

    What keeps a cluster from its work is said once, and shown in ``press``'s health until nothing does any more.
    """
    press.cluster_trouble = None
    fetcher = make_fetcher(config, hosts)
    local = Collector(fetcher=fetcher, workers=workers, max_body_bytes=config.poll.max_body_bytes)
    if config.poll.scheduler is None:
        return local

    def tell(trouble: str | None) -> None:
        press.cluster_trouble = trouble
        if trouble is None:
            log.info("cluster", trouble=None, said="it polls")
        else:
            log.error("cluster", trouble=trouble)

    def tell_workers(now: int, came: list[str], gone: list[str]) -> None:
        (log.warning if gone else log.info)("workers", now=now, came=came, gone=gone)

    limits = Limits(
        user_agent=user_agent(config),
        allow=config.poll.allow,
        per_host=config.poll.per_host,
        pause_s=config.poll.pause_s,
        timeout_s=config.poll.timeout_s,
        max_body_bytes=config.poll.max_body_bytes,
        workers=config.poll.workers,
    )
    job = partial(do_batch, __version__, DIGEST_VERSION)
    return BatchCollector(
        scheduler=config.poll.scheduler,
        local=local,
        limits=limits,
        job=job,
        on_trouble=tell,
        on_workers=tell_workers,
    )


def make_setup(config: Config, synced: Synced, known: Setup | None = None) -> Setup:
    """Turn the config into what the poller works by, with the archive's row ids.

    ``known`` is the setup before: what has not changed in it stays what it is, and takes no memory again.
    """
    old_settings = known.settings if known is not None else {}
    old_tags = known.desks.source_tags if known is not None else {}
    names = names_of(config)
    settings: dict[str, SourceSetting] = {}
    source_tags: dict[int, tuple[tuple[str, str, str], ...]] = {}
    for s in config.sources:
        setting, row = SourceSetting(url=s.url, path=s.path, every_s=s.every_s), synced.sources[s.id]
        settings[s.id] = kept(old_settings.get(s.id), setting)
        if s.tags:
            source_tags[row] = kept(old_tags.get(row), tuple((*split_tag(tag), s.id) for tag in s.tags))
    return Setup(
        settings=settings,
        desks=Desks(
            source_tags=source_tags,
            rules=make_rules(config, synced, names),
            topics=tuple(make_topic(t, synced.topics[t.id], names) for t in config.topics),
            categories=mapped_categories(config, synced.sources),
            gazetteer=gazetteer_of(config.entities, known=config.gazetteer),
        ),
        floor_s=config.poll.floor_s,
        ceiling_s=config.poll.ceiling_s,
        grouping=make_grouping(config, synced),
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


def make_rules(config: Config, synced: Synced, names: Names) -> tuple[Rule, ...]:
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
                priority={synced.sources[source]: priority for source, priority in rule.priority.items()},
            )
        )
    asked = [Asked(rule.query, (rule.kind, rule.name) if rule.name else None) for rule in made]
    return tuple(made[number] for number in in_order(asked))


def make_grouping(config: Config, synced: Synced) -> Grouping:
    """Turn what the config says of copies and events into what the poller works by, with the archive's row ids."""
    return Grouping(
        dedupe=config.dedupe,
        dedupe_by_source={synced.sources[s.id]: s.dedupe for s in config.sources if s.dedupe != config.dedupe},
        priority={synced.sources[s.id]: s.priority for s in config.sources if s.priority},
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


def configured_topics(config: Config) -> list[ConfiguredTopic]:
    """Give the topics as the archive takes them over."""
    names = names_of(config)
    return [
        ConfiguredTopic(
            id=t.id,
            title=t.title,
            was=t.was,
            query=asked_by(t, names),
            limit=t.limit,
            dedupe=t.dedupe,
            same_event=t.same_event,
            delay_s=t.delay_s,
            fronted_by=t.fronted_by,
            styled_by=t.styled_by,
            secret=t.secret,
        )
        for t in config.topics
    ]
