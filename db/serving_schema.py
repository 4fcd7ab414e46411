"""Step 8 of the migrations: what feeds, pages, the hub and webhooks need. Never edited once released. Pure."""

ENTRY_COLUMNS = (
    ("image", "TEXT DEFAULT NULL", "the address of its own picture; null: it names none"),
    ("podcast", "TEXT DEFAULT NULL", "JSON object: what a podcast says of an episode; null: nothing"),
)
SOURCE_COLUMNS = (("feed_id", "TEXT DEFAULT NULL", "the feed's own id (atom:id); null: it gives none"),)
TOPIC_COLUMNS = (("paged_as", "TEXT DEFAULT NULL", "what, beside their stories, its archive pages are written by"),)
"""Columns added: name, definition, what it means."""

SERVING = """
CREATE TABLE archive (                       -- one row: this archive itself
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  uuid            TEXT NOT NULL              -- minted once; items of feeds of tags, sources, searches have ids of it
) STRICT;
INSERT INTO archive (id, uuid) SELECT 1,
  substr(r, 1, 8) || '-' || substr(r, 9, 4) || '-4' || substr(r, 14, 3) || '-a' || substr(r, 18, 3) || '-'
  || substr(r, 21, 12) FROM (SELECT lower(hex(randomblob(16))) AS r);

CREATE TABLE archive_pages (                 -- a topic's past in parts that never change: RFC 5005 archive documents
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  page            INTEGER NOT NULL,          -- from 1, the oldest
  has             TEXT NOT NULL,             -- stories, or digests
  first_number    INTEGER NOT NULL,          -- of the selections, or digests, that are in it: from this one …
  last_number     INTEGER NOT NULL,          -- … to this one
  closed_at       TEXT NOT NULL,
  changes         INTEGER NOT NULL DEFAULT 1,-- counts what alters its documents …
  published       INTEGER NOT NULL DEFAULT 0,-- … up to here they are on disk
  PRIMARY KEY (topic_id, page)
) STRICT, WITHOUT ROWID;
CREATE INDEX archive_pages_numbers ON archive_pages (topic_id, has, last_number);
CREATE INDEX archive_pages_stale ON archive_pages (topic_id, page) WHERE published < changes;

CREATE INDEX digests_numbers ON digests (topic_id, last_number);

CREATE TABLE documents (                     -- a topic's feed in one format, as it was last published
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  format          TEXT NOT NULL,             -- rss, atom or json
  version         INTEGER NOT NULL,          -- rises when its bytes change
  hash            TEXT NOT NULL,             -- of its bytes
  changed_at      TEXT NOT NULL,
  PRIMARY KEY (topic_id, format)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscribers (                   -- WebSub: who our own hub tells of a topic's news
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  format          TEXT NOT NULL,
  callback        TEXT NOT NULL,
  host            TEXT NOT NULL,             -- under whose budget of connections the callback falls
  asked           TEXT NOT NULL,             -- the topic's address as it was asked for
  secret          TEXT,                      -- the key of our signatures; null: unsigned
  verified_at     TEXT NOT NULL,             -- when it said last that it meant it
  expires_at      TEXT NOT NULL,
  delivered       INTEGER NOT NULL,          -- up to which version of the document it was told
  next_try_at     TEXT,                      -- after a failure: not before; null: at once
  failures        INTEGER NOT NULL DEFAULT 0,-- in a row
  last_error      TEXT,
  UNIQUE (callback, topic_id, format)
) STRICT;
CREATE INDEX subscribers_queue ON subscribers (topic_id, format, delivered);
CREATE INDEX subscribers_host ON subscribers (host);

CREATE TABLE pings (                         -- outside hubs that are told when a topic has news
  hub             TEXT NOT NULL,
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  format          TEXT NOT NULL,
  told            INTEGER NOT NULL DEFAULT 0,-- up to which version of the document
  next_try_at     TEXT,
  failures        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  PRIMARY KEY (hub, topic_id, format)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (                      -- addresses that get a topic's new stories
  config_id       TEXT NOT NULL,             -- its id in config.toml
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  sent            INTEGER NOT NULL,          -- up to which selection's number
  batch_to        INTEGER,                   -- and the message that is being sent: up to this one; null: none is
  gone_url        TEXT,                      -- the address that said it wants no more; null: none did
  next_try_at     TEXT,
  failures        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  last_sent_at    TEXT,
  PRIMARY KEY (config_id, topic_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE troubles (                      -- what was wrong with a source, from when until when: items of feed health
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  guid            TEXT NOT NULL UNIQUE,      -- urn:uuid:…, what subscribers know the item by
  source_id       INTEGER REFERENCES sources(id), -- null: our own network
  kind            TEXT NOT NULL,             -- failing, gone, wall, held, silent, moved, offline
  cause           TEXT NOT NULL,             -- what is compared: another cause is told
  said            TEXT NOT NULL,             -- what is wrong
  mend            TEXT NOT NULL,
  began_at        TEXT NOT NULL,
  opened_at       TEXT NOT NULL,             -- when it was noted
  changed_at      TEXT NOT NULL,             -- when what is told of it changed last
  ended_at        TEXT                       -- null: it still is
) STRICT;
CREATE INDEX troubles_changed ON troubles (changed_at);
CREATE INDEX troubles_open ON troubles (ended_at);
"""
