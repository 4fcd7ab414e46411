"""The short cut past feedparser: what it reads is what feedparser reads, item by item."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.digest import DIGEST_VERSION
from ingest.parse import parse_feed, parse_split
from ingest.parsed import MalformedError, NotAFeedError
from ingest.plain import read_plain
from ingest.split import split

URL = "https://feeds.example.org/dir/feed.xml"
FEEDS = Path(__file__).parent / "data" / "feeds"
CORPUS = Path(__file__).parent.parent / ".corpus"
NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:x="http://example.org/x" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
)
ROOTS = {
    "rss": (f'<rss version="2.0" {NAMESPACES}><channel><title>T</title>', "</channel></rss>", "item"),
    "rss091": (f'<rss version="0.91" {NAMESPACES}><channel><title>T</title>', "</channel></rss>", "item"),
    "lang": (f'<rss version="2.0" xml:lang="en_US" {NAMESPACES}><channel><title>T</title>', "</channel></rss>", "item"),
    "rdf": (f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES}><channel/>', "</rdf:RDF>", "item"),
    "atom": (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" {NAMESPACES}><title>T</title>'
        "<author><name>The feed's</name></author>",
        "</feed>",
        "entry",
    ),
    "atom03": (f'<feed version="0.3" xmlns="http://purl.org/atom/ns#" {NAMESPACES}>', "</feed>", "entry"),
}


def compare(body: bytes, content_type: str | None = None, url: str = URL) -> int:
    """Expect of a document what feedparser alone makes of it → how many of its items are plain; -1: it is not split."""
    parts = split(body, content_type, url, DIGEST_VERSION)
    if parts is None:
        return -1
    try:
        whole = parse_feed(body, content_type=content_type, url=url)
    except (MalformedError, NotAFeedError):
        return -1
    made = parse_split(parts, (), content_type=content_type, url=url)
    if made is not None and len(whole.items) == len(parts.spans):  # else it is not used
        assert made.items == whole.items
        assert made == whole
    return sum(entry is not None for entry in read_plain(body, atom=parts.atom).entries)


WORDS = st.sampled_from(
    [
        "Plain words",
        "  spaced \n out  ",
        "Grüße aus Łódź – “quoted”",
        "Ã¼ mojibake",
        "caf\xe9",
        "C1 \x85 control",
        "外交部发言人",
        "AT&amp;T &lt;b&gt;bold&lt;/b&gt; &amp;eacute;",
        "a &lt; b",
        "&amp;unknown;",
        "<![CDATA[<p>Raw <b>HTML</b> &amp; more</p>]]>",
        "one<![CDATA[ & two]]>&#8211;three",
        "x" * 20 + " " * 600 + "y",
        "a@b.example (A Name)",
        "",
    ]
)
ADDRESSES = st.sampled_from(
    [
        "https://a.example/story/1?x=1&amp;y=2#f",
        "http://a.example",
        "http://a.example/Łódź/–",
        "/relative/1",
        "http:///odd/1",
        "https://a.example/;p=1?q;r",
        "https://a.example/?a&amp;amp;b",
        "tag:a.example,2026:1",
        "urn:uuid:1",
        "not an address",
        "mailto:a@b.example",
        "",
    ]
)
DATES = st.sampled_from(["Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-24T10:00:00+02:00", "1793534400", "yesterday", ""])
TYPES = st.sampled_from(
    ["", ' type="text"', ' type="html"', ' type="HTML"', ' type="text/plain"', ' type="xhtml"', ' mode="escaped"']
)


def element(
    name: str, text: st.SearchStrategy[str], attributes: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[str]:
    """Make an element."""
    return st.builds(
        lambda more, inside: f"<{name}{more}>{inside}</{name}>",
        attributes if attributes is not None else st.just(""),
        text,
    )


PARTS = st.one_of(
    *(element(name, WORDS, TYPES) for name in ("title", "summary", "content", "description")),
    *(
        element(name, WORDS)
        for name in ("content:encoded", "dc:title", "media:title", "itunes:subtitle", "itunes:summary")
    ),
    *(element(name, WORDS) for name in ("author", "dc:creator", "itunes:author", "dc:publisher", "contributor")),
    *(
        element(name, DATES)
        for name in ("pubDate", "published", "updated", "issued", "modified", "dc:date", "dcterms:issued")
    ),
    *(element(name, ADDRESSES) for name in ("link", "id", "guid", "comments", "atom:id")),
    element(
        "guid", ADDRESSES | WORDS, st.sampled_from([' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="no"'])
    ),
    element(
        "category",
        WORDS,
        st.sampled_from(["", ' domain="d"', ' term="t"', ' scheme="s" term="u"', ' label="l"', ' x="y"']),
    ),
    element("dc:subject", WORDS),
    element("dc:language", st.just("fr")),
    element("slash:comments", st.just("3")),
    element("feedburner:origLink", WORDS | ADDRESSES, st.sampled_from(["", "", ' a="b"'])),
    element("x:foreign", WORDS, st.sampled_from(["", ' a="b"'])),
    element("x:title", WORDS),
    element("source", WORDS, st.just(' url="http://o.example/"')),
    st.builds(
        lambda name, href, more: f'<{name} href="{href}"{more}/>',
        st.sampled_from(["link", "link", "atom:link"]),
        ADDRESSES,
        st.sampled_from(
            [
                "",
                ' rel="Enclosure" length="3"',
                ' rel="self"',
                ' rel="canonical"',
                ' rel="Canonical" type="text/html"',
                ' type="application/json"',
                ' rel="alternate" type="text/html"',
            ]
        ),
    ),
    st.builds(
        lambda href, name: f'<enclosure {name}="{href}" type="Audio/MPEG" length="1"/>',
        ADDRESSES,
        st.sampled_from(["url", "href"]),
    ),
    st.builds(
        lambda name, url, more: f'<{name} url="{url}"{more}/>',
        st.sampled_from(["media:content", "media:thumbnail", "podcast:transcript", "podcast:chapters"]),
        ADDRESSES,
        st.sampled_from(
            [
                "",
                ' medium="image" fileSize="9"',
                ' width="640" height="x"',
                ' type="Text/VTT" rel="Captions" language="en"',
            ]
        ),
    ),
    st.builds(
        lambda name, more, text: f"<itunes:{name}{more}>{text}</itunes:{name}>",
        st.sampled_from(["duration", "season", "episode", "episodeType", "explicit"]),
        st.sampled_from(["", "", "", ' a="b"']),
        st.sampled_from(["1:02:03", "90", " 7 ", "full", "true", "yes", "clean", "no", "<b>x</b>", ""]),
    ),
    st.builds(
        lambda url, more: f'<itunes:image href="{url}"{more}/>', ADDRESSES, st.sampled_from(["", ' url="/other.jpg"'])
    ),
    element("itunes:image", ADDRESSES, st.just("")),
    element("media:thumbnail", ADDRESSES, st.sampled_from(["", ' url="/t.jpg"'])),
    element(
        "podcast:person", WORDS, st.sampled_from(["", ' role="Guest" href="/p" img="/p.jpg"', ' name="attribute"'])
    ),
    element("podcast:season", st.just("3"), st.sampled_from(["", ' name="Three"'])),
    st.builds(
        lambda name, more, text: f"<author>{text}<name>{name}</name>{more}</author>",
        WORDS,
        st.sampled_from(
            ["", "<email>a@b.example</email>", "<uri>http://a.example/</uri>", "<name>Second</name>", "<x:y/>"]
        ),
        st.sampled_from(["", "\n ", "words"]),
    ),
    st.sampled_from(
        [
            '<media:group><media:content url="/v.mp4" type="video/mp4"/></media:group>',
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">X</div></content>',
            '<title xml:lang="fr">Titre</title>',
            '<podcast:value type="lightning"><podcast:valueRecipient name="n"/></podcast:value>',
            "<podcast:transcript/>",
            '<p:person xmlns:p="https://podcastindex.org/namespace/1.0" role="host">P</p:person>',
            '<podcast:person xmlns:podcast="http://example.org/other">other</podcast:person>',
            "<image><url>/inner.png</url></image>",
            "<image><title>inner</title></image>",
            "<dc:foo/><foo/>",
            '<y:z xmlns:y="http://purl.org/dc/elements/1.1/">y</y:z>',
            '<dc:creator xmlns:dc="http://example.org/other">other</dc:creator>',
        ]
    ),
)


@given(
    st.sampled_from(sorted(ROOTS)),
    st.lists(st.lists(PARTS, max_size=8).map("".join), min_size=1, max_size=3),
    st.sampled_from(
        ["", ' rdf:about="http://a.example/1"', ' rdf:about=""', ' xml:lang="fr"', ' xml:base="http://b.example/"']
    ),
)
def test_generated_items_read_alike(root: str, items: list[str], attributes: str) -> None:
    """Any parts in any order, in each format."""
    head, tail, name = ROOTS[root]
    compare(f"{head}{''.join(f'<{name}{attributes}>{each}</{name}>' for each in items)}{tail}".encode())


HEADS = st.one_of(
    *(element(name, WORDS, TYPES) for name in ("title", "description", "subtitle", "atom:title", "itunes:summary")),
    *(
        element(name, WORDS)
        for name in ("language", "dc:language", "generator", "managingEditor", "dc:creator", "x:ttl")
    ),
    *(element(name, st.sampled_from(["60", "x", ""])) for name in ("ttl", "sy:updateFrequency")),
    element("sy:updatePeriod", st.sampled_from(["hourly", "daily"]), st.sampled_from(["", ' a="b"'])),
    *(element(name, DATES) for name in ("pubDate", "lastBuildDate", "updated", "dc:date")),
    *(element(name, ADDRESSES) for name in ("link", "id", "docs", "icon", "guid")),
    element("author", st.sampled_from(["<name>N</name>", "<name>N</name><email>e@x.example</email>", "Text", ""])),
    st.builds(
        lambda name, href, more: f'<{name} href="{href}"{more}/>',
        st.sampled_from(["link", "atom:link"]),
        ADDRESSES,
        st.sampled_from(
            ["", ' rel="hub"', ' rel="self" type="application/rss+xml"', ' rel="Alternate" type="text/html"']
        ),
    ),
    st.sampled_from(
        [
            "<image><url>http://a.example/i.png</url><title>Picture</title><link>http://a.example/pic</link></image>",
            "<image><url>/i.png</url><foo/><title>Odd</title></image>",
            "<textInput><title>Search</title><name>q</name></textInput>",
            "<skipHours><hour>1</hour></skipHours>",
            '<itunes:category text="A"><itunes:category text="B"/></itunes:category>',
            "<itunes:owner><itunes:name>O</itunes:name></itunes:owner>",
            '<rss:x xmlns:rss="http://purl.org/rss/1.0/"/>',
            '<title xml:lang="fr">Titre</title>',
            "<hub/>",
            "<foo>bar</foo>",
        ]
    ),
)
SUMMARIES = st.sampled_from(
    [
        "<description>d</description><itunes:summary>s</itunes:summary>",
        "<itunes:summary>s</itunes:summary><description>d</description>",
        "<title>plain</title>",
        "<title>odd</title><foo/>",
    ]
)
ROOT_TAGS = {
    "rss": '<rss version="{version}"{more} xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" {namespaces}>'
    "<channel>",
    "feed": '<feed xmlns="http://www.w3.org/2005/Atom"{more} xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    "{namespaces}>",
}


@given(
    root=st.sampled_from(sorted(ROOT_TAGS)),
    version=st.sampled_from(["2.0", "0.91", "", "3"]),
    more=st.sampled_from(["", ' xml:lang="en_US"', ' lang="de"', ' x="y"']),
    heads=st.tuples(*[st.lists(HEADS, max_size=4).map("".join)] * 3),
    items=st.lists(SUMMARIES, min_size=2, max_size=2),
    known=st.sets(st.integers(0, 1)),
)
def test_generated_heads_read_alike(
    root: str, version: str, more: str, heads: tuple[str, str, str], items: list[str], known: set[int]
) -> None:
    """Whatever stands before, between and behind the items, and whichever of these are known."""
    name, end = ("item", "</channel></rss>") if root == "rss" else ("entry", "</feed>")
    between, (one, two) = heads, (f"<{name}>{each}</{name}>" for each in items)
    start = ROOT_TAGS[root].format(version=version, more=more, namespaces=NAMESPACES)
    body = f"{start}{between[0]}{one}{between[1]}{two}{between[2]}{end}".encode()

    compare(body)
    parts = split(body, None, URL, DIGEST_VERSION)
    if parts is not None and known != {0, 1}:
        whole, made = (
            parse_feed(body, content_type=None, url=URL),
            parse_split(parts, known, content_type=None, url=URL),
        )
        if made is not None and len(whole.items) == 2:
            assert made.items == tuple(item for n, item in enumerate(whole.items) if n not in known)


@pytest.mark.parametrize("path", sorted(FEEDS.glob("*.xml")), ids=lambda path: path.name)
def test_fixtures_read_alike(path: Path) -> None:
    """Each odd feed."""
    compare(path.read_bytes())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs feedparser's own test documents: make corpus")
def test_feedparsers_documents_read_alike() -> None:
    """All of feedparser's own documents that are split; a good part of their items is plain."""
    plain = [compare(path.read_bytes()) for path in sorted(CORPUS.rglob("*.xml"))]

    assert sum(count >= 0 for count in plain) > 500
    assert sum(count > 0 for count in plain) > 250


def test_common_feeds_are_plain() -> None:
    """What the usual programs write is read past feedparser, to the last item."""
    head, tail, _ = ROOTS["rss"]
    blog = (
        "<item><title>A &amp; B</title><link>https://a.example/1/</link><dc:creator><![CDATA[Ann]]></dc:creator>"
        "<pubDate>Tue, 24 Nov 2026 10:00:00 +0000</pubDate><category><![CDATA[News]]></category>"
        '<category domain="d">More</category>'
        '<guid isPermaLink="false">https://a.example/?p=1</guid><description><![CDATA[Short]]></description>'
        "<content:encoded><![CDATA[<p>Long</p>]]></content:encoded><slash:comments>0</slash:comments>"
        '<media:content url="https://a.example/1.jpg" medium="image"/>'
        '<enclosure url="/1.mp3" length="1" type="audio/mpeg"/></item>'
    )
    assert compare(f"{head}{blog}{blog}{tail}".encode()) == 2
    usual = (
        '<atom:link href="https://a.example/feed/" rel="self" type="application/rss+xml"/><link>https://a.example</link>'
        "<description>About</description><lastBuildDate>Tue, 24 Nov 2026 10:00:00 +0000</lastBuildDate>"
        "<language>en-GB</language><ttl>60</ttl><generator>x</generator>"
        "<image><url>https://a.example/i.png</url><title>A</title><link>https://a.example</link></image>"
    )
    read = read_plain(f"{head}{usual}{blog}{tail}".encode(), atom=False)
    assert (read.version, read.feed and read.feed["link"]) == ("rss20", "https://a.example")
    compare(f"{head}{usual}{blog}{tail}".encode())
    head, tail, _ = ROOTS["atom"]
    entry = (
        '<entry><title type="html">A</title><id>tag:a.example,2026:1</id><link href="https://a.example/1"/>'
        "<published>2026-11-24T10:00:00Z</published><updated>2026-11-24T10:00:00Z</updated><author><name>Ann</name>"
        '<uri>https://a.example/ann</uri></author><category term="news"/><summary type="html">Short</summary>'
        '<content type="html">&lt;p&gt;Long&lt;/p&gt;</content></entry>'
    )
    assert compare(f"{head}{entry}{tail}".encode()) == 1


@pytest.mark.parametrize(
    "url", ["https://a.example/b/../c", "http://A.example/x", "/a/file/name.xml", "http://a.example:80/"]
)
@pytest.mark.parametrize("root", sorted(ROOTS))
def test_any_address_of_the_document(url: str, root: str) -> None:
    """What relative links refer to is the same, however the document's own address is written."""
    head, tail, name = ROOTS[root]
    items = f'<{name}><title>One</title><content type="html">&lt;a href="x"&gt;x&lt;/a&gt;</content></{name}>'
    assert compare(f"{head}{items}{tail}".encode(), url=url) >= 0
