"""Which stories have had their time, and which of these are kept all the same. IO: sqlite.

A pass goes through the index of coverage, which has no texts in it, from the oldest story on, a little at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlite_utils import Database

from db.digests import SHOWN
from db.front import reach
from db.keeping import FOREVER, LEAST, Coverage, Except, Keep, Line, Past, past
from db.output import Policy
from db.regroup import first_since
from db.times import iso

Reason = Literal["published", "pinned", "tagged", "waiting", "shown", "recent", "bound"]
"""Why a story that has had its time is kept: a topic has it; a person pinned it; it has such a tag; a topic will look
at it once more; it has a place in a feed, seen or unseen; it was changed lately; one that it hangs together with is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a pass goes by: the lines by source (row ids), what is excepted, what feeds show.

    ``fronts``: by topic (row id), the number from which on its selections may be in its feed. ``since``: nothing that
    was seen or changed since then goes.
    """

    lines: Mapping[int, Line]
    excepted: Except
    fronts: Mapping[int, int]
    since: str


class Look(NamedTuple):
    """What a look found: what has had its time, and the last story that was looked at; None: there are no more."""

    past: Past
    after: int | None
    looked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the config says of keeping: for all sources, for some (by config id), of topics what they show."""

    keep: Keep = Keep()  # noqa: RUF009 - it is frozen
    by_source: Mapping[str, Keep] = field(default_factory=dict)
    excepted: Except = Except()  # noqa: RUF009
    policies: Mapping[str, Policy] = field(default_factory=dict)


def bounds(db: Database, wanted: Wanted, now: datetime) -> Bounds:
    """Read what a pass goes by. Not for the writer: where a count is asked for, it goes through a large index once."""
    lines = lines_of(db, wanted, now)
    return Bounds(
        lines=lines,
        excepted=wanted.excepted,
        fronts=fronts_of(db, wanted.policies),
        since=iso(now - LEAST),
    )


def lines_of(db: Database, wanted: Wanted, now: datetime) -> dict[int, Line]:
    """Read below which of their ids entries have had their time, by source; sources that keep all are left out."""
    ages: dict[float, int] = {FOREVER: 0}
    floor = first_since(db, iso(now - LEAST))

    def aged(seconds: float) -> int:
        if seconds not in ages:
            ages[seconds] = min(floor, first_since(db, iso(now - timedelta(seconds=seconds))))
        return ages[seconds]

    keeps = {id_: wanted.by_source.get(name, wanted.keep) for id_, name in db.execute(NAMED)}
    counts: dict[int, int] = {}
    if any(keep.per_source is not None for keep in keeps.values()):
        counts = dict(db.execute("SELECT source_id, count(*) FROM entries GROUP BY source_id").fetchall())
    lines = {}
    for source, keep in keeps.items():
        counted = 0
        if keep.per_source is not None and counts.get(source, 0) > keep.per_source:
            counted = min(floor, newest_but(db, source, keep.per_source))
        line = Line(aged(keep.stories_s), counted, aged(keep.bodies_s))
        if any(line):
            lines[source] = line
    return lines


NAMED = """
SELECT s.id, coalesce(n.config_id, s.config_id) FROM sources s
LEFT JOIN sources n ON n.url = s.url AND n.removed_at IS NULL AND s.removed_at IS NOT NULL ORDER BY n.id
"""
"""Sources by the id that the config has for them. One that got another id there is a new one to the archive."""


def newest_but(db: Database, source_id: int, count: int) -> int:
    """Find the oldest of so many newest entries of a source → its id."""
    ((id_,),) = db.execute(
        "SELECT id FROM entries WHERE source_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?", [source_id, count - 1]
    ).fetchall()
    return int(id_)


def fronts_of(db: Database, policies: Mapping[str, Policy]) -> dict[int, int]:
    """Read from which number on a topic's selections, or what its newest digests have, may be in its feed."""
    found = {}
    for topic, name, has_digests in db.execute("SELECT id, config_id, digest_from IS NOT NULL FROM topics").fetchall():
        policy = policies.get(name)
        if policy is None:
            continue
        if has_digests:
            sql = (
                "SELECT coalesce((SELECT min(first_number) FROM (SELECT first_number FROM digests "
                "WHERE topic_id = t.id ORDER BY number DESC LIMIT ?2)), digest_from) FROM topics t WHERE id = ?1"
            )
            row = db.execute(sql, [topic, SHOWN]).fetchone()
        else:
            sql = (
                "SELECT number FROM selections WHERE topic_id = ? AND archived = 0 ORDER BY number DESC "
                "LIMIT 1 OFFSET ?"
            )
            row = db.execute(sql, [topic, reach(policy) - 1]).fetchone()
        found[topic] = row[0] if row is not None else 0
    return found


def look(db: Database, lines: Mapping[int, Line], after: int, most: int) -> Look:
    """Look at the stories after one, so many entries of them → what has had its time by the lines alone."""
    sql = "SELECT story_id, source_id, id FROM entries INDEXED BY entries_story"
    rows = [
        Coverage(*row)
        for row in db.conn.execute(f"{sql} WHERE story_id > ? ORDER BY story_id LIMIT ?", (after, most)).fetchall()
    ]
    is_last = len(rows) < most
    if not is_last:  # the last story may have more
        cut = rows[-1].story_id
        rows = [row for row in rows if row.story_id != cut] or [
            Coverage(*row) for row in db.conn.execute(f"{sql} WHERE story_id = ?", (cut,)).fetchall()
        ]
    return Look(past(rows, lines), None if is_last else rows[-1].story_id, len(rows))


def kept_by(db: Database, stories: Collection[int], bounds: Bounds) -> dict[int, Reason]:
    """Find which of these stories are kept all the same → why; a story that went into another may be among them."""
    if not stories:
        return {}
    wanted = json.dumps(list(stories))
    found: dict[int, Reason] = {}

    def note(reason: Reason, rows: Iterable[tuple[int]]) -> None:
        for (story,) in rows:
            found.setdefault(story, reason)

    if bounds.excepted.pinned:
        note("pinned", db.execute(f"SELECT story_id FROM marks WHERE kind = 'pin' AND story_id IN {GIVEN}", [wanted]))
    if bounds.excepted.published:
        note("published", db.execute(PUBLISHED, [wanted]))
    if bounds.excepted.tagged:  # asked each time: a person may make the tag while the pass is under way
        note("tagged", db.execute(TAGGED, [wanted, json.dumps(bounds.excepted.tagged)]))
    note("waiting", db.execute(f"SELECT story_id FROM waiting WHERE story_id IN {GIVEN}", [wanted]))
    rows = db.execute(
        f"SELECT story_id, topic_id, number FROM selections WHERE archived = 0 AND story_id IN {GIVEN}", [wanted]
    )
    note("shown", [(story,) for story, topic, number in rows if number >= bounds.fronts.get(topic, number + 1)])
    rest = json.dumps([story for story in stories if story not in found])
    note("recent", db.execute(RECENT, [rest, bounds.since]))
    return found


GIVEN = "(SELECT value FROM json_each(?))"

PUBLISHED = f"""
SELECT x.story_id FROM selections x JOIN topics t ON t.id = x.topic_id
WHERE x.story_id IN {GIVEN} AND x.left_at IS NULL AND t.removed_at IS NULL
"""

TAGGED = f"""
SELECT x.story_id FROM story_tags x CROSS JOIN tags t ON t.id = x.tag_id
WHERE x.story_id IN {GIVEN} AND EXISTS (SELECT 1 FROM json_each(?) p WHERE t.kind || ':' || t.name GLOB p.value)
"""

RECENT = """
SELECT st.id FROM stories st WHERE st.id IN (SELECT value FROM json_each(?1)) AND (
  st.updated >= ?2 OR EXISTS (SELECT 1 FROM entries e WHERE e.story_id = st.id AND e.first_seen >= ?2))
"""
"""Also where a clock that was wrong for a while has put times among the ids that do not rise with them."""
