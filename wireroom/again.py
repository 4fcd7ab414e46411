"""What rules and topics make of stories that were asked anew, written. IO: sqlite."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from db.apply import note_taken, replace_tags, update_story, withhold
from db.selections import write_chosen
from ingest.retold import Again


def write_again(db: Database, again: Again, now: str, mint: Callable[[], str]) -> None:
    """Write what stories show now, their tags, what is kept out, and what topics do with them.

    Runs inside the writer's transaction. It is no news of the stories: what was updated when stays as it was.
    """
    for text in again.retold:
        update_story(db, text, text.lead, None)
    replace_tags(db, dict(again.tags), frozenset(), now)
    withhold(db, again.withheld)
    note_taken(db, again.taken, now)
    write_chosen(db, again.chosen, now, mint)
