"""Stories as items of feeds that are made when they are asked for: of a tag, a source, a search. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlite_utils import Database

from db.items import coverage_of, tags_of
from db.model import Enclosure, Level
from db.output import FeedItem
from db.podcast import read_podcast
from db.siblings import events_of

SHOWN = """
SELECT st.id, st.title, st.url, st.language, st.published, st.updated, st.first_seen, e.id, e.author, w.html, w.text,
       w.summary, e.enclosures, e.image, e.podcast
FROM json_each(?) wanted JOIN stories st ON st.id = wanted.value JOIN entries e ON e.id = st.lead_entry_id
     JOIN entry_texts w ON w.entry_id = e.id
ORDER BY wanted.key
"""
STAMP = """
SELECT (SELECT max(id) FROM stories), (SELECT max(id) FROM entries), (SELECT max(id) FROM revisions),
       (SELECT max(id) FROM merges), (SELECT max(id) FROM decisions),
       (SELECT count(*) FROM decisions WHERE undone_at IS NOT NULL), (SELECT max(id) FROM moves)
"""
TOUCHED = """
SELECT max(e.first_seen), max((SELECT max(r.replaced_at) FROM revisions r WHERE r.entry_id = e.id))
FROM entries e WHERE e.story_id IN (SELECT value FROM json_each(?))
"""

Stamp = tuple[int | None, ...]
"""What rises when stories come, change, are joined, or a person says something of them."""


class Origin(NamedTuple):
    """The archive itself: its own id, and since when it has sources."""

    uuid: UUID
    since: str

    def urn(self, name: str) -> str:
        """Make the id of what is called so in this archive: always the same, and nowhere else (RFC 9562, 5.5)."""
        return uuid5(self.uuid, name).urn


def origin_of(db: Database) -> Origin:
    """Read what the archive is called, and since when it has sources."""
    ((uuid,),) = db.execute("SELECT uuid FROM archive")
    ((since,),) = db.execute("SELECT coalesce(min(added_at), '1970-01-01T00:00:00Z') FROM sources")
    return Origin(UUID(uuid), since)


def stamp_of(db: Database) -> Stamp:
    """Read the stamp, by the ends of indices."""
    found: Stamp = db.execute(STAMP).fetchone()
    return found


def touched_at(db: Database, stories: Sequence[int]) -> str | None:
    """Read when these stories last got an entry, or one of theirs last changed, in whatever way."""
    times = db.execute(TOUCHED, [json.dumps(list(stories))]).fetchone()
    return max(filter(None, times), default=None)


def story_items(db: Database, stories: Sequence[int], origin: Origin, level: Level = "normal") -> tuple[FeedItem, ...]:
    """Read living stories as items, in the order given.

    An item's id is the archive's and the story's: the same in all these feeds, and never that of a topic's item. The
    ids of stories are never given to others, so it never names two.
    """
    wanted = json.dumps(list(stories))
    rows = db.execute(SHOWN, [wanted]).fetchall()
    coverage, tags = coverage_of(db, wanted), tags_of(db, wanted)
    events = events_of(db, stories, level, None)
    return tuple(
        FeedItem(
            guid=origin.urn(f"story {story}"),
            number=story,
            story_id=story,
            title=title,
            url=url,
            author=author,
            html=html,
            text=text,
            language=language,
            published=published,
            updated=updated,
            first_seen=first_seen,
            selected_at=first_seen,
            tags=tuple(tags[story]),
            enclosures=tuple(Enclosure(**each) for each in json.loads(enclosures)),
            coverage=tuple(one for _, one in coverage[story]),
            lead=next((n for n, (entry, _) in enumerate(coverage[story]) if entry == shown), 0),
            event=events.get(story),
            summary=summary,
            image=image,
            podcast=read_podcast(podcast),
        )
        for (
            story,
            title,
            url,
            language,
            published,
            updated,
            first_seen,
            shown,
            author,
            html,
            text,
            summary,
            enclosures,
            image,
            podcast,
        ) in rows
    )
