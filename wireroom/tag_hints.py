"""Which tag was meant by one that no story has: a query for it takes nothing, and should not do so in silence.

IO: sqlite, files (the shipped names).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db.query import parse
from db.query_faults import nearest
from db.query_names import Names, unknown_kinds
from db.query_tree import Query, Tag, leaves
from db.text import slug
from ingest.gazetteer_files import shipped
from wireroom.escape import escaped

if TYPE_CHECKING:
    from wireroom.config import Config


def tag_hints(db: Database, query: Query, names: Names) -> Iterator[str]:
    """Say which of the tags that a query asks for there are none of, and which were meant."""
    unknown = unknown_kinds(query, names)
    for kind in unknown:
        yield f"there is no tag of the kind `{kind}`"
    asked = dict.fromkeys(leaf for leaf in leaves(query) if isinstance(leaf, Tag) and leaf.kind and leaf.name)
    for leaf in asked:
        if leaf.prefix or leaf.kind in unknown or has_tag(db, leaf.kind, leaf.name):
            continue
        meant = meant_by(db, leaf.kind, leaf.name)
        mend = f": did you mean `{escaped(leaf.kind)}:{escaped(meant)}`?" if meant else ""
        yield f"no story has the tag `{leaf.kind}:{leaf.name}`{mend}"


def has_tag(db: Database, kind: str, name: str) -> bool:
    """Tell whether a story has it."""
    sql = "SELECT 1 FROM story_tags WHERE tag_id = (SELECT id FROM tags WHERE kind = ? AND name = ?) LIMIT 1"
    return bool(list(db.execute(sql, [kind, name])))


def meant_by(db: Database, kind: str, name: str) -> str | None:
    """Find the tag that was meant: what a name is called as one, or else one that is much like it."""
    if called := called_by(kind, name):
        return called
    return nearest(name, [other for (other,) in db.execute("SELECT name FROM tags WHERE kind = ?", [kind])])


def called_by(kind: str, name: str) -> str | None:
    """Find what a well-known name is called as a tag: `usa` → `united-states`; None where it is one itself."""
    tags, names = shipped_tags()
    return None if (kind, name) in tags else names.get((kind, name.replace("-", "")))


@cache
def shipped_tags() -> tuple[frozenset[tuple[str, str]], dict[tuple[str, str], str]]:
    """List the tags that well-known names give, and the names in them without hyphens; the first of one name counts."""
    names: dict[tuple[str, str], str] = {}
    for one in shipped():
        for text in (*one.aliases, *(spelling.text for spelling in one.spellings if not spelling.seat)):
            names.setdefault((one.kind, slug(text).replace("-", "")), one.name)
    return frozenset((one.kind, one.name) for one in shipped()), names


def config_hints(config: Config) -> Iterator[str]:
    """Say which rules, saved queries and topics ask for a tag that nothing gives, but for a name of which there is one.

    Whoever is known in texts is tagged by one name only, so such a query would wait for good.
    """
    if not config.gazetteer:
        return
    tables = (config.categories, *(source.categories for source in config.sources))
    given = {tag for source in config.sources for tag in source.tags} | {rule.tag for rule in config.rules}
    given |= {tag for table in tables for _, tag in table}
    given |= {f"{one.kind}:{one.name}" for one in config.entities.named}
    texts = [("rule", one.id, one.match) for one in config.rules]
    texts += [("query", one.id, one.match) for one in config.queries]
    texts += [("topic", one.id, text) for one in config.topics for text in (one.match, one.exclude) if text is not None]
    for table_, id_, text in texts:
        asked = dict.fromkeys(leaf for leaf in leaves(parse(text)) if isinstance(leaf, Tag) and not leaf.prefix)
        for leaf in asked:
            meant = called_by(leaf.kind, leaf.name)
            if meant and f"{leaf.kind}:{leaf.name}" not in given:
                mend = f"names in texts give `{leaf.kind}:{meant}`"
                yield f'{table_} "{id_}" asks for the tag `{leaf.kind}:{leaf.name}`, which nothing gives; {mend}'
