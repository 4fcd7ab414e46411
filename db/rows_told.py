"""Rows of any query → JSON, lines of JSON, CSV, TSV, a table; as they come, so that any number takes little memory.

Pure. Whole numbers are written with all their digits, infinity as 9e999 (which is a number in JSON), text as it is.
Bytes are ``{"$base64": true, "encoded": …}`` in JSON, as Datasette has them, and SQLite's ``x'00ff'`` elsewhere.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

Rows = Iterable[Sequence[Any]]
Told = Callable[[Sequence[str], Rows], Iterator[str]]

BATCH = 1000
"""So many rows are laid out as one table."""
TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def as_bytes(value: object) -> dict[str, object]:
    """Write bytes for JSON. Raises TypeError for what is none."""
    if not isinstance(value, bytes):
        raise TypeError(type(value).__name__)
    return {"$base64": True, "encoded": base64.b64encode(value).decode()}


ENCODER = json.JSONEncoder(ensure_ascii=False, default=as_bytes, allow_nan=False)


def json_value(value: Any) -> str:
    """Write a value, or a list of some, as JSON."""
    try:
        return ENCODER.encode(value)
    except ValueError:  # infinity, somewhere in it
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(json_value, value))}]"
        return "9e999" if value > 0 else "-9e999"


def json_object(names: Sequence[str], row: Sequence[Any]) -> str:
    """Write a row as an object, whose ``names`` are written as JSON already."""
    return "{" + ", ".join(f"{name}: {json_value(value)}" for name, value in zip(names, row, strict=True)) + "}"


def unlike(columns: Sequence[str]) -> list[str]:
    """Make names of columns that are all different: ``id``, ``id_2``."""
    made: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in made:
            number += 1
            name = f"{column}_{number}"
        made.append(name)
    return made


def jsonl(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Write an object a line."""
    names = [ENCODER.encode(name) for name in unlike(columns)]
    for row in rows:
        yield f"{json_object(names, row)}\n"


def json_list(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Write a list of objects, a line each."""
    names = [ENCODER.encode(name) for name in unlike(columns)]
    before = "[\n"
    for row in rows:
        yield f"{before}{json_object(names, row)}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def plain(value: Any) -> str:
    """Write a value as text: nothing for null; several are parted by blanks."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, list):
        return " ".join(map(plain, value))
    if isinstance(value, float) and math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    return str(value)


def csv_lines(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Write CSV (RFC 4180)."""
    for row in chain([columns], rows):
        text = io.StringIO()
        csv.writer(text).writerow([plain(value) for value in row])
        yield text.getvalue()


def tsv_lines(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    r"""Write a line a row, parted by tabs; those in a text are ``\t``, its line ends ``\n``, a backslash ``\\``."""
    for row in chain([columns], rows):
        yield "\t".join(plain(value).translate(TSV_ESCAPES) for value in row) + "\n"


def tables(draw: Callable[[Sequence[Mapping[str, Any]], Sequence[str]], str]) -> Told:
    """Make what writes tables, each of a thousand rows, by what lays one out (``wireroom/table.py``)."""

    def told(columns: Sequence[str], rows: Rows) -> Iterator[str]:
        names, waiting = unlike(columns), iter(rows)
        first = True
        while batch := list(islice(waiting, BATCH)):
            cells = [dict(zip(names, (plain(value) for value in row), strict=True)) for row in batch]
            yield ("" if first else "\n") + draw(cells, names) + "\n"
            first = False
        if first:
            yield "no rows\n"

    return told


LINES: Mapping[str, Told] = {"json": json_list, "jsonl": jsonl, "csv": csv_lines, "tsv": tsv_lines}
"""What writes each form."""
