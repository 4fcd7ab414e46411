"""Troubles of sources as items of a feed: what is wrong since when, the mend, and later that it is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from db.model import Coverage
from db.output import FeedItem, TopicFeed
from db.trouble import Kind, Trouble

TITLE = "Feed health"
OURSELVES = "Wireroom"

_IS: dict[Kind, str] = {
    "failing": "has been failing since",
    "gone": "has been gone for good since",
    "wall": "has had a page in the feed's place since",
    "held": "has asked to wait since",
    "silent": "has had nothing new since",
    "moved": "has moved to another address on",
    "offline": "has been down since",
}
_WAS: dict[Kind, str] = {
    "failing": "was failing",
    "gone": "was gone",
    "wall": "had a page in the feed's place",
    "held": "asked to wait",
    "silent": "had nothing new",
    "moved": "was polled elsewhere than the config says",
    "offline": "was down",
}


def health_feed(troubles: Iterable[Trouble], urn: str, since: str, base_url: str) -> TopicFeed:
    """Make the feed. ``urn`` is its id, ``since`` when there was nothing yet, ``base_url`` ends in a slash."""
    items = tuple(trouble_item(trouble, base_url) for trouble in troubles)
    return TopicFeed(id="health", title=TITLE, urn=urn, created_at=since, items=items)


def trouble_item(trouble: Trouble, base_url: str) -> FeedItem:
    """Make an item: its guid stays, its ``updated`` moves when what is told changes, at last with the end."""
    url = f"{base_url}sources/{quote(trouble.source, safe='')}" if trouble.source is not None else f"{base_url}sources"
    lines = [f"{line[:1].upper()}{line[1:]}" for line in (trouble.said, trouble.mend)]
    html = "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in lines)
    where = "All of its polls" if trouble.source is not None else "All sources"
    coverage = Coverage(
        source=trouble.source or "wireroom",
        source_title=trouble.source_title or OURSELVES,
        source_url=None,  # of a feed that has moved it may be one that only its owner should know
        site_url=trouble.site_url,
        url=url,
        title=title(trouble),
        first_seen=trouble.opened_at,
    )
    return FeedItem(
        guid=trouble.guid,
        number=trouble.id,
        story_id=0,
        title=title(trouble),
        url=url,
        author=OURSELVES,
        html=f'{html}\n<p><a href="{escape(url)}">{where}</a></p>',
        text="\n".join(lines),
        language="en",
        published=trouble.opened_at,
        updated=trouble.changed_at,
        first_seen=trouble.opened_at,
        selected_at=trouble.opened_at,
        tags=(f"health:{trouble.kind}",),
        enclosures=(),
        coverage=(coverage,),
        lead=0,
    )


def title(trouble: Trouble) -> str:
    """Say it in one line: ``bbc-world has been failing since 2026-11-24 09:30 UTC: HTTP 503``."""
    name = trouble.source or "Our own network"
    if trouble.ended_at is not None:
        return (
            f"{name} is well again: it {_WAS[trouble.kind]} from {told(trouble.began_at)} to {told(trouble.ended_at)}"
        )
    return f"{name} {_IS[trouble.kind]} {told(trouble.began_at)}: {trouble.said}"


def told(time: str) -> str:
    """Write one of the archive's times for people; the zone is said, since it is not theirs."""
    return f"{time[:10]} {time[11:16]} UTC"
