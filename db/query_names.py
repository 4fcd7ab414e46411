"""What a query names is looked up: saved queries are put in, unknown fields, kinds, sources are faults. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from db.query import FIELDS, parse
from db.query_faults import MAX_DEPTH, MAX_EXPANDED, QueryError, nearest
from db.query_tree import And, Is, Leaf, Not, Or, Query, Saved, Source, Tag, depth, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a query can name.

    ``saved``: queries by id, each as it was parsed; what they name is looked up too. ``kinds``: the tag kinds that
    there are; ``sources``: the ids of sources, None where any will do.
    """

    saved: Mapping[str, Query] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None


def read_query(text: str, names: Names, *, early: bool = False) -> Query:
    """Read a query, and put in what it names. Raises QueryError."""
    try:
        return looked_up(parse(text), names, early=early)
    except QueryError as error:
        error.query = text
        raise


def looked_up(query: Query, names: Names, *, early: bool = False) -> Query:
    """Put the saved queries in → a query without any. Raises QueryError for what there is not, and for circles.

    ``early``: the query is a rule's or a topic's, which are asked before anybody withholds or pins a story.
    """
    for leaf in leaves(query):
        check_leaf(leaf, names, early=early)
    found = put_in(query, names, (), [MAX_EXPANDED])
    if early and (state := next((leaf for leaf in leaves(found) if isinstance(leaf, Is)), None)) is not None:
        raise too_early(state, None)
    if depth(found) > MAX_DEPTH:
        raise QueryError(f"with all that it names, AND, OR and NOT nest deeper than {MAX_DEPTH}; make it flatter")
    return found


def check_leaf(leaf: Leaf, names: Names, *, early: bool) -> None:
    """Refuse a name that is none."""
    match leaf:
        case Tag(kind, column=column) if column and kind not in names.kinds:
            if meant := nearest(kind, FIELDS):
                raise QueryError(f"unknown field `{kind}`: did you mean `{meant}`?", column)
            if meant := nearest(kind, names.kinds):
                raise QueryError(f"unknown tag kind `{kind}`: did you mean `{meant}`?", column)
        case Source(id_, column) if names.sources is not None and id_ not in names.sources:
            meant = nearest(id_, names.sources)
            raise QueryError(f"there is no source `{id_}`" + (f": did you mean `{meant}`?" if meant else ""), column)
        case Is(column=column) if early:
            raise too_early(leaf, column)


def too_early(leaf: Is, column: int | None) -> QueryError:
    """Say why a rule or topic can't ask so."""
    return QueryError(f"is:{leaf.what} is known only after rules and topics were asked; it is for searches", column)


def put_in(query: Query, names: Names, way: tuple[str, ...], left: list[int]) -> Query:
    """Replace saved queries by what they say; ``way``: those that we are in; ``left``: how many terms may come."""
    match query:
        case Saved(id_, column):
            return put_in(saved_query(id_, names, way, column), names, (*way, id_), left)
        case And(parts):
            return And(tuple(put_in(part, names, way, left) for part in parts))
        case Or(parts):
            return Or(tuple(put_in(part, names, way, left) for part in parts))
        case Not(part):
            return Not(put_in(part, names, way, left))
    left[0] -= 1
    if left[0] < 0:
        raise QueryError(f"with all that it names, it has over {MAX_EXPANDED} terms; name less")
    return query


def saved_query(id_: str, names: Names, way: tuple[str, ...], column: int) -> Query:
    """Find a saved query. Raises QueryError where there is none, or where the way leads round."""
    if id_ in way:
        round_ = " → ".join(f"@{name}" for name in (*way[way.index(id_) :], id_))
        raise QueryError(f"the saved queries name each other in a circle, {round_}; break it")
    if len(way) > MAX_DEPTH:
        raise QueryError(f"saved queries name others more than {MAX_DEPTH} deep; make it flatter")
    if id_ not in names.saved:
        meant = nearest(id_, names.saved)
        where = column if not way else None
        said = "there is no saved query or topic" if not way else f"@{way[-1]} names a query that is not there:"
        raise QueryError(f"{said} `@{id_}`" + (f": did you mean `@{meant}`?" if meant else ""), where)
    return names.saved[id_]


def kinds_of(tags: Iterable[str]) -> frozenset[str]:
    """List the kinds of tags, each ``kind:name``."""
    return frozenset(tag.partition(":")[0] for tag in tags)
