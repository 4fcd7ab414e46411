"""Stories found for who asks from outside: a page of them by cursor, their facets, their number by day. IO: sqlite.

The cursor is a story's id: ids rise with first sight and are never reused, so that no page skips or repeats a story
while new ones come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlite_utils import Database

from db.newest import newest_ids
from db.preview import asked, each_day
from db.query_faults import MAX_CHARS, QueryError
from db.query_names import Names, read_query
from db.query_sql import Compiled, compile_query, fts
from db.query_tree import Is, Query, leaves
from db.reading import Facet, Facets, Found, Named, StoryRow, Viewer
from db.search import with_archived
from db.times import iso, parse_iso

EXCERPT_CHARS = 280
MAX_FACETS = 50
"""Of sources, tags and languages only those that most of the stories have."""
MAX_FACET_DAYS = 366
"""Of the days only the last ones: stories of ten years would be no picture any more."""


def asked_query(db: Database, text: str, names: Names, viewer: Viewer) -> Query | None:
    """Read what was typed, with all sources and tag kinds that the archive knows → None where nothing was.

    ``names`` are the site's for that viewer. Raises QueryError.
    """
    if len(text) > MAX_CHARS:  # blanks count too
        raise QueryError(f"the query has {len(text)} characters; {MAX_CHARS} are the most")
    if not text.strip():
        return None
    query = read_query(text, with_archived(db, names))
    state = next((leaf for leaf in leaves(query) if isinstance(leaf, Is)), None)
    if state is not None and viewer == "public":
        error = QueryError(f"is:{state.what} is for the owner; sign in, or take it away", state.column or None)
        error.query = text
        raise error
    return query


def find_stories(
    db: Database, query: Query | None, now: str, viewer: Viewer, *, before: int | None = None, limit: int = 30
) -> Found:
    """Find stories, newest first: those whose ids are below ``before``; with no query, all."""
    ids = newest_ids(db, query, now, living_for(viewer), before, limit + 1) if query is not None else None
    if ids is None:
        sql, params = newest_below(query, now, viewer, before)
        ids = [id_ for (id_,) in db.execute(f"{sql} LIMIT ?", [*params, limit + 1])]
    more = len(ids) > limit
    return Found(stories=story_rows(db, ids[:limit], viewer), before=ids[limit - 1] if more else None)


def newest_below(
    query: Query | None, now: str, viewer: Viewer, before: int | None = None, columns: str = "stories.id"
) -> tuple[str, list[str | int]]:
    """Make the SQL that gives living stories, newest first → (sql, params); LIMIT can follow.

    Text alone is asked of the index in its own row order, newest first (``db.query_sql.newest``).
    """
    living = living_for(viewer)
    bound: list[str | int] = [] if before is None else [before]
    match = fts(query) if query is not None else None
    if match is not None:
        below = "" if before is None else "AND f.rowid < ? "
        return (
            f"SELECT {columns} FROM stories_fts f CROSS JOIN stories ON stories.id = f.rowid "
            f"WHERE f.stories_fts MATCH ? {below}AND {living} ORDER BY f.rowid DESC",
            [match, *bound],
        )
    where = compile_query(query, now) if query is not None else Compiled("1", ())
    below = "" if before is None else "AND stories.id < ? "
    return (
        f"SELECT {columns} FROM stories WHERE ({where.sql}) {below}AND {living} ORDER BY stories.id DESC",
        [*where.params, *bound],
    )


def living_for(viewer: Viewer) -> str:
    """Make the SQL that holds for stories that may be seen, and did not go into others."""
    return f"stories.merged_into IS NULL{' AND stories.withheld IS NULL' if viewer == 'public' else ''}"


STORIES = """
SELECT st.id, st.title, st.url, st.language, st.published, st.first_seen, st.updated, substr(st.text, 1, ?2), st.words,
       st.event_id, st.withheld
FROM json_each(?1) wanted JOIN stories st ON st.id = wanted.value
WHERE st.merged_into IS NULL ORDER BY wanted.key
"""
CARRIERS = """
SELECT c.story_id, s.config_id, coalesce(nullif(s.title, ''), s.config_id), c.n
FROM (SELECT story_id, source_id, min(id) AS first, count(*) AS n FROM entries
      WHERE story_id IN (SELECT value FROM json_each(?)) GROUP BY story_id, source_id) c
     JOIN sources s ON s.id = c.source_id
ORDER BY c.story_id, c.first
"""
TAGS = """
SELECT DISTINCT st.story_id, t.kind || ':' || t.name AS tag FROM story_tags st JOIN tags t ON t.id = st.tag_id
WHERE st.story_id IN (SELECT value FROM json_each(?)) ORDER BY tag
"""
COMPANY = """
SELECT event_id, count(*) FROM stories WHERE event_id IN (SELECT value FROM json_each(?)) AND merged_into IS NULL
{open_only} GROUP BY event_id
"""
OPEN_ONLY = "AND id NOT IN (SELECT w.id FROM stories w WHERE w.withheld IS NOT NULL)"


def story_rows(db: Database, ids: Sequence[int], viewer: Viewer) -> tuple[StoryRow, ...]:
    """Read stories for a list, in the order given, in four questions however many; those not to be seen are left out.

    ``title`` may be empty: some texts have none. ``event`` is None where nobody else tells of it.
    """
    wanted = json.dumps(list(ids))
    rows = db.execute(STORIES, [wanted, 3 * EXCERPT_CHARS]).fetchall()
    carried: dict[int, list[Named]] = {}
    entries: dict[int, int] = {}
    for story, source, title, count in db.execute(CARRIERS, [wanted]):
        carried.setdefault(story, []).append(Named(source=source, title=title))
        entries[story] = entries.get(story, 0) + count
    tags: dict[int, list[str]] = {}
    for story, tag in db.execute(TAGS, [wanted]):
        tags.setdefault(story, []).append(tag)
    company = company_of(db, {row[9] for row in rows if row[9] is not None}, viewer)
    return tuple(
        StoryRow(
            id=row[0],
            title=row[1],
            url=row[2],
            language=row[3],
            published=row[4],
            first_seen=row[5],
            updated=row[6],
            excerpt=beginning(row[7]),
            words=row[8],
            sources=tuple(carried.get(row[0], ())),
            entries=entries.get(row[0], 0),
            tags=tuple(tags.get(row[0], ())),
            event=row[9] if company.get(row[9], 0) > 1 else None,
            others=max(0, company.get(row[9], 0) - 1),
            withheld=row[10],
        )
        for row in rows
        if viewer == "owner" or row[10] is None
    )


def company_of(db: Database, events: Iterable[int], viewer: Viewer) -> Mapping[int, int]:
    """Count the stories of events that may be seen → by event."""
    sql = COMPANY.format(open_only=OPEN_ONLY if viewer == "public" else "")
    return dict(db.execute(sql, [json.dumps(list(events))]).fetchall())


def beginning(text: str, chars: int = EXCERPT_CHARS) -> str:
    """Give the beginning of a text on one line, cut between words where there are any."""
    line = " ".join(text.split())
    if len(line) <= chars:
        return line
    start = line[:chars]
    space = start.rfind(" ")
    return f"{start[:space] if space > chars // 2 else start} …"


FACETS = """
WITH hits (id, language, day) AS MATERIALIZED (
  SELECT id, lower(language), substr(first_seen, 1, 10) FROM ({newest} LIMIT ?))
SELECT 'of', NULL, NULL, count(*) FROM hits
UNION ALL SELECT 'source', s.config_id, coalesce(nullif(s.title, ''), s.config_id), c.n FROM (
  SELECT e.source_id AS source_id, count(DISTINCT e.story_id) AS n
  FROM hits CROSS JOIN entries e ON e.story_id = hits.id GROUP BY e.source_id ORDER BY n DESC LIMIT ?
) c JOIN sources s ON s.id = c.source_id
UNION ALL SELECT 'tag', t.kind, t.name, c.n FROM (
  SELECT x.tag_id AS tag_id, count(DISTINCT x.story_id) AS n
  FROM hits CROSS JOIN story_tags x ON x.story_id = hits.id
  WHERE x.tag_id NOT IN (SELECT id FROM tags WHERE kind = 'lang') GROUP BY x.tag_id ORDER BY n DESC LIMIT ?
) c JOIN tags t ON t.id = c.tag_id
UNION ALL SELECT 'language', language, NULL, count(*) FROM hits WHERE language IS NOT NULL GROUP BY language
UNION ALL SELECT 'day', day, NULL, count(*) FROM hits GROUP BY day
"""


def facets_of(db: Database, query: Query | None, now: str, viewer: Viewer, *, most: int = 2000) -> Facets:
    """Count what the newest ``most`` stories found have; a facet's term is in the query language.

    Of sources and tags the 50 that most have (languages are a facet of their own); of days those of the last year,
    from the newest story on.
    """
    columns = "stories.id AS id, stories.language AS language, stories.first_seen AS first_seen"
    newest, params = newest_below(query, now, viewer, columns=columns)
    rows = db.execute(FACETS.format(newest=newest), [*params, most, MAX_FACETS, MAX_FACETS]).fetchall()
    days = {day: count for what, day, _, count in rows if what == "day"}
    languages: dict[str, int] = {}
    for code, count in ((code.partition("-")[0], n) for what, code, _, n in rows if what == "language"):
        languages[code] = languages.get(code, 0) + count
    return Facets(
        of=next(count for what, *_, count in rows if what == "of"),
        sources=most_first(
            Facet(term=f"source:{id_}", label=title, stories=n) for id_, title, n in told(rows, "source")
        ),
        tags=most_first(Facet(term=f"{kind}:{name}", label=name, stories=n) for kind, name, n in told(rows, "tag")),
        languages=most_first(Facet(term=f"lang:{code}", label=code, stories=n) for code, n in languages.items()),
        days=filled(days),
    )


def told(rows: Iterable[tuple[Any, ...]], what: str) -> list[tuple[Any, ...]]:
    """Take the rows of one kind, without its name."""
    return [row[1:] for row in rows if row[0] == what]


def most_first(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    """Put the commonest first; of those that are equal, by name."""
    return tuple(sorted(facets, key=lambda one: (-one.stories, one.term))[:MAX_FACETS])


def filled(days: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Put in the days without any, from the first to the last; at most the last year of them."""
    if not days:
        return ()
    last = parse_iso(f"{max(days)}T00:00:00Z").date()
    first = max(parse_iso(f"{min(days)}T00:00:00Z").date(), last - timedelta(days=MAX_FACET_DAYS - 1))
    return tuple((day, days.get(day, 0)) for day in each_day(first, last))


VOLUME = """
SELECT substr(first_seen, 1, 10) AS day, count(*) FROM stories
WHERE first_seen >= ? AND id NOT IN (SELECT m.id FROM stories m WHERE m.merged_into IS NOT NULL) {open_only}
  AND ({where})
GROUP BY day
"""


def volume(db: Database, query: Query | None, now: str, days: int, viewer: Viewer) -> tuple[tuple[str, int], ...]:
    """Count the stories first seen on each of the last ``days`` days, today the last → (day, stories), oldest first."""
    today = parse_iso(now).date()
    first = today - timedelta(days=days - 1)
    since = iso(parse_iso(f"{first.isoformat()}T00:00:00Z"))
    where = asked(db, query, since, now) if query is not None else Compiled("1", ())
    sql = VOLUME.format(open_only=OPEN_ONLY if viewer == "public" else "", where=where.sql)
    counts = dict(db.execute(sql, [since, *where.params]).fetchall())
    return tuple((day, counts.get(day, 0)) for day in each_day(first, today))
