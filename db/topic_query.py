"""All that a topic asks as one query: `match`, less `exclude`, of these languages, carried by enough sources. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from db.query_tree import And, Lang, Not, Or, Query, Sources


def topic_query(
    match: Query, *, exclude: Query | None = None, min_sources: int = 1, languages: Sequence[str] = ()
) -> Query:
    """Compose a topic's keys → the query that selecting, filling, previews and ``@topic`` all ask.

    A key that asks for nothing adds nothing: the query of a topic with ``match`` alone is that very query.
    """
    parts = [match]
    if exclude is not None:
        parts.append(Not(exclude))
    if languages:
        spoken = tuple(Lang(code) for code in languages)
        parts.append(spoken[0] if len(spoken) == 1 else Or(spoken))
    if min_sources > 1:
        parts.append(Sources(min_sources, None))
    return parts[0] if len(parts) == 1 else And(tuple(parts))
