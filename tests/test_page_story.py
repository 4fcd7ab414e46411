"""A story's page and its event's; a text as it is shown; sources."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from html import escape, unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from db.model import Enclosure
from feeds.pages.body import ATTRIBUTES, EVERY, HEADINGS, PLAIN, VOID, body
from feeds.site import TopicCard
from newsroom import at
from page_room import Asker, PageSite
from reading_room import BRIDGE, FERRY, SOURCES, reading_room


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Ask the pages of an archive that has one of everything."""
    room = reading_room(tmp_path_factory.mktemp("story") / "wireroom.db")
    room.db.execute("BEGIN IMMEDIATE")
    room.db.execute(
        "UPDATE sources SET failures = 2, last_error = 'at http://u:sesame@wire.example/f?key=sesame 503' "
        "WHERE config_id = 'post'"
    )
    room.db.execute("UPDATE sources SET site_url = 'javascript:alert(1)' WHERE config_id = 'wire'")
    room.db.execute("COMMIT")
    room.db.close()
    cards = [TopicCard(id="all", name="all", title="All", match="sources:>=1", secret=False)]
    asker = Asker(PageSite(room.path, cards), at(36))
    yield asker
    asker.close()


def test_a_story_names_all_that_carry_it_in_order(ask: Asker) -> None:
    """With how much later each was, why it is the same story, and which one is shown."""
    page = ask("/stories/1")
    carriers = page.texts("//ol[@class='coverage']/li//a[@class='src']")

    assert page.texts("//h1") == [BRIDGE.title]
    assert carriers[0] == "wire"
    assert set(carriers) == {"wire", "post", "herald"}
    later = page.texts("//ol[@class='coverage']/li//time")
    assert all(one.startswith("+") for one in later[1:])
    assert page.texts("//ol[@class='coverage']//span[@class='flag']") == ["shown"]
    assert page.texts("//ol[@class='coverage']/li[1]//p[@class='meta']/span[last()-1]") == ["the first of its story"]
    assert len(page.all("//section[@aria-labelledby='coverage']//*[name()='circle']")) == len(carriers)


@pytest.mark.parametrize(
    ("score", "told"),
    [(0.62, "nearly the same words (62 %)"), (0.994, "nearly the same words (99 %)"), (1, "nearly the same words")],
)
def test_what_is_nearly_the_same_is_never_so_by_all(tmp_path: Path, score: float, told: str) -> None:
    """All runs of words that were sampled may be the same, where a headline or a word is not."""
    room = reading_room(tmp_path / "wireroom.db")
    room.db.execute("UPDATE entries SET joined_by = 'near', joined_score = ? WHERE joined_by <> 'first'", [score])
    room.db.close()
    cards = [TopicCard(id="all", name="all", title="All", match="sources:>=1", secret=False)]
    with contextlib.closing(Asker(PageSite(room.path, cards), at(36))) as asker:
        page = asker("/stories/1")

    assert told in page.texts("//ol[@class='coverage']/li//p[@class='meta']/span")


@pytest.mark.parametrize(("author", "told"), [("wire", False), ("Ada Ng", True)])
def test_an_author_who_is_the_source_is_not_named_twice(tmp_path: Path, author: str, *, told: bool) -> None:
    """Feeds that sign all with their own name say nothing by it."""
    room = reading_room(tmp_path / "wireroom.db")
    room.db.execute("UPDATE entries SET author = ?", [author])
    room.db.close()
    cards = [TopicCard(id="all", name="all", title="All", match="sources:>=1", secret=False)]
    with contextlib.closing(Asker(PageSite(room.path, cards), at(36))) as asker:
        page = asker("/stories/1")

    assert (f"by {author}" in page.texts("//header/p[@class='meta']/span")) is told
    assert page.texts("//ol[@class='coverage']/li[1]//p[@class='meta']/span[2]") == (
        [author] if told else ["the first of its story"]
    )


def test_a_change_is_told_word_by_word(ask: Asker) -> None:
    """What was added stands in ins; nothing was removed; the rest is shortened around it."""
    page = ask("/stories/1")

    assert page.texts("//details[@class='change']//ins") == ["Forty people are missing since."]
    assert not page.all("//details[@class='change']//del")
    assert page.texts("//details[@class='change']/summary")[0].endswith("reworded")


def test_tags_say_why_and_topics_which(ask: Asker) -> None:
    """Each cause; a secret topic is nobody's to see."""
    page = ask("/stories/1")

    why = dict(zip(page.texts("//dl[@class='why']/dt"), page.texts("//dl[@class='why']/dd"), strict=True))
    assert why["animalzebra"] == "a rule: striped"
    assert page.texts("//section[@aria-labelledby='topics']//li") == ["All"]
    assert "/tags/animal:zebra" in page.links()


def test_an_event_is_on_a_line_of_time(ask: Asker) -> None:
    """Its stories, oldest first, without those that are kept out; each is reached from the other."""
    page = ask("/events/9")

    assert page.texts("//ol[@class='timeline']//h2") == [BRIDGE.title, FERRY.title]
    assert page.texts("//div[@class='dateline']/p")[0].startswith("One event, told in 2 stories by 3 sources")
    assert "/events/9" in ask("/stories/4").links()
    assert FERRY.title in ask("/stories/1").texts("//section[@aria-labelledby='event']//li/p[@class='head']")


def test_sources_in_trouble_come_first_with_what_is_wrong(ask: Asker) -> None:
    """No password is shown; a site's address that is none is no link."""
    page = ask("/sources")

    assert page.texts("//th[@scope='row']") == ["post", *sorted(set(SOURCES) - {"post"}, key=SOURCES.index)]
    assert page.texts("//tr[td]//span[contains(@class, 'health')]")[0] == "failing"
    assert page.texts("//span[@class='error']") == ["at http://wire.example/f 503"]
    assert page.texts("//div[@class='dateline']/p")[0].startswith("3 sources 1 in trouble")
    for address in ("/sources", "/sources/post", "/sources/wire"):
        assert b"sesame" not in ask(address).body
        assert b"javascript:" not in ask(address).body


def test_many_sources_are_on_pages_and_found_by_name_and_health(tmp_path: Path) -> None:
    """Trouble is on the first page wherever it stands in the config; every source is on one page."""
    room = reading_room(tmp_path / "wireroom.db")
    room.db.execute("BEGIN IMMEDIATE")
    room.db.conn.executemany(
        "INSERT INTO sources (config_id, url, added_at, last_outcome, failures) VALUES (?, '', ?, ?, ?)",
        ((f"more-{n}", "2026-11-20T00:00:00Z", "timeout" if n == 229 else "ok", int(n == 229)) for n in range(230)),
    )
    room.db.execute("COMMIT")
    room.db.close()
    ask = Asker(PageSite(room.path, []), at(36))
    names, path = [], "/sources"
    while path:
        page = ask(path)
        names.append(page.texts("//th[@scope='row']/a"))
        path = next((f"/{link.get('href').removeprefix('./')}" for link in page.all("//a[@rel='next']")), "")
    found = {
        each: ask(f"/sources?{each}").texts("//th[@scope='row']/a")
        for each in ("q=MORE-12&page=1", "health=failing", "q=wire&health=failing")
    }
    beyond = ask("/sources?page=99")
    ask.close()

    assert [len(each) for each in names] == [100, 100, 33]
    assert names[0][0] == "more-229"
    assert {one for each in names for one in each} == {*SOURCES, *(f"more-{n}" for n in range(230))}
    assert found == {
        "q=MORE-12&page=1": ["more-12", *(f"more-12{n}" for n in range(10))],
        "health=failing": ["more-229"],
        "q=wire&health=failing": [],
    }
    assert beyond.status == 200
    assert "/sources" in beyond.links()


def test_a_sources_page_has_its_stories_and_polls(ask: Asker) -> None:
    """Newest first; as many polls as there were."""
    page = ask("/sources/herald")

    assert page.texts("//h1") == ["herald"]
    assert len(page.all("//table[@class='polls']/tbody/tr")) == 2
    assert page.all("//link[@rel='alternate']/@href") == [f"../sources/herald.{fmt}" for fmt in ("rss", "atom", "json")]
    assert len(page.all("//ol[@class='stories']/li")) == 2


PICTURE = (
    '<p>Before <img src="https://pictures.example/a.jpg" alt="A &quot;ferry&quot;" width="4" height="3"> after</p>'
)


def test_pictures_of_others_are_left_out_until_they_are_asked_for() -> None:
    """Their words stay; loaded, nobody is told from where; what counts readers is never loaded."""
    bare, full = body(PICTURE, pictures=False), body(PICTURE, pictures=True)
    counter = body('<img src="https://count.example/p.gif" width="1" height="1">', pictures=True)

    assert bare.pictures == full.pictures == 1
    assert bare.html == '<p>Before <span class="no-picture">Picture: A &quot;ferry&quot;</span> after</p>'
    (picture,) = html.fragment_fromstring(full.html).xpath(".//img")
    assert dict(picture.attrib) == {
        "src": "https://pictures.example/a.jpg",
        "alt": 'A "ferry"',
        "width": "4",
        "height": "3",
        "loading": "lazy",
        "decoding": "async",
        "referrerpolicy": "no-referrer",
    }
    assert (counter.html, counter.pictures) == ("", 0)


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("<h1>One</h1><h2>Two</h2>", "<h3>One</h3><h3>Two</h3>"),
        ("<article><nav>x</nav></article>", "<div><div>x</div></div>"),
        ('<a href="https://a.example/?b&amp;c">x</a>',
         '<a href="https://a.example/?b&amp;c" rel="noopener noreferrer nofollow">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', "<span>x</span>"),
        ('<a href="/owner/sign-out">x</a>', "<span>x</span>"),
        ("<b>never closed", "<b>never closed</b>"),
        ("closed</b> twice</div>", "closed twice"),
        ("<i><b>x</i>y</b>", "<i><b>x</b></i>y"),
        ('<p title="<script>">x</p>', "<p>x</p>"),
        ("1 < 2 & 3 &amp;lt;", "1 &lt; 2 &amp; 3 &amp;lt;"),
        ("<script>alert(1)</script>", "alert(1)"),
        ('<p onclick="x" style="y" class="mast" id="content">z</p>', "<p>z</p>"),
        ('<ol start="3" type="a"><li value="7">x</li></ol>', '<ol start="3"><li value="7">x</li></ol>'),
        ('<video src="https://v.example/a.mp4" controls></video>',
         '<a href="https://v.example/a.mp4" rel="noopener noreferrer nofollow">Video</a> '),
        ("<br><hr/>", "<br><hr>"),
        ('<img src="/owner/hide">', ""),
    ],
)  # fmt: skip
def test_a_text_is_written_anew(given_: str, shown: str) -> None:
    """Known tags with known attributes, balanced; whatever else is text, or nothing."""
    assert body(given_, pictures=True).html == shown


PIECES = st.lists(
    st.sampled_from(
        """<p> </p> <b > <a·href="https://x.example/"> </a> <svg/onload=alert(1)> <img·src=x·onerror=a> " ' < &lt;
        &amp;#60; x <p·title=" --><script> </main> <td> <h1> <math><mtext> <p/onclick=x> <img·src="https://p.example/"·alt="
        javascript: <!-- <![CDATA[ <iframe·srcdoc="<script>"> ·""".replace("·", "\xa0").split(" ")
    ).map(lambda piece: piece.strip("\n ").replace("\xa0", " ")),
    max_size=12,
).map("".join)


@given(PIECES, st.booleans())
def test_whatever_is_in_the_archive_a_page_shows_only_what_it_knows(given_: str, pictures: bool) -> None:
    """As a browser would parse it: no other tag, no other attribute, no address but http's; whole."""
    made = body(given_, pictures=pictures).html
    parsed = html.fragment_fromstring(f"<div>{made}</div>")

    allowed = PLAIN | VOID | set(HEADINGS.values()) | {"a", "img"}
    for element in parsed.iterdescendants():
        assert element.tag in allowed, made
        known = EVERY | ATTRIBUTES.get(element.tag, frozenset())
        known |= {"a": {"href", "rel"}, "span": {"class"}}.get(element.tag, frozenset())
        if element.tag != "img":
            assert set(element.keys()) <= known, made
    for address in parsed.xpath(".//@href | .//@src"):
        assert address.startswith("https://"), made
    opened, closed = re.findall(r"<([a-z0-9]+)", made), re.findall(r"</([a-z0-9]+)", made)
    assert sorted(name for name in opened if name not in VOID | {"img", "col"}) == sorted(closed)


@given(st.text(max_size=60))
def test_text_stays_text(words: str) -> None:
    """Written and read again, it is what it was."""
    made = body(escape(words, quote=False), pictures=False).html

    assert "<" not in made
    assert unescape(made) == unescape(escape(words))


def test_files_are_named_and_pictures_wait_to_be_asked_for(ask: Asker) -> None:
    """A recording with its length; a picture that is no part of the text counts with those that are."""
    files = [
        Enclosure(url="https://cast.example/1.mp3", type="audio/mpeg", length=4_800_000, duration_s=245, title="Tour"),
        Enclosure(url="https://pictures.example/b.jpg", type="image/jpeg", medium="image", width=4, height=3),
        Enclosure(url="javascript:alert(1)", type="audio/mpeg"),
    ]
    with contextlib.closing(sqlite3.connect(ask.site.archive)) as db, db:
        db.execute("UPDATE entries SET enclosures = ?", [json.dumps([asdict(file) for file in files])])
    bare, full = ask("/stories/4"), ask("/stories/4?pictures=1")

    assert bare.texts("//ul[@class='files']/li") == ["Tour 4:05 4.8 MB cast.example"]
    assert not bare.all("//img")
    assert bare.texts("//p[contains(@class, 'note')]")[0].startswith("1 picture not loaded")
    assert full.all("//img/@src") == ["https://pictures.example/b.jpg"]
    assert full.all("//img/@referrerpolicy") == ["no-referrer"]
    assert "https:" in full.headers["content-security-policy"]
    assert "https:" not in bare.headers["content-security-policy"]
