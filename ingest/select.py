"""Which topics take which stories, and in topics that show copies apart, which of their entries. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from db.apart import Member, heads
from db.last_word import is_hidden
from db.recall import Desk, Known, Mark
from ingest.dedupe import Placed
from ingest.tag import Topic

Selection = tuple[int, int, int | None]
"""The row id of a topic, a story's ref, and an entry's where the topic has an item for it alone."""


def selections(
    stories: Sequence[int],
    topics: Sequence[Topic],
    desk: Desk,
    known: Known,
    placed: Sequence[Placed],
    gone: Mapping[int, int] | None = None,
    marks: Mapping[int, Sequence[Mark]] | None = None,
) -> tuple[Selection, ...]:
    """Ask every topic, in the config's order, of the stories on the desk → what is to be selected, in their order.

    ``placed`` are the poll's new entries. ``gone``: stories that turn out, in this poll, to be another one, which has
    their selections from then on. ``marks``: by story; where a person hid one, no topic takes it.
    """
    gone = gone or {}
    rows = [story for story in (*stories, *gone) if story > 0]
    taken: defaultdict[tuple[int, int], set[int | None]] = defaultdict(set)
    for topic, story, entry in known.selected(rows):
        taken[topic, gone.get(story, story)].add(entry)
    apart = any(topic.dedupe != "copies" for topic in topics)
    members = all_members(known, rows, placed, gone) if apart else {}
    return tuple(
        (topic.id, story, entry)
        for topic in topics
        for matching in (desk.matching(topic.query),)
        for story in stories
        if story in matching and not (marks and is_hidden(marks.get(story, ()), topic.id))
        for entry in items(topic, members.get(story, ()), taken[topic.id, story])
    )


def items(topic: Topic, members: Sequence[Member], taken: set[int | None]) -> Iterator[int | None]:
    """Yield what a topic shows of one story and has not selected yet: None for all of it, or entries.

    Where the whole story was selected before, that is its first entry's item.
    """
    if topic.dedupe == "copies":
        if not taken:
            yield None
        return
    first = members[0].entry
    for head in dict.fromkeys(heads(members, topic.dedupe).values()):
        if head not in taken and not (head == first and None in taken):
            yield head


def all_members(
    known: Known, rows: Iterable[int], placed: Iterable[Placed], gone: Mapping[int, int]
) -> Mapping[int, Sequence[Member]]:
    """Gather the entries of stories, oldest first: those in the archive, then the new ones."""
    found: defaultdict[int, list[Member]] = defaultdict(list)
    for story, members in known.joined(list(rows)).items():
        found[gone.get(story, story)] += (Member(*member) for member in members)
    for members in found.values():
        members.sort()
    for new in placed:
        found[new.story].append(Member(new.ref, new.joined_by, new.likeness.to if new.likeness is not None else None))
    return found
