"""What the rules of the config make of stories: tags, drops and holds, priorities of sources. Pure.

A rule that sets priorities is asked of a story as it is shown without such rules: so what it changes can't change its
own answer. Then the lead is chosen, and all rules and topics are asked of the story as it is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from db.last_word import denied
from db.last_word import withheld as last_word
from db.plan import StoryText, Withheld
from db.recall import Desk, Draft, StoryTag
from ingest.tag import Rule

Ranks = Mapping[int, Mapping[int, int]]
"""By story, the priorities of sources (row ids) that rules have set there; they stand in place of the config's own."""

Barred = tuple[int, str, str]
"""A draft and a tag, (kind, name), that a person took away from it."""


Hits = Sequence[tuple[Rule, frozenset[int]]]
"""Rules with the drafts that each takes, in the order in which they were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stories show by some choice of their leads: texts of new ones, of those told anew, and all as drafts."""

    new: tuple[StoryText, ...] = ()
    retold: tuple[StoryText, ...]
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What rules make of drafts, by ref.

    ``tags``: all tags of each. ``withheld``: whether each is kept out of all topics. ``taken``: the rules that take it
    and give it no tag; that they took it can be seen nowhere else.
    """

    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    withheld: tuple[tuple[int, Withheld | None], ...]
    taken: tuple[tuple[int, tuple[str, ...]], ...]

    def let_in(self, drafts: Sequence[Draft]) -> list[Draft]:
        """List the drafts that topics are asked of."""
        kept_out = {ref for ref, withheld in self.withheld if withheld is not None}
        return [draft for draft in drafts if draft.ref not in kept_out]


def settled(
    look: Callable[[Ranks], Shown], lay: Callable[[Sequence[Draft]], Desk], rules: tuple[Rule, ...]
) -> tuple[Shown, Ruled, Desk]:
    """Choose the leads of stories and ask all rules → what they show, what the rules make of them, where they lie.

    ``look`` shows them with the priorities that rules have set. It is asked twice only where one that sets any hits.
    ``lay`` lays drafts on the desk.
    """
    shown = look({})
    desk = lay(shown.drafts)
    barred = {(d.ref, *tag) for d in shown.drafts if d.marks for tag in denied(d.marks)}
    hits = ask(desk, rules, barred)
    ranking = [(rule, refs) for rule, refs in hits if rule.priority]
    if ranking:
        shown = look(ranks_of(ranking))
        desk = lay(shown.drafts)
        hits = ask(desk, rules, barred)
    return shown, ruled(shown.drafts, hits, ranking, barred), desk


def ask(desk: Desk, rules: tuple[Rule, ...], barred: Collection[Barred] = ()) -> Hits:
    """Ask rules of the drafts on the desk, one after the other → the drafts that each takes, of those that take any.

    A rule sees the tags that those before it gave; not those that a person took away, which are ``barred``.
    """
    found: list[tuple[Rule, frozenset[int]]] = []
    for number, refs in desk.each(rules):
        rule = rules[number]
        found.append((rule, refs))
        if rule.name:
            desk.tag([ref for ref in refs if (ref, rule.kind, rule.name) not in barred], rule.kind, rule.name)
    return found


def ranks_of(hits: Hits) -> Ranks:
    """Gather the priorities that rules set; where several name one source, the highest counts."""
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for rule, refs in hits:
        for ref in refs:
            already = found[ref]
            for source, priority in rule.priority.items():
                already[source] = max(priority, already.get(source, priority))
    return found


def ruled(drafts: Sequence[Draft], hits: Hits, ranking: Hits, barred: Collection[Barred] = ()) -> Ruled:
    """Put together what the rules make of drafts. ``ranking``: those that set priorities, as they were asked before."""
    tags: defaultdict[int, list[StoryTag]] = defaultdict(list)
    withheld: dict[int, Withheld] = {}
    taken: defaultdict[int, set[str]] = defaultdict(set)
    for rule, refs in hits:
        for ref in refs:
            if rule.name and (ref, rule.kind, rule.name) not in barred:
                tags[ref].append(StoryTag(kind=rule.kind, name=rule.name, origin="rule", why=rule.id))
            how = rule.withholds
            if how is not None and (ref not in withheld or (how, withheld[ref].how) == ("drop", "hold")):
                withheld[ref] = Withheld(how, rule.id)
    withholding = [hit for hit in hits if hit[0].withholds is not None]
    for rule, refs in (*ranking, *withholding):
        for ref in refs if not rule.name else ():
            taken[ref].add(rule.id)
    return Ruled(
        tags=tuple((d.ref, (*d.tags, *tags.get(d.ref, ()))) for d in drafts),
        withheld=tuple((d.ref, last_word(d.marks, withheld.get(d.ref))) for d in drafts),
        taken=tuple((d.ref, tuple(sorted(taken.get(d.ref, ())))) for d in drafts),
    )
