"""What Datasette is told of an archive: titles, descriptions, facets, order, what is hidden, worked questions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from db.document import NEEDED, NEEDED_VIEWS, Table, capital
from db.meant import SECRET
from db.questions import QUESTIONS, Question

LABELS = {"sources": "config_id", "topics": "config_id", "rules": "config_id", "stories": "title", "entries": "title"}
"""The column that a foreign key shows; where a table has ``title`` or ``name``, Datasette would find that itself."""

NEWEST_FIRST = {
    **dict.fromkeys(("stories", "entries", "revisions", "polls", "troubles", "selections", "digests", "events"), "id"),
    **dict.fromkeys(("merges", "decisions", "mark_log", "moves"), "id"),
    "story_overview": "story_id",
    "story_changes": "revision_id",
    "topic_stories": "selection_id",
    **dict.fromkeys(("story_sources", "coverage"), "entry_id"),
}
"""The column that a table is sorted by, falling; views of days are made newest first."""

FACETS: Mapping[str, Sequence[str | Mapping[str, str]]] = {
    "story_overview": ({"array": "sources"}, {"array": "tags"}, {"array": "topics"}),
    "story_sources": ("source", "first_source"),
    "story_changes": ("source", "meaningful"),
    "topic_stories": ("topic", "state", "in_feed"),
    "source_health": ("health",),
    "daily_by_source": ("source",),
    "tagged": ("kind", "origin"),
    "entries": ("source_id", "joined_by"),
    "polls": ("source_id", "outcome"),
    "selections": ("topic_id",),
    "tags": ("kind",),
    "stories": ("language",),
}

FACET_SIZE = 8
"""So many values of a facet, or the rows would stand below the first screen; Datasette links to the others."""

SHOWN = frozenset({*NEEDED, *NEEDED_VIEWS}) - {
    *("stories_fts", "merges", "decisions", "mark_log", "config_in_force", "marks"),
}
CLOSED = frozenset({"subscriptions", "subscribers", "tokens", "webhooks", "pings"})
"""Tables with secrets: their pages answer nobody."""

VIEWS = tuple(name for name in NEEDED_VIEWS if name in SHOWN)
ABOUT = (
    "Begin with the views, which need no join: {views}. The queries are worked questions; the docs have them with "
    "answers. Times are UTC; <code>first_seen</code> is when a poll found it."
)
STYLE = (
    "dl.column-descriptions{columns:24em;max-height:8.5em;overflow:auto;font-size:.85em;border:solid #ddd;"
    "border-width:1px 0;padding:.3em 0} dl.column-descriptions dt{break-after:avoid} "
    "td.col-title,td.col-story,td.col-old_title,td.col-new_title,td.col-trouble{min-width:16em}"
    "td.col-text,td.col-html,td.col-summary,td.col-old_text,td.col-new_text{min-width:24em}"
    "td.type-str[class*=_at],td.col-first_seen,td.col-last_seen,td.col-published,td.col-updated,"
    "td.col-source,td.col-lead,td.col-first_source,td.col-copy_of,td.col-config_id,td.col-topic{white-space:nowrap}"
)
"""What a table's columns are would fill its first page, texts would be a word wide and a page long."""


def metadata(database: str, tables: Sequence[Table]) -> dict[str, Any]:
    """Make the metadata of an archive that Datasette calls ``database``, which is its file's name without the end."""
    return {
        "title": "Wireroom",
        "description": "The archive of a feed syndicator: every story once, with all its sources.",
        "extra_css_urls": [f"data:text/css,{quote(STYLE)}"],
        "databases": {
            database: {
                "description_html": ABOUT.format(views=", ".join(link(database, name) for name in VIEWS)),
                "tables": {
                    **{table.name: of_table(table) for table in tables if table.kind != "search"},
                    "sqlite_sequence": {"hidden": True},  # SQLite's own
                },
                "queries": {question.id: of_question(question) for question in QUESTIONS},
            }
        },
    }


def link(database: str, view: str) -> str:
    """Write a link to a view, from the page of its database."""
    return f'<a href="{quote(database)}/{view}">{view}</a>'


def of_table(table: Table) -> dict[str, Any]:
    """Tell of one table or view."""
    warning = f" Keep to yourself: {SECRET[table.name]}." if table.name in SECRET else ""
    found: dict[str, Any] = {
        "description": plain(f"{capital(table.said)}.{warning}"),
        "columns": {column.name: plain(f"{column.said}{unit(column.unit, column.said)}") for column in table.columns},
    }
    if table.name in LABELS:
        found["label_column"] = LABELS[table.name]
    if table.name in NEWEST_FIRST:
        found["sort_desc"] = NEWEST_FIRST[table.name]
    if table.name in FACETS:
        found["facets"] = list(FACETS[table.name])
        found["facet_size"] = FACET_SIZE
    if table.name not in SHOWN:
        found["hidden"] = True
    if table.name in CLOSED:
        found["allow"] = False
    return found


def plain(text: str) -> str:
    """Leave out the marks of Markdown, which Datasette does not read."""
    return text.replace("`", "")


def unit(name: str, said: str) -> str:
    """Write the unit behind a meaning that does not say it."""
    return f" ({name})" if name and name.partition(",")[0] not in said else ""


def of_question(question: Question) -> dict[str, str]:
    """Tell of one question."""
    params = "; ".join(f":{name} is {meaning}" for name, meaning in question.params.items())
    said = ". ".join(part for part in (params, question.note) if part)
    return {"title": question.title, "sql": question.sql.strip(), **({"description": plain(said)} if said else {})}
