"""A large archive, made in minutes: what the cost of a new story is benched against (`bench/group.py --archive N`).

Its words are those of real texts: how many of them a story has, and in how many texts each stands. Names come from a
large pool, few of them often. Word triples are random but for those that real texts share; all is inside the window.
``make`` writes the rows past the writer, in the order of their keys. IO: sqlite.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from corpus import Corpus, Text
from sqlite_utils import Database

from db.archive import open_writer
from db.times import iso
from ingest.commonness import rarity, shipped
from ingest.event import KEPT, MAX_TERMS
from ingest.prints import read
from ingest.terms import packed, terms, unpacked

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
HASHES = 1 << 64
NAMES, NAMES_A_STORY = 300_000, 6
STORIES_A_SOURCE = 200
MOST_HOLDERS = 60
"""Of a triple that very many would have no more rows are made: none of them is ever read."""
HELD_SHARE, HELD_MOST = 0.3, 40
"""Of the triples that one text of the corpus has so many are in other texts too, in a million stories up to so many."""
STORIES_AN_EVENT = (1, 1, 1, 1, 1, 2, 2, 3, 5, 10)
TIMES = (1, 1, 1, 1, 2, 2, 3, 4)
"""How often a term counts in a story."""


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What real texts are like: their terms and the share of texts with each, and how many terms and triples they have.

    ``shared`` and ``single``: the triples that several texts have (of how many a text), and those that one has.
    """

    shares: dict[int, float]
    sizes: Sequence[int]
    kept: Sequence[int]
    chars: Sequence[int]
    shared: dict[int, float]
    single: Sequence[int]


def statistics(corpus: Corpus) -> Statistics:
    """Count what is in the texts of a corpus."""
    stood: Counter[int] = Counter()
    held: Counter[int] = Counter()
    sizes, kept = [], []
    for text in corpus.bases:
        found = unpacked(terms(text.title, text.body)[0])[0]
        hashes = frozenset(read(text.title, text.body).kept)
        stood.update(found)
        held.update(hashes)
        sizes.append(len(found))
        kept.append(len(hashes))
    count = len(corpus.bases)
    return Statistics(
        shares={term: n / count for term, n in sorted(stood.items())},
        sizes=sizes,
        kept=kept,
        chars=[len(text.body) for text in corpus.bases],
        shared={each: n / count for each, n in sorted(held.items()) if n > 1},
        single=sorted(each for each, n in held.items() if n == 1),
    )


def make(path: Path, stories: int, real: Statistics, *, seed: int = 1) -> None:
    """Write an archive of so many stories, each of one entry. Takes some three minutes for a million."""
    part = path.with_suffix(".part")
    for old in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
        old.unlink(missing_ok=True)
    db = open_writer(part)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA cache_size = -200000")
    db.execute("PRAGMA journal_mode = OFF")
    indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    db.execute("BEGIN")
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    dice = random.Random(seed)
    write_stories(db, stories, real, dice)
    write_prints(db, stories, real, dice)
    write_events(db, stories, real, dice)
    for _, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    part.rename(path)


def write_stories(db: Database, stories: int, real: Statistics, dice: random.Random) -> None:
    """Write sources, stories and entries, spread over the last days, with their identity keys."""
    filler = "".join(dice.choice("etaoin shrdlu cmfwyp") for _ in range(max(real.chars) * 2))
    sources = max(20, stories // STORIES_A_SOURCE)
    db.conn.executemany(
        "INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', ?)",
        ((id_, f"old{id_}", iso(NOW)) for id_ in range(1, sources + 1)),
    )
    db.conn.executemany(
        "INSERT INTO stories (id, title, text, first_seen, updated, lead_entry_id, event_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (id_, f"Story {id_}", "", seen, seen, id_, event)
            for id_, event, seen in zip(range(1, stories + 1), events_of(), times(stories, 14), strict=False)
        ),
    )
    db.conn.executemany(
        "INSERT INTO bodies (id, html, text) VALUES (?, '', ?)",
        ((id_, slice_of(filler, dice.choice(real.chars), id_)) for id_ in range(1, stories + 1)),
    )
    db.conn.executemany(
        "INSERT INTO entries (id, source_id, story_id, joined_by, title, body_id, published, version, first_seen) "
        "VALUES (?1, ?2, ?1, 'first', ?3, ?1, ?4, 0, ?4)",
        (
            (id_, id_ % sources + 1, f"Story {id_}", seen)
            for id_, seen in zip(range(1, stories + 1), times(stories, 14), strict=False)
        ),
    )
    keys = Ranks(3 * stories)
    db.conn.executemany(
        "INSERT INTO entry_keys (key, entry_id, kind) VALUES (?, ?, ?)",
        ((keys.hash(rank), place // 3 + 1, ("id", "link", "print")[place % 3]) for rank, place in keys.rising()),
    )
    db.execute(  # the next one's rows follow behind it
        "INSERT INTO stories_fts (rowid, title, text) SELECT id, title, text FROM stories WHERE id = ?", [stories]
    )


def slice_of(filler: str, size: int, at: int) -> str:
    """Cut so much out of a long text."""
    start = at * 7919 % (len(filler) - size)
    return filler[start : start + size]


def times(count: int, days: int) -> Iterator[str]:
    """Give rising times in the last days."""
    return (iso(NOW - timedelta(days=days) * (0.9 * (count - n) / count)) for n in range(count))


def events_of() -> Iterator[int]:
    """Give the event of each story: of one to ten stories, one after the other."""
    event = 0
    while True:
        event += 1
        for _ in range(STORIES_AN_EVENT[event % len(STORIES_AN_EVENT)]):
            yield event


class Ranks:
    """So many random numbers of 64 bits, in rising order and by place, none of them kept."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.step = HASHES // count
        self.factor = next(f for f in range(int(count * 0.618) | 1, count + 3 * count, 2) if math.gcd(f, count) == 1)
        self.back = pow(self.factor, -1, count) if count > 1 else 0

    def hash(self, rank: int) -> int:
        """Give the number of a rank."""
        return rank * self.step + rank * 0x9E3779B97F4A7C15 % HASHES % self.step - HASHES // 2

    def at(self, place: int) -> int:
        """Give the number at a place."""
        return self.hash(place * self.factor % self.count)

    def rising(self) -> Iterator[tuple[int, int]]:
        """Give each rank with its place."""
        return ((rank, rank * self.back % self.count) for rank in range(self.count))


def write_prints(db: Database, stories: int, real: Statistics, dice: random.Random) -> None:
    """Write the word triples of all entries, and who else has those of real texts."""
    cycle = [dice.choice(real.kept) for _ in range(64)]
    ends = list(accumulate(cycle))
    ranks = Ranks(-(-stories // len(cycle)) * ends[-1])

    def entry_at(place: int) -> int:
        return place // ends[-1] * len(cycle) + bisect_right(ends, place % ends[-1]) + 1

    def shingles(entry: int) -> bytes:
        turn, place = divmod(entry - 1, len(cycle))
        start = turn * ends[-1] + ends[place] - cycle[place]
        made = sorted(map(ranks.at, range(start, start + cycle[place])))
        return b"".join(each.to_bytes(8, "little", signed=True) for each in made)

    db.conn.executemany(
        "INSERT INTO prints (entry_id, shingles) VALUES (?, ?)", ((id_, shingles(id_)) for id_ in range(1, stories + 1))
    )
    rows = ((ranks.hash(rank), entry_at(place)) for rank, place in ranks.rising())
    db.conn.executemany(
        "INSERT INTO shingles (hash, entry_id) VALUES (?, ?)", (row for row in rows if row[1] <= stories)
    )
    held = {each: min(MOST_HOLDERS, round(share * stories)) for each, share in real.shared.items()}
    for each in real.single:
        if dice.random() < HELD_SHARE:
            held[each] = round(HELD_MOST ** dice.random() * stories / 1_000_000)
    db.conn.executemany(
        "INSERT OR IGNORE INTO shingles (hash, entry_id) VALUES (?, ?)",
        ((each, dice.randint(1, stories)) for each in sorted(held) for _ in range(held[each])),
    )


def write_events(db: Database, stories: int, real: Statistics, dice: random.Random) -> None:
    """Write the events, by which of their terms they are found, and in how many stories each term stood."""
    learned = {term: round(share * stories) for term, share in real.shares.items()}
    rare_of = rarity(shipped(), learned, stories)
    known = [(term, rare_of(term)) for term in real.shares]
    weights = list(accumulate(real.shares.values()))
    names = [dice.getrandbits(32) for _ in range(NAMES)]
    rare_name = rarity(shipped(), {}, stories)(0)
    last = 0
    for last in events_of():
        if last * sum(STORIES_AN_EVENT) // len(STORIES_AN_EVENT) >= stories:
            break

    def made() -> Iterator[tuple[int, str, str, int, int, bytes]]:
        for id_, seen in zip(range(1, last + 1), times(last, 7), strict=False):
            count = STORIES_AN_EVENT[id_ % len(STORIES_AN_EVENT)]
            size = dice.choice(real.sizes)
            drawn = dict(dice.choices(known, cum_weights=weights, k=round(size * count**0.3)))
            for _ in range(NAMES_A_STORY):
                drawn[names[int(NAMES ** dice.random()) - 1]] = rare_name
            weighed = [(term, (1 + math.log(dice.choice(TIMES))) * rare) for term, rare in drawn.items()]
            length = math.hypot(*(weight for _, weight in weighed))
            weighed.sort(key=lambda one: (-one[1], one[0]))
            heavy = packed((term, weight / length) for term, weight in weighed[:MAX_TERMS])
            yield id_, seen, seen, count, 2 * size, heavy

    db.execute("CREATE TEMP TABLE found_by (term INTEGER, event_id INTEGER)")
    for event in made():
        db.conn.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", event)
        found_by = unpacked(event[-1][: 8 * KEPT])[0]
        db.conn.executemany("INSERT INTO found_by VALUES (?, ?)", ((term, event[0]) for term in found_by))
    db.execute("INSERT OR IGNORE INTO event_terms SELECT term, event_id FROM found_by ORDER BY term, event_id")
    db.execute("DROP TABLE found_by")
    counts = {term: count for term, count in learned.items() if count > 1}
    for rank in range(NAMES):
        counts[names[rank]] = round(stories * NAMES_A_STORY * math.log(1 + 1 / (rank + 1)) / math.log(NAMES))
    db.conn.executemany(
        "INSERT INTO term_counts (term, stories) VALUES (?, ?)",
        sorted((term, count) for term, count in counts.items() if count > 1),
    )
    db.execute("UPDATE grouping SET learned = ?", [stories])


def halves(text: Text) -> tuple[str, str]:
    """Part a text into two that share what is told of, but no run of words: each second sentence."""
    parts = [each for paragraph in text.paragraphs for each in paragraph.split(". ")]
    return ". ".join(parts[::2]), ". ".join(parts[1::2])
