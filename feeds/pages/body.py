"""A story's text as a page shows it: written anew, so that nothing is in it that is not named here. Pure.

The archive's HTML was sanitized when it came. Here each of its tags is read and written again with the attributes that
are allowed, and what is no such tag is text: the page is safe even where the archive is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape

from markupsafe import Markup

from feeds.pages.links import outside

VOID = frozenset({"br", "hr", "wbr"})
_PLAIN = (
    "abbr address b bdi bdo big blockquote caption cite code col colgroup dd del dfn div dl dt em figcaption figure i "
    "ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub sup table tbody td tfoot th thead time "
    "tr tt u ul var"
)
PLAIN = frozenset(_PLAIN.split())
HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}
"""The page's own headings come first: a text's are beneath them."""
_BLOCKS = "article aside center details footer header main nav section summary"
INSTEAD = dict.fromkeys(_BLOCKS.split(), "div") | {"acronym": "abbr", "picture": "span"}
"""Landmarks, and what opens and closes: those of the page are its own."""
ATTRIBUTES: dict[str, frozenset[str]] = {
    "ol": frozenset({"start", "reversed"}),
    "li": frozenset({"value"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
}
EVERY = frozenset({"lang", "dir", "title"})

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:=\"[^\"]*\")?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:=\"([^\"]*)\")?")
_VALUE = re.compile(r"[\w .,;:'’!?()/-]{0,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A text, and how many pictures it has, which were left out or not."""

    html: Markup
    pictures: int


def body(html: str, *, pictures: bool) -> Body:
    """Write a text for a page. ``pictures``: those on other servers are loaded, late and without telling from where."""
    writer = _Writer(pictures=pictures)
    made = "".join(writer.written(html))
    return Body(html=Markup(made), pictures=writer.pictures_seen)  # noqa: S704 - every part of it was escaped here


class _Writer:
    def __init__(self, *, pictures: bool) -> None:
        self._pictures = pictures
        self._open: list[tuple[str, str]] = []
        self.pictures_seen = 0

    def written(self, html: str) -> Iterator[str]:
        at = 0
        for tag in _TAG.finditer(html):
            yield text_of(html[at : tag.start()])
            at = tag.end()
            closing, name, given = tag[1], tag[2].lower(), tag[3]
            yield self._closed(name) if closing else self._opened(name, given)
        yield text_of(html[at:])
        yield from (f"</{written}>" for _, written in reversed(self._open))

    def _opened(self, name: str, given: str) -> str:
        attributes = {key.lower(): unescape(value or "") for key, value in _ATTRIBUTE.findall(given)}
        if name in VOID:
            return f"<{name}>"
        if name == "img":
            return self._picture(attributes)
        if name in ("audio", "video"):
            return media(name, attributes)
        if name == "a":
            href = outside(attributes.get("href"))
            if href is None:
                return self._begun(name, "span", "")
            return self._begun(
                name, "a", f' href="{escape(href)}" rel="noopener noreferrer nofollow"{_kept("a", attributes)}'
            )
        written = HEADINGS.get(name) or INSTEAD.get(name) or (name if name in PLAIN else None)
        if written is None:
            return ""
        if written == "col":
            return f"<col{_kept('col', attributes)}>"
        return self._begun(name, written, _kept(written, attributes))

    def _begun(self, name: str, written: str, attributes: str) -> str:
        self._open.append((name, written))
        return f"<{written}{attributes}>"

    def _closed(self, name: str) -> str:
        if all(name != opened for opened, _ in self._open):
            return ""
        found = []
        while self._open:
            opened, written = self._open.pop()
            found.append(f"</{written}>")
            if opened == name:
                break
        return "".join(found)

    def _picture(self, attributes: dict[str, str]) -> str:
        source = outside(attributes.get("src"))
        if source is None or is_counter(attributes):
            return ""
        self.pictures_seen += 1
        alt = attributes.get("alt", "").strip()
        if self._pictures:
            sizes = "".join(
                f' {side}="{attributes[side]}"' for side in ("width", "height") if attributes.get(side, "").isdecimal()
            )
            return (
                f'<img src="{escape(source)}" alt="{escape(alt)}"{sizes} loading="lazy" decoding="async" '
                'referrerpolicy="no-referrer">'
            )
        return f'<span class="no-picture">Picture{": " + escape(alt) if alt else ""}</span>'


def media(name: str, attributes: dict[str, str]) -> str:
    """Name what can be heard or seen elsewhere; it is not loaded here."""
    source = outside(attributes.get("src"))
    if source is None:
        return ""
    kind = "Audio" if name == "audio" else "Video"
    return f'<a href="{escape(source)}" rel="noopener noreferrer nofollow">{kind}</a> '


def is_counter(attributes: dict[str, str]) -> bool:
    """Tell a picture that nobody is meant to see: it counts who reads."""
    return any(attributes.get(side) in ("0", "1", "2") for side in ("width", "height"))


def text_of(text: str) -> str:
    """Write what stands between tags, as text."""
    return escape(unescape(text), quote=False)


def _kept(name: str, attributes: dict[str, str]) -> str:
    kept = [
        (key, value)
        for key, value in attributes.items()
        if (key in EVERY or key in ATTRIBUTES.get(name, ())) and _VALUE.fullmatch(value)
    ]
    return "".join(f' {key}="{escape(value)}"' for key, value in kept)
