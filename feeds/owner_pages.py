"""The owner's own pages: what was decided, a query tried on the archive, forms and their answers. IO: sqlite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response

from db.explain import decisions
from db.preview import change, preview
from db.query_faults import QueryError
from db.query_names import Names, read_query
from db.search import with_archived
from feeds.pages.answers import Ask
from feeds.session import Session
from feeds.site import Site

DAYS = (1, 7, 30, 90, 365)
"""So far back may a preview look."""
USUAL_DAYS = 30
EXAMPLES = 10
PREVIEW_S = 10.0
DECISIONS = 30
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie, Authorization"}


def owner_page(
    request: Request,
    site: Site,
    session: Session | None,
    name: str,
    values: Mapping[str, Any],
    status: int = 200,
    more: Mapping[str, str] | None = None,
) -> Response:
    """Answer with one of ``templates/owner``; no cache keeps it."""
    ask = Ask(request=request, site=site, session=session, now=site.now())
    made = ask.page(f"owner/{name}", status, **values)
    made.headers.update({**PRIVATE, **(more or {})})
    return made


async def desk(ask: Ask) -> Response:
    """Make the page of what was decided last, with forms that are about no other page."""
    decided = await ask.site.readers.read(recent)
    form: dict[str, Any] = {
        "query": "",
        "compared": "",
        "topics": ask.site.topics(),
        "days": USUAL_DAYS,
        "choices": DAYS,
    }
    return ask.page("owner/desk.html", decisions=decided, **form)


async def preview_page(ask: Ask) -> Response:
    """Make the page of what a query would take, and what that changes against a topic; a fault is told on it."""
    query, topic = ask.parameter("q").strip(), ask.parameter("topic")
    days = int(ask.parameter("days")) if ask.parameter("days") in map(str, DAYS) else USUAL_DAYS
    known = topic in {one.id for one in ask.site.topics()}
    told: dict[str, Any] | None = None
    fault: str | None = None
    if query:
        try:
            told = await ask.site.readers.read(
                lambda db: tried(db, ask.names, query, topic if known else None, days, ask.now), PREVIEW_S
            )
        except QueryError as error:
            fault = str(error)
    form: dict[str, Any] = {
        "query": query,
        "compared": topic,
        "topics": ask.site.topics(),
        "days": days,
        "choices": DAYS,
    }
    return ask.page("owner/preview.html", told=told, fault=fault, known=known, **form)


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
