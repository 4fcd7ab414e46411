"""Write what texts are compared by: word triples, events, how common words are; forget what is too old. IO: sqlite."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from db.compared import prints
from db.model import hashes_of
from db.plan import Happening, NewEvent
from db.rows import new_ids

LEARN_STORIES = 1000
"""The counts of words are brought up to date once in so many stories: each would otherwise touch some 150 rows."""
LEARN_LEAST = 2
"""A word that fewer of them have is left out: half of all words are misspelt, or numbers, and come once."""


def write_prints(db: Database, entries: Iterable[tuple[int, bytes]]) -> None:
    """Put new entries' word triples into the index."""
    some = [(id_, packed) for id_, packed in entries if packed]
    if not some:
        return
    db.conn.executemany("INSERT INTO prints (entry_id, shingles) VALUES (?, ?)", some)
    db.conn.executemany(
        "INSERT INTO shingles (hash, entry_id) VALUES (?, ?)",
        [(one, id_) for id_, packed in some for one in hashes_of(packed)],
    )


def replace_prints(db: Database, id_: int, packed: bytes) -> None:
    """Give a changed entry the word triples that it has now."""
    if (former := prints(db, id_)) != packed:
        forget_prints(db, id_, former)
        write_prints(db, [(id_, packed)])


def forget_prints(db: Database, id_: int, packed: bytes) -> None:
    """Take an entry out of the index; ``packed`` is what it has there."""
    db.conn.executemany(
        "DELETE FROM shingles WHERE hash = ? AND entry_id = ?", [(one, id_) for one in hashes_of(packed)]
    )
    db.conn.execute("DELETE FROM prints WHERE entry_id = ?", (id_,))


def write_events(
    db: Database, events: Sequence[NewEvent], happenings: Sequence[Happening], stories: Mapping[int, int]
) -> None:
    """Write events as they stand now, and which story tells of which; ``stories`` has the row ids of its refs."""
    if not events and not happenings:
        return
    ids = new_ids(db, "events", [new.event.id for new in events if new.event.id < 0])
    db.conn.executemany(
        "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, "
        "stories = excluded.stories, words = excluded.words, terms = excluded.terms",
        [
            (ids.get(e.id, e.id), e.first_seen, e.last_seen, e.stories, e.words, e.terms)
            for e in (new.event for new in events)
        ],
    )
    db.conn.executemany(
        "DELETE FROM event_terms WHERE event_id = ? AND term NOT IN (SELECT value FROM json_each(?))",
        [(new.event.id, json.dumps(new.rare)) for new in events if new.event.id > 0],
    )
    db.conn.executemany(
        "INSERT OR IGNORE INTO event_terms (term, event_id) VALUES (?, ?)",
        [(term, ids.get(new.event.id, new.event.id)) for new in events for term in new.rare],
    )
    db.conn.executemany(
        "UPDATE stories SET event_id = ?, event_score = ?, event_words = ? WHERE id = ?",
        [(ids.get(h.event, h.event), h.score, told(h.words), stories.get(h.story, h.story)) for h in happenings],
    )
    db.conn.executemany(
        "INSERT INTO unlearned (story_id, terms) VALUES (?, ?)",
        [(stories.get(h.story, h.story), h.terms) for h in happenings if h.terms],
    )
    learn(db)


def told(words: Sequence[str]) -> str | None:
    """Write words as a JSON array."""
    return json.dumps(words, ensure_ascii=False) if words else None


def learn(db: Database) -> None:
    """Count the words of the stories that were not learned from, once there are very many of them."""
    ((waiting,),) = db.conn.execute("SELECT count(*) FROM unlearned").fetchall()
    if waiting < LEARN_STORIES:
        return
    counts: Counter[int] = Counter()
    for (terms,) in db.conn.execute("SELECT terms FROM unlearned"):
        counts.update(struct.unpack(f"<{len(terms) // 4}I", terms)[::2])
    db.conn.executemany(
        "INSERT INTO term_counts (term, stories) VALUES (?, ?) "
        "ON CONFLICT (term) DO UPDATE SET stories = stories + excluded.stories",
        sorted((term, count) for term, count in counts.items() if count >= LEARN_LEAST),
    )
    db.conn.execute("DELETE FROM unlearned")
    db.conn.execute("UPDATE grouping SET learned = learned + ?", (waiting,))


def forget_old(db: Database, prints_before: str, events_before: str, most: int) -> int:
    """Take what is too old to be compared with out of the index → how much that was, at most ``most`` of each kind.

    ``prints_before``: entries first seen before that time go. ``events_before``: events that had no story since then
    are over; their stories stay in them.
    """
    rows = db.conn.execute(
        "SELECT p.entry_id, p.shingles, e.first_seen FROM prints p JOIN entries e ON e.id = p.entry_id "
        "ORDER BY p.entry_id LIMIT ?",  # ids rise with first sight
        (most,),
    ).fetchall()
    old = [(id_, packed) for id_, packed, first_seen in rows if first_seen < prints_before]
    for id_, packed in old:
        forget_prints(db, id_, packed)
    over = db.conn.execute(
        "SELECT id FROM events WHERE length(terms) > 0 AND last_seen < ? ORDER BY last_seen LIMIT ?",
        (events_before, most),
    ).fetchall()
    db.conn.executemany("DELETE FROM event_terms WHERE event_id = ?", over)
    db.conn.executemany("UPDATE events SET terms = x'' WHERE id = ?", over)
    return len(old) + len(over)
