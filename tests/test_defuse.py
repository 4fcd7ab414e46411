"""Bombs: what would take the parser minutes is cut or refused before it; what is no bomb is left as it is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from db.model import Document
from ingest.defuse import MAX_AUTHOR_CHARS, MAX_DEPTH, MAX_RUN_CHARS, MAX_TERMS, defuse
from ingest.digest import DigestFault, digest
from ingest.marks import MAX_BLANKS, Marks, without_long_blanks
from ingest.parsed import MAX_ENTRIES, MalformedError
from ingest.prolog import prepare
from ingest.workers import Workers

URL = "https://feeds.example.org/feed.xml"
FEEDS = Path(__file__).parent / "data" / "feeds"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='xhtml'>%s<div>x</div></content></entry></feed>"
NAMESPACES = (
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/' "
    "xmlns:itunes='http://www.itunes.com/DTDs/PodCast-1.0.dtd'"
)


def rss(items: str, channel: str = "") -> str:
    return f"<rss version='2.0' {NAMESPACES}><channel><title>T</title>{channel}{items}</channel></rss>"


def item(inside: str) -> str:
    return f"<item><title>kept</title>{inside}</item>"


def left(text: str) -> str:
    """Give what is left of a document."""
    prepared = prepare(text.encode(), None)
    return defuse(prepared).text[prepared.root :]


DOTTED = "a." * 40_000
TERMS = "".join(f"<category>c{n}</category>" for n in range(20_000))
PATHS = "u/" * 1000

# Name → the bomb, and what the refusal says; None where it is read, without what is too much.
BOMBS: dict[str, tuple[str, str | None]] = {
    "attributes": (rss(item("<a " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>")), "100,000 attributes"),
    "attributes, broken": (rss(item("<a " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>&x;<")), "attributes"),
    "many namespaces": (rss("".join(item(f"<a xmlns:n{n}='u'/>") for n in range(300))), "more than 200 namespaces"),
    "a long namespace": (rss(item(f"<a xmlns:n='{'u' * 1_000_000}'>{'<n:b/>' * 9000}</a>")), "1,000,000 characters"),
    "a long language": (rss(item(f"<a xml:lang='{'u' * 1_000_000}'>{'<b/>' * 9000}</a>")), "its lang has 1,000,000"),
    "a long base": (rss(item(f"<a xml:base='http://e/{PATHS}'>{'<b/>' * 49_000}</a>") * 2), "base addresses"),
    "nested": (rss(item("<a>" * 200_000 + "</a>" * 200_000)), f"nested more than {MAX_DEPTH} deep"),
    "nested, unclosed": (rss(item("<a>" * 200_000)), f"nested more than {MAX_DEPTH} deep"),
    "elements of one item": (rss(item("<a/>" * 200_000)), "an item of it has more than 50,000 elements"),
    "elements": (rss(item("<a/>" * 100) * 3000), "more than 250,000 elements"),
    "end tags": (rss(item("</a>" * 900_000)), "more than 250,000 end tags"),
    "ampersands": (rss(item("&" * 9_000_000)), "9,000,000 times a '&'"),
    "less-thans": (rss(item("<" * 9_000_000)), "times a '<'"),
    "quotes": (rss(item('<a " <a " ' * 300_000)), f"nested more than {MAX_DEPTH} deep"),
    "author": (rss(item(f"<author>{DOTTED}</author>")), None),
    "author in CDATA": (rss(item(f"<author><![CDATA[{DOTTED}]]></author>")), None),
    "author, prefixed": (rss(item(f"<dc:creator>{DOTTED}</dc:creator>")), None),
    "author, foreign prefix": (
        rss(item(f"<q:creator xmlns:q='http://purl.org/dc/elements/1.1/'>{DOTTED}</q:creator>")),
        None,
    ),
    "author, broken": (rss(item(f"<author>{DOTTED}</author>"))[:-6], None),
    "author in references": (rss(item("<author>" + "a&#46;" * 13_000 + "</author>")), None),
    "author in pieces": (rss(item("<author>" + "a.<!-- -->" * 40_000 + "</author>")), None),
    "author by entities": (
        f"<!DOCTYPE rss [<!ENTITY a '{DOTTED[:90]}'>]>" + rss(item("<author>" + "&a;" * 9000 + "</author>")),
        None,
    ),
    "webMaster": (rss("", f"<webMaster>{DOTTED}</webMaster>"), None),
    "owners": (rss("", f"<webMaster>{DOTTED[:300]}</webMaster>" + "<itunes:owner/>" * 40_000), None),
    "many authors": (rss(item("<author>a</author>" * 40_000)), None),
    "authors of many": (rss(item(f"<author>{DOTTED[:2000]}</author>") * 4000), None),
    "categories": (rss(item(TERMS)), None),
    "categories of the channel": (rss("", TERMS), None),
    "categories of Atom": (ATOM.replace("</entry>", "<category term='x'/>" * 20_000 + "</entry>") % "", None),
    "keywords": (rss(item("<media:keywords>" + "k," * 100_000 + "</media:keywords>")), None),
    "keywords in CDATA": (rss(item("<itunes:keywords><![CDATA[" + "k," * 99_000 + "]]></itunes:keywords>")), None),
    "items": (rss("<item><title>kept</title></item>" * 200_000), None),
    "a long comment": (rss(item("<!--" + "x" * 9_000_000 + "-->")), None),
    "an open comment": (rss(item("<!--" + "x" * 9_000_000)), None),
    "comments": (rss(item("<!-- " * 20_000 + "-->")), None),
    "an instruction": (rss(item("<?x " + "x" * 9_000_000 + "?>")), None),
    "open CDATA": (rss(item("<![CDATA[" * 100_000)), None),
    "blank lines": (ATOM % ("\n" * 500_000), None),
    "blank lines and instructions": (ATOM % ("\n<?a?>" * 500_000), None),
    "blank lines and comments": (ATOM % ("\n<!---->" * 500_000), None),
    "blank CDATA": (ATOM % ("\n<![CDATA[\n]]>" * 500_000), None),
    "blank references": (ATOM % ("&#32;" * 400_000) + "<", None),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(1, deadline_s=60, slow_deadline_s=1)
    yield pool
    await pool.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", BOMBS)
async def test_bombs_do_no_harm(name: str, workers: Workers) -> None:
    """Each bomb ends in a clear refusal, or is read without what is too much; a worker with its limits lives on."""
    bomb, says = BOMBS[name]
    made = await workers.digest(bomb.encode(), None, URL)

    if says is None:
        assert isinstance(made, Document), made
    else:
        assert isinstance(made, DigestFault)
        assert made.kind == "malformed"
        assert says in made.message
    assert not workers._slow_sources


@pytest.mark.parametrize("name", [name for name, (_, says) in BOMBS.items() if says is None])
def test_what_the_parser_gets_is_small(name: str) -> None:
    """No count that the parser's time grows with the square of is left large."""
    text = left(BOMBS[name][0])

    assert text.count("<category") <= MAX_TERMS + 1
    for author in re.findall(r"<(?:author|dc:creator|q:creator|webMaster)\b[^>]*>(.*?)</", text, re.DOTALL):
        plain = re.sub(r"<!--.*?-->|<!\[CDATA\[|\]\]>", "", author, flags=re.DOTALL)
        assert len(plain) <= MAX_AUTHOR_CHARS
        assert "<!--" in author or max((len(run) for run in plain.split()), default=0) <= MAX_RUN_CHARS
    assert not re.search(rf"\s{{{MAX_BLANKS + 1}}}", text)


@pytest.mark.parametrize("path", sorted(FEEDS.glob("*.xml")), ids=lambda path: path.name)
def test_ordinary_feeds_are_left_as_they_are(path: Path) -> None:
    """Of a feed that is no bomb not one character changes."""
    prepared = prepare(path.read_bytes(), None)

    assert defuse(prepared) == prepared


def test_what_is_near_a_limit_is_left_as_it_is() -> None:
    """As much as a large feed may hold passes: attributes, nesting, categories, authors, keywords, comments."""
    inside = (
        "<a " + " ".join(f"a{n}='='" for n in range(100)) + "/>"
        "<content>" + "<b>" * 400 + "x" + "</b>" * 400 + "</content>"
        "<author>" + "Desk " * 199 + "</author>"
        "<media:keywords>" + ",".join(["k"] * 50) + "</media:keywords>" + "<category>c</category>" * 49 + "<!-- c -->"
        "<link href='https://example.org/?" + "a=1&amp;" * 400 + "'/><p>" + "<br>" * 3000 + "</p>"
    )
    text = rss(item(inside) * 3 + item("<!-- <item " + "=" * 300 + "> -->"))

    assert left(text) == text


def test_unclosed_elements_of_items_do_not_add_up() -> None:
    """In a feed with bare HTML in its items, each item begins at the depth of the first."""
    text = rss(item("<description><b><i>one</description>") * 2000)

    assert left(text) == text


def test_the_first_categories_stay() -> None:
    """Of too many categories the first are kept, element by element, and what stands after them too."""
    terms = "".join(f"<category>c{n}</category> " for n in range(MAX_TERMS + 50))
    text = left(rss(item(f"{terms}<guid>1</guid>")))

    assert re.findall(r"<category>(c\d+)</category>", text) == [f"c{n}" for n in range(MAX_TERMS)]
    assert "c120" not in text
    assert text.endswith("<guid>1</guid></item></channel></rss>")


def test_each_item_has_its_own_count() -> None:
    """The categories of one item do not count for the next, nor those of the channel for its items."""
    some = "<category>c</category>" * MAX_TERMS
    text = rss(item(some) * 3, some)

    assert left(text) == text


def test_the_first_keywords_stay() -> None:
    """Of a long list of keywords the first are kept, and count with the categories."""
    words = ",".join(f"k{n}" for n in range(500))
    text = left(rss(item(f"<category>c</category><media:keywords>{words}</media:keywords><guid>1</guid>")))

    assert re.findall(r"k\d+", text) == [f"k{n}" for n in range(MAX_TERMS - 1)]
    assert "</media:keywords><guid>1</guid>" in text


def test_the_beginning_of_an_author_stays() -> None:
    """Of an overlong author the beginning is kept."""
    made = digest(rss(item("<author>Foreign Desk, " + "and more " * 9000 + "</author>")).encode(), None, URL)

    assert isinstance(made, Document)
    assert (made.entries[0].author or "").startswith("Foreign Desk, and more and more")


def test_items_beyond_the_cap_are_cut_and_said() -> None:
    """The parser gets one item more than are kept, so that it is known; what stands behind the items is still read."""
    items = "".join(f"<item><guid isPermaLink='false'>{n}</guid></item>" for n in range(MAX_ENTRIES + 500))
    text = rss(items + "<ttl>90</ttl>")
    made = digest(text.encode(), None, URL)

    assert left(text).count("<item>") == MAX_ENTRIES + 1
    assert isinstance(made, Document)
    assert [entry.raw_id for entry in made.entries] == [str(n) for n in range(MAX_ENTRIES)]
    assert (made.truncated, made.ttl_s) == (True, 5400)


def test_foreign_elements_with_an_items_name_are_no_items() -> None:
    """An <x:item> inside an item does not count as one."""
    text = rss(item("<x:item xmlns:x='u'>a</x:item>" * 20) * 300)

    assert left(text) == text


def test_a_refusal_names_the_line() -> None:
    """The line is that of the document as it was served, with all that stands before its root."""
    bomb = "<?xml version='1.0'?>\n<!-- a\n -->\n\n<rss><channel>\n<item " + " ".join(f"a{n}='1'" for n in range(500))
    with pytest.raises(MalformedError, match=r"its <item> has 500 attributes; over 100 are refused \(line 6\)"):
        left(bomb + "/></channel></rss>")


# The marks


@given(st.lists(st.sampled_from(["<", ">", "a", "/", '"', "'", "=", "!--", "-->", "![CDATA[", "]]>", "?", "?>", " "])))
def test_marks_go_forward(pieces: list[str]) -> None:
    """Whatever the text is, each mark begins where the one before it ended, or later, and lies in the text."""
    text = "".join(pieces)
    at = 0
    for mark in Marks(text, 0):
        assert at <= mark.start < mark.end <= len(text)
        assert text[mark.start] == "<"
        at = mark.end


def test_a_greater_than_in_an_attribute_does_not_end_a_tag() -> None:
    """Quotes hide a >, in tags that are well-formed; one without its partner hides nothing."""
    text = """<a t="1 > 0"><b t='>'/></a><c it's><d>"""
    marks = [(mark.kind, text[mark.start : mark.end]) for mark in Marks(text, 0)]

    assert marks == [
        ("start", '<a t="1 > 0">'),
        ("start", "<b t='>'/>"),
        ("end", "</a>"),
        ("start", "<c it's>"),
        ("start", "<d>"),
    ]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"a{' ' * MAX_BLANKS}b", f"a{' ' * MAX_BLANKS}b"),
        (f"a{' ' * 9000}b", f"a{' ' * MAX_BLANKS}b"),
        (f"a{'&#160;' * 9000}b", f"a{'&#160;' * MAX_BLANKS}b"),
        (f"a{'&#x0A; ' * 9000}b", f"a{'&#x0A; ' * (MAX_BLANKS // 2)}b"),
        (f"a{'<![CDATA[ ]]>' * 900}b", "a\nb"),
        (f"<![CDATA[a{' ]]><![CDATA[' * 900}b]]>", "<![CDATA[a]]>\n<![CDATA[b]]>"),
        (f"a{'&#65;' * 900}b", f"a{'&#65;' * 900}b"),
    ],
)
def test_long_blanks_are_shortened(text: str, after: str) -> None:
    """White space of any kind is shortened; CDATA sections stay open or closed as they were; letters stay."""
    assert without_long_blanks(text) == after


@pytest.mark.parametrize("blank", [" ", "\u2003", "<![CDATA[ ]]>"])
@pytest.mark.parametrize("before", [0, 1, 99, 150, 199, 200, 201, 333])
def test_long_blanks_are_found_wherever_they_stand(before: int, blank: str) -> None:
    """The samples that tell whether there are any miss none, however short it is."""
    count = MAX_BLANKS // len(blank) + 1

    assert len(without_long_blanks("x" * before + blank * count + "y" * 700)) < before + count * len(blank) + 700
