"""What a query or a statement finds, written to a file or standard output in the form that is asked for.

IO: sqlite, files, terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from db.archive import open_reader
from db.excerpt import NoStoriesError, write_excerpt
from db.exported import COLUMNS, exported_stories, story_ids
from db.query_names import read_query
from db.query_tree import Query
from db.rows_told import LINES, Rows
from db.search import with_archived
from db.sql_ask import Question, asked
from db.sql_fault import SqlError
from db.times import iso
from feeds.pages.words import counted as number
from feeds.pages.words import size
from wireroom.command import NOT_INSTALLED, fail
from wireroom.config import Config
from wireroom.config_queries import names_of
from wireroom.new_file import new_file

NO_PYARROW = "Parquet needs pyarrow, which is not installed: pip install 'wireroom[parquet]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is to be written: the stories of a ``query``, or what a ``question`` in SQL finds."""

    query: str | None = None
    question: Question | None = None


class Counted:
    """Rows, and how many there were; ``rows`` is 0 before they have come."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Give the rows."""
        for row in self._rows:
            self.count += 1
            yield row


def write_found(config: Config, found: Found, file: Path, form: str, *, force: bool) -> None:
    """Write it, and say how much that was.

    Raises QueryError, SqlError, TakenError, ArchiveError, OSError; exits with 1 where an archive would have no story.
    """
    with rows_found(config, found, archive=form == "archive") as (columns, rows):
        counted = Counted(rows)
        if file == Path("-"):
            write_lines(sys.stdout.buffer, form, columns, counted)
            return
        if file.exists() and not file.is_file() and form in LINES:  # a pipe, a device
            with file.open("wb") as out:
                write_lines(out, form, columns, counted)
            return
        with new_file(file, force=force) as place:
            if form == "archive":
                write_archive(config.archive, place, columns, counted)
            elif form == "parquet":
                write_typed(place, columns, counted)
            else:
                with place.open("wb") as out:
                    write_lines(out, form, columns, counted)
                place.chmod(0o644)
    what = "story" if found.query is not None or form == "archive" else "row"
    click.echo(f"{number(counted.count, what)} written to {file} ({size(file.stat().st_size)})")


@contextmanager
def rows_found(config: Config, found: Found, *, archive: bool) -> Iterator[tuple[Sequence[str], Rows]]:
    """Find them → columns and rows, good within the body; for an ``archive`` of a query just the ids."""
    with closing(open_reader(config.archive)) as db:
        if found.question is not None:
            with asked(config.archive, found.question) as answer:
                yield answer.columns, answer
            return
        now = iso(datetime.now(UTC))
        query: Query = read_query(found.query or "", with_archived(db, names_of(config)))
        if archive:
            yield ("story_id",), ([id_] for id_ in story_ids(db, query, now))
        else:
            with closing(exported_stories(db, query, now)) as rows:
                yield COLUMNS, rows


def write_lines(out: Any, form: str, columns: Sequence[str], rows: Rows) -> None:
    """Write a form of text, in UTF-8."""
    for line in LINES[form](columns, rows):
        out.write(line.encode("utf-8", "replace"))
    out.flush()


def write_typed(place: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write Parquet."""
    from wireroom.parquet import write_parquet  # noqa: PLC0415 - few need it

    try:
        write_parquet(place, columns, rows)
    except ImportError:
        fail(NOT_INSTALLED, NO_PYARROW)
    place.chmod(0o644)


def write_archive(archive: Path, place: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write a smaller archive of the stories whose ids are in the column ``story_id``."""
    if "story_id" not in columns:
        mend = "name the one with the stories' ids so: SELECT id AS story_id …"
        raise SqlError("there is no column story_id in what it finds", mend)
    at = list(columns).index("story_id")
    try:
        write_excerpt(archive, place, (row[at] for row in rows if isinstance(row[at], int)))
    except NoStoriesError:
        fail(1, "no story is found, so there is nothing to put into an archive")
