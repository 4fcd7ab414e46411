"""Files, pictures and episodes of an item, as the formats have them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from db.model import Enclosure
from db.output import FeedItem
from db.podcast import Podcast, PodcastFile
from feeds.strict import address

ANY_TYPE = "application/octet-stream"
MEDIUMS = frozenset(("image", "audio", "video", "document", "executable"))
"""Media RSS's words."""

PLAYED = ("m4a", "mp3", "mov", "mp4", "m4v", "pdf", "epub")
"""The suffixes of what Apple's podcasts may be (its tags ask for one of these)."""

_MEDIA_TYPE = re.compile(r"([A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*)( *;.*)?", re.ASCII)

# Of our own: the standard library's table reads the system's, and the same archive must give the same bytes everywhere.
_TYPES = {
    suffix: kind
    for kind, suffixes in (
        ("audio/mpeg", "mp3"),
        ("audio/mp4", "m4a"),
        ("audio/ogg", "ogg oga opus"),
        ("video/mp4", "mp4 m4v"),
        ("video/webm", "webm"),
        ("video/quicktime", "mov"),
        ("image/jpeg", "jpg jpeg"),
        ("image/png", "png"),
        ("image/gif", "gif"),
        ("image/webp", "webp"),
        ("application/pdf", "pdf"),
        ("application/epub+zip", "epub"),
        ("text/vtt", "vtt"),
        ("application/json+chapters", "json"),
    )
    for suffix in suffixes.split()
}


def files(item: FeedItem) -> tuple[Enclosure, ...]:
    """List an item's files, each once, with addresses that any reader can read; the first lasts as the episode."""
    found: dict[str, Enclosure] = {}
    for one in item.enclosures:
        url = address(one.url)
        if url is not None:
            found.setdefault(url, replace(one, url=url))
    listed = list(found.values())
    if listed and listed[0].duration_s is None and item.podcast is not None:
        listed[0] = replace(listed[0], duration_s=item.podcast.duration_s)
    return tuple(listed)


def media_type(file: Enclosure | PodcastFile) -> str:
    """Give a file's media type, which every format requires: its own, else by the suffix of its address."""
    if file.type and (found := _MEDIA_TYPE.fullmatch(file.type)):
        return found[1]
    return _TYPES.get(suffix(file.url), ANY_TYPE)


def suffix(url: str) -> str:
    """Give what stands behind the last point of an address's path."""
    return urlsplit(url).path.rpartition(".")[2].lower()


def facts(file: Enclosure) -> dict[str, str]:
    """List what Media RSS's ``content`` says of a file beside its address and type."""
    medium = file.medium if file.medium in MEDIUMS else media_type(file).partition("/")[0]
    counts = {"fileSize": file.length, "duration": file.duration_s, "width": file.width, "height": file.height}
    return {
        **({"medium": medium} if medium in MEDIUMS else {}),
        **{name: str(count) for name, count in counts.items() if count is not None and count > 0},
    }


def says_more(file: Enclosure) -> bool:
    """Tell whether a file has what an RSS enclosure has no place for."""
    return any((file.duration_s, file.title, file.width, file.height))


def is_played(item: FeedItem) -> bool:
    """Tell whether Apple's tags may stand in an item: it says something of an episode, in a file of their kinds."""
    of = files(item)
    said = item.podcast is not None and any((item.podcast.duration_s, item.podcast.season, item.podcast.episode))
    return said and bool(of) and of[0].url.rpartition(".")[2] in PLAYED


def podcast_elements(podcast: Podcast, *, numbered: bool) -> Iterator[tuple[str, str | None, dict[str, str]]]:
    """List what Podcasting 2.0 says of an episode → (element, text, attributes); addresses that are none are left out.

    ``numbered``: season and episode too, which Apple's tags tell where they may stand.
    """
    if numbered:
        for name, number in (("season", podcast.season), ("episode", podcast.episode)):
            if number is not None:
                yield name, str(number), {}
    for one in podcast.transcripts:
        if url := address(one.url):
            more = {"language": one.language, "rel": one.rel}
            yield "transcript", None, {"url": url, "type": media_type(one), **_given(more)}
    if podcast.chapters is not None and (url := address(podcast.chapters.url)):
        yield "chapters", None, {"url": url, "type": media_type(podcast.chapters)}
    for person in podcast.persons:
        more = {"role": person.role, "group": person.group, "href": address(person.url), "img": address(person.image)}
        yield "person", person.name, _given(more)


def podcast_members(podcast: Podcast) -> dict[str, Any]:
    """Make a podcast's facts for programs; what is not said is left out."""
    members = _given(asdict(podcast))
    for name in ("transcripts", "persons"):
        if name in members:
            members[name] = [_given(one) for one in members[name]]
    if "chapters" in members:
        members["chapters"] = _given(members["chapters"])
    return members


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, ())}
