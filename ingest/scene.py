"""A document beside what its source has in the archive: which entries carry an item's keys, which are taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from db.model import Entry
from db.recall import KnownEntry

Owners = Mapping[int, tuple[KnownEntry, ...]]
Headline = tuple[str, str | None]
"""A title and a date of publication."""

Matches = Iterable[tuple[int, KnownEntry]]
Rest = Sequence[tuple[int, Entry]]
"""Items of the document with their places in it: those that were found to be an entry, and those that were not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The whole document, the entries that carry its keys, and those of them that an item has been found to be.

    A hostile document has thousands of items with one id, link or text, and its archive has as many entries with it: so
    what is asked of a key for each item is made once for each key.
    """

    items: Sequence[Entry]
    owners: Owners
    taken: frozenset[int]
    moved: bool = False
    _ids: dict[int, frozenset[int]] = field(default_factory=dict)
    _free: dict[int, list[KnownEntry]] = field(default_factory=dict)
    _both: dict[tuple[int, int], list[KnownEntry]] = field(default_factory=dict)
    _headed: dict[tuple[int, int | None], dict[Headline, list[KnownEntry]]] = field(default_factory=dict)

    def carriers(self, key: int | None) -> tuple[KnownEntry, ...]:
        """All entries with ``key``, also those that are taken: what several carry decides nothing alone."""
        return self.owners.get(key, ()) if key is not None else ()

    def carries(self, known: KnownEntry, key: int | None) -> bool:
        """Tell whether this entry is among those with ``key``."""
        if key is None:
            return False
        if key not in self._ids:
            self._ids[key] = frozenset(each.id for each in self.carriers(key))
        return known.id in self._ids[key]

    def both(self, key: int, other: int | None) -> list[KnownEntry]:
        """All entries that have the two keys."""
        if other is None:
            return []
        if (key, other) not in self._both:
            few, many = sorted((key, other), key=lambda each: len(self.carriers(each)))
            self._both[key, other] = [known for known in self.carriers(few) if self.carries(known, many)]
        return self._both[key, other]

    def headed(self, key: int, link: int | None = None) -> Mapping[Headline, list[KnownEntry]]:
        """All entries with the key, and the link if one is given, by headline and date."""
        if (key, link) not in self._headed:
            found = self._headed[key, link] = {}
            for known in self.carriers(key) if link is None else self.both(key, link):
                found.setdefault((known.title, known.published), []).append(known)
        return self._headed[key, link]

    def free(self, key: int | None) -> list[KnownEntry]:
        """The entries with ``key`` that no item was found to be."""
        if key is None:
            return []
        if key not in self._free:
            self._free[key] = [known for known in self.carriers(key) if known.id not in self.taken]
        return self._free[key]
