"""What is published is rendered once more from the archive, and compared with the files, byte for byte.

Nothing is written. What has changed in the archive since it was published waits for the daemon, and is not compared.
IO: sqlite, files.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from sqlite_utils import Database

from db.archive_pages import Page, last_page
from db.tokens import tokens_of
from db.topics import one_moment, removed_topics, topic_row
from feeds.publish import Published, Publisher, published, siblings
from feeds.render import MEDIA_TYPES, ItemCache, feed_path
from wireroom.addresses import addresses
from wireroom.archiver import Subject, page_documents
from wireroom.config import Config, Topic
from wireroom.config_queries import untold
from wireroom.folder import FrontPage, print_page
from wireroom.printer import fit, topic_document

ATTEMPTS = 3
"""A daemon writes meanwhile: what differs is looked at again, until the archive has stood still in between."""


class Comparing(Publisher):
    """A publish folder into which nothing is written: what would be is compared with what is there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.differ: list[str] = []
        self.compared = 0

    def write(self, name: str, body: bytes, media_type: str, *, changed: int | None = None) -> Published:
        """Compare a document with its file, and with those of it that are compressed."""
        path = self._path(name)
        self.compared += 1
        try:
            if path.read_bytes() != body:
                self.differ.append(f"{name}: is not what the archive gives")
            else:
                times = {each.stat().st_mtime_ns for each in (path, *siblings(path))}
                if len(times) > 1 or any(unpacked(each) != body for each in siblings(path)):
                    self.differ.append(f"{name}: its .gz or .br is of another state")
        except OSError as error:
            self.differ.append(f"{Path(error.filename or path).name}: can't be read: {error.strerror}")
        return published(body, b"", b"", changed or 0, media_type)


def unpacked(path: Path) -> bytes | None:
    """Read a compressed document; None where it is damaged. Raises OSError where it is not there."""
    packed = path.read_bytes()
    try:
        return gzip.decompress(packed) if path.suffix == ".gz" else bytes(brotli.decompress(packed))
    except (OSError, EOFError, zlib.error, brotli.error):
        return None


@dataclass(slots=True)
class Compared:
    """How many documents were compared, what differs, and how many topics wait to be published."""

    documents: int = 0
    differ: list[str] = field(default_factory=list)
    waiting: int = 0


Progress = Callable[[int, int], None]


def compare_published(db: Database, config: Config, *, quick: bool, progress: Progress = lambda *_: None) -> Compared:
    """Compare all that is published with what the archive gives now; ``quick``: without archive pages.

    ``db``: a reader that is in no transaction. A secret topic's address is not told.
    """
    names = addresses(config.topics, tokens_of(db), removed_topics(db)).names
    hidden, done = untold(config), Compared()
    known = [topic for topic in config.topics if topic.id in names]
    for n, topic in enumerate(known):
        progress(n, len(known))
        for attempt in range(1, ATTEMPTS + 1):
            folder, before = Comparing(config.publish), state_of(db, topic)
            waits = before is None or not compare_topic(db, config, topic, names[topic.id], folder, hidden, quick=quick)
            if not folder.differ or (state_of(db, topic) == before and attempt > 1):
                break
        done.documents += folder.compared
        done.waiting += waits
        done.differ += [each.replace(names[topic.id], "(secret)") if topic.secret else each for each in folder.differ]
    if not done.waiting:
        folder, counts = Comparing(config.publish), all_changes(db)
        with one_moment(db):
            FrontPage().write(db, folder, config, names, ())
        if all_changes(db) == counts:
            done.documents += folder.compared
            done.differ += folder.differ
    return done


def compare_topic(
    db: Database, config: Config, topic: Topic, name: str, folder: Comparing, hidden: frozenset[str], *, quick: bool
) -> bool:
    """Compare a topic's documents, all as of one moment → False where it waits to be written, and was not compared."""
    subject, cache = Subject(config=config, topic=topic, row=topic_row(db, topic.id), name=name), ItemCache()
    with one_moment(db):
        if not is_published(db, subject.row):
            return False
        last, _ = last_page(db, subject.row)
        fitted = fit(db, subject, cache)
        if fitted.front is not None and (fitted.front.came or fitted.front.left):
            return False
        for fmt, parts in fitted.parts.items():
            body = topic_document(subject, fitted.feed, fmt, parts, last)
            folder.write(feed_path(name, fmt), body, MEDIA_TYPES[fmt])
        print_page(db, folder, config, topic, name, last, told=topic.id not in hidden)
        for page in () if quick else written_pages(db, subject.row):
            for fmt, body in page_documents(db, subject, page, last, ItemCache()):
                folder.write(feed_path(name, fmt, page.page), body, MEDIA_TYPES[fmt])
    return True


def is_published(db: Database, topic_id: int) -> bool:
    """Tell whether a topic is on disk as of its last change."""
    return bool(db.execute("SELECT published >= changes FROM topics WHERE id = ?", [topic_id]).fetchone()[0])


def written_pages(db: Database, topic_id: int) -> Iterator[Page]:
    """Read the archive pages of a topic that are on disk as of their last change."""
    for row in db.execute(
        "SELECT page, has, first_number, last_number, changes FROM archive_pages "
        "WHERE topic_id = ? AND published >= changes ORDER BY page",
        [topic_id],
    ).fetchall():
        yield Page(*row)


def state_of(db: Database, topic: Topic) -> tuple[object, ...] | None:
    """Read by what a topic's documents tell that they may be others; None: the archive does not have it yet."""
    row: tuple[object, ...] | None = db.execute(
        "SELECT t.changes, t.published, t.paged_as, total(p.changes), total(p.published), count(p.page) FROM topics t "
        "LEFT JOIN archive_pages p ON p.topic_id = t.id WHERE t.config_id = ? AND t.removed_at IS NULL GROUP BY t.id",
        [topic.id],
    ).fetchone()
    return row


def all_changes(db: Database) -> list[tuple[object, ...]]:
    """Read the same of all topics."""
    return db.execute("SELECT id, changes, published FROM topics ORDER BY id").fetchall()
