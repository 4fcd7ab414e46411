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
from db.recall import KnownEntry
from ingest.listed import by_listing
from ingest.scene import Matches, Owners, Rest, Scene


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
    likely = [(n, item) for n, item in enumerate(items) if has_carriers(item, owners)]
    matches = (by_everything, by_id, by_loose_id, by_listing, by_link, by_print)
    for match in matches:
        taken = {known.id for known in found.values()}
        rest = [(n, item) for n, item in likely if n not in found]
        if not rest:
            break
        for n, known in match(Scene(items=items, owners=owners, taken=frozenset(taken), moved=moved), rest):
            if known.id not in taken:
                taken.add(known.id)
                found[n] = known
    return tuple(Sighting(entry=item, known=found.get(n)) for n, item in enumerate(items))


def has_carriers(item: Entry, owners: Owners) -> bool:
    """Tell whether any entry has a key of this item: most new ones have nothing in common with what is known."""
    keys = item.keys
    return any(key is not None and owners.get(key) for key in (keys.id, keys.link, keys.print, keys.loose_id))


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    """Drop items that say exactly what an earlier one says (some feeds list an item twice)."""
    return list(dict.fromkeys(entries))


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
        if len(carriers) > 1 and in_document[key] == 1:
            holders = [known for known in carriers if known.guid == item.raw_id]
            carriers = tuple(holders) if len(holders) == 1 else carriers
        if len(carriers) == in_document[key] == 1 and carriers[0].id not in scene.taken:
            yield n, carriers[0]
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


def same_date(item: Entry, known: KnownEntry) -> bool:
    """Tell whether both give a date of publication, and the same one."""
    return item.published is not None and item.published == known.published
