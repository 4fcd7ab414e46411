"""The commands that ask the archive in SQL, and write what is found to files: ``wireroom sql | export``.

Heavy parts are imported by the command that needs them, as in ``cli.py``. IO: terminal, files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from wireroom.cli_sources import export_sources
from wireroom.command import Seconds, command, fail, query_command, read_config
from wireroom.escape import escaped

ROWS, TIMEOUT_S = 1_000, 20.0
TEMP_BYTES = 1_000_000_000
"""So long may a file be that SQLite sorts with, where the owner asks at his own machine."""
FORMS = ("json", "jsonl", "csv", "tsv", "parquet", "archive")
SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".db": "archive",
    ".sqlite": "archive",
    ".sqlite3": "archive",
}


def parameters(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, int | float | str]:
    """Read ``--param name=value``: what is written as SQLite writes a number is one."""
    found: dict[str, int | float | str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.lstrip(":").isidentifier():
            raise click.BadParameter(f"{escaped(one)!r}: write name=value")
        found[name.lstrip(":")] = number_or_text(value)
    return found


def number_or_text(value: str) -> int | float | str:
    """Read a value: ``7`` is a whole number, ``0.5`` a number; ``007``, ``1e3``, ``2026-11-20`` are text."""
    for read in (int, float):
        try:
            number = read(value)
        except ValueError:
            continue
        if str(number) == value and value not in ("inf", "-inf", "nan") and abs(number) < 1 << 63:
            return number
    return value


param_option = click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", callback=parameters, help="The value of :NAME in it."
)
timeout_option = click.option(
    "--timeout", default=TIMEOUT_S, metavar="TIME", type=Seconds(0, min_open=True),
    help='So long may it take, such as "2m"; 20 seconds, if not given.',
)  # fmt: skip


@click.argument("statement", metavar="SQL|-")
@param_option
@click.option("--limit", type=click.IntRange(0), default=ROWS, show_default=True, help="How many rows; 0: all.")
@timeout_option
@click.option("--json", "form", flag_value="json", help="Print a JSON list of objects.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print JSON, an object a line.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--tsv", "form", flag_value="tsv", help="Print a line a row, parted by tabs.")
@query_command
def sql(path: Path, statement: str, *, params: dict[str, Any], limit: int, timeout: float, form: str | None) -> None:
    """Ask the archive in SQL; from standard input with -. It can only read.

    \b
    Examples:
      wireroom sql "SELECT source, count(*) FROM coverage GROUP BY source ORDER BY 2 DESC"
      wireroom sql "SELECT title FROM stories WHERE id = :id" --param id=7 --json

    \b
    docs/archive.md has the tables, docs/asking.md what a statement may do. Works beside a running daemon.
    Exits with 2 for a statement that can't be answered, 124 for one that takes longer than it may.
    """
    from db.archive import open_reader
    from db.rows_told import LINES, tables
    from db.sql_ask import Question, asked
    from wireroom.table import table

    config = read_config(path)
    question = Question(
        sql=sys.stdin.read() if statement == "-" else statement,
        params=params,
        rows=limit,
        timeout_s=timeout,
        temp_bytes=TEMP_BYTES,
    )

    open_reader(config.archive).close()  # it says best why there is nothing to be asked
    with asked(config.archive, question) as answer:
        if form is not None:
            print_all(LINES[form](answer.columns, answer), encoded=True)
        else:
            print_all(tables(table)([escaped(name) for name in answer.columns], answer), encoded=False)
        if answer.cut == "rows":
            click.echo(f"wireroom: only the first {limit} rows; --limit 0 for all", err=True)


def print_all(lines: Iterator[str], *, encoded: bool) -> None:
    """Print as it comes; ``encoded``: for programs, in UTF-8 whatever the terminal's own encoding."""
    for line in lines:
        if encoded:
            sys.stdout.buffer.write(line.encode("utf-8", "replace"))
        else:
            click.echo(line, nl=False)
    sys.stdout.flush()
    sys.stdout.buffer.flush()


@click.argument("file", metavar="[FILE]", default="-", type=click.Path(path_type=Path))
@click.option("--query", help="The stories that this query takes, with their text: docs/query.md.")
@click.option("--sql", "statement", metavar="SQL", help="What this statement finds: see `wireroom sql`.")
@param_option
@click.option("--as", "form", type=click.Choice(FORMS), help="The form; by FILE's ending, if not given.")
@click.option("--force", is_flag=True, help="Another file of that name may go.")
@timeout_option
@command
def export(
    path: Path,
    file: Path,
    *,
    query: str | None,
    statement: str | None,
    params: dict[str, Any],
    form: str | None,
    force: bool,
    timeout: float,
) -> None:
    """Write the sources as an OPML 2.0 list, or with --query or --sql what is found: to FILE, or standard output.

    \b
    By FILE's ending: .jsonl, .json, .csv, .tsv, .parquet (needs the extra `parquet`), or .db: a smaller archive of its
    own, with the stories found and what belongs to them; for that, --sql must give a column story_id.
    Examples:
      wireroom export sources.opml
      wireroom export kiel.parquet --query 'place:kiel seen:>=now-1y'
      wireroom export small.db --sql "SELECT story_id FROM published WHERE topic = 'us-russia'"

    \b
    Of a list of sources: folder: tags become folders, other tags categories. Titles and sites are those that polling
    found. Credentials are left out, and so are sources that are files.
    A file of found things is written whole or not at all, and over no other without --force.
    """
    if query is None and statement is None:
        if form is not None or file.suffix.lower() in SUFFIXES:
            fail(2, "say what is to be exported: --query or --sql; the list of sources is OPML")
        export_sources(path, file)
        return
    if query is not None and statement is not None:
        fail(2, "either --query or --sql")
    chosen = form or SUFFIXES.get(file.suffix.lower()) or ("jsonl" if file == Path("-") else None)
    if chosen is None:
        fail(2, f"{file}: in which form? End its name so ({', '.join(SUFFIXES)}), or say --as")
    if file == Path("-") and chosen in ("parquet", "archive"):
        fail(2, f"a file is needed for that: wireroom export found.{'db' if chosen == 'archive' else 'parquet'} …")
    from db.sql_ask import Question
    from wireroom.export_found import Found, write_found

    asked = None
    if statement is not None:
        asked = Question(sql=statement, params=params, rows=0, timeout_s=timeout, temp_bytes=TEMP_BYTES)
    write_found(read_config(path), Found(query=query, question=asked), file, chosen, force=force)
