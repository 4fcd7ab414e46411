"""The nouns of what topics publish: their policy, their items, their digests. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db.model import Coverage, Dedupe, Enclosure, EventTold, Level
from db.podcast import Podcast

Order = Literal["new", "coverage"]
"""What stands first in a topic: what is new, or what most sources carry."""

Edits = Literal["announce", "silent"]
"""Whether a meaningful change of a story moves its items' ``updated``; the text follows it either way."""

DAY_S = 86_400
MAX_BYTES = 500_000
"""A feed is no longer than this, where its topic does not say otherwise: what does not fit is in its archive pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a topic shows of what it has selected, and how.

    ``limit``: how many stories. ``per_source``: how many of them a single source may lead, None for any number.
    ``order``, and with ``coverage`` ``window_s``: how long before the topic's newest selection a story may have been
    selected, seconds. ``dedupe``: which copies share an item; ``grouping``: how alike the stories of an event must be
    to be named. ``edits``: whether items show that their text was changed. ``max_bytes``: how long a document may be.
    """

    limit: int
    dedupe: Dedupe = "copies"
    grouping: Level = "normal"
    per_source: int | None = None
    order: Order = "new"
    window_s: float = DAY_S
    edits: Edits = "announce"
    max_bytes: int = MAX_BYTES

    @property
    def is_plain(self) -> bool:
        """Tell whether the newest selections are shown, whatever they are."""
        return self.per_source is None and self.order == "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One selection as it is published: the story's lead entry, all its coverage, its tags, its event.

    ``guid`` is the selection's own minted id, the same in all formats. ``coverage`` is in order of first sight;
    ``lead`` is the index in it of the entry that is shown. ``updated`` is when the story's text last changed.
    ``summary`` is the entry's own, plain text, where it has one beside its text. ``pinned``: a person put it first.
    In a topic that shows copies apart it is one entry, and its exact copies. ``image``: the address of its picture.
    """

    guid: str
    number: int
    story_id: int
    title: str
    url: str | None
    author: str | None
    html: str
    text: str
    language: str | None
    published: str | None
    updated: str
    first_seen: str
    selected_at: str
    tags: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    coverage: tuple[Coverage, ...]
    lead: int
    event: EventTold | None = None
    summary: str | None = None
    pinned: bool = False
    image: str | None = None
    podcast: Podcast | None = None


Rhythm = Literal["day", "week"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A period's stories of a topic as one item; ``zone`` is the time zone that its dates are told in.

    ``stories`` are as many as the topic shows, ``more`` is how many others there are.
    """

    guid: str
    number: int
    made_at: str
    period_from: str
    period_to: str
    rhythm: Rhythm
    zone: str
    stories: tuple[FeedItem, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFeed:
    """What one topic shows now. ``urn`` is the feed's own minted id.

    ``items`` are stories: those that a person pinned, then the newest first or as the topic's policy has it. A topic
    that publishes digests has ``digests`` instead, newest first.
    """

    id: str
    title: str
    urn: str
    created_at: str
    items: tuple[FeedItem, ...] = ()
    digests: tuple[Digest, ...] = ()

    @property
    def entries(self) -> tuple[FeedItem | Digest, ...]:
        """All that it shows."""
        return (*self.items, *self.digests)
