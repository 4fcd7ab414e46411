"""Which entries are the items of an article that its source lists more than once? Pure.

Any of the article's entries will do for each of them. Entries of one source are one article where they are one story:
a source's own come to be that by their link and headline, or by their words and date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from db.model import Entry
from db.recall import KnownEntry
from ingest.dedupe import MIN_WORDS
from ingest.scene import Matches, Rest, Scene

Mark = tuple[int | None, int | None, str, str | None]
"""What items of one article have in common: a key, a link, a headline, a date."""


def by_listing(scene: Scene, rest: Rest) -> Matches:
    """Match items by what several entries of one article have.

    First by id and link, where date or headline agree. Then, whatever the ids are now, by link, headline and date; by
    words, headline and date; or by words, headline and link where there is no date. But ids that still hold for one of
    the entries with that link, or those words, tell the others apart too.
    """
    settled: set[int] = set()
    counts = Counter(page_marks(item) for item in scene.items)
    for mark, items in grouped(rest, page_marks).items():
        there = scene.both(mark[0], mark[1]) if mark[0] is not None else []
        if is_one_article(there) and counts[mark] <= len(there):
            dates = {known.published for known in there} - {None}
            titles = {known.title for known in there}  # where several are listed with dates, those tell them apart
            alike = [
                n
                for n, item in items
                if item.published in dates or (item.title in titles and not (item.published and counts[mark] > 1))
            ]
            for n, known in zip(alike, (known for known in there if known.id not in scene.taken), strict=False):
                settled.add(n)
                yield n, known
    for marks in (link_marks, words_marks):
        for (key, link, title, date), items in grouped((one for one in rest if one[0] not in settled), marks).items():
            there = scene.headed(key, link).get((title, date), []) if key is not None else []
            if is_one_article(there) and len(scene.free(key)) == len(scene.carriers(key)):
                for (n, _), known in zip(items, there, strict=False):
                    settled.add(n)
                    yield n, known


def page_marks(item: Entry) -> Mark:
    """Give an item's id and link."""
    return item.keys.id, item.keys.link, "", None


def link_marks(item: Entry) -> Mark:
    """Give an item's link, headline and date; without a date no key."""
    return item.keys.link if item.published else None, None, item.title, item.published


def words_marks(item: Entry) -> Mark:
    """Give an item's words, headline and date, or its link where it has no date; no key where the words are few."""
    is_telling = item.words >= MIN_WORDS and (item.published or item.keys.link) is not None
    return (
        item.keys.print if is_telling else None,
        None if item.published else item.keys.link,
        item.title,
        item.published,
    )


def grouped(rest: Iterable[tuple[int, Entry]], mark: Callable[[Entry], Mark]) -> dict[Mark, list[tuple[int, Entry]]]:
    """Put the items of one mark together, in the order of the document."""
    groups: dict[Mark, list[tuple[int, Entry]]] = {}
    for n, item in rest:
        groups.setdefault(mark(item), []).append((n, item))
    return groups


def is_one_article(entries: Sequence[KnownEntry]) -> bool:
    """Tell whether there are entries, and one story has them all."""
    return len({known.story_id for known in entries}) == 1
