"""What a person says of one story: pin, hide, tag, lead, and the taking back of each. IO: sqlite.

Runs inside the writer's transaction. Nothing is forgotten: what takes something back is a mark of its own. What the
marks change in leads, tags and topics is done by whoever calls.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from sqlite_utils import Database

from db.decisions import Decision, record
from db.last_word import given_by_hand, is_hidden, lead_by_hand, pinned, withheld
from db.marks import marks_of, settle_marks
from db.merge import MergeError, living
from db.recall import Mark
from db.text import slug

Word = Literal["pin", "unpin", "hide", "unhide", "tag", "untag", "lead"]
WORDS: tuple[Word, ...] = get_args(Word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants of a story: ``topic`` by its config id, ``tags`` as (kind, name).

    hide, unhide without a topic: everywhere. lead without an entry: as if nobody had chosen one.
    """

    word: Word
    story_id: int
    topic: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    entry_id: int | None = None


class Said(NamedTuple):
    """A mark to be made."""

    kind: str
    topic_id: int | None = None
    tag: tuple[str, str] | None = None
    entry_id: int | None = None


def decide_marks(db: Database, wish: Wish, now: str, by: str | None) -> Decision:
    """Mark a story, for good → the decision. A story that went into another is followed.

    Raises MergeError where that story, topic, tag or entry is not there, or it is so already.
    """
    story = living(db, wish.story_id)
    said = MAKERS[wish.word](db, story, marks_of(db, [story]).get(story, ()), wish)
    id_ = record(db, now, wish.word, story, story, wish.entry_id, None, {}, by)
    for mark in said:
        db.execute(
            "INSERT INTO mark_log (decision_id, kind, said_of, story_id, topic_id, tag_id, entry_id, stands) "
            "VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, 0)",
            [id_, mark.kind, story, mark.topic_id, tag_row(db, mark.tag), mark.entry_id],
        )
    settle_marks(db, [story])
    return Decision(id=id_, kind=wish.word, story_id=story, other_id=story, entry_id=wish.entry_id)


def made_pin(db: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Pin it; where it was hidden in that topic, it is shown there again."""
    topic = topic_named(db, wish.topic)
    if topic in pinned(marks):
        raise MergeError(f"story {story} is pinned in topic {wish.topic!r} already")
    if is_hidden_everywhere(marks):
        raise MergeError(f"story {story} is hidden in all topics: `wireroom unhide {story}` first")
    return [*([Said("show", topic)] if is_hidden(marks, topic) else []), Said("pin", topic)]


def made_unpin(db: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Take a pin back."""
    topic = topic_named(db, wish.topic)
    if topic not in pinned(marks):
        raise MergeError(f"story {story} is not pinned in topic {wish.topic!r}")
    return [Said("unpin", topic)]


def made_hide(db: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Hide it in one topic or everywhere."""
    topic = topic_named(db, wish.topic) if wish.topic is not None else None
    if is_hidden_everywhere(marks):
        raise MergeError(f"story {story} is hidden in all topics already")
    if topic is not None and is_hidden(marks, topic):
        raise MergeError(f"story {story} is hidden in topic {wish.topic!r} already")
    return [Said("hide", topic)]


def made_unhide(db: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Show it again in one topic; or in all, where a rule keeps it out too."""
    ((kept_out,),) = db.execute("SELECT withheld FROM stories WHERE id = ?", [story]).fetchall()
    if wish.topic is None:
        if kept_out is None and not any(mark.kind == "hide" for mark in marks):
            raise MergeError(f"story {story} is hidden nowhere; `wireroom explain {story}` says which topics have it")
        return [Said("show")]
    topic = topic_named(db, wish.topic)
    if kept_out is not None or is_hidden_everywhere(marks):
        raise MergeError(f"story {story} is kept out of all topics: `wireroom unhide {story}` lets it in again")
    if not is_hidden(marks, topic):
        raise MergeError(f"story {story} is not hidden in topic {wish.topic!r}")
    return [Said("show", topic)]


def made_tags(_: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Give it tags that it has not by hand yet."""
    has = {(tag.kind, tag.name) for tag in given_by_hand(marks)}
    new = [tag for tag in dict.fromkeys(wish.tags) if tag not in has]
    if not new:
        raise MergeError(f"story {story} has {listed(wish.tags)} by hand already")
    return [Said("tag", tag=tag) for tag in new]


def made_untags(db: Database, story: int, _: Sequence[Mark], wish: Wish) -> list[Said]:
    """Take tags away that it has, whatever gives them."""
    rows = db.execute(
        "SELECT DISTINCT t.kind, t.name FROM story_tags x JOIN tags t ON t.id = x.tag_id WHERE x.story_id = ? "
        "ORDER BY 1, 2",
        [story],
    )
    has = [(kind, name) for kind, name in rows]
    wanted = [tag if tag in has else (tag[0], slug(tag[1])) for tag in wish.tags]
    if missing := [tag for tag in wanted if tag not in has]:
        raise MergeError(f"story {story} has no tag {listed(missing)}; it has {listed(has) or 'none'}")
    return [Said("untag", tag=tag) for tag in dict.fromkeys(wanted)]


def made_lead(db: Database, story: int, marks: Sequence[Mark], wish: Wish) -> list[Said]:
    """Have an entry shown, whatever comes; or none by hand any more."""
    led = lead_by_hand(marks)
    if wish.entry_id is None:
        if led is None:
            raise MergeError(f"no entry of story {story} leads it by hand")
        return [Said("auto")]
    if db.execute("SELECT 1 FROM entries WHERE id = ? AND story_id = ?", [wish.entry_id, story]).fetchone() is None:
        raise MergeError(f"story {story} has no entry {wish.entry_id}; `wireroom explain {story}` lists its entries")
    if led == wish.entry_id:
        raise MergeError(f"entry {led} leads story {story} by hand already")
    return [Said("lead", entry_id=wish.entry_id)]


MAKERS: dict[str, Callable[[Database, int, Sequence[Mark], Wish], list[Said]]] = {
    "pin": made_pin,
    "unpin": made_unpin,
    "hide": made_hide,
    "unhide": made_unhide,
    "tag": made_tags,
    "untag": made_untags,
    "lead": made_lead,
}


def is_hidden_everywhere(marks: Sequence[Mark]) -> bool:
    """Tell whether a person keeps a story out of all topics."""
    kept_out = withheld(marks, None)
    return kept_out is not None and kept_out.how == "hide"


def topic_named(db: Database, config_id: str | None) -> int:
    """Find the row of a topic of the config. Raises MergeError."""
    topics = dict(db.execute("SELECT config_id, id FROM topics WHERE removed_at IS NULL ORDER BY config_id"))
    if config_id not in topics:
        close = difflib.get_close_matches(config_id or "", topics, n=1)
        mend = f"did you mean {close[0]!r}?" if close else f"the config has {', '.join(topics) or 'none'}"
        raise MergeError(f"there is no topic {config_id!r}; {mend}")
    return int(topics[config_id])


def tag_row(db: Database, tag: tuple[str, str] | None) -> int | None:
    """Find or make the row of a tag → its id."""
    if tag is None:
        return None
    db.execute("INSERT OR IGNORE INTO tags (kind, name) VALUES (?, ?)", tag)
    ((id_,),) = db.execute("SELECT id FROM tags WHERE kind = ? AND name = ?", tag).fetchall()
    return int(id_)


def listed(tags: Collection[tuple[str, str]]) -> str:
    """Write tags as a person does."""
    return ", ".join(f"{kind}:{name}" for kind, name in tags)


def marked_by(db: Database, decision_id: int) -> list[int]:
    """Find the stories that a decision's marks are on now."""
    rows = db.execute("SELECT DISTINCT story_id FROM mark_log WHERE decision_id = ? ORDER BY 1", [decision_id])
    return [story for (story,) in rows]
