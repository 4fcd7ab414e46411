"""Rows of any query → a Parquet file with typed columns. IO: files. Needs the extra ``parquet`` (pyarrow).

SQLite's columns have no types of their own, so all rows are looked at before the first is written: they wait in a
temporary file meanwhile. Whole numbers are int64, numbers double, bytes binary, lists of text list<string>, times of
the archive (``2026-11-20T08:00:00Z``) timestamp[us, UTC], all else string; a column with several kinds is string too.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from db.rows_told import Rows, plain, unlike

ROWS_A_GROUP = 20_000
TIME = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
EXACT = 1 << 53


def kind_of(value: Any) -> str:
    """Name what a value is."""
    if isinstance(value, str):
        return "time" if TIME.fullmatch(value) and is_day(value) else "text"
    if isinstance(value, int):
        return "whole" if -EXACT <= value <= EXACT else "large"
    return {float: "number", bytes: "bytes", list: "list"}[type(value)]


def is_day(text: str) -> bool:
    """Tell whether there is such a day: 31 February is none."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def type_of(kinds: set[str]) -> str:
    """Tell what a column with such values is. No number that a double can't hold becomes one."""
    if kinds and kinds <= {"whole", "large"}:
        return "whole"
    if kinds and kinds <= {"whole", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "text"


def write_parquet(path: Path, columns: Sequence[str], rows: Rows) -> int:
    """Write a file → how many rows it has. Raises ImportError without pyarrow, OSError, and what the rows raise."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import parquet as pq  # noqa: PLC0415

    types = {
        "whole": pa.int64(),
        "number": pa.float64(),
        "bytes": pa.binary(),
        "time": pa.timestamp("us", tz="UTC"),
        "list": pa.list_(pa.string()),
        "text": pa.string(),
    }
    kinds: list[set[str]] = [set() for _ in columns]
    count = 0
    with tempfile.TemporaryFile("w+", dir=path.parent, encoding="utf-8") as waiting:
        for row in rows:
            for value, seen in zip(row, kinds, strict=True):
                if value is not None:
                    seen.add(kind_of(value))
            waiting.write(json.dumps([{"x": one.hex()} if isinstance(one, bytes) else one for one in row]) + "\n")
            count += 1
        waiting.seek(0)
        chosen = [type_of(seen) for seen in kinds]
        schema = pa.schema([(name, types[kind]) for name, kind in zip(unlike(columns), chosen, strict=True)])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for group in groups(waiting):
                arrays = [
                    pa.array([fitted(row[n], kind) for row in group], types[kind]) for n, kind in enumerate(chosen)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return count


def groups(waiting: Iterator[str]) -> Iterator[list[list[Any]]]:
    """Read the rows that wait, as many as are written together."""
    while group := [json.loads(line) for line in islice(waiting, ROWS_A_GROUP)]:
        yield group


def fitted(value: Any, kind: str) -> Any:
    """Make a value one of its column's type."""
    if isinstance(value, dict):
        value = bytes.fromhex(value["x"])
    if value is None or kind in ("whole", "bytes", "list"):
        return value
    if kind == "number":
        return float(value)
    return datetime.fromisoformat(value) if kind == "time" else plain(value)
