"""What a document says of itself, beside its items: its name, its addresses, its place in an archive. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.model import Format
from db.output import TopicFeed
from feeds.item import xml_text
from feeds.strict import plain

MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One document of a feed. All addresses are absolute.

    ``title`` and ``description`` are plain text; ``urn`` is the feed's own id, the same for all its documents.
    ``self_url``: where this document is; ``home_url``: the page about it. ``hubs``: the WebSub hubs that tell of its
    changes. ``since``: the time, ISO 8601, that it is of as long as it has no item. ``current``, ``prev_archive`` and
    ``next_archive`` are RFC 5005's links; ``archive``: it is an archive page, which changes no more as a page.
    ``next_url``: the next part of what is no archive but an answer in parts, as a search is; JSON Feed has one such
    link only, and without it gives ``prev_archive`` there.

    No style sheet is named: browsers apply none to a feed any more (Chromium shows its text, Firefox saves it), and are
    sent a page instead.
    """

    title: str
    urn: str
    description: str
    self_url: str
    home_url: str
    since: str
    hubs: tuple[str, ...] = ()
    current: str | None = None
    prev_archive: str | None = None
    next_archive: str | None = None
    next_url: str | None = None
    archive: bool = False
    generator: str = "Wireroom"


def feed_path(name: str, fmt: Format, page: int | None = None) -> str:
    """Name a topic's document, relative to the base URL and to the publish folder (see ``public_name``).

    ``page``: its archive page of that number, 1 is the oldest.
    """
    return f"topics/{name}.{fmt}" if page is None else f"topics/{name}/{page}.{fmt}"


def public_name(topic: str, token: str | None) -> str:
    """Name a topic in its address: by its id, and where it is secret by its token too."""
    return topic if token is None else f"{topic}-{token}"


def topic_channel(
    feed: TopicFeed,
    fmt: Format,
    base_url: str,
    *,
    name: str | None = None,
    hubs: Sequence[str] = (),
    page: int | None = None,
    last_page: int = 0,
) -> Channel:
    """Make the channel of one of a topic's documents: of what it shows now, or of an archive page of it.

    ``name`` is its public name, where that is not its id. ``last_page`` is the number of its newest archive page, 0
    where it has none. An archive page names no hub: nothing is told of it.
    """
    name = name or feed.id
    title = feed_title(feed)
    before = last_page if page is None else page - 1
    after = None if page is None or page >= last_page else page + 1
    return Channel(
        title=title,
        urn=feed.urn,
        description=f"{title}: each story once, with all its sources",
        self_url=base_url + feed_path(name, fmt, page),
        home_url=f"{base_url}topics/{name}/",
        since=feed.created_at,
        hubs=tuple(hubs) if page is None else (),
        current=None if page is None else base_url + feed_path(name, fmt),
        prev_archive=base_url + feed_path(name, fmt, before) if before > 0 else None,
        next_archive=base_url + feed_path(name, fmt, after) if after is not None else None,
        archive=page is not None,
    )


def feed_title(feed: TopicFeed) -> str:
    """Name a feed: by its title, else by its id. Titles are from the config, which may hold any character."""
    return plain(xml_text(feed.title)).strip() or feed.id
