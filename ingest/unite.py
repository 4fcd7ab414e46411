"""Which stories turned out to be one: a text that is in both shows it. Pure.

They were told apart since nothing was like both: a full text and a cut of its end, until the cut of its middle comes.
The older id lives. Two stories that one source carries are two: it printed two items. What a person has divided stays
divided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from db.plan import Union
from db.recall import Known
from ingest.dedupe import Match, Placed


def unions(
    placed: Sequence[Placed], changed: Iterable[tuple[int, Match]], source_id: int, known: Known
) -> tuple[Union, ...]:
    """Find the stories that are one → each that goes, with the one that lives on, in the order to be carried out.

    ``changed`` has the known stories of which an entry, as it reads now, is a copy: (its story, what it matches).
    """
    pairs = [(p.story, match) for p in placed for match in p.also] + list(changed)
    if not pairs:
        return ()
    members = {story for story, match in pairs} | {match.story for _, match in pairs}
    sources = {story: set(found) for story, found in known.carriers(members).items()}
    for p in placed:
        if p.story in sources:
            sources[p.story].add(source_id)
    parts = {story: {story} for story in members}  # what each living story is made of
    living = {story: story for story in members}
    made: list[Union] = []
    for story, match in pairs:
        kept, gone = sorted((living[story], living[match.story]))
        if kept == gone or sources[kept] & sources[gone]:
            continue
        if known.divided({(a, b) for a in parts[kept] for b in parts[gone]}):
            continue
        made.append(Union(kept=kept, gone=gone, by=match.by, likeness=match.likeness))
        sources[kept] |= sources.pop(gone)
        for part in parts[gone]:
            living[part] = kept
        parts[kept] |= parts.pop(gone)
    return tuple(made)


def successors(made: Iterable[Union]) -> Mapping[int, int]:
    """Tell which story each one that goes lives on in."""
    found: dict[int, int] = {}
    for union in made:
        found = {story: union.kept if kept == union.gone else kept for story, kept in found.items()}
        found[union.gone] = union.kept
    return found
