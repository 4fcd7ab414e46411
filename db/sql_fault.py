"""What is wrong with somebody's SQL, in a line, and the mend. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

TABLES_TOLD = "docs/archive.md has all tables and columns"


class SqlError(Exception):
    """A statement that can't be answered: ``problem`` says why, ``mend`` what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}; {mend}")
        self.problem = problem
        self.mend = mend


class TooSlowError(SqlError):
    """A statement that took longer than it may."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"it takes longer than {timeout_s:g} s to answer this",
            "ask for less: a condition that an index helps with, LIMIT without ORDER BY, one join fewer",
        )


class Bounds(Protocol):
    """What a statement may take."""

    @property
    def memory_bytes(self) -> int:
        """SQLite's memory."""

    @property
    def temp_bytes(self) -> int:
        """A file to sort with."""


def fault_of(line: Mapping[str, Any], bounds: Bounds) -> SqlError:
    """Make the error of what the process told: SQLite's words, its name of them, what was ``denied``, near names."""
    said, name, denied = str(line["error"]), str(line["name"]), line["denied"]
    if denied and ("not authorized" in said or "prohibited" in said):
        if denied.startswith("NATURAL"):
            return SqlError(f"{denied} is not done here", "join ON columns that you name")
        if denied.startswith("reading"):
            return SqlError(f"{denied} is not done here", TABLES_TOLD)
        return SqlError(f"{denied} is not done here: it only reads", "ask with one SELECT")
    if name == "SQLITE_NOMEM":
        return SqlError(
            f"it takes more than {bounds.memory_bytes // 1_000_000} MB of memory",
            "sort, group or gather fewer rows, or shorter ones: substr(text, 1, 300)",
        )
    if name == "SQLITE_TOOBIG" or "too big" in said or "too large" in said:
        return SqlError(said, "a value has at most 16 MB here, a statement 100 kB")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return SqlError(
            f"it takes more than {bounds.temp_bytes // 1_000_000} MB of temporary room, or the disk fails ({said})",
            "sort or group fewer rows",
        )
    if match := re.match(r"no such column: (.+)", said):
        return unknown_column(match[1], line.get("names", {}), line.get("sql", ""))
    if match := re.match(r"no such table: (.+)", said):
        return unknown("table", match[1], line.get("names", {}))
    if match := re.match(r"vtable constructor failed: (.+)", said):
        return SqlError(f"reading {match[1]} is not done here", TABLES_TOLD)
    if match := re.match(r"no such function: (.+)", said):
        return SqlError(said, "SQLite's own functions are there, and no others")
    if match := re.match(r"You did not supply a value for binding(?: parameter)? :?(\S+?)\.?$", said):
        return SqlError(f":{match[1]} has no value", f"give one: --param {match[1]}=…")
    if re.match(r"Binding \d+ has no name", said):
        return SqlError("a parameter has no name", "write :name, and give its value: --param name=…")
    if said.startswith("cannot VACUUM"):
        return SqlError("VACUUM is not done here: it only reads", "ask with one SELECT")
    if "one statement" in said:
        return SqlError("there is more than one statement in it", "ask one at a time")
    if "there is no statement" in said:
        return SqlError(said, "write one: SELECT title FROM stories ORDER BY id DESC LIMIT 10")
    if said.startswith(("fts5:", "unterminated string", "unknown special query")):
        return SqlError(f"what follows MATCH is no search: {said}", "write words in quotes: MATCH '\"saint-denis\"'")
    return SqlError(said, TABLES_TOLD)


def unknown_column(name: str, tables: Mapping[str, Sequence[str]], sql: str) -> SqlError:
    """Say that no table which the statement names has such a column, which are near there, or who has it."""
    asked = {word.lower() for word in re.findall(r"\w+", sql)}
    there = {column for table, columns in tables.items() if table.lower() in asked for column in columns}
    plain = bare(name)
    having = sorted(table for table, columns in tables.items() if plain in columns and table.lower() not in asked)
    fault = unknown("column", name, there - {plain} or {column for columns in tables.values() for column in columns})
    if having and "did you mean" not in fault.mend:
        return SqlError(fault.problem, f"it is a column of {', '.join(having[:4])}. {TABLES_TOLD}")
    return fault


def unknown(kind: str, name: str, there: Iterable[str]) -> SqlError:
    """Say that there is no such name, and which are near."""
    near = difflib.get_close_matches(bare(name), sorted(there), 3, 0.6)
    if near:
        return SqlError(f"there is no {kind} {name}", f"did you mean {', '.join(near)}? {TABLES_TOLD}")
    return SqlError(f"there is no {kind} {name}", TABLES_TOLD)


def bare(name: str) -> str:
    """Take a name without its table and quotes."""
    return name.rpartition(".")[2].strip('"')
