"""The owner's own pages: what was decided, a query tried on the archive, forms and their answers. IO: sqlite, files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from db.explain import decisions
from db.preview import change, preview
from db.query_faults import QueryError
from db.query_names import Names, read_query
from db.readers import BusyError
from db.search import with_archived
from feeds.session import Session
from feeds.site import Site

DAYS = (1, 7, 30, 90, 365)
"""So far back may a preview look."""
EXAMPLES = 10
PREVIEW_S = 10.0
DECISIONS = 30
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'; img-src 'self'"
)
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie, Authorization", "Content-Security-Policy": POLICY}


@cache
def templates() -> Environment:
    """Make what fills templates in: every value is escaped, and one that is missing is a fault."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def owner_page(
    name: str, values: Mapping[str, Any], status: int = 200, more: Mapping[str, str] | None = None
) -> Response:
    """Fill in one of ``templates/owner``; no cache keeps it."""
    html = templates().get_template(f"owner/{name}").render(values)
    return HTMLResponse(html, status, {**PRIVATE, **(more or {})})


async def desk(_: Request, site: Site, session: Session) -> Response:
    """Answer with what was decided last, and forms that are about no other page."""
    try:
        decided = await site.readers.read(recent)
    except (BusyError, QueryError):
        return busy(session)
    return owner_page("desk.html", {"session": session, "decisions": decided, "topics": site.topics(), "days": 30, "choices": DAYS})


async def preview_page(request: Request, site: Site, session: Session) -> Response:
    """Answer with what a query would take, and what that changes against a topic; a fault is told on the page."""
    asked = request.query_params
    query, topic = asked.get("q", "").strip(), asked.get("topic", "")
    days = int(asked["days"]) if asked.get("days", "") in map(str, DAYS) else 30
    topics = [one.id for one in site.topics()]
    told: dict[str, Any] | None = None
    fault: str | None = None
    if query:
        names, now = site.names(), datetime.now(UTC)

        def ask(db: Database) -> dict[str, Any]:
            return tried(db, names, query, topic if topic in topics else None, days, now)

        try:
            told = await site.readers.read(ask, PREVIEW_S)
        except QueryError as error:
            fault = str(error)
        except BusyError:
            return busy(session)
    values = {"query": query, "topic": topic, "topics": site.topics(), "days": days, "choices": DAYS}
    return owner_page("preview.html", {"session": session, "told": told, "fault": fault, **values})


def tried(db: Database, names: Names, text: str, topic: str | None, days: int, now: datetime) -> dict[str, Any]:
    """Ask what a query takes of the last ``days`` → as ``db.preview`` tells it, with the change against ``topic``.

    Raises QueryError.
    """
    query = read_query(text, with_archived(db, names))
    since = now - timedelta(days=days)
    told = preview(db, query, since, now, EXAMPLES, limit_s=PREVIEW_S)
    most = max((day["stories"] for day in told["days"]), default=0)
    against = change(db, query, topic, since, now, EXAMPLES, limit_s=PREVIEW_S) if topic is not None else None
    return {**told, "most": most, "change": against}


def recent(db: Database) -> list[dict[str, Any]]:
    """Read what was decided last, newest first."""
    return decisions(db, "WHERE d.id > (SELECT coalesce(max(id), 0) FROM decisions) - ?", DECISIONS)[::-1]


def busy(session: Session) -> Response:
    """Say that too many ask at once."""
    why = "Too much is asked of the archive just now."
    return owner_page("refused.html", {"session": session, "why": why}, 503, {"Retry-After": "5"})
