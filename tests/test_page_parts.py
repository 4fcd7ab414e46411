"""What pages are made of: times in words, pictures of numbers, addresses; pages that are files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from db.archive import open_reader
from db.model import Entry
from db.revisions import History, Revised, version_of
from db.times import iso
from db.told_url import without_secrets
from db.topic_read import topic_page, topic_volume
from feeds.pages.charts import by_day, coverage, polls, sparkline
from feeds.pages.compare import MAX_CHANGES, MAX_RUN, change, changes
from feeds.pages.environment import static_files
from feeds.pages.links import host_of, outside, root_of
from feeds.pages.still import static_index, static_topic_page
from feeds.pages.words import age, clock, counted, later, moment, size
from feeds.site import TopicCard
from newsroom import at
from page_room import Page
from reading_room import reading_room

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (59, "now"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"), (86_400, "24 h ago"),
     (172_800, "2 days ago"), (604_799, "6 days ago"), (604_800, "19 Nov"), (40_000_000, "20 Aug 2025"),
     (-90, "in 1 min")],
)  # fmt: skip
def test_ages_are_short(seconds: int, said: str) -> None:
    """One unit; past a week the day, with its year where that is another."""
    assert age(iso(NOW - timedelta(seconds=seconds)), NOW) == said


def test_numbers_times_and_sizes_are_said_as_people_do() -> None:
    """With their units, one or many."""
    assert [counted(n, "story") for n in (0, 1, 1204)] == ["0 stories", "1 story", "1,204 stories"]
    assert [counted(2, one) for one in ("entry", "day")] == ["2 entries", "2 days"]
    assert moment("2026-01-02T03:04:05Z") == "2 Jan 2026, 03:04 UTC"
    assert later("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z") == ""
    assert later("2026-01-02T03:14:05Z", "2026-01-02T03:04:05Z") == "+10 min"
    assert [clock(n) for n in (5, 245, 3723)] == ["0:05", "4:05", "1:02:03"]
    assert [size(n) for n in (12, 1500, 340_000, 2_500_000, 3_000_000_000)] == [
        "12 bytes", "1.5 kB", "340 kB", "2.5 MB", "3.0 GB"
    ]  # fmt: skip


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60))
def test_columns_are_as_high_as_their_numbers(numbers: list[int]) -> None:
    """Within the picture; none for nothing; whatever is not nothing can be seen; the highest fills it."""
    days = [(f"2026-10-{n % 28 + 1:02}", number) for n, number in enumerate(numbers)]
    chart = by_day(days, "story", height=50)

    if not any(numbers):
        assert chart is None
        return
    assert chart is not None
    picture = etree.fromstring(chart.svg)
    bars = picture.findall("g/rect[2]")
    heights = [float(bar.get("height", "")) for bar in bars]
    assert len(bars) == sum(number > 0 for number in numbers)
    assert max(heights) == 50
    for bar, height, number in zip(bars, heights, filter(None, numbers), strict=True):
        assert float(bar.get("y", "")) + height == pytest.approx(50, abs=0.11)
        assert height == pytest.approx(max(2, 50 * number / max(numbers)), abs=0.06)
    assert chart.rows == tuple(days)
    assert f"{sum(numbers):,} " in chart.says


def test_small_pictures_are_well_formed_and_say_what_they_show() -> None:
    """Whatever their words: nothing of them is markup."""
    for picture in (
        sparkline([0, 3, 1], 'a "b" <c>'),
        sparkline([], "nothing"),
        polls([(10, 0), (10, 10), (10, 1), (0, 0)], 'a "b" <c>'),
        coverage([("2026-11-20T08:00:00Z", "<A> & B"), ("2026-11-20T09:00:00Z", "C")]),
    ):
        assert picture is not None
        parsed = etree.fromstring(picture)
        assert parsed.get("role") == "img"
        assert parsed.get("aria-label")
        assert not re.search(r"style=|<script|on\w+=", picture)
    failed = etree.fromstring(polls([(10, 0), (10, 10), (10, 1)], "x", height=20))
    assert {shape.get("class"): shape.get("d") for shape in failed} == {
        "fine": "M0 20.0v-20.0h3v20.0zM8 20.0v-18.0h3v18.0z",
        "bad": "M4 20.0v-20.0h3v20.0zM8 2.0v-2.0h3v2.0z",
    }


def test_coverage_goes_up_a_step_for_each_report() -> None:
    """From left to right; there is no picture of one report, nor of all at once."""
    times = [iso(NOW + timedelta(minutes=n)) for n in (0, 10, 60)]
    picture = etree.fromstring(coverage([(when, "x") for when in reversed(times)], width=216, height=100) or "")
    places = [(float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in picture.findall("circle")]

    assert [x for x, _ in places] == pytest.approx([8, 8 + 200 / 6, 208], abs=0.1)
    assert [y for _, y in places] == [92, 50, 8]
    assert coverage([(times[0], "x")]) is None
    assert coverage([(times[0], "x"), (times[0], "y")]) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?y#z", "https://a.example/x?y#z"),
        ("HTTP://a.example/", "http://a.example/"),
        ("https://u:p@a.example/", "https://a.example/"),
        ("javascript:alert(1)", None), ("data:text/html,x", None), ("//a.example/", None), ("/owner/", None),
        ("https:///x", None), ("https://a.example/\n", None), ("https://a.example\\@b.example/", None),
        ("", None), (None, None),
        ("https://[::1", None), ("https://a.example/" + "x" * 3000, None),
    ],
)  # fmt: skip
def test_only_whole_addresses_of_the_web_become_links(url: str | None, shown: str | None) -> None:
    """And no name or password goes with them."""
    assert outside(url) == shown


def test_addresses_in_words() -> None:
    """A host without its www; an error without its passwords; the way up from a page."""
    assert host_of("https://www.a.example:8080/x") == "a.example"
    assert host_of("mailto:a@b.example") is None
    said = "x http://u:p@a/?key=1 y https://q@b/#z; w"
    assert without_secrets(said) == "x http://a/ y https://b/; w"
    assert without_secrets(said, all_of_it=True) == "x http://a/?key=1 y https://b/#z; w"
    assert without_secrets("at HTTPS://me:p@ss@a/x?a=1;key=2,b, again") == "at HTTPS://a/x, again"
    assert [root_of(path) for path in ("/", "/search", "/topics/a/")] == ["./", "./", "../../"]


def test_pages_that_are_files_need_nobody(tmp_path: Path) -> None:
    """The same bytes for the same values; every link leads to another file, a feed beside it, or an article."""
    room = reading_room(tmp_path / "wireroom.db")
    room.db.close()
    db = open_reader(room.path)
    card = TopicCard(id="all", name="all", title="All & <more>", match="sources:>=1", secret=False)
    page = topic_page(db, "all", "public")
    stories = [row for row, _ in page.stories]

    def made() -> tuple[bytes, bytes]:
        days = topic_volume(db, "all", iso(at(36)), 30)
        return (
            static_topic_page(card, page.stories, base_url="https://w.example/", archive=2, days=days),
            static_index([(card, stories[:3], page.stories[0][1].selected_at)]),
        )

    topic, index = made()
    assert (topic, index) == made()
    db.close()
    for text, root in ((topic, "../../"), (index, "./")):
        shown = Page("/", 200, {}, text)
        assert len(shown.all("//h1")) == 1
        assert not shown.all("//form | //script | //@style")
        assert b" ago" not in text
        for link in shown.all("//*[@href]"):
            address = link.get("href")
            files = rf"{re.escape(root)}(static/[\w.]+\?v=\w+|topics\.opml|(topics/all/)?|topics/all\.\w+)"
            assert re.match(r"https?://|#", address) or re.fullmatch(rf"{files}|\.\./all\.\w+|\./\d+\.atom", address), (
                address
            )
        titles = shown.texts("//*[@class='head']")
        assert titles == [row.title for row in stories[: len(titles)]] != []


def test_style_and_icon_are_there_and_name_nothing_elsewhere() -> None:
    """They are in the package, and load nothing."""
    files = static_files()

    assert {"style.css", "icon.svg"} <= set(files)
    for name in ("style.css", "owner.css"):
        assert not re.search(rb"url\(|@import|https?:", files[name].body), name


def test_a_long_change_is_told_in_short() -> None:
    """Texts with nothing in common: some of each; words that are alike far from any change are left out."""

    def entry(text: str) -> Entry:
        return version_of(["[]", "[]", None, "A title", None, "", None, text, None, None, 1])

    old, new = " ".join(f"a{n}" for n in range(9000)), " ".join(f"b{n}" for n in range(9000))
    alike = " ".join(f"c{n}" for n in range(500))
    revised = [
        Revised(number=n, at=f"2026-11-{n + 1:02}T00:00:00Z", meaningful=True, old=entry(one), new=entry(other))
        for n, (one, other) in enumerate([(old, new), *[(f"x {alike}", f"y {alike} z")] * 11])
    ]
    history = History(entry_id=1, source="wire", title="T", url=None, first_seen="", changes=tuple(revised))
    told, more = changes([history])

    assert (len(told), more) == (MAX_CHANGES, 12 - MAX_CHANGES)
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert [(part.kind, part.text) for part in told[0].text] == [
        ("removed", "x "),
        ("added", "y "),
        ("same", " ".join(f"c{n}" for n in range(12)) + " … " + " ".join(f"c{n}" for n in range(488, 500)) + " "),
        ("added", "z"),
    ]
    long = change(revised[0], history)
    assert [part.kind for part in long.text] == ["removed", "added"]
    assert all(len(part.text) <= MAX_RUN + 2 for part in long.text)
    assert long.cut
