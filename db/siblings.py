"""The other stories of an event, as items name them. IO: sqlite."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from sqlite_utils import Database

from db.model import LEAST_SCORES, ROUNDING, EventTold, Level, Sibling

MAX_NAMED = 10
"""So many other stories of an event are named in an item, the first that were seen; the rest are counted."""


def events_of(db: Database, stories: Iterable[int], level: Level, topic_id: int | None) -> dict[int, EventTold]:
    """Read which other stories tell of the events of these stories → what is told of it, by story.

    A story belongs to its event as far as ``level`` asks for; one that began it always does. Left out: stories that
    nobody else tells of; what is hidden in the topic that tells it.
    """
    if level == "off":
        return {}
    wanted = frozenset(stories)
    found: dict[int, tuple[int, int, int, list[int]]] = {}
    for event, group in standing(db, wanted, LEAST_SCORES[level], topic_id).items():
        carried = Counter(source for sources in group.values() for source in sources)
        first = list(islice(group, MAX_NAMED + 1))
        for story in wanted & group.keys():
            alone = sum(carried[source] == 1 for source in group[story])  # sources that carry no other of its stories
            others = [one for one in first if one != story][:MAX_NAMED]
            found[story] = event, len(group) - 1, len(carried) - alone, others
    leads = leads_of(db, {one for *_, others in found.values() for one in others})
    return {
        story: EventTold(
            id=event,
            stories=more,
            sources=sources,
            named=tuple(leads[one] for one in others if one in leads),
        )
        for story, (event, more, sources, others) in found.items()
        if more
    }


def standing(
    db: Database, stories: Iterable[int], least: float, topic_id: int | None
) -> Mapping[int, dict[int, frozenset[int]]]:
    """Read the living stories of the events of these stories → by event, each with its sources, oldest first.

    Left out: those that a rule or a person keeps out of all topics, or a person out of this one.
    """
    rows: Iterable[tuple[int, int, str]] = db.execute(
        """
        SELECT st.event_id, st.id, json_group_array(DISTINCT e.source_id)
        FROM stories st JOIN entries e ON e.story_id = st.id
        WHERE st.event_id IN (
            SELECT event_id FROM stories WHERE id IN (SELECT value FROM json_each(?1)) AND event_id IS NOT NULL
          )
          AND st.merged_into IS NULL AND st.withheld IS NULL AND coalesce(st.event_score >= ?2, 1)
          AND (SELECT m.kind FROM marks m WHERE m.story_id = st.id AND m.kind IN ('hide', 'show')
                 AND (m.topic_id IS NULL OR m.topic_id = ?3) ORDER BY m.id DESC LIMIT 1) IS NOT 'hide'
        GROUP BY st.event_id, st.id ORDER BY st.event_id, st.id
        """,
        [json.dumps(list(stories)), least - ROUNDING, topic_id],
    )
    found: defaultdict[int, dict[int, frozenset[int]]] = defaultdict(dict)
    for event, story, sources in rows:
        found[event][story] = frozenset(json.loads(sources))
    return found


def leads_of(db: Database, stories: Iterable[int]) -> dict[int, Sibling]:
    """Read how stories are named: by the source and the link of their lead."""
    rows: Iterable[tuple[Any, ...]] = db.execute(
        "SELECT st.id, st.title, s.config_id, coalesce(s.title, s.config_id), e.url, st.first_seen "
        "FROM stories st JOIN entries e ON e.id = st.lead_entry_id JOIN sources s ON s.id = e.source_id "
        "WHERE st.id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(stories))],
    )
    return {
        story: Sibling(
            story_id=story, title=title, source=source, source_title=source_title, url=url, first_seen=first_seen
        )
        for story, title, source, source_title, url, first_seen in rows
    }
