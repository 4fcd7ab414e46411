"""What the publisher costs: `python bench/press.py [STORIES] [TOPICS]`, 100,000 and 200 if not given.

One topic has all stories, the others each a part. Then, a few times each: a story comes that three topics take, and
the text of an old one changes that is on an archive page. Printed is the CPU time of the publisher's thread from what
was written in the archive to what is published, ms by part, medians; and how many files that wrote.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sqlite_utils import Database  # noqa: E402

import feeds.publish  # noqa: E402
import wireroom.archiver  # noqa: E402
import wireroom.press  # noqa: E402
import wireroom.printer  # noqa: E402
from db.archive import open_writer  # noqa: E402
from db.model import FORMATS  # noqa: E402
from db.policies import note_policy  # noqa: E402
from db.topics import mark_changed_topics  # noqa: E402
from db.writer import Writer  # noqa: E402
from wireroom import __version__  # noqa: E402
from wireroom.config import Config, load_config  # noqa: E402
from wireroom.log import open_log  # noqa: E402

NOW = "2026-11-25T10:00:00Z"
ROUNDS = 7
LIMIT = 50
"""Stories on a topic's feed, and on each of its archive pages."""
RECENT = 5000
"""So many of the newest stories have texts of full length; nobody reads those of the others."""
STARTS = ("ba", "con", "de", "fer", "ga", "har", "in", "ken", "lo", "mar", "ne", "op", "pre", "ru", "sta", "un", "ver")
MIDDLES = ["", "a", "be", "di", "es", "fo", "gi", "li", "mo", "na", "pa", "ra", "si", "ta", "vo"]
ENDS = ["", "d", "en", "er", "ing", "ly", "n", "on", "s", "tion", "ty"]
WORDS = [f"{start}{middle}{end}" for start in STARTS for middle in MIDDLES for end in ENDS]
"""Which compress about as real ones do."""

PARTS: list[tuple[Any, str, str]] = [
    (wireroom.press.Press, "_print", "which topics, and the rest"),
    (wireroom.press.Press, "_print_topic", "which topics, and the rest"),
    (wireroom.printer, "front_of", "what is on the front"),
    (wireroom.printer, "feed_of", "items read"),
    (wireroom.printer, "parts_of", "items rendered"),
    (wireroom.printer, "assembled", "documents put together"),
    (wireroom.printer, "empty_sizes", "documents put together"),
    (wireroom.archiver.Archiver, "close_pages", "archive: anything to close"),
    (wireroom.archiver.Archiver, "print_pages", "archive: pages written"),
    (wireroom.press, "print_page", "topic's page"),
    (wireroom.press.FrontPage, "write", "index, OPML, style"),
    (feeds.publish.Publisher, "write", "files compared"),
    (feeds.publish, "lay_whole", "files written"),
    (feeds.publish, "put_in_place", "files put in place"),
    (feeds.publish, "gzipped", "gzip"),
    (feeds.publish, "brotlied", "brotli"),
]
"""What is measured, and under what name; each without what it calls of the others."""


class Clock:
    """The CPU time of one thread, by part."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.files = 0
        self._inner: list[float] = []
        for owner, name, part in PARTS:
            setattr(owner, name, self._timed(getattr(owner, name), part))
        lay = feeds.publish.Part.lay

        def counted(*arguments: Any) -> None:
            self.files += 1
            lay(*arguments)

        feeds.publish.Part.lay = counted  # type: ignore[method-assign]

    def _timed(self, work: Callable[..., Any], part: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            began = time.thread_time()
            try:
                return work(*arguments, **named)
            finally:
                took = time.thread_time() - began
                self.spent[part] += (took - self._inner.pop()) * 1000
                if self._inner:
                    self._inner[-1] += took

        return timed


def configured(folder: Path, topics: int) -> Config:
    """Write a config of so many topics."""
    lines = ["[wireroom]", "gazetteer = false", "[[source]]", 'id = "s"', 'url = "https://s.example/f"']
    for n in range(topics):
        lines += ["[[topic]]", f'id = "t{n}"', f'title = "Topic {n}"', 'match = "sources:>=1"', f"limit = {LIMIT}"]
    (folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_config(folder / "config.toml")


def fill(db: Database, config: Config, stories: int) -> None:
    """Fill an archive: stories, what each topic has selected, its past on archive pages that are published."""
    db.execute("INSERT INTO sources (id, config_id, url, title, added_at) VALUES (1, 's', 'u', 'S', ?)", [NOW])
    db.conn.executemany(
        "INSERT INTO tags (id, kind, name) VALUES (?, 'place', ?)", ((n, f"place-{n}") for n in range(1, 101))
    )
    for number, topic in enumerate(config.topics):
        db.execute(
            "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (?, ?, ?, ?, ?)",
            [number + 1, topic.id, topic.title, f"urn:uuid:{topic.id}", NOW],
        )
        note_policy(
            db, number + 1, fronted_by=topic.fronted_by, styled_by=topic.styled_by, secret=topic.secret, now=NOW
        )
    for story in range(1, stories + 1):
        add_story(db, story, story > stories - RECENT)
        for topic in {1, *takers(story, len(config.topics))}:
            select(db, topic, story)
    for number, topic in enumerate(config.topics, start=1):
        ((last,),) = db.execute("SELECT last_number FROM topics WHERE id = ?", [number]).fetchall()
        for page in range(1, last // LIMIT + 1):
            db.execute(
                "INSERT INTO archive_pages (topic_id, page, has, first_number, last_number, closed_at, published) "
                "VALUES (?, ?, 'stories', ?, ?, ?, 1)",
                [number, page, (page - 1) * LIMIT + 1, page * LIMIT, NOW],
            )
            for fmt in FORMATS:
                for end in ("", ".gz", ".br"):
                    path = config.publish / "topics" / topic.id / f"{page}.{fmt}{end}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
        wanted = [topic.id, topic.title, config.base_url, topic.fronted_by, topic.styled_by, __version__]
        db.execute("UPDATE topics SET paged_as = ? WHERE id = ?", [json.dumps(wanted), number])


def takers(story: int, topics: int) -> Iterator[int]:
    """Name the topics, beside the first, that take a story."""
    yield from (story % (topics - 1) + 2, story * 7919 % (topics - 1) + 2)


def text(story: int, words: int) -> str:
    """Write so many words of text, others for each story: some 7 characters each."""
    dice = random.Random(story)
    said = (" ".join(WORDS[int(len(WORDS) * dice.random() ** 2)] for _ in range(50)) for _ in range(words // 50))
    return "".join(f"<p>{one}.</p>\n" for one in said)


def add_story(db: Database, story: int, is_long: bool) -> None:
    """Add a story of one entry, with three tags."""
    url, title, html = f"https://s.example/{story}", f"Harbour {story} closed", text(story, 700 if is_long else 50)
    db.execute(
        "INSERT INTO stories (id, title, text, url, first_seen, updated) VALUES (?, ?, ?, ?, ?, ?)",
        [story, title, html, url, NOW, NOW],
    )
    db.execute("INSERT INTO bodies (id, html) VALUES (?, ?)", [story, html])
    db.execute(
        "INSERT INTO entries (id, source_id, story_id, joined_by, url, title, body_id, version, first_seen) "
        "VALUES (?1, 1, ?1, 'first', ?2, ?3, ?1, 0, ?4)",
        [story, url, title, NOW],
    )
    db.execute("UPDATE stories SET lead_entry_id = id WHERE id = ?", [story])
    db.conn.executemany(
        "INSERT INTO story_tags (story_id, tag_id, origin, why) VALUES (?, ?, 'rule', '')",
        ((story, (story + n * 33) % 100 + 1) for n in range(3)),
    )


def select(db: Database, topic: int, story: int) -> None:
    """Have a topic take a story."""
    ((number,),) = db.execute(
        "UPDATE topics SET last_number = last_number + 1 WHERE id = ? RETURNING last_number", [topic]
    ).fetchall()
    db.execute(
        "INSERT INTO selections (topic_id, story_id, number, guid, selected_at, archived) VALUES (?, ?, ?, ?, ?, 0)",
        [topic, story, number, f"urn:uuid:{topic}-{story}", NOW],
    )


def come(db: Database, story: int, topics: int) -> None:
    """Have a new story come."""
    add_story(db, story, is_long=True)
    for topic in {1, *takers(story, topics)}:
        select(db, topic, story)
    mark_changed_topics(db, [story])


def change(db: Database, story: int) -> None:
    """Have the text of a story change."""
    db.execute("UPDATE bodies SET html = html || '<p>more</p>' WHERE id = ?", [story])
    mark_changed_topics(db, [story])


async def measured(folder: Path, stories: int, topics: int) -> None:
    """Print the figures."""
    config = configured(folder, topics)
    with open_writer(config.archive) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        fill(db, config, stories)
        db.execute("COMMIT")
    writer = Writer(lambda: open_writer(config.archive))
    writer.start()
    clock = Clock()
    press = wireroom.press.Press(config, writer, open_log(plain=False))

    async def published(**how: bool) -> tuple[dict[str, float], int]:
        clock.spent.clear()
        clock.files = 0
        await press.publish(**how)
        if press.trouble is not None:
            raise SystemExit(press.trouble)
        return dict(clock.spent), clock.files

    show("all, at the start", [await published(everything=True)])
    await published()
    rounds = []
    for story in range(stories + 1, stories + 1 + ROUNDS):
        writer.submit(lambda db, story=story: come(db, story, topics)).result()
        rounds.append(await published())
    show("a new story in three topics", rounds)
    rounds = []
    for n in range(ROUNDS):
        writer.submit(lambda db, n=n: change(db, stories - RECENT // 2 - n * 60)).result()
        rounds.append(await published())
    show("an old story's text", rounds)
    await press.close()
    writer.close()


def show(name: str, rounds: list[tuple[dict[str, float], int]]) -> None:
    """Print the medians of some rounds."""
    print(f"{name}: {median(sum(spent.values()) for spent, _ in rounds):.1f} ms, ", end="")
    print(f"{median(files for _, files in rounds):.0f} files written")
    for part in dict.fromkeys(part for *_, part in PARTS):
        print(f"  {part:28}{median(spent.get(part, 0.0) for spent, _ in rounds):8.1f}")


def main() -> None:
    """Make the archive, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("stories", nargs="?", type=int, default=100_000)
    parser.add_argument("topics", nargs="?", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measured(Path(name), asked.stories, asked.topics))


if __name__ == "__main__":
    main()
