"""A person's last word on a story: which marks count, and what they come to. Pure.

A mark speaks of one thing: a tag, the lead, a pin in a topic, whether a topic shows the story. Of several that speak of
the same thing the newest counts, also where they come together since their stories turned out to be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.plan import Withheld
from db.recall import Mark, StoryTag

THING = {
    "pin": "pin", "unpin": "pin", "hide": "shown", "show": "shown",
    "tag": "tag", "untag": "tag", "lead": "lead", "auto": "lead",
}  # fmt: skip
EVERYWHERE = ("shown", None, None)


def standing(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Leave out what something newer says otherwise → the marks that count, oldest first.

    What is said of all topics takes the place of what was said of one before. What counts of two stories together is
    what counts of both: it may be asked story by story, and then once more.
    """
    found: list[Mark] = []
    spoken: set[tuple[str, int | None, tuple[str, str] | None]] = set()
    for mark in sorted(marks, key=lambda mark: mark.id, reverse=True):
        thing = THING[mark.kind], mark.topic_id, mark.tag
        if thing not in spoken and not (thing[0] == "shown" and EVERYWHERE in spoken):
            spoken.add(thing)
            found.append(mark)
    return tuple(reversed(found))


def given_by_hand(marks: Sequence[Mark]) -> tuple[StoryTag, ...]:
    """List the tags that a person gave."""
    return tuple(
        StoryTag(kind=mark.tag[0], name=mark.tag[1], origin="person", why=mark.by or "")
        for mark in marks
        if mark.kind == "tag" and mark.tag is not None
    )


def denied(marks: Sequence[Mark]) -> frozenset[tuple[str, str]]:
    """List the tags, as (kind, name), that a person took away: nothing gives them."""
    return frozenset(mark.tag for mark in marks if mark.kind == "untag" and mark.tag is not None)


def lead_by_hand(marks: Sequence[Mark]) -> int | None:
    """Find the entry that a person made the lead."""
    return next((mark.entry_id for mark in marks if mark.kind == "lead"), None)


def pinned(marks: Sequence[Mark]) -> frozenset[int]:
    """List the topics in which a person pinned the story."""
    return frozenset(mark.topic_id for mark in marks if mark.kind == "pin" and mark.topic_id is not None)


def is_hidden(marks: Sequence[Mark], topic_id: int) -> bool:
    """Tell whether a person hid the story in a topic: there, or everywhere and not shown again there."""
    said = [mark.kind for mark in marks if THING[mark.kind] == "shown" and mark.topic_id in (topic_id, None)]
    return said[-1:] == ["hide"]


def withheld(marks: Sequence[Mark], by_rules: Withheld | None) -> Withheld | None:
    """Tell whether a story is kept out of all topics: a person's word, where there is one, else what rules say.

    Who hides a story everywhere keeps it out; who shows it again, or pins it in a topic, lets it in.
    """
    said = next((mark for mark in reversed(marks) if THING[mark.kind] == "shown" and mark.topic_id is None), None)
    if said is not None and said.kind == "hide":
        return Withheld("hide", said.by or "")
    return None if said is not None or pinned(marks) else by_rules
