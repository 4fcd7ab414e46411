"""The archive's schema: migrations with explicit SQL, applied in order, each in one transaction. IO: sqlite.

What the two views ``coverage`` and ``published`` show is an interface: outside programs rely on it. Tables carry
integer keys; the ids of ``config.toml`` stand beside them in ``config_id``. A step is never edited once released:
a change is a new step, and ``SCHEMA_VERSION`` (the file's ``user_version``) counts them.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db.index import BATCHED_SEARCH

APPLICATION_ID = 0x57495245  # "WIRE": `file wireroom.db` and our own start-up check tell the archive by it
SCHEMA_VERSION = 5

FIRST_TABLES = """
CREATE TABLE sources (                       -- a configured feed, and where its polling stands
  id              INTEGER PRIMARY KEY,
  config_id       TEXT NOT NULL UNIQUE,      -- its id in config.toml
  url             TEXT NOT NULL,             -- as configured: an http(s) address or a file path
  title           TEXT,                      -- the feed's own title
  site_url        TEXT,                      -- the page that the feed belongs to
  language        TEXT,
  added_at        TEXT NOT NULL,
  removed_at      TEXT,                      -- when it was taken out of the config; null while it is in
  next_poll_at    TEXT,                      -- null: never (410 Gone, or removed)
  spacing_s       INTEGER,                   -- its own present rhythm, seconds
  ttl_s           INTEGER,                   -- the spacing that its document asks for (ttl, sy:), seconds
  held_until      TEXT,                      -- the server's Retry-After; a forced poll obeys it too
  gone_at         TEXT,                      -- when it answered 410
  last_poll_at    TEXT,
  last_good_at    TEXT,                      -- the last poll that ended well: entries still listed were seen then
  last_outcome    TEXT,
  last_error      TEXT,                      -- null after a good poll
  failures        INTEGER NOT NULL DEFAULT 0,-- in a row
  etag            TEXT,                      -- validators, byte for byte, of what is in the archive
  last_modified   TEXT,
  validators_url  TEXT,                      -- the address that gave them: they are sent nowhere else
  body_hash       TEXT,                      -- of the last body that was digested whole
  digest_version  INTEGER                    -- what digested it; another version reads everything anew
) STRICT;
CREATE INDEX sources_due ON sources (next_poll_at) WHERE next_poll_at IS NOT NULL;

CREATE TABLE stories (                       -- one text, once, whatever the number of sources that carry it
  id              INTEGER PRIMARY KEY AUTOINCREMENT, -- rises with first sight; also the row id in stories_fts
  title           TEXT NOT NULL,
  text            TEXT NOT NULL,             -- plain text of the lead entry
  folded_title    TEXT,                      -- for search, only where folding changes more than FTS5 does itself
  folded_text     TEXT,
  url             TEXT,
  language        TEXT,
  published       TEXT,                      -- as the lead entry says
  first_seen      TEXT NOT NULL,
  updated         TEXT NOT NULL,             -- when Wireroom last saw the text change
  lead_entry_id   INTEGER REFERENCES entries(id),
  merged_into     INTEGER REFERENCES stories(id) -- the story that this one turned out to be
) STRICT;

CREATE TABLE entries (                       -- one item as one source published it
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  story_id        INTEGER NOT NULL REFERENCES stories(id),
  joined_by       TEXT NOT NULL,             -- why it is in this story: first, link or print
  guid            TEXT,                      -- the raw id, as published
  url             TEXT,
  title           TEXT NOT NULL,
  author          TEXT,
  html            TEXT NOT NULL,             -- safe HTML
  summary         TEXT,                      -- the shorter text, where the item has two
  text            TEXT NOT NULL,             -- html as plain text
  language        TEXT,
  published       TEXT,
  updated         TEXT,
  categories      TEXT NOT NULL DEFAULT '[]',-- JSON array of text
  enclosures      TEXT NOT NULL DEFAULT '[]',-- JSON array of {url, type, length}
  version         INTEGER NOT NULL,          -- hash of what a reader sees
  first_seen      TEXT NOT NULL,
  last_seen       TEXT                       -- null while its source's document still has it
) STRICT;
CREATE INDEX entries_story ON entries (story_id);
CREATE INDEX entries_source ON entries (source_id, last_seen);

CREATE TABLE entry_keys (                    -- the identity keys by which an entry is known again
  key             INTEGER NOT NULL,          -- 64-bit hash of kind and value
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  entry_id        INTEGER NOT NULL REFERENCES entries(id),
  kind            TEXT NOT NULL,             -- id, loose_id, link, print
  PRIMARY KEY (key, source_id, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (                     -- what an entry said before it was changed
  id              INTEGER PRIMARY KEY,
  entry_id        INTEGER NOT NULL REFERENCES entries(id),
  number          INTEGER NOT NULL,          -- 1 is what was first seen
  replaced_at     TEXT NOT NULL,
  url             TEXT,
  title           TEXT NOT NULL,
  author          TEXT,
  html            TEXT NOT NULL,
  summary         TEXT,
  text            TEXT NOT NULL,
  published       TEXT,
  updated         TEXT,
  categories      TEXT NOT NULL,
  enclosures      TEXT NOT NULL,
  version         INTEGER NOT NULL,
  UNIQUE (entry_id, number)
) STRICT;

CREATE TABLE tags (
  id              INTEGER PRIMARY KEY,
  kind            TEXT NOT NULL,
  name            TEXT NOT NULL,
  UNIQUE (kind, name)
) STRICT;

CREATE TABLE story_tags (                    -- a tag of a story, once for each cause
  story_id        INTEGER NOT NULL REFERENCES stories(id),
  tag_id          INTEGER NOT NULL REFERENCES tags(id),
  origin          TEXT NOT NULL,             -- source, category or rule
  why             TEXT NOT NULL,             -- the source's id, the category as published, the rule's id
  PRIMARY KEY (story_id, tag_id, origin, why)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_tags_tag ON story_tags (tag_id, story_id);

CREATE TABLE rules (
  id              INTEGER PRIMARY KEY,
  config_id       TEXT NOT NULL UNIQUE,
  hits            INTEGER NOT NULL DEFAULT 0,-- stories that it tagged
  last_hit_at     TEXT
) STRICT;

CREATE TABLE topics (                        -- a saved query with its output feed
  id              INTEGER PRIMARY KEY,
  config_id       TEXT NOT NULL UNIQUE,
  title           TEXT NOT NULL,
  urn             TEXT NOT NULL UNIQUE,      -- the feed's own id, minted once
  created_at      TEXT NOT NULL,
  removed_at      TEXT,
  last_number     INTEGER NOT NULL DEFAULT 0,-- the highest selection number ever given
  changes         INTEGER NOT NULL DEFAULT 1,-- counts what alters its output …
  published       INTEGER NOT NULL DEFAULT 0 -- … up to here it is on disk
) STRICT;

CREATE TABLE selections (                    -- the durable fact "this topic took this story"
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  story_id        INTEGER NOT NULL REFERENCES stories(id),
  number          INTEGER NOT NULL,          -- rises within the topic, never reused
  guid            TEXT NOT NULL UNIQUE,      -- urn:uuid:…, what subscribers know the item by
  selected_at     TEXT NOT NULL,
  UNIQUE (topic_id, number),
  UNIQUE (topic_id, story_id)
) STRICT;
CREATE INDEX selections_story ON selections (story_id);

CREATE TABLE polls (                         -- one attempt on one source
  id              INTEGER PRIMARY KEY,
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  started_at      TEXT NOT NULL,
  duration_ms     INTEGER NOT NULL,
  outcome         TEXT NOT NULL,
  status          INTEGER,                   -- HTTP status
  bytes           INTEGER NOT NULL,          -- of the decoded body
  entries         INTEGER NOT NULL,          -- in the document
  new             INTEGER NOT NULL,          -- entries never seen in this source before
  changed         INTEGER NOT NULL,
  error           TEXT
) STRICT;
CREATE INDEX polls_source ON polls (source_id, id);
"""

FIRST_SEARCH = """
CREATE VIRTUAL TABLE stories_fts USING fts5 (
  title, text, folded_title, folded_text,
  content="stories", content_rowid="id", tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER stories_ai AFTER INSERT ON stories BEGIN
  INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text)
  VALUES (new.id, new.title, new.text, new.folded_title, new.folded_text);
END;
CREATE TRIGGER stories_ad AFTER DELETE ON stories BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, text, folded_title, folded_text)
  VALUES ('delete', old.id, old.title, old.text, old.folded_title, old.folded_text);
END;
CREATE TRIGGER stories_au AFTER UPDATE OF title, text, folded_title, folded_text ON stories BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, text, folded_title, folded_text)
  VALUES ('delete', old.id, old.title, old.text, old.folded_title, old.folded_text);
  INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text)
  VALUES (new.id, new.title, new.text, new.folded_title, new.folded_text);
END;
"""

FIRST_VIEWS = """
CREATE VIEW coverage AS                      -- one row per entry: who carried which story, since when
SELECT e.story_id AS story_id, e.id AS entry_id, s.config_id AS source, e.guid AS guid, e.url AS url,
       e.title AS title, e.author AS author, e.published AS published, e.updated AS updated,
       e.first_seen AS first_seen, coalesce(e.last_seen, s.last_good_at) AS last_seen
FROM entries e JOIN sources s ON s.id = e.source_id;

CREATE VIEW published AS                     -- one row per selection: what each topic took, in order
SELECT t.config_id AS topic, x.story_id AS story_id, x.number AS number, x.guid AS guid,
       x.selected_at AS selected_at
FROM selections x JOIN topics t ON t.id = x.topic_id;
"""

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
    for name, definition, comment in POLLER_COLUMNS:
        kind, _, default = definition.partition(" ")
        # SQLite keeps the text of the column, a comment inside it too
        db.execute(f"ALTER TABLE sources ADD COLUMN {name} {kind} -- {comment}\n  {default}")
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
