"""A topic's archive pages: what waits for one, what each has, which must be written anew. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from sqlite_utils import Database

from db.digests import digests_of
from db.items import feed_items
from db.output import Policy, TopicFeed
from db.paging import Waiting, is_late
from db.shown import KEPT

Has = Literal["stories", "digests"]


class Page(NamedTuple):
    """An archive page: its number, from 1, the oldest; of what it has which numbers, first to last.

    ``changes`` is its change count; ``is_new``: it was never written.
    """

    page: int
    has: Has
    first: int
    last: int
    changes: int
    is_new: bool = False


def last_page(db: Database, topic_id: int) -> tuple[int, str | None]:
    """Read the number of a topic's newest page, 0 where it has none, and when it was closed."""
    rows = db.execute(
        "SELECT page, closed_at FROM archive_pages WHERE topic_id = ? ORDER BY page DESC LIMIT 1", [topic_id]
    )
    return next(((int(page), closed_at) for page, closed_at in rows), (0, None))


def closed_up_to(db: Database, topic_id: int, has: Has) -> int:
    """Read the last number that is in a page of a topic, 0 where none is."""
    ((last,),) = db.execute(
        "SELECT coalesce(max(last_number), 0) FROM archive_pages WHERE topic_id = ? AND has = ?", [topic_id, has]
    ).fetchall()
    return int(last)


def waiting_stories(db: Database, topic_id: int, policy: Policy, most: int) -> list[Waiting]:
    """Read the selections that are in no page yet, oldest first, so many at most."""
    return [
        Waiting(number, bool(kept), is_late(policy, archived=bool(archived)))
        for number, archived, kept in selections_after(db, topic_id, closed_up_to(db, topic_id, "stories"), None, most)
    ]


def waiting_before_digests(db: Database, topic_id: int, most: int) -> list[Waiting]:
    """Read likewise those that a topic had selected before it had digests: none of these tells them."""
    after = closed_up_to(db, topic_id, "stories")
    ((below,),) = db.execute(
        "SELECT coalesce((SELECT min(d.first_number) FROM digests d WHERE d.topic_id = t.id AND d.last_number > ?2), "
        "t.digest_from) FROM topics t WHERE t.id = ?1",
        [topic_id, after],
    ).fetchall()
    if below is None:
        return []
    return [
        Waiting(number, bool(kept), bool(archived))
        for number, archived, kept in selections_after(db, topic_id, after, below, most)
    ]


def selections_after(
    db: Database, topic_id: int, after: int, below: int | None, most: int
) -> Iterable[tuple[int, int, int]]:
    """Read a topic's selections from a number on → (number, archived, whether its past has it)."""
    return db.execute(
        f"SELECT x.number, x.archived, {KEPT} FROM selections x JOIN stories st ON st.id = x.story_id "
        "WHERE x.topic_id = ?1 AND x.number > ?2 AND (?3 IS NULL OR x.number < ?3) ORDER BY x.number LIMIT ?4",
        [topic_id, after, below, most],
    ).fetchall()


def waiting_digests(db: Database, topic_id: int, most: int) -> list[Waiting]:
    """Read the digests that are in no page yet, oldest first, so many at most."""
    rows = db.execute(
        "SELECT number FROM digests WHERE topic_id = ? AND number > ? ORDER BY number LIMIT ?",
        [topic_id, closed_up_to(db, topic_id, "digests"), most],
    )
    return [Waiting(number) for (number,) in rows]


def close_page(db: Database, topic_id: int, has: Has, last: int, now: str) -> int:
    """Close the next page of a topic, up to that number → which page it is.

    The page before it must be written anew: it leads on now. Raises ValueError where that number is in a page already.
    """
    page, first = last_page(db, topic_id)[0] + 1, closed_up_to(db, topic_id, has) + 1
    if last < first:
        raise ValueError(f"{has} up to {last} are in archive pages already")
    db.execute(
        "INSERT INTO archive_pages (topic_id, page, has, first_number, last_number, closed_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [topic_id, page, has, first, last, now],
    )
    db.execute("UPDATE archive_pages SET changes = changes + 1 WHERE topic_id = ? AND page = ?", [topic_id, page - 1])
    return page


def stale_pages(db: Database, topic_id: int) -> list[Page]:
    """Read the pages of a topic that must be written anew, newest first."""
    rows = db.execute(
        "SELECT page, has, first_number, last_number, changes, published = 0 FROM archive_pages "
        "WHERE topic_id = ? AND published < changes ORDER BY page DESC",
        [topic_id],
    )
    return [Page(*row) for row in rows]


def numbers_of(db: Database, selections: Iterable[int]) -> dict[int, int]:
    """Read the numbers of selections → by selection."""
    return dict(
        db.execute(
            "SELECT id, number FROM selections WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(selections))],
        )
    )


def look_at_all_pages(db: Database) -> None:
    """Have all pages written anew; of those that are on disk as they are, nothing is written."""
    db.execute("UPDATE archive_pages SET changes = changes + 1")


def topics_waiting(db: Database) -> set[str]:
    """Read the topics of the config that have selections in no page yet that were never announced."""
    rows = db.execute(
        "SELECT t.config_id FROM topics t WHERE t.removed_at IS NULL AND EXISTS (SELECT 1 FROM selections x "
        "WHERE x.topic_id = t.id AND x.archived = 1 AND x.number > (SELECT coalesce(max(p.last_number), 0) "
        "FROM archive_pages p WHERE p.topic_id = t.id AND p.has = 'stories'))"
    )
    return {topic for (topic,) in rows}


def topics_behind(db: Database) -> set[str]:
    """Read the topics of the config that have such pages."""
    rows = db.execute(
        "SELECT DISTINCT t.config_id FROM archive_pages p JOIN topics t ON t.id = p.topic_id "
        "WHERE p.published < p.changes AND t.removed_at IS NULL"
    )
    return {topic for (topic,) in rows}


def mark_pages_published(db: Database, topic_id: int, pages: Sequence[Page]) -> None:
    """Note that pages are on disk as of their change counts."""
    db.conn.executemany(
        "UPDATE archive_pages SET published = max(published, ?3) WHERE topic_id = ?1 AND page = ?2",
        [(topic_id, page.page, page.changes) for page in pages],
    )


def page_feed(db: Database, topic: str, page: Page, policy: Policy) -> TopicFeed:
    """Read what an archive page of a topic has, newest first. Raises KeyError for no such topic."""
    for id_, title, urn, created_at in db.execute(
        "SELECT id, title, urn, created_at FROM topics WHERE config_id = ?", [topic]
    ).fetchall():
        made = TopicFeed(id=topic, title=title, urn=urn, created_at=created_at)
        return with_numbers(db, made, id_, page.has, page.first, page.last, policy)
    raise KeyError(topic)


def with_numbers(
    db: Database, feed: TopicFeed, topic_id: int, has: Has, first: int, last: int, policy: Policy
) -> TopicFeed:
    """Fill a topic's feed with the stories or digests of these numbers."""
    if has == "digests":
        return replace(feed, digests=tuple(digests_of(db, topic_id, policy, numbers=(first, last))))
    rows = db.execute(
        "SELECT id FROM selections WHERE topic_id = ? AND number BETWEEN ? AND ? ORDER BY number DESC",
        [topic_id, first, last],
    )
    return replace(feed, items=tuple(feed_items(db, topic_id, [id_ for (id_,) in rows], policy, past=True)))


def page_as(db: Database, topic_id: int, paged_as: str, missing: Iterable[int] = ()) -> None:
    """Take over what, beside their stories, a topic's pages are written by: with something else, all must be anew.

    Otherwise those must that are ``missing``.
    """
    changed = db.execute(
        "UPDATE topics SET paged_as = ?2 WHERE id = ?1 AND paged_as IS NOT ?2 RETURNING id", [topic_id, paged_as]
    ).fetchall()
    if changed:
        db.execute("UPDATE archive_pages SET changes = changes + 1 WHERE topic_id = ?", [topic_id])
        return
    db.conn.executemany(
        "UPDATE archive_pages SET changes = changes + 1 WHERE topic_id = ? AND page = ?",
        [(topic_id, page) for page in missing],
    )
