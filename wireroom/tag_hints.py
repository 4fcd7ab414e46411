"""Which tag was meant by one that no story has: a query for it takes nothing, and should not do so in silence.

IO: sqlite, files (the shipped names).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlite_utils import Database

from db.query_faults import nearest
from db.query_names import Names, unknown_kinds
from db.query_tree import Query, Tag, leaves
from db.text import slug
from ingest.gazetteer_files import shipped
from wireroom.escape import escaped


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
    """Find what a well-known name is called as a tag: `usa` → `united-states`."""
    for one in shipped():
        if one.kind == kind and one.name != name:
            words = {*one.aliases, *(spelling.text for spelling in one.spellings if not spelling.seat)}
            if any(slug(text).replace("-", "") == name.replace("-", "") for text in words):
                return one.name
    return None
