"""What an archive's tables, views and columns are: read back from its own schema → values, and Markdown. IO: sqlite.

SQLite keeps the comments of the migrations in ``sqlite_master``: one behind a column's definition tells of it, one
before the first column of the whole table. What they leave out, and an example of each column, is in
``db/meanings.py``. ``python -m db.document > docs/archive.md`` writes the page anew.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlite_utils import Database

from db.inner_meanings import TRIGGERS_SAID
from db.meant import MEANINGS, SECRET, Meaning
from db.schema import SCHEMA_VERSION, migrations

TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\w+|[(),]")
SHADOW = re.compile(r"_fts_(data|idx|docsize|config|content)$")


NEEDED_VIEWS = (
    *("story_overview", "story_sources", "story_changes", "topic_stories", "source_health", "daily_by_source"),
    *("daily_by_tag", "coverage", "entry_texts", "published", "event_stories", "tagged", "marks"),
)
NEEDED = (
    *(
        "stories",
        "stories_fts",
        "entries",
        "bodies",
        "revisions",
        "sources",
        "polls",
        "troubles",
        "tags",
        "story_tags",
        "rules",
    ),
    *("topics", "selections", "digests", "events", "merges", "decisions", "mark_log", "config_in_force"),
)
"""What a person asks; all other tables are the daemon's own."""

PAGE = {
    "head": """# The archive, table by table
This page is written from the schema itself: `python -m db.document > docs/archive.md` makes it anew, and a test holds
that it is as the schema is (version {version}).
`wireroom.db` is a plain SQLite file: open it in Datasette, `sqlite-utils`, DuckDB, pandas or the `sqlite3` shell, also
while the daemon runs, as long as you only read.
`docs/questions.md` has worked questions with their SQL and answers; `docs/datasette.md` tells of the browser.

The words: a **source** publishes **entries**; entries that are one text are one **story**, whose **lead** is shown and
whose **coverage** is all its entries; independent stories of one happening are an **event**; a changed entry leaves a
**revision**; a **rule** gives a **tag**; a **topic** makes a **selection** of a story, once, under an id that never
changes.

- Times are text like `2026-11-20T08:00:00Z`, always UTC: they sort and compare as they are, and SQLite's `date()`,
  `julianday()` read them. `first_seen` is when a poll of ours found it, `published` is what the source says.
  Compare them with `date('now', '-7 days')` or `strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')`, not with
  `datetime('now', '-7 days')`, which has a blank in the place of the `T` and so is before the whole of its day.
  `date(first_seen, 'localtime')` is the day where you are.
- Ids are integers that rise with first sight and are never used again: `ORDER BY id DESC` is newest first, and free.
- What is named `config_id`, `source`, `topic` is the id in `config.toml`.
- Lists are JSON arrays: `json_each(sources)` opens one.
- A story's full text is `stories.text`, with its `story_id` as `stories.id`; what each source wrote is in
  `entry_texts`.
- A story with `merged_into` turned out to be another one; its entries are there, and `story_overview` leaves it out.
  The search index and `tagged` still have it: join them with `story_overview`.
- A story that is `withheld` is in all views like any other; the public does not see it.
- Search: `SELECT rowid FROM stories_fts WHERE stories_fts MATCH 'ferry'` gives ids of stories; `ORDER BY rowid DESC` is
  newest first, and quick for any word.
""",
    "views": "## Views\nThey answer without a join, and their columns stay as they are.\n",
    "tables": "## Tables to ask\n",
    "inner": """## The daemon's own tables
What it compares, counts, owes and repeats; nothing in them is news.
SQLite's search keeps its index in tables of its own (`stories_fts_data`, `…_idx`, `…_docsize`, `…_config`).
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its type (a view's has none), what it means, an example; ``refers``: table and column of its key."""

    name: str
    type: str
    key: bool
    nullable: bool
    refers: str | None
    said: str
    example: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, a view or a search index, with what stands beside it: indexes and triggers, each as a line of text."""

    name: str
    kind: str
    said: str
    columns: tuple[Column, ...]
    indexes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()


def fresh_archive() -> Database:
    """Make an empty archive in memory, as it is made today."""
    db = Database(memory=True)
    migrations.apply(db)
    return db


def tables_of(db: Database) -> tuple[Table, ...]:
    """Read all tables and views, in the order in which they were made; search's own inner tables are left out."""
    rows = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' ORDER BY rowid"
    )
    return tuple(table_of(db, kind, name, sql) for kind, name, sql in rows.fetchall() if not SHADOW.search(name))


def table_of(db: Database, kind: str, name: str, sql: str) -> Table:
    """Read a table or a view."""
    kind = "search" if sql.startswith("CREATE VIRTUAL") else kind
    rows: list[tuple[int, str, str, int, int]] = []
    with suppress(sqlite3.OperationalError):  # somebody's view whose table is gone, a table of an extension not here
        rows = db.execute(f"{COLUMNS} WHERE hidden <> 1", [name]).fetchall()
    names = [row[1] for row in rows]
    said = comments(sql, names)
    told = MEANINGS.get(name, {})
    refers = {row[3]: f"{row[2]}.{row[4]}" for row in db.execute(f'PRAGMA foreign_key_list("{name}")')}
    columns = []
    for _, column, declared, not_null, key in rows:
        more = told.get(column, Meaning("", ""))
        type_ = declared.lower().removesuffix(" generated always") if kind == "table" else type_of(more.example)
        columns.append(
            Column(
                name=column,
                type=type_,
                key=bool(key),
                nullable=kind == "table" and not not_null and not key,
                refers=refers.get(column),
                said=more.said or said.get(column, ""),
                example=more.example,
                unit=unit_of(column, type_),
            )
        )
    return Table(
        name=name,
        kind=kind,
        said=told.get("", Meaning("", "")).said or said.get("", ""),
        columns=tuple(columns),
        indexes=tuple(indexes(db, name)),
        triggers=tuple(row[0] for row in db.execute(TRIGGERS, [name])),
    )


COLUMNS = 'SELECT cid, name, type, "notnull", pk FROM pragma_table_xinfo(?)'
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? ORDER BY rowid"
INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY rowid"


def indexes(db: Database, table: str) -> Iterator[str]:
    """List the indexes that were made by name, each as ``name: unique (columns) WHERE …``."""
    for name, sql in db.execute(INDEXES, [table]).fetchall():
        text = " ".join(part for part in re.sub(r"--[^\n]*", "", sql).split())
        unique = "unique " if text.startswith("CREATE UNIQUE") else ""
        yield f"{name}: {unique}{text.partition(' ON ')[2].partition(' ')[2]}"


def comments(sql: str, columns: Sequence[str]) -> dict[str, str]:
    """Read the comments of a table's or view's definition → by column; "" is the whole.

    A comment belongs to the column that began last before it: at the top of the definition, behind a ``(`` or ``,`` of
    a table, behind an ``AS`` of a view, of which what is said inside of brackets is nobody's.
    """
    is_view = sql.startswith("CREATE VIEW")
    level = 0 if is_view else 1
    found: dict[str, list[str]] = {}
    depth, current, before = 0, "", ""
    for token in TOKEN.findall(sql):
        if token.startswith("--"):
            if depth == level or not is_view:
                found.setdefault(current, []).append(token[2:].strip())
            continue
        begins = depth == level and before.upper() == "AS" if is_view else depth == level and before in ("(", ",")
        if begins and token.strip('"') in columns:
            current = token.strip('"')
        depth += {"(": 1, ")": -1}.get(token, 0)
        before = token
    return {name: " ".join(lines) for name, lines in found.items()}


def type_of(example: str) -> str:
    """Tell the type of a view's column, which SQLite does not know, by its example."""
    for pattern, name in ((r"-?\d+$", "integer"), (r"-?\d+\.\d+$", "real"), (r"[\[{]", "json")):
        if re.match(pattern, example):
            return name
    return "text"


def unit_of(column: str, kind: str) -> str:
    """Tell the unit of a column by its name, as the whole archive is named: of text a time's, else a number's."""
    for pattern, unit in UNITS.items():
        if re.search(pattern, column) and (kind == "text") == unit.endswith("UTC"):
            return unit
    return ""


UNITS = {
    r"_s$": "seconds",
    r"_ms$": "milliseconds",
    r"^minutes_|_minutes$": "minutes",
    r"_hours$": "hours",
    r"^bytes$": "bytes",
    r"_per_hour$|^pace$": "entries an hour",
    r"^words$": "words",
    r"^day$": "date, UTC",
    r"(_at|_seen|_until|^at|^since|^published|^updated|^period_from|^period_to)$": "time, UTC",
}
"""A pattern of column names → their unit; times are ISO 8601 text in UTC, which sorts as it is."""


def markdown(tables: Sequence[Table]) -> str:
    """Write docs/archive.md: what a person asks first, views before tables, then the daemon's own."""
    named = {table.name: table for table in tables}
    views = [named[name] for name in NEEDED_VIEWS]
    needed = [named[name] for name in NEEDED]
    inner = [table for table in tables if table.name not in {*NEEDED, *NEEDED_VIEWS}]
    parts = [PAGE["head"].format(version=SCHEMA_VERSION), PAGE["views"]]
    parts += [contents(views), *(section(view) for view in views)]
    parts += [PAGE["tables"], contents(needed), *(section(table) for table in needed)]
    parts += [PAGE["inner"], contents(inner), *(section(table) for table in inner)]
    return "\n".join(parts)


def contents(tables: Sequence[Table]) -> str:
    """Write a table of what follows."""
    said = {table.name: escaped(table.said.replace("one row per ", "one ")) for table in tables}
    rows = (f"| [`{name}`](#{name}) | {what} |" for name, what in said.items())
    return "\n".join(["| name | a row is |", "| --- | --- |", *rows, ""])


def section(table: Table) -> str:
    """Write one table or view."""
    lines = [f"### {table.name}", f"{escaped(capital(table.said))}."]
    if table.name in SECRET:
        lines.append(f"**Keep to yourself**: {SECRET[table.name]}.")
    lines += ["", "| column | type | what it is | example |", "| --- | --- | --- | --- |"]
    lines += [row(column) for column in table.columns]
    if table.indexes:
        lines += ["", "Indexes:", *(f"- `{index}`" for index in table.indexes)]
    if table.triggers:
        lines += ["", "Triggers:", *(f"- `{name}`: {TRIGGERS_SAID.get(name, '')}" for name in table.triggers)]
    return "\n".join([*lines, ""])


def row(column: Column) -> str:
    """Write one column as a row."""
    facts = [column.type, "key" if column.key else "", "may be null" if column.nullable else ""]
    kind = ", ".join(fact for fact in (*facts, column.unit) if fact)
    refers = f" → [`{column.refers}`](#{column.refers.partition('.')[0]})" if column.refers else ""
    example = f"`{escaped(column.example)}`" if column.example else ""
    return f"| `{column.name}` | {kind} | {escaped(column.said)}{refers} | {example} |"


def capital(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


def escaped(text: str) -> str:
    """Keep what would end a cell from ending it."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(markdown(tables_of(fresh_archive())))
