"""Entries by the identity keys that they carry, those of the archive and those that were pruned alike. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from db.recall import KnownEntry


def by_key(rows: Iterable[tuple[Any, ...]], *, gone: bool = False) -> Mapping[int, tuple[KnownEntry, ...]]:
    """Gather entries, each behind a key that it carries → by key, in the order in which they come.

    A row is the key, then id, source, story, version, title, guid, published and first seen.
    """
    found: defaultdict[int, list[KnownEntry]] = defaultdict(list)
    for key, id_, source, story, version, title, guid, published, first_seen in rows:
        found[key].append(
            KnownEntry(
                id=id_,
                source_id=source,
                story_id=story,
                version=version,
                title=title,
                guid=guid,
                published=published,
                first_seen=first_seen,
                gone=gone,
            )
        )
    return {key: tuple(entries) for key, entries in found.items()}
