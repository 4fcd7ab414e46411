"""The desk: rules and topics are asked of a poll's drafts alone. IO: sqlite, in memory.

It is an in-memory database of the archive's own schema that holds only the drafts, so ingest runs the very SQL that
search and topics run, at a cost that does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from db.query import Query
from db.query_sql import compile_query
from db.recall import Draft
from db.schema import migrations


class DraftDesk:
    """An in-memory archive that holds only drafts, in a transaction that is never committed. It belongs to one thread.

    What lies on it is written down only when the first query is asked, and indexed at the first that asks for words.
    """

    def __init__(self) -> None:
        self._opened: Database | None = None
        self._drafts: Sequence[Draft] = ()
        self._sources: Mapping[int, str] = {}
        self._laid = self._indexed = False

    def lay(self, drafts: Sequence[Draft], source_ids: Mapping[int, str]) -> None:
        """Replace what lies here by ``drafts``; ``source_ids`` gives the config id of each of their sources."""
        self._drafts, self._sources = drafts, source_ids
        self._laid = self._indexed = False

    def matching(self, query: Query) -> frozenset[int]:
        """Ask ``query`` of the drafts → their refs."""
        where, db = compile_query(query), self._db()
        if not self._indexed and "stories_fts" in where.sql:
            self._indexed = True
            self._index(db.conn)
        return frozenset(ref for (ref,) in db.execute(f"SELECT id FROM stories WHERE {where.sql}", list(where.params)))

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
            "INSERT INTO stories (id, title, text, language, published, first_seen, updated, words) "
            "VALUES (?, '', '', ?, ?, ?, '', ?)",
            [(d.ref, d.language, d.published, d.first_seen, d.words) for d in self._drafts],
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

    def _index(self, db: sqlite3.Connection) -> None:
        """Write the words, by rising ids: FTS5 writes out what it has gathered whenever one falls."""
        db.executemany(
            "INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text) VALUES (?, ?, ?, ?, ?)",
            sorted((d.ref, d.title, d.text, d.folded_title, d.folded_text) for d in self._drafts),
        )
