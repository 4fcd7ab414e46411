"""Which stories turned out to be one: a text that is in both shows it. Pure.

They were told apart since nothing was like both: a full text and a cut of its end, until the cut of its middle comes.
The older id lives. Two stories that one source carries are two: it printed two items. What a person has divided stays
divided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from db.plan import Union
from db.recall import Known
from ingest.dedupe import Match, Placed


class Parts:
    """Which stories of the archive are one by now, as far as it is decided: a person may have divided any two."""

    def __init__(self) -> None:
        self._groups: dict[int, set[int]] = {}

    def of(self, story: int) -> Collection[int]:
        """Give the stories that are one with this one, itself among them."""
        return self._groups.get(story, (story,))

    def join(self, one: int, other: int) -> None:
        """Make two of them one."""
        fewer, more = sorted((self._groups.get(story, {story}) for story in (one, other)), key=len)
        more |= fewer
        self._groups.update(dict.fromkeys((one, other, *fewer), more))


def pairs(some: Iterable[int], others: Collection[int]) -> frozenset[tuple[int, int]]:
    """Pair stories, the older first."""
    return frozenset((min(a, b), max(a, b)) for a in some for b in others if a != b)


def unions(
    placed: Sequence[Placed],
    changed: Iterable[tuple[int, Match]],
    source_id: int,
    known: Known,
    parts: Parts | None = None,
) -> tuple[Union, ...]:
    """Find the stories that are one → each that goes, with the one that lives on, in the order to be carried out.

    ``changed`` has the known stories of which an entry, as it reads now, is a copy: (its story, what it matches).
    ``parts``: stories that are one already, though the archive does not know it yet; these become more.
    """
    alike = [(p.story, match) for p in placed for match in p.also] + list(changed)
    if not alike:
        return ()
    members = {story for story, match in alike} | {match.story for _, match in alike}
    sources = {story: set(found) for story, found in known.carriers(members).items()}
    for p in placed:
        if p.story in sources:
            sources[p.story].add(source_id)
    parts = parts or Parts()
    living = {story: story for story in members}
    made: list[Union] = []
    for story, match in alike:
        kept, gone = sorted((living[story], living[match.story]))
        if kept == gone or sources[kept] & sources[gone]:
            continue
        if known.divided(pairs(parts.of(kept), parts.of(gone))):
            continue
        made.append(Union(kept=kept, gone=gone, by=match.by, likeness=match.likeness))
        sources[kept] |= sources.pop(gone)
        living.update(dict.fromkeys(parts.of(gone), kept))
        parts.join(kept, gone)
    return tuple(made)


def successors(made: Iterable[Union]) -> Mapping[int, int]:
    """Tell which story each one that goes lives on in."""
    found: dict[int, int] = {}
    for union in made:
        found = {story: union.kept if kept == union.gone else kept for story, kept in found.items()}
        found[union.gone] = union.kept
    return found
