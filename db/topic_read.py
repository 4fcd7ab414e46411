"""A topic as its page lists it: its stories by number, how many it took a day. IO: sqlite."""

from __future__ import annotations

from datetime import timedelta

from sqlite_utils import Database

from db.found import story_rows
from db.items import BEFORE
from db.preview import each_day
from db.reading import StoryRow, TopicPage, TopicRead, Viewer
from db.shown import HIDDEN
from db.times import parse_iso

PINNED = """
EXISTS (SELECT 1 FROM marks p WHERE p.story_id = x.story_id AND p.topic_id = x.topic_id AND p.kind = 'pin')
"""

TOLD = "(t.digest_from IS NULL OR x.number < t.digest_from)"
"""Whether the public may know that the topic ``t`` has selection ``x``: a digest's stories wait for it."""

TAKEN = f"""
SELECT x.story_id, t.config_id, t.title, t.secret, x.number, x.guid, x.selected_at, x.archived, x.left_at,
       {PINNED} AS pinned, {HIDDEN} AS hidden
FROM selections x JOIN topics t ON t.id = x.topic_id JOIN stories st ON st.id = x.story_id
"""
"""What topics have of stories."""

LISTED = f"""
{TAKEN}
WHERE x.topic_id = (SELECT id FROM topics WHERE config_id = ?1) AND (?2 IS NULL OR x.number < ?2)
  AND x.left_at IS NULL AND st.merged_into IS NULL
  AND NOT EXISTS (SELECT 1 FROM selections y
                  WHERE y.topic_id = x.topic_id AND y.story_id = x.story_id AND {BEFORE})
  AND (?3 = 'owner' OR (st.withheld IS NULL AND {TOLD} AND NOT {HIDDEN}))
ORDER BY x.number DESC LIMIT ?4
"""


def topic_read(row: tuple[object, ...]) -> TopicRead:
    """Make what a topic has of a story of a row of TAKEN, without the story."""
    topic, title, secret, number, guid, selected_at, archived, left_at, pinned, hidden = row
    return TopicRead(
        topic=str(topic),
        title=str(title),
        secret=bool(secret),
        number=int(str(number)),
        guid=str(guid),
        selected_at=str(selected_at),
        archived=bool(archived),
        left_at=None if left_at is None else str(left_at),
        pinned=bool(pinned),
        hidden=bool(hidden),
    )


def topic_page(db: Database, topic: str, viewer: Viewer, *, before: int | None = None, limit: int = 30) -> TopicPage:
    """Read a page of what a topic (its config id) has taken and takes still: newest selection first, archived ones too.

    A story that was taken copy by copy is there once, by the first. The public sees nothing that is withheld or hidden
    there, and no story before the digest that tells it; the owner does, and is told so. Who may read a secret topic at
    all is for the caller to know.
    """
    rows = db.execute(LISTED, [topic, before, viewer, limit + 1]).fetchall()
    shown: dict[int, StoryRow] = {row.id: row for row in story_rows(db, [row[0] for row in rows[:limit]], viewer)}
    return TopicPage(
        stories=tuple((shown[row[0]], topic_read(row[1:])) for row in rows[:limit] if row[0] in shown),
        before=rows[limit - 1][4] if len(rows) > limit else None,
    )


VOLUME = """
SELECT substr(st.first_seen, 1, 10) AS day, count(DISTINCT x.story_id)
FROM selections x CROSS JOIN stories st ON st.id = x.story_id
WHERE x.topic_id = (SELECT id FROM topics WHERE config_id = ?2) AND x.left_at IS NULL
  AND x.story_id >= (SELECT id FROM stories WHERE first_seen >= ?1 ORDER BY first_seen LIMIT 1)
  AND st.first_seen >= ?1 AND st.merged_into IS NULL AND st.withheld IS NULL
GROUP BY day
"""


def topic_volume(db: Database, topic: str, now: str, days: int) -> tuple[tuple[str, int], ...]:
    """Count a topic's stories by the day of first sight, the last ``days`` days, today the last → (day, stories)."""
    today = parse_iso(now).date()
    first = today - timedelta(days=days - 1)
    counts = dict(db.execute(VOLUME, [f"{first.isoformat()}T00:00:00Z", topic]).fetchall())
    return tuple((day, counts.get(day, 0)) for day in each_day(first, today))
