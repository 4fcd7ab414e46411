"""What an edited config says that the one in force does not, thing by thing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from db.in_force import Said

How = Literal["added", "gone", "edited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One thing that is edited: ``keys`` has what each key said and says; None: nothing. ``was``: its id until now.

    A thing that has another id alone is edited too, without keys.
    """

    kind: str
    id: str
    how: How
    keys: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    was: str | None = None


def edits(before: Iterable[Said], now: Iterable[Said], renamed: Mapping[tuple[str, str], str]) -> list[Edit]:
    """Compare what a config said with what it says → what is different: first by kind, then in the new one's order.

    ``renamed`` gives to the (kind, id) of things the id that they had.
    """
    old = {(one.kind, one.id): one.says for one in before}
    found: list[Edit] = []
    for kind, id_, says in now:
        was = renamed.get((kind, id_))
        said = old.pop((kind, was if was is not None else id_), None)
        if said is None:
            found.append(Edit(kind=kind, id=id_, how="added", keys={key: (None, value) for key, value in says.items()}))
        elif said != says or was is not None:
            found.append(Edit(kind=kind, id=id_, how="edited", keys=different(said, says), was=was))
    found += [
        Edit(kind=kind, id=id_, how="gone", keys={key: (value, None) for key, value in says.items()})
        for (kind, id_), says in old.items()
    ]
    return found


def different(said: Mapping[str, Any], says: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """List the keys that say something else, in the order in which they stand."""
    keys = dict.fromkeys((*says, *said))
    return {key: (said.get(key), says.get(key)) for key in keys if said.get(key) != says.get(key)}


def renames(kind: str, things: Sequence[Any], known: Iterable[str]) -> dict[tuple[str, str], str]:
    """Find the things that had another id: it is known, as theirs is not; the same that the archive follows."""
    present = set(known)
    found = {}
    for thing in things:
        for old in thing.was:
            if old in present and thing.id not in present:
                found[kind, thing.id] = old
                present.discard(old)
                present.add(thing.id)
    return found
