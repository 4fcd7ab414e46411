"""JSON Feed 1.0 and 1.1 (jsonfeed.org) → its items. Pure.

Tolerant where the specification asks a reader to be: an id may be a number, a field of a wrong type is as good as
absent. Strict in what is no feed at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from db.times import iso
from ingest.parsed import MAX_ENTRIES, Attachment, Item, MalformedError, Markup, NotAFeedError, Parsed
from ingest.urls import document_base

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.(\d))?/?")
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,12})?\s?(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|#\d{1,6}|#[xX][0-9a-fA-F]{1,5});")
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)


class _Number(str):
    """A number as it is written: ids keep every digit, and no digit is computed that nobody needs."""

    __slots__ = ()


def looks_like_json(body: bytes) -> bool:
    """Tell a JSON document from an XML one by how it begins; what the server says of it is often wrong."""
    return body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] in (b"{", b"[", b'"')


def parse_json_feed(body: bytes, *, url: str) -> Parsed:
    """Read a JSON Feed → its items, in document order.

    Raises NotAFeedError for other JSON, MalformedError for what is no JSON, or is nested deeper than Python goes.
    """
    text, bad = _decode(body)
    try:
        feed = json.loads(text, strict=False, parse_int=_Number, parse_float=_Number, parse_constant=lambda _: None)
    except RecursionError:
        raise MalformedError("its JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedError(f"its JSON is broken: {error.msg} (line {error.lineno})") from None
    if not isinstance(feed, dict):
        raise NotAFeedError(f"JSON, but not a JSON Feed: {_KINDS.get(type(feed), 'a value')} where an object should be")
    version = _VERSION.match(_str(feed, "version") or "")
    items = feed.get("items")
    if not version:
        raise NotAFeedError("JSON, but not a JSON Feed: no 'version' of jsonfeed.org")
    if not isinstance(items, list):
        raise MalformedError("a JSON Feed without a list of 'items'")
    objects = [item for item in items if isinstance(item, dict)]
    authors = tuple(_authors(feed))
    return Parsed(
        format=f"json1{version[1] or '0'}",
        base=document_base(url),
        title=_plain(feed, "title"),
        site_url=_str(feed, "home_page_url"),
        language=_str(feed, "language"),
        hub=_hub(feed),
        self_url=_str(feed, "feed_url"),
        items=tuple(_item(item, authors) for item in objects[:MAX_ENTRIES]),
        truncated=len(objects) > MAX_ENTRIES,
        salvaged=bad,
        remark="some bytes were not valid UTF-8 and are lost" if bad else None,
    )


_KINDS = {list: "an array", type(None): "null", str: "a string", _Number: "a number", bool: "a truth value"}


def _decode(body: bytes) -> tuple[str, bool]:
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding), False
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), True


def _item(item: dict[str, Any], feed_authors: tuple[str, ...]) -> Item:
    bodies = [
        Markup(value=value, is_html=is_html)
        for key, is_html in (("content_html", True), ("content_text", False), ("summary", False))
        if (value := _str(item, key))
    ]
    tags = item.get("tags")
    return Item(
        id=_id(item.get("id")),
        link=_str(item, "url") or _str(item, "external_url"),
        title=_plain(item, "title"),
        bodies=tuple(bodies),
        summary=len(bodies) - 1 if _str(item, "summary") else None,
        authors=tuple(_authors(item)) or feed_authors,
        language=_str(item, "language"),
        categories=tuple(tag for tag in tags if _is_text(tag)) if isinstance(tags, list) else (),
        attachments=tuple(_attachments(item)),
        images=tuple(image for key in ("image", "banner_image") if (image := _str(item, key))),
        published=rfc3339(_str(item, "date_published")),
        updated=rfc3339(_str(item, "date_modified")),
    )


def _hub(feed: dict[str, Any]) -> str | None:
    """Read the first WebSub hub; ``hubs`` may name services of other kinds too (rssCloud)."""
    hubs = feed.get("hubs")
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and (_str(hub, "type") or "").lower() in ("websub", "pubsubhubbub"):
            return _str(hub, "url")
    return None


def _id(value: object) -> str | None:
    """Read an id; a number becomes its own digits (the specification asks for this)."""
    return str(value) if isinstance(value, str) and value else None


def _authors(context: dict[str, Any]) -> Iterator[str]:
    """Read the names of ``authors`` (1.1), or of ``author`` (1.0)."""
    authors = context.get("authors")
    people = authors if isinstance(authors, list) else [context.get("author")]
    for person in people:
        if isinstance(person, dict) and (name := _str(person, "name")):
            yield name


def _attachments(item: dict[str, Any]) -> Iterator[Attachment]:
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        if isinstance(attachment, dict) and (url := _str(attachment, "url")):
            size = attachment.get("size_in_bytes")
            length = str(size) if isinstance(size, _Number) and _WHOLE.fullmatch(size) else None
            lasting = attachment.get("duration_in_seconds")
            yield Attachment(
                url=url,
                type=_str(attachment, "mime_type"),
                length=length,
                duration=str(lasting) if isinstance(lasting, _Number) else None,
                title=_str(attachment, "title"),
            )


def rfc3339(text: str | None) -> str | None:
    """Read an RFC 3339 time → the archive's form in UTC; None for anything else, or a year outside 1900 to 2100.

    Without a zone it is taken for UTC. A leap second counts as the second before it.
    """
    match = _RFC3339.fullmatch((text or "").strip())
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    away = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    try:
        local = datetime(year, month, day, hour, minute, 59 if second == 60 else second, tzinfo=UTC)
        moment = local + away if match[7] == "-" else local - away
    except (ValueError, OverflowError):
        return None
    return iso(moment) if 1900 <= moment.year <= 2100 else None


def _plain(context: dict[str, Any], key: str) -> Markup | None:
    """Read a text that must be plain; many publishers leave the entities of their HTML in it."""
    value = _str(context, key)
    return Markup(value=value, is_html=_ENTITY.search(value) is not None) if value else None


def _str(context: dict[str, Any], key: str) -> str | None:
    value = context.get(key)
    return value if _is_text(value) and value else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number)
