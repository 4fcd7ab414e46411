"""What the rules of the config make of stories: tags, drops and holds, priorities of sources. Pure.

A rule that sets priorities is asked of a story as it is shown without such rules: so what it changes can't change its
own answer. Then the lead is chosen, and all rules and topics are asked of the story as it is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from db.last_word import denied
from db.last_word import withheld as last_word
from db.plan import StoryText, Withheld
from db.recall import Desk, Draft, Mark, StoryTag
from ingest.tag import Rule

Ranks = Mapping[int, Mapping[int, int]]
"""By story, the priorities of sources (row ids) that rules have set there; they stand in place of the config's own."""

Barred = tuple[int, str, str]
"""A draft and a tag, (kind, name), that a person took away from it."""


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
    and give it no tag; that they took it can be seen nowhere else. ``marks``: what a person said of each.
    """

    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    withheld: tuple[tuple[int, Withheld | None], ...]
    taken: tuple[tuple[int, tuple[str, ...]], ...]
    marks: Mapping[int, Sequence[Mark]] = field(default_factory=dict)

    @property
    def closed(self) -> frozenset[int]:
        """The drafts that no topic may take."""
        return frozenset(ref for ref, withheld in self.withheld if withheld is not None)


def settled(
    look: Callable[[Ranks], Shown], lay: Callable[[Sequence[Draft]], Desk], rules: Sequence[Rule]
) -> tuple[Shown, Ruled, Desk]:
    """Choose the leads of stories and ask all rules → what they show, what the rules make of them, where they lie.

    ``look`` shows them with the priorities that rules have set. It is asked twice only where a rule sets any.
    ``lay`` lays drafts on the desk.
    """
    shown = look({})
    desk = lay(shown.drafts)
    barred = {(d.ref, *tag) for d in shown.drafts if d.marks for tag in denied(d.marks)}
    ranking: dict[int, list[str]] = {}
    if shown.drafts and any(rule.priority for rule in rules):
        hits = ask(desk, [rule for rule in rules if rule.priority or rule.name], barred)
        ranking = rules_by_draft(hits, [rule for rule in rules if rule.priority])
        ranks = ranks_of(hits, rules)
        shown = look(ranks) if ranks else shown
        desk = lay(shown.drafts)
    return shown, ruled(shown.drafts, ask(desk, rules, barred), rules, ranking, barred), desk


def ask(desk: Desk, rules: Sequence[Rule], barred: Collection[Barred] = ()) -> dict[str, frozenset[int]]:
    """Ask rules of the drafts on the desk, one after the other → the drafts that each takes, of those that take any.

    A rule sees the tags that those before it gave; not those that a person took away, which are ``barred``.
    """
    found: dict[str, frozenset[int]] = {}
    for rule in rules:
        hits = desk.matching(rule.query)
        if hits:
            found[rule.id] = hits
            if rule.name:
                desk.tag([ref for ref in hits if (ref, rule.kind, rule.name) not in barred], rule.kind, rule.name)
    return found


def rules_by_draft(hits: Mapping[str, frozenset[int]], rules: Sequence[Rule]) -> dict[int, list[str]]:
    """List by draft those of ``rules`` that take it, by their ids."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for rule in rules:
        for ref in hits.get(rule.id, ()):
            found[ref].append(rule.id)
    return found


def ranks_of(hits: Mapping[str, frozenset[int]], rules: Sequence[Rule]) -> Ranks:
    """Gather the priorities that rules set; where several name one source, the highest counts."""
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for rule in rules:
        for ref in hits.get(rule.id, ()) if rule.priority else ():
            set_before = found[ref]
            for source, priority in rule.priority.items():
                set_before[source] = max(priority, set_before.get(source, priority))
    return found


def ruled(
    drafts: Sequence[Draft],
    hits: Mapping[str, frozenset[int]],
    rules: Sequence[Rule],
    ranking: Mapping[int, Sequence[str]],
    barred: Collection[Barred] = (),
) -> Ruled:
    """Put together what the rules make of drafts. ``ranking``: those that set priorities, as they were asked before."""
    tags: defaultdict[int, list[StoryTag]] = defaultdict(list)
    withheld: dict[int, Withheld] = {}
    taken: defaultdict[int, list[str]] = defaultdict(list)
    for ref, ids in ranking.items():
        taken[ref] += ids
    for rule in rules:
        for ref in hits.get(rule.id, ()):
            if rule.name and (ref, rule.kind, rule.name) not in barred:
                tags[ref].append(StoryTag(kind=rule.kind, name=rule.name, origin="rule", why=rule.id))
            if rule.withholds is not None:
                if ref not in withheld or (rule.withholds, withheld[ref].how) == ("drop", "hold"):
                    withheld[ref] = Withheld(rule.withholds, rule.id)
                taken[ref].append(rule.id)
    tagging = {rule.id for rule in rules if rule.name}
    return Ruled(
        tags=tuple((d.ref, (*d.tags, *tags.get(d.ref, ()))) for d in drafts),
        withheld=tuple((d.ref, last_word(d.marks, withheld.get(d.ref))) for d in drafts),
        marks={d.ref: d.marks for d in drafts if d.marks},
        taken=tuple(
            (d.ref, tuple(sorted({id_ for id_ in taken.get(d.ref, ()) if id_ not in tagging}))) for d in drafts
        ),
    )
