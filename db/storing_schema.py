"""Step 9 of the migrations: what a story takes on the disk. Never edited once released. Pure.

What an entry says at length stands apart from the small row that is scanned, once for all copies that say just what
their story's lead does; and its plain text is not there at all where the story has it already. The triggers see to it
that an entry says what it said whatever is done to stories and entries: nobody who writes has to think of it. All can
be read in plain SQL (``entry_texts``).

An id that is just the link, as it is in many feeds, is kept as that link alone. An index says of a row only what some
query asks of it: none by source asks when entries left, and an id at an index's end would stand there twice. Whose an
identity key is, its entry says.
"""

STORING = """
DROP VIEW coverage;
DROP INDEX entries_source;
CREATE TABLE bodies (                        -- what entries say at length
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  html            TEXT NOT NULL,             -- safe HTML
  summary         TEXT,                      -- the shorter text, where the item has two
  text            TEXT                       -- html as plain text; null: it is the text of their story
) STRICT;
ALTER TABLE entries ADD COLUMN body_id INTEGER -- what it says; null: nothing at length, or it is not kept any more
  REFERENCES bodies(id) DEFAULT NULL;
ALTER TABLE entries RENAME COLUMN guid TO own_id;
ALTER TABLE entries ADD COLUMN guid TEXT GENERATED ALWAYS AS -- the raw id, as published
  (iif(own_id = '', url, own_id)) VIRTUAL;

INSERT INTO bodies (id, html, summary, text)
  SELECT e.id, e.html, e.summary, nullif(e.text, st.text)
  FROM entries e JOIN stories st ON st.id = e.story_id
       LEFT JOIN entries l ON l.id = st.lead_entry_id AND l.id <> e.id AND l.story_id = e.story_id
  WHERE l.id IS NULL OR l.html <> e.html OR l.text <> e.text OR l.summary IS NOT e.summary ORDER BY e.id;
UPDATE entries SET html = '', summary = NULL, text = '', own_id = iif(own_id = url, '', own_id), body_id = coalesce(
  (SELECT b.id FROM bodies b WHERE b.id = entries.id),
  (SELECT st.lead_entry_id FROM stories st WHERE st.id = entries.story_id));
ALTER TABLE entries DROP COLUMN html;
ALTER TABLE entries DROP COLUMN summary;
ALTER TABLE entries DROP COLUMN text;
CREATE INDEX entries_body ON entries (body_id);
CREATE INDEX entries_source ON entries (source_id);
CREATE INDEX entries_listed ON entries (source_id, last_seen) WHERE last_seen IS NULL; -- what a document has now

DROP INDEX polls_source;
CREATE INDEX polls_source ON polls (source_id);

CREATE TABLE new_entry_keys (                -- the identity keys by which an entry is known again
  key             INTEGER NOT NULL,          -- 64-bit hash of kind and value
  entry_id        INTEGER NOT NULL REFERENCES entries(id),
  kind            TEXT NOT NULL,             -- id, loose_id, link, page, print
  PRIMARY KEY (key, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_entry_keys SELECT key, entry_id, kind FROM entry_keys;
DROP TABLE entry_keys;
ALTER TABLE new_entry_keys RENAME TO entry_keys;
CREATE INDEX entry_keys_entry ON entry_keys (entry_id); -- a regroup reads the keys of an entry

CREATE VIEW entry_texts AS                   -- one row per entry: what it says at length; empty where that is not kept
SELECT e.id AS entry_id, coalesce(b.html, '') AS html, b.summary AS summary,
       CASE WHEN b.id IS NULL THEN '' ELSE coalesce(b.text, st.text) END AS text
FROM entries e JOIN stories st ON st.id = e.story_id LEFT JOIN bodies b ON b.id = e.body_id;

CREATE VIEW coverage AS                      -- one row per entry: who carried which story, since when, and why
SELECT e.story_id AS story_id, e.id AS entry_id, s.config_id AS source, e.guid AS guid, e.url AS url,
       e.title AS title, e.author AS author, e.published AS published, e.updated AS updated,
       e.first_seen AS first_seen, coalesce(e.last_seen, s.last_good_at) AS last_seen,
       e.joined_by AS joined_by, e.joined_score AS joined_score
FROM entries e JOIN sources s ON s.id = e.source_id;

CREATE TRIGGER stories_said AFTER UPDATE OF text ON stories WHEN new.text <> old.text BEGIN
  UPDATE bodies SET text = CASE
    WHEN EXISTS (SELECT 1 FROM entries o WHERE o.body_id = bodies.id AND o.story_id <> new.id)
    THEN coalesce(text, old.text) ELSE nullif(coalesce(text, old.text), new.text) END
  WHERE id IN (SELECT body_id FROM entries WHERE story_id = new.id);
END;
CREATE TRIGGER entries_moved AFTER UPDATE OF story_id ON entries
WHEN new.story_id <> old.story_id AND new.body_id IS NOT NULL BEGIN
  UPDATE bodies SET text = coalesce(text, (SELECT text FROM stories WHERE id = old.story_id)) WHERE id = new.body_id;
  UPDATE bodies SET text = nullif(text, (SELECT text FROM stories WHERE id = new.story_id)) WHERE id = new.body_id
    AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.body_id = new.body_id AND o.story_id <> new.story_id);
END;
CREATE TRIGGER entries_said AFTER UPDATE OF body_id ON entries WHEN old.body_id IS NOT new.body_id BEGIN
  DELETE FROM bodies WHERE id = old.body_id AND NOT EXISTS (SELECT 1 FROM entries WHERE body_id = old.body_id);
END;
CREATE TRIGGER entries_gone AFTER DELETE ON entries BEGIN
  DELETE FROM bodies WHERE id = old.body_id AND NOT EXISTS (SELECT 1 FROM entries WHERE body_id = old.body_id);
END;
"""
