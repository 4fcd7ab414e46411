"""Is the archive's schema what the migrations make: each table, view, index and trigger of it. IO: sqlite.

It is held against a fresh archive. What others put beside our own is theirs, and is only named; but a trigger or a
unique index on a table of ours changes or refuses what is written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlite_utils import Database

from db.in_memory import in_memory

LEDGER = "_sqlite_migrations"
"""sqlite-utils makes it, in its own words: what counts is which steps it has."""

UNSAID = re.compile(r"('(?:[^']|'')*')|(?:--[^\n]*|/\*.*?\*/|\s)+", re.DOTALL)
NO_MATTER = re.compile(r"""('(?:[^']|'')*')|[\s"`;]+""")
"""What of a statement says nothing: comments and blanks; quotes around names too. Strings stay."""


COLUMNS = """
SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %'
"""
"""SQLite can't tell the columns of a view whose table is gone, nor of a table of an extension that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What is not as the migrations make it; ``sql``: what mends it; None: only a backup does."""

    what: str
    sql: str | None


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: objects (kind, table, statement), columns, which are unique or FTS5's own; the steps that made it."""

    objects: dict[str, tuple[str, str, str]]
    columns: dict[str, list[str]]
    unique: frozenset[str]
    shadows: frozenset[str]
    steps: frozenset[str]


def drift(db: Database) -> tuple[list[Drift], list[str]]:
    """Compare an archive's schema with that of a fresh one → what is not as it must be; what others put beside it."""
    there, fresh = schema_of(db), schema_of(in_memory())
    ours = {name.lower() for name in fresh.objects}  # a trigger has its table's name as its maker wrote it
    own = {name for name, (_, table, _) in there.objects.items() if table.lower() in ours and touches(there, name)}
    found = [*lost_or_changed(there, fresh), *imposed(there, sorted(own - fresh.objects.keys()))]
    others = there.objects.keys() - fresh.objects.keys() - own - there.shadows
    return found, sorted(f"{there.objects[name][0]} {name}" for name in others)


def touches(schema: Schema, name: str) -> bool:
    """Tell whether an object changes or refuses what is written to its table."""
    return schema.objects[name][0] == "trigger" or name in schema.unique


def imposed(there: Schema, names: list[str]) -> Iterator[Drift]:
    """Tell of what others put onto our tables."""
    for name in names:
        kind, table, _ = there.objects[name]
        what = f"{kind} {name} on {table} is not Wireroom's; it changes or refuses what is written there"
        yield Drift(what=what, sql=f'DROP {kind.upper()} "{name}"')


def lost_or_changed(there: Schema, fresh: Schema) -> Iterator[Drift]:
    """Find what of ours is missing or is another."""
    for name, (kind, _, sql) in fresh.objects.items():
        found = there.objects.get(name)
        if found is not None and found[0] == kind and (name in fresh.shadows or bare(found[2]) == bare(sql)):
            continue
        if kind == "table":
            yield table_drift(name, fresh.columns.get(name, []), None if found is None else there.columns.get(name, []))
        else:
            drop = "" if found is None else f"DROP {found[0].upper()} {name}; "
            yield Drift(what=f"{kind} {name} is {'another' if drop else 'missing'}", sql=drop + one_line(sql))
    for step in sorted(fresh.steps - there.steps):
        sql = f"INSERT INTO {LEDGER} (migration_set, name, applied_at) VALUES ('wireroom', '{step}', '')"
        yield Drift(what=f"{LEDGER} does not have {step}, which would be done again", sql=sql)


def table_drift(name: str, wanted: list[str], columns: list[str] | None) -> Drift:
    """Tell how a table differs: by its columns, if it does by them."""
    if columns is None:
        return Drift(what=f"table {name} is missing", sql=None)
    lost = [column for column in wanted if column not in columns]
    more = [column for column in columns if column not in wanted]
    if lost or not more:
        return Drift(what=f"table {name} is another{': it has no ' if lost else ''}{', '.join(lost)}", sql=None)
    sql = "; ".join(f'ALTER TABLE {name} DROP COLUMN "{column}"' for column in more)
    return Drift(what=f"table {name} has what is not Wireroom's: {', '.join(more)}", sql=sql)


def schema_of(db: Database) -> Schema:
    """Read the schema, without what SQLite makes by itself."""
    ask = partial(pairs, db)
    shadows = "SELECT name, type FROM pragma_table_list WHERE type = 'shadow' AND schema = 'main'"
    objects = db.execute(
        "SELECT name, type, tbl_name, sql FROM sqlite_master "
        "WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name <> ? ORDER BY type = 'table' DESC, name",
        [LEDGER],
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column in ask(COLUMNS):
        columns.setdefault(table, []).append(column)
    indexes = 'SELECT i.name, m.name FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE i."unique"'
    return Schema(
        objects={name: (kind, table, sql) for name, kind, table, sql in objects},
        columns=columns,
        unique=frozenset(name for name, _ in ask(indexes)),
        shadows=frozenset(name for name, _ in ask(shadows)),
        steps=frozenset(name for name, _ in ask(f"SELECT name, id FROM {LEDGER} WHERE migration_set = 'wireroom'")),
    )


def pairs(db: Database, sql: str) -> list[tuple[str, str]]:
    """Ask for pairs."""
    return db.execute(sql).fetchall()


def one_line(sql: str) -> str:
    r"""Write a statement in one line, without comments.

    >>> one_line("SELECT a, -- it's this\n  '--  b' FROM c")
    "SELECT a, '--  b' FROM c"
    """
    return UNSAID.sub(lambda found: found[1] or " ", sql).strip()


def bare(sql: str) -> str:
    r"""Leave of a statement what it says, however it is written.

    >>> bare('CREATE VIEW "a" AS -- one\n SELECT 1 ;') == bare("CREATE VIEW a AS SELECT 1")
    True
    """
    return NO_MATTER.sub(lambda found: found[1] or "", one_line(sql))
