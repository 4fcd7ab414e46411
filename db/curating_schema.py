"""Step 7 of the migrations: what rules, topics and a person's curation need. Never edited once released. Pure."""

ENTRY_COLUMNS = (
    ("language_from", "TEXT DEFAULT NULL", "how its language is known: detected, declared; null: declared, if at all"),
    ("host", "TEXT DEFAULT NULL", 'of its link, its parts from the last: "uk.co.bbc.www"'),
    ("mentions", "TEXT NOT NULL DEFAULT '[]'", "JSON array: known names in it, each [kind, name, origin, words]"),
)
STORY_COLUMNS = (
    ("words", "INTEGER NOT NULL DEFAULT 0", "in title and text"),
    ("withheld", "TEXT DEFAULT NULL", "drop or hold: a rule keeps it out of all topics; hide: a person; null: nobody"),
    ("withheld_by", "TEXT DEFAULT NULL", "which rule or person"),
    ("taken_by", "TEXT DEFAULT NULL", "JSON array: the rules that take it and give it no tag; null: none"),
)
SELECTION_COLUMNS = (
    ("archived", "INTEGER NOT NULL DEFAULT 0", "1: never announced: in the topic's archive, not in its feed"),
    ("left_at", "TEXT DEFAULT NULL", "since when it shows it no longer: a retag, an untag, an unpin; null: it does"),
    ("front", "INTEGER DEFAULT NULL", "1: in the topic's feed, 0: has left it for good; null: no need to know"),
)
TOPIC_COLUMNS = (
    ("secret", "INTEGER NOT NULL DEFAULT 0", "1: its address is known to who was told it only (table tokens)"),
    ("fronted_by", "TEXT DEFAULT NULL", "by which keys of the config selections.front was noted"),
    ("styled_by", "TEXT DEFAULT NULL", "which other keys of the config its output was written by"),
    ("digest_at", "TEXT DEFAULT NULL", "up to then its digests are made; null: it has none"),
    ("digest_from", "INTEGER DEFAULT NULL", "the first selection that is in no digest yet"),
)
RULE_COLUMNS = (("added_at", "TEXT DEFAULT NULL", "when the config had it first; null: before schema 7"),)
DECISION_COLUMNS = (
    ("by", "TEXT DEFAULT NULL", "who decided, as the command line knows them"),
    ("undone_by", "TEXT DEFAULT NULL", "likewise"),
)
"""Columns added: name, definition, what it means."""

CURATING = """
CREATE INDEX entries_host ON entries (host, story_id) WHERE host IS NOT NULL;
CREATE INDEX entries_author ON entries (author, story_id) WHERE author IS NOT NULL;
CREATE INDEX entries_enclosed ON entries (story_id) WHERE enclosures <> '[]';
CREATE INDEX stories_seen ON stories (first_seen);
CREATE INDEX stories_published ON stories (published) WHERE published IS NOT NULL;
CREATE INDEX stories_withheld ON stories (withheld) WHERE withheld IS NOT NULL;
CREATE INDEX selections_announced ON selections (topic_id, number) WHERE archived = 0;
CREATE INDEX selections_front ON selections (topic_id) WHERE front = 1;

CREATE TABLE authors (                       -- every name that entries were signed with
  id              INTEGER PRIMARY KEY,
  name            TEXT NOT NULL UNIQUE,      -- as entries have it
  folded          TEXT NOT NULL              -- as search compares it
) STRICT;
CREATE VIRTUAL TABLE authors_fts USING fts5 (
  folded, content="authors", content_rowid="id", tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER authors_ai AFTER INSERT ON authors BEGIN
  INSERT INTO authors_fts (rowid, folded) VALUES (new.id, new.folded);
END;

DROP VIEW published;
CREATE VIEW published AS                     -- one row per selection: what each topic took, in order
SELECT t.config_id AS topic, x.story_id AS story_id, x.number AS number, x.guid AS guid,
       x.selected_at AS selected_at, x.archived AS archived, x.left_at AS left_at
FROM selections x JOIN topics t ON t.id = x.topic_id;
CREATE INDEX selections_archived ON selections (topic_id, story_id) WHERE archived = 1;
CREATE INDEX selections_left ON selections (left_at) WHERE left_at IS NOT NULL;
CREATE INDEX selections_gone ON selections (topic_id, story_id) WHERE left_at IS NOT NULL;
CREATE INDEX selections_taken ON selections (topic_id, story_id, archived, left_at)
  WHERE archived = 0 AND left_at IS NULL;

CREATE TABLE waiting (                       -- stories that a topic looks at once more later: its `delay`
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  story_id        INTEGER NOT NULL REFERENCES stories(id),
  due_at          TEXT NOT NULL,
  PRIMARY KEY (topic_id, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_due ON waiting (due_at);

CREATE TABLE digests (                       -- an item of a digest topic: what it selected in a period
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  number          INTEGER NOT NULL,          -- rises within the topic, never reused
  guid            TEXT NOT NULL UNIQUE,      -- urn:uuid:…, what subscribers know the item by
  made_at         TEXT NOT NULL,
  period_from     TEXT NOT NULL,
  period_to       TEXT NOT NULL,
  rhythm          TEXT NOT NULL,             -- day or week
  zone            TEXT NOT NULL,             -- the time zone that its dates are told in
  first_number    INTEGER NOT NULL,          -- of the selections that are in it: from this one …
  last_number     INTEGER NOT NULL,          -- … to this one
  UNIQUE (topic_id, number)
) STRICT;

CREATE TABLE tokens (                        -- of secret topics: what only subscribers know of their addresses
  topic_id        INTEGER NOT NULL REFERENCES topics(id),
  token           TEXT NOT NULL UNIQUE,
  minted_at       TEXT NOT NULL,
  retired_at      TEXT                       -- null: it is good
) STRICT;
CREATE UNIQUE INDEX tokens_good ON tokens (topic_id) WHERE retired_at IS NULL;

CREATE TABLE config_in_force (               -- what config.toml said when it was last taken over
  kind            TEXT NOT NULL,             -- the table there: source, rule, topic …; settings: all that is in none
  config_id       TEXT NOT NULL,             -- its id; empty where it has none
  position        INTEGER NOT NULL,          -- among those of its kind, from 0
  since           TEXT NOT NULL,             -- since when it says so
  said            TEXT NOT NULL,             -- JSON; of a source what is not in `sources`, if anything
  PRIMARY KEY (kind, config_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW tagged AS                        -- one row per tag of a story and cause
SELECT x.story_id AS story_id, t.kind AS kind, t.name AS name,
       x.origin AS origin,                   -- language, category, vocabulary, gazetteer, entity, source, rule, person
       x.why AS why                          -- the category, the words in the text, a source's or rule's id, a person
FROM story_tags x JOIN tags t ON t.id = x.tag_id;

CREATE TABLE mark_log (                      -- all that a person said of single stories; a decision may have several
  id              INTEGER PRIMARY KEY,
  decision_id     INTEGER NOT NULL REFERENCES decisions(id), -- whose story_id and other_id are the same
  kind            TEXT NOT NULL,             -- pin, unpin, hide, show, tag, untag, lead, auto (no lead by hand)
  said_of         INTEGER NOT NULL REFERENCES stories(id), -- the story that was meant then
  story_id        INTEGER NOT NULL REFERENCES stories(id), -- the one that it is now; of a lead, the entry's
  topic_id        INTEGER REFERENCES topics(id),   -- pin, unpin: there; hide, show: there, or null: everywhere
  tag_id          INTEGER REFERENCES tags(id),     -- tag, untag
  entry_id        INTEGER REFERENCES entries(id),  -- lead
  stands          INTEGER NOT NULL           -- 1: it counts; 0: it was undone, or something newer says otherwise
) STRICT;
CREATE INDEX mark_log_story ON mark_log (story_id);
CREATE INDEX mark_log_topic ON mark_log (topic_id, kind) WHERE stands = 1;
CREATE INDEX mark_log_decision ON mark_log (decision_id);
CREATE VIEW marks AS                         -- what a person said of a story, as it stands; stronger than any rule
SELECT m.id AS id, m.decision_id AS decision_id, d.at AS at, d.by AS by, m.kind AS kind, m.story_id AS story_id,
       m.topic_id AS topic_id, m.tag_id AS tag_id, m.entry_id AS entry_id
FROM mark_log m JOIN decisions d ON d.id = m.decision_id
WHERE m.stands = 1 AND m.kind IN ('pin', 'hide', 'show', 'tag', 'untag', 'lead');
"""
