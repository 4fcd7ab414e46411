"""A newsroom's archive regrouped, and what of it must then be the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from db.desk import DraftDesk
from db.query import parse
from db.writer import Job, run_batch
from factory import minting
from ingest.grouping import Grouping
from ingest.tag import Desks, Topic
from newsroom import Newsroom, at
from wireroom.regroup import Regrouper, Step

HOUR = 300
"""The present of these regroups: all that the tests poll is young."""


def regrouper(room: Newsroom, grouping: Grouping | None = None, *, hour: float = HOUR, at_once: int = 7) -> Regrouper:
    """Make what regroups an archive by its own config, or by another ``grouping``."""
    topics = tuple(Topic(id=id_, query=parse(room.match)) for id_ in room.synced.topics.values())
    return Regrouper(
        desks=Desks(source_tags={}, rules=room.rules, topics=topics),
        grouping=grouping or room.grouping,
        now=at(hour),
        desk=DraftDesk(),
        mint=minting(f"regroup {hour}"),
        at_once=at_once,
    )


def steps(room: Newsroom, doing: Regrouper, *, restart: bool = False) -> Iterator[Step]:
    """Go on with the regroup, or begin one, step by step to its end."""
    while True:
        job = Job(lambda db: doing.step(db, restart=restart))  # noqa: B023 - run at once
        run_batch(room.db, [job], give_up=lambda: True)
        step: Step = job.future.result()
        yield step
        restart = False
        if step.stage is None:
            return


def regroup(room: Newsroom, grouping: Grouping | None = None) -> list[Step]:
    """Regroup it all."""
    return list(steps(room, regrouper(room, grouping)))


def stories(room: Newsroom) -> list[list[int]]:
    """Read which entries are together."""
    found = defaultdict(list)
    for entry, story in room.db.execute("SELECT id, story_id FROM entries ORDER BY id"):
        found[story].append(entry)
    return sorted(found.values())


def events(room: Newsroom) -> list[list[int]]:
    """Read which living stories, by their first entries, are of one event; stories without one are left out."""
    found = defaultdict(list)
    for event, entry in room.db.execute(
        "SELECT st.event_id, (SELECT min(id) FROM entries WHERE story_id = st.id) AS entry FROM stories st "
        "WHERE st.merged_into IS NULL AND st.event_id IS NOT NULL ORDER BY entry"
    ):
        found[event].append(entry)
    return sorted(found.values())


def learned(room: Newsroom) -> list[list[tuple[object, ...]]]:
    """Read the events and the counts of words, but for the ids of events."""
    return [
        sorted(room.db.execute("SELECT first_seen, last_seen, stories, words, terms FROM events")),
        sorted(room.db.execute("SELECT term, count(*) FROM event_terms GROUP BY term")),
        sorted(room.db.execute("SELECT * FROM term_counts")),
        sorted(room.db.execute("SELECT terms FROM unlearned")),
    ]


def index(room: Newsroom) -> list[list[tuple[object, ...]]]:
    """Read what texts are compared by."""
    return [sorted(room.db.execute(f"SELECT * FROM {table}")) for table in ("prints", "shingles")]


def lose_index(room: Newsroom) -> None:
    """Empty the index, as an archive has it that comes from before there was one."""
    room.db.execute("BEGIN")
    room.db.execute("UPDATE stories SET event_id = NULL, event_score = NULL, event_words = NULL")
    for table in ("prints", "shingles", "events", "event_terms", "term_counts", "unlearned"):
        room.db.execute(f"DELETE FROM {table}")
    room.db.execute("UPDATE grouping SET learned = 0")
    room.db.execute("COMMIT")
