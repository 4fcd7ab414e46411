"""The command ``wireroom search``: stories found, newest or best first, what narrows them down. IO: terminal.

Heavy parts are imported by the command, as in ``cli.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireroom.command import fail, query_command, read_config

if TYPE_CHECKING:
    from db.reading import Facets, StoryRow
    from db.term_spans import Part

MAX_SOURCES = 3
"""So many of a story's sources are named in the table of `search`."""
MAX_FACETS = 10
"""Of each kind so many are printed; --json has all."""
COLUMNS = ("story_id", "title", "url", "language", "published", "first_seen", "updated", "sources", "tags", "snippet")
INDENT = "    "
BOLD, PLAIN = "\x1b[1m", "\x1b[22m"


@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many stories.")
@click.option("--best", is_flag=True, help="The best of the newest thousand first: by their words, age, and sources.")
@click.option("--after", metavar="CURSOR", help="The page that follows; each names the next one on standard error.")
@click.option("--facets", is_flag=True, help="Not the stories, but what narrows them down: sources, tags, languages.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--ids", "form", flag_value="ids", help="Print the stories' ids, a line each.")
@query_command
def search(
    path: Path, query: str, limit: int, after: str | None, form: str | None, *, best: bool, facets: bool
) -> None:
    """Find stories in the archive, newest first, with the query language of rules and topics.

    \b
    Examples:
      wireroom search 'embassy OR ambassador'
      wireroom search --best 'title:"united nations" AND lang:en'
      wireroom search --facets 'subject:diplomacy AND NOT source:bbc-world'
      wireroom search 'sources:>=3 seen:>=now-7d -@us-russia'

    \b
    docs/query.md has the whole language.
    """
    from datetime import UTC, datetime

    from db.archive import open_reader
    from db.found import facets_of
    from db.query_names import read_query
    from db.search import MAX_SEARCH_S, limited, with_archived
    from db.snippets import with_snippets
    from db.term_spans import SNIPPET_CHARS
    from db.times import iso
    from wireroom.config_queries import names_of
    from wireroom.tag_hints import tag_hints

    if facets and (form in ("csv", "ids") or best or after):
        fail(2, "--facets goes with --json alone: it counts what all the newest stories found have")
    config = read_config(path)
    db = open_reader(config.archive)
    known = with_archived(db, names_of(config))
    asked = read_query(query, known)
    now = iso(datetime.now(UTC))
    with limited(db, MAX_SEARCH_S):
        if facets:
            found = facets_of(db, asked, now, "owner")
            print_facets(found, form)
            if not found.of:
                tell_hints(tag_hints(db, asked, known))
            return
        rows, following = page(db, asked, now, limit, after, best=best)
        if form != "ids":
            rows = with_snippets(db, rows, asked, SNIPPET_CHARS if form else min(SNIPPET_CHARS, one_line()))
    print_stories(rows, form)
    if following is not None:
        click.echo(f"wireroom: more: --after {following}", err=True)
    elif not rows and not after:
        tell_hints(tag_hints(db, asked, known))


def tell_hints(hints: Iterable[str]) -> None:
    """Say why nothing may have been found."""
    for hint in hints:
        click.echo(f"wireroom: {hint}", err=True)


def page(
    db: Any, asked: Any, now: str, limit: int, after: str | None, *, best: bool
) -> tuple[Sequence[StoryRow], str | None]:
    """Find a page of stories → (stories, cursor of the next page). Exits with 2 for a cursor that is none."""
    from db.found import find_stories
    from db.rank import find_best, read_cursor

    if best:
        cursor = read_cursor(after) if after is not None else None
        if after is not None and cursor is None:
            fail(2, f"--after {after}: no cursor of --best; take the one that the page before named, with --best")
        ranked = find_best(db, asked, now, "owner", limit=limit, cursor=cursor)
        return ranked.stories, ranked.next
    if after is not None and not (after.isascii() and after.isdecimal() and 0 < len(after) < 19):
        fail(2, f"--after {after}: no cursor of newest first; take the one that the page before named, without --best")
    found = find_stories(db, asked, now, "owner", before=int(after) if after else None, limit=limit)
    return found.stories, str(found.before) if found.before is not None else None


def print_stories(rows: Sequence[StoryRow], form: str | None) -> None:
    """Print stories in a form; None: for eyes."""
    if form == "ids":
        for row in rows:
            click.echo(str(row.id))
    elif form == "json":
        click.echo(json.dumps([told(row) for row in rows], ensure_ascii=False, indent=2))
    elif form == "csv":
        click.echo(as_csv(map(told, rows)), nl=False)
    elif rows:
        click.echo(as_table(rows))
    else:
        click.echo("no story matches")


def told(row: StoryRow) -> dict[str, Any]:
    """Give a story as programs are told of it; ``snippet``: the part of its text that was found, words in ``**``."""
    return {
        "story_id": row.id,
        "title": row.title,
        "url": row.url,
        "language": row.language,
        "published": row.published,
        "first_seen": row.first_seen,
        "updated": row.updated,
        "sources": [one.source for one in row.sources],
        "tags": list(row.tags),
        "snippet": written(row.snippet, "**", "**") or None,
    }


def as_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Write CSV with a header; lists with blanks between."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([" ".join(row[name]) if isinstance(row[name], list) else row[name] for name in COLUMNS])
    return text.getvalue()


def as_table(rows: Sequence[StoryRow]) -> str:
    """Lay out stories for eyes; below each the part of its text that was found, in bold on a terminal."""
    import os
    import sys

    from wireroom.table import table

    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    cells = [
        {
            "story_id": row.id,
            "first_seen": row.first_seen,
            "sources": some([one.source for one in row.sources]),
            "title": row.title,
        }
        for row in rows
    ]
    head, line, *drawn = table(cells, ["story_id", "first_seen", "sources", "title"]).splitlines()
    made = [head, line]
    for row, each in zip(rows, drawn, strict=True):
        made.append(each)
        if row.snippet:
            made.append(f"{INDENT}{written(row.snippet, '' if plain else BOLD, '' if plain else PLAIN)}")
    return "\n".join(made)


def one_line() -> int:
    """Give how long a snippet may be below its story, dots and all, so that it stays on one line of the terminal."""
    import shutil

    return max(40, shutil.get_terminal_size((120, 24)).columns - len(INDENT) - 4)


def written(parts: Sequence[Part], opened: str, closed: str) -> str:
    """Write parts as one line, what was found between two marks."""
    from wireroom.escape import escaped

    return "".join(f"{opened}{escaped(one.text)}{closed}" if one.hit else escaped(one.text) for one in parts)


def some(sources: list[str]) -> list[str]:
    """Name the first sources, so that the title has room; --json has them all."""
    more = len(sources) - MAX_SOURCES
    return [*sources[:MAX_SOURCES], *([f"and {more} more"] if more > 0 else [])]


def print_facets(found: Facets, form: str | None) -> None:
    """Print what narrows a search down: terms of the query language, and how many stories have each."""
    from dataclasses import asdict

    from wireroom.escape import escaped

    if form == "json":
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        return
    if not found.of:
        click.echo("no story matches")
        return
    click.echo(f"of the newest {found.of:,} stories found:" if found.of > 1 else "of the one story found:")
    for what, facets in (("sources", found.sources), ("tags", found.tags), ("languages", found.languages)):
        if facets:
            click.echo(f"\n{what}")
        for one in facets[:MAX_FACETS]:
            name = f"  {escaped(one.label)}" if what == "sources" and one.label != one.term.partition(":")[2] else ""
            click.echo(f"  {one.stories:>6}  {escaped(one.term)}{name}")
    days = [(day, count) for day, count in found.days if count][-MAX_FACETS:]
    if days:
        click.echo("\ndays")
    for day, count in days:
        click.echo(f"  {count:>6}  seen:{day}")
