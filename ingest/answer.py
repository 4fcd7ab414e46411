"""What a poll brought: the fetch, the document, and what headers or an HTML page name beside it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from db.model import Document
from db.plan import Outcome
from ingest.digest import DIGEST_VERSION, Digested, DigestFault
from ingest.discover import links_of
from ingest.fetched import Fetched

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a poll brought: how the fetch (and digest) ended, and the document where there is one.

    ``hub`` and ``hub_topic``: the WebSub hub that headers or document name. ``offers``: the feeds that an HTML page
    advertises.
    """

    fetched: Fetched
    document: Document | None
    digest_version: int
    started: datetime = EPOCH
    duration_ms: int = 0
    hub: str | None = None
    hub_topic: str | None = None
    offers: Sequence[str] = ()


def answer_of(
    fetched: Fetched,
    document: Document | None = None,
    offers: tuple[str, ...] = (),
    *,
    started: datetime = EPOCH,
    duration_ms: int = 0,
) -> Answer:
    """Make the answer of a poll; hub and own address come from the Link headers, else from the document (WebSub 4)."""
    links: dict[str, str] = {}
    for link in links_of(fetched.links, fetched.url) if fetched.links else ():
        links.setdefault(link.rel, link.url)
    hub, topic = links.get("hub"), links.get("self")
    if document is not None:
        hub, topic = hub or document.hub, topic or document.self_url
    return Answer(
        fetched=fetched,
        document=document,
        digest_version=DIGEST_VERSION,
        started=started,
        duration_ms=duration_ms,
        hub=hub,
        hub_topic=topic or fetched.url if hub else None,
        offers=offers,
    )


def with_page(fetched: Fetched, found: Digested) -> Fetched:
    """Name the wall that an error's page is, where it is one."""
    if not isinstance(found, DigestFault) or found.kind != "wall":
        return fetched
    outcome: Outcome = "wall" if fetched.outcome == "http-error" else fetched.outcome
    return replace(fetched, outcome=outcome, error=f"{fetched.error}; {found.message}")
