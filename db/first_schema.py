"""The first schema, step 1 of the migrations: tables, search, views. Never edited: changes are later steps. Pure."""

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
