"""What a new source is called, and whether it is one that is there already. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from db.text import slug
from wireroom.config import Source
from wireroom.config_addresses import SCHEME, is_web_address, same_place, without_credentials
from wireroom.config_tables import ID

MAX_ID_CHARS = 40
"""Of an id made from a title; there is room for a number behind it."""

MAX_SHOWN_CHARS = 200
ANY_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
FEED_SCHEME = re.compile(r"feed:(//)?", re.IGNORECASE)
BEFORE_AT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:(?://)?)?.*@", re.DOTALL)
"""What may hide a password in an address that is none; of a good one we know where it is."""


def addresses(typed: str) -> tuple[str, ...]:
    """Turn what a person typed for a feed's address into the http(s) addresses to try, in order.

    Without a scheme, or with ``feed://`` alone, https comes first and then http. Raises ValueError("problem|mend").
    """
    text = typed.strip()
    bare = FEED_SCHEME.sub("", text, count=1)
    if FEED_SCHEME.match(text) and ANY_SCHEME.match(bare):
        text = bare
    elif FEED_SCHEME.match(text) or not (ANY_SCHEME.match(text) or SCHEME.match(text)):
        found = tuple(f"{scheme}://{bare.removeprefix('//')}" for scheme in ("https", "http"))
        if is_web_address(found[0]):
            return found
    if not is_web_address(text):
        raise ValueError(f"{shown(typed)!r} is no web address|write one like https://example.org/feed")
    return (text,)


def is_typed_address(text: str) -> bool:
    """Tell whether ``text`` is meant as an address on the web, not as a file's name."""
    return bool(ANY_SCHEME.match(text) or SCHEME.match(text))


def shown(url: str) -> str:
    """Write an address, good or bad, for people: without credentials, not too long."""
    good = is_web_address(url)
    plain = without_credentials(url) if good else BEFORE_AT.sub(r"\1…@", url, count=1)
    return plain if len(plain) <= MAX_SHOWN_CHARS else plain[: MAX_SHOWN_CHARS - 1] + "…"


class Ids:
    """Makes ids that no source has; each is taken once it is made."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._taken = {id_: source.id for source in sources for id_ in (source.id, *source.was)}
        self._numbers: dict[str, int] = {}  # a thousand feeds may be called "News"

    def holder(self, id_: str) -> str | None:
        """Name the source that has this id, or had it once."""
        return self._taken.get(id_)

    def take(self, id_: str) -> str:
        """Note that an id is given away."""
        self._taken[id_] = id_
        return id_

    def make(self, title: str | None, url: str) -> str:
        """Make an id from the feed's title, or where that has no Latin letters, from its host."""
        base = from_title(title or "") or from_host(url) or "source"
        found, number = base, self._numbers.get(base, 1)
        while found in self._taken:
            number += 1
            found = f"{base}-{number}"
        self._numbers[base] = number
        return self.take(found)


def from_title(title: str) -> str:
    """Make an id from a title, whole words; "" where the id would not say what the title says.

    Some lists have the address for a title, and there may be a password in that.
    """
    made = slug(title) if "://" not in title else ""
    if not ID.fullmatch(made[:64]) or not any(char.isalpha() for char in made):
        return ""
    return cut(made)


def from_host(url: str) -> str:
    """Make an id from an address's host, without ``www``."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        plain = host
    return cut(re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-"))


def cut(name: str) -> str:
    """Cut a hyphened name between two words, if it is too long."""
    if len(name) <= MAX_ID_CHARS:
        return name
    return name[: name.rfind("-", 1, MAX_ID_CHARS + 1)] if "-" in name[1 : MAX_ID_CHARS + 1] else name[:MAX_ID_CHARS]


class Places:
    """The addresses of sources, each with a name, to tell whether a new one is among them.

    Two addresses that differ in their credentials only are two places (a mailbox's feed), but one with credentials and
    one without are the same: an exported list has none.
    """

    def __init__(self, sources: Iterable[tuple[str, str]] = ()) -> None:
        self._exact: dict[str, str] = {}
        self._plain: dict[str, str] = {}
        for url, name in sources:
            self.add(url, name)

    def add(self, url: str, name: str) -> None:
        """Add an address; the first name that a place has stays."""
        place, plain = same_place(url), same_place(without_credentials(url))
        self._exact.setdefault(place, name)
        self._plain.setdefault(plain, name)

    def find(self, url: str) -> str | None:
        """Find the name of the place that ``url`` is, if there is one."""
        place, plain = same_place(url), same_place(without_credentials(url))
        found = self._exact.get(place) or self._exact.get(plain)
        return found or (self._plain.get(plain) if place == plain else None)
