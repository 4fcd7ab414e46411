"""Step 10 of the migrations: what is kept for how long. Never edited once released. Pure."""

KEEPING = """
CREATE TABLE gone_stories (                  -- stories that were pruned; no other story ever gets such an id
  id              INTEGER PRIMARY KEY,
  gone_at         TEXT NOT NULL,
  why             TEXT NOT NULL              -- age: all of it was too old; count: its sources have newer ones enough
) STRICT;
CREATE TABLE gone_entries (                  -- their entries, as far as they must be known again
  id              INTEGER PRIMARY KEY,       -- what it was in `entries`
  story_id        INTEGER NOT NULL,          -- what is now in `gone_stories`
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  guid            TEXT,                      -- the raw id, as published
  title           TEXT NOT NULL,
  published       TEXT,
  version         INTEGER NOT NULL,          -- hash of what a reader saw
  first_seen      TEXT NOT NULL
) STRICT;
CREATE TABLE gone_keys (                     -- the identity keys of these entries: what has them is not new
  key             INTEGER NOT NULL,          -- 64-bit hash of kind and value
  entry_id        INTEGER NOT NULL REFERENCES gone_entries(id),
  PRIMARY KEY (key, entry_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE slim_entries (                  -- entries whose safe HTML was pruned; their plain text is there
  entry_id        INTEGER PRIMARY KEY REFERENCES entries(id)
) STRICT;
CREATE TABLE poll_days (                     -- the sums of polls that are no longer in `polls`: a day of a source
  source_id       INTEGER NOT NULL REFERENCES sources(id),
  day             TEXT NOT NULL,             -- UTC, as 2026-11-20
  polls           INTEGER NOT NULL,
  failed          INTEGER NOT NULL,
  bytes           INTEGER NOT NULL,
  new             INTEGER NOT NULL,
  changed         INTEGER NOT NULL,
  PRIMARY KEY (source_id, day)
) STRICT, WITHOUT ROWID;

-- A row that others refer to is deleted only where none does; without these SQLite reads whole tables to know.
CREATE INDEX stories_lead ON stories (lead_entry_id) WHERE lead_entry_id IS NOT NULL;
CREATE INDEX selections_entry ON selections (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX waiting_story ON waiting (story_id);
CREATE INDEX decisions_story ON decisions (story_id);
CREATE INDEX decisions_other ON decisions (other_id);
CREATE INDEX decisions_entry ON decisions (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX decisions_merge ON decisions (merge_id) WHERE merge_id IS NOT NULL;
CREATE INDEX links_decision ON links (decision_id);
CREATE INDEX mark_log_said ON mark_log (said_of);
CREATE INDEX mark_log_entry ON mark_log (entry_id) WHERE entry_id IS NOT NULL;

CREATE TRIGGER authors_ad AFTER DELETE ON authors BEGIN
  INSERT INTO authors_fts (authors_fts, rowid, folded) VALUES ('delete', old.id, old.folded);
END;

-- Else FTS5 merges all segments of a level at once when it has 16, which may take seconds; automerge sees to them.
INSERT INTO stories_fts (stories_fts, rank) VALUES ('crisismerge', 512);
"""
