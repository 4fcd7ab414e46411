"""What planning asks of the index: who shares words with a text, which events are open. IO: sqlite.

Every question is bounded: a word triple or a rare word that very many have tells nothing, and of the others the newest
are enough. So the cost of a new story does not grow with the archive.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from sqlite_utils import Database

from db.model import SHINGLE_BYTES, hashes_of
from db.recall import MAX_EVENTS, MAX_HOLDING, Event, KnownText

MAX_SHARING = 40
"""Entries that hold one word triple; one that more hold is boilerplate, and is not counted."""

MAX_WEIGHED, MAX_TEXTS, LEAST_SHARE = 40, 8, 0.12
"""Of the entries that share most triples with a text so many are looked at, and of these so many compared with it:
those first that share most of what they have, or of what it has. Less than the last share is chance."""

MAX_KIN = 8
"""Of the other entries of a story the first so many are looked at, to tell whether one still says what they say."""

NO_BOUND = 2**63 - 1
"""Above all entries: what is asked is asked of the whole archive, not as it was before an entry came."""


def sharing(db: Database, packed: bytes, before: int = NO_BOUND) -> Sequence[int]:
    """Find the entries, of those before one, that share word triples with a text → the likeliest copies' ids first."""
    counts: Counter[int] = Counter()
    for one in hashes_of(packed):
        found = db.conn.execute(
            "SELECT entry_id FROM shingles WHERE hash = ? AND entry_id < ? LIMIT ?", (one, before, MAX_SHARING + 1)
        ).fetchall()
        if len(found) <= MAX_SHARING:
            counts.update(chain.from_iterable(found))
    if not counts:
        return ()
    most = sorted(counts, key=lambda id_: (-counts[id_], id_))[:MAX_WEIGHED]
    sizes = db.conn.execute(
        "SELECT entry_id, length(shingles) FROM prints WHERE entry_id IN (SELECT value FROM json_each(?))",
        (json.dumps(most),),
    )
    shares = [(-counts[id_] * SHINGLE_BYTES / min(size, len(packed)), id_) for id_, size in sizes]
    return [id_ for share, id_ in sorted(shares) if -share >= LEAST_SHARE][:MAX_TEXTS]


def texts(db: Database, ids: Collection[int], before: int = NO_BOUND) -> Mapping[int, KnownText]:
    """Read the texts of entries, with all sources of their stories that had an entry there before this one."""
    if not ids:
        return {}
    rows = db.conn.execute(
        """
        SELECT e.id, e.source_id, e.story_id, e.title, w.text, e.published, e.first_seen,
               (SELECT json_group_array(DISTINCT o.source_id) FROM entries o
                WHERE o.story_id = e.story_id AND o.id < ?2)
        FROM entries e JOIN entry_texts w ON w.entry_id = e.id WHERE e.id IN (SELECT value FROM json_each(?1))
        """,
        (json.dumps(list(ids)), before),
    )
    return {
        id_: KnownText(
            id=id_,
            source_id=source,
            story_id=story,
            sources=frozenset(json.loads(sources)),
            title=title,
            text=text,
            published=published,
            first_seen=first_seen,
        )
        for id_, source, story, title, text, published, first_seen, sources in rows
    }


def kin(db: Database, entry_id: int) -> Iterator[KnownText]:
    """Read what an entry said at first, then what other entries of its story say; nothing where it has none."""
    others = db.conn.execute(
        "SELECT id FROM entries WHERE story_id = (SELECT story_id FROM entries WHERE id = ?1) AND id <> ?1 "
        "ORDER BY id LIMIT ?2",
        (entry_id, MAX_KIN),
    ).fetchall()
    if not others:
        return
    own = texts(db, [entry_id])[entry_id]
    first = db.conn.execute("SELECT title, text FROM revisions WHERE entry_id = ? AND number = 1", (entry_id,))
    title, text = first.fetchone() or (own.title, own.text)
    yield replace(own, title=title, text=text)
    for (id_,) in others:
        yield from texts(db, [id_]).values()


def prints(db: Database, entry_id: int) -> bytes:
    """Read an entry's sampled word triples; empty where it is not in the index."""
    found = db.conn.execute("SELECT shingles FROM prints WHERE entry_id = ?", (entry_id,)).fetchone()
    return found[0] if found is not None else b""


def other_prints(db: Database, source_id: int, besides: int, limit: int, before: int = NO_BOUND) -> Sequence[bytes]:
    """Read the word triples of a source's newest entries, but for one: what they have in common is furniture.

    ``before``: of those before this one.
    """
    rows = db.conn.execute(
        """
        SELECT p.shingles FROM (
          SELECT id FROM entries WHERE source_id = ?1 AND id <> ?2 AND id < ?4 ORDER BY id DESC LIMIT ?3
        ) e JOIN prints p ON p.entry_id = e.id ORDER BY e.id DESC
        """,
        (source_id, besides, limit, before),
    )
    return [packed for (packed,) in rows]


def carriers(db: Database, stories: Collection[int], before: int = NO_BOUND) -> Mapping[int, frozenset[int]]:
    """Read which sources carry stories, by entries before one → source row ids by story."""
    found: dict[int, set[int]] = {story: set() for story in stories}
    for story, source in db.conn.execute(
        "SELECT DISTINCT story_id, source_id FROM entries "
        "WHERE story_id IN (SELECT value FROM json_each(?)) AND id < ?",
        (json.dumps(list(stories)), before),
    ):
        found[story].add(source)
    return {story: frozenset(sources) for story, sources in found.items()}


def events_with(db: Database, terms: Iterable[int], since: str) -> Sequence[Event]:
    """Find the open events that hold some of these rare terms, and had a story since then; who holds most first."""
    counts: Counter[int] = Counter()
    for term in terms:
        rows = db.conn.execute(
            "SELECT event_id FROM event_terms WHERE term = ? ORDER BY event_id DESC LIMIT ?", (term, MAX_HOLDING)
        )
        counts.update(chain.from_iterable(rows))
    ids = [-id_ for _, id_ in sorted([(-n, -id_) for id_, n in counts.items()])[:MAX_EVENTS]]
    if not ids:
        return ()
    found = db.conn.execute(
        "SELECT id, first_seen, last_seen, stories, words, terms FROM events "
        "WHERE id IN (SELECT value FROM json_each(?)) AND last_seen >= ? AND length(terms) > 0 ORDER BY id",
        (json.dumps(ids), since),
    )
    return [
        Event(id=id_, first_seen=first, last_seen=last, stories=stories, words=words, terms=terms)
        for id_, first, last, stories, words, terms in found
    ]


def term_counts(db: Database, terms: Collection[int]) -> tuple[int, Mapping[int, int]]:
    """Read in how many stories words stood → (of how many stories that was learned, the count by term)."""
    ((learned,),) = db.conn.execute("SELECT learned FROM grouping").fetchall()
    if not learned or not terms:
        return learned, {}
    counts = db.conn.execute(
        "SELECT term, stories FROM term_counts WHERE term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(terms)),),
    )
    return learned, dict(counts.fetchall())
