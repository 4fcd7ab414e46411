"""Files, pictures and episodes as a parser read them → as the archive keeps them: absolute, checked, bounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from db.model import Enclosure
from db.podcast import EPISODE_TYPES, NOTHING, Podcast, PodcastFile, PodcastPerson
from ingest.clean import one_line, xml_clean
from ingest.parsed import Attachment, Episode
from ingest.urls import absolute, canonical_link

MAX_ENCLOSURES = 100
MAX_FILES = 20
"""Transcripts of one episode."""
MAX_PERSONS = 50
MAX_NAME_CHARS = 300
MAX_DURATION_S = 10_000_000
MAX_PIXELS = 100_000
MAX_NUMBER = 1_000_000

_LOOKED_AT = 10
"""So many times as many as are kept are looked at, since some are bad or repeats."""
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_SECONDS = re.compile(r"([0-9]{1,9})(?:\.[0-9]{0,9})?")
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,4}):([0-9]{1,2})(?:\.[0-9]{0,9})?")
_MEDIA = ("image", "audio", "video", "document", "executable")  # the words of Media RSS 1.5
_EXPLICIT = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}


def enclosures(attachments: Iterable[Attachment], base: str | None, episode: Episode | None = None) -> list[Enclosure]:
    """Check the files that an item names → each once; what one mention of it leaves open, a later one may say.

    How long the ``episode`` is goes to its recording, where that is the only one.
    """
    found: dict[str, Enclosure] = {}
    for attachment in islice(attachments, MAX_ENCLOSURES * _LOOKED_AT):
        url = absolute(attachment.url, base)
        if url is None or (url not in found and len(found) == MAX_ENCLOSURES):
            continue
        found[url] = _filled(found.get(url, Enclosure(url=url)), _enclosure(url, attachment))
    made = list(found.values())
    recordings = [n for n, each in enumerate(made) if (each.type or each.medium or "").startswith(("audio", "video"))]
    length_s = duration_s(episode.duration) if episode is not None else None
    if len(recordings) == 1 and length_s and made[recordings[0]].duration_s is None:
        made[recordings[0]] = replace(made[recordings[0]], duration_s=length_s)
    return made


def picture(images: Iterable[str], base: str | None) -> str | None:
    """Take the first of the pictures that an item names by a good address."""
    return next(filter(None, (absolute(url, base) for url in islice(images, _LOOKED_AT))), None)


def podcast_of(episode: Episode | None, base: str | None) -> Podcast | None:
    """Check what an item says as an episode of a podcast; None where that is nothing."""
    if episode is None:
        return None
    kind = (episode.kind or "").strip().lower()
    made = Podcast(
        duration_s=duration_s(episode.duration),
        season=_number(episode.season, MAX_NUMBER),
        episode=_number(episode.number, MAX_NUMBER),
        episode_type=next((each for each in EPISODE_TYPES if each == kind), None),
        explicit=_EXPLICIT.get((episode.explicit or "").strip().lower()),
        transcripts=tuple(islice(_files(episode.transcripts, base), MAX_FILES)),
        chapters=next(_files(episode.chapters, base), None),
        persons=tuple(islice(_persons(episode.persons, base), MAX_PERSONS)),
    )
    return made if made != NOTHING else None


def duration_s(text: str | None) -> int | None:
    """Read a duration → whole seconds: ``HH:MM:SS``, ``MM:SS``, or a number of them; None for anything else, or 0."""
    said = (text or "").strip()
    if clock := _CLOCK.fullmatch(said):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        length = (hours * 60 + minutes) * 60 + seconds
    else:
        number = _SECONDS.fullmatch(said)
        length = int(number[1]) if number else 0
    return length if 0 < length <= MAX_DURATION_S else None


def marks_of(image: str | None, podcast: Podcast | None) -> list[str]:
    """List what a picture and an episode add to an entry's version: nothing where there is neither.

    So an entry without them has the version that it had before they were read.
    """
    marks = [f"image {canonical_link(image) or image}"] if image else []
    if podcast is not None:
        facts = (podcast.duration_s, podcast.season, podcast.episode, podcast.episode_type, podcast.explicit)
        files = [canonical_link(each.url) or each.url for each in (*podcast.transcripts, podcast.chapters) if each]
        marks.append(f"podcast {facts} {files} {[each.name for each in podcast.persons]}")
    return marks


def _enclosure(url: str, said: Attachment) -> Enclosure:
    medium = (said.medium or "").strip().lower()
    return Enclosure(
        url=url,
        type=_media_type(said.type),
        length=_number(said.length, 10**18),
        duration_s=duration_s(said.duration),
        title=_name(said.title),
        medium=medium if medium in _MEDIA else None,
        width=_number(said.width, MAX_PIXELS),
        height=_number(said.height, MAX_PIXELS),
    )


def _filled(first: Enclosure, later: Enclosure) -> Enclosure:
    """Add to what was said of a file first what only a later mention says."""
    return Enclosure(
        url=first.url,
        type=first.type or later.type,
        length=first.length or later.length,
        duration_s=first.duration_s or later.duration_s,
        title=first.title or later.title,
        medium=first.medium or later.medium,
        width=first.width or later.width,
        height=first.height or later.height,
    )


def _files(files: Iterable[PodcastFile], base: str | None) -> Iterator[PodcastFile]:
    for one in islice(files, MAX_FILES * _LOOKED_AT):
        url = absolute(one.url, base)
        if url is not None:
            yield PodcastFile(url=url, type=_media_type(one.type), language=_word(one.language), rel=_word(one.rel))


def _persons(persons: Iterable[PodcastPerson], base: str | None) -> Iterator[PodcastPerson]:
    for one in islice(persons, MAX_PERSONS * _LOOKED_AT):
        name = _name(one.name)
        if name:
            yield PodcastPerson(
                name=name,
                role=_name(one.role),
                group=_name(one.group),
                url=absolute(one.url, base),
                image=absolute(one.image, base),
            )


def _media_type(text: str | None) -> str | None:
    kind = (text or "").partition(";")[0].strip().lower()
    return kind if _MEDIA_TYPE.fullmatch(kind) else None


def _word(text: str | None) -> str | None:
    word = (text or "").strip()
    return word if _WORD.fullmatch(word) else None


def _name(text: str | None) -> str | None:
    name = one_line((text or "")[: MAX_NAME_CHARS * _LOOKED_AT])
    return xml_clean(name[:MAX_NAME_CHARS]).strip() or None


def _number(text: str | None, most: int) -> int | None:
    """Read a whole number above 0."""
    said = (text or "").strip()
    number = int(said) if _WHOLE.fullmatch(said) else 0
    return number if 0 < number <= most else None
