"""What tagging and selecting a story cost: `python bench/rules.py --texts FOLDER`.

Real texts (bench/corpus.py says which folder) are polled into archives of `--archive` stories (bench/archived.py) by
the product's own path, one a poll and twenty a poll, with `--rules` rules and `--topics` topics of the shapes that
people write (bench/asking.py), and with a gazetteer of `--names` names. Printed is the processor time of a story in
milliseconds, by part; beside it, the same with every rule and topic asked of every poll. Both must give the same tags
and selections. IO: sqlite, files.
"""

from __future__ import annotations

import argparse
import gc
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

import asking
from archived import NOW, Statistics, make, statistics
from corpus import Text, bbc, read, reuters
from sqlite_utils import Database

from db import apply, desk, selections
from db.archive import open_writer
from db.known import ArchiveKnown
from db.model import Document
from db.sources import source_now
from db.times import iso
from db.writer import Job, run_batch
from ingest import parsed, rules, stories
from ingest.answer import answer_of
from ingest.fetched import Fetched
from ingest.gazetteer import Gazetteer
from ingest.gazetteer_files import shipped
from ingest.grouping import Grouping
from ingest.named import Named
from ingest.normalize import normalize
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks

RHYTHM = Rhythm(floor_s=300, ceiling_s=86_400)
GROUPING = Grouping(dedupe="exact", level="off")
SOURCES, WARM_UP, JOBS_A_COMMIT = 40, 40, 20
TAGS_A_STORY, TOPICS_A_STORY = 6, 3
"""Of the stories that are in the archive before."""
KINDS = ("category:business", "category:politics", "category:sport", "category:tech", "place:japan")
SYLLABLES = ("ba", "ko", "ri", "men", "tal", "sho", "dor", "vin", "esk", "lu")

PARTS: Mapping[str, Sequence[tuple[Any, str]]] = {
    "given": [(stories, "given_tags")],
    "laying": [(desk.DraftDesk, "_write"), (desk.DraftDesk, "_index"), (ArchiveKnown, "desk")],
    "sifting": [(desk.DraftDesk, "_atoms_for")],
    "rules": [(rules, "ask"), (rules, "ruled")],
    "topics": [(stories, "choices")],
    "writing": [
        (apply, "replace_tags"),
        (apply, "withhold"),
        (apply, "note_taken"),
        (selections, "select"),
        (apply, "mark_changed_topics"),
    ],
}
"""Each part is what these spend, but for what others of these spend within them."""


class Spent:
    """Processor seconds by part, and of everything."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        self.whole = 0.0
        self._within: list[str] = []
        self._since = 0.0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count while the body runs."""
        with ExitStack() as stack:
            for part, places in PARTS.items():
                for owner, name in places:
                    timed = self._timed(part, getattr(owner, name))
                    stack.enter_context(mock.patch.object(owner, name, timed))
            yield

    def _timed(self, part: str, run: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function that counts what it spends."""

        def counted(*args: Any, **given: Any) -> Any:
            self._turn()
            self._within.append(part)
            try:
                return run(*args, **given)
            finally:
                self._turn()
                self._within.pop()

        return counted

    def _turn(self) -> None:
        now = time.process_time()
        if self._within:
            self.parts[self._within[-1]] += now - self._since
        self._since = now


ANSWERS = (
    "SELECT 'tag', st.story_id, t.kind, t.name, st.origin, st.why FROM story_tags st JOIN tags t ON t.id = st.tag_id "
    "WHERE st.story_id > ?1 AND st.origin = 'rule' ORDER BY 2, 3, 4",
    "SELECT 'topic', story_id, topic_id FROM selections WHERE story_id > ?1 ORDER BY 2, 3",
    "SELECT 'withheld', id, withheld, withheld_by FROM stories WHERE id > ?1 AND withheld IS NOT NULL ORDER BY 2",
)
"""What rules and topics make of new stories."""


def fill(db: Database, count_of_rules: int, count_of_topics: int) -> None:
    """Give the stories of an archive tags and selections, as if the rules and topics had been there."""
    for pragma in ("synchronous = OFF", "cache_size = -400000"):  # a million stories have nine million rows
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN IMMEDIATE")
    for number in range(count_of_rules):
        db.execute("INSERT INTO rules (config_id) VALUES (?)", [f"r{number}"])
        db.execute("INSERT INTO tags (kind, name) VALUES ('desk', ?)", [f"r{number}"])
    ((stories_there,),) = db.execute("SELECT max(id) FROM stories").fetchall()
    for number in range(1, count_of_topics + 1):
        taken = stories_there * TOPICS_A_STORY // count_of_topics
        db.execute(
            "INSERT INTO topics (id, config_id, title, urn, created_at, last_number) VALUES (?, ?, '', ?, '', ?)",
            [number, f"t{number}", f"t{number}", taken],
        )
    db.execute(
        "INSERT OR IGNORE INTO story_tags (story_id, tag_id, origin, why) "
        "SELECT s.id, (SELECT min(id) FROM tags) + (s.id * 7919 + n.value * 104729) % ?1, 'rule', 'r' || n.value "
        "FROM stories s, json_each(?2) n ORDER BY s.id",
        [count_of_rules, str(list(range(TAGS_A_STORY)))],
    )
    db.execute(
        "INSERT OR IGNORE INTO selections (topic_id, story_id, number, guid, selected_at) "
        "SELECT 1 + (s.id * 31 + n.value * 67) % ?1, s.id, s.id * ?3 + n.value, 'g' || s.id || '-' || n.value, '' "
        "FROM stories s, json_each(?2) n ORDER BY s.id",
        [count_of_topics, str(list(range(TOPICS_A_STORY))), TOPICS_A_STORY],
    )
    db.execute("UPDATE topics SET last_number = (SELECT max(number) FROM selections WHERE topic_id = topics.id)")
    db.conn.executemany(
        "INSERT INTO sources (config_id, url, added_at) VALUES (?, '', ?)",
        [(f"s{number}", iso(NOW)) for number in range(1, SOURCES + 1)],
    )
    db.execute("COMMIT")


def documents(texts: Sequence[Text], a_poll: int) -> list[Document]:
    """Make what polls bring, so many stories each."""
    items = [
        parsed.Item(
            id=f"new {number}",
            title=parsed.Markup(value=text.title, is_html=False),
            bodies=(parsed.Markup(value=text.body, is_html=False),),
            categories=(KINDS[number % 4].partition(":")[2],),
            language="en",
            authors=(f"Author {number % 100}",),
        )
        for number, text in enumerate(texts)
    ]
    polls = [tuple(items[at : at + a_poll]) for at in range(0, len(items), a_poll)]
    return [normalize(parsed.Parsed(format="rss20", base=None, items=poll), comparing=False) for poll in polls]


def gazetteer(names: int) -> Gazetteer:
    """Make a gazetteer of what is shipped and of invented organizations, so many names in all."""
    dice = random.Random(2)
    there = shipped()
    more = range(names - sum(len(one.aliases) + len(one.spellings) for one in there))
    made = (" ".join("".join(dice.choices(SYLLABLES, k=3)).title() for _ in "ab") for _ in more)
    return Gazetteer([*there, *(Named(kind="org", name=f"n{n}", aliases=(name,)) for n, name in enumerate(made))])


def named(found: Sequence[Document], known: Gazetteer) -> tuple[list[Document], float]:
    """Find the names in what polls bring → it with them, and the processor seconds that took."""
    began = time.process_time()
    mentions = [[known.mentions(e.title, e.text, e.language) for e in document.entries] for document in found]
    took = time.process_time() - began
    return [
        replace(document, entries=tuple(replace(e, mentions=m) for e, m in zip(document.entries, each, strict=True)))
        for document, each in zip(found, mentions, strict=True)
    ], took


def jobs_of(found: Sequence[Document], desks: Desks, ids: Sequence[int]) -> list[Job]:
    """Make the writer's jobs of polls, each of another source."""
    one_desk = desk.DraftDesk()

    def job(number: int, document: Document) -> Job:
        now = NOW + timedelta(seconds=number)

        def write(db: Database) -> None:
            source = replace(source_now(db, ids[number % len(ids)]), last_good_at=iso(now))
            answer = answer_of(Fetched(outcome="ok", status=200, url="http://news.example/"), document)
            apply.apply_plan(db, plan_poll(source, answer, ArchiveKnown(db, one_desk), desks, RHYTHM, now, GROUPING))

        return Job(write)

    return [job(number, document) for number, document in enumerate(found)]


def poll(base: Path, found: Sequence[Document], desks: Desks, warm: int) -> tuple[Spent, list[Any]]:
    """Write polls to a copy of an archive → what all but the first ``warm`` cost, and the tags and selections."""
    copy = base.with_suffix(".copy")
    for old in (copy, Path(f"{copy}-wal"), Path(f"{copy}-shm")):
        old.unlink(missing_ok=True)
    shutil.copyfile(base, copy)
    db = open_writer(copy)
    ((before,),) = db.execute("SELECT max(id) FROM stories").fetchall()
    jobs = jobs_of(found, desks, source_rows(db))
    gc.collect()
    write(db, jobs[:warm])
    spent = Spent()
    with spent.counting():
        began = time.process_time()
        write(db, jobs[warm:])
        spent.whole = time.process_time() - began
    answers = [row for sql in ANSWERS for row in db.execute(sql, [before])]
    db.close()
    copy.unlink()
    return spent, answers


def write(db: Database, jobs: Sequence[Job]) -> None:
    """Run jobs, some a commit."""
    for at in range(0, len(jobs), JOBS_A_COMMIT):
        some = jobs[at : at + JOBS_A_COMMIT]
        run_batch(db, some, give_up=lambda: True)
        for one in some:
            one.future.result()


def source_rows(db: Database) -> list[int]:
    """Read the row ids of the sources that are polled."""
    return [id_ for (id_,) in db.execute("SELECT id FROM sources WHERE config_id LIKE 's%' ORDER BY id")]


def archive_of(stories_there: int, asked: argparse.Namespace, real: Callable[[], Statistics]) -> Path:
    """Make the archive with tags and selections where it is not there yet → its file."""
    full = asked.folder / f"archive-{stories_there}-{asked.rules}-{asked.topics}.sqlite"
    if not full.exists():
        bare = asked.folder / f"archive-{stories_there}.sqlite"
        if not bare.exists():
            make(bare, stories_there, real())
        part = full.with_suffix(".part")
        shutil.copyfile(bare, part)
        db = open_writer(part)
        fill(db, asked.rules, asked.topics)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        part.rename(full)
    return full


def told(name: str, spent: Spent, nothing: Spent, stories_new: int, names_s: float) -> None:
    """Print what a story cost."""
    parts = {"names": names_s, **spent.parts}
    cells = [*(parts[part] for part in parts), sum(parts.values()), spent.whole - nothing.whole + names_s]
    print(f"{name:22}" + "".join(f"{cell / stories_new * 1000:>9.3f}" for cell in (*cells, spent.whole)))


def bench(texts: Sequence[Text], asked: argparse.Namespace, real: Callable[[], Statistics]) -> None:
    """Poll the texts into each archive, and print what that cost."""
    dice, known = random.Random(asked.seed), gazetteer(asked.names)
    texts = dice.sample(list(texts), len(texts))
    new, others = texts[: asked.stories + WARM_UP], texts[asked.stories + WARM_UP :]
    words = asking.words_of(others)
    for size in map(int, asked.archive.split(",")):
        base = archive_of(size, asked, real)
        db = open_writer(base)
        dice = random.Random(asked.seed)
        all_rules = asking.rules(words, asked.rules, KINDS, source_rows(db), dice)
        desks = Desks(
            source_tags={}, rules=all_rules, topics=asking.topics(words, asked.topics, KINDS, asked.rules, dice)
        )
        db.close()
        for a_poll in (1, 20):
            found, names_s = named(documents(new, a_poll), known)
            warm = WARM_UP // a_poll
            nothing, _ = poll(base, found, Desks(source_tags={}, rules=(), topics=()), warm)
            sifted, answers = poll(base, found, desks, warm)
            with mock.patch.object(desk, "CHARS_A_QUERY", -1):
                plain, same = poll(base, found, desks, warm)
            assert answers == same, "the sieve changed an answer"
            print(f"\n{size:,} stories there, {asked.stories:,} new, {a_poll} a poll: processor ms a story")
            print(f"{'':22}" + "".join(f"{head:>9}" for head in ("names", *PARTS, "sum", "added", "whole")))
            told("sifted", sifted, nothing, asked.stories, names_s)
            told("every query asked", plain, nothing, asked.stories, names_s)
            told("no rules, no topics", nothing, nothing, asked.stories, 0.0)
            kinds = Counter(row[0] for row in answers)
            print(", ".join(f"{kinds[kind] / len(new):.1f} {kind} a story" for kind in ("tag", "topic", "withheld")))


def main() -> None:
    """Read the options and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, help="the folder with reuters/, bbc/")
    parser.add_argument("--archive", default="10000,100000,1000000", help="archives of so many stories, with commas")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where they are kept")
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--names", type=int, default=200_000, help="of the gazetteer")
    parser.add_argument("--stories", type=int, default=600, help="new ones")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    texts = [*reuters(asked.texts / "reuters"), *bbc(asked.texts / "bbc")]
    bench(texts, asked, lambda: statistics(read(asked.texts)))


if __name__ == "__main__":
    main()
