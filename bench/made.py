"""A large archive of invented stories, past the writer, for ``bench/read.py`` and ``bench/archive.py``. IO: sqlite.

Words are as frequent as in a language (the n-th most common one a n-th as often), a fifth of the stories have several
sources that all say the same, half are of some event, one in fifty is dropped. Entries have ids, addresses and three
keys by which they are known again, as polls leave them. Each title ends with a word that few have.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate, product
from pathlib import Path
from typing import Any

from db.archive import open_writer
from db.times import iso

NOW = datetime(2026, 11, 26, tzinfo=UTC)
YEAR_S = 365 * 86_400
SOURCES, POLLS_A_STORY, TEXTS, WORDS, AT_ONCE, RARE = 500, 2, 20_000, 150, 20_000, 300_000
FIRST = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu")
SECOND = ("lan", "mer", "tis", "von", "kar", "del", "rin", "sor")
ENDS = ("", "a", "en", "ic", "ow", "is", "us", "ly", "er", "al")
TAGS = [
    *(("place", f"p{n}") for n in range(300)),
    *(("topic", f"t{n}") for n in range(50)),
    *(("lang", "en"), ("lang", "de")),
    *(("keyword", f"k{n}") for n in range(20_000)),
]


class Words:
    """Makes texts of words that are as frequent as in a language; the same ones at each start."""

    def __init__(self) -> None:
        self._chance = random.Random(1)
        self.all = ["".join(parts) for parts in product(FIRST, SECOND, ENDS)]
        self._often = list(accumulate(1 / n for n in range(1, len(self.all) + 1)))

    def text(self, words: int) -> str:
        """Make a text of so many words."""
        return " ".join(self._chance.choices(self.all, cum_weights=self._often, k=words))


def make(path: Path, count: int) -> None:
    """Make the archive."""
    db = open_writer(path)
    chance, words = random.Random(1), Words()
    texts = [words.text(WORDS) for _ in range(TEXTS)]
    pragmas = ("synchronous = OFF", "foreign_keys = OFF", "journal_mode = OFF", "cache_size = -400000")
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}")
    start = NOW - timedelta(seconds=YEAR_S)
    db.execute("BEGIN")
    db.conn.executemany(
        "INSERT INTO sources (id, config_id, url, title, added_at) VALUES (?1, 's' || ?1, '', 'Source ' || ?1, '')",
        [(n,) for n in range(1, SOURCES + 1)],
    )
    db.conn.executemany("INSERT INTO tags (id, kind, name) VALUES (?, ?, ?)", [(n, *t) for n, t in enumerate(TAGS, 1)])
    db.conn.executemany(
        "INSERT INTO polls (source_id, started_at, duration_ms, outcome, bytes, entries, new, changed) "
        "VALUES (?, ?, 9, 'ok', 1, 1, 1, 0)",
        (
            (n % SOURCES + 1, iso(start + timedelta(seconds=YEAR_S * n / count / POLLS_A_STORY)))
            for n in range(POLLS_A_STORY * count)
        ),
    )
    db.execute("COMMIT")
    entry = 0
    for first in range(1, count + 1, AT_ONCE):
        db.execute("BEGIN")
        for story in range(first, min(first + AT_ONCE, count + 1)):
            seen = iso(start + timedelta(seconds=YEAR_S * story / count))
            sources = chance.sample(range(1, SOURCES + 1), 1 if chance.random() < 0.8 else chance.randint(2, 5))
            told = told_of(story, entry + 1, seen, words, chance.choice(texts), chance)
            db.conn.execute(INSERT_STORY, told)
            db.conn.execute("INSERT INTO bodies (id, html) VALUES (?, ?)", (entry + 1, told[2]))
            for place, source in enumerate(sources):
                url = f"https://www.site{source}.example/{seen[:10]}/{story}-{told[1].replace(' ', '-')}"
                row = (entry + 1 + place, source, story, url, told[1], entry + 1, seen, f"example.site{source}.www")
                db.conn.execute(INSERT_ENTRY, row)
            db.conn.executemany(
                "INSERT INTO entry_keys (key, entry_id, kind) VALUES (?, ?, ?)",
                [
                    (chance.getrandbits(63), entry + 1 + place, kind)
                    for place in range(len(sources))
                    for kind in ("id", "link", "print")
                ],
            )
            entry += len(sources)
            keyword = 353 + min(19_999, int(chance.expovariate(1 / 3000)))
            db.conn.executemany(
                "INSERT INTO story_tags VALUES (?, ?, 'rule', 'r')",
                [(story, tag) for tag in {chance.randint(1, 350), 351 if told[4] == "en" else 352, keyword}],
            )
        db.execute(
            "INSERT INTO stories_fts (rowid, title, text) SELECT id, title, text FROM stories WHERE id >= ?", [first]
        )
        db.execute("COMMIT")
    db.close()


INSERT_STORY = """
INSERT INTO stories (id, title, text, url, language, published, first_seen, updated, lead_entry_id, words, withheld,
                     event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6, ?7, ?8, ?9, ?10)
"""
INSERT_ENTRY = """
INSERT INTO entries (id, source_id, story_id, joined_by, own_id, url, title, body_id, published, first_seen, last_seen,
                     host, version) VALUES (?1, ?2, ?3, 'print', '', ?4, ?5, ?6, ?7, ?7, ?7, ?8, 0)
"""


def told_of(story: int, lead: int, seen: str, words: Words, text: str, chance: random.Random) -> tuple[Any, ...]:
    """Make a story → its columns in INSERT_STORY."""
    rare = f"zq{int(chance.paretovariate(0.5)) % RARE:x}"
    title = f"{words.text(8)} {rare}"
    language = chance.choice(("en",) * 4 + ("de",))
    withheld, event = "drop" if chance.random() < 0.02 else None, story // 3 if chance.random() < 0.5 else None
    return story, title, text, f"https://www.example/{story}", language, seen, lead, WORDS + 9, withheld, event


def archive_in(folder: Path, count: int) -> Path:
    """Make the archive of so many stories in a folder, unless it is there → its path."""
    path = folder / f"wireroom-read-{count}.db"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        make(unfinished, count)
        unfinished.rename(path)
    return path
