"""All that a poll changes in the archive: the values between planning and writing. Pure.

New rows have no key yet, so a plan names them by negative numbers (``ref``): -1 is its first new story or entry, -2
its second. A positive number is a row that exists. ``db/apply.py`` turns the one into the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from db.model import Entry, Outline
from db.recall import Event, JoinedBy, Listing, StoryTag

Outcome = Literal[
    "ok",  # a document was read
    "not-modified",  # 304
    "unchanged",  # a body with nothing to read: the bytes, or item by item what they say, are as last time
    "http-error",  # any other status
    "throttled",  # 429 or 503: come back later
    "gone",  # 410: never again
    "offline",  # no answer, nor from most other hosts: our own network's trouble, charged to nobody
    "unreachable",  # no address, no connection, or it broke off
    "timeout",
    "refused",  # a private address that `allow` does not name, or too many redirects
    "too-large",
    "wall",  # a login, bot check or consent page in the feed's place
    "not-a-feed",
    "malformed",
    "too-heavy",  # the worker was killed over it
    "no-file",
]
"""How a poll ended. The set is closed: each value is recorded in ``polls`` and counted in health."""

GOOD: frozenset[Outcome] = frozenset({"ok", "not-modified", "unchanged"})

DOUBTFUL: tuple[Outcome, ...] = ("timeout", "too-heavy")
"""A source that used up all its time may do so again: it may not take the places of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Where a source's polling stands: the columns of ``sources`` that a poll may change (see ``db/schema.py``)."""

    title: str | None
    site_url: str | None
    language: str | None
    next_poll_at: str | None
    spacing_s: int | None
    ttl_s: int | None
    held_until: str | None
    gone_at: str | None
    last_good_at: str | None
    last_outcome: Outcome | None
    last_error: str | None
    failures: int
    etag: str | None
    last_modified: str | None
    validators_url: str | None
    body_hash: str | None
    digest_version: int | None
    domain: str | None
    moved_url: str | None
    moving_to: str | None
    moving_polls: int
    fresh_s: int | None
    skip_hours: str | None
    skip_days: str | None
    shown: int | None
    pace: float | None
    crowded: int
    last_new_at: str | None
    usual_gap_s: int | None
    setback: int
    unmodified: int
    whole_at: str | None
    probe_after: int | None
    doubts: int
    offers: str | None
    hub_url: str | None
    hub_topic: str | None
    pushed_until: str | None
    feed_id: str | None


STATE_COLUMNS = tuple(SourceState.__dataclass_fields__)
state_values: Callable[[SourceState], tuple[Any, ...]] = attrgetter(*STATE_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledSource(SourceState):
    """A source as the archive has it when its poll begins. ``outline``: of its last document, where it was read."""

    id: int
    config_id: str
    url: str
    last_poll_at: str | None
    last_push_at: str | None
    outline: Outline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Why a text was joined: to which entry (an id), how alike they are (0 to 1), and the words that decided."""

    to: int
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Two stories that turned out to be one: ``gone`` lives on in ``kept``, and what showed it."""

    kept: int
    gone: int
    by: JoinedBy
    likeness: Likeness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A story's event: a row id, or the negative ref of one that the plan begins; with what joined it, if anything did.

    ``terms``: what the story's words are, to be learned from.
    """

    story: int
    event: int
    score: float | None
    words: tuple[str, ...]
    terms: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as it stands after the poll, one that is there or a new one, and the rare terms it is found by."""

    event: Event
    rare: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to be written, the story that it belongs to, and why. ``indexed``: others are compared with it."""

    ref: int
    story: int
    joined_by: JoinedBy
    entry: Entry
    likeness: Likeness | None = None
    indexed: bool = False


class Withheld(NamedTuple):
    """A story is kept out of all topics: dropped or held by a rule, hidden by a person; which."""

    how: Literal["drop", "hold", "hide"]
    by: str


Selection = tuple[int, int, int | None]
"""The row id of a topic, a story's ref, and an entry's where the topic has an item for it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What topics do with stories.

    ``selections``: taken and announced, in this order. ``archived``: taken, but never announced. ``waiting``: (topic,
    story, when it is asked once more). ``back``: (topic, story) that had left it and is taken again; ``left``: that is
    taken no longer.
    """

    selections: tuple[Selection, ...] = ()
    archived: tuple[Selection, ...] = ()
    waiting: tuple[tuple[int, int, str], ...] = ()
    back: tuple[tuple[int, int], ...] = ()
    left: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryText:
    """A new story, or a known one that is told anew: what it shows from now on.

    ``news``: its text changed, for readers too; not so where only another entry leads.
    """

    ref: int
    lead: int
    title: str
    text: str
    folded_title: str | None
    folded_text: str | None
    url: str | None
    language: str | None
    published: str | None
    words: int
    news: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """The row of ``polls``."""

    started_at: str
    duration_ms: int
    outcome: Outcome
    status: int | None
    bytes: int
    entries: int
    new: int
    changed: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlan:
    """All that one poll changes, written in one transaction or not at all.

    ``before``: where the source's polling stands in the archive now; only what differs from it is written.
    ``minor``: the changed entries of whose change no reader is told.
    ``moved``: the row of ``moves`` (from, to, why). ``keys``: (entry ref, kind, key) to remember;
    ``gone_keys``: (entry id, key), of entries that were pruned and are listed once more.
    ``late_entries``: (ref, story, entry), copies of pruned stories that come now: only that they came is noted.
    ``left``/``returned``: entries that went out of the document, last seen ``left_at``, or came back.
    ``listing``: that of the document, None where it has none; it counts where ``is_read``, where there was a document.
    ``unions``: stories that turned out to be one, to be carried out first, in this order. ``reprints``: changed entries
    with their word triples as they are now; none where they are not compared, or strayed from their story.
    ``happenings``: the events of new stories; ``events``: those events.
    ``tags``: for each touched story all its tags. ``withheld``: likewise, whether it is kept out of all topics.
    ``taken``: likewise, the ids of the rules that take it and give it no tag. ``chosen``: what topics do with them.
    """

    source_id: int
    now: str
    before: SourceState
    state: SourceState
    record: PollRecord
    moved: tuple[str, str, str] | None = None
    new_stories: tuple[StoryText, ...] = ()
    changed_stories: tuple[StoryText, ...] = ()
    new_entries: tuple[NewEntry, ...] = ()
    changed_entries: tuple[tuple[int, Entry], ...] = ()
    minor: frozenset[int] = frozenset()
    keys: tuple[tuple[int, str, int], ...] = ()
    gone_keys: tuple[tuple[int, int], ...] = ()
    late_entries: tuple[tuple[int, int, Entry], ...] = ()
    left: tuple[int, ...] = ()
    left_at: str | None = None
    returned: tuple[int, ...] = ()
    unions: tuple[Union, ...] = ()
    reprints: tuple[tuple[int, bytes], ...] = ()
    happenings: tuple[Happening, ...] = ()
    events: tuple[NewEvent, ...] = ()
    is_read: bool = False
    listing: Listing | None = None
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...] = ()
    withheld: tuple[tuple[int, Withheld | None], ...] = ()
    taken: tuple[tuple[int, tuple[str, ...]], ...] = ()
    chosen: Chosen = Chosen()
