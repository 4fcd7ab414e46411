"""By which keys of the config a topic's output is written: noted, so that an edit of them is published. IO: sqlite."""

from __future__ import annotations

import json

from sqlite_utils import Database

from db.tokens import set_secret


def note_policy(db: Database, topic_id: int, *, fronted_by: str, styled_by: str, secret: bool, now: str) -> None:
    """Take over what the config says of a topic's output; where it says something else, it must be written anew.

    With other keys of its front (``fronted_by``, JSON: limit, dedupe, per_source, order and more) what had left that
    may come back: a person wants another front. What that has no place for leaves it, and stays away from then on.
    """
    ((fronted, styled, was_secret),) = db.execute(
        "SELECT fronted_by, styled_by, secret FROM topics WHERE id = ?", [topic_id]
    ).fetchall()
    if bool(was_secret) != secret:
        set_secret(db, topic_id, now, secret=secret)
    if (fronted, styled) == (fronted_by, styled_by):
        return
    if fronted is not None and fronted != fronted_by:
        db.execute("UPDATE selections SET front = NULL WHERE topic_id = ? AND front = 0", [topic_id])
        note_plain_front(db, topic_id, fronted)
    db.execute(
        "UPDATE topics SET fronted_by = ?, styled_by = ?, changes = changes + ? WHERE id = ?",
        [fronted_by, styled_by, int(styled is not None), topic_id],
    )


def note_plain_front(db: Database, topic_id: int, fronted_by: str) -> None:
    """Note what a topic showed by these keys, where they are plain: of such a front nothing is noted otherwise."""
    limit, _, per_source, order, *_ = json.loads(fronted_by)
    if per_source is None and order == "new":
        db.execute(
            "UPDATE selections SET front = 1 WHERE id IN (SELECT id FROM selections "
            "WHERE topic_id = ? AND archived = 0 ORDER BY number DESC LIMIT ?)",
            [topic_id, limit],
        )
