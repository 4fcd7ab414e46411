"""Files, pictures and a podcast's elements in a plain item → what feedparser, as we taught it, would read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ingest.plain_rules import DeclinedError, only


def enclosure(reader: Any, attributes: Mapping[str, str], _: str) -> None:
    """Read RSS's ``enclosure``."""
    only(attributes, "url", "uri", "href", "type", "length")
    address = attributes.get("url", attributes.get("uri", attributes.get("href")))
    link = {"rel": "enclosure", "type": attributes.get("type"), "length": attributes.get("length")}
    reader.entry.setdefault("links", []).append({**link, "href": address} if address else link)


def media(reader: Any, attributes: Mapping[str, str], _: str) -> None:
    """Read ``media:content``."""
    reader.entry.setdefault("media_content", []).append(attributes)


def thumbnail(reader: Any, attributes: Mapping[str, str], text: str) -> None:
    """Read ``media:thumbnail``."""
    if text:
        raise DeclinedError
    reader.entry.setdefault("media_thumbnail", []).append(attributes)


def cover(reader: Any, attributes: Mapping[str, str], _: str) -> None:
    """Read ``itunes:image``: the last one counts."""
    if address := attributes.get("href") or attributes.get("url"):
        reader.entry["image"] = {"href": address}


def fact(reader: Any, attributes: Mapping[str, str], text: str) -> None:
    """Read one of Apple's tags that are plain text."""
    only(attributes)
    prefix, local = reader.name
    reader.once(local)
    reader.entry[f"{prefix}_{local}"] = text


def transcript(reader: Any, attributes: Mapping[str, str], _: str) -> None:
    """Read ``podcast:transcript``."""
    reader.entry.setdefault("podcast_transcripts", []).append(attributes)


def chapters(reader: Any, attributes: Mapping[str, str], _: str) -> None:
    """Read ``podcast:chapters``: the last one counts."""
    if not attributes:
        raise DeclinedError
    reader.entry["podcast_chapters"] = attributes


def person(reader: Any, attributes: Mapping[str, str], text: str) -> None:
    """Read ``podcast:person``."""
    reader.entry.setdefault("podcast_persons", []).append({**attributes, **({"name": text} if text else {})})


MEDIA_READS: dict[tuple[str, str], Callable[[Any, Mapping[str, str], str], None]] = {
    ("", "enclosure"): enclosure,
    ("media", "content"): media,
    ("media", "thumbnail"): thumbnail,
    ("itunes", "image"): cover,
    **{("itunes", name): fact for name in ("duration", "episode", "season", "episodetype", "explicit")},
    ("podcast", "transcript"): transcript,
    ("podcast", "chapters"): chapters,
    ("podcast", "person"): person,
}
"""How each of them is read, by its name (see ``plain_item.Name``); ``reader`` is the item's."""
