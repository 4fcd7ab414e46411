"""Formats: every kind of feed under every kind of label is read; what is no feed is named, and offers what it can.

A page that stands in a feed's place (a login, a bot check) is a wall; one that advertises feeds offers them.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from origin import item, rss
from scripted import Answer, Asked, Script, head, reply
from stage import Case, Played, always, ends, in_turn, news, page, play, reads, steady

ATOM = (
    '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><id>urn:x</id>'
    "<updated>2026-11-20T10:00:00Z</updated><entry><id>urn:1</id><title>One</title><link href='http://news.example/1'/>"
    "<updated>2026-11-20T10:00:00Z</updated><summary>First of all.</summary></entry></feed>"
)
ATOM_03 = (
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>A</title><entry><id>urn:1</id><title>One</title>'
    "<modified>2026-11-20T10:00:00Z</modified><link rel='alternate' href='http://news.example/1'/></entry></feed>"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel '
    'rdf:about="http://news.example/"><title>R</title><link>http://news.example/</link></channel>'
    '<item rdf:about="http://news.example/1"><title>One</title><link>http://news.example/1</link></item></rdf:RDF>'
)
RSS_091 = (
    '<rss version="0.91"><channel><title>R</title><link>http://news.example/</link><description>d</description>'
    "<item><title>One</title><link>http://news.example/1</link></item></channel></rss>"
)
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [{"id": "1", "title": "One", "url": "http://news.example/1", "content_text": "First."}],
    }
)
EMPTY_RSS = '<rss version="2.0"><channel><title>Empty</title><link>http://e/</link></channel></rss>'
WESTERN = rss(item(1, title="Café à Łódź"))

LATIN = rss(item(1, title="Café à Lodz")).replace(' encoding="utf-8"', "")

ADVERTISES = """<!doctype html><html><head><title>The Daily</title><base href="/sub/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="comments.xml">
<LINK REL='Alternate Nofollow' TYPE='application/atom+xml' HREF='/{name}/atom.xml?a=1&amp;b=2'>
<link rel=alternate type=application/feed+json href=feed.json>
<!-- <link rel="alternate" type="application/rss+xml" href="/in-a-comment.xml"> -->
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" hreflang="de" href="/de/"><link rel="stylesheet" href="style.css">
</head><body><p>Hello, and welcome to the front page of The Daily.</p></body></html>"""
LOGIN = """<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>
<form method="post" action="/login"><input name="user"><input type="password" name="pw"><button>Log in</button></form>
</body></html>"""
CLOUDFLARE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots"
content="noindex"><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8"></script></head><body>
<noscript>Enable JavaScript and cookies to continue</noscript>
<script>window._cf_chl_opt={cvId:'3',cType:'managed'};</script></body></html>"""
PLAIN_PAGE = "<html><head><title>Hello</title></head><body><p>Just a page, without anything.</p></body></html>"


def body(document: str | bytes, content_type: str | None = "application/xml", encoding: str = "utf-8") -> Script:
    """Serve a document under this Content-Type."""
    data = document.encode(encoding) if isinstance(document, str) else document
    return page(data, **({} if content_type is None else {"Content_Type": content_type}))


def advertises(asked: Asked) -> Answer:
    """Serve a page that advertises feeds, in its own folder."""
    return reply(ADVERTISES.replace("{name}", asked.name).encode(), Content_Type="text/html; charset=utf-8")


def offers_its_feeds(played: Played) -> None:
    """Expect the advertised feeds as absolute addresses, and none that is none; and nothing fetched unasked."""
    ends("not-a-feed", says="HTML")(played)
    at = f"http://127.0.0.1:{played.server.port}"
    offers = json.loads(played.now["offers"])
    assert set(offers) == {f"{at}/{played.name}/atom.xml?a=1&b=2", f"{at}/sub/feed.json", f"{at}/sub/comments.xml"}
    assert offers[-1].endswith("comments.xml"), "comments come last"
    assert offers[0] in played.now["last_error"]
    assert not played.entries


def nothing_offered(played: Played) -> None:
    """Expect an error that says it is a page, and no offer."""
    ends("not-a-feed", says="HTML")(played)
    assert played.now["offers"] in (None, "[]")


def wall(says: str, status: int | None = None) -> Callable[[Played], None]:
    """Expect the wall named."""
    return ends("wall", status, says=says)


def well_after(*, entries: int, bad: str) -> Callable[[Played], None]:
    """Expect a bad poll between two good ones that removed nothing and left no trace."""

    def check(played: Played) -> None:
        assert played.outcomes[1] in bad.split()
        assert played.outcomes[2] in ("ok", "unchanged", "not-modified")
        assert (played.now["failures"], played.now["last_error"], played.now["offers"]) == (0, None, None)
        assert [len(played.entries), sum(entry["last_seen"] is None for entry in played.entries)] == [entries, entries]
        assert sum(poll["new"] for poll in played.polls) == entries

    return check


def valid_and_empty(played: Played) -> None:
    """Expect a good poll without entries, of a feed whose title is known."""
    reads(entries=0)(played)
    assert played.now["title"] == "Empty"


ONE = reads("One")
HTML_TYPE = "text/html; charset=utf-8"

CASES = [
    Case("rss-2.0", "RSS 2.0", steady(), reads(entries=3)),
    Case("rss-0.91", "RSS 0.91", body(RSS_091), ONE),
    Case("rdf", "RSS 1.0", body(RDF, "application/rdf+xml"), ONE),
    Case("atom", "Atom 1.0", body(ATOM, "application/atom+xml"), ONE),
    Case("atom-0.3", "Atom 0.3", body(ATOM_03), ONE),
    Case("json-feed", "JSON Feed", body(JSON_FEED, "application/feed+json"), ONE),
    Case("no-type", "without a Content-Type", body(ATOM, None), ONE),
    Case("html-type", "labelled as HTML", body(ATOM, HTML_TYPE), ONE),
    Case("plain-type", "labelled as text", body(RSS_091, "text/plain"), ONE),
    Case("image-type", "labelled as an image", body(RSS_091, "image/png"), ONE),
    Case("json-as-xml", "JSON labelled as XML", body(JSON_FEED, "text/xml"), ONE),
    Case("xml-as-json", "XML labelled as JSON", body(ATOM, "application/json"), ONE),
    Case(
        "download",
        "as an attachment",
        lambda _: reply(ATOM.encode(), Content_Disposition="attachment; filename=x"),
        ONE,
    ),
    Case(
        "http-1.0",
        "HTTP/1.0, to the end of the connection",
        always(Answer(b"HTTP/1.0 200 OK\r\n\r\n" + ATOM.encode(), "close")),
        ONE,
    ),
    Case("to-the-end", "HTTP/1.1 likewise", always(Answer(head(200) + ATOM.encode(), "close")), ONE),
    Case(
        "latin-1",
        "the charset of the header",
        body(LATIN, "text/xml; charset=iso-8859-1", "latin-1"),
        reads("Café à Lodz"),
    ),
    Case("utf-8-bom", "a byte order mark", body(WESTERN, encoding="utf-8-sig"), reads("Café à Łódź")),
    Case("utf-16", "UTF-16", body(WESTERN.replace("utf-8", "utf-16"), encoding="utf-16"), reads("Café à Łódź")),
    Case("blank-lines", "blank lines before it", body("\n\n \r\n" + ATOM), ONE),
    Case("junk-after", "a comment and blanks behind it", body(ATOM + "<!-- served in 0.1 s -->\n\n"), ONE),
    Case("empty-feed", "a feed without items is a good one", body(EMPTY_RSS), valid_and_empty),
    Case("empty", "an empty body is none", body(b""), ends("not-a-feed", says="empty")),
    Case("blank", "nor one of blanks", body(b" \r\n\t \n"), ends("not-a-feed", says="empty")),
    Case("text", "nor a sentence", body(b"No feed here."), ends("not-a-feed")),
    Case(
        "binary",
        "nor an image",
        body(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "image/png"),
        ends(("not-a-feed", "malformed")),
    ),
    Case(
        "opml", "nor another kind of XML", body('<opml version="2.0"><body/></opml>'), ends("not-a-feed", says="opml")
    ),
    Case(
        "sitemap",
        "nor a site map",
        body('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>'),
        ends("not-a-feed", says="urlset"),
    ),
    Case("json", "nor any JSON", body('{"items": "many"}', "application/json"), ends(("not-a-feed", "malformed"))),
    Case("html", "nor a page", body(PLAIN_PAGE, HTML_TYPE), nothing_offered),
    Case("html-as-xml", "also labelled as a feed", body(PLAIN_PAGE, "application/rss+xml"), nothing_offered),
    Case("html-advertises", "a page's feeds are offered", advertises, offers_its_feeds),
    Case(
        "html-404",
        "an error's page is an error",
        page(PLAIN_PAGE.encode(), 404, Content_Type=HTML_TYPE),
        ends("http-error", 404),
    ),
    Case("login", "a login page is a wall", body(LOGIN, HTML_TYPE), wall("login")),
    Case(
        "login-401",
        "also with 401",
        page(LOGIN.encode(), 401, Content_Type=HTML_TYPE),
        ends(("wall", "http-error"), 401),
    ),
    Case(
        "bot-check-403",
        "a bot check is a wall",
        page(CLOUDFLARE.encode(), 403, Content_Type=HTML_TYPE),
        wall("Cloudflare", 403),
    ),
    Case("bot-check-200", "also with 200", body(CLOUDFLARE, HTML_TYPE), wall("Cloudflare", 200)),
    Case(
        "bot-check-503",
        "also with 503",
        page(CLOUDFLARE.encode(), 503, Content_Type=HTML_TYPE),
        ends(("wall", "throttled"), 503, says="Cloudflare"),
    ),
    Case(
        "page-between",
        "a page between two polls removes nothing",
        in_turn(steady(), body(PLAIN_PAGE, HTML_TYPE), steady()),
        well_after(entries=3, bad="not-a-feed"),
    ),
    Case(
        "login-between",
        "nor a login page",
        in_turn(steady(), body(LOGIN, HTML_TYPE), steady()),
        well_after(entries=3, bad="wall"),
    ),
    Case(
        "offers-between",
        "nor one that offers feeds; the offer is forgotten",
        in_turn(steady(), advertises, steady()),
        well_after(entries=3, bad="not-a-feed"),
    ),
    Case(
        "empty-between",
        "nor an empty body",
        in_turn(steady(), body(b""), steady()),
        well_after(entries=3, bad="not-a-feed"),
    ),
    Case(
        "no-items-between",
        "nor an empty feed",
        in_turn(steady(), body(EMPTY_RSS), steady()),
        well_after(entries=3, bad="ok"),
    ),
    Case(
        "404-between",
        "nor an error",
        in_turn(steady(), page(b"no", 404), steady()),
        well_after(entries=3, bad="http-error"),
    ),
    Case(
        "206-between",
        "nor a part",
        in_turn(steady(), lambda a: reply(news(a, 1), 206), steady()),
        well_after(entries=3, bad="http-error"),
    ),
    Case(
        "cut-between",
        "nor a cut body",
        in_turn(steady(), lambda a: Answer(head(200, {"Content-Length": "9999"}) + news(a, 1), "close"), steady()),
        well_after(entries=3, bad="unreachable malformed"),
    ),
    Case(
        "salvaged-between",
        "nor broken markup",
        in_turn(steady(), lambda a: reply(news(a, 1)[:-30]), steady()),
        well_after(entries=3, bad="ok malformed"),
    ),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them three times."""
    return play(tmp_path_factory.mktemp("formats"), CASES, 3)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_formats(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
