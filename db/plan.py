"""What a poll must know of the archive, and all that it changes there: the values between planning and writing. Pure.

New rows have no key yet, so a plan names them by negative numbers (``ref``): -1 is its first new story or entry, -2
its second. A positive number is a row that exists. ``db/apply.py`` turns the one into the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, Protocol

from db.model import Entry, Outline
from db.query import Query

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

JoinedBy = Literal[
    "first",  # it is the story's first
    "link",  # the same canonical link
    "print",  # the same words
    "near",  # nearly the same words: a cut, a retitled or lightly rewritten copy, an update
    "person",  # someone said so
]
Origin = Literal["source", "category", "rule"]


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
class KnownEntry:
    """An entry in the archive, as far as identity and dedupe must know it."""

    id: int
    source_id: int
    story_id: int
    version: int
    title: str
    guid: str | None
    published: str | None
    first_seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A document's outline, and which entry each of its items is: row ids, or refs of entries that the plan makes."""

    outline: Outline
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStory:
    """A story in the archive with its evidence, by entry id.

    ``categories`` and ``sources`` are what it is tagged by, ``sizes`` of the texts (bytes) say which of them leads.
    """

    id: int
    lead_entry_id: int
    title: str
    text: str
    folded_title: str | None
    folded_text: str | None
    language: str | None
    sources: Mapping[int, int]
    categories: Mapping[int, tuple[str, ...]]
    sizes: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownText:
    """An entry's text in the archive, to be compared with. ``sources``: all that carry its story."""

    id: int
    source_id: int
    story_id: int
    sources: frozenset[int]
    title: str
    text: str
    published: str | None
    first_seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An open event: what its stories have in common, as ``Prints.terms`` but weighted and heaviest first."""

    id: int
    first_seen: str
    last_seen: str
    stories: int
    words: int
    terms: bytes


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
class StoryTag:
    """A tag of a story and one cause of it."""

    kind: str
    name: str
    origin: Origin
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A new or changed story on the desk, before its rules and topics are decided."""

    ref: int
    title: str
    text: str
    folded_title: str | None
    folded_text: str | None
    language: str | None
    source_ids: Collection[int]
    tags: tuple[StoryTag, ...]


class Desk(Protocol):
    """The drafts of one poll, where queries are asked of them alone."""

    def matching(self, query: Query) -> frozenset[int]:
        """The refs of the drafts that ``query`` takes: the very SQL that search runs."""

    def tag(self, refs: Iterable[int], kind: str, name: str) -> None:
        """Give drafts a tag, so that later queries see it."""


class Known(Protocol):
    """What identify, dedupe, tag and plan ask of the archive."""

    def owners(self, keys: Collection[int]) -> Mapping[int, tuple[KnownEntry, ...]]:
        """The entries, of any source, that carry each identity key; keys nobody carries are left out."""

    def listed(self, source_id: int) -> frozenset[int]:
        """The entries that the source's last document had."""

    def listing(self, source_id: int) -> Listing | None:
        """The outline of the source's last document with its entries, where it has one."""

    def entries(self, ids: Collection[int]) -> Sequence[Entry]:
        """Entries as the archive has them, without ``keys`` and ``words``, in the order of their ids."""

    def former(self, ids: Collection[int]) -> Mapping[int, Sequence[int]]:
        """The versions that entries had before, each as often as it was replaced; entries without any are left out."""

    def dates(self, ids: Collection[int]) -> Sequence[str]:
        """When these entries were published, those that say so."""

    def sharing(self, shingles: bytes) -> Sequence[int]:
        """The entries that share sampled word triples with a text, who shares most first; a bounded number."""

    def texts(self, ids: Collection[int]) -> Mapping[int, KnownText]:
        """Entries' texts, with all sources of their stories."""

    def prints(self, entry_id: int) -> bytes:
        """The sampled word triples of an entry; empty where it is not in the index."""

    def other_prints(self, source_id: int, besides: int, limit: int) -> Sequence[bytes]:
        """The sampled word triples of a source's newest entries, but for one."""

    def carriers(self, stories: Collection[int]) -> Mapping[int, frozenset[int]]:
        """The sources that carry each story."""

    def divided(self, pairs: Collection[tuple[int, int]]) -> bool:
        """Tell whether a person has said that two stories, of any of these pairs, are two."""

    def events_with(self, terms: Sequence[int], since: str) -> Sequence[Event]:
        """The open events that hold some of these rare terms and had a story since then; a bounded number."""

    def term_counts(self, terms: Collection[int]) -> tuple[int, Mapping[int, int]]:
        """In how many stories words stood: of how many stories that was learned, and the count by term."""

    def stories(self, ids: Collection[int]) -> Mapping[int, KnownStory]:
        """Stories with their coverage's evidence."""

    def selected(self, story_ids: Collection[int]) -> frozenset[tuple[int, int, int | None]]:
        """The (topic, story, entry or None) of these stories that are selected already."""

    def joined(self, story_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, JoinedBy, int | None]]]:
        """Each story's entries, in order of first sight, why they are in it, and of which entry they are copies."""

    def desk(self, drafts: Sequence[Draft]) -> Desk:
        """Lay these drafts on the desk; the desk before is cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to be written, the story that it belongs to, and why. ``indexed``: others are compared with it."""

    ref: int
    story: int
    joined_by: JoinedBy
    entry: Entry
    likeness: Likeness | None = None
    indexed: bool = False


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
    ``moved``: the row of ``moves`` (from, to, why). ``keys``: (entry ref, kind, key) to remember.
    ``left``/``returned``: entries that went out of the document, last seen ``left_at``, or came back.
    ``listing``: that of the document, None where it has none; it counts where ``is_read``, where there was a document.
    ``unions``: stories that turned out to be one, to be carried out first, in this order. ``reprints``: changed entries
    with their word triples as they are now. ``happenings``: the events of new stories; ``events``: those events.
    ``tags``: for each touched story all its tags of the three origins. ``selections``: (topic id, story ref, and in a
    topic that shows copies apart, the entry's ref).
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
    selections: tuple[tuple[int, int, int | None], ...] = ()
