"""A smaller archive: some stories, and of all else what belongs to them, as an archive of its own. IO: sqlite, files.

It is made as every archive is, by the migrations, and filled table by table: what a row refers to is there, or the row
is not. ``KEPT`` decides of every table; one that it does not name is a fault (a test says so). Keys, secret topics,
who is told of news, and what polling remembers stay behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from db.archive import CORRUPT, ArchiveError, open_writer
from db.index import index_stories

How = Literal["asked", "named", "theirs", "signed", "own", "left"]

KEPT: Mapping[str, How] = {
    "stories": "asked",
    "sources": "named",
    "topics": "named",
    "tags": "named",
    "events": "named",
    "bodies": "named",
    "entries": "theirs",
    "entry_keys": "theirs",
    "revisions": "theirs",
    "story_tags": "theirs",
    "selections": "theirs",
    "merges": "theirs",
    "decisions": "theirs",
    "links": "theirs",
    "mark_log": "theirs",
    "slim_entries": "theirs",
    "authors": "signed",
    "archive": "own",
    "grouping": "own",
    **dict.fromkeys(
        (
            *("archive_pages", "config_in_force", "digests", "documents", "event_terms", "moves", "outlines", "pings"),
            *("gone_entries", "gone_keys", "gone_stories", "poll_days"),
            *("polls", "prints", "rules", "shingles", "subscribers", "subscriptions", "term_counts", "tokens"),
            *("troubles", "unlearned", "waiting", "webhooks"),
        ),
        "left",
    ),
}
"""What becomes of a table's rows. ``asked``: the stories. ``theirs``: those that refer only to what is there.
``named``: those that such rows refer to. ``signed``: names that entries are signed with. ``own``: the new archive has
its own. ``left``: none."""

FORGOTTEN = {
    "sources": (
        *("next_poll_at", "held_until", "etag", "last_modified", "validators_url", "body_hash", "digest_version"),
        *("hub_url", "hub_topic", "last_push_at", "pushed_until"),
    ),
    "topics": ("paged_as",),
}
"""Columns that are NULL in it: a poll of its own would read anew."""


class NoStoriesError(Exception):
    """There is nothing to put into it."""


def write_excerpt(archive: Path, place: Path, stories: Iterable[int]) -> dict[str, int]:
    """Make an archive at ``place`` (an empty file) of these stories of another → how many rows each table got.

    A story that went into another brings that one; one into which others went brings them, so that old ids lead on.
    Raises NoStoriesError, ArchiveError, sqlite3.Error.
    """
    place.unlink(missing_ok=True)  # an empty file has no version
    db = open_writer(place)
    try:
        db.execute("PRAGMA foreign_keys = OFF")  # rows refer to each other in circles; all is checked at the end
        db.execute("PRAGMA synchronous = OFF")  # who asked for the file has it written to disk as a whole
        db.execute("ATTACH ? AS whole", [f"{archive.absolute().as_uri()}?mode=ro"])
        db.execute("BEGIN IMMEDIATE")
        choose(db, stories)
        counts = fill(db)
        db.execute("UPDATE grouping SET indexed_from = (SELECT coalesce(max(id), 0) + 1 FROM entries)")
        db.execute("UPDATE topics SET published = 0")
        index_stories(db)
        keep_numbers(db)
        if lost := db.execute("PRAGMA main.foreign_key_check").fetchall():
            what = f"rows of {lost[0][0]} refer to {lost[0][2]} that are not there"
            raise ArchiveError(CORRUPT, f"{archive}: {what}; `wireroom verify` tells more")
        db.execute("COMMIT")
        db.execute("DETACH whole")
        db.execute("DROP TABLE temp.chosen")
        db.execute("INSERT INTO stories_fts (stories_fts) VALUES ('optimize')")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")  # one file, also for who can only read it
    finally:
        db.close()
    return counts


def choose(db: Database, stories: Iterable[int]) -> None:
    """Note which stories are wanted, with those that they went into, and those that went into them."""
    db.execute("CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY)")
    db.conn.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", ([id_] for id_ in stories))
    db.execute("DELETE FROM chosen WHERE id NOT IN (SELECT id FROM whole.stories)")
    for step in (
        "SELECT merged_into FROM whole.stories WHERE merged_into IS NOT NULL AND id IN (SELECT id FROM chosen)",
        "SELECT id FROM whole.stories WHERE merged_into IN (SELECT id FROM chosen)",
    ):
        while db.execute(f"INSERT OR IGNORE INTO chosen {step}").rowcount > 0:
            pass
    if db.execute("SELECT 1 FROM chosen LIMIT 1").fetchone() is None:
        raise NoStoriesError


def fill(db: Database) -> dict[str, int]:
    """Copy the rows, table by table, what others refer to last."""
    counts: dict[str, int] = {}
    decided = {name: how for name, how in KEPT.items() if name in db.table_names()}
    open_topics = (
        "SELECT id FROM whole.topics WHERE id NOT IN (SELECT topic_id FROM whole.tokens WHERE retired_at IS NULL)"
    )
    copy(db, "stories", "o.id IN (SELECT id FROM temp.chosen)", counts)
    theirs = [name for name, how in decided.items() if how == "theirs"]
    while theirs:
        ready = [name for name in theirs if not {to for _, to, _ in references(db, name)} & set(theirs) - {name}]
        if not ready:
            raise ValueError(f"tables refer to each other in a circle: {theirs}")
        for name in ready:
            wanted = ["1"]
            for column, to, key in references(db, name):
                if decided[to] in ("asked", "theirs"):
                    wanted.append(f"(o.{column} IS NULL OR o.{column} IN (SELECT {key} FROM main.{to}))")
                elif to == "topics":
                    wanted.append(f"(o.{column} IS NULL OR o.{column} IN ({open_topics}))")
            copy(db, name, " AND ".join(wanted), counts)
        theirs = [name for name in theirs if name not in ready]
    # a pin in a secret topic is gone, and so is the decision that it was
    gone = db.execute(
        "DELETE FROM main.decisions WHERE id IN (SELECT decision_id FROM whole.mark_log) "
        "AND id NOT IN (SELECT decision_id FROM main.mark_log)"
    )
    counts["decisions"] -= max(gone.rowcount, 0)
    copy(db, "authors", "o.name IN (SELECT author FROM main.entries)", counts)
    referring = [name for name, how in decided.items() if how in ("asked", "theirs")]
    for named in (name for name, how in decided.items() if how == "named"):
        uses = [
            f"SELECT {column} FROM main.{name}"
            for name in referring
            for column, to, _ in references(db, name)
            if to == named
        ]
        copy(db, named, f"o.id IN ({' UNION '.join(uses)})", counts)
    return counts


def references(db: Database, table: str) -> list[tuple[str, str, str]]:
    """List what a table's rows refer to: by which column, in which table, by which of its columns."""
    rows = db.execute(f"PRAGMA main.foreign_key_list({table})").fetchall()
    return [(column, to, key or "id") for _, _, to, column, key, *_ in rows]


def copy(db: Database, table: str, where: str, counts: dict[str, int]) -> None:
    """Copy the rows ``o`` of a table for which the condition holds."""
    kept = [name for _, name, *_, hidden in db.execute(f"PRAGMA main.table_xinfo({table})").fetchall() if hidden == 0]
    forgotten = FORGOTTEN.get(table, ())
    values = ", ".join("NULL" if name in forgotten else f"o.{name}" for name in kept)
    cursor = db.execute(
        f"INSERT INTO main.{table} ({', '.join(kept)}) SELECT {values} FROM whole.{table} o WHERE {where}"
    )
    counts[table] = max(cursor.rowcount, 0)


def keep_numbers(db: Database) -> None:
    """Have ids go on where the whole archive's do: none is given to something else."""
    db.execute("DELETE FROM main.sqlite_sequence")
    db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM whole.sqlite_sequence")


def undecided(db: Database) -> list[str]:
    """List the tables of which ``KEPT`` does not say what becomes of them."""
    there = {
        name
        for (name,) in db.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
            "AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        )
    }
    return sorted(there - set(KEPT))
