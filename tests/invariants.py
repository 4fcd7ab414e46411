"""What must hold of an archive whatever was polled, merged, split, undone, regrouped or killed."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from ingest.prints import sampled

NEVER = {
    "an entry in a story that is none any more": """
        SELECT e.id, e.story_id FROM entries e JOIN stories st ON st.id = e.story_id WHERE st.merged_into IS NOT NULL
    """,
    "a living story that no entry of its own leads": """
        SELECT st.id, st.lead_entry_id FROM stories st WHERE st.merged_into IS NULL AND NOT EXISTS (
            SELECT 1 FROM entries e WHERE e.story_id = st.id AND e.id = st.lead_entry_id)
    """,
    "a living story that shows what its lead does not say": """
        SELECT st.id, st.title, e.title FROM stories st JOIN entries e ON e.id = st.lead_entry_id
        WHERE st.merged_into IS NULL AND (st.title, st.text, st.url) IS NOT (e.title, e.text, e.url)
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
}
"""Queries that find nothing."""


def broken(db: Database) -> dict[str, list[Any]]:
    """Find what does not hold → what is wrong by its name, at most five cases of each; empty: all is well."""
    found = {name: db.execute(f"SELECT * FROM ({sql}) LIMIT 5").fetchall() for name, sql in NEVER.items()}
    found["integrity"] = [row for row in db.execute("PRAGMA integrity_check").fetchall() if row != ("ok",)]
    found["foreign keys"] = db.execute("PRAGMA foreign_key_check").fetchall()
    found["prints"] = wrong_prints(db)
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")  # raises
    return {name: rows[:5] for name, rows in found.items() if rows}


def wrong_prints(db: Database) -> list[Any]:
    """Find entries of whose triples the two tables say different things, or that say something else by now."""
    counted = dict(db.execute("SELECT entry_id, count(*) FROM shingles GROUP BY entry_id").fetchall())
    return [
        (id_, title, counted.get(id_))
        for id_, packed, title, text in db.execute(
            "SELECT p.entry_id, p.shingles, e.title, w.text FROM prints p JOIN entries e ON e.id = p.entry_id "
            "JOIN entry_texts w USING (entry_id)"
        ).fetchall()
        if packed != sampled(title, text) or counted.get(id_) != len(packed) // 8
    ]
