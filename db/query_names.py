"""What a query names is looked up: saved queries are put in, unknown fields, kinds, sources are faults. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from db.query import FIELDS, parse
from db.query_faults import MAX_DEPTH, MAX_EXPANDED, QueryError, nearest
from db.query_tree import And, Is, Leaf, Not, Or, Query, Saved, Source, Tag, depth, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a query can name.

    ``saved``: queries by id, each as it was parsed; what they name is looked up too. ``kinds``: the tag kinds that
    there are; ``sources``: the ids of sources, None where any will do. ``all_sources``: there never were others; else
    one may have been taken out of the config, and only what is like one that is there is a mistake.
    """

    saved: Mapping[str, Query] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None
    all_sources: bool = False


def read_query(text: str, names: Names, *, early: bool = False) -> Query:
    """Read a query, and put in what it names. Raises QueryError."""
    try:
        return looked_up(parse(text), names, early=early)
    except QueryError as error:
        error.query = text
        raise


def looked_up(query: Query, names: Names, *, early: bool = False, own: str | None = None) -> Query:
    """Put the saved queries in → a query without any. Raises QueryError for what there is not, and for circles.

    ``early``: the query is a rule's or a topic's, which are asked before anybody withholds or pins a story. ``own``:
    the id by which others name this one.
    """
    for leaf in leaves(query):
        check_leaf(leaf, names, early=early)
    found = put_in(query, names, () if own is None else (own,), [MAX_EXPANDED])
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
            if meant or names.all_sources:
                problem = f"there is no source `{id_}`"
                raise QueryError(f"{problem}: did you mean `{meant}`?" if meant else problem, column)
        case Saved(id_, column) if id_ not in names.saved:
            raise QueryError(f"there is no saved query or topic `@{id_}`{meant_saved(id_, names)}", column)
        case Is(column=column) if early:
            raise too_early(leaf, column)


def too_early(leaf: Is, column: int | None) -> QueryError:
    """Say why a rule or topic can't ask so."""
    return QueryError(f"is:{leaf.what} is known only after rules and topics were asked; it is for searches", column)


def put_in(query: Query, names: Names, way: tuple[str, ...], left: list[int]) -> Query:
    """Replace saved queries by what they say; ``way``: those that we are in; ``left``: how many terms may come."""
    match query:
        case Saved(id_):
            return put_in(saved_query(id_, names, way), names, (*way, id_), left)
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


def saved_query(id_: str, names: Names, way: tuple[str, ...]) -> Query:
    """Find a saved query. Raises QueryError where there is none, or where the way leads round."""
    if id_ in way:
        round_ = " → ".join(f"@{name}" for name in (*way[way.index(id_) :], id_))
        raise QueryError(f"the saved queries name each other in a circle, {round_}; break it")
    if len(way) > MAX_DEPTH:
        raise QueryError(f"saved queries name others more than {MAX_DEPTH} deep; make it flatter")
    if id_ not in names.saved:
        raise QueryError(f"@{way[-1]} names what is not there: `@{id_}`{meant_saved(id_, names)}")
    return names.saved[id_]


def meant_saved(id_: str, names: Names) -> str:
    """Say which saved query was meant, if one is much like it."""
    meant = nearest(id_, names.saved)
    return f": did you mean `@{meant}`?" if meant else ""


def hiding(names: Names, hidden: frozenset[str]) -> Names:
    """Take away saved queries of these ids, and all that name them, however far round: a fault would tell of them."""
    naming = {
        id_
        for id_, query in names.saved.items()
        if any(isinstance(leaf, Saved) and leaf.id in hidden for leaf in leaves(query))
    }
    if naming <= hidden:
        return replace(names, saved={id_: query for id_, query in names.saved.items() if id_ not in hidden})
    return hiding(names, hidden | naming)


def unknown_kinds(query: Query, names: Names) -> list[str]:
    """List the tag kinds that a query asks for and that there are none of."""
    kinds = dict.fromkeys(leaf.kind for leaf in leaves(query) if isinstance(leaf, Tag) and leaf.kind)
    return [kind for kind in kinds if kind not in names.kinds]


def kinds_of(tags: Iterable[str]) -> frozenset[str]:
    """List the kinds of tags, each ``kind:name``."""
    return frozenset(tag.partition(":")[0] for tag in tags)
