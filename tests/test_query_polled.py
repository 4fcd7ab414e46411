"""What rules and topics are asked at a poll is what the archive says of the stories after it, to the last field."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

from db.query import parse
from db.query_sql import compile_query
from db.query_tree import Query
from db.text import count_words
from db.times import iso
from ingest.grouping import Grouping
from ingest.parsed import Attachment, Item
from newsroom import Newsroom, Printed, at
from random_news import Round, rounds

SOURCES = ("wire", "post", "herald", "echo")
ASKED = [
    *(
        "has:author",
        "has:link",
        "has:enclosure",
        "has:event",
        "has:date",
        "has:language",
        "lang:en",
        "sources:1",
        "sources:>=2",
    ),
    *("author:Lee", 'author:"Ann Lee"', "author:bo*", "domain:x.example", "domain:wire.example", "domain:example"),
    *("source:wire", "source:post", "NOT source:echo", "words:<100", "words:100..180", "words:>180"),
    *(
        "published:<2026-11-20",
        "published:2026-11-20",
        "published:>=2026-11-21",
        "published:>=now-5h",
        "published:>now",
    ),
    *("seen:2026-11-20", "seen:>=now-5h", "seen:>=now", "seen:today", "seen:yesterday"),
    *("event:1", "event:2", "tag:world", "category:*", "category:world", "category:sport"),
    *("ferry OR bridge", "title:again", "NOT text:festival", '"the ferry"~9'),
]
OF_ALL = {"has:language", "lang:en"}
"""These reports are all in English, whatever their feeds say."""

AUTHORS = (None, "Ann Lee", "Bo Żak", "Lee & Co")


@dataclass(frozen=True)
class Dressed(Printed):
    """A report with a byline, files, categories and a date of its own."""

    author: str | None = None
    enclosed: bool = False
    category: str | None = None
    dated: float | None = None
    language: str | None = None

    def item(self) -> Item:
        """Make the item of its feed."""
        return replace(
            Printed.item(self),
            link=self.link,
            authors=(self.author,) if self.author else (),
            attachments=(Attachment(url="http://files.example/a.mp3"),) if self.enclosed else (),
            categories=(self.category,) if self.category else (),
            language=self.language,
            published=None if self.dated is None else iso(at(self.dated)),
        )


def dressed(chance: random.Random, one: Round) -> tuple[Dressed, ...]:
    """Give the items of a poll all that can be asked for; it may be another byline or date than at the poll before."""
    return tuple(
        Dressed(
            id=printed.id,
            report=printed.report,
            link=printed.link or chance.choice((None, f"http://{one.source}.example/{printed.id}")),
            author=chance.choice(AUTHORS),
            enclosed=chance.random() < 0.3,
            category=chance.choice((None, "World", "Sport")),
            language=chance.choice((None, "en", "de-AT")),
            dated=chance.choice((None, one.hour - 30, one.hour - 3, one.hour + 1)),
        )
        for printed in one.printed
    )


def test_desk_says_of_every_draft_what_the_archive_says_after_the_poll(tmp_path: Path) -> None:
    """Also of stories that changed, that another entry leads, that swallowed others, and of their events."""
    queries = {text: parse(text) for text in ASKED}
    taken: set[str] = set()
    left: set[str] = set()
    unions = changes = 0
    for seed in (1, 2, 3):
        room = Newsroom(tmp_path / f"{seed}.db", SOURCES, Grouping())
        chance = random.Random(seed)
        for one in rounds(seed, SOURCES, 25, reports=8):
            last, events = last_id(room, "stories"), last_id(room, "events")
            plan = room.poll(one.source, *dressed(chance, one), hour=one.hour)
            unions, changes = unions + len(plan.unions), changes + len(plan.changed_entries)
            ids = {story.ref: last + n for n, story in enumerate(plan.new_stories, start=1)}
            touched = {ids.get(ref, ref) for ref, _ in plan.tags}
            for text, query in queries.items():
                if text.startswith("event:") and int(text[6:]) > events:
                    continue  # nobody can have asked for an event that this very poll begins
                on_desk = {ids.get(ref, ref) for ref in room.desk.matching(query)} if plan.tags else set()
                assert on_desk == in_archive(room, query, plan.now) & touched, (seed, one.hour, text)
                taken |= {text} if on_desk else set()
                left |= {text} if touched - on_desk else set()
        for title, text, words in room.db.execute("SELECT title, text, words FROM stories"):
            assert words == count_words(title, text)

    assert taken == set(ASKED), "each is asked of stories that it takes"
    assert left == set(ASKED) - OF_ALL, "and of some that it does not take"
    assert unions >= 2
    assert changes > 20


def last_id(room: Newsroom, table: str) -> int:
    """Give the highest id of a table so far."""
    return int(room.value(f"SELECT coalesce(max(id), 0) FROM {table}"))


def in_archive(room: Newsroom, query: Query, now: str) -> set[int]:
    """Ask the whole archive."""
    where = compile_query(query, now)
    rows = room.db.execute(f"SELECT id FROM stories WHERE merged_into IS NULL AND ({where.sql})", list(where.params))
    return {id_ for (id_,) in rows}
