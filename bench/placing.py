"""New stories placed in an archive by the product's own path: which story each is, and what that costs.

For `bench/group.py`. Each is an item of a poll of its own: normalized, planned and applied in the writer's batches. In
large archives the same polls are run with nothing compared, with copies told, and with copies and events; the
difference is what grouping costs. Half-way the archive is closed and opened again. IO: sqlite, files.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from archived import NOW, halves, make, statistics
from corpus import Corpus
from sqlite_utils import Database
from variants import Item, as_headline, stream

from db.apply import apply_plan
from db.archive import open_writer
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.query import parse
from db.sources import source_now
from db.times import iso
from db.writer import Job, run_batch
from ingest import parsed
from ingest.answer import answer_of
from ingest.fetched import Fetched
from ingest.grouping import Grouping
from ingest.normalize import normalize
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks, Topic

SETTINGS = {
    "nothing compared": Grouping(dedupe="exact", level="off"),
    "copies": Grouping(dedupe="copies", level="off"),
    "copies and events": Grouping(dedupe="copies", level="normal"),
}
TABLES = ("prints", "shingles", "events", "events_open", "event_terms", "event_terms_event", "stories_event")
TABLES += ("term_counts", "unlearned")
RHYTHM = Rhythm(floor_s=300, ceiling_s=86_400)
BATCH = 20
COPY_SHARE, RUNNING_SHARE = 1 / 3, 0.15
"""So many of the new stories are copies, and of so many the event is under way."""


@dataclass
class Spent:
    """Processor seconds: of everything, of each poll (without its share of the commit), of each commit."""

    whole: float = 0.0
    polls: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    written: int = 0
    index: dict[str, int] = field(default_factory=dict)
    stories: list[int] = field(default_factory=list)
    entries: int = 0


def news(corpus: Corpus, count: int, seed: int) -> tuple[list[Item], list[Item]]:
    """Make the new stories → what comes first, and is not measured, and so many that are."""
    dice = random.Random(seed)
    items = stream(corpus, seed, stories=count * 3 // 5, look_alikes=count // 5)
    firsts = [item for item in items if item.kind not in ("first", "real form", "made form")]
    wanted = round(COPY_SHARE * (len(items) - len(firsts)) / (1 - COPY_SHARE))
    left_out = set(map(id, dice.sample(firsts, max(0, len(firsts) - wanted))))
    items = [item for item in items if id(item) not in left_out]
    under_way = []
    for number, text in enumerate(dice.sample(corpus.bases, round(RUNNING_SHARE * count))):
        title, (half, other) = as_headline(text.title, text.body), halves(text)
        again = " ".join(half.split()[:9])
        story = -2 * number
        under_way.append(Item(story=story - 1, kind="first", source="morning", title=title, text=other, days=0))
        late = Item(story=story - 2, kind="first", source="evening", title=again, text=half, days=0)
        items.insert(dice.randrange(len(items) // 4, len(items)), late)
    start = max(0, len(items) - count)
    return under_way + items[:start], items[start:]


class Placing:
    """An archive to which new stories are written; ``dated``: each at its item's time, not one a second."""

    def __init__(self, path: Path, items: Sequence[Item], grouping: Grouping, *, dated: bool = False) -> None:
        self.path, self.grouping, self.dated = path, grouping, dated
        self.db = open_writer(path)
        self.desk = DraftDesk()
        names = sorted({item.source for item in items})
        self.db.execute("BEGIN IMMEDIATE")
        self.db.conn.executemany(
            "INSERT INTO sources (config_id, url, added_at) VALUES (?, '', ?)", [(name, iso(NOW)) for name in names]
        )
        self.db.execute("INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (1, 'all', '', '', '')")
        self.db.execute("COMMIT")
        self.sources = dict(self.db.execute("SELECT config_id, id FROM sources WHERE config_id NOT LIKE 'old%'"))
        self.desks = Desks(source_tags={}, rules=(), topics=(Topic(id=1, query=parse("sources:>=1")),))
        self.number = 0

    def reopen(self) -> None:
        """Close the archive and open it again."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
        self.db = open_writer(self.path)

    def job(self, item: Item, spent: Spent) -> Job:
        """Make the writer's job of a poll that brings one item."""
        self.number += 1
        now = NOW + (timedelta(days=item.days) if self.dated else timedelta(seconds=self.number))
        began = time.process_time()
        body = parsed.Markup(value=item.text, is_html=False)
        title = parsed.Markup(value=item.title, is_html=False)
        published = iso(now) if self.dated else None
        read = parsed.Item(id=f"new {self.number}", title=title, bodies=(body,), published=published)
        document = normalize(parsed.Parsed(format="rss20", base=None, items=(read,)), comparing=self.grouping.comparing)
        normalized = time.process_time() - began

        def write(db: Database) -> int:
            began = time.process_time()
            source = replace(source_now(db, self.sources[item.source]), last_good_at=iso(now))
            answer = answer_of(Fetched(outcome="ok", status=200, url=f"http://{source.id}.example/"), document)
            plan = plan_poll(source, answer, ArchiveKnown(db, self.desk), self.desks, RHYTHM, now, self.grouping)
            apply_plan(db, plan)
            spent.polls.append(time.process_time() - began + normalized)
            return source.id

        return Job(write)

    def place(self, items: Sequence[Item]) -> Spent:
        """Write polls of these items."""
        spent = Spent()
        first, written = self.number + 1, bytes_written()
        for at in range(0, len(items), BATCH):
            began, before = time.process_time(), sum(spent.polls)
            jobs = [self.job(item, spent) for item in items[at : at + BATCH]]
            run_batch(self.db, jobs, give_up=lambda: True)
            for job in jobs:
                job.future.result()
            took = time.process_time() - began
            spent.whole += took
            spent.commits.append(took - (sum(spent.polls) - before))
        spent.written = bytes_written() - written
        rows = dict(self.db.execute("SELECT guid, story_id FROM entries WHERE guid LIKE 'new %'"))
        spent.stories = [rows[f"new {number}"] for number in range(first, self.number + 1)]
        return spent


def bytes_written() -> int:
    """Ask how many bytes this process wrote; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return 0
    return int(next(line for line in lines if line.startswith("wchar")).split()[1])


def run(base: Path, early: Sequence[Item], late: Sequence[Item], grouping: Grouping) -> Spent:
    """Place stories in a copy of an archive → what the late ones cost."""
    copy = base.with_suffix(".copy")
    for old in (copy, Path(f"{copy}-wal"), Path(f"{copy}-shm")):
        old.unlink(missing_ok=True)
    shutil.copyfile(base, copy)
    placing = Placing(copy, [*early, *late], grouping)
    placing.place(early)
    half = len(late) // 2
    first = placing.place(late[:half])
    placing.reopen()
    second = placing.place(late[half:])
    index = sizes(placing.db)
    ((entries,),) = placing.db.execute("SELECT count(*) FROM entries")
    placing.db.close()
    copy.unlink()
    return Spent(
        whole=first.whole + second.whole,
        polls=first.polls + second.polls,
        commits=first.commits + second.commits,
        written=first.written + second.written,
        index=index,
        stories=first.stories + second.stories,
        entries=entries,
    )


def sizes(db: Database) -> dict[str, int]:
    """Ask how many bytes the tables and indexes of grouping take; nothing where SQLite was built without dbstat."""
    asked = "SELECT pgsize FROM dbstat WHERE name = ? AND aggregate = TRUE"
    try:
        return {name: size for name in TABLES for (size,) in db.execute(asked, [name])}
    except sqlite3.OperationalError:
        return {}


def told(stories: int, found: dict[str, Spent]) -> None:
    """Print what placing cost in an archive of so many stories."""
    nothing = found["nothing compared"]
    print(f"\narchive of {stories:,} stories, {len(nothing.polls):,} new ones: processor ms each")
    heads = ("whole", "grouping", "a second", "p50", "p99", "most", "commit", "KB written")
    print(f"{'':18}" + "".join(f"{head:>11}" for head in heads))
    for name, spent in found.items():
        count, polls = len(spent.polls), sorted(spent.polls)
        added = spent.whole - nothing.whole
        columns = (
            f"{spent.whole / count * 1000:.2f}",
            f"{added / count * 1000:.2f}" if added else "",
            f"{count / added:,.0f}" if added else "",
            *(f"{polls[at] * 1000:.2f}" for at in (count // 2, count * 99 // 100, -1)),
            f"{sum(spent.commits) / count * 1000:.2f}",
            f"{spent.written / count / 1000:.0f}",
        )
        print(f"{name:18}" + "".join(f"{column:>11}" for column in columns))
    last = found["copies and events"]
    each = ", ".join(f"{name} {size / last.entries:,.0f}" for name, size in last.index.items())
    print(f"bytes of the index for each story: {sum(last.index.values()) / last.entries:,.0f} ({each})")


def bench(corpus: Corpus, archives: Sequence[int], folder: Path, *, count: int, seed: int) -> None:
    """Make the archives that are not there yet, place new stories in each, print what that cost."""
    early, late = news(corpus, count, seed)
    real = None
    for stories in archives:
        base = folder / f"archive-{stories}.sqlite"
        if not base.exists():
            real = real or statistics(corpus)
            make(base, stories, real)
        told(stories, {name: run(base, early, late, grouping) for name, grouping in SETTINGS.items()})
