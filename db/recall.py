"""What planning asks of the archive: the values that it recalls, and the protocol ``Known`` by which it asks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from db.model import Entry, LanguageFrom, Mention, Outline
from db.query_tree import Query
from db.sieve import Asks

JoinedBy = Literal[
    "first",  # it is the story's first
    "link",  # the same canonical link
    "print",  # the same words
    "near",  # nearly the same words: a cut, a retitled or lightly rewritten copy, an update
    "person",  # someone said so
]
Origin = Literal[
    "source",  # the config says so of its source
    "category",  # its feed says so
    "vocabulary",  # that category is a subject of the vocabulary, or the config's table says so
    "gazetteer",  # a name that is shipped stands in it
    "entity",  # a name of the config stands in it
    "language",  # it is written in it
    "rule",
    "person",  # someone said so
]


MAX_HOLDING = 40
"""Of the events that hold one rare word the newest so many are looked at, in the archive and among a plan's own."""

MAX_EVENTS = 24
"""Of the events that hold rare words of a text so many are compared with it: those that hold most, the newer first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry in the archive, as far as identity and dedupe must know it; ``gone``: it was pruned."""

    id: int
    source_id: int
    story_id: int
    version: int
    title: str
    guid: str | None
    published: str | None
    first_seen: str
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A document's outline, and which entry each of its items is: row ids, or refs of entries that the plan makes."""

    outline: Outline
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """An entry of a story, as far as the story must know it: who carries it, how full it is, what it is tagged by.

    ``size`` is that of its plain text, bytes; in bytes, since a Chinese character says as much as some three letters.
    ``host`` is that of its link (``db.hosts``); ``enclosed``: it carries files.
    """

    source_id: int
    size: int
    author: str | None
    host: str | None
    enclosed: bool
    categories: tuple[str, ...]
    mentions: tuple[Mention, ...]
    language: str | None = None
    language_from: LanguageFrom | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a person said of a story, and who; ``db/last_word.py`` says what counts and what it means.

    unpin and auto take pin and lead back. ``topic_id`` None: in every topic. ``id`` rises with time.
    """

    kind: Literal["pin", "unpin", "hide", "show", "tag", "untag", "lead", "auto"]
    topic_id: int | None
    tag: tuple[str, str] | None
    entry_id: int | None
    by: str | None
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStory:
    """A story in the archive, its entries by id, in order of first sight, and what of a person's marks counts."""

    id: int
    lead_entry_id: int
    title: str
    text: str
    folded_title: str | None
    folded_text: str | None
    language: str | None
    published: str | None
    first_seen: str
    words: int
    event: int | None
    entries: Mapping[int, Carried]
    event_score: float | None = None
    marks: tuple[Mark, ...] = ()


class Taken(NamedTuple):
    """A selection of the archive; ``left``: a retag found that the topic takes the story no longer."""

    topic_id: int
    story_id: int
    entry_id: int | None
    left: bool


class Shown(NamedTuple):
    """A story of an event that a topic shows, or has shown, and how alike it was to what its event had before."""

    topic_id: int
    event_id: int
    score: float | None


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
class StoryTag:
    """A tag of a story and one cause of it."""

    kind: str
    name: str
    origin: Origin
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A new or changed story on the desk, before its rules and topics are decided.

    ``event`` is its event's row id, or the negative ref of one that the plan begins; ``event_score``: how alike it was
    to what that had before, None where it began it. ``carried`` are all its entries.
    """

    ref: int
    title: str
    text: str
    folded_title: str | None
    folded_text: str | None
    language: str | None
    published: str | None
    first_seen: str
    words: int
    event: int | None
    carried: tuple[Carried, ...]
    tags: tuple[StoryTag, ...]
    event_score: float | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def source_ids(self) -> tuple[int, ...]:
        """The row ids of its sources, each once, in order of first sight."""
        return tuple(dict.fromkeys(one.source_id for one in self.carried))


class Desk(Protocol):
    """The drafts of one poll, where queries are asked of them alone."""

    def matching(self, query: Query) -> frozenset[int]:
        """The refs of the drafts that ``query`` takes: the very SQL that search runs."""

    def each(self, asked: tuple[Asks, ...]) -> Iterator[tuple[int, frozenset[int]]]:
        """Ask many queries, one after the other: the number of each that takes any draft, and their refs.

        Each sees the tags that were given up to then. Quick where ``asked`` is the same object at every poll.
        """

    def tag(self, refs: Iterable[int], kind: str, name: str) -> None:
        """Give drafts a tag, so that later queries see it."""


class Known(Protocol):
    """What identify, dedupe, tag and plan ask of the archive."""

    def owners(self, keys: Collection[int]) -> Mapping[int, tuple[KnownEntry, ...]]:
        """The entries, of any source, that carry each identity key; keys nobody carries are left out."""

    def gone(self, keys: Collection[int]) -> Mapping[int, tuple[KnownEntry, ...]]:
        """The entries, of any source, that carried each key and were pruned: they are never new again."""

    def pruned(self, ids: Collection[int]) -> frozenset[int]:
        """Which of these entries were pruned."""

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

    def kin(self, entry_id: int) -> Iterator[KnownText]:
        """What an entry said at first, then what some others of its story say; empty: it is alone there."""

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

    def marks(self, story_ids: Collection[int]) -> Mapping[int, tuple[Mark, ...]]:
        """What counts of a person's marks of stories, oldest first; stories without any are left out."""

    def selected(self, story_ids: Collection[int]) -> frozenset[Taken]:
        """What topics have of these stories already."""

    def events_shown(self, event_ids: Collection[int], *, archived: bool) -> frozenset[Shown]:
        """Which topics have announced which stories of these events, or ``archived`` them, and still have them."""

    def waiting(self, story_ids: Collection[int]) -> frozenset[tuple[int, int]]:
        """The (topic, story) of these stories that the topic will look at once more later."""

    def joined(self, story_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, JoinedBy, int | None]]]:
        """Each story's entries, in order of first sight, why they are in it, and of which entry they are copies."""

    def desk(self, drafts: Sequence[Draft], now: str, gone: Collection[int] = ()) -> Desk:
        """Lay these drafts on the desk; the desk before is cleared.

        ``now``: what relative dates of queries are counted from. ``gone``: stories that are going into others.
        """
