"""What each rule and topic of the config makes of one story: does it take it, and by which words. IO: sqlite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from db.copied import CopiedStory
from db.marks import marks_of
from db.model import belongs
from db.query_told import verdict, wanted_leaves
from db.query_tree import Query, Tag
from db.selections import events_shown
from ingest.tag import Rule
from wireroom.config import Config
from wireroom.paper import paper_desks


def with_verdicts(
    db: Database, told: dict[str, Any], config: Config, now: str, topic: str | None = None
) -> dict[str, Any]:
    """Add to what ``db.explain`` tells of a story why rules gave its tags, and what each topic makes of it.

    ``topic``: that one alone.
    """
    story = CopiedStory(db, told["story_id"], now)
    desks = paper_desks(config)
    rules = {rule.id: rule.query for rule in desks.rules}
    tags = []
    for tag in told["tags"]:
        query = rules.get(tag["why"]) if tag["origin"] == "rule" else None
        found = verdict(query, story.look) if query is not None else None
        tags.append(
            {
                **tag,
                "takes": found.takes if found is not None else None,
                "words": list(found.found) if found is not None and found.takes else [],
            }
        )
    marked = marks_by_topic(db, told["story_id"])
    events = topics_of_event(db, told, config)
    verdicts = []
    for one, asked in zip(config.topics, desks.topics, strict=True):
        if topic in (None, one.id):
            found = verdict(asked.query, story.look)
            verdicts.append(
                {
                    "topic": one.id,
                    "takes": found.takes,
                    "matched": list(found.matched),
                    "failed": list(found.failed),
                    "missing": [] if found.takes else missing(asked.query, desks.rules, story),
                    "selections": [row for row in told["topics"] if row["topic"] == one.id],
                    "waits_until": next((row["due_at"] for row in told["waiting"] if row["topic"] == one.id), None),
                    "marks": sorted(marked.get(one.id, frozenset()) | marked.get(None, frozenset())),
                    "has_its_event": one.id in events,
                }
            )
    rule = rules.get(told["withheld_by"]) if told["withheld"] in ("drop", "hold") else None
    words = list(verdict(rule, story.look).found) if rule is not None else []
    ranks = ranks_of(config, {*told["taken_by"], *(tag["why"] for tag in told["tags"] if tag["origin"] == "rule")})
    return {**told, "tags": tags, "withheld_words": words, "verdicts": verdicts, "priority": ranks}


def ranks_of(config: Config, took: Collection[str]) -> dict[str, int]:
    """Give the priorities of sources in a story that these rules took, by config id (see ``ingest.rules``)."""
    found: dict[str, int] = {}
    for rule in config.rules:
        for source, priority in rule.priority.items() if rule.id in took else ():
            found[source] = max(priority, found.get(source, priority))
    return {source.id: source.priority for source in config.sources} | found


def topics_of_event(db: Database, told: Mapping[str, Any], config: Config) -> frozenset[str]:
    """Find the topics with one item for each event that have announced this story's."""
    event = told["event"]
    if event is None:
        return frozenset()
    ids = dict(db.execute("SELECT id, config_id FROM topics"))
    least = {topic.id: topic.same_event for topic in config.topics}
    return frozenset(
        topic
        for row, _, score in events_shown(db, [event["event"]])
        if (share := least.get(topic := ids[row])) is not None
        and belongs(score, share)
        and belongs(event["score"], share)
    )


def missing(query: Query, rules: Sequence[Rule], story: CopiedStory) -> list[dict[str, Any]]:
    """Find the rules that would give a story the tags that a topic looks for in vain, and why they did not."""
    wanted = {
        (leaf.kind, leaf.name) for leaf in wanted_leaves(query) if isinstance(leaf, Tag) and not story.takes(leaf)
    }
    found = []
    for rule in rules:
        if (rule.kind, rule.name) in wanted:
            came = verdict(rule.query, story.look)
            parts = {"matched": list(came.matched), "failed": list(came.failed)}
            found.append({"tag": f"{rule.kind}:{rule.name}", "rule": rule.id, "takes": came.takes, **parts})
    return found


def marks_by_topic(db: Database, story_id: int) -> dict[str | None, frozenset[str]]:
    """Read what a person said of a story's place in topics: pin, hide, show, by the topic's config id; None: in all."""
    names = dict(db.execute("SELECT id, config_id FROM topics"))
    found: defaultdict[str | None, set[str]] = defaultdict(set)
    for mark in marks_of(db, [story_id]).get(story_id, ()):
        if mark.kind in ("pin", "hide", "show"):
            found[names.get(mark.topic_id)].add(mark.kind)
    return {topic: frozenset(kinds) for topic, kinds in found.items()}
