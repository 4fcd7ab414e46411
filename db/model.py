"""The nouns: frozen values that the steps hand to one another. Pure.

Times are ISO 8601 UTC text ending in ``Z`` (``2026-11-24T09:30:00Z``), the form they have in the archive: it sorts,
it reads, and date facets of other tools know it. A name that ends in ``_s`` is in seconds, in ``_ms`` milliseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from db.podcast import Podcast

Format = Literal["rss", "atom", "json"]
"""The three output formats; also the file suffix of a published feed."""

FORMATS: tuple[Format, ...] = ("rss", "atom", "json")

Dedupe = Literal["copies", "exact", "off"]
"""How far entries are folded into one story or item: also copies and rewrites, exact copies only, not at all."""

DEDUPES: tuple[Dedupe, ...] = ("copies", "exact", "off")
"""From the furthest folding to none."""

Level = Literal["loose", "normal", "strict", "off"]
"""How alike stories must be to be told as one event; off: none are."""

LEVELS: tuple[Level, ...] = ("loose", "normal", "strict", "off")
"""From the loosest to none."""

LEAST_SCORES: dict[Level, float] = {"loose": 0.8, "normal": 1.0, "strict": 1.4}
"""The least likeness to an event that each level asks for, as a multiple of what ``normal`` does (ingest/event.py)."""


ROUNDING = 1e-9
"""A score that is just what a level asks for may fall a little short of it as a fraction."""


def belongs(score: float | None, least: float) -> bool:
    """Tell whether a story is so much alike to its event that it counts as one of it; what began it always is."""
    return score is None or score >= least - ROUNDING


LanguageFrom = Literal["detected", "declared"]
"""How a text's language is known: from the text itself, or from its feed alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that an entry carries (RSS 2.0 ``<enclosure>``, Atom ``rel=enclosure``, JSON Feed attachment, Media RSS).

    ``length`` is in bytes, ``width`` and ``height`` in pixels; ``medium`` is Media RSS's word: ``image``, ``video``…
    """

    url: str
    type: str | None = None
    length: int | None = None
    duration_s: int | None = None
    title: str | None = None
    medium: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The identity keys of one entry: 64-bit hashes, each None where the entry gives no ground for it.

    ``id``: the raw id, byte for byte. ``loose_id``: the id without scheme and host case, so that a move from http to
    https is no new entry. ``link``: the canonical link without trackers and scheme. ``print``: title and text, words
    only. ``page``: the page that the link's AMP and mobile twins share, or the one that the feed says is canonical; by
    it other sources' entries are found, never its own source's, and two entries that differ in nothing else are one.
    """

    id: int | None
    loose_id: int | None
    link: int | None
    print: int
    page: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """By what an entry's text is compared with others, made in the workers.

    ``shingles``: 64-bit hashes of the word triples that were sampled, 8 bytes each, little-endian and signed, rising.
    ``terms``: its words, a 32-bit hash and its weight in this text (a 32-bit float) each, little-endian, by hash.
    ``words``: how many words the terms were made of.
    """

    shingles: bytes
    terms: bytes
    words: int


SHINGLE_BYTES = 8
"""Of one hash in ``Prints.shingles``."""


def hashes_of(shingles: bytes) -> tuple[int, ...]:
    """Read ``Prints.shingles``. Raises struct.error where the length is no multiple of 8."""
    return struct.unpack(f"<{len(shingles) // SHINGLE_BYTES}q", shingles)


class Mention(NamedTuple):
    """A known name that a text has: the tag that it gives, where the name is from, and the words in the text.

    ``origin``: gazetteer, for one that is shipped; entity, for one of the config.
    """

    kind: str
    name: str
    origin: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as its source published it, normalized: clean text, safe HTML, absolute links, UTC times.

    ``html`` is the fullest text that the item carries (sanitized, never None); ``summary`` is the shorter one beside
    it, where the item has both. ``text`` is ``html`` as plain text. ``language`` is a BCP 47 tag, ``language_from``
    how it is known. ``words`` counts title and text; ``version`` is the hash that tells a changed entry from a known
    one (all that a reader sees but the dates, which some feeds rewrite at every poll). ``prints`` are None where
    nothing is compared. ``mentions`` are found when it is planned, not in the worker. ``image`` is the address of its
    own picture.
    """

    raw_id: str | None
    url: str | None
    title: str
    author: str | None
    html: str
    summary: str | None
    text: str
    language: str | None
    published: str | None
    updated: str | None
    categories: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    keys: Keys
    version: int
    words: int
    prints: Prints | None = field(default=None, compare=False, repr=False)
    mentions: tuple[Mention, ...] = field(default=(), compare=False)
    language_from: LanguageFrom | None = None
    image: str | None = None
    podcast: Podcast | None = None


HASH_BYTES = 8
"""Of the hash of one item in an outline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A document by its hashes: of each item as it stands there, in order, and of all else that bears on them.

    ``items`` are the hashes one after the other, ``HASH_BYTES`` each. In documents of one ``context``, items of one
    hash read the same.
    """

    context: bytes
    items: bytes

    def hashes(self) -> tuple[bytes, ...]:
        """Give the hashes of the items, in order."""
        return tuple(self.items[at : at + HASH_BYTES] for at in range(0, len(self.items), HASH_BYTES))

    def positions_in(self, former: Outline) -> tuple[int, ...]:
        """Find the items that a former document had too → their positions here."""
        seen = frozenset(former.hashes())
        return tuple(position for position, item in enumerate(self.hashes()) if item in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one fetched body says, after parse and normalize.

    ``format`` is the parser's name for it (``rss20``, ``atom10``, ``json11``…). ``ttl_s`` is the spacing that the
    feed itself asks for (RSS ``ttl``, ``sy:``), seconds; ``skip_hours`` (0 to 23, UTC) and ``skip_days`` (0 is Monday)
    when it asks not to be polled. ``outline``: where it could be made; ``known`` are the positions in it of the items
    that were not read, since they are in the archive as they are: then ``entries`` are only those at the others.
    ``hub`` and ``self_url``: the WebSub hub that it names and its own address; ``feed_id``: its own id (``atom:id``).
    ``truncated``: the cap on entries cut it. ``salvaged``: the
    markup was broken and only part of it could be trusted. Either forbids storing validators: the next poll must
    fetch the whole again. ``remark`` says what was wrong, for the source's health.
    """

    format: str
    title: str | None
    site_url: str | None
    language: str | None
    ttl_s: int | None
    entries: tuple[Entry, ...]
    truncated: bool = False
    salvaged: bool = False
    remark: str | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub: str | None = None
    self_url: str | None = None
    outline: Outline | None = None
    known: tuple[int, ...] = ()
    feed_id: str | None = None

    @property
    def size(self) -> int:
        """How many items it has, known ones and repeats included."""
        return len(self.entries) + len(self.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One source's entry of a story, as an output feed names it; ``feed_id`` is the source's own id (``atom:id``)."""

    source: str
    source_title: str
    source_url: str | None
    site_url: str | None
    url: str | None
    title: str
    first_seen: str
    feed_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another story of the same event, as an item names it: by the source and the link of its lead entry."""

    story_id: int
    title: str
    source: str
    source_title: str
    url: str | None
    first_seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTold:
    """What an item tells of its event: how many other stories there are, by how many sources, the first of them."""

    id: int
    stories: int
    sources: int
    named: tuple[Sibling, ...]


SubscriptionState = Literal["asked", "active", "denied", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A WebSub subscription as the archive has it; ``source`` is the config id, ``source_id`` the row.

    ``failures`` counts the askings that were not verified yet, the one under way among them: above 0 means that a
    verification is awaited.
    """

    id: int
    source_id: int
    source: str
    hub: str
    topic: str
    token: str
    secret: str
    state: SubscriptionState
    asked_at: str | None
    expires_at: str | None
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSource:
    """A source that names a hub or has a subscription: what must be known to bring the two in line.

    ``hub`` and ``topic`` are what its feed names, None where it is polled no more; ``subscribed`` and the rest are the
    subscription's own, None where there is none.
    """

    source_id: int
    source: str
    hub: str | None
    topic: str | None
    subscribed_hub: str | None
    subscribed_topic: str | None
    token: str | None
    state: SubscriptionState | None
