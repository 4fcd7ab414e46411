"""A topic's items as they are shown: each a story, or in a topic that shows copies apart, an entry. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from db.apart import heads
from db.members import members_of
from db.model import Coverage, Enclosure
from db.output import FeedItem, Policy
from db.podcast import read_podcast
from db.shown import FIRST_ENTRY, KEPT
from db.siblings import events_of
from db.told_url import told_url

BEFORE = """
(y.archived < x.archived OR y.archived = x.archived AND +y.number < x.number) AND y.left_at IS NULL
"""
"""Whether ``y``, of the same story, is shown in its stead: what was announced before what was not, then the first."""

WHOLE = f"""
SELECT x.id, x.guid, x.number, x.selected_at, st.id, st.title, st.url, st.language,
       (SELECT f.published FROM entries f WHERE f.story_id = st.id ORDER BY f.id LIMIT 1), st.updated,
       st.first_seen, e.id, e.author, w.html, w.text, w.summary, e.enclosures, e.image, e.podcast
FROM json_each(?1) wanted JOIN selections x ON x.id = wanted.value
     JOIN stories st ON st.id = x.story_id JOIN entries e ON e.id = st.lead_entry_id
     JOIN entry_texts w ON w.entry_id = e.id
WHERE x.archived <= ?3 AND {KEPT}
  AND NOT EXISTS (SELECT 1 FROM selections y
                  WHERE y.topic_id = x.topic_id AND y.story_id = x.story_id AND {BEFORE})
ORDER BY wanted.key
"""
"""These selections, each a whole story. Of a story that was selected copy by copy before, the first selection stays.

It was published when its first entry was: another source that leads it from now on moves no date.
"""

APART = f"""
SELECT x.id, x.guid, x.number, x.selected_at, st.id, e.title, e.url, e.language, e.published,
       coalesce((SELECT max(r.replaced_at) FROM revisions r WHERE r.entry_id = e.id AND r.meaningful), e.first_seen),
       e.first_seen, e.id, e.author, w.html, w.text, w.summary, e.enclosures, e.image, e.podcast
FROM json_each(?1) wanted JOIN selections x ON x.id = wanted.value
     JOIN entries e ON e.id = coalesce(x.entry_id, {FIRST_ENTRY})
     JOIN stories st ON st.id = e.story_id JOIN entry_texts w ON w.entry_id = e.id
WHERE x.archived <= ?3 AND {KEPT}
  AND (?2 = 'off' OR e.joined_by NOT IN ('link', 'print', 'person')
       OR e.id = (SELECT min(f.id) FROM entries f WHERE f.story_id = e.story_id))
  AND NOT EXISTS (
      SELECT 1 FROM selections y
      WHERE y.topic_id = x.topic_id AND y.story_id = x.story_id AND {BEFORE}
        AND coalesce(y.entry_id, (SELECT min(f.id) FROM entries f WHERE f.story_id = y.story_id)) = e.id)
ORDER BY wanted.key
"""
"""Likewise, each an entry, the head of its exact copies. A whole story that was selected before is its first entry."""


def feed_items(
    db: Database,
    topic_id: int,
    selections: Sequence[int],
    policy: Policy,
    pinned: Collection[int] = (),
    *,
    past: bool = False,
) -> Iterator[FeedItem]:
    """Read those of these selections of a topic that are shown as items, in this order.

    Where edits are silent an item was never changed, as far as its dates tell: its text follows all the same.
    ``past``: as its archive shows them, which has those too that were never announced.
    """
    sql = WHOLE if policy.dedupe == "copies" else APART
    rows = db.execute(sql, [json.dumps(selections), policy.dedupe, int(past)]).fetchall()
    ids = [row[4] for row in rows]
    stories = json.dumps(ids)
    coverage = coverage_of(db, stories)
    members = members_of(db, ids) if policy.dedupe != "copies" else {}
    tags = tags_of(db, stories)
    events = events_of(db, ids, policy.grouping, topic_id)
    for id_, guid, number, selected_at, story, title, url, language, published, updated, *entry in rows:
        first_seen, shown, author, html, text, summary, enclosures, image, podcast = entry
        covering = coverage[story]
        if policy.dedupe != "copies":
            head = heads(members[story], policy.dedupe)
            covering = [(each, one) for each, one in covering if head[each] == head[shown]]
        yield FeedItem(
            guid=guid,
            number=number,
            story_id=story,
            title=title,
            url=url,
            author=author,
            html=html,
            text=text,
            language=language,
            published=published,
            updated=first_seen if policy.edits == "silent" else updated,
            first_seen=first_seen,
            selected_at=selected_at,
            tags=tuple(tags[story]),
            enclosures=tuple(Enclosure(**enclosure) for enclosure in json.loads(enclosures)),
            coverage=tuple(one for _, one in covering),
            lead=next((n for n, (each, _) in enumerate(covering) if each == shown), 0),
            event=events.get(story),
            summary=summary,
            pinned=id_ in pinned,
            image=image,
            podcast=read_podcast(podcast),
        )


def coverage_of(db: Database, stories: str) -> defaultdict[int, list[tuple[int, Coverage]]]:
    """Read the coverage of stories (a JSON array of ids) → (entry id, coverage) in order of first sight."""
    found: defaultdict[int, list[tuple[int, Coverage]]] = defaultdict(list)
    rows: Iterable[tuple[Any, ...]] = db.execute(
        """
        SELECT e.story_id, e.id, s.config_id, coalesce(s.title, s.config_id),
               coalesce(s.moved_url, s.url), s.site_url, e.url, e.title,
               e.first_seen, s.feed_id
        FROM entries e JOIN sources s ON s.id = e.source_id
        WHERE e.story_id IN (SELECT value FROM json_each(?)) ORDER BY e.id
        """,
        [stories],
    )
    for story, entry, source, source_title, source_url, site_url, url, title, first_seen, feed_id in rows:
        one = Coverage(
            source=source,
            source_title=source_title,
            source_url=told_url(source_url) if source_url.startswith(("http://", "https://")) else None,
            site_url=site_url,
            url=url,
            title=title,
            first_seen=first_seen,
            feed_id=told_url(feed_id) if feed_id is not None else None,
        )
        found[story].append((entry, one))
    return found


def tags_of(db: Database, stories: str) -> defaultdict[int, list[str]]:
    """Read the tags of stories (a JSON array of ids) → ``kind:name``, sorted, each once."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for story, tag in db.execute(
        """
        SELECT DISTINCT st.story_id, t.kind || ':' || t.name AS tag
        FROM story_tags st JOIN tags t ON t.id = st.tag_id
        WHERE st.story_id IN (SELECT value FROM json_each(?)) ORDER BY tag
        """,
        [stories],
    ):
        found[story].append(tag)
    return found
