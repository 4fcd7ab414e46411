"""The archive's schema: migrations with explicit SQL, applied in order, each in one transaction. IO: sqlite.

What the views ``coverage``, ``published`` and ``event_stories`` show is an interface: outside programs rely on it.
Tables carry integer keys; the ids of ``config.toml`` stand beside them in ``config_id``. A step is never edited once
released: a change is a new step, and ``SCHEMA_VERSION`` (the file's ``user_version``) counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db.asking_schema import ASKING
from db.curating_schema import (
    CURATING,
    DECISION_COLUMNS,
    RULE_COLUMNS,
    SELECTION_COLUMNS,
    TOPIC_COLUMNS,
)
from db.curating_schema import ENTRY_COLUMNS as CURATED_ENTRY_COLUMNS
from db.curating_schema import STORY_COLUMNS as CURATED_STORY_COLUMNS
from db.first_schema import FIRST_SEARCH, FIRST_TABLES, FIRST_VIEWS
from db.grouping_schema import ENTRY_COLUMNS, GROUPING, REVISION_COLUMNS, STORY_COLUMNS
from db.hosts import host_of
from db.index import BATCHED_SEARCH
from db.keeping_schema import KEEPING
from db.serving_schema import ENTRY_COLUMNS as SERVED_ENTRY_COLUMNS
from db.serving_schema import SERVING, SOURCE_COLUMNS
from db.serving_schema import TOPIC_COLUMNS as SERVED_TOPIC_COLUMNS
from db.storing_schema import STORING
from db.text import count_words, fold

APPLICATION_ID = 0x57495245  # "WIRE": `file wireroom.db` and our own start-up check tell the archive by it
SCHEMA_VERSION = 11

POLLER_COLUMNS = (
    ("domain", "TEXT DEFAULT NULL", "registered domain, or address and port: the budget it falls under"),
    ("moved_url", "TEXT DEFAULT NULL", "where it is polled since a permanent redirect was proven"),
    ("moving_to", "TEXT DEFAULT NULL", "where a permanent redirect leads that is not proven yet …"),
    ("moving_polls", "INTEGER NOT NULL DEFAULT 0", "… and how many polls in a row bore it out; -1: another feed"),
    ("fresh_s", "INTEGER DEFAULT NULL", "what Cache-Control or Expires asked for last, seconds"),
    ("skip_hours", "TEXT DEFAULT NULL", 'hours (UTC) in which its feed asks to be left alone: "0 1 2"'),
    ("skip_days", "TEXT DEFAULT NULL", 'likewise days: "saturday sunday"'),
    ("shown", "INTEGER DEFAULT NULL", "how many entries its last document had"),
    ("pace", "REAL DEFAULT NULL", "new entries an hour at its busiest, fading; null: unknown"),
    ("crowded", "INTEGER NOT NULL DEFAULT 0", "polls in a row that were all new: some may be missing"),
    ("last_new_at", "TEXT DEFAULT NULL", "when it last had something new"),
    ("usual_gap_s", "INTEGER DEFAULT NULL", "the longest it usually stays without anything new, seconds"),
    ("setback", "INTEGER NOT NULL DEFAULT 0", "the failures in a row by their weight"),
    ("unmodified", "INTEGER NOT NULL DEFAULT 0", "304 answers since its last whole body"),
    ("whole_at", "TEXT DEFAULT NULL", "when a whole body came last"),
    ("probe_after", "INTEGER DEFAULT NULL", "after so many 304s one poll asks for the whole body"),
    ("doubts", "INTEGER NOT NULL DEFAULT 0", "times that news stood behind its 304s; 2: trusted no more"),
    ("offers", "TEXT DEFAULT NULL", "JSON array: feeds that the HTML page in its place advertises"),
    ("hub_url", "TEXT DEFAULT NULL", "the WebSub hub that its feed names …"),
    ("hub_topic", "TEXT DEFAULT NULL", "… and its own address there"),
    ("last_push_at", "TEXT DEFAULT NULL", "when the hub last told of news"),
    ("pushed_until", "TEXT DEFAULT NULL", "until then the hub is trusted to tell; null: it is not"),
)

POLLER = """
CREATE TABLE moves (                         -- where a source was polled, and since when elsewhere
  id              INTEGER PRIMARY KEY,
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  moved_at        TEXT NOT NULL,
  from_url        TEXT NOT NULL,
  to_url          TEXT NOT NULL,
  why             TEXT NOT NULL              -- a permanent redirect; back, since the new place failed; the config
) STRICT;
CREATE INDEX moves_source ON moves (source_id, id);

CREATE TABLE subscriptions (                 -- a WebSub subscription: a hub that tells when a source has news
  id              INTEGER PRIMARY KEY,
  source_id       INTEGER NOT NULL UNIQUE REFERENCES sources(id),
  hub             TEXT NOT NULL,
  topic           TEXT NOT NULL,             -- the feed's own address, as the hub knows it
  token           TEXT NOT NULL UNIQUE,      -- the last part of our callback's address: nobody can guess it
  secret          TEXT NOT NULL,             -- the key of its signatures
  state           TEXT NOT NULL,             -- asked, active, denied or ended
  asked_at        TEXT,
  lease_s         INTEGER,
  expires_at      TEXT,
  next_try_at     TEXT,                      -- when the hub is asked (again); null: it is not
  failures        INTEGER NOT NULL DEFAULT 0,-- in a row
  last_error      TEXT,
  last_push_at    TEXT,
  pushes          INTEGER NOT NULL DEFAULT 0 -- with a good signature
) STRICT;
CREATE INDEX subscriptions_due ON subscriptions (next_try_at) WHERE next_try_at IS NOT NULL;
"""

OUTLINES = """
CREATE TABLE outlines (                      -- a source's last document by hashes: only what is new in it is parsed
  source_id       INTEGER PRIMARY KEY REFERENCES sources(id),
  context         BLOB NOT NULL,             -- hash of all that is outside of its items
  items           BLOB NOT NULL,             -- hash of each item, in order, 8 bytes each
  entries         BLOB NOT NULL              -- which entry each of them is: its id, 8 bytes each, little-endian
) STRICT;
"""

migrations = Migrations("wireroom")


@migrations()
def m0001_first_archive(db: Database) -> None:
    """Tables, search and views as first released."""
    run_script(db, FIRST_TABLES + FIRST_SEARCH + FIRST_VIEWS)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")


@migrations()
def m0002_poller(db: Database) -> None:
    """What a polite poller remembers: moves, asked-for spacing, pace, probes, pushes."""
    add_columns(db, "sources", POLLER_COLUMNS)
    run_script(db, POLLER)
    db.execute("PRAGMA user_version = 2")


@migrations()
def m0003_outlines(db: Database) -> None:
    """What the last document of each source had, item by item."""
    run_script(db, OUTLINES)
    db.execute("PRAGMA user_version = 3")


@migrations()
def m0004_batched_search(db: Database) -> None:
    """New stories go into the search index at the end of a transaction; a trigger did it one by one."""
    run_script(db, BATCHED_SEARCH)
    db.execute("PRAGMA user_version = 4")


@migrations()
def m0005_due(db: Database) -> None:
    """The order of what is due, with all that says whether a poll may begin: no row of ``sources`` is read for it."""
    db.execute("DROP INDEX sources_due")
    db.execute(
        "CREATE INDEX sources_due ON sources (next_poll_at, id, domain, last_outcome) WHERE next_poll_at IS NOT NULL"
    )
    db.execute("PRAGMA user_version = 5")


@migrations()
def m0006_grouping(db: Database) -> None:
    """Copies and events: their index, why each was joined, what a person decided, which changes count."""
    add_columns(db, "entries", ENTRY_COLUMNS)
    add_columns(db, "stories", STORY_COLUMNS)
    add_columns(db, "revisions", REVISION_COLUMNS)
    with others_aside(db):
        run_script(db, GROUPING)
    db.execute("PRAGMA user_version = 6")


@migrations()
def m0007_curating(db: Database) -> None:
    """Rules that do things, topics with a policy, curation by hand; authors, hosts and lengths can be asked for."""
    add_columns(db, "entries", CURATED_ENTRY_COLUMNS)
    add_columns(db, "stories", CURATED_STORY_COLUMNS)
    add_columns(db, "selections", SELECTION_COLUMNS)
    add_columns(db, "topics", TOPIC_COLUMNS)
    add_columns(db, "decisions", DECISION_COLUMNS)
    add_columns(db, "rules", RULE_COLUMNS)
    run_script(db, CURATING)
    for name, function in (("host_of", host_of), ("count_words", count_words), ("fold", fold)):
        db.conn.create_function(name, -1, function, deterministic=True)
    db.execute("UPDATE entries SET host = host_of(url) WHERE url IS NOT NULL")
    db.execute("UPDATE stories SET words = count_words(title, text)")
    db.execute(
        "INSERT INTO authors (name, folded) SELECT DISTINCT author, fold(author) FROM entries WHERE author <> ''"
    )
    db.execute("PRAGMA user_version = 7")


@migrations()
def m0008_serving(db: Database) -> None:
    """What feeds, pages, the hub and webhooks need: archive pages, versions of documents, who is told, feed health."""
    add_columns(db, "entries", SERVED_ENTRY_COLUMNS)
    add_columns(db, "sources", SOURCE_COLUMNS)
    add_columns(db, "topics", SERVED_TOPIC_COLUMNS)
    run_script(db, SERVING)
    db.execute("PRAGMA user_version = 8")


@migrations()
def m0009_storing(db: Database) -> None:
    """What a story takes on the disk."""
    with others_aside(db):
        run_script(db, STORING)
    db.execute("PRAGMA user_version = 9")


@migrations()
def m0010_keeping(db: Database) -> None:
    """What is kept for how long."""
    run_script(db, KEEPING)
    db.execute("PRAGMA user_version = 10")


@migrations()
def m0011_asking(db: Database) -> None:
    """What answers the common questions without joins."""
    run_script(db, ASKING)
    db.execute("PRAGMA user_version = 11")


OURS = frozenset(
    re.findall(
        r"^CREATE (?:VIEW|TRIGGER) (\w+)",
        f"{FIRST_SEARCH}{FIRST_VIEWS}{BATCHED_SEARCH}{GROUPING}{CURATING}{SERVING}{STORING}{KEEPING}{ASKING}",
        re.MULTILINE,
    )
)
"""The views and triggers that any step makes."""


@contextmanager
def others_aside(db: Database) -> Iterator[None]:
    """Take away the views and triggers of others while a step renames or drops something, and put them back as written.

    SQLite refuses that beside a view that reads what is not there, be it for a moment, and writes new names into views.
    """
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY rowid")
    others = [row for row in rows.fetchall() if row[1] not in OURS]
    for kind, name, _ in reversed(others):  # a view's triggers before it
        db.execute(f'DROP {kind} IF EXISTS "{name.replace(chr(34), chr(34) * 2)}"')
    yield
    for *_, sql in others:
        db.execute(sql)


def add_columns(db: Database, table: str, columns: Sequence[tuple[str, str, str]]) -> None:
    """Add columns: name, type with its default, what it means (SQLite keeps a comment inside the definition too)."""
    for name, definition, comment in columns:
        kind, _, default = definition.partition(" ")
        db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} -- {comment}\n  {default}")


def run_script(db: Database, script: str) -> None:
    """Run each statement of ``script`` inside the open transaction (``executescript`` would commit it first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite_complete(statement):
            db.execute(statement)
            statement = ""


def sqlite_complete(statement: str) -> bool:
    """Tell whether ``statement`` ends at a semicolon that is no part of a trigger's body, a string or a comment."""
    import sqlite3  # noqa: PLC0415 - only migrations need it

    return sqlite3.complete_statement(statement)
