"""Revisions through real polls: what is kept, what moves a story's time of update, what `wireroom diff` shows."""

from __future__ import annotations

import json
from typing import Any

import feedparser

from house import House
from newsroom import Newsroom, Printed
from origin import Origin, item, rss
from prose import Report

TOPICS = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "ferry OR update OR story"\n'
TEXT = "The ferry left the harbour at dawn with too many people on board. Rescuers found it an hour later."


def polled(house: House, origin: Origin, *texts: str, title: str = "Ferry sinks") -> None:
    """Poll one item, as it says each of these texts in turn."""
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    for text in texts:
        origin.feed("/f", rss(item(1, title=title, text=text)))
        assert house.poll()["failed"] == 0


def written(house: House, origin: Origin, *texts: str, title: str = "Ferry sinks") -> None:
    """Write what such polls bring without a process for each, whenever asked from where it stands."""
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    room = Newsroom(house.archive, ("f",))
    hour = room.value("SELECT count(*) FROM polls")
    for n, text in enumerate(texts, start=1):
        room.poll("f", Printed("1", Report(title, (text,)), hour=None), hour=hour + n)
    room.db.close()


def moved_back(house: House) -> None:
    """Put all times of update into the past, so that a new one shows."""
    import sqlite3

    with sqlite3.connect(house.archive) as db:
        db.execute("UPDATE stories SET updated = '2020-01-01T00:00:00Z', first_seen = '2020-01-01T00:00:00Z'")
        db.execute("UPDATE selections SET selected_at = '2020-01-01T00:00:00Z'")
    db.close()


def is_moved(house: House) -> bool:
    """Tell whether the story counts as updated since."""
    ((updated,),) = house.rows("SELECT updated FROM stories")
    return bool(updated != "2020-01-01T00:00:00Z")


def shown(house: House, *words: str) -> Any:
    """Run the command for JSON."""
    return json.loads(house.wireroom("diff", "--json", *words).out)


def test_view_counter_moves_nothing_and_fills_nothing(house: House, origin: Origin) -> None:
    """Story and item follow it, nobody is told, and however often it ticks one revision is kept."""
    polled(house, origin, f"{TEXT}<br>1,204 views")
    moved_back(house)
    polled(house, origin, *(f"{TEXT}<br>1,{n} views" for n in (205, 377, 500)))

    assert not is_moved(house)
    assert house.rows("SELECT number, text, meaningful FROM revisions") == [(1, f"{TEXT}\n1,204 views", 0)]
    assert house.rows("SELECT text FROM stories") == [(f"{TEXT}\n1,500 views",)]
    assert house.rows("SELECT changed FROM polls ORDER BY id") == [(0,), (1,), (1,), (1,)]
    (entry,) = feedparser.parse((house.folder / "public/topics/all.atom").read_bytes()).entries
    assert "1,500 views" in entry.content[0].value
    assert entry.updated < "2026", "its item says when it was last told of"


def test_new_date_with_a_minor_change_is_passed_over(house: House, origin: Origin) -> None:
    """A feed that dates each item anew when its counter ticks: the first date stays, nothing moves."""
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    for day, count in ((2, 10), (3, 20)):
        dated = f"<pubDate>0{day} Nov 2026 10:00:00 GMT</pubDate>"
        origin.feed("/f", rss(item(1, text=f"{TEXT} {count} views", more=dated)))
        house.poll()

    assert house.rows("SELECT published FROM entries") == house.rows("SELECT published FROM stories")
    assert house.rows("SELECT published FROM stories") == [("2026-11-02T10:00:00Z",)]
    (entry,) = feedparser.parse((house.folder / "public/topics/all.atom").read_bytes()).entries
    assert entry.published == "2026-11-02T10:00:00+00:00"
    assert entry.updated_parsed == entry.published_parsed, "but for the fraction that tells items of one second apart"


def test_meaningful_change_is_told(house: House, origin: Origin) -> None:
    """The story's time of update moves, in the archive and in the output, under the same item."""
    polled(house, origin, f"{TEXT} 12 people died.")
    (before,) = feedparser.parse((house.folder / "public/topics/all.atom").read_bytes()).entries
    moved_back(house)
    polled(house, origin, f"{TEXT} 14 people died.")

    assert is_moved(house)
    (after,) = feedparser.parse((house.folder / "public/topics/all.atom").read_bytes()).entries
    assert after.id == before.id
    assert after.updated >= before.updated
    assert house.rows("SELECT number, meaningful FROM revisions") == [(1, 1)]


def test_live_blog_keeps_every_meaningful_version(house: House, origin: Origin) -> None:
    """Typos between them leave one revision at most; each post that was added leaves its own."""
    posts = [f"Update number {n} of the live report." for n in range(6)]
    versions = [" ".join([TEXT, *posts[:n]]) for n in range(1, 6)]
    written(house, origin, *versions, versions[-1].replace("harbour", "harbor"), versions[-1])
    written(house, origin, " ".join([TEXT, *posts]))

    kept = house.rows("SELECT number, text, meaningful FROM revisions ORDER BY number")
    assert [text for _, text, _ in kept] == [*versions, versions[-1]]
    assert [meaningful for _, _, meaningful in kept] == [1, 1, 1, 1, 0, 1]
    assert [number for number, _, _ in kept] == [1, 2, 3, 4, 5, 6]
    (entry,) = shown(house, "1")["entries"]
    assert [change["number"] for change in entry["changes"]] == [1, 2, 3, 4, 6]
    added = [[run["text"] for run in change["text"] if run["kind"] == "added"] for change in entry["changes"]]
    assert added == [[post] for post in posts[1:]]


def test_text_that_flaps_is_told_of_three_times(house: House, origin: Origin) -> None:
    """Two servers that disagree answer in turns: neither readers nor the archive get it for ever."""
    one, other = f"{TEXT} 12 died.", f"{TEXT} 14 died."
    written(house, origin, one, other, one, other)
    moved_back(house)
    written(house, origin, one, other, one, other, one)

    assert not is_moved(house)
    assert house.rows("SELECT meaningful FROM revisions ORDER BY number") == [(1,), (1,), (1,), (0,)]


def test_diff_shows_words_by_entry_and_source(house: House, origin: Origin) -> None:
    """Title and text word by word, each entry under its source, minor changes only when asked for."""
    copy = rss(item(9, title="Ferry sinks, 12 dead", text=TEXT).replace("/story/9", "/story/1"), title="B")
    origin.feed("/b", copy)
    origin.feed("/f", rss(item(1, title="Ferry sinks, 12 dead", text=TEXT)))
    house.configure({"f": origin.url("/f"), "b": origin.url("/b")}, TOPICS, allow=origin.port)
    house.poll("f")
    house.poll("b")
    changed = TEXT.replace("dawn", "noon")
    origin.feed("/f", rss(item(1, title="Ferry sinks, 14 dead", text=changed)))
    house.poll("f")
    origin.feed("/f", rss(item(1, title="Ferry sinks, 14 dead", text=changed.replace("harbour", "harbor"))))
    house.poll("f")

    done = house.wireroom("diff", "1")
    assert done.code == 0, done.err
    assert "story 1: Ferry sinks, 14 dead" in done.out
    assert "title: Ferry sinks, [-12-]{+14+} dead" in done.out
    assert "The ferry left the harbour at [-dawn-]{+noon+} with too many people on board. Rescuers found …" in done.out
    assert "harbor " not in done.out
    assert "1 minor change not shown; --all shows them" in done.out
    assert "\x1b" not in done.out
    assert done.out.index("f, entry") < done.out.index("b, entry") < done.out.index("has not changed")
    assert (
        "minor: text\n    The ferry left the [-harbour-]{+harbor+} at noon" in house.wireroom("diff", "1", "--all").out
    )
    first, second = shown(house, "1", "--all")["entries"]
    assert (first["source"], second["source"], second["changes"]) == ("f", "b", [])
    assert [change["parts"] for change in first["changes"]] == [["title", "text"], ["text"]]
    assert {"kind": "removed", "text": "dawn "} in first["changes"][0]["text"]


def test_diff_makes_control_characters_visible(house: House, origin: Origin) -> None:
    """What a feed says can't command the terminal."""
    polled(house, origin, "It ended with the first story.", "It ended\u202e\u009b31m with the second story.")

    out = house.wireroom("diff", "1").out
    assert "second" in out
    assert "\u202e" not in out
    assert "\u009b" not in out


def test_diff_finds_a_story_or_says_what_to_do(house: House, origin: Origin) -> None:
    """An unknown story is wrong usage, with the mend; one is known by its number, its item's id, or its address."""
    polled(house, origin, TEXT)

    done = house.wireroom("diff", "77")
    assert (done.code, done.out) == (2, "")
    assert "there is no story 77; `wireroom search`" in done.err
    assert house.wireroom("diff", "x").code == house.wireroom("diff", str(2**63)).code == 2
    ((guid,),) = house.rows("SELECT guid FROM published")
    assert shown(house, guid)["story_id"] == shown(house, "http://news.example/story/1")["story_id"] == 1


def test_diff_follows_a_story_that_turned_out_to_be_another(house: House, origin: Origin) -> None:
    """The younger number leads to the older story, and the command says so."""
    import sqlite3

    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    with sqlite3.connect(house.archive) as db:
        db.execute("UPDATE entries SET story_id = 1")
        db.execute("UPDATE stories SET merged_into = 1 WHERE id = 2")
    db.close()

    done = house.wireroom("diff", "2")
    assert done.code == 0
    assert "story 2 turned out to be story 1" in done.err
    assert done.out.startswith("story 1: ")
    assert done.out.count("has not changed") == 2
