"""The config's own tests: does each rule and topic take the stories that it says, and no others? IO: sqlite, in memory.

A test's story goes the way of a polled one: normalized, tagged, laid on a desk, and asked by the very SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from db.desk import DraftDesk
from db.query_told import Seen, verdict
from db.query_tree import Query
from db.recall import Draft, StoryTag
from db.times import iso
from ingest.normalize import normalize
from ingest.parsed import Item, Markup, Parsed
from ingest.stories import carried, new_draft, story_text
from ingest.tag import Desks, with_mentions
from wireroom.config import Config
from wireroom.config_faults import ConfigError, config_error
from wireroom.config_file import read_toml
from wireroom.config_queries import Found
from wireroom.config_tables import Trial
from wireroom.desks import split_tag
from wireroom.paper import paper_desks

if TYPE_CHECKING:
    from wireroom.log import Log

NO_SOURCE = 0
"""The row of the source of a test's story that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A test, where it stands in the config, and the ref of its story."""

    table: str
    number: int
    of_it: int
    ref: int
    trial: Trial


def run_trials(config: Config, now: datetime) -> None:
    """Run the tests in a config. Raises ConfigError with all that fail, each with its line."""
    found = list(trial_faults(config, now))
    if found:
        raise config_error(config.path, *read_toml(config.path), found)


def trial_faults(config: Config, now: datetime) -> Iterator[Found]:
    """Run a config's tests → what is wrong: the path of its key, what came instead, the mend."""
    placed = list(placed_trials(config))
    if not placed:
        return
    by_place: defaultdict[tuple[str, int], list[Placed]] = defaultdict(list)
    for one in placed:
        by_place[one.table, one.number].append(one)
    rows = {source.id: number for number, source in enumerate(config.sources, start=1)}
    desks = paper_desks(config, names=True)
    names = {NO_SOURCE: "", **{row: id_ for id_, row in rows.items()}}
    for one in placed:
        if one.trial.source is not None and one.trial.source not in rows:
            where = (one.table, one.number, "test", one.of_it, "source")
            yield where, f"there is no source {one.trial.source!r}", "name one of the config, or leave it out"
    drafts = [draft_of(one, rows, desks, now) for one in placed]
    desk = DraftDesk()
    desk.lay(drafts, names, iso(now))
    ask = asked(desk)
    numbers = {rule.id: number for number, rule in enumerate(config.rules)}
    kept_out: dict[int, str] = {}
    for rule in desks.rules:  # in the order in which they are asked
        yield from wrong(by_place["rule", numbers[rule.id]], rule.query, ask)
        hits = ask(rule.query)
        if rule.withholds is not None:
            kept_out |= dict.fromkeys(hits, f"rule {rule.id} {rule.withholds}s it")
        if hits and rule.name:
            desk.tag(hits, rule.kind, rule.name)
            ask = asked(desk)
    for number, topic in enumerate(desks.topics):
        yield from wrong(by_place["topic", number], topic.query, ask, kept_out)


def placed_trials(config: Config) -> Iterator[Placed]:
    """List the tests of rules and topics; the stories' refs are negative, as those of a poll's new ones."""
    tables: list[tuple[str, int, Sequence[Trial]]] = [
        *(("rule", number, rule.test) for number, rule in enumerate(config.rules)),
        *(("topic", number, topic.trials) for number, topic in enumerate(config.topics)),
    ]
    ref = 0
    for table, number, trials in tables:
        for of_it, trial in enumerate(trials):
            ref -= 1
            yield Placed(table=table, number=number, of_it=of_it, ref=ref, trial=trial)


def draft_of(one: Placed, rows: dict[str, int], desks: Desks, now: datetime) -> Draft:
    """Make a test's story, as it would stand on the desk when a poll brings it."""
    trial = one.trial
    title, text = (Markup(value=value, is_html=False) for value in (trial.title, trial.text))
    item = Item(title=title, bodies=(text,), language=trial.lang, published=iso(now))
    (entry,) = normalize(Parsed(format="rss20", base=None, items=(item,))).entries
    entry = with_mentions(replace(entry, language=trial.lang or entry.language), desks)
    row = rows.get(trial.source or "", NO_SOURCE)
    made = new_draft(story_text(one.ref, one.ref, entry), (carried(row, entry),), desks, iso(now), None, None)
    given = (StoryTag(kind=k, name=n, origin="source", why="its test") for k, n in map(split_tag, trial.tags))
    return replace(made, tags=(*made.tags, *given))


def asked(desk: DraftDesk) -> Callable[[Query], frozenset[int]]:
    """Ask the desk as it stands; each query once."""
    known: dict[Query, frozenset[int]] = {}

    def ask(query: Query) -> frozenset[int]:
        if query not in known:
            known[query] = desk.matching(query)
        return known[query]

    return ask


def wrong(
    placed: Sequence[Placed],
    query: Query,
    ask: Callable[[Query], frozenset[int]],
    kept_out: Mapping[int, str] | None = None,
) -> Iterator[Found]:
    """Find the tests of one rule or topic that come out other than they expect.

    ``kept_out``: the stories that rules keep out of topics, and which rule does.
    """
    for one in placed:
        out = (kept_out or {}).get(one.ref)
        if (out is None and one.ref in ask(query)) == one.trial.expect:
            continue
        why = out or verdict(query, lambda leaf, ref=one.ref: Seen(ref in ask(leaf)))  # type: ignore[misc]
        problem = f"{'does not take' if one.trial.expect else 'takes'} this story ({why})"
        where = (one.table, one.number, "test", one.of_it)
        yield where, problem, f"mend the {one.table}'s match, or what the test expects"


def log_failing(config: Config, log: Log, now: datetime) -> None:
    """Say which tests fail, in the log of a daemon that starts: it runs all the same, since no news may be missed."""
    try:
        run_trials(config, now)
    except ConfigError as error:
        for fault in error.faults:
            log.error("a test in the config fails", fault=str(fault))
