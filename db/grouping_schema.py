"""Step 6 of the migrations: what copies, events, decisions and revisions need. Never edited once released. Pure."""

ENTRY_COLUMNS = (
    ("joined_to", "INTEGER DEFAULT NULL", "the entry that it was found to be a copy of; null: the first"),
    ("joined_score", "REAL DEFAULT NULL", "the share of the shorter text's word triples that both have, 0 to 1"),
    ("joined_words", "TEXT DEFAULT NULL", "JSON array: words that decided"),
)
STORY_COLUMNS = (
    ("event_id", "INTEGER REFERENCES events(id) DEFAULT NULL", "the event that it tells of"),
    (
        "event_score",
        "REAL DEFAULT NULL",
        "likeness to the event when it joined; 1: just what `normal` asks for; null: it began it",
    ),
    ("event_words", "TEXT DEFAULT NULL", "JSON array: words that decided"),
)
REVISION_COLUMNS = (
    ("meaningful", "INTEGER NOT NULL DEFAULT 1", "1: the change that replaced it is told; 0: a typo, a counter"),
)
"""Columns added: name, definition, what it means."""

GROUPING = """
DROP INDEX entries_story;
CREATE INDEX entries_story ON entries (story_id, source_id); -- how many sources a story has: no entry is read for it
CREATE INDEX entry_keys_entry ON entry_keys (entry_id); -- a regroup reads the keys of an entry
CREATE TABLE prints (                        -- a recent entry's sampled word triples, as 64-bit hashes
  entry_id        INTEGER PRIMARY KEY REFERENCES entries(id),
  shingles        BLOB NOT NULL              -- 8 bytes each, little-endian, rising
) STRICT;
CREATE TABLE shingles (                      -- the same the other way round: which entries have this one
  hash            INTEGER NOT NULL,
  entry_id        INTEGER NOT NULL,
  PRIMARY KEY (hash, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (                        -- stories about one happening, told independently
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  first_seen      TEXT NOT NULL,
  last_seen       TEXT NOT NULL,             -- the newest time of its stories
  stories         INTEGER NOT NULL,          -- how many it was made of, for the mean
  words           INTEGER NOT NULL,          -- of a story, on average
  terms           BLOB NOT NULL              -- their mean: 4-byte hash, 4-byte float each, heaviest first; empty: over
) STRICT;
CREATE INDEX events_open ON events (last_seen) WHERE length(terms) > 0;
CREATE TABLE event_terms (                   -- which open events have this rare term
  term            INTEGER NOT NULL,          -- 32-bit hash of a word
  event_id        INTEGER NOT NULL,
  PRIMARY KEY (term, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_terms_event ON event_terms (event_id);
CREATE INDEX stories_event ON stories (event_id, event_score, merged_into) WHERE event_id IS NOT NULL;
CREATE INDEX stories_merged ON stories (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE term_counts (                   -- in how many of the stories learned from a word stood
  term            INTEGER PRIMARY KEY,
  stories         INTEGER NOT NULL
) STRICT;
CREATE TABLE unlearned (                     -- the words of stories that term_counts has not yet:
  story_id        INTEGER PRIMARY KEY,       -- it is brought up to date for very many at once
  terms           BLOB NOT NULL              -- 4-byte hash, 4-byte float each
) STRICT;
CREATE TABLE grouping (                      -- one row: where the index stands
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  version         INTEGER NOT NULL,          -- of what made the prints and terms; 0: nothing is made yet
  learned         INTEGER NOT NULL,          -- how many stories term_counts has learned from
  indexed_from    INTEGER NOT NULL,          -- entries before this id are not in the index
  stage           TEXT,                      -- of a regroup under way: texts, stories or sweep; null: none is
  since           INTEGER NOT NULL DEFAULT 0,-- it indexes entries from this id on
  done            INTEGER NOT NULL DEFAULT 0,-- the last entry, then the last story, that it has done
  old_events      INTEGER NOT NULL DEFAULT 0 -- events up to this id are from before it
) STRICT;
INSERT INTO grouping (id, version, learned, indexed_from)
  SELECT 1, 0, 0, coalesce(max(id), 0) + 1 FROM entries;

CREATE TABLE merges (                        -- two stories that turned out to be one
  id              INTEGER PRIMARY KEY,
  at              TEXT NOT NULL,
  kept_id         INTEGER NOT NULL REFERENCES stories(id),
  gone_id         INTEGER NOT NULL REFERENCES stories(id),
  by              TEXT NOT NULL,             -- link, print, near or person
  score           REAL,
  words           TEXT,                      -- JSON array: words that decided
  entries         TEXT NOT NULL,             -- JSON array: the entries that moved
  selections      TEXT NOT NULL,             -- JSON array: the selections that moved
  was             TEXT NOT NULL,             -- JSON: the lead of the kept one, the first entries of the other
  undone_at       TEXT
) STRICT;
CREATE INDEX merges_kept ON merges (kept_id);
CREATE INDEX merges_gone ON merges (gone_id);
CREATE TABLE decisions (                     -- what a person said of stories; no later run overrides it
  id              INTEGER PRIMARY KEY,
  at              TEXT NOT NULL,
  kind            TEXT NOT NULL,             -- merge or split
  story_id        INTEGER NOT NULL REFERENCES stories(id), -- that lives on, or was split
  other_id        INTEGER NOT NULL REFERENCES stories(id), -- that went into it, or came out of it
  entry_id        INTEGER REFERENCES entries(id),          -- that was split off
  merge_id        INTEGER REFERENCES merges(id),           -- that it made, or took back
  was             TEXT NOT NULL,             -- JSON: how the entry had joined, and who led
  selections      TEXT NOT NULL DEFAULT '[]',-- JSON array: selections that topics made because of it
  undone_at       TEXT
) STRICT;
CREATE TABLE links (                         -- two entries that must be one story, or can't be
  entry_a         INTEGER NOT NULL REFERENCES entries(id), -- the lower id
  entry_b         INTEGER NOT NULL REFERENCES entries(id),
  decision_id     INTEGER NOT NULL REFERENCES decisions(id),
  kind            TEXT NOT NULL,             -- must or cannot; before the key's last column integrity_check errs on it
  PRIMARY KEY (entry_a, entry_b, decision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_b ON links (entry_b);

DROP VIEW published;
CREATE TABLE new_selections (                -- the durable fact "this topic took this story"
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  story_id        INTEGER NOT NULL REFERENCES stories(id),
  entry_id        INTEGER REFERENCES entries(id), -- in a topic that shows copies apart: the copy; null: the whole story
  number          INTEGER NOT NULL,          -- rises within the topic, never reused
  guid            TEXT NOT NULL UNIQUE,      -- urn:uuid:…, what subscribers know the item by
  selected_at     TEXT NOT NULL,
  UNIQUE (topic_id, number)
) STRICT;
INSERT INTO new_selections (id, topic_id, story_id, number, guid, selected_at)
  SELECT id, topic_id, story_id, number, guid, selected_at FROM selections;
DROP TABLE selections;
ALTER TABLE new_selections RENAME TO selections;
CREATE INDEX selections_story ON selections (story_id);
CREATE UNIQUE INDEX selections_once ON selections (topic_id, story_id, coalesce(entry_id, 0));
CREATE VIEW published AS                     -- one row per selection: what each topic took, in order
SELECT t.config_id AS topic, x.story_id AS story_id, x.number AS number, x.guid AS guid,
       x.selected_at AS selected_at
FROM selections x JOIN topics t ON t.id = x.topic_id;

DROP VIEW coverage;
CREATE VIEW coverage AS                      -- one row per entry: who carried which story, since when, and why
SELECT e.story_id AS story_id, e.id AS entry_id, s.config_id AS source, e.guid AS guid, e.url AS url,
       e.title AS title, e.author AS author, e.published AS published, e.updated AS updated,
       e.first_seen AS first_seen, coalesce(e.last_seen, s.last_good_at) AS last_seen,
       e.joined_by AS joined_by, e.joined_score AS joined_score
FROM entries e JOIN sources s ON s.id = e.source_id;
CREATE VIEW event_stories AS                 -- one row per story of an event that has several: who told of it
SELECT st.event_id AS event_id, st.id AS story_id, st.title AS title, st.first_seen AS first_seen,
       st.event_score AS score,
       (SELECT count(DISTINCT e.source_id) FROM entries e WHERE e.story_id = st.id) AS sources
FROM stories st
WHERE st.merged_into IS NULL
  AND EXISTS (SELECT 1 FROM stories o WHERE o.event_id = st.event_id AND o.merged_into IS NULL AND o.id <> st.id);
"""
