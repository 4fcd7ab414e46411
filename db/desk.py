"""The desk: rules and topics are asked of a poll's drafts alone. IO: sqlite, in memory.

It is an in-memory database of the archive's own schema that holds only the drafts, so ingest runs the very SQL that
search and topics run, at a cost that does not grow with the archive. Of many queries only those are run that can take
what lies here (db/sieve.py): the words that they need are looked up in the index that the SQL itself asks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

from sqlite_utils import Database

from db.in_memory import in_memory
from db.query_sql import Compiled, compile_query, fts
from db.query_tree import Query
from db.recall import Draft
from db.sieve import Asks, Sieve, atoms_of_host, atoms_of_language, atoms_of_sources, atoms_of_tag, is_timed, sieve_of
from db.text import fold

OTHERS = 1 << 62
"""Rows of stories from here on are no drafts: each stands for those in the archive that tell of an event too."""

CHARS_A_QUERY = 100
"""To read the words of so much text takes about as long as to ask one query: of more, all queries are asked at once."""

SIEVES = 4
"""So many lists of queries are remembered with their sieves: rules and topics of a config, and of an edited one."""

STATEMENTS = 500
"""Prepared ones that the connection keeps: most rules differ in their values only."""


class Splitter:
    """Splits phrases into words as the index does: by putting them into one."""

    def __init__(self) -> None:
        self._db = in_memory(STATEMENTS).conn
        self._db.execute("CREATE VIRTUAL TABLE temp.places_of USING fts5vocab (main, stories_fts, instance)")

    def words_of(self, phrases: Iterable[str]) -> dict[str, list[str]]:
        """Split phrases → the words of each, in their order."""
        asked = list(phrases)
        found: dict[str, list[str]] = {phrase: [] for phrase in asked}
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO stories_fts (rowid, text) VALUES (?, ?)", enumerate(asked))
        for number, word in self._db.execute("SELECT doc, term FROM places_of ORDER BY doc, offset"):
            found[asked[number]].append(word)
        self._db.execute("ROLLBACK")
        return found


def selecting(query: Query, now: str) -> Compiled:
    """Make the SQL that gives the rows that a query takes; of text alone the index is asked, as in a search.

    What stands for others is left out of the rows afterwards: with a bound in the SQL, SQLite would walk all stories.
    """
    match = fts(query)
    if match is not None:
        return Compiled("SELECT rowid FROM stories_fts WHERE stories_fts MATCH ?", (match,))
    where = compile_query(query, now)
    return Compiled(f"SELECT id FROM stories WHERE {where.sql}", where.params)


class Asked:
    """A list of queries with what is made of it once: SQL, and the sieve."""

    def __init__(self, queries: tuple[Asks, ...]) -> None:
        self.queries = queries
        self._compiled = [None if is_timed(one.query) else selecting(one.query, "") for one in queries]
        self.sieve: Sieve | None = None

    def compiled(self, number: int, now: str) -> Compiled:
        """Give the SQL of a query at the time ``now``."""
        return self._compiled[number] or selecting(self.queries[number].query, now)


class DraftDesk:
    """An in-memory archive that holds only drafts, in a transaction that is never committed. It belongs to one thread.

    What lies on it is written down only when the first query is asked, and indexed at the first that asks for words.
    """

    def __init__(self) -> None:
        self._opened: Database | None = None
        self._drafts: Sequence[Draft] = ()
        self._sources: Mapping[int, str] = {}
        self._now = ""
        self._events: Collection[int] = ()
        self._laid = self._indexed = self._signed = False
        self._splitter: Splitter | None = None
        self._asked: list[Asked] = []
        self._words: list[str] = []
        self._atoms: set[str] | None = None
        self._given: list[str] = []  # atoms that came while queries were asked
        self._untold: list[tuple[str, str, int]] = []  # tags that came, and are written when a query asks for tags

    def lay(
        self, drafts: Sequence[Draft], source_ids: Mapping[int, str], now: str, events: Collection[int] = ()
    ) -> None:
        """Replace what lies here by ``drafts``; ``source_ids`` gives the config id of each of their sources.

        ``now``: what relative dates are counted from. ``events``: those that other stories tell of too.
        """
        self._drafts, self._sources, self._now, self._events = drafts, source_ids, now, events
        self._laid = self._indexed = self._signed = False
        self._atoms, self._given, self._untold = None, [], []

    def matching(self, query: Query) -> frozenset[int]:
        """Ask ``query`` of the drafts → their refs."""
        return self._ask(selecting(query, self._now))

    def each(self, asked: tuple[Asks, ...]) -> Iterator[tuple[int, frozenset[int]]]:
        """Ask many queries, one after the other → the number of each that takes any draft, and their refs.

        Each sees the tags that were given up to then. Of a list that is the same object again, all that can be is made
        once.
        """
        made = self._made(asked)
        atoms = self._atoms_for(made)
        if atoms is None or made.sieve is None:
            for number in range(len(asked)):
                if hits := self._ask(made.compiled(number, self._now)):
                    yield number, hits
            return
        sieve = made.sieve
        del self._given[:]
        waiting = sieve.among(atoms)
        heapify(waiting)
        last = -1
        while waiting:
            number = heappop(waiting)
            if number == last or not sieve.can_take(number, atoms):
                continue
            last = number
            hits = self._ask(made.compiled(number, self._now))
            if hits:
                yield number, hits
                while self._given:
                    for later in sieve.with_atom(self._given.pop(), atoms):
                        if later > number:
                            heappush(waiting, later)

    def _made(self, asked: tuple[Asks, ...]) -> Asked:
        """Give what was made of a list of queries, or make it."""
        for made in self._asked:
            if made.queries is asked:
                return made
        self._asked = [*self._asked[1 - SIEVES :], Asked(asked)]
        return self._asked[-1]

    def _atoms_for(self, made: Asked) -> set[str] | None:
        """Gather what lies here, as far as a list of queries may need it; None: it is quicker to ask all of them."""
        if self._atoms is None:
            chars = sum(len(draft.title) + len(draft.text) for draft in self._drafts)
            if chars > CHARS_A_QUERY * len(made.queries):
                return None
            db = self._db()
            self._index(db)
            try:
                self._words = [word for (word,) in db.execute("SELECT term FROM words_of")]
            except sqlite3.OperationalError:  # the index cuts words of 32 KB, and may cut a character in two
                return None
            most = max((len(draft.source_ids) for draft in self._drafts), default=0)
            self._atoms = {*self._words, *atoms_of_sources(self._sources.values(), most)}
            for tag in db.execute("SELECT kind, name FROM tags"):
                self._atoms.update(atoms_of_tag(*tag))
            for kind, name, _ in self._untold:
                self._atoms.update(atoms_of_tag(kind, name))
            for host in {one.host for draft in self._drafts for one in draft.carried if one.host is not None}:
                self._atoms.update(atoms_of_host(host))
            for language in {draft.language for draft in self._drafts if draft.language is not None}:
                self._atoms.update(atoms_of_language(language))
        if made.sieve is None:
            self._splitter = self._splitter or Splitter()
            made.sieve = sieve_of(made.queries, self._splitter.words_of)
        self._atoms |= made.sieve.begun(self._words)
        return self._atoms

    def _ask(self, compiled: Compiled) -> frozenset[int]:
        """Run one query."""
        db = self._db()
        if "stories_fts" in compiled.sql:
            self._index(db)
        if "authors_fts" in compiled.sql:
            self._sign(db)
        if self._untold and "story_tags" in compiled.sql:
            self._tag(db, self._untold)
            self._untold = []
        return frozenset([ref for (ref,) in db.execute(compiled.sql, compiled.params) if ref < OTHERS])

    def tag(self, refs: Iterable[int], kind: str, name: str) -> None:
        """Give drafts a tag that later queries see."""
        if self._atoms is not None:
            fresh = set(atoms_of_tag(kind, name)) - self._atoms
            self._atoms |= fresh
            self._given += fresh
        self._untold += ((kind, name, ref) for ref in refs)

    def _db(self) -> sqlite3.Connection:
        """Give the database with the drafts in it."""
        if self._opened is None:
            self._opened = in_memory(STATEMENTS)
            self._opened.execute("CREATE VIRTUAL TABLE temp.words_of USING fts5vocab (main, stories_fts, row)")
        if not self._laid:
            self._laid = True
            self._write(self._opened.conn)
        return self._opened.conn

    def _write(self, db: sqlite3.Connection) -> None:
        """Write all but the words: ``stories_fts`` is asked for them, never ``stories``."""
        if db.in_transaction:
            db.execute("ROLLBACK")  # to forget is far cheaper than to delete, and what was indexed was never written
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', '')", self._sources.items()
        )
        db.executemany(
            "INSERT INTO stories (id, title, text, language, published, first_seen, updated, words, event_id) "
            "VALUES (?, '', '', ?, ?, ?, '', ?, ?)",
            [
                *((d.ref, d.language, d.published, d.first_seen, d.words, d.event) for d in self._drafts),
                *((OTHERS + event, None, None, "", 0, event) for event in self._events),
            ],
        )
        db.executemany(
            "INSERT INTO entries (source_id, story_id, joined_by, title, author, enclosures, host, version, "
            "first_seen) VALUES (?, ?, 'first', '', ?, ?, ?, 0, '')",
            [
                (one.source_id, draft.ref, one.author, "[{}]" if one.enclosed else "[]", one.host)
                for draft in self._drafts
                for one in draft.carried
            ],
        )
        self._tag(db, [(tag.kind, tag.name, draft.ref) for draft in self._drafts for tag in draft.tags])

    def _tag(self, db: sqlite3.Connection, tags: Sequence[tuple[str, str, int]]) -> None:
        """Write tags, each (kind, name, draft)."""
        db.executemany("INSERT OR IGNORE INTO tags (kind, name) VALUES (?, ?)", {tag[:2]: None for tag in tags})
        db.executemany(
            "INSERT OR IGNORE INTO story_tags SELECT ?3, id, 'source', '' FROM tags WHERE kind = ?1 AND name = ?2", tags
        )

    def _sign(self, db: sqlite3.Connection) -> None:
        """Write who has signed, once."""
        if self._signed:
            return
        self._signed = True
        names = dict.fromkeys(one.author for draft in self._drafts for one in draft.carried if one.author)
        db.executemany("INSERT INTO authors (name, folded) VALUES (?, ?)", [(name, fold(name)) for name in names])

    def _index(self, db: sqlite3.Connection) -> None:
        """Write the words, once, by rising ids: FTS5 writes out what it has gathered whenever one falls."""
        if self._indexed:
            return
        self._indexed = True
        db.executemany(
            "INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text) VALUES (?, ?, ?, ?, ?)",
            sorted((d.ref, d.title, d.text, d.folded_title, d.folded_text) for d in self._drafts),
        )
