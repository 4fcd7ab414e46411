"""Step 11 of the migrations: views that answer the common questions without joins. Never edited once released. Pure.

A view is a loop over one table, and asks for the rest row by row: an id, a source or a LIMIT that is asked for comes
first, and what nobody reads of it is not looked up (tests/test_views.py holds the plans). Lists are JSON arrays, which
``json_each`` and Datasette's facets open; they are written by hand, since SQLite 3.40 lets a view call no other JSON
function for who does not trust the file (``trusted_schema``). DuckDB reads a view's text with a parser of its own, so
there is nothing in it that SQLite alone has: no IS with a value, no CROSS JOIN with ON; a day ends at the day with a
``U``, since a ``T`` follows it in each time. None of the views tells an address of a feed, which may have a key in it,
nor a secret.
"""

ASKING = r"""
CREATE INDEX entries_day ON entries (substr(first_seen, 1, 10), source_id); -- counts by day read no entry

CREATE VIEW story_overview AS                -- one row per story: its lead, who carries it, its tags, where it went
SELECT st.id AS story_id,                    -- rises with first sight: the highest is the newest
       st.title AS title,                    -- the headline, as the lead has it
       st.url AS url,                        -- the link, as the lead has it
       (SELECT s.config_id FROM entries e JOIN sources s ON s.id = e.source_id
        WHERE e.id = st.lead_entry_id) AS lead, -- the source whose text is shown
       (SELECT s.config_id FROM entries e JOIN sources s ON s.id = e.source_id
        WHERE e.story_id = st.id ORDER BY e.id LIMIT 1) AS first_source, -- the source that had it first
       (SELECT count(DISTINCT e.source_id) FROM entries e
        WHERE e.story_id = st.id) AS source_count, -- how many sources carry it
       (SELECT coalesce('[' || group_concat('"' || name || '"') || ']', '[]') FROM (
         SELECT s.config_id AS name FROM sources s WHERE s.id IN (
           SELECT e.source_id FROM entries e WHERE e.story_id = st.id)
         ORDER BY 1)) AS sources,            -- JSON array: who carries it
       (SELECT coalesce('[' || group_concat('"' || name || '"') || ']', '[]') FROM (
         SELECT t.kind || ':' || t.name AS name FROM tags t WHERE t.id IN (
           SELECT x.tag_id FROM story_tags x WHERE x.story_id = st.id) ORDER BY 1)) AS tags, -- JSON array: kind:name
       (SELECT coalesce('[' || group_concat('"' || name || '"') || ']', '[]') FROM (
         SELECT t.config_id AS name FROM topics t WHERE t.id IN (
           SELECT x.topic_id FROM selections x WHERE x.story_id = st.id AND x.left_at IS NULL)
         ORDER BY 1)) AS topics,             -- JSON array: topics that took it and still have it, shown or withheld
       st.event_id AS event_id,              -- the event that it tells of, with others or alone
       st.language AS language,              -- as BCP 47 has it
       st.words AS words,                    -- in title and text
       st.published AS published,            -- as the lead says
       st.first_seen AS first_seen,          -- when a poll first brought it
       st.updated AS updated,                -- when its text was last changed meaningfully
       (SELECT count(*) FROM entries e JOIN revisions r ON r.entry_id = e.id
        WHERE e.story_id = st.id AND r.meaningful = 1) AS changes, -- so many meaningful changes, of all its entries
       st.withheld AS withheld               -- drop, hold or hide: no topic shows it; null: nothing keeps it out
FROM stories st WHERE st.merged_into IS NULL;

CREATE VIEW story_sources AS                 -- one row per story and source that carries it: who had it when
SELECT e.story_id AS story_id,               -- the story
       (SELECT st.title FROM stories st WHERE st.id = e.story_id) AS story, -- its headline
       (SELECT s.config_id FROM sources s WHERE s.id = e.source_id) AS source, -- who carries it
       1 + (SELECT count(DISTINCT o.source_id) FROM entries o
            WHERE o.story_id = e.story_id AND o.first_seen < e.first_seen) AS place, -- 1: first; ties share one
       CAST(round((julianday(e.first_seen) - julianday((SELECT min(o.first_seen) FROM entries o
            WHERE o.story_id = e.story_id))) * 1440) AS INTEGER) AS minutes_after, -- behind the first, minutes
       (SELECT count(DISTINCT o.source_id) FROM entries o WHERE o.story_id = e.story_id) AS source_count, -- in all
       (SELECT s.config_id FROM entries o JOIN sources s ON s.id = o.source_id
        WHERE o.story_id = e.story_id ORDER BY o.id LIMIT 1) AS first_source, -- who had it first
       (SELECT s.config_id FROM entries o JOIN sources s ON s.id = o.source_id
        WHERE o.id = e.joined_to) AS copy_of, -- the source whose text it was found to be a copy of; null: it is none
       e.joined_by AS joined_by,             -- why it is in this story: first, link, print, near or person
       e.joined_score AS joined_score,       -- the share of word triples that both have, 0 to 1; null: another reason
       e.id AS entry_id,                     -- its first entry in this story
       e.title AS title,                     -- the headline there
       e.url AS url,                         -- the link there
       e.published AS published,             -- as the source says
       e.first_seen AS first_seen            -- when a poll first brought it
FROM entries e
WHERE NOT EXISTS (
  SELECT 1 FROM entries o WHERE o.story_id = e.story_id AND o.source_id = e.source_id AND o.id < e.id);

CREATE VIEW story_changes AS                 -- one row per change of an entry: before and after, side by side
SELECT r.id AS revision_id,                  -- rises with time
       e.story_id AS story_id,               -- the story that the entry is in
       e.id AS entry_id,                     -- the entry that was changed
       (SELECT s.config_id FROM sources s WHERE s.id = e.source_id) AS source, -- who changed it
       r.number AS number,                   -- 1: its first change
       r.replaced_at AS changed_at,          -- when a poll found the change
       r.meaningful AS meaningful,           -- 1: other words or numbers, subscribers are told; 0: a typo, a counter
       r.title AS old_title,                 -- the headline before
       coalesce(n.title, e.title) AS new_title, -- the headline after
       rtrim(iif(r.title <> coalesce(n.title, e.title), 'title ', '')
         || iif(r.text <> coalesce(n.text, (SELECT w.text FROM entry_texts w WHERE w.entry_id = e.id)), 'text ', '')
         || iif(coalesce(r.url, '') <> coalesce(iif(n.id IS NULL, e.url, n.url), ''), 'url ', '')
         || iif(coalesce(r.author, '') <> coalesce(iif(n.id IS NULL, e.author, n.author), ''), 'author ', '')
         || iif(r.categories <> coalesce(n.categories, e.categories), 'categories ', '')
         || iif(r.enclosures <> coalesce(n.enclosures, e.enclosures), 'enclosures ', '')) AS changed, -- the fields
       r.text AS old_text,                   -- the text before
       coalesce(n.text, (SELECT w.text FROM entry_texts w WHERE w.entry_id = e.id)) AS new_text -- the text after
FROM revisions r JOIN entries e ON e.id = r.entry_id LEFT JOIN revisions n ON n.entry_id = r.entry_id
  AND n.number = (SELECT min(l.number) FROM revisions l WHERE l.entry_id = r.entry_id AND l.number > r.number);

CREATE VIEW topic_stories AS                 -- one row per selection: what each topic published, when, and why
WITH fronts (topic_id, since) AS MATERIALIZED ( -- plain feeds: their last place is this number's; others: null
  SELECT w.id, CASE WHEN NOT EXISTS (SELECT 1 FROM json_each(w.fronted_by) j
    WHERE j.key = 2 AND j.value IS NOT NULL OR j.key = 3 AND j.value <> 'new') THEN coalesce((
      SELECT j.value FROM json_each((SELECT '[' || group_concat(y.number) || ']' FROM (
        SELECT number FROM selections WHERE topic_id = w.id AND archived = 0 ORDER BY number DESC LIMIT 1000) y)) j
      WHERE j.key = (SELECT k.value - 1 FROM json_each(w.fronted_by) k WHERE k.key = 0)), 0) END FROM topics w
)
SELECT x.id AS selection_id,                 -- rises with time
       t.config_id AS topic,                 -- the topic's id in config.toml
       x.number AS number,                   -- rises within the topic, never reused
       x.story_id AS story_id,               -- the story
       st.title AS title,                    -- its headline
       st.url AS url,                        -- its link
       x.selected_at AS selected_at,         -- when the topic took it; it is published at once
       CASE WHEN st.merged_into IS NOT NULL THEN 'merged' WHEN st.withheld IS NOT NULL THEN 'withheld'
            WHEN x.left_at IS NOT NULL THEN 'left'
            WHEN (SELECT m.kind FROM marks m WHERE m.story_id = x.story_id AND m.kind IN ('hide', 'show')
                  AND (m.topic_id IS NULL OR m.topic_id = x.topic_id) ORDER BY m.id DESC LIMIT 1) = 'hide'
            THEN 'hidden' WHEN x.archived = 1 THEN 'archived' ELSE 'announced'
       END AS state,                         -- announced; archived: never in the feed; left, hidden, withheld, merged
       CASE WHEN t.fronted_by IS NULL OR t.digest_at IS NOT NULL THEN NULL
            WHEN x.archived = 1 OR x.left_at IS NOT NULL OR st.withheld IS NOT NULL OR st.merged_into IS NOT NULL
              OR (SELECT m.kind FROM marks m WHERE m.story_id = x.story_id AND m.kind IN ('hide', 'show')
                  AND (m.topic_id IS NULL OR m.topic_id = x.topic_id) ORDER BY m.id DESC LIMIT 1) = 'hide' THEN 0
            WHEN EXISTS (SELECT 1 FROM marks p WHERE p.story_id = x.story_id AND p.topic_id = x.topic_id
                         AND p.kind = 'pin') THEN 1
            ELSE coalesce(coalesce(x.front, 1) <> 0
                          AND x.number >= (SELECT f.since FROM fronts f WHERE f.topic_id = x.topic_id),
                          coalesce(x.front, 0) = 1)
       END AS in_feed,                       -- 1: it has a place in the topic's feed now; null: digests tell of it
       x.left_at AS left_at,                 -- since when the topic has it no longer; null: it does
       (SELECT coalesce('[' || group_concat('"' || replace(replace(cause, '\', '\\'), '"', '\"') || '"') || ']', '[]')
        FROM (
         SELECT g.kind || ':' || g.name || ' (' || c.origin || ': ' || c.why || ')' AS cause
         FROM story_tags c JOIN tags g ON g.id = c.tag_id WHERE c.story_id = x.story_id ORDER BY 1
       )) AS tags,                           -- JSON array: each tag of the story and its cause
       (SELECT j.value FROM config_in_force c JOIN json_each(c.said) j ON j.key = 'match'
        WHERE c.kind = 'topic' AND c.config_id = t.config_id) AS asks, -- its query, as it is now
       (SELECT count(d.topic_id) FROM digests d WHERE d.topic_id = x.topic_id
        AND d.first_number <= x.number AND d.last_number >= x.number) AS digests, -- of digest topics: in so many items
       x.guid AS guid                        -- urn:uuid:…, what subscribers know the item by
FROM selections x JOIN topics t ON t.id = x.topic_id JOIN stories st ON st.id = x.story_id;

CREATE VIEW source_health AS                 -- one row per source of the config: how it does, and in which rhythm
SELECT s.config_id AS source,                -- its id in config.toml
       coalesce(nullif(s.title, ''), s.config_id) AS title, -- the feed's own title
       CASE WHEN s.gone_at IS NOT NULL THEN 'gone' WHEN s.last_outcome IS NULL THEN 'new'
            WHEN s.held_until IS NOT NULL THEN 'held' WHEN s.last_outcome IN ('offline', 'wall') THEN s.last_outcome
            WHEN s.failures > 0 THEN 'failing'
            WHEN EXISTS (SELECT 1 FROM troubles w WHERE w.source_id = s.id AND w.kind = 'silent'
                         AND w.ended_at IS NULL) THEN 'silent'
            WHEN s.last_error IS NOT NULL THEN 'remark' ELSE 'good'
       END AS health,                        -- good, new, remark, silent, held, offline, wall, failing or gone
       s.last_outcome AS last_outcome,       -- how its last poll ended
       s.last_error AS last_error,           -- and why not well; null: it did
       s.failures AS failures,               -- polls in a row that did not end well
       (SELECT w.said || ': ' || w.mend FROM troubles w WHERE w.source_id = s.id AND w.ended_at IS NULL
        ORDER BY w.id DESC LIMIT 1) AS trouble, -- what is wrong for so long that its owner is told, and the mend
       s.last_poll_at AS last_poll_at,       -- its last poll
       s.last_good_at AS last_good_at,       -- its last poll that ended well
       s.last_new_at AS last_new_at,         -- when it last had something new
       s.next_poll_at AS next_poll_at,       -- null: never again
       round(s.spacing_s / 60.0, 1) AS spacing_minutes, -- how often it is polled now
       round(s.usual_gap_s / 3600.0, 1) AS usual_gap_hours, -- the longest that it usually stays without anything new
       s.pace AS pace_per_hour,              -- new entries an hour at its busiest, fading
       s.pushed_until AS pushed_until,       -- until then a hub is trusted to tell of news; null: none is
       (SELECT count(*) FROM entries e WHERE e.source_id = s.id) AS entries -- in the archive
FROM sources s WHERE s.removed_at IS NULL;

CREATE VIEW daily_by_source AS               -- one row per day (UTC) and source that had something new, newest first
SELECT substr(e.first_seen, 1, 10) AS day,   -- the day, UTC
       (SELECT s.config_id FROM sources s WHERE s.id = e.source_id) AS source, -- the source
       count(*) AS entries                   -- entries first seen on that day
FROM entries e GROUP BY substr(e.first_seen, 1, 10), e.source_id
ORDER BY substr(e.first_seen, 1, 10) DESC, e.source_id DESC;

CREATE VIEW daily_by_tag AS                  -- one row per day (UTC) and tag of stories first seen then, newest first
WITH RECURSIVE days (day) AS (
  SELECT substr(max(first_seen), 1, 10) FROM stories
  UNION ALL
  SELECT (SELECT substr(max(st.first_seen), 1, 10) FROM stories st WHERE st.first_seen < d.day)
  FROM days d WHERE d.day IS NOT NULL
)
SELECT d.day AS day,                         -- the day, UTC
       t.kind AS kind,                       -- the tag's kind …
       t.name AS name,                       -- … and its name
       c.value AS stories                    -- stories with this tag that were first seen on that day
FROM days d CROSS JOIN json_each((
  SELECT '{' || group_concat('"' || tag_id || '":' || stories) || '}' FROM (
    SELECT x.tag_id AS tag_id, count(DISTINCT x.story_id) AS stories
    FROM stories st CROSS JOIN story_tags x
    WHERE x.story_id = st.id AND st.first_seen >= d.day AND st.first_seen < d.day || 'U'
      AND st.id NOT IN (SELECT m.id FROM stories m WHERE m.merged_into IS NOT NULL)
    GROUP BY x.tag_id ORDER BY stories DESC, x.tag_id)
)) c CROSS JOIN tags t
WHERE t.id = c.key AND d.day IS NOT NULL;
"""
