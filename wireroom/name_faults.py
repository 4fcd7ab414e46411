"""What is wrong between the names of the config: entities of one tag or name, categories that are one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from db.text import slug
from ingest.subjects import name_key
from wireroom.config_faults import shown_key
from wireroom.config_queries import Found, rows


def name_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find them all."""
    yield from category_faults(raw)
    yield from entity_faults(raw)


def category_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find categories that are no name, and two spellings of one in a table."""
    tables: list[tuple[tuple[str | int, ...], object]] = [(("categories",), raw.get("categories"))]
    tables += [(("source", n, "categories"), row.get("categories")) for n, row in rows(raw, "source")]
    for where, table in tables:
        seen: dict[str, str] = {}
        for name in table if isinstance(table, dict) else ():
            first = seen.setdefault(name_key(name), name)
            if not name_key(name):
                yield (*where, name), f"{name!r} is no category", "write it as the feed does, with a letter or digit"
            elif first != name:
                yield (*where, name), f"is the same category as {first!r}", "take one of the two out"


def entity_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the tables of one tag, and the names that stand in two tables: no text would tell which is meant."""
    tags: dict[tuple[object, str], int] = {}
    names: dict[str, int] = {}
    for n, row in rows(raw, "entity"):
        name, id_ = row.get("name"), row.get("id")
        if not isinstance(name, str):
            continue
        key = "id" if isinstance(id_, str) else "name"
        tag = row.get("kind"), id_ if isinstance(id_, str) else slug(name)
        if (first := tags.setdefault(tag, n)) != n:
            problem = f"gives the tag {tag[0]}:{tag[1]}, as {shown_key(('entity', first), raw)} does"
            yield ("entity", n, key), problem, "give it another id, or make one table of the two"
            continue
        aliases = row.get("aliases")
        for at, said in (("name", name), *(("aliases", one) for one in (aliases if isinstance(aliases, list) else ()))):
            if isinstance(said, str) and (first := names.setdefault(slug(said), n)) != n:
                problem = f"{said!r} is a name of {shown_key(('entity', first), raw)} too"
                yield ("entity", n, at), problem, "take it out of one of the two: no text says which is meant"
