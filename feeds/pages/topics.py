"""Topics as pages name them, and where they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.site import Site, TopicCard


def cards(site: Site, *, secret: bool) -> Sequence[TopicCard]:
    """List the topics; ``secret``: those too that are at addresses that nobody can guess."""
    return [card for card in site.topics() if secret or not card.secret]


def named(site: Site, name: str) -> TopicCard | None:
    """Find the topic that has this public name; who knows a secret one's may read it."""
    return next((card for card in site.topics() if card.name == name), None)
