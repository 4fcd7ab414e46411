"""An archive to which polls are written one after the other, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.apply import apply_plan
from db.archive import open_writer
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.plan import PollPlan
from db.query import parse
from db.sources import source_now
from db.sync import ConfiguredTopic, sync_config
from db.times import iso
from db.writer import Job, run_batch
from factory import Named, minting
from ingest.answer import answer_of
from ingest.fetched import Fetched
from ingest.grouping import Grouping
from ingest.normalize import normalize
from ingest.parsed import Item, Markup, Parsed
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks, Rule, Topic
from prose import Report

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
RHYTHM = Rhythm(floor_s=300, ceiling_s=86_400)


@dataclass(frozen=True, slots=True)
class Printed:
    """A report as a source prints it: under an id, at a link if it has one, so many hours after the beginning."""

    id: str
    report: Report
    hour: float | None = 0
    link: str | None = None

    def item(self) -> Item:
        """Make the item of its feed."""
        return Item(
            id=self.id,
            link=self.link,
            title=Markup(value=self.report.title, is_html=False),
            bodies=(Markup(value=self.report.text, is_html=False),),
            published=None if self.hour is None else iso(at(self.hour)),
        )


def at(hour: float) -> datetime:
    """Give the time so many hours after the beginning."""
    return START + timedelta(hours=hour)


@dataclass
class Newsroom:
    """An archive of some sources and one topic that takes every story of theirs."""

    path: Path
    sources: Sequence[str]
    grouping: Grouping = field(default_factory=Grouping)
    match: str = "sources:>=1"
    """What the topic takes."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """By which policy: fields of ``ingest.tag.Topic``."""
    rules: tuple[Rule, ...] = ()
    more_topics: tuple[ConfiguredTopic, ...] = ()
    """Others, of the same policy."""
    titles: dict[str, str] = field(default_factory=dict)
    """What sources call themselves."""

    def __post_init__(self) -> None:
        self.db = open_writer(self.path)
        self.desk = DraftDesk()
        topic = ConfiguredTopic(id="all", title="All", was=(), query=parse(self.match), limit=50)
        self.db.execute("BEGIN IMMEDIATE")
        self.synced = sync_config(
            self.db,
            map(Named, self.sources),
            [rule.id for rule in self.rules],
            [topic, *self.more_topics],
            max(iso(START), self.value("SELECT coalesce(max(started_at), '') FROM polls")),  # opened once more, later
            mint=minting("config"),
        )
        self.db.execute("COMMIT")
        self._numbers = count(1)

    def job(self, source: str, printed: Sequence[Printed], hour: float) -> Job:
        """Make the writer's job of a poll of a source whose document has these, so many hours after the beginning."""
        title = Markup(value=self.titles.get(source, ""), is_html=False)
        parsed = Parsed(format="rss20", base=None, title=title, items=tuple(one.item() for one in printed))
        document = normalize(parsed, comparing=self.grouping.comparing)
        fetched = Fetched(outcome="ok", status=200, url=f"http://{source}.example/")
        desks = self.desks()
        mint = minting(f"{source} {hour}")

        def write(db: Database) -> PollPlan:
            known = ArchiveKnown(db, self.desk)
            present = source_now(db, self.synced.sources[source])
            plan = plan_poll(
                present, answer_of(fetched, document, started=at(hour)), known, desks, RHYTHM, at(hour), self.grouping
            )
            apply_plan(db, plan, mint=mint)
            return plan

        return Job(write)

    def desks(self) -> Desks:
        """Give what the config says of tagging and selecting."""
        asked = {one.id: one.query for one in self.more_topics}
        topics = (
            Topic(id=id_, query=asked.get(name) or parse(self.match), **self.policy)
            for name, id_ in self.synced.topics.items()
        )
        return Desks(source_tags={}, rules=self.rules, topics=tuple(topics))

    def poll(self, source: str, *printed: Printed, hour: float = 1) -> PollPlan:
        """Poll a source → what that changed."""
        job = self.job(source, printed, hour)
        run_batch(self.db, [job], give_up=lambda: True)
        plan: PollPlan = job.future.result()
        return plan

    def stories(self) -> list[list[str]]:
        """List the living stories, oldest first, each with its entries as ``source/id``."""
        rows = self.db.execute("SELECT story_id, source || '/' || guid FROM coverage ORDER BY entry_id")
        found: dict[int, list[str]] = {}
        for story, name in rows:
            found.setdefault(story, []).append(name)
        return [found[story] for story in sorted(found)]

    def story_of(self, name: str) -> int:
        """Find the story of an entry, ``source/id``."""
        return int(self.value("SELECT story_id FROM coverage WHERE source || '/' || guid = ?", name))

    def value(self, sql: str, *params: object) -> Any:
        """Ask for one value."""
        ((value,),) = self.db.execute(sql, list(params)).fetchall()
        return value

    def content(self) -> Mapping[str, list[str]]:
        """Read every row of every table but search's own, the ledger of migrations, and the archive's own id."""
        tables = [
            name
            for name in self.db.table_names()
            if not name.startswith(("stories_fts", "_", "sqlite")) and name != "archive"
        ]
        return {name: sorted(map(repr, self.db.execute(f"SELECT * FROM {name}"))) for name in tables}
