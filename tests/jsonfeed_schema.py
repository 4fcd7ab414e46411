"""A strict check of JSON Feed 1.1 (jsonfeed.org/version/1.1): every member that it names, its type and its form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

VERSION = "https://jsonfeed.org/version/1.1"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( *;.*)?", re.ASCII)

Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    """Any string."""
    return isinstance(value, str)


def words(value: Any) -> bool:
    """A string that says something."""
    return isinstance(value, str) and bool(value.strip())


def url(value: Any) -> bool:
    """An absolute http(s) address."""
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc)


def date(value: Any) -> bool:
    """RFC 3339, with its zone, and a real day."""
    return isinstance(value, str) and RFC3339.fullmatch(value) is not None and bool(datetime.fromisoformat(value))


def number(value: Any) -> bool:
    """A count: no fraction, no boolean, never below zero."""
    return type(value) is int and value >= 0


def matching(pattern: re.Pattern[str]) -> Check:
    """Make the check for a string of one form."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def listed(check: Check) -> Check:
    """Make the check for a list, each of whose members passes; the specification knows no use for an empty one."""
    return lambda value: isinstance(value, list) and bool(value) and all(check(one) for one in value)


AUTHOR: dict[str, Check] = {"name": words, "url": url, "avatar": url}
ATTACHMENT: dict[str, Check] = {
    "url": url,
    "mime_type": matching(MEDIA_TYPE),
    "title": text,
    "size_in_bytes": number,
    "duration_in_seconds": number,
}
ITEM: dict[str, Check] = {
    "id": words,
    "url": url,
    "external_url": url,
    "title": words,
    "content_html": text,
    "content_text": text,
    "summary": text,
    "image": url,
    "banner_image": url,
    "date_published": date,
    "date_modified": date,
    "tags": listed(words),
    "language": matching(LANGUAGE),
}
FEED: dict[str, Check] = {
    "version": lambda value: bool(value == VERSION),
    "title": words,
    "description": words,
    "user_comment": text,
    "home_page_url": url,
    "feed_url": url,
    "next_url": url,
    "icon": url,
    "favicon": url,
    "language": matching(LANGUAGE),
    "expired": lambda value: isinstance(value, bool),
}


def faults(document: Any) -> list[str]:
    """Hold a document against the specification → what is wrong, each with its place; an empty list is valid."""
    if not isinstance(document, dict):
        return ["the document is no object"]
    found = members(document, FEED, "feed", needs=("version", "title", "items"), other=("items", "authors", "hubs"))
    found += objects(document, "authors", AUTHOR, "feed", needs=())
    items = document.get("items")
    if not isinstance(items, list):
        return [*found, "feed: items is no list"]
    for n, item in enumerate(items):
        where = f"items[{n}]"
        if not isinstance(item, dict):
            found.append(f"{where} is no object")
            continue
        found += members(item, ITEM, where, needs=("id",), other=("authors", "attachments"))
        found += objects(item, "authors", AUTHOR, where, needs=())
        found += objects(item, "attachments", ATTACHMENT, where, needs=("url", "mime_type"))
        if not {"content_html", "content_text"} & set(item):
            found.append(f"{where} has no content")
    ids = [item.get("id") for item in items if isinstance(item, dict)]
    return found if len(set(map(str, ids))) == len(ids) else [*found, "feed: two items have one id"]


def members(
    value: dict[str, Any], checks: dict[str, Check], where: str, *, needs: tuple[str, ...], other: tuple[str, ...]
) -> list[str]:
    """Check an object's own members; extensions begin with ``_`` and are objects."""
    found = [f"{where}: {name} is missing" for name in needs if name not in value]
    for name, one in value.items():
        if name.startswith("_"):
            if not isinstance(one, dict) or "." in name:
                found.append(f"{where}: extension {name} is no object, or has a point in its name")
        elif name in checks:
            if not checks[name](one):
                found.append(f"{where}: {name} is {one!r}")
        elif name not in other:
            found.append(f"{where}: {name} is no member of JSON Feed 1.1")
    return found


def objects(
    value: dict[str, Any], name: str, checks: dict[str, Check], where: str, *, needs: tuple[str, ...]
) -> list[str]:
    """Check a member that is a list of objects, each with at least one member."""
    if name not in value:
        return []
    if not isinstance(value[name], list) or not value[name]:
        return [f"{where}: {name} is no list, or empty"]
    found = []
    for n, one in enumerate(value[name]):
        place = f"{where}.{name}[{n}]"
        if isinstance(one, dict) and one:
            found += members(one, checks, place, needs=needs, other=())
        else:
            found.append(f"{place} is no object, or empty")
    return found
