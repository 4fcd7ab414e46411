"""What the three formats have in common: an item's title, its text with its coverage, its dates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from urllib.parse import quote

from db.model import Coverage, EventTold, Sibling
from db.output import Digest, FeedItem
from db.plain_html import html_or_text
from feeds.strict import address, language_tag, plain, plain_name

EXCERPT_CHARS = 300
TITLE_CHARS = 120
NO_TITLE = "(untitled)"
WEB_BEGAN = datetime(1990, 1, 1, tzinfo=UTC)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Keep only the characters that XML 1.0 allows (production 2): for names from the config, which may hold any."""
    return _NOT_XML.sub("", text)


def title(item: FeedItem) -> str:
    """Give the title, plain text; the beginning of the text where there is none: Atom requires a title (RFC 4287)."""
    return plain(item.title).strip() or plain(shortened(item.text, TITLE_CHARS)) or NO_TITLE


def content_html(item: FeedItem) -> str:
    """Give the lead entry's text; under it all coverage with links, in order of first sight, each once; the event."""
    lines = [coverage_html(item)]
    if item.event is not None:
        lines.append(event_html(item.event))
    html = html_or_text(item.html, item.text)
    return "\n".join([*([html] if html else []), *(f"<p>{line}</p>" for line in lines)])


def coverage_html(item: FeedItem) -> str:
    """Name who carries the story, with links, in one line."""
    named = coverage_links(item)
    label = "Source" if len(named) == 1 or len({one.source for one in item.coverage}) == 1 else "Reported by"
    return f"{label}: {', '.join(link(name, url) for name, url in named)}"


def coverage_links(item: FeedItem) -> list[tuple[str, str | None]]:
    """List who carries the story, (name, link), in order of first sight.

    The sections of a site are often feeds of one name, with one page in all of them: it is named once. What follows
    the path is not compared, since it may say no more than in which section the link stood, and the text is the same.
    """
    found: dict[tuple[str, str | None], str | None] = {}
    for one in item.coverage:
        url = address(one.url)
        found.setdefault((source_name(one), url and url.partition("?")[0].partition("#")[0]), url)
    return [(name, url) for (name, _), url in found.items()]


def related_links(item: FeedItem) -> list[tuple[str, str]]:
    """List the other coverage and the event's other stories, (name, link), each link once.

    The lead's own is not among them: it is the item's link.
    """
    lead = item.coverage[item.lead]
    own = (source_name(lead), address(item.url))
    found = {url: name for name, url in coverage_links(item) if url is not None and (name, url) != own}
    for also in item.event.named if item.event is not None else ():
        if (url := address(also.url)) is not None:
            found.setdefault(url, source_name(also))
    return [(name, url) for url, name in found.items()]


def tag_scheme(tag: str) -> str:
    """Name what kind of tag ``kind:name`` is, as an IRI: Atom's ``scheme``, the ``domain`` of RSS."""
    return kind_scheme(tag.partition(":")[0])


@lru_cache(maxsize=1024)
def kind_scheme(kind: str) -> str:
    """Name a kind of tags as an IRI."""
    return f"urn:wireroom:tags:{quote(kind, safe='')}"


def link(name: str, url: str | None) -> str:
    """Write a name as HTML, linked if there is an address."""
    return f'<a href="{escape(url)}">{escape(name)}</a>' if url else escape(name)


def event_html(event: EventTold) -> str:
    """Say who else tells of the event, independently: the first few with links, the rest as a number."""
    named = dict.fromkeys((source_name(one), address(one.url)) for one in event.named)
    links = ", ".join(link(name, url) for name, url in named)
    more = event.stories - len(event.named)
    beyond = f" and {more} more {'story' if more == 1 else 'stories'}" if more else ""
    return f"Also reported by: {links}{beyond} ({event.sources} {'source' if event.sources == 1 else 'sources'})"


def excerpt(item: FeedItem) -> str:
    """Give the beginning of the text as plain text; the title where there is no text."""
    return plain(shortened(item.text, EXCERPT_CHARS)) or title(item)


def shortened(text: str, chars: int) -> str:
    """Give the beginning of ``text`` on one line, cut between words where there are any (Chinese has no spaces)."""
    line = " ".join(text[: chars * 2].split())
    if len(line) <= chars:
        line = " ".join(text.split())
    if len(line) <= chars:
        return line
    start = line[:chars]
    space = start.rfind(" ")
    return (start[:space] if space > chars // 2 else start) + " …"


def source_name(one: Coverage | Sibling) -> str:
    """Name a source: by its title, else by its id in the config."""
    return plain_name(one.source_title) or one.source


def byline(item: FeedItem) -> str | None:
    """Name who wrote it, if the source says so."""
    return plain_name(item.author or "") or None


def author(item: FeedItem) -> str:
    """Name who wrote it, else the source it is shown from: Atom requires an author (RFC 4287, 4.1.2)."""
    return byline(item) or source_name(item.coverage[item.lead])


def language(item: FeedItem) -> str | None:
    """Give the item's language, if it is one."""
    return language_tag(item.language)


def feed_language(items: Iterable[FeedItem | Digest]) -> str | None:
    """Give the one language that all stories are in; None for several, or where one doesn't say."""
    stories = (story for item in items for story in (item.stories if isinstance(item, Digest) else (item,)))
    languages = set(map(language, stories))
    return languages.pop() if len(languages) == 1 else None


def published(item: FeedItem) -> datetime:
    """Give the time of publication, never later than first sight: a date in the future would stay on top for years.

    A date before there was a web says that there is none.
    """
    first = moment(item.first_seen)
    said = moment(item.published) if item.published else first
    return min(said, first) if said >= WEB_BEGAN else first


def updated(item: FeedItem) -> datetime:
    """Give the time of the last change of the text, never before publication.

    A text that has not changed since first sight changed last when it was published: with the time of first sight all
    stories of a source's first poll would be of one second, and a reader that sorts by it would show them in any order.
    """
    if moment(item.updated) <= moment(item.first_seen):
        return published(item)
    return max(moment(item.updated), published(item))


def changed(item: FeedItem) -> datetime:
    """Give when the feed last changed by this item: its text did, or it was selected."""
    return max(updated(item), moment(item.selected_at))


def feed_updated(items: Iterable[FeedItem | Digest], since: str) -> datetime:
    """Give the time of the newest item or change: from the data, so that the same data gives the same bytes.

    ``since``: the time that a feed without items is of.
    """
    times = [moment(item.made_at) if isinstance(item, Digest) else changed(item) for item in items]
    return max(times, default=max(moment(since), WEB_BEGAN))


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime:
    """Read one of the archive's times → an aware datetime. Raises ValueError, also for a time without a zone."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text!r} is a time without a zone")
    return read
