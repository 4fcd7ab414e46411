"""The nouns of what pages and programs read: stories as they are listed and told, sources, events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from db.model import Enclosure
from db.term_spans import Part

Viewer = Literal["public", "owner"]
"""Who reads. The public sees no story that a rule or a person keeps out of all topics, and no secret topic."""

Origin = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A source as it is named: its id in the config, its title."""

    source: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """A story in a list. ``sources`` are in order of first sight; ``others``: how many more stories its event has.

    ``excerpt`` is the beginning of its text, plain. ``withheld``: drop, hold or hide, where something keeps it out.
    ``marked_title``, ``snippet``: with the words that found it, where words did (``db/snippets.py``).
    """

    id: int
    title: str
    url: str | None
    language: str | None
    published: str | None
    first_seen: str
    updated: str
    excerpt: str
    words: int
    sources: tuple[Named, ...]
    entries: int
    tags: tuple[str, ...]
    event: int | None = None
    others: int = 0
    withheld: str | None = None
    marked_title: tuple[Part, ...] = ()
    snippet: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of stories, newest first; ``before``: the cursor of the next page, None where this is the last."""

    stories: tuple[StoryRow, ...]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """A page of stories, the best first; ``of``: how many were compared; ``next``: the cursor of the next page."""

    stories: tuple[StoryRow, ...]
    of: int
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A value that some of the stories found have: what narrows the query to it, how it is called, how many have it."""

    term: str
    label: str
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What the stories found have, each by falling number; ``of`` is how many were looked at, the newest.

    ``days`` are (day, stories), oldest first, days without any among them.
    """

    of: int
    sources: tuple[Facet, ...] = ()
    tags: tuple[Facet, ...] = ()
    languages: tuple[Facet, ...] = ()
    days: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRead:
    """An entry of a story: who carries it, what joined it, whether it is the one that is shown."""

    id: int
    source: str
    source_title: str
    url: str | None
    title: str
    author: str | None
    published: str | None
    updated: str | None
    first_seen: str
    last_seen: str | None
    joined_by: str
    joined_score: float | None
    leads: bool
    revisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTold:
    """An entry with all that its source published, and the story that it is in."""

    entry: EntryRead
    story: int
    guid: str | None
    html: str
    text: str
    summary: str | None
    language: str | None
    categories: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRead:
    """What an entry said, version by version; ``number`` 1 is what was first seen.

    ``replaced_at`` is None for what it says now, the last one. ``meaningful``: the change that replaced it is told.
    """

    entry: int
    number: int
    replaced_at: str | None
    meaningful: bool
    title: str
    text: str


class TagCount(NamedTuple):
    """A tag, and how many stories have it."""

    kind: str
    name: str
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRead:
    """A tag of a story, with one cause: origin is rule, source, gazetteer, …; why is that one's id or the words."""

    tag: str
    origin: Origin
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRead:
    """A topic that took a story. ``topic`` is its config id."""

    topic: str
    title: str
    secret: bool
    number: int
    guid: str
    selected_at: str
    archived: bool
    left_at: str | None
    pinned: bool
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRead:
    """A story as its own page tells it. ``html`` is the lead entry's safe HTML."""

    row: StoryRow
    html: str
    text: str
    summary: str | None
    author: str | None
    enclosures: tuple[Enclosure, ...]
    entries: tuple[EntryRead, ...]
    tags: tuple[TagRead, ...]
    topics: tuple[TopicRead, ...]
    event: tuple[StoryRow, ...] = ()
    withheld_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRead:
    """An event: its stories, oldest first."""

    id: int
    first_seen: str
    last_seen: str
    stories: tuple[StoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPage:
    """A page of a topic's stories, newest selection first, each with its selection's number and time.

    ``before``: the number to go on below; None where this is the last page.
    """

    stories: tuple[tuple[StoryRow, TopicRead], ...]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollDay:
    """A day of a source: how many polls, how many of them failed, how many new entries."""

    day: str
    polls: int
    failed: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRead:
    """One poll."""

    started_at: str
    outcome: str
    status: int | None
    new: int
    changed: int
    error: str | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """A source: ``status`` is as ``db.health.source_status`` tells it; ``days`` oldest first."""

    source: str
    title: str
    site_url: str | None
    status: dict[str, Any] = field(hash=False)
    days: tuple[PollDay, ...] = ()
    polls: tuple[PollRead, ...] = ()
