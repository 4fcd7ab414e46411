"""An entry as feedparser has it → an item, past its fall-backs and guesses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from db.times import iso
from ingest.clean import EMPTIED, TAGS
from ingest.item_media import attachments_of, episode_of, images_of
from ingest.parsed import Item, Markup
from ingest.values import dict_at, dicts_at, text_at

_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "html", "xhtml"))
_MARKS = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b|&#?\w{1,20}(;)")
_OLD_TAGS = frozenset(("font", "form", "input", "button", "label", "marquee", "blink"))
_MAIL = r"[^\s@()<>]{1,64}@[^\s@()<>]{1,255}"
_MAIL_OF = re.compile(
    rf"{_MAIL}\s{{1,9}}\((?P<after>[^()]+)\)|(?P<before>[^<>@]+?)\s{{0,9}}<{_MAIL}>|(?P<bare>{_MAIL})"
)


def item_of(entry: Mapping[str, Any], feed: Mapping[str, Any], version: str, base: str | None) -> Item:
    """Read an entry of ``feed`` → the item. ``version``: feedparser's name of the format; ``base``: the document's."""
    bodies = [body for content in dicts_at(entry, "content") if (body := _body(content, base))]
    summary = text_at(entry, "summary")
    at = None
    if summary and all(summary != body.value for body in bodies):  # without one of its own, the content is copied
        bodies.append(_markup(summary, dict_at(entry, "summary_detail"), base))
        at = len(bodies) - 1
    is_atom = version.startswith("atom")
    authors = _people(entry) or _people(dict_at(entry, "source")) or (_people(feed) if is_atom else ())
    return Item(
        id=text_at(entry, "id"),
        link=text_at(entry, "link"),
        canonical=_canonical(entry),
        title=title_of(entry, atom=is_atom),
        bodies=tuple(bodies),
        summary=at,
        authors=authors,
        language=_language(entry),
        categories=tuple(_categories(entry)),
        attachments=tuple(attachments_of(entry)),
        images=tuple(images_of(entry)),
        episode=episode_of(entry),
        published=_time(entry, "published_parsed"),
        updated=_time(entry, "updated_parsed"),
    )


def title_of(context: Mapping[str, Any], *, atom: bool) -> Markup | None:
    """Read a title; where the format does not say what it is, text that looks like markup is markup."""
    value = text_at(context, "title")
    if value is None:
        return None
    detail = dict_at(context, "title_detail")
    typed = text_at(detail, "value") == value and text_at(detail, "type")
    if typed in _HTML_TYPES:
        return Markup(value=value, is_html=True)
    marks = _MARKS.finditer(value)
    guessed = any(mark[2] or mark[1].lower() in TAGS | EMPTIED | _OLD_TAGS for mark in marks)
    return Markup(value=value, is_html=guessed and not (atom and typed))


def _body(content: Mapping[str, Any], base: str | None) -> Markup | None:
    value, kind = text_at(content, "value"), text_at(content, "type") or "text/plain"
    if not value or not (kind in _HTML_TYPES or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))):
        return None
    return _markup(value, content, base)


def _markup(value: str, detail: Mapping[str, Any], document: str | None) -> Markup:
    kind, base = text_at(detail, "type") or "text/html", text_at(detail, "base")
    plain = kind.startswith("text/") and kind not in _HTML_TYPES
    return Markup(value=value, is_html=not plain, base=base if base != document else None)


def _language(entry: Mapping[str, Any]) -> str | None:
    contexts = (entry, *dicts_at(entry, "content"), dict_at(entry, "summary_detail"), dict_at(entry, "title_detail"))
    return next((language for context in contexts if (language := text_at(context, "language"))), None)


def _people(context: Mapping[str, Any]) -> tuple[str, ...]:
    """List the names of the authors; e-mail addresses only where there is no name at all."""
    people, author = dicts_at(context, "authors"), text_at(context, "author")
    mail = _MAIL_OF.fullmatch(author.strip()) if author and len(people) < 2 else None
    if mail:  # read here: feedparser cuts addresses of long top-level domains in two
        return (mail["after"] or mail["before"] or mail["bare"],)
    for key in ("name", "email"):
        found = tuple(name for person in people if (name := text_at(person, key)))
        if found:
            return found
    return (author,) if author else ()


def _categories(entry: Mapping[str, Any]) -> Iterator[str]:
    for tag in dicts_at(entry, "tags"):
        term, label = text_at(tag, "term"), text_at(tag, "label")
        best = label if not term or "://" in term else term  # an address is no name
        if best and "://" not in best:
            yield best


def _canonical(entry: Mapping[str, Any]) -> str | None:
    """Read the address that the feed says is the page's own; FeedBurner's is behind its redirect."""
    links = (*dicts_at(entry, "links"), dict_at(entry, "atom_link"))  # the latter where its namespace is not declared
    said = (text_at(link, "href") for link in links if text_at(link, "rel") == "canonical")
    return next(filter(None, said), None) or text_at(entry, "feedburner_origlink")


def _time(entry: Mapping[str, Any], key: str) -> str | None:
    """Read a time that feedparser parsed (UTC); a year outside 1900 to 2100 is a misreading."""
    parsed = dict.get(entry, key) if isinstance(entry, dict) else None
    try:
        year, month, day, hour, minute, second = parsed[:6]  # type: ignore[index]
        if not 1900 <= year <= 2100:
            return None
        return iso(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC))
    except (TypeError, ValueError):
        return None
