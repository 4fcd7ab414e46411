"""What is in the archive is the same, whether whole documents were parsed or only what was new in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.apply import apply_plan
from db.desk import DraftDesk
from db.in_memory import in_memory
from db.known import ArchiveKnown
from db.model import Document
from factory import source_named
from ingest.answer import answer_of
from ingest.digest import digest
from ingest.fetched import Fetched
from ingest.normalize import with_keys
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks
from ingest.urls import canonical_link

RHYTHM = Rhythm(floor_s=300, ceiling_s=86_400)
START = datetime(2026, 11, 20, tzinfo=UTC)
LONG = "The same dozen words of one report that several papers printed on the very same day"


@dataclass(frozen=True)
class News:
    """One item of a made-up feed; few values of each kind, so that ids, links, words and dates clash."""

    guid: str = ""
    link: str = ""
    title: str = "A title"
    text: str = "Some text."
    date: int = 0
    category: str = ""

    def __str__(self) -> str:
        """Write it as an RSS item."""
        parts = {
            "guid": self.guid,
            "link": f"http://news.example/{self.link}" if self.link else "",
            "title": self.title,
            "description": self.text,
            "pubDate": f"{self.date} Nov 2026 10:00:00 GMT" if self.date else "",
            "category": self.category,
        }
        return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in parts.items() if value)}</item>"


class Archive:
    """An archive in memory with two sources, polled with made-up documents."""

    def __init__(self, *, whole: bool) -> None:
        self.db = in_memory()
        for name in "ab":
            self.db.execute(
                "INSERT INTO sources (config_id, url, added_at) VALUES (?, ?, '')", [name, f"http://{name}.example/"]
            )
        self.whole = whole
        self.desk = DraftDesk()
        self.parsed = 0
        self.kept = 0

    def poll(self, name: str, items: Sequence[News], *, title: str = "T", round_: int = 0) -> None:
        """Poll one source."""
        body = f"<rss version='2.0'><channel><title>{title}</title><pubDate>{round_}</pubDate>{{}}</channel></rss>"
        source = source_named(self.db, name)
        outline = None if self.whole else source.outline
        found = digest(body.format("".join(map(str, items))).encode(), None, source.url, outline=outline)
        document = found if isinstance(found, Document) else None
        fetched = Fetched(outcome="ok" if document is not None else "unchanged", status=200, url=source.url)
        answer = answer_of(fetched, document)
        known, now = ArchiveKnown(self.db, self.desk), START + timedelta(hours=round_)
        plan = plan_poll(source, answer, known, Desks(source_tags={}, rules=(), topics=()), RHYTHM, now)
        apply_plan(self.db, plan, mint=map(str, count()).__next__)
        self.parsed += len(document.entries) if document else 0
        self.kept += len(document.known) if document else len(items)

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Read all that was learned from the documents."""
        tables = ("entries", "entry_keys", "stories", "revisions", "story_tags", "tags", "outlines")
        return {table: self.db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables}


def names(values: Sequence[str]) -> st.SearchStrategy[str]:
    """Choose one of these, or nothing."""
    return st.sampled_from(["", *values])


NEWS = st.builds(
    News,
    guid=names(["1", "2", "http://news.example/3", "https://news.example/3"]),
    link=names(["a", "b"]),
    title=st.sampled_from(["One", "Two"]),
    text=st.sampled_from(["Short.", LONG, LONG + " and after"]),
    date=st.sampled_from([0, 18, 19]),
    category=names(["c"]),
)
OWN = st.builds(
    News, guid=st.integers(1, 8).map(str), title=st.sampled_from(["One", "Two"]), text=st.sampled_from("xyz")
)
ROUNDS = st.lists(
    st.tuples(st.sampled_from("aab"), st.lists(NEWS | OWN, max_size=5), st.sampled_from(["T", "T", "T", "U"])),
    min_size=2,
    max_size=6,
)
SAME_ID = [News(guid="1", title="One", text="x"), News(guid="1", title="Two", text="y")]
SAME_LINK = [News(guid="1", link="a", title="One"), News(guid="2", link="a", title="Two")]


@settings(max_examples=200, deadline=None)
@given(ROUNDS)
@example([("a", SAME_ID[:1], "T"), ("a", SAME_ID, "T"), ("a", SAME_ID[1:], "T")])
@example([("a", SAME_LINK[:1], "T"), ("a", SAME_LINK, "T"), ("a", [SAME_LINK[0], News(guid="3", link="a")], "T")])
@example([("a", [News(guid="1"), News(guid="2")], "T"), ("a", [News(guid="1", text="Edited."), News(guid="2")], "T")])
def test_archive_is_the_same(rounds: list[tuple[str, list[News], str]]) -> None:
    """Whatever comes, in whatever order: entries, keys, stories and revisions are those of whole documents."""
    whole, partly = Archive(whole=True), Archive(whole=False)
    for number, (name, items, title) in enumerate(rounds):
        for archive in (whole, partly):
            archive.poll(name, items, title=title, round_=number)

        assert partly.dump() == whole.dump()


def test_only_what_is_new_is_parsed() -> None:
    """One new item on top of fifty: one is parsed; a document that was built anew: none."""
    archive = Archive(whole=False)
    items = [News(guid=str(n), text=f"Text {n}.") for n in range(51)]
    archive.poll("a", items[1:])
    assert (archive.parsed, archive.kept) == (50, 0)

    archive.poll("a", items[:50], round_=1)
    assert (archive.parsed, archive.kept) == (51, 49)

    archive.poll("a", items[:50], round_=2)
    assert (archive.parsed, archive.kept) == (51, 99)
    assert archive.db.execute("SELECT count(*) FROM entries WHERE last_seen IS NULL").fetchone() == (50,)


def test_entries_from_the_archive_have_the_keys_that_they_had() -> None:
    """What is put together again from the archive is what was read."""
    archive = Archive(whole=False)
    items = [
        News(guid=guid, link=link, text=LONG, category="c") for guid in ("", "1", "http://x.example/") for link in "ab"
    ]
    body = f"<rss version='2.0'><channel><link>http://news.example/a</link>{''.join(map(str, items))}</channel></rss>"
    read = digest(body.encode(), None, "http://a.example/")
    assert isinstance(read, Document)
    archive.poll("a", items)
    ids = [id_ for (id_,) in archive.db.execute("SELECT id FROM entries")]
    site = canonical_link(read.site_url)
    stored = [with_keys(one, site) for one in ArchiveKnown(archive.db, archive.desk).entries(ids)]

    assert set(stored) == set(read.entries)
    assert {one.keys.link is None for one in stored} == {True, False}


def test_a_forgotten_document_is_an_error_and_not_a_guess() -> None:
    """Where the outline that a document was compared with is gone, nothing of it is recorded."""
    archive = Archive(whole=False)
    archive.poll("a", [News(guid="1"), News(guid="2")])
    source = source_named(archive.db, "a")
    items = f"{News(guid='1')}{News(guid='3')}"
    body = f"<rss version='2.0'><channel><title>T</title><pubDate>0</pubDate>{items}</channel></rss>"
    document = digest(body.encode(), None, source.url, outline=source.outline)
    assert isinstance(document, Document)
    assert document.known == (0,)
    archive.db.execute("DELETE FROM outlines")
    answer = answer_of(Fetched(outcome="ok", status=200, url=source.url), replace(document))

    known = ArchiveKnown(archive.db, archive.desk)
    with pytest.raises(ValueError, match="no longer the last one"):
        plan_poll(source, answer, known, Desks(source_tags={}, rules=(), topics=()), RHYTHM, START)
