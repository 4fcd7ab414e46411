"""An entry as feedparser has it → the files, pictures and facts of a podcast that it names, unchecked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from db.podcast import PodcastFile, PodcastPerson
from ingest.parsed import NO_EPISODE, Attachment, Episode
from ingest.values import dict_at, dicts_at, text_at

MAX_READ = 1000
"""Of one item's files of a kind, or persons: far more than are kept."""

_MEDIA = re.compile(r"(?:audio|video|image)(?:/|$)", re.IGNORECASE)
_IMAGE = re.compile(r"image(?:/|$)", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:[?#]|$)", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,6}")


def attachments_of(entry: Mapping[str, Any]) -> Iterator[Attachment]:
    """List the enclosures, then what Media RSS names: recordings, films and pictures."""
    for link in _enclosed(entry):
        url, kind = text_at(link, "href"), text_at(link, "type")
        if url:
            kind = None if kind == "text/html" else kind  # what feedparser puts where none is given
            yield Attachment(url=url, type=kind, length=text_at(link, "length"), title=text_at(link, "title"))
    for media in dicts_at(entry, "media_content"):
        url, kind, medium = text_at(media, "url"), text_at(media, "type"), text_at(media, "medium")
        if url and _MEDIA.match(kind or medium or ""):
            yield Attachment(
                url=url,
                type=kind,
                length=text_at(media, "filesize"),
                duration=text_at(media, "duration"),
                medium=medium,
                width=text_at(media, "width"),
                height=text_at(media, "height"),
            )


def images_of(entry: Mapping[str, Any]) -> list[str]:
    """List the pictures: those of Media RSS, the widest first; an episode's cover; enclosures; thumbnails."""
    media = [each for each in dicts_at(entry, "media_content")[:MAX_READ] if _is_picture(each)]
    addresses = chain(
        (text_at(each, "url") for each in sorted(media, key=_width, reverse=True)),
        (text_at(dict_at(entry, "image"), "href"),),
        (text_at(link, "href") for link in _enclosed(entry) if _IMAGE.match(text_at(link, "type") or "")),
        (text_at(each, "url") for each in sorted(dicts_at(entry, "media_thumbnail"), key=_width, reverse=True)),
    )
    return list(dict.fromkeys(filter(None, addresses)))[:MAX_READ]


def episode_of(entry: Mapping[str, Any]) -> Episode | None:
    """Read what an item says as an episode, if it does; elements of Podcasting 2.0 by ``ingest/podcast_tags.py``."""
    chapters = dict_at(entry, "podcast_chapters")
    made = Episode(
        duration=text_at(entry, "itunes_duration"),
        season=text_at(entry, "itunes_season"),
        number=text_at(entry, "itunes_episode"),
        kind=text_at(entry, "itunes_episodetype"),
        explicit=text_at(entry, "itunes_explicit"),
        transcripts=tuple(_files(dicts_at(entry, "podcast_transcripts"))),
        chapters=tuple(_files([chapters] if chapters else [])),
        persons=tuple(
            PodcastPerson(
                name=name,
                role=text_at(each, "role"),
                group=text_at(each, "group"),
                url=text_at(each, "href"),
                image=text_at(each, "img"),
            )
            for each in dicts_at(entry, "podcast_persons")[:MAX_READ]
            if (name := text_at(each, "name"))
        ),
    )
    return made if made != NO_EPISODE else None


def _enclosed(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [link for link in dicts_at(entry, "links") if text_at(link, "rel") == "enclosure"]


def _is_picture(media: Mapping[str, Any]) -> bool:
    """Tell whether it is a picture; some publishers say so by nothing but the address."""
    said = text_at(media, "medium") or text_at(media, "type")
    return bool(_IMAGE.match(said)) if said else bool(_PICTURE.search(text_at(media, "url") or ""))


def _width(media: Mapping[str, Any]) -> int:
    width = text_at(media, "width") or ""
    return int(width) if _DIGITS.fullmatch(width) else 0


def _files(found: list[Mapping[str, Any]]) -> Iterator[PodcastFile]:
    for each in found[:MAX_READ]:
        url = text_at(each, "url")
        if url:
            kind, language, rel = (text_at(each, name) for name in ("type", "language", "rel"))
            yield PodcastFile(url=url, type=kind, language=language, rel=rel)
