"""Which entry of this source is this item: a known one, or a new one? Pure.

An entry has several keys (id, id without scheme and host case, canonical link, content print), because ids go
missing, repeat, churn, and move from http to https. A strong key decides alone only where it is unambiguous, both in
the document and in the archive; otherwise a second one must agree. In doubt an item is new: a repeat can be merged
later, a lost entry never comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from db.model import Entry
from db.recall import KnownEntry
from ingest.dedupe import MIN_WORDS

Owners = Mapping[int, tuple[KnownEntry, ...]]
Headline = tuple[str, str | None]
"""A title and a date of publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One item of the document, and the entry of this source that it is; None: it was never seen."""

    entry: Entry
    known: KnownEntry | None


def identify(entries: Sequence[Entry], owners: Owners, *, moved: bool = False) -> tuple[Sighting, ...]:
    """Match a document's items with the source's known entries → a sighting per item, in document order.

    ``owners`` has this source's entries by key. An item that repeats an earlier one in everything is dropped. No two
    items are ever the same known entry. ``moved``: the source answers from another address for good, so that ids,
    links and dates may all be new; then the same words are enough.
    """
    items = distinct(entries)
    found: dict[int, KnownEntry] = {}
    matches = (by_everything, by_id, by_loose_id, by_listing, by_link, by_print)
    for match in matches if any(owners.values()) else ():  # at a first poll nothing is known
        taken = {known.id for known in found.values()}
        rest = [(n, item) for n, item in enumerate(items) if n not in found]
        for n, known in match(Scene(items=items, owners=owners, taken=frozenset(taken), moved=moved), rest):
            if known.id not in taken:
                taken.add(known.id)
                found[n] = known
    return tuple(Sighting(entry=item, known=found.get(n)) for n, item in enumerate(items))


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    """Drop items that say exactly what an earlier one says (some feeds list an item twice)."""
    return list(dict.fromkeys(entries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The whole document, the entries that carry its keys, and those of them that an item has been found to be.

    A hostile document has thousands of items with one id, link or text, and its archive has as many entries with it: so
    what is asked of a key for each item is made once for each key.
    """

    items: Sequence[Entry]
    owners: Owners
    taken: frozenset[int]
    moved: bool = False
    _ids: dict[int, frozenset[int]] = field(default_factory=dict)
    _free: dict[int, list[KnownEntry]] = field(default_factory=dict)
    _both: dict[tuple[int, int], list[KnownEntry]] = field(default_factory=dict)
    _headed: dict[tuple[int, int | None], dict[Headline, list[KnownEntry]]] = field(default_factory=dict)

    def carriers(self, key: int | None) -> tuple[KnownEntry, ...]:
        """All entries with ``key``, also those that are taken: what several carry decides nothing alone."""
        return self.owners.get(key, ()) if key is not None else ()

    def carries(self, known: KnownEntry, key: int | None) -> bool:
        """Tell whether this entry is among those with ``key``."""
        if key is None:
            return False
        if key not in self._ids:
            self._ids[key] = frozenset(each.id for each in self.carriers(key))
        return known.id in self._ids[key]

    def both(self, key: int, other: int | None) -> list[KnownEntry]:
        """All entries that have the two keys."""
        if other is None:
            return []
        if (key, other) not in self._both:
            few, many = sorted((key, other), key=lambda each: len(self.carriers(each)))
            self._both[key, other] = [known for known in self.carriers(few) if self.carries(known, many)]
        return self._both[key, other]

    def headed(self, key: int, link: int | None = None) -> Mapping[Headline, list[KnownEntry]]:
        """All entries with the key, and the link if one is given, by headline and date."""
        if (key, link) not in self._headed:
            found = self._headed[key, link] = {}
            for known in self.carriers(key) if link is None else self.both(key, link):
                found.setdefault((known.title, known.published), []).append(known)
        return self._headed[key, link]

    def free(self, key: int | None) -> list[KnownEntry]:
        """The entries with ``key`` that no item was found to be."""
        if key is None:
            return []
        if key not in self._free:
            self._free[key] = [known for known in self.carriers(key) if known.id not in self.taken]
        return self._free[key]


Matches = Iterable[tuple[int, KnownEntry]]
Rest = Sequence[tuple[int, Entry]]
Mark = tuple[int | str | None, ...]


def by_everything(scene: Scene, rest: Rest) -> Matches:
    """Match items that are as they were: the same id (or none), link and words.

    Where several entries are alike in all of it, whatever else a reader sees tells them apart, then the date, and at
    last their order: what is just as it was stays what it was. Where no id and link tell items apart (there is none, or
    several have it, with the words), another date means another item.
    """
    alike: dict[Mark, dict[int, KnownEntry]] = {}  # free entries by words and id, by date too, by all too
    marks: dict[int, list[Mark]] = {}
    for print_ in {item.keys.print for _, item in rest}:
        for known in scene.free(print_):
            for its in marks_of(print_, known.guid, known.published, known.version):
                alike.setdefault(its, {})[known.id] = known
                marks.setdefault(known.id, []).append(its)
    counts = Counter((item.keys.print, item.raw_id, item.keys.link) for item in scene.items)
    settled: set[int] = set()
    barren: set[tuple[Mark, int | None]] = set()  # there is none left for an item's likes either
    for level in range(4):
        for n, item in rest:
            nameless = item.raw_id is None and item.keys.link is None
            repeats = item.published is not None and counts[item.keys.print, item.raw_id, item.keys.link] > 1
            if n in settled or ((nameless or repeats) and level in DATELESS):
                continue
            mark = marks_of(item.keys.print, item.raw_id, item.published, item.version)[level]
            if (mark, item.keys.link) in barren:
                continue
            found = with_link(scene, alike.get(mark, {}), item.keys.link)
            if found is None:
                barren.add((mark, item.keys.link))
                continue
            for each in marks[found.id]:
                del alike[each][found.id]
            settled.add(n)
            yield n, found


DATELESS = (1, 3)


def marks_of(print_: int, guid: str | None, published: str | None, version: int) -> tuple[Mark, Mark, Mark, Mark]:
    """Make what items and entries are compared by, the strictest first; DATELESS are those without the date."""
    return (
        ("both", print_, guid, published, version),
        ("version", print_, guid, version),
        ("date", print_, guid, published),
        ("", print_, guid),
    )


def with_link(scene: Scene, candidates: Mapping[int, KnownEntry], link: int | None) -> KnownEntry | None:
    """Find the first candidate that has the link, or just the first where there is no link."""
    if link is None:
        return next(iter(candidates.values()), None)
    if len(candidates) <= len(scene.carriers(link)):
        return next((known for known in candidates.values() if scene.carries(known, link)), None)
    return next((known for known in scene.carriers(link) if known.id in candidates), None)


def by_id(scene: Scene, rest: Rest) -> Matches:
    """Match by the raw id."""
    return by_identifier(scene, rest, lambda entry: entry.keys.id)


def by_loose_id(scene: Scene, rest: Rest) -> Matches:
    """Match by the id without scheme and host case: the source moved to https."""
    return by_identifier(scene, rest, lambda entry: entry.keys.loose_id)


def by_identifier(scene: Scene, rest: Rest, key_of: Callable[[Entry], int | None]) -> Matches:
    """Match by an id: alone where it is one item's and one entry's, else with a link or headline that agrees.

    The owner list is the memory of a source that once gave one id to several items: from then on, and only for that
    id, the id alone decides nothing, but where it is the present id of only one of them. What agrees with it must be
    one item's and one entry's as well: where link or headline are shared like the id, they tell nothing apart.
    """
    in_document = Counter(key_of(item) for item in scene.items)
    doubtful = []
    for n, item in rest:
        key = key_of(item)
        if key is None or not scene.free(key):
            continue
        carriers = scene.carriers(key)
        holders = [known for known in carriers if known.guid == item.raw_id] if in_document[key] == 1 else []
        if in_document[key] == 1 and 1 in (len(carriers), len(holders)):
            yield n, carriers[0] if len(carriers) == 1 else holders[0]
        else:
            doubtful.append((n, item, key))
    pages = Counter((key_of(item), item.keys.link) for item in scene.items)
    headlines = Counter(
        (key_of(item), link, item.title, item.published) for item in scene.items for link in {item.keys.link, None}
    )
    for n, item, key in doubtful:
        there = scene.both(key, item.keys.link)
        if len(there) == pages[key, item.keys.link] == 1:
            yield n, there[0]
            continue
        link = item.keys.link if there else None  # where there is one of that page, another it is not
        headed = scene.headed(key, link).get((item.title, item.published), [])
        if len(headed) == headlines[key, link, item.title, item.published] == 1:
            yield n, headed[0]


def by_link(scene: Scene, rest: Rest) -> Matches:
    """Match by the canonical link: the id is missing or was changed, the page is the same.

    A page that stays while its items change (a live blog's, a status page's) has new ids, new titles and new dates on
    one link: so where there is an id, title or date must agree too.
    """
    in_document = Counter(item.keys.link for item in scene.items)
    for n, item in rest:
        if in_document[item.keys.link] > 1 or len(scene.carriers(item.keys.link)) != 1:
            continue
        for known in scene.free(item.keys.link):
            nameless = item.raw_id is None and known.guid is None
            if nameless or known.title == item.title or same_date(item, known):
                yield n, known


def by_print(scene: Scene, rest: Rest) -> Matches:
    """Match by the same words at the same time: id and link are new, or gone, with no time to tell by either.

    Of a source that has just moved, the same words are enough.
    """
    in_document = Counter(item.keys.print for item in scene.items)
    for n, item in rest:
        candidates = scene.free(item.keys.print)
        if in_document[item.keys.print] > 1 or len(scene.carriers(item.keys.print)) != 1:
            continue
        bare = item.raw_id is None and item.keys.link is None and item.published is None
        for known in candidates:
            if scene.moved or same_date(item, known) or (bare and known.published is None):
                yield n, known


def by_listing(scene: Scene, rest: Rest) -> Matches:
    """Match the items of an article that its source lists more than once: any of its entries will do.

    Several entries are one article where they are one story: a source's own are that by nothing else than their link or
    words, with a headline or a date. With id and link as they were, headline or date must agree. With another id, none
    of them may have an item yet, since ids that hold for one of them tell them apart: then by link, headline and date;
    by words, headline and date; or, without a date, by link and words.
    """
    settled: set[int] = set()
    counts = Counter((item.keys.id, item.keys.link) for item in scene.items)
    for (id_, link, *_), items in grouped(rest, lambda item: (item.keys.id, item.keys.link, "", None)).items():
        there = scene.both(id_, link) if id_ is not None else []
        if is_one_article(there) and counts[id_, link] <= len(there):
            titles, dates = {known.title for known in there}, {known.published for known in there} - {None}
            agreeing = [
                n
                for n, item in items
                if item.published in dates
                or (item.title in titles and (item.published is None or counts[id_, link] == 1))
            ]
            for n, known in zip(agreeing, (each for each in there if each.id not in scene.taken), strict=False):
                settled.add(n)
                yield n, known
    for marks in (link_marks, print_marks):
        for (key, link, *headline), items in grouped(((n, item) for n, item in rest if n not in settled), marks).items():
            if key is None or len(scene.free(key)) < len(scene.carriers(key)):
                continue
            there = scene.headed(key, link).get((headline[0], headline[1]), [])
            if is_one_article(there):
                for (n, _), known in zip(items, there, strict=False):
                    settled.add(n)
                    yield n, known


ListingMark = tuple[int | None, int | None, str, str | None]


def link_marks(item: Entry) -> ListingMark:
    """Give the link, headline and date of an item; no key where it lacks one of them."""
    return item.keys.link if item.published else None, None, item.title, item.published


def print_marks(item: Entry) -> ListingMark:
    """Give the words, headline and date of an item, or its link where it has no date; no key where they are few."""
    is_telling = item.words >= MIN_WORDS and (item.published or item.keys.link) is not None
    return item.keys.print if is_telling else None, None if item.published else item.keys.link, item.title, item.published


def grouped(
    rest: Iterable[tuple[int, Entry]], mark: Callable[[Entry], ListingMark]
) -> dict[ListingMark, list[tuple[int, Entry]]]:
    """Put the items that are alike in something together, in the order of the document."""
    groups: dict[ListingMark, list[tuple[int, Entry]]] = {}
    for n, item in rest:
        groups.setdefault(mark(item), []).append((n, item))
    return groups


def is_one_article(entries: Sequence[KnownEntry]) -> bool:
    """Tell whether entries of one source are in one story; not whether there are any."""
    return all(known.story_id == entries[0].story_id for known in entries)


def same_date(item: Entry, known: KnownEntry) -> bool:
    """Tell whether both give a date of publication, and the same one."""
    return item.published is not None and item.published == known.published
