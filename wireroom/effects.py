"""What edited rules and topics would make of the stories that are there, beside what those in force make of them.

Stories that an edit may touch are found by the queries that it changes; of the newest of them all rules and topics are
asked, those in force and the edited ones: so a tag that a rule loses, and a topic with it, is seen. IO: sqlite.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlite_utils import Database

from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.preview import MAX_S, SINCE, asked
from db.query_tree import And, Not, Or, Query, Source
from db.search import limited, stories_told
from ingest.grouping import Grouping
from ingest.retold import UNTOUCHED
from ingest.rules import settled
from ingest.stories import look_again
from ingest.tag import Desks, Rule
from wireroom.before import Before
from wireroom.config import Config
from wireroom.desks import make_desks, make_grouping
from wireroom.paper import without_names

MAX_LOOKED_AT = 5000
"""Of the stories that the edits may touch so many are looked at, the newest."""

AT_ONCE = 500

NEW_ROWS = 1 << 40
"""Row ids of sources and topics that the archive does not have yet begin here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What rules and topics make of a story."""

    tags: frozenset[str]
    withheld: str | None
    topics: frozenset[int]


def effects(db: Database, before: Before, config: Config, since: str, now: str, examples: int) -> dict[str, Any]:
    """Ask what the edits would change for the stories first seen since then → values for JSON, with some examples.

    ``stories``: how many they may touch; ``looked_at``: of how many of them all was asked.
    """
    sources, topics = (archived_ids(db, table) for table in ("sources", "topics"))
    old, old_grouping = asked_by(before.config, sources, topics, {})
    new, new_grouping = asked_by(config, sources, topics, before.renamed)
    new = as_archived(new, before.renamed)
    touched = candidates(db, old, new, {row: id_ for id_, row in sources.items()}, since, now)
    looked_at = touched[:MAX_LOOKED_AT]
    found: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    names = {number: topic.id for topic, number in zip(config.topics, (one.id for one in new.topics), strict=True)}
    for n in range(0, len(looked_at), AT_ONCE):
        some = looked_at[n : n + AT_ONCE]
        was, will = (outcomes(db, some, *by, now) for by in ((old, old_grouping), (new, new_grouping)))
        for story in some:
            if story in was and story in will:
                for change in differences(was[story], will[story], names):
                    found[change].append(story)
    return {
        "stories": len(touched),
        "looked_at": len(looked_at),
        "changes": [
            {"what": what, "name": name, "how": how, "stories": len(ids), "newest": stories_told(db, ids[:examples])}
            for (what, name, how), ids in sorted(found.items())
        ],
    }


def archived_ids(db: Database, table: str) -> dict[str, int]:
    """Read the row ids of sources or topics."""
    return dict(db.execute(f"SELECT config_id, id FROM {table}"))


def asked_by(
    config: Config, sources: Mapping[str, int], topics: Mapping[str, int], renamed: Mapping[tuple[str, str], str]
) -> tuple[Desks, Grouping]:
    """Make what stories are asked by, with the row ids that a config's sources and topics have, or would get."""
    source_rows = numbered("source", [source.id for source in config.sources], sources, renamed)
    topic_rows = numbered("topic", [topic.id for topic in config.topics], topics, renamed)
    config = without_names(config)
    return make_desks(config, source_rows, topic_rows), make_grouping(config, source_rows)


def numbered(
    kind: str, ids: Sequence[str], known: Mapping[str, int], renamed: Mapping[tuple[str, str], str]
) -> dict[str, int]:
    """Give config ids their row ids, also under the names that they had; new ones come behind."""
    return {id_: known.get(renamed.get((kind, id_), id_), NEW_ROWS + number) for number, id_ in enumerate(ids)}


def as_archived(desks: Desks, renamed: Mapping[tuple[str, str], str]) -> Desks:
    """Ask for renamed sources by the ids that they still have in the archive."""
    ids = {new: old for (kind, new), old in renamed.items() if kind == "source"}
    if not ids:
        return desks

    def renaming(query: Query) -> Query:
        match query:
            case And(parts):
                return And(tuple(map(renaming, parts)))
            case Or(parts):
                return Or(tuple(map(renaming, parts)))
            case Not(part):
                return Not(renaming(part))
            case Source(id_):
                return Source(ids.get(id_, id_))
        return query

    return replace(
        desks,
        rules=tuple(replace(rule, query=renaming(rule.query)) for rule in desks.rules),
        topics=tuple(replace(topic, query=renaming(topic.query)) for topic in desks.topics),
    )


def candidates(db: Database, old: Desks, new: Desks, sources: Mapping[int, str], since: str, now: str) -> Sequence[int]:
    """Find the stories that the edits may touch, newest first."""
    found: set[int] = set()
    for query in changed_queries(old, new, sources):
        with limited(db, MAX_S):
            where = asked(db, query, since, now)
            rows = db.execute(f"SELECT id FROM stories WHERE {SINCE} ({where.sql})", [since, *where.params])
            found.update(id_ for (id_,) in rows)
    return sorted(found, reverse=True)


def changed_queries(old: Desks, new: Desks, sources: Mapping[int, str]) -> Iterator[Query]:
    """Yield queries that together take every story that the edits may touch."""
    was, will = ({rule.id: rule for rule in desks.rules} for desks in (old, new))
    for id_ in dict.fromkeys((*was, *will)):
        yield from difference(was.get(id_), will.get(id_))
    for before, after in matched({t.id: t.query for t in old.topics}, {t.id: t.query for t in new.topics}):
        if before is None or after is None:
            yield before or after or Or(())
        elif before != after:
            yield apart(before, after)
    for row in dict.fromkeys((*old.source_tags, *new.source_tags)):
        if row in sources and tags_of(old, row) != tags_of(new, row):
            yield Source(sources[row])


def matched(old: Mapping[int, Query], new: Mapping[int, Query]) -> Iterator[tuple[Query | None, Query | None]]:
    """Pair what has one id; a topic that is gone gives up its feed, and changes no story's place in another."""
    for id_, query in new.items():
        yield old.get(id_), query


def difference(before: Rule | None, after: Rule | None) -> Iterator[Query]:
    """Yield what takes the stories that a rule may do something else with."""
    if before is None or after is None:
        one = before or after
        assert one is not None
        yield one.query
    elif replace(before, query=after.query) != after:  # it does something else
        yield Or((before.query, after.query))
    elif before.query != after.query:
        yield apart(before.query, after.query)


def apart(one: Query, other: Query) -> Query:
    """Make the query that takes what only one of two takes."""
    return Or((And((one, Not(other))), And((other, Not(one)))))


def tags_of(desks: Desks, row: int) -> set[tuple[str, str]]:
    """List the tags that a source gives."""
    return {(kind, name) for kind, name, _ in desks.source_tags.get(row, ())}


def outcomes(db: Database, ids: Sequence[int], desks: Desks, grouping: Grouping, now: str) -> dict[int, Outcome]:
    """Ask rules and topics of stories, as a poll does."""
    known = ArchiveKnown(db, DraftDesk())
    stories = known.stories(ids).values()
    look = partial(look_again, stories, UNTOUCHED, known, desks, grouping)
    shown, ruled, desk = settled(look, partial(known.desk, now=now), desks.rules)
    free = frozenset(draft.ref for draft in ruled.let_in(shown.drafts))
    taken: defaultdict[int, set[int]] = defaultdict(set)
    for topic in desks.topics:
        for story in desk.matching(topic.query) & free:
            taken[story].add(topic.id)
    withheld = dict(ruled.withheld)
    return {
        story: Outcome(
            tags=frozenset(f"{tag.kind}:{tag.name}" for tag in tags),
            withheld=how.how if (how := withheld.get(story)) is not None else None,
            topics=frozenset(taken[story]),
        )
        for story, tags in ruled.tags
    }


def differences(was: Outcome, will: Outcome, topics: Mapping[int, str]) -> Iterator[tuple[str, str, str]]:
    """Tell what is different of a story: (tag, topic or withheld; its name; gains, loses, enters, leaves …)."""
    yield from (("tag", tag, "gains") for tag in will.tags - was.tags)
    yield from (("tag", tag, "loses") for tag in was.tags - will.tags)
    if was.withheld != will.withheld:
        yield "withheld", was.withheld or will.withheld or "", "ends" if will.withheld is None else "begins"
    yield from (("topic", topics[row], "enters") for row in will.topics - was.topics)
    yield from (("topic", topics[row], "leaves") for row in was.topics - will.topics if row in topics)
