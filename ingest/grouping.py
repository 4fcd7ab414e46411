"""What the config says of copies and events, with the archive's row ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from db.model import Dedupe, Level

GROUPING_VERSION = 1
"""Raised whenever the same text would be compared by other prints or terms: `wireroom regroup` then makes them anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How far entries are folded into stories, which of them leads, and how alike the stories of an event must be.

    ``dedupe_by_source`` has the sources (row ids) that differ from ``dedupe``; ``priority`` those whose priority is not
    0: of a story's entries, one of the highest priority leads.
    """

    dedupe: Dedupe = "copies"
    dedupe_by_source: Mapping[int, Dedupe] = field(default_factory=dict)
    priority: Mapping[int, int] = field(default_factory=dict)
    level: Level = "normal"

    def dedupe_of(self, source_id: int) -> Dedupe:
        """Tell how far a source's entries may be folded into stories."""
        return self.dedupe_by_source.get(source_id, self.dedupe)

    def priority_of(self, source_id: int) -> int:
        """Tell a source's priority."""
        return self.priority.get(source_id, 0)

    def ranked(self, ranks: Mapping[int, int] | None) -> Grouping:
        """Give the same with other priorities for some sources."""
        return replace(self, priority={**self.priority, **ranks}) if ranks else self

    @property
    def comparing(self) -> bool:
        """Tell whether texts are compared at all: only then do workers make what they are compared by."""
        return self.level != "off" or "copies" in (self.dedupe, *self.dedupe_by_source.values())
