"""The parts of the running whole as the config describes them. IO: network (the client that is made)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from db.query import parse
from db.sync import Synced
from ingest.collect import Collector
from ingest.fetch import Fetcher
from ingest.guard import Guard
from ingest.hosts import Hosts
from ingest.poll import Setup
from ingest.tag import Desks, Rule, Topic
from ingest.wanted import SourceSetting
from ingest.workers import Workers
from wireroom import __version__
from wireroom.config import Config


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
    )


def make_collector(config: Config, hosts: Hosts, workers: Workers) -> Collector:
    """Make what fetches and digests, as the config describes it. Must run inside the loop."""
    fetcher = make_fetcher(config, hosts)
    return Collector(fetcher=fetcher, workers=workers, max_body_bytes=config.poll.max_body_bytes)


def make_setup(config: Config, synced: Synced, known: Mapping[str, SourceSetting] | None = None) -> Setup:
    """Turn the config into what the poller works by, with the archive's row ids.

    ``known`` are the settings of the config before: those that have not changed stay what they are.
    """
    settings = {}
    for s in config.sources:
        setting, before = SourceSetting(url=s.url, path=s.path, every_s=s.every_s), (known or {}).get(s.id)
        settings[s.id] = before if before is not None and before == setting else setting
    return Setup(
        settings=settings,
        desks=Desks(
            source_tags={
                synced.sources[s.id]: tuple((*split_tag(tag), s.id) for tag in s.tags) for s in config.sources if s.tags
            },
            rules=tuple(
                Rule(id=r.id, kind=k, name=n, query=parse(r.match))
                for r in config.rules
                for k, n in (split_tag(r.tag),)
            ),
            topics=tuple(Topic(id=synced.topics[t.id], query=parse(t.match)) for t in config.topics),
        ),
        floor_s=config.poll.floor_s,
        ceiling_s=config.poll.ceiling_s,
    )


def split_tag(tag: str) -> tuple[str, str]:
    """Split ``kind:name``; the config has checked that it is one."""
    kind, _, name = tag.partition(":")
    return kind, name
