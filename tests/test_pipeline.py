"""From sources to topic feeds, through the command line, a real loopback origin and a real archive."""

from __future__ import annotations

import json
from pathlib import Path

import feedparser
import pytest

from house import House
from origin import Answer, Asked, Origin, item, rss

TOPICS = """
[[rule]]
id = "ports"
tag = "subject:ports"
match = 'ports OR harbour'

[[topic]]
id = "all"
title = "Everything"
match = 'NOT zzzzzz'

[[topic]]
id = "ports"
title = "Ports & harbours"
match = 'subject:ports'
"""
LONG = "Ministers of nine countries met on Tuesday to discuss the reopening of the northern ports before the winter."
STATE = ("entries", "entry_keys", "revisions", "stories", "story_tags", "tags", "selections", "topics")


def snapshot(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that a second poll of the same bytes must leave alone."""
    return {table: house.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in STATE}


def read(house: House, topic: str, suffix: str = "rss") -> feedparser.FeedParserDict:
    """Read a published feed back."""
    import io

    return feedparser.parse(io.BytesIO((house.folder / "public" / "topics" / f"{topic}.{suffix}").read_bytes()))


def test_one_report_in_three_sources_is_one_item_with_three_sources(house: House, origin: Origin) -> None:
    """Different ids, links and trackers, one text: one story, one item, all its coverage named with links."""
    for name in ("a", "b", "c"):
        more = f"<link>https://{name}.example/story?utm_source=feed</link><guid isPermaLink='false'>{name}-77</guid>"
        origin.feed(
            f"/{name}", rss(f"<item>{more}<title>Ministers meet</title><description>{LONG}</description></item>")
        )
    house.configure({name: origin.url(f"/{name}") for name in ("a", "b", "c")}, TOPICS, allow=origin.port)

    result = house.poll()

    assert (result["new_stories"], result["new_entries"], result["failed"]) == (1, 3, 0)
    assert sorted(house.rows("SELECT source, guid FROM coverage")) == [("a", "a-77"), ("b", "b-77"), ("c", "c-77")]
    (shown,) = read(house, "ports").entries
    (atom,) = read(house, "ports", "atom").entries
    (jsoned,) = json.loads((house.folder / "public/topics/ports.json").read_text())["items"]
    assert shown.id == atom.id == jsoned["id"] == house.rows("SELECT guid FROM published WHERE topic = 'ports'")[0][0]
    for name in ("a", "b", "c"):
        assert f"https://{name}.example/story" in jsoned["content_html"]
    assert {"subject:ports"} <= {tag.term for tag in atom.tags}


def test_same_bytes_again_change_nothing(house: House, origin: Origin) -> None:
    """A second poll changes only the polls and the source's poll state, with and without a body hash to go by."""
    body = rss(*(item(n) for n in range(20)))
    origin.feed("/f", body)
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    before, files = snapshot(house), [p.read_bytes() for p in sorted((house.folder / "public").rglob("*.*"))]

    house.poll()
    origin.feed("/f", body.replace("<description>d", "<description>another channel line"))
    house.poll()

    assert snapshot(house) == before
    assert [p.read_bytes() for p in sorted((house.folder / "public").rglob("*.*"))] == files
    assert house.rows("SELECT outcome, new, changed FROM polls ORDER BY id") == [
        ("ok", 20, 0),
        ("unchanged", 0, 0),
        ("ok", 0, 0),
    ]


def test_changed_entry_becomes_a_revision_and_keeps_its_item(house: House, origin: Origin) -> None:
    """The entry and the story say the new text; what was said before is kept; the item keeps its id."""
    origin.feed("/f", rss(item(1, text="A first version of the words.")))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    guids = house.rows("SELECT * FROM published")

    origin.feed("/f", rss(item(1, text="A second version, corrected, of the harbour report.")))
    result = house.poll()

    assert (result["changed"], result["new_entries"]) == (1, 0)
    assert house.rows("SELECT number, text FROM revisions") == [(1, "A first version of the words.")]
    assert house.rows("SELECT text FROM stories") == [("A second version, corrected, of the harbour report.",)]
    assert house.rows("SELECT topic, guid FROM published WHERE topic = 'all'") == [
        (topic, guid) for topic, _, _, guid, *_ in guids if topic == "all"
    ]
    assert "second version" in read(house, "all").entries[0].description
    assert len(read(house, "ports").entries) == 1, "the correction made it match"
    found = json.loads(house.wireroom("search", "corrected", "--json").out)
    assert [row["story_id"] for row in found] == [1]
    assert json.loads(house.wireroom("search", '"first version"', "--json").out) == []


def test_renamed_publisher_is_named_so_in_the_output(house: House, origin: Origin) -> None:
    """A source's title is part of its items: a new one reaches the published feeds with the same items."""
    origin.feed("/f", rss(item(1), title="Old Name"))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    guid = read(house, "all").entries[0].id
    origin.feed("/f", rss(item(1), title="New Name"))
    house.poll()

    (shown,) = read(house, "all").entries
    assert (shown.id, shown.source.title) == (guid, "New Name")


def test_entry_that_leaves_and_comes_back_is_the_same(house: House, origin: Origin) -> None:
    """``last_seen`` follows the polls while an entry is listed, is kept when it leaves, and a return is no news."""
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    origin.feed("/f", rss(item(2), item(3)))
    house.poll()
    gone = house.rows("SELECT guid FROM entries WHERE last_seen IS NOT NULL")
    origin.feed("/f", rss(item(1), item(3)))
    result = house.poll()

    assert gone == [("id-1",)]
    assert result["new_entries"] == 0
    assert house.rows("SELECT guid FROM entries WHERE last_seen IS NULL ORDER BY guid") == [("id-1",), ("id-3",)]
    assert house.rows("SELECT count(*) FROM coverage WHERE last_seen IS NULL") == [(0,)]


@pytest.mark.parametrize(
    "broken", ["", "<html><body>Sign in</body></html>", rss(), rss(item(1)).replace("</item>", "")[:200]]
)
def test_error_page_or_empty_feed_removes_nothing_and_stores_no_validator(
    house: House, origin: Origin, broken: str
) -> None:
    """What is no whole feed neither lists entries as gone nor leaves a validator that would hide them."""
    origin.feed("/f", rss(item(1), item(2)), ETag='"good"')
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    origin.feed("/f", broken, ETag='"bad"')
    house.poll()
    house.poll()

    assert house.rows("SELECT count(*) FROM entries WHERE last_seen IS NULL") == [(2,)]
    assert house.rows("SELECT count(*) FROM sources WHERE etag = '\"bad\"'") == [(0,)]
    assert all(asked.headers.get("If-None-Match") != '"bad"' for asked in origin.asked)


def test_conditional_get_sends_validators_byte_for_byte(house: House, origin: Origin) -> None:
    """Weak and odd validators come back as they were, and a 304 ends the poll."""

    def answer(asked: Asked) -> Answer:
        if (
            asked.headers.get("If-None-Match") == 'W/"odd one"'
            and asked.headers.get("If-Modified-Since") == "yesterday"
        ):
            return Answer(status=304)
        headers = {"ETag": 'W/"odd one"', "Last-Modified": "yesterday", "Content-Type": "text/xml"}
        return Answer(rss(item(1)).encode(), headers=headers)

    origin.routes["/f"] = answer
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)

    outcomes = [house.poll()["polled"][0]["outcome"] for _ in range(3)]

    assert outcomes == ["ok", "not-modified", "not-modified"]
    for asked in origin.asked:
        assert asked.headers["User-Agent"].startswith("Wireroom/")
        assert not {"Cookie", "Referer"} & set(asked.headers)


def test_each_kind_of_bad_source_gets_one_clear_error_and_harms_no_other(house: House, origin: Origin) -> None:
    """Health names each failure; the good source is read; the round is completed (exit code 0)."""
    origin.feed("/good", rss(item(1)))
    origin.feed("/html", "<!DOCTYPE html><html><head><title>Hi</title></head><body>no feed</body></html>", "text/html")
    origin.feed("/big", b"<rss>" + b" " * 20_000_000)
    origin.feed("/malformed", "<rss version='2.0'><channel><item><title>a</title")
    origin.routes["/gone"] = Answer(status=410)
    origin.routes["/broken"] = Answer(status=500)
    origin.routes["/later"] = Answer(status=503, headers={"Retry-After": "3600"})
    origin.routes["/loop"] = Answer(status=302, headers={"Location": "/loop"})
    origin.routes["/inward"] = Answer(status=302, headers={"Location": "http://127.0.0.1:1/"})
    origin.routes["/unasked"] = Answer(status=304)
    paths = ["good", "html", "big", "gone", "broken", "later", "loop", "inward", "unasked", "missing"]
    sources = {path: origin.url(f"/{path}") for path in paths}
    sources |= {"closed": "http://127.0.0.1:9/", "file": "samples/none.xml"}
    house.configure(sources, TOPICS, allow=origin.port)

    done = house.wireroom("poll")

    assert done.code == 0
    health = dict(house.rows("SELECT config_id, last_outcome FROM sources"))
    assert health == {
        "good": "ok",
        "html": "not-a-feed",
        "big": "too-large",
        "gone": "gone",
        "broken": "http-error",
        "later": "throttled",
        "loop": "refused",
        "inward": "refused",
        "unasked": "http-error",
        "missing": "http-error",
        "closed": "refused",
        "file": "no-file",
    }
    errors = dict(house.rows("SELECT config_id, last_error FROM sources WHERE last_outcome <> 'ok'"))
    for source, error in errors.items():
        assert error
        assert "\n" not in error
        assert f"{source}: {health[source]}: {error}" in done.out
    assert "Traceback" not in done.err
    assert len(read(house, "all").entries) == 1


def test_forced_poll_obeys_retry_after_and_gone(house: House, origin: Origin) -> None:
    """`wireroom poll` ignores spacing, but not what a server has asked for."""
    origin.routes["/gone"] = Answer(status=410)
    origin.routes["/later"] = Answer(status=429, headers={"Retry-After": "3600"})
    origin.feed("/good", rss(item(1)))
    house.configure({path: origin.url(f"/{path}") for path in ("gone", "later", "good")}, allow=origin.port)
    house.poll()
    result = house.poll()

    assert sorted((one["source"], one["why"]) for one in result["waiting"]) == [
        ("gone", "gone"),
        ("later", "Retry-After"),
    ]
    assert [asked.path for asked in origin.asked].count("/later") == 1
    assert [asked.path for asked in origin.asked].count("/good") == 2


def test_due_only_takes_what_is_due(house: House, origin: Origin) -> None:
    """`--due` right after a round polls nothing."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, allow=origin.port)

    assert len(house.poll("--due")["polled"]) == 1
    assert house.poll("--due")["polled"] == []
    assert len(house.poll()["polled"]) == 1


def test_exit_code_says_when_every_source_failed(house: House, origin: Origin) -> None:
    """1 when nothing could be read, and 2 for a source that is not there."""
    house.configure({"f": origin.url("/nothing")}, allow=origin.port)

    assert house.wireroom("poll").code == 1
    missing = house.wireroom("poll", "ff")
    assert (missing.code, "did you mean 'f'" in missing.err) == (2, True)


def test_new_topic_is_filled_and_an_edited_one_selects_from_then_on(house: House, origin: Origin) -> None:
    """A topic that is new takes its newest matches at once, newest on top; an edit changes nothing of the past."""
    origin.feed("/f", rss(*(item(n) for n in range(9, 0, -1))))
    house.configure({"f": origin.url("/f")}, allow=origin.port)
    house.poll()
    topic = '[[topic]]\nid = "t"\ntitle = "T"\nmatch = "{}"\nlimit = 3\n'

    house.configure({"f": origin.url("/f")}, topic.format("story"), allow=origin.port)
    house.poll()
    filled = house.rows("SELECT story_id, number FROM published WHERE topic = 't' ORDER BY number")
    house.configure({"f": origin.url("/f")}, topic.format("nothing"), allow=origin.port)
    origin.feed("/f", rss(item(10), item(9)))
    house.poll()

    assert filled == [(7, 1), (8, 2), (9, 3)]
    assert [entry.title for entry in read(house, "t").entries] == [f"Story number {n}" for n in (9, 8, 7)]
    assert house.rows("SELECT story_id, number FROM published WHERE topic = 't' ORDER BY number") == filled


def test_renamed_source_and_topic_keep_their_history(house: House, origin: Origin) -> None:
    """`was` carries entries, selections and their ids over to the new name; a new url keeps the source too."""
    origin.feed("/f", rss(item(1), item(2)))
    origin.feed("/new", rss(item(1), item(2), item(3)))
    topic = '[[topic]]\nid = "{}"\ntitle = "T"\nmatch = "story"\n{}\n'
    house.configure({"old": origin.url("/f")}, topic.format("before", ""), allow=origin.port)
    house.poll()
    guids = house.rows("SELECT guid FROM published ORDER BY number")

    house.configure({}, topic.format("after", 'was = ["before"]'), allow=origin.port)
    with house.config.open("a") as config:
        config.write(f'[[source]]\nid = "new"\nwas = ["old"]\nurl = "{origin.url("/new")}"\n')
    result = house.poll()

    assert result["new_entries"] == 1
    assert house.rows("SELECT DISTINCT source FROM coverage") == [("new",)]
    assert house.rows("SELECT topic, guid FROM published ORDER BY number")[:2] == [("after", g) for (g,) in guids]


def test_hostile_words_stay_words(house: House, origin: Origin) -> None:
    """Scripts, templates, CDATA ends and control characters in every field: the feeds stay whole and harmless."""
    evil = "]]&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}&#27;[2J"
    origin.feed(
        "/f",
        rss(item(1, title=evil, text=evil, more=f"<category>{evil}</category><author>{evil}</author>"), title=evil),
    )
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()

    for suffix in ("rss", "atom"):
        (entry,) = read(house, "all", suffix).entries
        assert "<script" not in str(entry.get("content") or entry.description)
    done = house.wireroom("search", "story")
    assert "\x1b" not in done.out


def test_folded_words_are_found(house: House, origin: Origin) -> None:
    """Türkiye, łódź, ısparta and Chinese are found by what people type."""
    text = "Türkiye, Łódź and Isparta (ısparta): 中国外交部发言人说"
    origin.feed("/f", rss(item(1, text=text), item(2)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()

    for query in (
        "turkiye",
        "Türkiye",
        "lodz",
        "łódź",
        "ISPARTA",
        "ısparta",
        "外交部",
        '"lodz and isparta"',
        "title:number",
    ):
        rows = json.loads(house.wireroom("search", query, "--json").out)
        assert "Story number 1" in [row["title"] for row in rows], query


def test_archive_opens_in_sqlite_utils(house: House, origin: Origin) -> None:
    """The sqlite-utils command finds the search on its own."""
    import subprocess
    import sys

    origin.feed("/f", rss(item(1), item(2, text="A word nobody else has: quagga.")))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    command = [sys.executable, "-m", "sqlite_utils", "search", str(house.archive), "stories", "quagga"]

    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert [row["title"] for row in found] == ["Story number 2"]


def test_file_sources_need_no_network(house: House, tmp_path: Path) -> None:
    """A path in the config is read as a file, relative to the config."""
    (tmp_path / "feed.xml").write_text(rss(item(1)))
    house.configure({"f": "feed.xml"}, TOPICS)

    assert house.poll()["new_stories"] == 1
    assert house.poll()["polled"][0]["outcome"] == "unchanged"
