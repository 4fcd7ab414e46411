"""What must hold of an archive, as queries that find nothing: the promise, as far as rows can show it. IO: sqlite.

Whatever was polled, merged, split, undone, regrouped, kept for a while or killed. ``wireroom verify`` asks them, and so
do the tests after everything that they do to an archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlite_utils import Database

SHOWN = 5
"""So many cases of each are told."""

NEVER: Mapping[str, str] = {
    "an entry or a story that was pruned, but is there": """
        SELECT g.id, 'entry' FROM gone_entries g JOIN entries e ON e.id = g.id
        UNION ALL SELECT g.id, 'story' FROM gone_stories g JOIN stories st ON st.id = g.id
    """,
    "a pruned entry of a story that was not pruned": """
        SELECT id, story_id FROM gone_entries WHERE story_id NOT IN (SELECT id FROM gone_stories)
    """,
    "an entry in a story that is none any more": """
        SELECT e.id, e.story_id FROM entries e JOIN stories st ON st.id = e.story_id WHERE st.merged_into IS NOT NULL
    """,
    "a living story that no entry of its own leads": """
        SELECT st.id, st.lead_entry_id FROM stories st WHERE st.merged_into IS NULL AND NOT EXISTS (
            SELECT 1 FROM entries e WHERE e.story_id = st.id AND e.id = st.lead_entry_id)
    """,
    "a living story that shows what its lead does not say": """
        SELECT st.id, st.title, e.title FROM stories st JOIN entries e ON e.id = st.lead_entry_id
        JOIN entry_texts w ON w.entry_id = e.id
        WHERE st.merged_into IS NULL AND (st.title, st.text, st.url) IS NOT (e.title, w.text, e.url)
    """,
    "a text that no entry says, or a story's that its entries share across stories": """
        SELECT id FROM bodies WHERE id NOT IN (SELECT body_id FROM entries WHERE body_id IS NOT NULL)
        UNION SELECT e.body_id FROM entries e JOIN bodies b ON b.id = e.body_id WHERE b.text IS NULL
        GROUP BY e.body_id HAVING count(DISTINCT e.story_id) > 1
    """,
    "a story that went nowhere": """
        WITH RECURSIVE way (id, at, step) AS (
            SELECT id, merged_into, 1 FROM stories WHERE merged_into IS NOT NULL
            UNION ALL SELECT way.id, st.merged_into, step + 1 FROM way JOIN stories st ON st.id = way.at
            WHERE st.merged_into IS NOT NULL AND step < 100000)
        SELECT id FROM stories WHERE merged_into IS NOT NULL AND id NOT IN (
            SELECT way.id FROM way JOIN stories st ON st.id = way.at WHERE st.merged_into IS NULL)
    """,
    "a story that went into a younger one by itself": """
        SELECT kept_id, gone_id FROM merges WHERE kept_id >= gone_id
    """,
    "a topic with two items of one story or entry": """
        SELECT topic_id, story_id, entry_id FROM selections
        GROUP BY topic_id, story_id, coalesce(entry_id, 0) HAVING count(*) > 1
    """,
    "a number above the last one given": """
        SELECT x.id FROM selections x JOIN topics t ON t.id = x.topic_id WHERE x.number > t.last_number
    """,
    "an item of an entry that is in another living story": """
        SELECT x.id, x.story_id, e.story_id FROM selections x JOIN entries e ON e.id = x.entry_id
        JOIN stories st ON st.id = x.story_id WHERE st.merged_into IS NULL AND e.story_id <> x.story_id
    """,
    "an entry that a person divided from another in its story": """
        SELECT l.entry_a, l.entry_b FROM links l JOIN entries a ON a.id = l.entry_a JOIN entries b ON b.id = l.entry_b
        WHERE l.kind = 'cannot' AND a.story_id = b.story_id
          AND NOT EXISTS (SELECT 1 FROM links m JOIN decisions d ON d.id = m.decision_id
                          WHERE m.kind = 'must' AND m.decision_id > l.decision_id)
    """,
    "a found triple of no printed entry": """
        SELECT s.hash, s.entry_id FROM shingles s LEFT JOIN prints p ON p.entry_id = s.entry_id
        WHERE p.entry_id IS NULL
    """,
    "a rare term of no open event": """
        SELECT t.term, t.event_id FROM event_terms t LEFT JOIN events e ON e.id = t.event_id
        WHERE e.id IS NULL OR length(e.terms) = 0
    """,
    "a story that is to be learned from, but is not there": """
        SELECT story_id FROM unlearned WHERE story_id NOT IN (SELECT id FROM stories)
    """,
    "a story with a score but no event": """
        SELECT id FROM stories WHERE event_id IS NULL AND event_score IS NOT NULL
    """,
    "a mark on a story that is none any more, or of a lead that is elsewhere": """
        SELECT m.id FROM mark_log m JOIN stories st ON st.id = m.story_id LEFT JOIN entries e ON e.id = m.entry_id
        WHERE st.merged_into IS NOT NULL OR e.story_id <> m.story_id
    """,
    "a mark that counts, but is undone, or not the newest of its kind": """
        SELECT m.id FROM mark_log m JOIN decisions d ON d.id = m.decision_id
        WHERE m.stands AND (d.undone_at IS NOT NULL OR EXISTS (
            SELECT 1 FROM mark_log n JOIN decisions o ON o.id = n.decision_id
            WHERE n.story_id = m.story_id AND n.id > m.id AND o.undone_at IS NULL AND (
                m.kind IN ('pin', 'unpin') AND n.kind IN ('pin', 'unpin') AND n.topic_id = m.topic_id
                OR m.kind IN ('hide', 'show') AND n.kind IN ('hide', 'show')
                    AND (n.topic_id IS NULL OR n.topic_id = m.topic_id)
                OR m.kind IN ('tag', 'untag') AND n.kind IN ('tag', 'untag') AND n.tag_id = m.tag_id
                OR m.kind IN ('lead', 'auto') AND n.kind IN ('lead', 'auto'))))
    """,
    "a tag by hand that its story has not, or one taken away that it has": """
        SELECT m.id FROM marks m WHERE m.kind = 'tag' AND NOT EXISTS (
            SELECT 1 FROM story_tags x WHERE x.story_id = m.story_id AND x.tag_id = m.tag_id AND x.origin = 'person')
        UNION SELECT m.id FROM marks m JOIN story_tags x ON x.story_id = m.story_id AND x.tag_id = m.tag_id
        WHERE m.kind = 'untag'
    """,
    "a lead by hand that does not lead": """
        SELECT m.id FROM marks m JOIN stories st ON st.id = m.story_id
        WHERE m.kind = 'lead' AND m.entry_id <> st.lead_entry_id
    """,
    "a story that a person hides but that is not kept out, or the reverse": """
        SELECT st.id FROM stories st WHERE st.merged_into IS NULL AND (st.withheld IS 'hide') <> EXISTS (
            SELECT 1 FROM marks m WHERE m.story_id = st.id AND m.kind = 'hide' AND m.topic_id IS NULL)
    """,
    "a pin in a topic that does not show it": """
        SELECT m.id FROM marks m JOIN stories st ON st.id = m.story_id
        WHERE m.kind = 'pin' AND st.withheld IS NULL AND NOT EXISTS (
            SELECT 1 FROM selections x WHERE x.topic_id = m.topic_id AND x.story_id = m.story_id
            AND x.archived = 0 AND x.left_at IS NULL)
    """,
    "an id or a number that two items have": """
        SELECT x.topic_id, x.guid FROM selections x GROUP BY x.guid HAVING count(*) > 1
        UNION ALL SELECT topic_id, number FROM selections GROUP BY topic_id, number HAVING count(*) > 1
    """,
    "digests that have a selection in common, or one that is to come": """
        SELECT a.id, b.id FROM digests a JOIN digests b ON b.topic_id = a.topic_id AND b.number > a.number
        WHERE b.first_number <= a.last_number
        UNION ALL SELECT d.id, t.digest_from FROM digests d JOIN topics t ON t.id = d.topic_id
        WHERE d.last_number >= t.digest_from
        UNION ALL SELECT id, first_number FROM digests WHERE first_number > last_number OR period_from >= period_to
    """,
    "a digest of what its topic never selected": """
        SELECT d.id, d.last_number FROM digests d JOIN topics t ON t.id = d.topic_id WHERE d.last_number > t.last_number
    """,
    "a secret topic without a token, or with two": """
        SELECT t.id FROM topics t WHERE t.secret AND t.removed_at IS NULL
        AND (SELECT count(*) FROM tokens k WHERE k.topic_id = t.id AND k.retired_at IS NULL) <> 1
    """,
    "a story kept out for a rule that is not in the config": """
        SELECT id FROM stories WHERE withheld IN ('drop', 'hold')
        AND withheld_by NOT IN (SELECT config_id FROM rules)
    """,
    "a living story that is not in the search index": """
        SELECT id FROM stories WHERE id NOT IN (SELECT id FROM stories_fts_docsize)
    """,
    "an id of an item, a digest or a trouble that another has": """
        SELECT guid FROM (SELECT guid FROM selections UNION ALL SELECT guid FROM digests
            UNION ALL SELECT guid FROM troubles UNION ALL SELECT urn FROM topics)
        GROUP BY guid HAVING count(*) > 1
    """,
    "a number below the last one that no item has, where nothing was taken back or pruned": """
        SELECT t.id, t.last_number, count(x.id) FROM topics t LEFT JOIN selections x ON x.topic_id = t.id
        WHERE NOT EXISTS (SELECT 1 FROM decisions d WHERE d.undone_at IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM gone_stories)
          -- ids of stories have no holes but where some were pruned, or left behind by an export
          AND (SELECT count(*) FROM stories) = (SELECT seq FROM sqlite_sequence WHERE name = 'stories')
        GROUP BY t.id HAVING count(x.id) <> t.last_number
    """,
    "archive pages with a hole, a page twice, or more than there is": """
        SELECT p.topic_id, p.page FROM archive_pages p JOIN topics t ON t.id = p.topic_id
        WHERE p.first_number > p.last_number OR p.published > p.changes
           OR p.has = 'stories' AND p.last_number > t.last_number
           OR p.page > 1 AND NOT EXISTS (
               SELECT 1 FROM archive_pages o WHERE o.topic_id = p.topic_id AND o.page = p.page - 1)
           OR p.first_number <> 1 + (SELECT coalesce(max(o.last_number), 0) FROM archive_pages o
               WHERE o.topic_id = p.topic_id AND o.has = p.has AND o.page < p.page)
    """,
    "a topic that is on disk further than it was changed": """
        SELECT id FROM topics WHERE published > changes
    """,
    "a validator of a source that never gave an entry, though its document had some": """
        SELECT id, config_id FROM sources s WHERE coalesce(etag, last_modified, body_hash) IS NOT NULL
        AND shown > 0 AND NOT EXISTS (
            SELECT 1 FROM entries e JOIN entry_keys k ON k.entry_id = e.id WHERE e.source_id = s.id)
        AND id NOT IN (SELECT source_id FROM gone_entries)
    """,
    "an entry without a key to know it again by": """
        SELECT e.id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM entry_keys k WHERE k.entry_id = e.id)
    """,
    "an entry that no poll tells of": """
        WITH known AS (SELECT source_id, count(*) AS entries, min(first_seen) AS since FROM (
                SELECT source_id, first_seen FROM entries UNION ALL SELECT source_id, first_seen FROM gone_entries)
            GROUP BY source_id),
        told AS (SELECT source_id, sum(new) AS new, min(at) AS since FROM (
                SELECT source_id, new, started_at AS at FROM polls UNION ALL SELECT source_id, new, day FROM poll_days)
            GROUP BY source_id)
        SELECT source_id, (SELECT config_id FROM sources WHERE id = source_id) FROM known JOIN told USING (source_id)
        WHERE told.since <= known.since AND entries <> new
    """,
}
"""Queries that find nothing, by what they would have found."""

REGROUP = "wireroom regroup --restart makes it anew"
MENDS: Mapping[str, str] = {
    "a found triple of no printed entry": REGROUP,
    "a rare term of no open event": REGROUP,
    "a story that is to be learned from, but is not there": REGROUP,
    "a story with a score but no event": REGROUP,
    "a secret topic without a token, or with two": "wireroom topic rotate gives it a new one",
    "a tag by hand that its story has not, or one taken away that it has": "wireroom retag gives tags anew",
    "a pin in a topic that does not show it": "wireroom unpin, then pin it again",
    "a story kept out for a rule that is not in the config": "wireroom retag asks the rules of today",
    "a living story that is not in the search index": "stop the daemon, then have the index made anew: "
    "sqlite3 ARCHIVE \"INSERT INTO stories_fts (stories_fts) VALUES ('rebuild')\"",
}
"""What mends it, where nothing that was published or polled is lost or wrong. All else only a backup mends."""


def broken(db: Database, names: Sequence[str] = tuple(NEVER)) -> dict[str, list[Any]]:
    """Find what does not hold → some cases of each by its name; empty: all is well."""
    found = {name: db.execute(f"SELECT * FROM ({NEVER[name]}) LIMIT {SHOWN}").fetchall() for name in names}
    return {name: rows for name, rows in found.items() if rows}
