"""The queries of the config: what they can name, and what is wrong between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from db.query import parse
from db.query_faults import QueryError
from db.query_names import Names, hiding, kinds_of, looked_up
from db.query_tree import Query, Saved, leaves
from db.topic_query import topic_query
from wireroom.config_tables import problem_and_mend

if TYPE_CHECKING:
    from wireroom.config import Config, Topic

KINDS = frozenset({"category", "subject", "place", "person", "org", "lang"})
"""Tag kinds that there are, whatever the config says."""

EARLY = ("rule", "topic")
"""Tables whose queries are asked before a story is withheld or pinned."""

Found = tuple[tuple[str | int, ...], str, str]
"""A fault: the path of a key, what is wrong there, and the mend."""


def names_of(config: Config) -> Names:
    """List what a query can name: saved queries and topics, the tag kinds and the sources of the config."""
    tags = [tag for source in config.sources for tag in source.tags]
    tags += [rule.tag for rule in config.rules if rule.tag is not None]
    tags += [tag for table in (config.categories, *(s.categories for s in config.sources)) for _, tag in table if tag]
    return Names(
        saved={query.id: parse(query.match) for query in config.queries} | {t.id: composed(t) for t in config.topics},
        kinds=KINDS | kinds_of(tags) | config.entities.kinds,
        sources=frozenset(source.id for source in config.sources),
    )


def composed(topic: Topic) -> Query:
    """Parse all that a topic asks; what it names is not looked up yet."""
    exclude = parse(topic.exclude) if topic.exclude is not None else None
    return topic_query(parse(topic.match), exclude=exclude, min_sources=topic.min_sources, languages=topic.languages)


def asked_by(topic: Topic, names: Names) -> Query:
    """Give all that a topic asks, as one query, with what it names put in; the config has checked that it can be."""
    return looked_up(composed(topic), names)


def untold(config: Config) -> frozenset[str]:
    """List the topics whose queries only the owner may read: they name secret topics, however far round."""
    secret = frozenset(topic.id for topic in config.topics if topic.secret)
    naming = [topic for topic in config.topics if "@" in topic.match and not topic.secret]
    if not secret or not naming:
        return frozenset()
    public = hiding(names_of(config), secret).saved
    asked = {topic.id: leaves(parse(topic.match)) for topic in naming}
    return frozenset(id_ for id_, of in asked.items() if any(isinstance(x, Saved) and x.id not in public for x in of))


def names_in(raw: dict[str, Any]) -> Names:
    """List the same of a config that may have faults; what is no query is left out."""
    saved = dict(one for _, one in queries_in(raw, "query"))
    excludes = {n: exclude for n, (_, exclude) in queries_in(raw, "topic", "exclude")}
    for n, (id_, match) in queries_in(raw, "topic"):
        saved[id_] = topic_query(match, exclude=excludes.get(n), **counted(raw["topic"][n]))
    sources = [row.get("id") for _, row in rows(raw, "source")]
    return Names(
        saved=saved,
        kinds=KINDS | kinds_of(tag for tag in tags_in(raw) if isinstance(tag, str)),
        sources=frozenset(id_ for id_ in sources if isinstance(id_, str)),
    )


def counted(topic: dict[str, Any]) -> dict[str, Any]:
    """Give what else a topic asks, as far as it can be read."""
    least, languages = topic.get("min_sources", 1), topic.get("languages", [])
    codes = [code for code in languages if isinstance(code, str)] if isinstance(languages, list) else []
    return {"min_sources": least if isinstance(least, int) else 1, "languages": codes}


def tags_in(raw: dict[str, Any]) -> Iterator[object]:
    """Yield whatever stands where the config names a tag, or a kind of tags."""
    for _, row in rows(raw, "source"):
        yield from row["tags"] if isinstance(row.get("tags"), list) else ()
    for _, row in rows(raw, "rule"):
        yield row.get("tag")
    for _, row in rows(raw, "entity"):
        yield row.get("kind")
    for table in (raw, *(row for _, row in rows(raw, "source"))):
        yield from table["categories"].values() if isinstance(table.get("categories"), dict) else ()


def query_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the queries that name what there is not, or each other in a circle; what is no query is another's fault."""
    queries = {(table, n): found for table in ("query", *EARLY) for n, found in queries_in(raw, table)}
    names = names_in(raw)
    wrong: set[int] = set()  # topics of which a part is
    for (table, n), (id_, query) in queries.items():
        try:
            looked_up(query, names, early=table in EARLY, own=id_ if table != "rule" else None)
        except QueryError as error:
            wrong |= {n} if table == "topic" else set()
            yield (table, n, "match"), *problem_and_mend(error)
    for n, (_, query) in queries_in(raw, "topic", "exclude"):
        try:
            looked_up(query, names, early=True)
        except QueryError as error:
            wrong.add(n)
            yield ("topic", n, "exclude"), *problem_and_mend(error)
    for n, (id_, match) in queries_in(raw, "topic"):
        if n not in wrong and names.saved[id_] != match:
            try:  # with its other keys it may be too much
                looked_up(names.saved[id_], names, early=True, own=id_)
            except QueryError as error:
                yield ("topic", n, "match"), *problem_and_mend(error)


def queries_in(raw: dict[str, Any], table: str, key: str = "match") -> Iterable[tuple[int, tuple[str, Query]]]:
    """Yield the queries of a table that can be read, with their ids."""
    for n, row in rows(raw, table):
        if isinstance(row.get(key), str) and isinstance(row.get("id"), str):
            try:
                yield n, (row["id"], parse(row[key]))
            except QueryError:
                continue


def rows(raw: dict[str, Any], table: str) -> list[tuple[int, dict[str, Any]]]:
    """List the tables of an array with their numbers; what is no table there is another's fault."""
    found = raw.get(table)
    return [(n, row) for n, row in enumerate(found) if isinstance(row, dict)] if isinstance(found, list) else []
