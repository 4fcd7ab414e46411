"""New stories → the search index, all that a transaction brought at once. IO: sqlite.

A trigger would do it story by story, and FTS5 writes out what it has gathered before every statement that may have to
be undone (one with a trigger, a savepoint, an update of many rows): a segment for each story, merged and merged again.
At the end of the transaction it gathers all of them first, which takes half the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

BATCHED_SEARCH = """
DROP TRIGGER stories_ai;                     -- index_stories does its work
DROP TRIGGER stories_ad;
DROP TRIGGER stories_au;
CREATE TRIGGER stories_ad AFTER DELETE ON stories
WHEN old.id IN (SELECT id FROM stories_fts_docsize) BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, text, folded_title, folded_text)
  VALUES ('delete', old.id, old.title, old.text, old.folded_title, old.folded_text);
END;
CREATE TRIGGER stories_au AFTER UPDATE OF title, text, folded_title, folded_text ON stories
WHEN old.id IN (SELECT id FROM stories_fts_docsize) BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, text, folded_title, folded_text)
  VALUES ('delete', old.id, old.title, old.text, old.folded_title, old.folded_text);
  INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text)
  VALUES (new.id, new.title, new.text, new.folded_title, new.folded_text);
END;
INSERT INTO stories_fts (stories_fts, rank) VALUES ('automerge', 8);
INSERT INTO stories_fts (stories_fts, rank) VALUES ('hashsize', 4194304);
"""
"""Its migration (see ``db/schema.py``): a story is changed or deleted in the index only where it is there already.

FTS5 gathers up to 4 MB before it writes, and merges eight segments into one, not four: that is a fifth less work, and
search is as quick.
"""


def index_stories(db: Database) -> None:
    """Put the stories into the index that are not there yet; call it before the commit, and before asking the index.

    Ids of stories only rise, and ``stories_fts_docsize`` has a row for each that is indexed. Later changes of a story
    are its triggers' work. Raises sqlite3.Error.
    """
    db.execute(
        "INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text) "
        "SELECT id, title, text, folded_title, folded_text FROM stories "
        "WHERE id > coalesce((SELECT max(id) FROM stories_fts_docsize), 0) ORDER BY id"
    )


@contextmanager
def merging_slowly(db: Database, pages: int) -> Iterator[None]:
    """Have what is deleted inside bring so many pages of merging after it, and no more. Inside a transaction.

    FTS5 by itself merges nothing after many deletes, and then hundreds of pages after one of them. What is deleted must
    have been written to the index at the end: any statement with a trigger sees to that (see above). A failure is to
    undo the savepoint or the transaction that this stands in, and with it what was set here.
    """
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('automerge', 0)")
    yield
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('automerge', 8)")
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('merge', ?)", [pages])
