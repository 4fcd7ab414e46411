"""The config's rules and topics as planning works by them, where no archive is at hand. Pure."""

from __future__ import annotations

from dataclasses import replace

from ingest.tag import Desks
from wireroom.config import Config
from wireroom.desks import make_desks


def paper_desks(config: Config, *, names: bool = False) -> Desks:
    """Make the desks of a config. The sources' rows are numbered from 1 in its order, and so are the topics'.

    ``names``: with what finds names in texts, which takes a while to build. Raises ConfigError where a list of them is
    wrong.
    """
    config = config if names else without_names(config)
    sources = {source.id: number for number, source in enumerate(config.sources, start=1)}
    topics = {topic.id: number for number, topic in enumerate(config.topics, start=1)}
    return make_desks(config, sources, topics)


def without_names(config: Config) -> Config:
    """Leave out what finds names in texts, where nothing new is to be read."""
    return replace(config, gazetteer=False, entities=config.entities.unread())
