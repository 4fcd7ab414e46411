"""What the archive suggests for the config: names that keep coming up, categories that nobody mapped. IO: sqlite.

It reads, and writes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from sqlite_utils import Database

from ingest.commonness import shipped
from ingest.suggest import Told, suggest_categories, suggest_names
from wireroom.config import Config
from wireroom.desks import mapped_categories
from wireroom.entities import gazetteer_of

MAX_STORIES = 10_000
"""The newest so many are looked at: a thousand take a second."""


def stories_since(db: Database, since: str, topic: str | None) -> list[Told]:
    """Read the stories that came since then, or those of them that a topic took, oldest first; a bounded number."""
    taken = (
        "AND st.id IN (SELECT x.story_id FROM selections x JOIN topics t ON t.id = x.topic_id WHERE t.config_id = ?)"
    )
    rows = db.execute(
        "SELECT st.id, st.title, st.text, st.language FROM stories st "
        f"WHERE st.first_seen >= ? AND st.merged_into IS NULL {taken if topic else ''} ORDER BY st.id DESC LIMIT ?",
        [since, *([topic] if topic else []), MAX_STORIES],
    ).fetchall()
    carried: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for story, source, categories in db.execute(
        "SELECT story_id, source_id, categories FROM entries WHERE story_id IN (SELECT value FROM json_each(?))",
        [json.dumps([row[0] for row in rows])],
    ):
        carried[story].append((source, categories))
    return [
        Told(
            title=title,
            text=text,
            language=language,
            sources=frozenset(source for source, _ in carried[id_]),
            categories=tuple((source, each) for source, categories in carried[id_] for each in json.loads(categories)),
        )
        for id_, title, text, language in reversed(rows)
    ]


def suggestions(db: Database, config: Config, since: str, topic: str | None, limit: int) -> dict[str, Any]:
    """Find what the archive suggests → values for JSON. Raises ConfigError where the list of names is wrong.

    ``since`` is a time of the archive, ``topic`` a config id or None, ``limit`` how many of each are given at most.
    """
    stories = stories_since(db, since, topic)
    sources = dict(db.execute("SELECT config_id, id FROM sources"))
    known = gazetteer_of(config.entities, known=config.gazetteer)
    names, skipped = suggest_names(stories, known, shipped(), limit)
    categories = suggest_categories(stories, mapped_categories(config, sources), limit)
    return {
        "stories": len(stories),
        "since": since,
        "topic": topic,
        "without_capitals": skipped,
        "names": [
            {
                "kind": one.kind,
                "name": one.name,
                "aliases": list(one.aliases),
                "stories": one.stories,
                "sources": one.sources,
                "examples": list(one.examples),
            }
            for one in names
        ],
        "categories": [
            {
                "category": one.category,
                "tag": one.tag,
                "stories": one.stories,
                "sources": one.sources,
                "examples": list(one.examples),
            }
            for one in categories
        ],
    }
