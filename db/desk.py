"""The desk: rules and topics are asked of a poll's drafts alone. IO: sqlite, in memory.

It is an in-memory database of the archive's own schema that holds only the drafts, so ingest runs the very SQL that
search and topics run, at a cost that does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlite_utils import Database

from db.query_sql import compile_query
from db.query_tree import Query
from db.recall import Draft
from db.schema import migrations
from db.text import fold

OTHERS = 1 << 62
"""Rows of stories from here on are no drafts: each stands for those in the archive that tell of an event too."""


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

    def lay(
        self, drafts: Sequence[Draft], source_ids: Mapping[int, str], now: str, events: Collection[int] = ()
    ) -> None:
        """Replace what lies here by ``drafts``; ``source_ids`` gives the config id of each of their sources.

        ``now``: what relative dates are counted from. ``events``: those that other stories tell of too.
        """
        self._drafts, self._sources, self._now, self._events = drafts, source_ids, now, events
        self._laid = self._indexed = self._signed = False

    def matching(self, query: Query) -> frozenset[int]:
        """Ask ``query`` of the drafts → their refs."""
        where, db = compile_query(query, self._now), self._db()
        if not self._indexed and "stories_fts" in where.sql:
            self._indexed = True
            self._index(db.conn)
        if not self._signed and "authors_fts" in where.sql:
            self._signed = True
            self._sign(db.conn)
        sql = f"SELECT id FROM stories WHERE id < {OTHERS} AND ({where.sql})"
        return frozenset(ref for (ref,) in db.execute(sql, list(where.params)))

    def tag(self, refs: Iterable[int], kind: str, name: str) -> None:
        """Give drafts a tag that later queries see."""
        db = self._db().conn
        db.execute("INSERT OR IGNORE INTO tags (kind, name) VALUES (?, ?)", [kind, name])
        db.executemany(
            "INSERT OR IGNORE INTO story_tags SELECT ?, id, 'source', '' FROM tags WHERE kind = ? AND name = ?",
            [(ref, kind, name) for ref in refs],
        )

    def _db(self) -> Database:
        """Give the database with the drafts in it."""
        if self._opened is None:
            self._opened = Database(memory=True, execute_plugins=False)
            migrations.apply(self._opened)
        if not self._laid:
            self._laid = True
            self._write(self._opened.conn)
        return self._opened

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
            "INSERT INTO entries (source_id, story_id, joined_by, title, author, html, text, enclosures, host, "
            "version, first_seen) VALUES (?, ?, 'first', '', ?, '', '', ?, ?, 0, '')",
            [
                (one.source_id, draft.ref, one.author, "[{}]" if one.enclosed else "[]", one.host)
                for draft in self._drafts
                for one in draft.carried
            ],
        )
        tags = [(tag.kind, tag.name, draft.ref) for draft in self._drafts for tag in draft.tags]
        db.executemany("INSERT OR IGNORE INTO tags (kind, name) VALUES (?, ?)", {tag[:2]: None for tag in tags})
        db.executemany(
            "INSERT OR IGNORE INTO story_tags SELECT ?3, id, 'source', '' FROM tags WHERE kind = ?1 AND name = ?2", tags
        )

    def _sign(self, db: sqlite3.Connection) -> None:
        """Write who has signed."""
        names = dict.fromkeys(one.author for draft in self._drafts for one in draft.carried if one.author)
        db.executemany("INSERT INTO authors (name, folded) VALUES (?, ?)", [(name, fold(name)) for name in names])

    def _index(self, db: sqlite3.Connection) -> None:
        """Write the words, by rising ids: FTS5 writes out what it has gathered whenever one falls."""
        db.executemany(
            "INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text) VALUES (?, ?, ?, ?, ?)",
            sorted((d.ref, d.title, d.text, d.folded_title, d.folded_text) for d in self._drafts),
        )
