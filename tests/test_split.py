"""Parsing only what is new: the items that are read so are those that the whole document gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from db.model import Document, Outline
from ingest.digest import DIGEST_VERSION, Unchanged, digest
from ingest.normalize import normalize
from ingest.parse import parse_feed
from ingest.split import Split, split

URL = "https://feeds.example.org/dir/feed.xml"
FEEDS = Path(__file__).parent / "data" / "feeds"
FIXTURES = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))
CORPUS = Path(__file__).parent.parent / ".corpus"

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="http://example.org/x"'
)
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def parted(body: bytes) -> Split:
    """Split a body that can be."""
    parts = split(body, None, URL, DIGEST_VERSION)
    assert parts is not None
    return parts


def seen(outline: Outline, positions: set[int]) -> Outline:
    """Make the outline of a former document that had only these items."""
    hashes = outline.hashes()
    return Outline(context=outline.context, items=b"".join(hashes[n] for n in sorted(positions)))


def compare(body: bytes, known: set[int], content_type: str | None = None) -> None:
    """Expect of a document that has ``known`` items what the whole of it gives, without them."""
    whole = digest(body, content_type, URL)
    assert isinstance(whole, Document)
    assert whole.outline is not None
    made = digest(body, content_type, URL, outline=seen(whole.outline, known))
    hashes = whole.outline.hashes()
    left_out = {n for n, item in enumerate(hashes) if item in {hashes[k] for k in known}}  # repeats of them too

    if left_out == known == set(range(len(hashes))):
        assert made == Unchanged()
        return
    assert isinstance(made, Document)
    assert set(made.known) == left_out
    assert made.entries == tuple(entry for n, entry in enumerate(whole.entries) if n not in left_out)
    assert replace(made, entries=(), known=()) == replace(whole, entries=())


TEXTS = st.sampled_from(
    [
        "Plain words",
        "&lt;p&gt;Escaped &lt;a href='/x'&gt;link&lt;/a&gt;&lt;/p&gt;",
        "<![CDATA[<p>Raw</p> </item></entry> <item><title>not one</title></item>]]>",
        "Grüße &#8211; 外交部 &amp; more",
        "<!-- </item> -->after a comment",
        "",
    ]
)
# What else an item may hold, of all the kinds that a parser keeps some state for.
PIECES = st.sampled_from(
    [
        '<guid isPermaLink="false">no-link</guid>',
        "<guid>http://a.example/1</guid>",
        "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>",
        "<author>a@b.example (A)</author>",
        "<dc:creator>Creator</dc:creator><dc:date>2026-11-20T10:00:00Z</dc:date>",
        "<content:encoded><![CDATA[<div>Full</div></item>]]></content:encoded>",
        '<media:content url="/v.mp4" type="video/mp4"><media:description>m</media:description></media:content>',
        '<enclosure url="/a.mp3" type="audio/mpeg" length="1"/>',
        "<itunes:author>I</itunes:author><itunes:summary>s</itunes:summary><itunes:keywords>k,l</itunes:keywords>",
        '<source url="http://o.example/f">Other</source>',
        '<x:item xmlns:x="http://example.org/other"><x:title>inner</x:title></x:item>',
        "<category>c</category><category>d</category>",
        "<image><url>/i.png</url><title>image's title</title></image>",
        "<textInput><title>input's title</title></textInput>",
    ]
)
ENTRY_PIECES = st.sampled_from(
    [
        "<id>urn:1</id>",
        '<link href="1.html"/>',
        '<link rel="enclosure" href="1.mp3" type="audio/mpeg"/>',
        "<published>2026-11-20T10:00:00Z</published><updated>2026-11-21T10:00:00Z</updated>",
        "<author><name>Own</name></author>",
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>X <b>h</b></p></div></content>',
        '<content type="html" xml:base="http://other.example/" xml:lang="fr">&lt;a href="y"&gt;y&lt;/a&gt;</content>',
        "<source><id>s</id><title>source's title</title><author><name>Theirs</name></author></source>",
        "<contributor><name>C</name></contributor>",
    ]
)
ATTRIBUTES = st.sampled_from(
    ["", ' xml:base="http://base.example/d/"', ' xml:lang="de"', ' rdf:about="http://a/1"', ' a=">"']
)


@st.composite
def rss_items(draw: st.DrawFn) -> str:
    """Make one RSS item."""
    attributes = draw(ATTRIBUTES.filter(lambda text: "rdf" not in text))
    pieces = "".join(draw(st.lists(PIECES, max_size=4)))
    title, text = draw(TEXTS), draw(TEXTS)
    return f"<item{attributes}><title>{title}</title><description>{text}</description>{pieces}</item >"


@st.composite
def atom_entries(draw: st.DrawFn) -> str:
    """Make one Atom entry."""
    attributes = draw(ATTRIBUTES.filter(lambda text: "rdf" not in text))
    pieces = "".join(draw(st.lists(ENTRY_PIECES, max_size=4)))
    return f"<entry{attributes}><title>{draw(TEXTS)}</title><summary>{draw(TEXTS)}</summary>{pieces}</entry>"


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, int]:
    """Make a feed of any of the three families → its bytes, and how many items it has."""
    kind = draw(st.sampled_from(["rss", "rdf", "atom"]))
    items = draw(st.lists(atom_entries() if kind == "atom" else rss_items(), min_size=1, max_size=5))
    between = draw(st.sampled_from(["", "\n  ", "<!-- between -->", "<x:between>b</x:between>"]))
    base = draw(st.sampled_from(["", ' xml:base="http://root.example/r/"', ' xml:lang="en"']))
    inside, after = between.join(items), draw(st.sampled_from(["", "<x:last/>", "\n<!-- cached at 10:00 -->"]))
    if kind == "rss":
        made = (
            f'<rss version="2.0" {NAMESPACES}{base}><channel><title>T</title><link>http://n.example/</link>'
            f"<ttl>60</ttl><language>en</language>{inside}{after}</channel></rss>"
        )
    elif kind == "rdf":
        made = (
            f'<rdf:RDF {RDF} {NAMESPACES}{base}><channel rdf:about="c"><title>T</title><link>http://n.example/</link>'
            f"</channel>{inside}{after}</rdf:RDF>"
        )
    else:
        made = (
            f'<feed {ATOM} {NAMESPACES}{base}><title>T</title><link href="http://n.example/"/><link rel="hub" '
            f'href="http://h.example/"/><author><name>The feed\'s</name></author>{inside}{after}</feed>'
        )
    return made.encode(), len(items)


@given(made=documents(), data=st.data())
def test_what_is_new_reads_as_in_the_whole(made: tuple[bytes, int], data: st.DataObject) -> None:
    """Any items of any document may be known: the others read as if all had been read."""
    body, count = made
    known = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    compare(body, known)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_fixtures_read_alike(path: Path) -> None:
    """Each odd feed: every item alone is known, every one alone is new, all are known, all but the repeats."""
    body = path.read_bytes()
    made = digest(body, None, URL)
    if not isinstance(made, Document) or made.salvaged or made.truncated or not made.entries:
        assert not isinstance(made, Document) or made.outline is None
        return
    every = set(range(len(made.entries)))
    for known in (every, *({n} for n in every), *(every - {n} for n in every if len(every) > 1)):
        compare(body, known)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs feedparser's own test documents: make corpus")
def test_feedparsers_documents_read_alike() -> None:
    """Of feedparser's own documents: the first half is known, then the second."""
    compared = 0
    for path in sorted(CORPUS.rglob("*.xml")):
        body = path.read_bytes()
        made = digest(body, None, URL)
        if not isinstance(made, Document) or made.outline is None:
            continue
        half = len(made.entries) // 2
        for known in (set(range(half)), set(range(half, len(made.entries)))):
            if known:
                compare(body, known)
                compared += 1

    assert compared > 500


RSS = '<rss version="2.0"><channel><title>T</title>{}</channel></rss>'
ITEM = "<item><title>One</title></item>"


@pytest.mark.parametrize(
    "body",
    [
        RSS.format(ITEM).encode("utf-16"),
        b'<?xml version="1.0" encoding="koi8-r"?>' + RSS.format(ITEM).encode(),
        RSS.format(ITEM.replace("One", "caf\xe9")).encode("latin-1"),
        b"<!DOCTYPE rss>" + RSS.format(ITEM).encode(),
        RSS.format(ITEM).encode()[:-2],
        RSS.format("").encode(),
        RSS.format("<item/>" + ITEM).encode(),
        RSS.format("<Item><title>One</title></Item>").encode(),
        RSS.format(f"<image>{ITEM}</image>").encode(),
        f"<rss>{ITEM}<channel>{ITEM}</channel></rss>".encode(),
        RSS.format('<a:entry xmlns:a="http://www.w3.org/2005/Atom"/>' + ITEM).encode(),
        RSS.format('<item><a:entry xmlns:a="http://www.w3.org/2005/Atom"/></item>').encode(),
        RSS.format("<x>&nbsp;</x>" + ITEM).encode(),
        RSS.format(f"{ITEM}<x/>{ITEM}").encode(),
        RSS.format(f"{ITEM}<title>Behind</title>").encode(),
        b'{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        b"<html><body><item>x</item></body></html>",
    ],
)
def test_what_leaves_a_doubt_is_parsed_whole(body: bytes) -> None:
    """Other encodings, a DOCTYPE, broken markup, no items, items in odd places: none of these is split."""
    assert split(body, None, URL, DIGEST_VERSION) is None


@example("<lastBuildDate>{}</lastBuildDate>")
@example("<pubDate>{}</pubDate>")
@example('<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">{}</dc:date>')
@example('<o:totalResults xmlns:o="http://a9.com/-/spec/opensearch/1.1/">{}</o:totalResults>')
@example("<!-- generated in {} s, with a > and a -- -->".replace(" --", "", 1))
@given(st.sampled_from(["<updated>{}</updated>", "<updated\n>{}</updated >"]))
def test_date_of_the_build_makes_no_other_document(piece: str) -> None:
    """What says only when the document was built, or how much there is in all, is passed over."""
    first, second = (parted(RSS.format(piece.format(n) + ITEM).encode()).outline for n in (1, 22))
    plain = parted(RSS.format(ITEM).encode()).outline

    assert first == second
    assert first.items == plain.items


@pytest.mark.parametrize(
    "other",
    [
        RSS.replace("T<", "Another title<"),
        RSS.replace("<title>", "<language>de</language><title>"),
        RSS.replace("<rss ", '<rss xml:base="http://b.example/" '),
        RSS.replace("<rss ", '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" '),
        RSS.replace("</channel>", "<ttl>5</ttl></channel>"),
    ],
)
def test_what_bears_on_the_items_makes_another_context(other: str) -> None:
    """The feed's title, language, base or namespaces: with another one every item is read again."""
    before, after = parted(RSS.format(ITEM).encode()), other.format(ITEM).encode()

    assert parted(after).outline.context != before.outline.context
    made = digest(after, None, URL, outline=before.outline)
    assert isinstance(made, Document)
    assert made.known == ()
    assert len(made.entries) == 1


def test_context_depends_on_how_the_body_came() -> None:
    """Another address, content type or version of the digest reads everything anew."""
    body = RSS.format(ITEM).encode()
    contexts = {
        parts.outline.context
        for parts in (
            split(body, None, URL, 1),
            split(body, None, URL, 2),
            split(body, None, URL + "?x", 1),
            split(body, "application/xml", URL, 1),
        )
        if parts is not None
    }

    assert len(contexts) == 4


@given(
    st.lists(st.sampled_from([ITEM, "<item><title>Two</title></item>", "<item> <title>One</title></item>"]), max_size=6)
)
def test_order_and_repeats_are_seen(items: list[str]) -> None:
    """Only the same items in the same order are the same document."""
    assume(items)
    body, turned = (RSS.format("".join(each)).encode() for each in (items, items[::-1]))
    made = digest(turned, None, URL, outline=parted(body).outline)

    if items == items[::-1]:
        assert made == Unchanged()
    else:
        assert isinstance(made, Document)
        assert made.entries == ()
        assert made.known == tuple(range(len(items)))


def read_alike(*bodies: str) -> None:
    """Expect of each document, read with the outline of the one before, what the whole of it gives."""
    outline, had = None, dict[bytes, object]()
    for body in bodies:
        whole = digest(body.encode(), None, URL)
        assert isinstance(whole, Document)
        alone = normalize(parse_feed(body.encode(), content_type=None, url=URL))
        assert whole.entries == alone.entries  # with feedparser alone
        made = digest(body.encode(), None, URL, outline=outline)
        if made == Unchanged():
            assert outline is not None
            assert tuple(had[one] for one in outline.hashes()) == alone.entries
            continue
        assert isinstance(made, Document)
        assert made.outline is not None
        hashes, new = made.outline.hashes(), iter(made.entries)
        assert tuple(had[one] if n in made.known else next(new) for n, one in enumerate(hashes)) == alone.entries
        assert replace(made, entries=(), known=(), outline=None) == replace(alone, entries=())
        outline, had = made.outline, dict(zip(hashes, alone.entries, strict=True))


def numbered(number: int, more: str = "") -> str:
    """Make an item of its own."""
    return f"<item><title>{number}</title><guid>http://a.example/{number}</guid>{more}</item>"


@pytest.mark.parametrize("attribute", ['xml:lang="{}"', 'xml:base="http://{}.example/"'])
def test_an_item_that_moves_to_another_channel_is_read_again(attribute: str) -> None:
    """What is around an item may change although nothing outside of the items does."""
    link = "<description>&lt;a href='x'&gt;x&lt;/a&gt;</description>"
    items = [numbered(n, link) for n in range(3)]
    rss = "<rss version='2.0'><channel {}><title>T</title>{}</channel><channel {}>{}</channel></rss>"
    en, de = attribute.format("en"), attribute.format("de")
    read_alike(*(rss.format(en, "".join(items[:n]), de, "".join(items[n:])) for n in (2, 1)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # feedparser's "dc" is Atom's from here on, also where it is another item's
        (
            '<dc:x xmlns:dc="http://www.w3.org/2005/Atom">k</dc:x>',
            '<d:creator xmlns:d="http://purl.org/dc/elements/1.1/">Ann</d:creator>',
        ),
        # a namespace that it does not know has the first prefix that was declared for it
        (
            '<media:x xmlns:media="http://example.org/x">k</media:x>',
            '<q:content xmlns:q="http://example.org/x" url="http://v.example/v.mp4" type="video/mp4"/>',
        ),
        ('<rss xml:lang="de"/>', ""),
        ('<feed xml:lang="de"/>', ""),
        ("<channel/>", ""),
    ],
)
def test_an_item_that_changes_how_others_read_is_read_with_them(first: str, second: str) -> None:
    """Namespaces, and elements that are the feed's own, reach beyond the item that they stand in."""
    tail = "<language>fr</language><generator>g</generator>"
    before, after = numbered(1, first), numbered(2, second)
    read_alike(RSS.format(before + tail), RSS.format(before + after + tail), RSS.format(after + before + tail))


def test_a_title_behind_the_items_goes_by_the_last_of_them() -> None:
    """Of two titles feedparser takes the one that stands deeper, and an item's counts as the feed's there."""
    untitled = "<item><guid>http://a.example/1</guid></item>"
    read_alike(*(RSS.format(f"{items}<title>Late</title>") for items in (untitled, untitled + numbered(2))))


@pytest.mark.parametrize("link", ["http://a.example/1", "relative"])
def test_rss_1_without_its_namespace_is_read(link: str) -> None:
    """Without its items such a document is no feed to feedparser: it must see some."""
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel><title>T</title></channel>'
        "{}</rdf:RDF>"
    )
    first = f"<item><title>One</title><link>{link}</link></item>"
    read_alike(rdf.format(first), rdf.format(first + numbered(2)))
