"""The known names that entries have, looked for anew. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from sqlite_utils import Database

from db.entries import json_array
from db.model import Mention

Mentioned = Mapping[int, tuple[Mention, ...]]
"""What is mentioned, by entry id."""


def other_mentions(
    db: Database, story_ids: Collection[int], find: Callable[[str, str, str | None], tuple[Mention, ...]]
) -> Mentioned:
    """Ask ``find`` what titles, texts and languages mention, of all entries of stories → where it is another."""
    found = {}
    for id_, title, text, language, kept in db.execute(
        "SELECT e.id, e.title, w.text, e.language, e.mentions FROM entries e JOIN entry_texts w ON w.entry_id = e.id "
        "WHERE e.story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(story_ids))],
    ):
        mentions = find(title, text, language)
        if [list(one) for one in mentions] != json.loads(kept):
            found[id_] = mentions
    return found


def write_mentions(db: Database, mentioned: Mentioned) -> None:
    """Write what entries mention."""
    db.conn.executemany(
        "UPDATE entries SET mentions = ? WHERE id = ?",
        [(json_array(mentions), id_) for id_, mentions in mentioned.items()],
    )
