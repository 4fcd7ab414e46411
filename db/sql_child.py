"""The process that runs somebody's SQL: it can only read, only so much, and is killed when it takes too long.

It imports SQLite and little else, so that it begins in a few hundredths of a second. ``db/sql_ask.py`` starts it, says
on standard input what is asked (a line of JSON), and reads lines of JSON: ``columns`` once, ``rows`` as they come, and
at last ``end`` or ``error``. Standard input stays open: its end is the asker's, and this process's too. IO: sqlite,
standard input and output.
"""

from __future__ import annotations

import _thread
import json
import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from db.sql_rules import LIMITS, SECRETS, TABLES, UPDATE, VERBS, allowed, joins_secrets

CHUNK_BYTES, CHUNK_ROWS = 65_536, 500
SHM_BYTES = 64_000_000
"""SQLite may have to make the index of a write-ahead log (``-shm``) that nobody has open: so long a file is allowed."""
NICE = 10
THREAD_BYTES = 64 * 1024

Put = Callable[[str], None]


def main() -> None:
    """Answer what standard input asks. Never raises: what goes wrong is told."""
    asked = json.loads(sys.stdin.buffer.readline())
    bound(asked)
    _thread.stack_size(THREAD_BYTES)
    _thread.start_new_thread(end_with_asker, ())
    run(asked, put)


def end_with_asker() -> None:
    """End this process when the asker is gone, killed or not: SQLite lets other threads run while it works."""
    os.read(0, 1)  # nothing more is ever said: it is the end
    os._exit(1)


def run(asked: dict[str, Any], put: Put) -> None:
    """Answer a question by lines, each given to ``put``. Raises nothing that a statement could bring about."""
    denied: list[str] = []
    conn = None
    try:
        conn, views = opened(asked, denied)
        if (secret := joins_secrets(asked["sql"], views)) is not None:
            denied.append(f"NATURAL or USING with {secret}")
            raise sqlite3.DatabaseError("not authorized")
        answer(conn, asked, put)
    except MemoryError:
        put(json.dumps({"error": "out of memory", "name": "SQLITE_NOMEM", "denied": None}))
    except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
        said = {"error": str(error), "name": getattr(error, "sqlite_errorname", ""), "denied": [*denied, None][0]}
        if conn is not None and str(error).startswith("no such"):
            said["names"] = names_of(conn)
            said["sql"] = asked["sql"]
        put(json.dumps(said))
    finally:
        if conn is not None:
            conn.close()


def bound(asked: dict[str, Any]) -> None:
    """Give the process no more than it needs: memory, processor time, files; and others go first."""
    os.nice(NICE)
    cpu_s = int(asked["timeout_s"]) + 1  # the parent kills it sooner; this is for one that is stopped
    most = max(asked["temp_bytes"], SHM_BYTES)
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_AS, asked["memory_bytes"] * 3),  # SQLite's, the copies in Python, and the program itself
    ):
        hard = resource.getrlimit(what)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (least, least))
    sqlite3.connect(":memory:").execute(f"PRAGMA hard_heap_limit = {asked['memory_bytes']}")  # of the whole process


def opened(asked: dict[str, Any], denied: list[str]) -> tuple[sqlite3.Connection, list[str]]:
    """Open the archive for a statement → the connection, and the views that read what is secret."""
    conn = sqlite3.connect(asked["uri"], uri=True, isolation_level=None)
    conn.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for name, value in LIMITS.items():
        conn.setlimit(getattr(sqlite3, name), value)
    conn.execute(f"PRAGMA temp_store = {'FILE' if asked['temp_bytes'] else 'MEMORY'}")
    conn.execute(f"PRAGMA busy_timeout = {asked['busy_ms']}")
    conn.execute("PRAGMA query_only = ON")
    conn.execute("BEGIN")  # all that is read is of one moment, the schema too
    tables, views = set(), []
    for kind, name, sql in conn.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"):
        tables.add(name.lower())
        if kind == "view" and any(secret in sql.lower() for secret in SECRETS):
            views.append(name)
    for name in sorted(virtual_tables(conn)):
        # a virtual table that is used for the first time "updates" the schema: not to be told from one who does
        with suppress(sqlite3.OperationalError):  # of an extension that is not there: nobody asks that one
            conn.execute(f'SELECT 1 FROM "{name}" LIMIT 0')

    begun = (asked["sql"].split(None, 1) or [""])[0].upper()  # as it is called there: ANALYZE "inserts"

    def authorize(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
        verdict, what = allowed(tables, action, first, second)
        if action == UPDATE and first == "sqlite_master":
            what = "reading what is none of the archive's tables"  # it is a virtual table, used for the first time
        if what:
            denied.append(begun if begun in VERBS else what)
        return verdict

    conn.set_authorizer(authorize)
    return conn, views


def virtual_tables(conn: sqlite3.Connection) -> set[str]:
    """List the virtual tables that may be read."""
    own = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")}
    modules = {name for (name,) in conn.execute("SELECT name FROM pragma_module_list")}
    return own | {name for name in TABLES if name.startswith("pragma_") or name in modules}


def names_of(conn: sqlite3.Connection) -> dict[str, list[str]]:
    """List the columns of each table and view, for who has got a name wrong."""
    conn.set_authorizer(None)
    found: dict[str, list[str]] = {}
    for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall():
        with suppress(sqlite3.Error):  # a view whose table is gone, a table of an extension that is not there
            columns = conn.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", [table])
            found[table] = [column for (column,) in columns]
    return found


def answer(conn: sqlite3.Connection, asked: dict[str, Any], put: Put) -> None:
    """Run the statement, and tell its rows as they come."""
    cursor = conn.execute(asked["sql"], asked["params"])
    if cursor.description is None:
        put(json.dumps({"error": "there is no statement in it", "name": "", "denied": None}))
        return
    put(json.dumps({"columns": [name for name, *_ in cursor.description]}))
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lambda raw: {"x": raw.hex()}).encode
    chunk: list[str] = []
    size = sent = 0
    cut = None
    for count, row in enumerate(cursor):
        if asked["rows"] and count == asked["rows"]:
            cut = "rows"
            break
        told = encode(row)
        if asked["bytes"] and sent + size + len(told) > asked["bytes"]:
            cut = "bytes"
            break
        size += len(told)
        chunk.append(told)
        if size > CHUNK_BYTES or len(chunk) == CHUNK_ROWS:
            sent += size
            put(f'{{"rows":[{",".join(chunk)}]}}')
            chunk, size = [], 0
    put(f'{{"rows":[{",".join(chunk)}]}}')
    put(json.dumps({"end": cut}))


def put(line: str) -> None:
    """Write a line."""
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
