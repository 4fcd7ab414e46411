"""What programs are told, as values for JSON: the nouns of ``db/reading.py``, member by member. Pure.

``feeds/openapi.json`` describes them; nothing is in an answer that is not there. Times are as in the archive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from db.model import FORMATS, Enclosure
from db.reading import (
    EntryRead,
    EntryTold,
    EventRead,
    Facet,
    Facets,
    RevisionRead,
    SourceRead,
    StoryRead,
    StoryRow,
    TagCount,
    TopicRead,
    Viewer,
)
from db.term_spans import Part
from db.told_url import told_url, without_secrets
from feeds.site import TopicCard

STATUS = (
    "url",
    "health",
    "notes",
    "outcome",
    "error",
    "last_poll",
    "last_good",
    "last_new",
    "next_poll",
    "held_until",
    "gone_at",
    "moved_url",
    "failures",
    "spacing_s",
    "entries",
    "hub",
    "push",
)
"""Of what ``wireroom status`` tells of a source."""

Json = dict[str, Any]


def story_row(row: StoryRow, base_url: str) -> Json:
    """Tell a story as it stands in a list."""
    return {
        "id": row.id,
        "title": row.title,
        "url": row.url,
        "language": row.language,
        "published": row.published,
        "first_seen": row.first_seen,
        "updated": row.updated,
        "excerpt": row.excerpt,
        "words": row.words,
        "sources": [{"id": one.source, "title": one.title} for one in row.sources],
        "entries": row.entries,
        "tags": list(row.tags),
        "event": row.event,
        "event_others": row.others,
        **({} if row.withheld is None else {"withheld": row.withheld}),
        **({"marked_title": parts(row.marked_title)} if any(one.hit for one in row.marked_title) else {}),
        **({"snippet": parts(row.snippet)} if row.snippet else {}),
        "page": f"{base_url}stories/{row.id}",
        "api": f"{base_url}api/stories/{row.id}",
    }


def parts(cut: tuple[Part, ...]) -> list[Json]:
    """Tell a text with the words that were found in it."""
    return [{"text": one.text, "hit": one.hit} for one in cut]


def story(told: StoryRead, base_url: str) -> Json:
    """Tell a story whole."""
    return {
        **story_row(told.row, base_url),
        **({} if told.withheld_by is None else {"withheld_by": told.withheld_by}),
        "html": told.html,
        "text": told.text,
        "summary": told.summary,
        "author": told.author,
        "enclosures": [enclosure(one) for one in told.enclosures],
        "coverage": [entry(one) for one in told.entries],
        "tagged": [{"tag": one.tag, "origin": one.origin, "why": one.why} for one in told.tags],
        "topics": [taken(one) | {"topic": one.topic, "title": one.title} for one in told.topics],
        "event_stories": [story_row(row, base_url) for row in told.event],
    }


def enclosure(file: Enclosure) -> Json:
    """Tell a file; what is not known of it is left out."""
    return {name: value for name, value in asdict(file).items() if value is not None}


def entry(one: EntryRead) -> Json:
    """Tell an entry as its story lists it."""
    return {
        "id": one.id,
        "source": {"id": one.source, "title": one.source_title},
        "url": one.url,
        "title": one.title,
        "author": one.author,
        "published": one.published,
        "updated": one.updated,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "joined_by": one.joined_by,
        "joined_score": one.joined_score,
        "leads": one.leads,
        "revisions": one.revisions,
    }


def whole_entry(told: EntryTold, base_url: str) -> Json:
    """Tell an entry with its text."""
    return {
        **entry(told.entry),
        "guid": told.guid,
        "language": told.language,
        "html": told.html,
        "text": told.text,
        "summary": told.summary,
        "categories": list(told.categories),
        "enclosures": [enclosure(one) for one in told.enclosures],
        "story": told.story,
        "story_api": f"{base_url}api/stories/{told.story}",
    }


def revision(one: RevisionRead) -> Json:
    """Tell a version of an entry."""
    return {
        "entry": one.entry,
        "number": one.number,
        "replaced_at": one.replaced_at,
        "meaningful": one.meaningful,
        "title": one.title,
        "text": one.text,
    }


def taken(one: TopicRead) -> Json:
    """Tell what a topic has of a story."""
    return {
        "number": one.number,
        "guid": one.guid,
        "selected_at": one.selected_at,
        "archived": one.archived,
        "left_at": one.left_at,
        "pinned": one.pinned,
        "hidden": one.hidden,
    }


def event(told: EventRead, base_url: str) -> Json:
    """Tell an event."""
    return {
        "id": told.id,
        "first_seen": told.first_seen,
        "last_seen": told.last_seen,
        "stories": [story_row(row, base_url) for row in told.stories],
    }


def topic(card: TopicCard, base_url: str, viewer: Viewer) -> Json:
    """Tell a topic; its ``id`` is its public name."""
    return {
        "id": card.name,
        "title": card.title,
        "match": card.match_for(viewer),
        "secret": card.secret,
        "page": f"{base_url}topics/{card.name}/",
        "stories": f"{base_url}api/topics/{card.name}/stories",
        "feeds": {fmt: f"{base_url}topics/{card.name}.{fmt}" for fmt in FORMATS},
    }


def source(told: SourceRead, base_url: str, viewer: Viewer, *, polls: bool = False) -> Json:
    """Tell a source and how it is; with its last polls, if asked for. Keys in addresses are for its owner only."""
    name = quote(told.source, safe="")
    status = told.status if viewer == "owner" else public_status(told.status)
    made: Json = {
        "id": told.source,
        "title": told.title,
        "site_url": told.site_url,
        **{name: status[name] for name in STATUS},
        "days": [
            {"day": one.day, "polls": one.polls, "failed": one.failed, "new": one.new}
            for one in told.days
            if one.polls or one.new
        ],
        "page": f"{base_url}sources/{name}",
        "api": f"{base_url}api/sources/{name}",
        "feeds": {fmt: f"{base_url}sources/{name}.{fmt}" for fmt in FORMATS},
    }
    if polls:
        made["polls"] = [asdict(one) for one in told.polls]
        for one in made["polls"] if viewer == "public" else ():
            one["error"] = without_secrets(one["error"]) if one["error"] is not None else None
    return made


def public_status(status: Mapping[str, Any]) -> Json:
    """Take out of what is told of a source what may be secret: as its page does, and a file's path."""
    url, moved, error = status["url"], status["moved_url"], status["error"]
    return {
        **status,
        "url": told_url(url) if url.startswith(("http://", "https://")) else "",
        "moved_url": told_url(moved) if moved is not None else None,
        "error": without_secrets(error) if error is not None else None,
        "notes": [without_secrets(note) for note in status["notes"]],
    }


def tag(one: TagCount, base_url: str) -> Json:
    """Tell a tag."""
    name = f"{one.kind}:{one.name}"
    path = f"{base_url}tags/{quote(name, safe=':')}"
    return {
        "tag": name,
        "kind": one.kind,
        "name": one.name,
        "stories": one.stories,
        "page": path,
        "feeds": {fmt: f"{path}.{fmt}" for fmt in FORMATS},
    }


def facets(found: Facets) -> Json:
    """Tell what narrows a search down."""

    def told(some: tuple[Facet, ...]) -> list[Json]:
        return [{"term": one.term, "label": one.label, "stories": one.stories} for one in some]

    return {
        "of": found.of,
        "sources": told(found.sources),
        "tags": told(found.tags),
        "languages": told(found.languages),
        "days": [{"day": day, "stories": count} for day, count in found.days],
    }
