"""Is the archive's file sound: its pages, what its rows point to, its search index. IO: sqlite.

Nothing is written but to SQLite's temporary files, and nobody waits: the daemon works on meanwhile. Each check is of
one moment, and while it lasts, what is written stays in the archive's log. Pages and the search index can't be checked
in parts: so a check is broken off before the log has grown without end.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from itertools import islice
from pathlib import Path

from sqlite_utils import Database

from db.archive import connect, sqlite_name
from db.in_memory import in_memory

SHADOWS = ("data", "idx", "docsize", "config", "content")
"""The tables that FTS5 keeps an index in (sqlite.org/fts5.html, 7)."""

MOST = 20

MOST_LOG_BYTES = 256_000_000
"""By so much the log may grow while it is checked: a day's writing of some thousand sources."""

LOOK_STEPS = 10_000
"""So many steps of SQLite's machine take about a millisecond."""


def bound(conn: sqlite3.Connection, archive: Path) -> None:
    """Have what a connection asks broken off (``was_broken_off``) once the archive's log has grown by too much."""
    log = archive.with_name(f"{archive.name}-wal")

    def size() -> int:
        try:
            return log.stat().st_size
        except OSError:
            return 0

    most = size() + MOST_LOG_BYTES
    conn.set_progress_handler(lambda: size() > most, LOOK_STEPS)


def was_broken_off(error: sqlite3.Error) -> bool:
    """Tell whether ``bound`` ended a statement."""
    return sqlite_name(error) == "INTERRUPT"


def page_faults(db: Database, *, quick: bool) -> list[str]:
    """Check every page; unless ``quick``, every index against its table → what is wrong, in SQLite's words."""
    kind = "quick" if quick else "integrity"
    return [str(row[0]) for row in db.execute(f"PRAGMA {kind}_check({MOST})") if row[0] != "ok"]


def lost_references(db: Database) -> list[str]:
    """Find rows of our tables that point to others that are not there; what people keep beside them is theirs."""
    ours = {name for (name,) in in_memory().execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    lost = (row for row in db.execute("PRAGMA foreign_key_check") if row[0] in ours)
    return [f"{table} row {row} points to no row of {parent}" for table, row, parent, _ in islice(lost, MOST)]


def search_faults(archive: Path) -> list[str]:
    """Hold the search index against the stories that it is of, word by word → what is wrong.

    FTS5 checks an index by a statement that counts as writing, so a copy of the index is checked, in a temporary
    database beside which the stories are read in place. Raises sqlite3.Error where there is no room for it.
    """
    with contextlib.closing(connect(archive, readonly=True)) as conn:
        bound(conn, archive)
        conn.execute("PRAGMA query_only = OFF")  # the file itself is still opened to be read only
        conn.execute("BEGIN")
        ((made,),) = conn.execute("SELECT sql FROM main.sqlite_master WHERE name = 'stories_fts'").fetchall()
        there = {name for (name,) in conn.execute("SELECT name FROM main.sqlite_master")}
        content = re.search(r"\bcontent\s*=\s*[\"']?(\w+)", made)
        if content is not None:
            conn.execute(f"CREATE TEMP VIEW {content[1]} AS SELECT * FROM main.{content[1]}")
        conn.execute(re.sub(r"\bstories_fts\b", "temp.stories_fts", made, count=1))
        for shadow in SHADOWS:
            if f"stories_fts_{shadow}" in there:
                conn.execute(f"DELETE FROM temp.stories_fts_{shadow}")
                conn.execute(f"INSERT INTO temp.stories_fts_{shadow} SELECT * FROM main.stories_fts_{shadow}")
        try:
            conn.execute("INSERT INTO temp.stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            if sqlite_name(error).startswith("CORRUPT"):
                return ["the search index does not have just the words that the stories have"]
            raise
        finally:
            conn.execute("ROLLBACK")
    return []
