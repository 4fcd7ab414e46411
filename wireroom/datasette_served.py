"""The archive in Datasette, read-only and for this machine alone. IO: sqlite, network (it listens on loopback).

Datasette lets whoever sees it ask any SQL. So every connection of it reads secrets as null, attaches nothing, calls
harmless functions only and makes no value of more than ``MAX_VALUE`` bytes, and its process takes no more than
``MEMORY``; and who calls us by another name than this machine's is sent away (a page on the web whose name was pointed
here, to read the archive through its reader's browser).
"""

from __future__ import annotations

import resource
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from markupsafe import Markup

from db.document import NEEDED_VIEWS
from db.sql_rules import FUNCTIONS, SECRETS, joins_secrets
from feeds.named_hosts import Hosts

HOST = "127.0.0.1"
MAX_VALUE = 20_000_000
MEMORY = 3_000_000_000
"""Bytes of addresses: an answer of a thousand rows, each with such a value, would take all that the machine has."""
SETTINGS = {
    "sql_time_limit_ms": 3000,
    "facet_time_limit_ms": 200,
    "suggest_facets": False,  # a try per column; and 0.65 fails where it can't count the rows in time
    "allow_download": False,  # the file has the secrets
    "default_page_size": 50,
    "truncate_cells_html": 400,
    "num_sql_threads": 2,
}
UNREAD = {(table, column) for table, columns in SECRETS.items() for column in columns} | {("pings", "hub")}
"""(table, column) that is read as null, whoever asks: what ``wireroom sql`` does not tell, and hubs of ours."""
UNREAD_IN = sorted({table for table, _ in UNREAD})
OF_ITS_OWN = "like '%VIRTUAL TABLE%USING FTS%'"
"""What Datasette itself asks, of ``sqlite_stat4`` too. Nobody can join by it: as no text it is no SQL."""
REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
CALLED = FUNCTIONS | {"escape_fts"}
"""What may be called: of SQLite's own only what reads. ``fts3_tokenizer`` takes an address of code for a value, and any
page on the web can have its reader's browser ask for it. Datasette's own function makes a search of what is typed."""

LEADS_TO = {"story_id": "stories", "entry_id": "entries", "revision_id": "revisions", "selection_id": "selections"}
"""Columns of views and answers → the table of which they are a row's id."""

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def permitted(action: int, first: str | None, second: str | None, _database: str | None, _by: str | None) -> int:
    """Tell SQLite what a statement may do: its authorizer."""
    if action == sqlite3.SQLITE_READ and (first, second) in UNREAD:
        return sqlite3.SQLITE_IGNORE
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in CALLED:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY if action in REFUSED else sqlite3.SQLITE_OK


class Guarded(Database):  # type: ignore[misc]
    """The archive: what SQLite asks no leave for (``joins_secrets``) is refused before it is asked."""

    async def execute(self, sql: str, *args: Any, **more: Any) -> Any:
        """Ask it. Raises sqlite3.OperationalError for what may not be asked."""
        if (secret := joins_secrets(sql.replace(OF_ITS_OWN, ""), UNREAD_IN)) is not None:
            raise sqlite3.OperationalError(f"NATURAL JOIN and USING are not done with {secret}: write ON")
        return await super().execute(sql, *args, **more)


@hookimpl  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Guard a connection that Datasette has opened, but for its notes of its own, which it writes."""
    if database == "_internal":
        return
    conn.execute("PRAGMA query_only = ON")
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    conn.set_authorizer(permitted)


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: object, column: str, table: str | None, database: str, datasette: Datasette) -> Markup | None:
    """Lead from a view's or an answer's id to the row that it names; tables have their foreign keys for that."""
    if column not in LEADS_TO or not isinstance(value, int) or table not in (None, *NEEDED_VIEWS):
        return None
    return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, LEADS_TO[column], str(value)), value)


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper() -> Callable[[App], App]:
    """Guard the way in."""
    return only_by_name


def only_by_name(app: App) -> App:
    """Answer only those that call us by a name of this machine."""
    ours = Hosts(f"http://{HOST}/", HOST)

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            named = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if not ours.has(named):
                said = [(b"content-type", b"text/plain; charset=utf-8")]
                await send({"type": "http.response.start", "status": 421, "headers": said})
                await send({"type": "http.response.body", "body": b"this archive is for its own machine alone\n"})
                return
        await app(scope, receive, send)

    return guarded


def datasette_of(archive: Path, metadata: dict[str, Any]) -> Datasette:
    """Make the Datasette of an archive; a daemon may go on writing into it, so it is never opened as immutable."""
    if not pm.has_plugin(__name__):
        pm.register(sys.modules[__name__], name=__name__)  # this file is a plugin of Datasette's too
    served = Datasette([], metadata=metadata, settings=SETTINGS)
    served.remove_database("_memory")  # it makes one where it is given no file
    served.add_database(Guarded(served, path=str(archive), is_mutable=True))
    return served


def listen(port: int) -> socket.socket:
    """Take a port of this machine's own. Raises OSError where it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def serve(archive: Path, metadata: dict[str, Any], listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM. The process takes no more than ``MEMORY`` from then on."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))
    app = datasette_of(archive, metadata).app()
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
