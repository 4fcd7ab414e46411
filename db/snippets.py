"""Stories found, with the words that found them. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from db.query_tree import Query
from db.reading import StoryRow
from db.term_spans import LOOKED_AT, SNIPPET_CHARS, marked, snippet, spans, terms_of


def with_snippets(
    db: Database, rows: Sequence[StoryRow], query: Query | None, chars: int = SNIPPET_CHARS
) -> tuple[StoryRow, ...]:
    """Add to each story its title and a part of its text, of about ``chars`` characters, the query's words marked.

    Where a query asks for no words, nothing is added; nor a part of a text that has none of them.
    """
    terms = terms_of(query) if query is not None else ()
    if not terms:
        return tuple(rows)
    texts = dict(
        db.execute(
            f"SELECT id, substr(text, 1, {LOOKED_AT}) FROM stories WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps([row.id for row in rows])],
        ).fetchall()
    )
    return tuple(
        replace(
            row,
            marked_title=marked(row.title, spans(row.title, terms, "title")),
            snippet=snippet(texts[row.id], spans(texts[row.id], terms, "text"), chars) if row.id in texts else (),
        )
        for row in rows
    )
