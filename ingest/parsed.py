"""What a parser read from a document, before it is normalized: the values between parse and normalize. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from db.podcast import PodcastFile, PodcastPerson

MAX_ENTRIES = 5000
"""Of a longer document the first entries are kept: feeds have the newest first."""


class NotAFeedError(ValueError):
    """The document is something else; the message says what."""


class HtmlPageError(NotAFeedError):
    """The document is an HTML page; ``html`` is its text."""

    def __init__(self, html: str) -> None:
        super().__init__("an HTML page, not a feed")
        self.html = html


class MalformedError(ValueError):
    """The document means to be a feed, but cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A piece of text as published: HTML, or plain text. ``base``: its own base address, where it has one."""

    value: str
    is_html: bool
    base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that an item names, unchecked: the address may be relative or bad, the length and the others any text."""

    url: str
    type: str | None = None
    length: str | None = None
    duration: str | None = None
    title: str | None = None
    medium: str | None = None
    width: str | None = None
    height: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What an item says as an episode of a podcast, unchecked."""

    duration: str | None = None
    season: str | None = None
    number: str | None = None
    kind: str | None = None
    explicit: str | None = None
    transcripts: tuple[PodcastFile, ...] = ()
    chapters: tuple[PodcastFile, ...] = ()
    persons: tuple[PodcastPerson, ...] = ()


NO_EPISODE = Episode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as its parser read it: nothing cleaned, resolved or chosen yet, but times in the archive's form.

    ``canonical``: the address that the feed gives as the page's own, where ``link`` may be a detour (``rel=canonical``,
    FeedBurner's ``origLink``). ``bodies`` are its texts, ``summary`` is which of them the format calls the summary (an
    index, or None). ``images`` are the addresses of its pictures, the best one first.
    """

    id: str | None = None
    link: str | None = None
    canonical: str | None = None
    title: Markup | None = None
    bodies: tuple[Markup, ...] = ()
    summary: int | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    categories: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    published: str | None = None
    updated: str | None = None
    images: tuple[str, ...] = ()
    episode: Episode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One document as its parser read it. ``base`` is what its relative links are resolved against.

    ``hub`` and ``self_url`` are unchecked addresses, as ``site_url`` is; ``feed_id`` is unchecked, too.
    """

    format: str
    base: str | None
    title: Markup | None = None
    site_url: str | None = None
    language: str | None = None
    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub: str | None = None
    self_url: str | None = None
    feed_id: str | None = None
    items: tuple[Item, ...] = field(default=(), repr=False)
    truncated: bool = False
    salvaged: bool = False
    remark: str | None = None
