"""Why a story is what it is: its entries and what joined them, merges, decisions, its event, its topics. IO: sqlite."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from db.gone import gone_with
from db.last_word import lead_by_hand
from db.marks import marked, marks_of
from db.merge import MergeError, way

MAX_SIBLINGS = 50
"""Of an event's other stories only the newest so many are told."""


def find_story(db: Database, named: str, link: int | None = None) -> int:
    """Find the story that a person names: by its id, by an item's ``urn:uuid:…``, or by the address of an entry.

    ``link``: the key of ``named`` as an address; where several stories have it, it is the one that was seen last. The
    story may have gone into another: ``db.merge.living`` follows. Raises MergeError where there is none.
    """
    if named.isdecimal() and len(named) < 19:
        return way(db, int(named))[0]
    if named.startswith("urn:uuid:"):
        row = db.execute("SELECT story_id FROM selections WHERE guid = ?", [named]).fetchone()
    else:
        row = db.execute(
            "SELECT e.story_id FROM entry_keys k JOIN entries e ON e.id = k.entry_id "
            "WHERE k.key = ? AND k.kind = 'link' ORDER BY e.id DESC LIMIT 1",
            [link],
        ).fetchone() or gone_with(db, link)
    if row is None:
        raise MergeError(f"there is no story {named!r}: give its id (see `wireroom search`), an item's id or address")
    return int(row[0])


def explain(db: Database, named: str, link: int | None = None) -> dict[str, Any]:
    """Tell all about a story (see ``find_story``) → values for JSON. Raises MergeError where there is none."""
    asked = find_story(db, named, link)
    places = way(db, asked)
    story_id = places[-1]
    (story,) = db.query(
        "SELECT id AS story_id, title, url, language, published, first_seen, updated, lead_entry_id, withheld, "
        "withheld_by, taken_by, event_id, event_score, event_words FROM stories WHERE id = ?",
        [story_id],
    )
    event = story.pop("event_id"), story.pop("event_score"), words(story.pop("event_words"))
    return {
        **story,
        "taken_by": words(story["taken_by"]),
        "asked": asked,
        "followed": places[1:],
        "entries": entries_of(db, story_id),
        "merges": merges_of(db, story_id),
        "led_by_hand": lead_by_hand(marks_of(db, [story_id]).get(story_id, ())) is not None,
        "decisions": decisions_of(db, story_id),
        "event": event_of(db, story_id, *event),
        "topics": list(
            db.query(
                "SELECT t.config_id AS topic, x.guid AS guid, x.number AS number, x.entry_id AS entry_id, "
                "x.selected_at AS selected_at, x.archived AS archived, x.left_at AS left_at "
                "FROM selections x JOIN topics t ON t.id = x.topic_id WHERE x.story_id = ? ORDER BY x.id",
                [story_id],
            )
        ),
        "waiting": list(
            db.query(
                "SELECT t.config_id AS topic, w.due_at AS due_at FROM waiting w JOIN topics t ON t.id = w.topic_id "
                "WHERE w.story_id = ? ORDER BY w.due_at",
                [story_id],
            )
        ),
        "tags": list(
            db.query(
                "SELECT t.kind || ':' || t.name AS tag, st.origin AS origin, st.why AS why "
                "FROM story_tags st JOIN tags t ON t.id = st.tag_id WHERE st.story_id = ? ORDER BY 1, 2, 3",
                [story_id],
            )
        ),
    }


def entries_of(db: Database, story_id: int) -> list[dict[str, Any]]:
    """Read a story's entries in order of first sight: who, when, why, by which words."""
    rows = db.query(
        """
        SELECT e.id AS entry_id, s.config_id AS source, e.guid AS guid, e.title AS title, e.url AS url,
               e.published AS published, e.first_seen AS first_seen, coalesce(e.last_seen, s.last_good_at) AS last_seen,
               e.joined_by AS joined_by, e.joined_to AS joined_to, e.joined_score AS score, e.joined_words AS words,
               length(CAST(w.text AS BLOB)) AS size, st.lead_entry_id = e.id AS leads,
               (SELECT count(*) FROM revisions r WHERE r.entry_id = e.id) AS revisions
        FROM entries e JOIN sources s ON s.id = e.source_id JOIN stories st ON st.id = e.story_id
             JOIN entry_texts w ON w.entry_id = e.id
        WHERE e.story_id = ? ORDER BY e.id
        """,
        [story_id],
    )
    return [
        {
            **row,
            "words": words(row["words"]),
            "leads": bool(row["leads"]),
            "poll": poll_of(db, row["entry_id"]),
            "keys": keys_of(db, row["entry_id"]),
        }
        for row in rows
    ]


def poll_of(db: Database, entry_id: int) -> dict[str, Any] | None:
    """Read the poll that brought an entry; None where there is no record of it."""
    rows = db.query(
        "SELECT p.started_at AS at, p.outcome AS outcome, p.status AS status, p.entries AS entries, p.new AS new "
        "FROM entries e JOIN polls p ON p.source_id = e.source_id AND p.started_at <= e.first_seen "
        "WHERE e.id = ? ORDER BY p.id DESC LIMIT 1",
        [entry_id],
    )
    return next(iter(rows), None)


def keys_of(db: Database, entry_id: int) -> dict[str, int]:
    """Count the identity keys by which an entry is known again, by kind: more than one, where it was changed."""
    rows = db.execute(
        "SELECT kind, count(*) FROM entry_keys WHERE entry_id = ? GROUP BY kind ORDER BY kind", [entry_id]
    )
    return dict(rows)


def merges_of(db: Database, story_id: int) -> list[dict[str, Any]]:
    """Read the merges that made a story what it is, those of what it swallowed too, undone ones among them."""
    rows = db.query(
        """
        WITH RECURSIVE part (id) AS (
            SELECT ? UNION SELECT m.gone_id FROM part JOIN merges m ON m.kept_id = part.id
        )
        SELECT m.id AS merge, m.at AS at, m.kept_id AS kept, m.gone_id AS gone, g.title AS gone_title, m.by AS by,
               m.score AS score, m.words AS words, m.entries AS entries, m.undone_at AS undone_at
        FROM merges m JOIN stories g ON g.id = m.gone_id WHERE m.kept_id IN (SELECT id FROM part) ORDER BY m.id
        """,
        [story_id],
    )
    return [{**row, "words": words(row["words"]), "entries": json.loads(row["entries"])} for row in rows]


def decisions_of(db: Database, story_id: int) -> list[dict[str, Any]]:
    """Read what a person decided of a story, oldest first, undone ones too."""
    return decisions(
        db,
        "WHERE ?1 IN (d.story_id, d.other_id) OR d.entry_id IN (SELECT id FROM entries WHERE story_id = ?1) "
        "OR d.id IN (SELECT decision_id FROM mark_log WHERE story_id = ?1)",
        story_id,
    )


def decisions(db: Database, where: str = "", *params: object) -> list[dict[str, Any]]:
    """Read decisions, oldest first, of marks what they are about; all, if not told which."""
    found = list(
        db.query(
            "SELECT d.id AS decision, d.at AS at, d.by AS by, d.kind AS kind, d.story_id AS story, "
            "iif(d.kind IN ('merge', 'split'), d.other_id, NULL) AS other, "
            "d.entry_id AS entry, st.title AS title, coalesce(e.title, o.title) AS other_title, "
            "d.undone_at AS undone_at, d.undone_by AS undone_by FROM decisions d JOIN stories st ON st.id = d.story_id "
            f"JOIN stories o ON o.id = d.other_id LEFT JOIN entries e ON e.id = d.entry_id {where} ORDER BY d.id",
            list(params),
        )
    )
    return [row | marked(db, row["decision"]) for row in found]


def event_of(
    db: Database, story_id: int, event_id: int | None, score: float | None, why: list[str]
) -> dict[str, Any] | None:
    """Read the event that a story tells of, with the other stories of it, newest first; None where it has none."""
    if event_id is None:
        return None
    others = db.query(
        """
        SELECT st.id AS story_id, st.title AS title, st.first_seen AS first_seen, st.event_score AS score,
               st.event_words AS words,
               (SELECT count(DISTINCT e.source_id) FROM entries e WHERE e.story_id = st.id) AS sources
        FROM stories st WHERE st.event_id = ? AND st.merged_into IS NULL AND st.id <> ? ORDER BY st.id DESC LIMIT ?
        """,
        [event_id, story_id, MAX_SIBLINGS],
    )
    return {
        "event": event_id,
        "score": score,
        "words": why,
        "stories": [{**row, "words": words(row["words"])} for row in others],
    }


def words(kept: str | None) -> list[str]:
    """Read a JSON array of words; none where there is none."""
    found: list[str] = json.loads(kept) if kept else []
    return found
