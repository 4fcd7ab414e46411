"""Which entry of this source is this item: a known one, or a new one? Pure.

An entry has several keys (id, id without scheme and host case, canonical link, content print), because ids go
missing, repeat, churn, and move from http to https. A strong key decides alone only where it is unambiguous, both in
the document and in the archive; otherwise a second one must agree. In doubt an item is new: a repeat can be merged
later, a lost entry never comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from db.model import Entry
from db.plan import KnownEntry

Owners = Mapping[int, tuple[KnownEntry, ...]]


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
    for match in (by_everything, by_id, by_loose_id, by_link, by_print):
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
    """The whole document, the entries that carry its keys, and those of them that an item has been found to be."""

    items: Sequence[Entry]
    owners: Owners
    taken: frozenset[int]
    moved: bool = False

    def carriers(self, key: int | None) -> tuple[KnownEntry, ...]:
        """All entries with ``key``, also those that are taken: what several carry decides nothing alone."""
        return self.owners.get(key, ()) if key is not None else ()

    def free(self, key: int | None) -> list[KnownEntry]:
        """The entries with ``key`` that no item was found to be."""
        return [known for known in self.carriers(key) if known.id not in self.taken]


Matches = Iterable[tuple[int, KnownEntry]]
Rest = Sequence[tuple[int, Entry]]


def by_everything(scene: Scene, rest: Rest) -> Matches:
    """Match items that are as they were: the same id (or none), link and words.

    Where several entries are alike in all of it, the date tells them apart, and else their order. Without id and link,
    another date means another item.
    """
    used: set[int] = set()
    settled: set[int] = set()
    for dates_must_agree in (True, False):
        for n, item in rest:
            if n in settled:
                continue
            for known in scene.free(item.keys.print):
                same_link = item.keys.link is None or known in scene.carriers(item.keys.link)
                same_dates = item.published == known.published
                if known.id in used or known.guid != item.raw_id or not same_link:
                    continue
                if same_dates or (not dates_must_agree and (item.raw_id or item.keys.link is not None)):
                    used.add(known.id)
                    settled.add(n)
                    yield n, known
                    break


def by_id(scene: Scene, rest: Rest) -> Matches:
    """Match by the raw id."""
    return by_identifier(scene, rest, lambda entry: entry.keys.id)


def by_loose_id(scene: Scene, rest: Rest) -> Matches:
    """Match by the id without scheme and host case: the source moved to https."""
    return by_identifier(scene, rest, lambda entry: entry.keys.loose_id)


def by_identifier(scene: Scene, rest: Rest, key_of: Callable[[Entry], int | None]) -> Matches:
    """Match by an id: alone where it is one item's and one entry's, else with a link or headline that agrees.

    The owner list is the memory of a source that once gave one id to several items: from then on, and only for that
    id, the id alone decides nothing.
    """
    in_document = Counter(key_of(item) for item in scene.items)
    doubtful = []
    for n, item in rest:
        candidates = scene.free(key_of(item))
        if len(scene.carriers(key_of(item))) == 1 and in_document[key_of(item)] == 1:
            yield from ((n, known) for known in candidates)
        elif candidates:
            doubtful.append((n, item, candidates))
    seconds: tuple[Callable[[Entry, KnownEntry], bool], ...] = (
        lambda item, known: known in scene.carriers(item.keys.link),
        lambda item, known: known.title == item.title and known.published == item.published,
    )
    settled: set[int] = set()
    used: set[int] = set()
    for agrees in seconds:
        for n, item, candidates in doubtful:
            agreeing = [known for known in candidates if known.id not in used and agrees(item, known)]
            if n not in settled and len(agreeing) == 1:
                settled.add(n)
                used.add(agreeing[0].id)
                yield n, agreeing[0]


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


def same_date(item: Entry, known: KnownEntry) -> bool:
    """Tell whether both give a date of publication, and the same one."""
    return item.published is not None and item.published == known.published
