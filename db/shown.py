"""Which selections a topic shows, and in which order. IO: sqlite.

Never shown: what was archived without being announced, what the topic takes no longer, what a rule or a person keeps
out. Such a selection keeps its place, where it had one: no older item comes back in its stead, which readers that have
forgotten it would take for a new one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlite_utils import Database

from db.front import Candidate, places, reach
from db.output import Policy
from db.times import iso, parse_iso

MAX_PINS = 10
"""So many pinned items are shown first; of more, those that were pinned last."""

HIDDEN = """
((SELECT m.kind FROM marks m WHERE m.story_id = x.story_id AND m.kind IN ('hide', 'show')
   AND (m.topic_id IS NULL OR m.topic_id = x.topic_id) ORDER BY m.id DESC LIMIT 1) IS 'hide')
"""
"""What a person said last of hiding the story of selection ``x``."""

KEPT = f"x.left_at IS NULL AND st.merged_into IS NULL AND st.withheld IS NULL AND NOT {HIDDEN}"
"""Whether the topic's past has the selection ``x`` of the story ``st``."""

VISIBLE = f"x.archived = 0 AND {KEPT}"
"""Whether it may be seen in the topic's feed: it was announced too."""

FIRST_ENTRY = "(SELECT min(f.id) FROM entries f WHERE f.story_id = x.story_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What a topic shows now: its selections in order, those that are ``pinned`` first.

    ``came`` and ``left``: what must be noted of them before it is published (``note_front``).
    """

    ids: tuple[int, ...]
    pinned: frozenset[int] = frozenset()
    came: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    def without(self, cut: Collection[int]) -> Front:
        """Leave out what there is no room for: it has left, as if newer ones had its place.

        But what is pinned comes back when there is room, and what never came may still come.
        """
        gone = frozenset(cut)
        came = frozenset(self.came)
        return Front(
            ids=tuple(id_ for id_ in self.ids if id_ not in gone),
            pinned=self.pinned,
            came=tuple(id_ for id_ in self.came if id_ not in gone),
            left=(*self.left, *sorted(gone - came - self.pinned)),
        )


def front_of(db: Database, topic_id: int, policy: Policy) -> Front:
    """Read what a topic shows by its policy. Some of it may be invisible: it only keeps its place."""
    pins = pinned(db, topic_id)
    if policy.is_plain:
        rows = db.execute(
            "SELECT id, front IS 0 FROM selections WHERE topic_id = ? AND archived = 0 ORDER BY number DESC LIMIT ?",
            [topic_id, policy.limit],
        )
        ids = [id_ for id_, has_left in rows if not has_left]
        came: list[int] = []
        left: list[int] = []
    else:
        found = candidates(db, topic_id, policy)
        ids = places([one for one, _ in found], policy)
        came, left = moves(db, topic_id, ids, {one.id for one, visible in found if not visible})
    first = frozenset(pins)
    return Front(
        ids=(*pins, *(id_ for id_ in ids if id_ not in first)), pinned=first, came=tuple(came), left=tuple(left)
    )


def pinned(db: Database, topic_id: int) -> list[int]:
    """Read the visible selections of stories that a person pinned there, last pinned first.

    The few marks are gone through first (so CROSS JOIN, in SQLite), not the topic's many selections.
    """
    rows = db.execute(
        f"""
        SELECT x.id FROM marks p CROSS JOIN selections x ON x.topic_id = p.topic_id AND x.story_id = p.story_id
        JOIN stories st ON st.id = x.story_id
        WHERE p.topic_id = ? AND p.kind = 'pin' AND {VISIBLE}
        GROUP BY x.id ORDER BY max(p.id) DESC, x.number LIMIT {MAX_PINS}
        """,
        [topic_id],
    )
    return [id_ for (id_,) in rows]


def candidates(db: Database, topic_id: int, policy: Policy) -> list[tuple[Candidate, bool]]:
    """Read the selections that may have a place, newest first, each with whether it is visible.

    By coverage: those of the window that ends at the newest selection; the clock has no say.
    """
    newest = db.execute(
        "SELECT selected_at FROM selections WHERE topic_id = ? AND archived = 0 ORDER BY number DESC LIMIT 1",
        [topic_id],
    ).fetchone()
    if newest is None:
        return []
    since = iso(parse_iso(newest[0]) - timedelta(seconds=policy.window_s)) if policy.order == "coverage" else ""
    newest_ones = "SELECT * FROM selections WHERE topic_id = ?1 AND archived = 0 ORDER BY number DESC LIMIT ?2"
    rows = db.execute(
        f"SELECT {columns(policy)} FROM ({newest_ones}) x JOIN stories st ON st.id = x.story_id "
        "WHERE x.selected_at >= ?3 ORDER BY x.number DESC",
        [topic_id, reach(policy), since],
    )
    return [
        (Candidate(id_, source, sources, bool(has_left)), bool(visible))
        for id_, source, sources, has_left, visible in rows
    ]


def period(db: Database, topic_id: int, policy: Policy, first: int, last: int) -> list[Candidate]:
    """Read the visible selections of these numbers, newest first; each may have a place in their digest."""
    rows = db.execute(
        f"SELECT {columns(policy)} FROM selections x JOIN stories st ON st.id = x.story_id "
        f"WHERE x.topic_id = ? AND x.number BETWEEN ? AND ? AND {VISIBLE} ORDER BY x.number DESC",
        [topic_id, first, last],
    )
    return [Candidate(id_, source, sources, has_left=False) for id_, source, sources, *_ in rows]


def columns(policy: Policy) -> str:
    """Write what is read of a selection: its id, who leads it, how many carry it, has it left, is it visible."""
    shown = "st.lead_entry_id" if policy.dedupe == "copies" else f"coalesce(x.entry_id, {FIRST_ENTRY})"
    lead = f"(SELECT e.source_id FROM entries e WHERE e.id = {shown})"
    carried = "(SELECT count(DISTINCT c.source_id) FROM entries c WHERE c.story_id = x.story_id)"
    sources = carried if policy.order == "coverage" else "0"
    return f"x.id, {lead}, {sources}, x.front IS 0, {VISIBLE}"


def moves(db: Database, topic_id: int, ids: Sequence[int], invisible: set[int]) -> tuple[list[int], list[int]]:
    """Compare the places with what was noted of the last ones → what came and what left.

    What can't be seen has not come, and has not left either while it is among the candidates.
    """
    rows = db.execute("SELECT id FROM selections WHERE topic_id = ? AND front = 1", [topic_id])
    before = {id_ for (id_,) in rows}
    return sorted(set(ids) - before - invisible), sorted(before - set(ids) - invisible)


def note_front(db: Database, front: Front) -> None:
    """Note what came to a topic's feed and what left it, for good. To be done before the feed is published."""
    for state, ids in ((1, front.came), (0, front.left)):
        db.execute(
            "UPDATE selections SET front = ? WHERE id IN (SELECT value FROM json_each(?))", [state, json.dumps(ids)]
        )
