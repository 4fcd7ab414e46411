"""Podcasting 2.0 for feedparser, which reads only the last of several elements, and no text beside attributes.

feedparser finds the reader of an element by its name, ``_start_PREFIX_NAME``: these are such readers. They are put
into its class by ``install``. Pure; it changes a class, once.
"""

# ruff: noqa: SLF001 - feedparser has no public way to be extended

from __future__ import annotations

from typing import Any

from feedparser.mixin import _FeedParserMixin

NAMESPACES = (
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",  # its first address
)
PREFIX = "podcast"


def _start_transcript(parser: Any, attributes: dict[str, str]) -> None:
    parser._get_context().setdefault("podcast_transcripts", []).append(attributes)


def _start_person(parser: Any, attributes: dict[str, str]) -> None:
    parser._get_context().setdefault("podcast_persons", []).append(attributes)
    parser.push("podcast_person", 1)


def _end_person(parser: Any) -> None:
    name = parser.pop("podcast_person")
    persons = parser._get_context().get("podcast_persons")
    if name and persons:
        persons[-1]["name"] = name


def _end_explicit(parser: Any) -> None:
    """Keep the word itself: feedparser knows ``yes`` and ``clean``, and takes Apple's ``true`` for nothing."""
    parser._get_context()["itunes_explicit"] = parser.pop("itunes_explicit")


def install() -> None:
    """Teach feedparser; once more does no harm."""
    for uri in NAMESPACES:
        _FeedParserMixin.namespaces[uri] = PREFIX
        if _FeedParserMixin._matchnamespaces:  # filled when the first parser is made
            _FeedParserMixin._matchnamespaces[uri.lower()] = PREFIX
    _FeedParserMixin._start_podcast_transcript = _start_transcript
    _FeedParserMixin._start_podcast_person = _start_person
    _FeedParserMixin._end_podcast_person = _end_person
    _FeedParserMixin._end_itunes_explicit = _end_explicit
