"""What is wrong between the rules of the config: circles of tags, priorities of sources that are not there. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from db.query_names import Names, read_query
from ingest.order import Asked, CircleError, in_order
from wireroom.config_faults import shown_key
from wireroom.config_queries import Found, names_in, rows
from wireroom.config_tags import check_tag

MAX_STEPS = 10
"""Of a way round so many steps are told: of a thousand rules it may have as many."""


def rule_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the rules that wait for each other's tags, and the priorities of unknown sources."""
    yield from circle_faults(raw)
    yield from priority_faults(raw)


def circle_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find one way round: its first rule is the fault's."""
    names = names_in(raw)
    asked = [(n, one) for n, row in rows(raw, "rule") if (one := asked_by(row, names)) is not None]
    try:
        in_order([one for _, one in asked])
    except CircleError as error:
        way = [asked[number] for number in error.way]
        first = min(range(len(way)), key=lambda at: way[at][0])
        way = way[first:] + way[:first]
        if len(way) == 1:
            problem = f"asks for {':'.join(way[0][1].gives or ())}, which this rule itself gives"
            yield ("rule", way[0][0], "match"), problem, "ask for what it is given by, not for the tag"
            return
        steps = [
            f"that one asks for {':'.join(one.gives or ())}, which {shown_key(('rule', n), raw)} gives"
            for n, one in [*way[1:], way[0]]
        ]
        if len(steps) > MAX_STEPS:
            steps[MAX_STEPS - 1 : -1] = [f"so it goes on through {len(steps) - MAX_STEPS} more"]
        told = "; ".join(steps).replace("that one", "it", 1)
        mend = "take one of these tags out of its match"
        yield ("rule", way[0][0], "match"), f"rules wait for each other: {told}", mend


def asked_by(row: dict[str, Any], names: Names) -> Asked | None:
    """Read a rule's query and tag; None where it gives none, or they are faults of their own."""
    try:
        kind, _, name = check_tag(row["tag"]).partition(":")
        return Asked(read_query(row["match"], names), (kind, name))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def priority_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the priorities of sources that the config does not name."""
    sources = {row["id"]: row for _, row in rows(raw, "source") if isinstance(row.get("id"), str)}
    renamed = {
        old: id_ for id_, row in sources.items() if isinstance(row.get("was"), list) for old in map(str, row["was"])
    }
    for n, row in rows(raw, "rule"):
        for id_ in row["priority"] if isinstance(row.get("priority"), dict) else ():
            if id_ not in sources:
                close = difflib.get_close_matches(id_, sources, n=1)
                mend = f"did you mean {close[0]!r}?" if close else "name a source by its id"
                mend = f"it is {renamed[id_]!r} now" if id_ in renamed else mend
                yield ("rule", n, "priority", id_), f"no source is called {id_!r}", mend
