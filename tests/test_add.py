"""`wireroom add`: what is found at an address, and what the config then says."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Any

import pytest

from db.model import Document
from factory import entry
from house import House, Result, until
from ingest.digest import DigestFault
from ingest.fetched import Fetched, Wanted
from origin import Answer, Asked, Origin, item, rss
from wireroom.add import AddError, Finder, Found

PAGE = b"<!doctype html><html><head><title>News</title></head><body>Hello</body></html>"
MARKED = '# mine\n[poll]   # polite\nallow = ["127.0.0.1:{port}"]\npause = "0s"\n\n# the end, without a line end'


def add(house: House, *words: str) -> dict[str, Any]:
    """Run `wireroom add --json` → what it tells."""
    done = house.wireroom("add", "--json", *words)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    return told


def refused(house: House, *words: str, code: int = 1) -> Result:
    """Run `wireroom add` that fails → how; nothing was written."""
    before = house.config.read_bytes()
    done = house.wireroom("add", *words)
    assert (done.code, done.out, "Traceback" in done.err) == (code, "", False), done.err
    assert house.config.read_bytes() == before
    return done


def sources(house: House) -> dict[str, dict[str, Any]]:
    """Read the sources of the config file, by id."""
    import tomllib

    read = tomllib.loads(house.config.read_text(encoding="utf-8"))
    return {row["id"]: row for row in read.get("source", [])}


def test_feed_is_shown_and_written(house: House, origin: Origin) -> None:
    """Title, format, newest entries with their dates, site; then the block, with every comment around it kept."""
    dated = [
        item(n, more=f"<pubDate>Mon, {n:02} Nov 2026 10:00:00 GMT</pubDate>", title=f"Day {n}")
        for n in (3, 9, 1, 2, 5, 4)
    ]
    origin.feed("/f", rss(*dated, title="Łódź Tägliche", more="<language>pl</language>"))
    text = MARKED.format(port=origin.port)
    house.config.write_text(text, encoding="utf-8")

    dry = house.wireroom("add", origin.url("/f"), "--tag", "desk:World News", "--every", "2h", "--dry-run")
    assert (dry.code, house.config.read_text(encoding="utf-8")) == (0, text)
    done = house.wireroom("add", origin.url("/f"), "--tag", "desk:World News", "--every", "2h")

    assert done.code == 0, done.err
    block = (
        f'[[source]]\nid    = "lodz-tagliche"\nurl   = "{origin.url("/f")}"\n'
        'tags  = ["desk:world-news"]\nevery = "2h"\n'
    )
    assert house.config.read_text(encoding="utf-8") == f"{text}\n\n{block}"
    for out in (done.out, dry.out):
        first, *_ = out.splitlines()
        assert first.startswith("Łódź Tägliche: rss20, 6 entries, language pl")
        days = [line.split() for line in out.splitlines() if "Day " in line]
        assert [(day[-3], day[-1]) for day in days] == [(f"2026-11-{n:02}", str(n)) for n in (9, 5, 4, 3, 2)]
        assert "http://news.example/" in out
        assert block in out
    assert "would be written to config.toml, line 8" in dry.out
    assert "written to config.toml, line 8" in done.out
    assert "no daemon" in done.out


def test_redirects_are_kept_as_far_as_they_are_permanent(house: House, origin: Origin) -> None:
    """A 301 is for good, a 302 for today."""
    origin.feed("/f", rss(item(1)))
    origin.feed("/g", rss(item(2), title="Other"))
    origin.routes["/301"] = Answer(status=301, headers={"Location": "/308"})
    origin.routes["/308"] = Answer(status=308, headers={"Location": "/f"})
    origin.routes["/302"] = Answer(status=302, headers={"Location": "/g"})
    house.configure({}, allow=origin.port)

    assert add(house, origin.url("/301"))["url"] == origin.url("/f")
    assert add(house, origin.url("/302"))["url"] == origin.url("/302")
    again = refused(house, origin.url("/308"))

    assert {id_: row["url"] for id_, row in sources(house).items()} == {
        "example-news": origin.url("/f"),
        "other": origin.url("/302"),
    }
    assert "in the config already: source 'example-news'" in again.err


def test_feed_that_a_source_has_moved_to_is_known(house: House, origin: Origin) -> None:
    """The archive remembers where a permanent redirect led: that place is polled already."""
    origin.feed("/f", rss(item(1)))
    house.configure({"old": origin.url("/old")}, allow=origin.port)
    house.poll()
    with contextlib.closing(sqlite3.connect(house.archive)) as db, db:
        db.execute("UPDATE sources SET moved_url = ?", [origin.url("/f")])
    (house.folder / "list.opml").write_text(f'<opml><outline text="A" xmlUrl="{origin.url("/f")}"/></opml>')

    assert "in the config already: source 'old'" in refused(house, origin.url("/f")).err
    assert "1 known already" in house.wireroom("import", "list.opml").out


def test_page_that_names_no_feed_is_asked_at_the_usual_places(house: House, origin: Origin) -> None:
    """One after another until one is a feed; an address without a scheme is https, then http."""
    origin.feed("/about", PAGE, "text/html")
    origin.feed("/feed", PAGE, "text/html")
    origin.feed("/atom.xml", rss(item(1)))
    house.configure({}, allow=origin.port)

    told = add(house, f"127.0.0.1:{origin.port}/about")

    assert told["url"] == origin.url("/atom.xml")
    assert [asked.path for asked in origin.asked] == ["/about", "/feed", "/rss.xml", "/atom.xml"]
    assert len(told["tried"]) == 3


def test_what_is_no_feed_is_named(house: House, origin: Origin) -> None:
    """A page, a picture, an error, nothing at all: exit code 1, one request or the few usual ones."""
    origin.feed("/page", PAGE, "text/html")
    origin.feed("/picture", b"\x89PNG\r\n\x1a\n", "image/png")
    house.configure({}, allow=origin.port)

    page = refused(house, origin.url("/page"))
    assert "HTML page" in page.err
    assert page.err.count("HTTP status 404") == 5
    origin.asked.clear()
    assert "not a feed" in refused(house, origin.url("/picture")).err
    assert "HTTP status 404" in refused(house, origin.url("/nothing")).err
    assert len(origin.asked) == 2
    for typed in ("javascript:alert(1)", "file:///etc/passwd", "ftp://a.example/", "http:a.example", "", "a b"):
        assert "no web address" in refused(house, typed, code=2).err


def test_private_address_is_refused_in_the_guards_words(house: House, origin: Origin) -> None:
    """Typed, or where a redirect leads; nothing arrives there."""
    origin.feed("/f", rss(item(1)))
    house.configure({})
    assert "[poll] allow" in refused(house, origin.url("/f")).err
    assert origin.asked == []

    house.configure({}, allow=origin.port)
    origin.routes["/away"] = Answer(status=301, headers={"Location": "http://127.0.0.1:9/f"})
    assert "127.0.0.1 port 9 is not a public address" in refused(house, origin.url("/away")).err


def test_credentials_are_kept_and_never_shown(house: House, origin: Origin) -> None:
    """In the config they are; on the screen and in the JSON they are not."""

    def guarded(asked: Asked) -> Answer:
        good = asked.headers.get("Authorization", "").startswith("Basic ")
        return Answer(rss(item(1)).encode(), headers={"Content-Type": "text/xml"}) if good else Answer(status=401)

    origin.routes["/f"] = guarded
    origin.routes["/moved"] = Answer(status=301, headers={"Location": "/f"})
    house.configure({}, allow=origin.port)
    secret = f"http://user:SENTINEL@127.0.0.1:{origin.port}"

    told = house.wireroom("add", f"{secret}/moved")
    again = house.wireroom("add", f"{secret}/f")
    gone = house.wireroom("add", f"{secret}/nothing", "--json")
    odd = house.wireroom("add", "http://user:SENTINEL@:x/")

    assert [one.code for one in (told, again, gone, odd)] == [0, 1, 1, 2]
    assert sources(house)["example-news"]["url"] == f"{secret}/f"
    assert "SENTINEL" not in "".join(one.out + one.err for one in (told, again, gone, odd))


def test_ids_are_checked_and_new(house: House, origin: Origin) -> None:
    """Made from the title, or from the host where that has no Latin letters; never one that is or was used."""
    for n, title in enumerate(("The News", "The News", "Новости", "")):
        origin.feed(f"/{n}", rss(item(n), title=title))
    house.configure({"the-news": "http://a.example/"}, 'was = ["the-news-2"]', allow=origin.port)

    made = [add(house, origin.url(f"/{n}"))["source"]["id"] for n in range(4)]
    assert made == ["the-news-3", "the-news-4", "127-0-0-1", "127-0-0-1-2"]

    origin.feed("/5", rss(item(5)))
    for words, error in {
        ("--id", "the-news-2"): "used already by source 'the-news'",
        ("--id", "Bad Id"): "can't be an id",
        ("--tag", "title:x"): "field of the query language",
        ("--tag", "x"): "is no tag",
        ("--every", "2"): "is no duration; write a number and s, m, h or d, such as",
    }.items():
        assert error in refused(house, origin.url("/5"), *words, code=2).err
    assert add(house, origin.url("/5"), "--id", "mine")["source"]["id"] == "mine"


def test_running_daemon_takes_the_new_source_over(house: House, origin: Origin) -> None:
    """Without a restart: it is polled, and its stories are published."""
    origin.feed("/f", rss(item(1)))
    origin.feed("/g", rss(item(2), title="Second"))
    topic = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
    house.configure({"f": origin.url("/f")}, topic, allow=origin.port)
    with house.daemon() as daemon:
        told = add(house, origin.url("/g"))

        assert told["daemon"] == {"state": "reloaded", "said": "2 sources"}
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 2, "the new source is not polled")
        house.config.write_text(house.config.read_text().replace(f":{house.port}", ":1"))
        refusal = add(house, "--id", "third", f"{origin.url('/f')}?x")

        assert (refusal["written"], refusal["daemon"]["state"]) == (True, "refused")
        assert "restart is needed to change [wireroom] listen" in refusal["daemon"]["said"]


class Web:
    """A made-up web for the finder: addresses, and what they turn out to be."""

    def __init__(self, pages: dict[str, DigestFault | Document]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Answer, if the address is known."""
        self.asked.append(wanted.url)
        plain = wanted.url.replace("user:pw@", "")
        if plain not in self.pages:
            return Fetched(outcome="unreachable", error="no such host")
        return Fetched(outcome="ok", body=b"<html>", url=plain, content_type="text/html")

    async def digest(self, _: bytes, __: Fetched, url: str) -> Document | DigestFault:
        """Say what the body is."""
        return self.pages[url]

    async def find(self, typed: str, *known: str) -> Found:
        """Find what is at ``typed``; ``known`` are in the config."""
        sources = [(url, f"s{n}") for n, url in enumerate(known)]
        return await Finder(fetch=self.fetch, digest=self.digest, known=sources).find(typed)


FEED = Document(format="rss20", title="News", site_url=None, language=None, ttl_s=None, entries=(entry("1"),))


def page(*offers: str) -> DigestFault:
    """Make a page that offers feeds."""
    return DigestFault(kind="not-a-feed", message="an HTML page", offers=offers)


async def test_feeds_that_a_page_offers_are_tried_in_order() -> None:
    """The first that is a feed is taken, the others are listed; what is no web address is none."""
    offers = ("javascript:x", "https://a.example/dead", "https://x:y@a.example/feed#top", "https://a.example/comments")
    web = Web({"https://a.example/": page(*offers), "https://a.example/feed": FEED})

    found = await web.find("feed://a.example/")

    assert found.url == "https://a.example/feed"
    assert found.others == ("https://a.example/dead", "https://a.example/comments")
    assert web.asked == ["https://a.example/", "https://a.example/dead", "https://a.example/feed"]


async def test_no_more_than_five_offers_are_tried() -> None:
    """A page may list a thousand; each that was asked is named."""
    offers = [f"https://a.example/{n}" for n in range(1000)]
    web = Web({"https://a.example/": page(*offers)})

    with pytest.raises(AddError, match="no feed that it offers can be read") as caught:
        await web.find("https://a.example/")

    assert web.asked[1:] == offers[:5]
    assert str(caught.value).count("no such host") == 5


async def test_offer_that_is_in_the_config_names_its_source_and_the_other_offers() -> None:
    """Then the page's main feed is there already."""
    web = Web({"https://a.example/": page("https://a.example/feed", "https://a.example/comments")})

    with pytest.raises(AddError, match="source 's0'") as caught:
        await web.find("https://a.example/", "https://A.example/feed")

    assert "https://a.example/comments" in str(caught.value)
    assert web.asked == ["https://a.example/"]


async def test_credentials_go_to_offers_of_the_same_origin_only() -> None:
    """Another host, port or scheme gets none."""
    other = ("http://a.example/feed", "https://a.example:8443/feed", "https://b.example/feed", "https://a.example/feed")
    web = Web({"https://a.example/": page(*other), "https://a.example/feed": FEED})

    found = await web.find("https://user:pw@a.example/")

    assert [url for url in web.asked if "pw" in url] == ["https://user:pw@a.example/", "https://user:pw@a.example/feed"]
    assert found.url == "https://user:pw@a.example/feed"


async def test_scheme_is_tried_both_ways() -> None:
    """Https first; http only where that gives no answer; both are told if neither does."""
    web = Web({"http://a.example/feed": FEED})

    assert (await web.find("a.example/feed")).url == "http://a.example/feed"
    assert (await web.find("feed:http://a.example/feed")).url == "http://a.example/feed"
    with pytest.raises(AddError) as caught:
        await web.find("b.example")

    assert web.asked == [
        "https://a.example/feed",
        *["http://a.example/feed"] * 2,
        "https://b.example",
        "http://b.example",
    ]
    assert str(caught.value).count("no such host") == 2
