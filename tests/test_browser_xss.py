"""300 payloads in every field of a feed, through the whole of Wireroom: none runs, loads or leads anywhere. A browser.

Each payload has a feed of its own, in one of the three formats, and is in every field of that and of its one story; the
story is then changed, so that its revisions have it too. The browser heeds our Content-Security-Policy in some tests,
where a script that is merely kept from running would be complained of; in others it does not: there it would run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from sqlite_utils import Database

from browser import AUDIT, Browser, Tab, running_browser, sync_api
from house import House
from office import TOKEN, Office, running_office
from origin import Origin, running_origin
from xss import payloads

pytestmark = pytest.mark.needs("chromium")

PAYLOADS = payloads()
STEP = 1 if os.environ.get("WIREROOM_ALL_PAYLOADS") else 4
"""Each so many payloads are shown on pages of their own; all are in lists. It falls on all formats in turn."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOPIC = """
[[topic]]
id = "all"
title = "All <script>alert(0)</script>"
match = "NOT zzz"
limit = 1000
"""
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def words(n: int, edition: int) -> str:
    """Write a text that is no other's; most of it is new in each edition."""
    return " ".join(f"w{n}e{edition}x{k}" for k in range(25))


def link_of(n: int, payload: str) -> str:
    """Give the payload as an address, or as part of one."""
    return payload if n % 2 else f"http://news.example/{n}/{payload}"


def rss(n: int, payload: str, edition: int) -> str:
    """Write it into every field of an RSS feed."""
    p, link = escape(payload), escape(link_of(n, payload))
    return f"""<rss version="2.0" {NAMESPACES}><channel>
<title>{p}</title><link>{link}</link><description>{p}</description>
<language>{p}</language><copyright>{p}</copyright><generator>{p}</generator><itunes:author>{p}</itunes:author>
<image><url>{link}</url><title>{p}</title><link>{link}</link></image><itunes:image href="{link}"/>
<item><title>{p}</title><link>{link}</link><guid>{p}-{n}</guid><author>{p}</author><dc:creator>{p}</dc:creator>
<category domain="{p}">{p}</category><description>{words(n, edition)} {p}</description>
<content:encoded>{p} {words(n, edition)} {p}</content:encoded><comments>{link}</comments><dc:language>{p}</dc:language>
<enclosure url="{link}" type="{p}" length="{p}"/><source url="{link}">{p}</source>
<itunes:duration>{p}</itunes:duration>
<media:content url="{link}" type="{p}" medium="image"><media:title>{p}</media:title></media:content>
<media:thumbnail url="{link}"/><itunes:image href="{link}"/><itunes:episode>{p}</itunes:episode>
</item></channel></rss>"""


def atom(n: int, payload: str, edition: int) -> str:
    """Write it into every field of an Atom feed."""
    p, link = escape(payload), escape(link_of(n, payload))
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{p}" xml:base="{link}"><title type="html">{p}</title>
<id>{p}-f{n}</id><link href="{link}"/><link rel="self" href="{link}"/><icon>{link}</icon><logo>{link}</logo>
<subtitle>{p}</subtitle><author><name>{p}</name><uri>{link}</uri><email>{p}</email></author><generator uri="{link}">{p}
</generator><entry xml:lang="{p}"><title type="{"html" if n % 4 else "text"}">{p}</title><id>{p}-{n}</id>
<link href="{link}" title="{p}" type="{p}"/><link rel="enclosure" href="{link}" type="{p}" length="{p}"/>
<author><name>{p}</name><uri>{link}</uri></author><category term="{p}" label="{p}" scheme="{p}"/>
<rights>{p}</rights><summary type="html">{p}</summary>
<content type="html">{words(n, edition)} {p}</content></entry></feed>"""


def json_feed(n: int, payload: str, edition: int) -> str:
    """Write it into every field of a JSON Feed."""
    link, author = link_of(n, payload), {"name": payload, "url": link_of(n, payload), "avatar": link_of(n, payload)}
    story = {
        "id": f"{payload}-{n}",
        "url": link,
        "external_url": link,
        "title": payload,
        "content_html": f"{words(n, edition)} {payload}",
        "summary": payload,
        "image": link,
        "banner_image": link,
        "tags": [payload],
        "language": payload,
        "authors": [author],
        "attachments": [{"url": link, "mime_type": payload, "title": payload, "size_in_bytes": n}],
    }
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": payload, "home_page_url": link, "icon": link}
    more = {"favicon": link, "language": payload, "description": payload, "authors": [author], "items": [story]}
    return json.dumps({**feed, **more})


def serve(origin: Origin, edition: int) -> None:
    """Put a feed for each payload onto the origin; what XML can't say is said in JSON."""
    for n, payload in enumerate(PAYLOADS, 1):
        if NOT_XML.search(payload) or n % 3 == 0:
            origin.feed(f"/{n}", json_feed(n, payload, edition), "application/feed+json")
        else:
            origin.feed(f"/{n}", rss(n, payload, edition) if n % 3 == 1 else atom(n, payload, edition))


@dataclass
class Rig:
    """A daemon that has all payloads, and a browser before it."""

    office: Office
    browser: Browser
    stories: list[int]
    origin: Origin


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One daemon and one browser for the module."""
    with running_origin() as origin:
        serve(origin, 1)
        house = House(tmp_path_factory.mktemp("house"))
        sources = {f"s{n}": origin.url(f"/{n}") for n in range(1, len(PAYLOADS) + 1)}
        house.configure(sources, TOPIC, allow=origin.port, poll="per_host = 60")
        text = house.config.read_text()
        house.config.write_text(text.replace("[wireroom]\n", f'[wireroom]\ntoken = "{TOKEN}"\ndedupe = "off"\n', 1))
        with running_office(house) as office:
            first = office.do(do="poll", sources=[], due=False)
            serve(origin, 2)
            second = office.do(do="poll", sources=[], due=False)
            assert (first["failed"], second["failed"]) == (0, 0)
            asyncio.run_coroutine_threadsafe(office.engine.write(make_events), office.loop).result(60)
            stories = [id_ for (id_,) in house.rows("SELECT id FROM stories WHERE merged_into IS NULL ORDER BY id")]
            with running_browser(office.url) as browser:
                yield Rig(office, browser, stories, origin)


def make_events(db: Database) -> None:
    """Put all stories into two events, as their texts alone would not."""
    times = "2026-11-26T00:00:00Z"
    for id_ in (1, 2):
        db.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?, 1, 1, x'')", [id_, times, times])
        db.execute("UPDATE stories SET event_id = ? WHERE id % 2 = ?", [id_, id_ % 2])


def sign_in(tab: Tab) -> None:
    """Sign in."""
    tab.open("owner/sign-in")
    tab.page.get_by_label("Token").fill(TOKEN)
    tab.press("Sign in")


def lists(rig: Rig) -> Iterator[str]:
    """List the pages that list stories or sources, all of their parts."""
    yield from ("", *(f"sources?page={n}" for n in range(1, 5)), "events/1", "events/2")
    for address, where in (("topics/all/", ""), ("search", "&q=seen:>2000")):
        before: Any = None
        while True:
            path = f"{address}?{where[1:]}" + (f"&before={before}" if before else "")
            yield path
            found = re.search(r"[?&;]before=(\d+)", rig.office.ask("/" + path).text)
            if found is None or found[1] == before:
                break
            before = found[1]


def test_there_are_payloads_that_run_where_nothing_keeps_them(rig: Rig) -> None:
    """What the other tests look for is seen: dialogs, strangers that are asked, what is there."""
    body = (
        "".join(PAYLOADS[n] for n in (0, 5, 20)) + "<img src=x onerror=alert(7)><img src='https://evil.example/1.gif'>"
    )
    with rig.browser.tab(lawless=True) as tab:
        tab.page.set_content(body)
        tab.page.wait_for_timeout(200)
        assert tab.seen.dialogs
        assert tab.seen.foreign
        assert {"<script>", "img[onerror]"} <= set(tab.audit())


def test_every_payload_has_come_in(rig: Rig) -> None:
    """As a story with its text, and as the text before that."""
    assert len(PAYLOADS) >= 300
    assert len(set(PAYLOADS)) == len(PAYLOADS)
    assert len(rig.stories) == len(PAYLOADS)
    ((revised,),) = rig.office.house.rows("SELECT count(DISTINCT entry_id) FROM revisions")
    assert revised == len(PAYLOADS)


def test_no_payload_does_anything_in_lists(rig: Rig) -> None:
    """Of topics, of what was found, of sources, to readers; every other one where a browser heeds no policy."""
    for lawless in (False, True):
        with rig.browser.tab(lawless=lawless) as tab:
            for path in list(lists(rig))[lawless::2]:
                tab.open(path)
                assert (tab.audit(), tab.seen.all) == ([], []), path


SHOW_ALL = f"""
async (paths) => {{
  const found = {{}};
  const audit = document => ({AUDIT.strip()})();
  const show = async path => {{
    const answer = await fetch(path, {{redirect: "manual"}});
    if (!(answer.headers.get("content-type") || "").startsWith("text/html")) {{
      if (answer.type !== "opaqueredirect") found[path] = [String(answer.status)];
      return;
    }}
    const frame = document.createElement("iframe");
    frame.srcdoc = await answer.text();
    await new Promise(loaded => {{ frame.onload = loaded; document.body.append(frame); }});
    const faults = audit(frame.contentDocument);
    if (faults.length) found[path] = faults;
    frame.remove();
  }};
  const left = [...paths];
  const work = async () => {{ while (left.length) await show(left.shift()); }};
  await Promise.all([work(), work(), work(), work()]);
  return found;
}}
"""
"""Shows pages, each in a frame of its own, where all that is in them would run → those with faults."""


def test_no_payload_does_anything_on_any_page_where_nothing_keeps_it(rig: Rig) -> None:
    """Each story's page, with the owner's forms on it; sources, tags; and pages that show what they are asked."""
    tags = [tag for (tag,) in rig.office.house.rows("SELECT kind || ':' || name FROM tags")]
    kinds = {
        "stories": [f"stories/{id_}" for id_ in rig.stories[::STEP]],
        "sources": [f"sources/s{n}" for n in range(1, len(PAYLOADS) + 1, 2 * STEP)],
        "tags": [f"tags/{quote(tag)}" for tag in tags[::5]][:20],
        "search": [f"search?q={quote(one)}" for one in PAYLOADS[:: 3 * STEP]],
        "preview": [
            f"owner/preview?q={quote(one)}&topic={quote(one)}&days={quote(one)}" for one in PAYLOADS[1 :: 3 * STEP]
        ],
        "desk": [f"owner/?did={quote(one)}&decision={quote(one)}" for one in PAYLOADS[::10]],
        "sign-in": [f"owner/sign-in?next={quote(one)}" for one in PAYLOADS[2 :: 3 * STEP]],
    }
    with rig.browser.tab(lawless=True) as tab:
        sign_in(tab)
        for kind, paths in kinds.items():
            if kind == "sign-in":
                tab.page.context.clear_cookies()
            faults = tab.page.evaluate(SHOW_ALL, [f"/{path}" for path in paths])
            assert faults == {}, kind
            assert (tab.seen.dialogs, tab.seen.foreign) == ([], []), kind


def test_frames_run_what_is_in_pages(rig: Rig) -> None:
    """The test before this one can fail: what is shown so runs."""
    with rig.browser.tab(lawless=True) as tab:
        tab.open("")
        page = "data:text/html," + quote("<script>alert(7)</script><img src='https://evil.example/1.gif'>")
        faults = tab.page.evaluate(SHOW_ALL, [page])
        assert faults == {page: ["<script>"]}
        assert tab.seen.dialogs == ["7"]
        assert tab.seen.foreign == ["https://evil.example/1.gif"]


def test_nothing_on_a_page_has_to_be_kept_back(rig: Rig) -> None:
    """Where a browser heeds our policy it would complain of each script and picture that is there to be kept back."""
    with rig.browser.tab() as tab:
        sign_in(tab)
        for id_ in rig.stories[:: 4 * STEP]:
            tab.open(f"stories/{id_}")
            assert (tab.audit(), tab.seen.all) == ([], []), id_


def test_no_payload_does_anything_where_a_source_is_looked_at(rig: Rig) -> None:
    """Before it is added: its title, its addresses, its newest entries; and what a poll says that failed."""
    with rig.browser.tab(lawless=True) as tab:
        sign_in(tab)
        for n in range(1, len(PAYLOADS), 43):
            payload = NOT_XML.sub("", PAYLOADS[n - 1])
            rig.origin.feed(f"/look{n}", (rss, atom, json_feed)[n % 3](n, payload, 1))
            tab.open("owner/")
            tab.page.get_by_label("Address").fill(rig.origin.url(f"/look{n}"))
            tab.press("Look")
            assert tab.page.get_by_role("heading", name="Newest").count() == 1
            assert (tab.audit(), tab.seen.all) == ([], []), n


def test_no_payload_does_anything_where_a_feed_itself_is_opened(rig: Rig) -> None:
    """A browser is led to the page, or shows the document; it never runs what is in it."""
    for lawless in (False, True):
        with rig.browser.tab(lawless=lawless) as tab:
            for fmt in ("rss", "atom", "json"):
                for path in (f"topics/all.{fmt}", f"topics/all.{fmt}?raw"):
                    with contextlib.suppress(sync_api.Error):  # what a browser does not show, it stores
                        tab.open(path)
                    assert (tab.seen.dialogs, tab.seen.foreign) == ([], []), path
