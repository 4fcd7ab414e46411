"""What a person says of one story is carried out: pin, hide, tag, lead, and the undoing of each. IO: sqlite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db.curate import Wish, decide_marks, marked_by
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.last_word import pinned
from db.marks import marks_of
from db.merge import living
from db.placing import move, move_back
from ingest.retold import taking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from db.decisions import Decision
    from ingest.poll import Setup

LOSING = ("tag", "untag", "pin", "unpin")
"""By these a topic may lose a story that it took: a person spoke of what it is taken by. By others it only gains."""


def carry_out_marks(
    db: Database, wish: Wish, setup: Setup, now: str, by: str | None, retell: Callable[[Decision, list[int]], None]
) -> Decision:
    """Mark a story, and have it told, tagged and selected by that → the decision. Raises MergeError.

    ``retell`` asks rules and topics of stories anew.
    """
    story = living(db, wish.story_id)
    before = taken(db, [story], setup, now)
    done = decide_marks(db, wish, now, by)
    retell(done, [story])
    after = taken(db, [story], setup, now)
    lost = before - after if wish.word in LOSING else ()
    move(db, done.id, gained=after - before, pinned=pins_of(db, [story]), lost=lost, now=now)
    return done


def put_back(
    db: Database, done: Decision, setup: Setup, now: str, retell: Callable[[Decision, list[int]], None]
) -> None:
    """Have the stories of marks that were taken back be as they were without them."""
    stories = marked_by(db, done.id)
    retell(done, stories)
    move_back(db, done.id, taken(db, stories, setup, now), now)


def taken(db: Database, stories: Sequence[int], setup: Setup, now: str) -> frozenset[tuple[int, int]]:
    """Ask which topics would take stories now → (topic, story)."""
    return taking(stories, ArchiveKnown(db, DraftDesk()), setup.desks, setup.grouping, now)


def pins_of(db: Database, stories: Sequence[int]) -> frozenset[tuple[int, int]]:
    """Read where stories are pinned → (topic, story)."""
    return frozenset((topic, story) for story, marks in marks_of(db, stories).items() for topic in pinned(marks))


def wish_of(request: dict[str, Any], story_id: int) -> Wish:
    """Read a command's request."""
    return Wish(
        word=request["do"],
        story_id=story_id,
        topic=request.get("topic"),
        tags=tuple((kind, name) for kind, name in request.get("tags", ())),
        entry_id=request.get("entry"),
    )
