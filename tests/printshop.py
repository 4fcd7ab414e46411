"""A press over an archive that a test fills story by story, and what a reader finds who walks through its documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree
from sqlite_utils import Database

from db.archive import open_writer
from db.policies import note_policy
from db.topics import mark_changed_topics
from db.writer import Writer
from test_front import mark
from wireroom.config import Config, Topic, load_config
from wireroom.log import open_log
from wireroom.press import Press

NOW = "2026-11-25T10:00:00Z"
ATOM = "{http://www.w3.org/2005/Atom}"
FORMATS = ("rss", "atom", "json")


@dataclass
class PrintShop:
    """An archive with one topic, ``t``; ``keys`` are the topic's in the config."""

    folder: Path
    keys: str = ""
    stories: int = 0
    titles: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configure(self.keys)
        self.writer = Writer(lambda: open_writer(self.folder / "wireroom.db"))
        self.writer.start()
        self.write(
            lambda db: db.execute(
                "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (1, 't', 'T', 'urn:uuid:t', ?)",
                [NOW],
            )
        )
        self.write(
            lambda db: db.execute(
                "INSERT INTO sources (id, config_id, url, added_at) VALUES (1, 's', 'https://s.example/f', ?)", [NOW]
            )
        )
        self.take_over()
        self.open()

    def open(self) -> None:
        """Have a press, as a process that begins has one."""
        self.press = Press(self.config, self.writer, open_log(plain=False))

    async def close(self) -> None:
        """Close all."""
        await self.press.close()
        self.writer.close()

    def configure(self, keys: str, *, id_: str = "t", base_url: str = "https://wire.example/") -> None:
        """Write the topic's part of the config."""
        path = self.folder / "config.toml"
        was = 'was = ["t"]\n' if id_ != "t" else ""
        path.write_text(
            f'[wireroom]\nbase_url = "{base_url}"\ngazetteer = false\n'
            '[[source]]\nid = "s"\nurl = "https://s.example/f"\n'
            f'[[topic]]\nid = "{id_}"\ntitle = "T"\nmatch = "sources:>=1"\n{was}{keys}\n',
            encoding="utf-8",
        )
        self.config: Config = load_config(path)

    def take_over(self) -> None:
        """Have the archive follow the config, as a reload does."""
        topic = self.topic
        self.write(
            lambda db: note_policy(
                db, 1, fronted_by=topic.fronted_by, styled_by=topic.styled_by, secret=topic.secret, now=NOW
            )
        )

    @property
    def topic(self) -> Topic:
        """The topic as the config has it."""
        return self.config.topics[0]

    def write(self, job: Callable[[Database], Any]) -> Any:
        """Write into the archive."""
        return self.writer.submit(job).result()

    def take(self, count: int = 1, *, chars: int = 20, archived: bool = False) -> list[int]:
        """Have the topic select new stories of so long a text → their ids, which are their numbers too."""
        first = self.stories + 1
        self.stories += count
        made = range(first, self.stories + 1)

        def job(db: Database) -> None:
            for n in made:
                db.execute(
                    "INSERT INTO stories (id, title, text, url, first_seen, updated) VALUES (?, ?, '', ?, ?, ?)",
                    [n, f"Story {n}", f"https://s.example/{n}", NOW, NOW],
                )
                db.execute("INSERT INTO bodies (id, html) VALUES (?, ?)", [n, f"<p>{'x' * chars}</p>"])
                db.execute(
                    "INSERT INTO entries (id, source_id, story_id, joined_by, url, title, body_id, version, "
                    "first_seen) VALUES (?1, 1, ?1, 'first', ?2, ?3, ?1, 0, ?4)",
                    [n, f"https://s.example/{n}", f"Story {n}", NOW],
                )
                db.execute("UPDATE stories SET lead_entry_id = ?1 WHERE id = ?1", [n])
                db.execute(
                    "INSERT INTO selections (topic_id, story_id, number, guid, selected_at, archived) "
                    "VALUES (1, ?1, ?1, ?2, ?3, ?4)",
                    [n, f"urn:uuid:{n}", NOW, int(archived)],
                )
            db.execute(
                "UPDATE topics SET last_number = ?, changes = changes + ? WHERE id = 1", [made[-1], int(not archived)]
            )

        self.write(job)
        return list(made)

    def change(self, story: int, sql: str, *params: object) -> None:
        """Change a story by a statement, of which the publisher is told."""

        def job(db: Database) -> None:
            db.execute(sql, list(params))
            mark_changed_topics(db, [story])

        self.write(job)

    def mark(self, kind: str, story: int) -> None:
        """Have a person hide a story or show it again."""

        def job(db: Database) -> None:
            mark(db, kind, story, 1)
            mark_changed_topics(db, [story])

        self.write(job)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the archive."""
        found: list[tuple[Any, ...]] = self.write(lambda db: db.execute(sql).fetchall())
        return found

    def pages(self) -> dict[int, tuple[Any, ...]]:
        """Read what its archive pages have."""
        return {
            row[0]: row[1:]
            for row in self.rows("SELECT page, has, first_number, last_number, closed_at FROM archive_pages")
        }

    def file(self, path: str) -> bytes:
        """Read what is published."""
        return (self.config.publish / path).read_bytes()

    def guids(self, path: str) -> list[str]:
        """List the items of a document of any format."""
        body = self.file(path)
        if path.endswith(".json"):
            return [item["id"] for item in json.loads(body)["items"]]
        root = etree.fromstring(body)
        return [str(one.text) for one in root.iterfind(".//guid" if path.endswith(".rss") else f"{ATOM}entry/{ATOM}id")]

    def walk(self, name: str = "t") -> Iterator[str]:
        """Go from the topic's feed to its archive pages, as RFC 5005 has it → the paths."""
        path: str | None = f"topics/{name}.atom"
        while path is not None:
            yield path
            links = links_of(self.file(path))
            path = links["prev-archive"].removeprefix(self.config.base_url) if "prev-archive" in links else None

    def all_guids(self, name: str = "t") -> set[str]:
        """Collect all that a new subscriber finds."""
        return {guid for path in self.walk(name) for guid in self.guids(path)}


def links_of(atom: bytes) -> dict[str, str]:
    """Read the links of a feed, by their relation."""
    return {
        link.get("rel", "alternate"): link.get("href", "") for link in etree.fromstring(atom).iterfind(f"{ATOM}link")
    }


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)
