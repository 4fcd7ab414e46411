"""A batch of polls: what is in the archive afterwards is the same as if each had been written alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.apply import apply_plan
from db.archive import open_writer
from db.desk import DraftDesk
from db.index import index_stories
from db.known import ArchiveKnown
from db.model import Document, Entry
from db.plan import PollPlan
from db.query import parse
from db.schema import migrations
from db.search import search
from db.sources import source_now
from db.sync import ConfiguredTopic, sync_config
from db.times import iso
from db.writer import Job, run_batch
from factory import Named, entry, minting
from ingest.answer import answer_of
from ingest.fetched import Fetched
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks, Rule, Topic

SOURCES = ("one", "two", "three")
START = datetime(2026, 11, 25, 9, tzinfo=UTC)
NOW = iso(START)
RULE = Rule(id="ships", kind="subject", name="ships", query=parse("harbour"))


class Office:
    """An archive of three sources, a rule and two topics, and the polls that are written to it."""

    def __init__(self, path: Path) -> None:
        self.db = open_writer(path)
        self.desk = DraftDesk()
        self.db.execute("BEGIN IMMEDIATE")
        self.synced = self.sync(ConfiguredTopic(id="all", title="All", was=(), query=parse("subject:ships"), limit=9))
        self.db.execute("COMMIT")
        self.clock = count()

    def sync(self, *topics: ConfiguredTopic) -> dict[str, int]:
        """Write the config, inside the open transaction → the topics' row ids."""
        return sync_config(
            self.db,
            map(Named, SOURCES),
            [RULE.id],
            topics,
            "2026-11-25T08:00:00Z",
            mint=minting(f"config {topics[0].id}"),
        ).topics

    def poll(self, source: int, entries: Iterable[Entry], *, fails: bool = False) -> Job:
        """Make the writer's job of a poll; one that ``fails`` does so when all of it is written."""
        items, number = tuple(entries), next(self.clock)
        now, mint = START + timedelta(hours=number), minting(str(number))
        document = Document(
            format="rss20", title=SOURCES[source], site_url=None, language="en", ttl_s=None, entries=items
        )
        fetched = Fetched(outcome="ok", status=200, url="http://x.example/", etag=str(len(items)), body_hash="x")
        topics = tuple(Topic(id=id_, query=parse("subject:ships")) for id_ in self.synced.values())
        desks = Desks(source_tags={1: (("kind", "first", "one"),)}, rules=(RULE,), topics=topics)

        def job(db: Database) -> PollPlan:
            known = ArchiveKnown(db, self.desk)
            rhythm = Rhythm(floor_s=300, ceiling_s=86_400)
            plan = plan_poll(source_now(db, source + 1), answer_of(fetched, document), known, desks, rhythm, now)
            apply_plan(db, plan, mint=mint)
            if fails:
                raise ValueError("a bad poll")
            return plan

        return Job(job)

    def write(self, *jobs: Job) -> list[Any]:
        """Run ``jobs`` as one batch → their futures."""
        run_batch(self.db, list(jobs), give_up=lambda: True)
        return [job.future for job in jobs]

    def content(self) -> dict[str, list[str]]:
        """Read every row of every table but the index's own, the ledger of migrations, the archive's id; check it."""
        self.db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
        tables = [
            name for name in self.db.table_names() if not name.startswith(("stories_fts", "_")) and name != "archive"
        ]
        return {name: sorted(map(repr, self.db.execute(f"SELECT * FROM {name}"))) for name in tables}

    def found(self, query: str) -> list[str]:
        """Search the archive → titles, newest first."""
        return [row["title"] for row in search(self.db, parse(query), NOW, 50)]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Open one."""
    return Office(tmp_path / "wireroom.db")


def story(
    number: int, words: str = "the harbour report of the day, told at some length by its own correspondent"
) -> Entry:
    """Make an item; the number is its id, link and title."""
    return entry(
        f"id-{number}", f"http://x.example/{number}", f"Title {number}", f"{words} {number}", categories=("sea",)
    )


polls = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.lists(
            st.builds(story, st.integers(1, 6), st.sampled_from(["harbour " * 12, "mountain " * 12, "harbour"])),
            max_size=4,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(polls)
def test_batch_leaves_what_single_polls_leave(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, list[Entry], bool]]
) -> None:
    """Also where polls of one story meet in a batch, and where some of its polls fail: of these nothing is left."""
    folder = tmp_path_factory.mktemp("batch")
    together, alone = Office(folder / "a.db"), Office(folder / "b.db")
    futures = together.write(*(together.poll(source, items, fails=fails) for source, items, fails in asked))
    for source, items, fails in asked:
        alone.write(alone.poll(source, items, fails=fails))

    assert [future.exception() is not None for future in futures] == [fails for _, _, fails in asked]
    assert together.content() == alone.content()
    together.db.close()
    alone.db.close()


def test_story_that_is_told_and_changed_in_one_batch_is_found_as_it_is_now(office: Office) -> None:
    """The index gets what the story says at the end, once."""
    first, second = office.write(
        office.poll(0, [story(1, "harbour")]), office.poll(0, [story(1, "mountain"), story(2, "island")])
    )

    assert (first.exception(), second.exception()) == (None, None)
    assert (office.found("harbour"), office.found("mountain"), office.found("island")) == ([], ["Title 1"], ["Title 2"])
    office.content()


def test_new_topic_takes_what_came_in_its_own_transaction(office: Office) -> None:
    """A config that is taken over right behind a poll fills its new topic with that poll's stories too."""
    new = ConfiguredTopic(id="new", title="New", was=(), query=parse("mountain"), limit=9)
    office.write(office.poll(0, [story(1, "mountain")]), Job(lambda _: office.sync(new)))

    assert office.db.execute("SELECT topic, story_id FROM published").fetchall() == [("new", 1)]


def test_archive_of_an_older_version_keeps_its_index(tmp_path: Path) -> None:
    """What triggers had indexed is found, changed and deleted as before; what is new is indexed at the commit."""
    path = tmp_path / "old.db"
    insert = "INSERT INTO stories (title, text, first_seen, updated) VALUES (?, ?, '', '')"
    with closing(sqlite3.connect(path)) as conn:
        migrations.apply(Database(conn), stop_before="m0004_batched_search")
        conn.executemany(insert, [("Old", "harbour"), ("Older", "harbour"), ("Oldest", "harbour")])
        conn.commit()
    db = open_writer(path)
    run_batch(db, [Job(lambda db: db.execute(insert, ["New", "harbour"]))], give_up=lambda: True)
    db.execute("UPDATE stories SET text = 'mountain' WHERE title = 'Old'")
    db.execute("DELETE FROM stories WHERE title = 'Older'")

    assert [row["title"] for row in search(db, parse("harbour"), NOW, 9)] == ["New", "Oldest"]
    assert [row["title"] for row in search(db, parse("mountain"), NOW, 9)] == ["Old"]
    index_stories(db)  # there is nothing left to do
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
