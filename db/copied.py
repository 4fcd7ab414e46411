"""One story of the archive by itself: any query can be asked of it, part by part, at no cost that grows. IO: sqlite.

It is an in-memory archive with the story's own rows, so each part of a query is asked by the very SQL that the archive
would be asked by; over the archive, a common word alone would be looked up in every story that has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sqlite_utils import Database

from db.in_memory import in_memory
from db.query_sql import compile_query
from db.query_text import BETWEEN_UNSPACED
from db.query_told import Seen
from db.query_tree import Author, Lang, Near, Query, Sources, Text, When, Words
from db.text import fold

MAX_EVENT = 50
"""Of the other stories of its event so many come along: a query may ask whether there is one."""

MAX_WORDS = 3
"""So many different words are told that a part of a query found."""

MARKS = "\x02", "\x03"
"""Around what FTS5 found."""

WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")

COLUMNS = ("title", "text", "folded_title", "folded_text")


class CopiedStory:
    """A story, copied out of the archive as it stands; ``now``: what relative dates are counted from."""

    def __init__(self, archive: Database, story_id: int, now: str) -> None:
        self._id, self._now = story_id, now
        self._db = in_memory()
        self._db.execute("PRAGMA foreign_keys = OFF")
        for table in with_stories(archive):
            self._copy(archive, table, "story_id = ?", story_id)
        self._copy(archive, "stories", "id = ?", story_id)
        self._copy(
            archive,
            "stories",
            "event_id = (SELECT event_id FROM stories WHERE id = ?1) AND id <> ?1 AND merged_into IS NULL "
            f"LIMIT {MAX_EVENT}",
            story_id,
        )
        for table, column, by in (
            ("sources", "id", "SELECT DISTINCT source_id FROM entries"),
            ("tags", "id", "SELECT DISTINCT tag_id FROM story_tags"),
            ("authors", "name", "SELECT DISTINCT author FROM entries WHERE author IS NOT NULL"),
        ):
            wanted = json.dumps([each for (each,) in self._db.execute(by)])
            self._copy(archive, table, f"{column} IN (SELECT value FROM json_each(?))", wanted)
        self._db.execute(
            "INSERT INTO stories_fts (rowid, title, text, folded_title, folded_text) "
            "SELECT id, title, text, folded_title, folded_text FROM stories WHERE id = ?",
            [story_id],
        )

    def _copy(self, archive: Database, table: str, where: str, *params: object) -> None:
        names = [name for _, name, *_ in self._db.execute(f"PRAGMA table_info({table})")]  # those that are stored
        rows = archive.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {where}", list(params))
        self._db.conn.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES (?{', ?' * (len(names) - 1)})", rows.fetchall()
        )

    def takes(self, query: Query) -> bool:
        """Ask whether a query takes the story."""
        where = compile_query(query, self._now)
        sql = f"SELECT 1 FROM stories WHERE id = ? AND ({where.sql})"
        return self._db.execute(sql, [self._id, *where.params]).fetchone() is not None

    def look(self, leaf: Query) -> Seen:
        """Ask one leaf of the story, with the words that it found there, or what the story has in that field."""
        holds = self.takes(leaf)
        match leaf:
            case Text() | Near() if holds:
                return Seen(True, self._words(leaf))
            case Author() if holds:
                return Seen(True, self._signed(leaf))
        return Seen(holds, has=self._has(leaf, holds=holds))

    def _has(self, leaf: Query, *, holds: bool) -> str | None:
        """Tell what the story has where a query asks for something else, or for a range."""
        match leaf:
            case Sources():
                sql = "SELECT count(DISTINCT source_id) FROM entries WHERE story_id = ?"
            case Words():
                sql = "SELECT words FROM stories WHERE id = ?"
            case When(field):
                column = "first_seen" if field == "seen" else "coalesce(published, 'nothing')"
                sql = f"SELECT {column} FROM stories WHERE id = ?"
            case Lang() if not holds:
                sql = "SELECT coalesce(language, 'nothing') FROM stories WHERE id = ?"
            case _:
                return None
        ((value,),) = self._db.execute(sql, [self._id])
        return f"it has {value}"

    def _signed(self, leaf: Author) -> tuple[str, ...]:
        """Find the names that a leaf found."""
        sql = "SELECT DISTINCT author FROM entries WHERE story_id = ? AND author IS NOT NULL ORDER BY id"
        (match,) = compile_query(leaf, self._now).params
        named = "SELECT name FROM authors WHERE id IN (SELECT rowid FROM authors_fts WHERE authors_fts MATCH ?)"
        known = {name for (name,) in self._db.execute(named, [match])}
        return tuple(name for (name,) in self._db.execute(sql, [self._id]) if name in known)[:MAX_WORDS]

    def _words(self, leaf: Text | Near) -> tuple[str, ...]:
        """Find the words that a leaf found; where only the folded text has them, those that are folded to them."""
        (match,) = compile_query(leaf, self._now).params
        opened, closed = MARKS
        marked = ", ".join(f"highlight(stories_fts, {n}, ?1, ?2)" for n in range(len(COLUMNS)))
        sql = f"SELECT {marked}, title || ' ' || text FROM stories_fts WHERE stories_fts MATCH ?3 AND rowid = ?4"
        found: dict[str, None] = {}
        for row in self._db.execute(sql, [opened, closed, match, self._id]):
            for text in filter(None, row[:2]):
                found.update(dict.fromkeys(between(text, opened, closed)))
            folded = [each for text in filter(None, row[2:4]) for each in between(text, opened, closed)]
            if folded and not found:
                found.update(dict.fromkeys(unfolded(row[4], [*dict.fromkeys(folded)][:MAX_WORDS])))
        return tuple(distinct(found))[:MAX_WORDS]


def between(text: str, opened: str, closed: str) -> list[str]:
    """List what stands between the marks, each in one line."""
    return [" ".join(part.split(closed)[0].split()) for part in text.split(opened)[1:]]


def unfolded(text: str, wanted: Sequence[str]) -> list[str]:
    """Find the words of a text that are folded to those wanted, as they stand there; what is not found stays folded.

    The folded text has a blank between the characters of scripts without spaces: there it is just left out.
    """
    spans = [(found.start(), found.end(), fold(found[0])) for found in WORD.finditer(text)]
    folded = [word for *_, word in spans]
    made = []
    for each in wanted:
        parts = each.split()
        at = next((n for n in range(len(folded)) if folded[n : n + len(parts)] == parts), None)
        made.append(
            text[spans[at][0] : spans[at + len(parts) - 1][1]] if at is not None else BETWEEN_UNSPACED.sub("", each)
        )
    return made


def with_stories(db: Database) -> list[str]:
    """List the tables whose rows are about one story each."""
    rows = db.execute(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'story_id' "
        "WHERE m.type = 'table' ORDER BY m.name"
    )
    return [name for (name,) in rows]


def distinct(words: dict[str, None]) -> list[str]:
    """Leave out words that differ in case alone."""
    return list({word.casefold(): word for word in reversed(words)}.values())[::-1]
