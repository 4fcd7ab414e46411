"""Which story is this new entry's: one that is there, or a story of its own? Pure.

First exactly: the same canonical link (or a twin of it), or the same words. Then by likeness (``ingest/near.py``):
cuts, retitled and lightly rewritten copies, updates.

Entries of *one* source join only by identity, never by likeness alone: a publisher who prints the same words under
another id and date ("Daily briefing") means another story.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.model import Entry
from db.plan import Likeness
from db.recall import JoinedBy, KnownEntry
from db.text import words

MIN_WORDS = 12
"""Fewer words than this are no proof of one text: column titles and stubs ("Read more on our site") repeat."""

WINDOW = timedelta(days=14)
"""Copies of one text come within days; the same words a year later are another story (a recurring notice)."""


MAX_COPIES = 100
"""Of the entries with one link or text only the newest so many are looked at: what thousands carry is boilerplate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A known story that has the same text, and what shows it."""

    story: int
    by: JoinedBy
    likeness: Likeness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A new entry and its story: a row id, or the negative ref of a story that the plan makes.

    ``also``: the other known stories that have its text, so that they are one.
    """

    ref: int
    story: int
    joined_by: JoinedBy
    entry: Entry
    likeness: Likeness | None = None
    also: tuple[Match, ...] = ()


Near = Callable[[Entry, Collection[int]], Sequence[Match]]
"""Finds the stories of which an entry is a near copy, the best first; the stories given are left out."""


def place(
    entries: Sequence[Entry],
    owners: Mapping[int, tuple[KnownEntry, ...]],
    source_id: int,
    now: str,
    near: Near = lambda _entry, _besides: (),
    *,
    apart: bool = False,
) -> list[Placed]:
    """Give each of one source's new entries its story → in the given order, refs counting down from -1.

    ``owners`` has the entries of all sources by key. ``now`` is when the entries were first seen. ``apart``: each
    entry has a story of its own.
    """
    placed: list[Placed] = []
    here: dict[Mark, int] = {}  # the stories of this document's own new entries
    taken: set[int] = set()  # those that they joined: no second one may join them by likeness
    stories = 0
    claims = claimed(entries)
    for n, entry in enumerate(entries, start=1):
        marks = own_marks(entry)
        exact = None if apart else find(entry, owners, source_id, now, claims)
        found = [exact] if exact is not None else []
        if not apart and (exact is None or exact.by == "link"):  # the words of a print are indexed already
            found += [match for match in near(entry, taken) if exact is None or match.story != exact.story]
        if found:
            story, by, likeness = found[0].story, found[0].by, found[0].likeness
            taken.add(story)
        else:
            likeness = None
            story, by = next(
                ((here[mark], mark[0]) for mark in marks if mark in here and not apart), (-stories - 1, "first")
            )
            stories += by == "first"
        placed.append(Placed(ref=-n, story=story, joined_by=by, entry=entry, likeness=likeness, also=tuple(found[1:])))
        for mark in marks:
            here.setdefault(mark, story)
    return placed


Mark = tuple[JoinedBy, int, str]


def own_marks(entry: Entry) -> list[Mark]:
    """List what makes two items of one document one story: one link and title, or the same words at the same time."""
    marks: list[Mark] = []
    if entry.keys.link is not None:
        marks.append(("link", entry.keys.link, entry.title))
    if entry.keys.page is not None and entry.published is not None:
        marks.append(("link", entry.keys.page, f"{entry.published} {entry.title}"))
    if entry.published is not None and entry.words >= MIN_WORDS:
        marks.append(("print", entry.keys.print, entry.published))
    return marks


def claimed(entries: Iterable[Entry]) -> frozenset[int]:
    """Find the pages that several articles of one document claim: a template's word, and nothing to go by."""
    articles: defaultdict[int, set[tuple[str, str | None]]] = defaultdict(set)
    for entry in entries:
        if entry.keys.page is not None:
            articles[entry.keys.page].add((entry.title, entry.published))
    return frozenset(page for page, several in articles.items() if len(several) > 1)


def find(
    entry: Entry,
    owners: Mapping[int, tuple[KnownEntry, ...]],
    source_id: int,
    now: str,
    claims: frozenset[int] = frozenset(),
) -> Match | None:
    """Find the known story of which this is an exact copy, and by what; None: there is none.

    ``claims``: the pages that say nothing in this document.
    """
    on_print = [
        known
        for known in owners.get(entry.keys.print, ())[-MAX_COPIES:]
        if entry.words >= MIN_WORDS
        and (
            is_near(entry, known.published, known.first_seen, now) and still_heads(known.title, entry.title)
            if known.source_id != source_id
            else same_date(entry, known.published)
        )
    ]
    same_print = {known.story_id for known in on_print}
    on_link = [
        known
        for known in (owners.get(entry.keys.link, ())[-MAX_COPIES:] if entry.keys.link is not None else ())
        if known.source_id != source_id or known.title == entry.title
    ]
    if not on_link and entry.keys.page not in claims:
        on_link = on_page(entry, owners, source_id, now)
    by_link = {known.story_id for known in on_link}
    if len(by_link) > 1:  # a page shared by several stories (a show's, a live blog's): the headline or words decide
        by_link = {known.story_id for known in on_link if known.title == entry.title or known.story_id in same_print}
    if by_link:
        return match(min(by_link), "link", on_link)
    if same_print:
        return match(min(same_print), "print", on_print)
    return None


def match(story: int, by: JoinedBy, alike: Sequence[KnownEntry]) -> Match:
    """Make the match with a story, to the oldest of its entries that are alike."""
    to = min(known.id for known in alike if known.story_id == story)
    return Match(story=story, by=by, likeness=Likeness(to=to, score=1.0, words=()))


def on_page(entry: Entry, owners: Mapping[int, tuple[KnownEntry, ...]], source_id: int, now: str) -> list[KnownEntry]:
    """Find the entries that are at the same page by another address: an AMP or mobile twin, or the canonical one.

    Such an address was inferred, or claimed, so more is asked for than of one link: the time agrees, and this source
    has not said the same page of other articles, by their title or date.
    """
    carriers = owners.get(entry.keys.page, ())[-MAX_COPIES:] if entry.keys.page is not None else ()
    mine = (known for known in carriers if known.source_id == source_id)
    if any(known.title != entry.title or not same_date(entry, known.published) for known in mine):
        return []
    return [known for known in carriers if is_near(entry, known.published, known.first_seen, now)]


def still_heads(title: str, other: str) -> bool:
    """Tell whether two headlines have the same words.

    An entry keeps the keys of all that it ever said: one that puts text after text under one id ("Top story") would
    take in whoever prints one of the former, and nobody would see it.
    """
    return title == other or words(title) == words(other)


def same_date(entry: Entry, published: str | None) -> bool:
    """Tell whether both are dated, and alike."""
    return entry.published is not None and entry.published == published


def is_near(entry: Entry, published: str | None, first_seen: str, now: str) -> bool:
    """Tell whether two publications lie within the window; the time of first sight stands in for a missing date."""
    mine = datetime.fromisoformat(entry.published or now)
    theirs = datetime.fromisoformat(published or first_seen)
    return abs(mine - theirs) <= WINDOW
