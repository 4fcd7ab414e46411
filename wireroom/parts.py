"""The parts of the running whole as the config describes them. IO: network (the client that is made)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from db.sync import ConfiguredTopic, Synced
from ingest.batch import Limits
from ingest.batches import BatchCollector
from ingest.collect import Collector
from ingest.digest import DIGEST_VERSION
from ingest.fetch import Fetcher
from ingest.guard import Guard
from ingest.hosts import Hosts
from ingest.poll import Setup
from ingest.reach import Reach
from ingest.wanted import SourceSetting
from ingest.workers import Workers
from wireroom import __version__
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.config_queries import asked_by, names_of
from wireroom.desks import kept, make_desks, make_grouping
from wireroom.log import Log
from wireroom.press import Press
from wireroom.worker import do_batch


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
    settings: dict[str, SourceSetting] = {}
    for s in config.sources:
        setting = SourceSetting(url=s.url, path=s.path, every_s=s.every_s)
        settings[s.id] = kept(old_settings.get(s.id), setting)
    return Setup(
        settings=settings,
        desks=make_desks(config, synced.sources, synced.topics, known.desks if known is not None else None),
        floor_s=config.poll.floor_s,
        ceiling_s=config.poll.ceiling_s,
        grouping=make_grouping(config, synced.sources),
    )


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
