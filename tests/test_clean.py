"""Foreign text made safe."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import clean
from ingest.clean import (
    ATTRIBUTES,
    MAX_HTML_CHARS,
    MAX_TAGS,
    SCHEMES,
    TAGS,
    clean_html,
    flat,
    one_line,
    plain_text,
    text_html,
    xml_chars,
    xml_clean,
)

BASE = "https://example.org/news/7"


class Census(HTMLParser):
    """What a browser would find in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.urls: set[str] = set()
        self.remarks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add((tag, name))
            if name in ("href", "src", "poster", "cite"):
                self.urls.add(value or "")

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.remarks.append(data)

    def handle_decl(self, decl: str) -> None:
        """Note a declaration."""
        self.remarks.append(decl)

    def handle_pi(self, data: str) -> None:
        """Note a processing instruction."""
        self.remarks.append(data)


def census(html: str) -> Census:
    found = Census()
    found.feed(html)
    found.close()
    return found


def assert_safe(html: str) -> None:
    """Nothing is there but allowed tags, allowed attributes and absolute addresses of allowed schemes."""
    found = census(html)
    assert found.tags <= TAGS
    for tag, name in found.attributes:
        assert name in ATTRIBUTES.get(tag, set()) | ATTRIBUTES["*"] | {"rel"}
    for url in found.urls:
        assert url.split(":", 1)[0].lower() in SCHEMES
    assert found.remarks == []


ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT >",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='javascript:alert(1)'>",
    "<img src=`x` onerror=alert(1)//",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate attributeName=href to=javascript:alert(1)></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href='//evil.example/'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<style>@import '//evil.example/x.css'</style><p style='background:url(//evil.example)'>x</p>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<video poster='javascript:alert(1)' src='data:x'><source src='javascript:1' onerror=alert(1)></video>",
    "<a ping='//evil.example' target=_blank href='https://example.org'>x</a>",
    "<p id=location class=x>clobber</p>",
    "<template><script>alert(1)</script></template>",
    "<b>\u0338 onmouseover=alert(1) x=<i>y</i>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<plaintext><script>alert(1)</script>",
    "<blockquote cite='javascript:alert(1)'>x</blockquote>",
    "<p title='&quot;&gt;&lt;script&gt;'>x</p>",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("base", [BASE, None])
def test_attacks_are_disarmed(attack: str, base: str | None) -> None:
    """No known trick brings a script, a handler, a style or a foreign scheme through, once or twice cleaned."""
    once = clean_html(f"<p>before</p>{attack}<p>after</p>", base)

    assert_safe(once)
    assert clean_html(once, base) == once


SOUP = (
    "<p> </p> <div> </div> <b> </b> <i> </i> <a> </a> <a/href='/x'> <table> </table> <tr> <td> </td> <pre>\n\n </pre> "
    "<ul> <li> </ul> <svg> </svg> <math> <style> </style> <script> </script> <!-- --> <![CDATA[ ]]> &lt; &amp &nbsp; "
    "&#0; &#xd800; < > \" ' = text <img/src='a.png'/onerror='x'> <title> </title> <select> <option> <noscript> "
    "</noscript> <h1> <h2> <dl> <dt> <form> <br> <col> <caption> <mtext> \u0338 \x00 \x0c \ufffe é"
)
PIECES = st.sampled_from(SOUP.split(" "))


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=25).map("".join))
@example("<pre>\n\n\n\n\n\nx</pre>")
@example("<a><table><a>")
@example("<p><table><p>")
def test_cleaning_is_safe_and_idempotent(html: str) -> None:
    """Whatever the tag soup, the result is safe, XML can carry it, and cleaning it again changes nothing."""
    once = clean_html(html, BASE)

    assert_safe(once)
    assert xml_chars(once) == once
    assert clean_html(once, BASE) == once
    assert "<p" not in plain_text(once) or "&lt;" in once


def test_good_markup_stays() -> None:
    """Text, lists, tables, figures and media keep their markup; links become absolute and tell no referrer."""
    html = clean_html(
        '<h2>T</h2><p lang="tr">a <em>b</em> <a href="/x?a=1&amp;b=2" title="t">c</a></p>'
        '<figure><img src="pic.jpg" alt="A" width="10" height="5"><figcaption>F</figcaption></figure>'
        '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table><ol start="3"><li>x</li></ol>'
        '<audio src="a.mp3" controls></audio>',
        BASE,
    )

    assert html == (
        '<h2>T</h2><p lang="tr">a <em>b</em> <a href="https://example.org/x?a=1&amp;b=2" title="t" '
        'rel="noopener noreferrer">c</a></p>'
        '<figure><img src="https://example.org/news/pic.jpg" alt="A" width="10" height="5"><figcaption>F</figcaption>'
        '</figure><table><tbody><tr><td colspan="2">1</td></tr></tbody></table><ol start="3"><li>x</li></ol>'
        '<audio src="https://example.org/news/a.mp3" controls=""></audio>'
    )


def test_without_a_base_relative_links_are_dropped() -> None:
    """A relative link that nothing completes would point at our own site: it goes, its text stays."""
    assert clean_html('<a href="/x">y</a><img src="z.png">', None) == '<a rel="noopener noreferrer">y</a><img>'


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 80_000,
        "<b><p>" * 40_000,
        "<a>" * 80_000,
        "<p " + " ".join(f"a{n}=1" for n in range(80_000)) + ">x</p>",
        "<p " + " ".join(f"a{n}" for n in range(30_000)) + ">x</p>",
        "<" * 400_000,
        "<!--" * 100_000,
        "data:" * 100_000,
        "&" * 400_000,
        "=" * 400_000,
    ],
    ids=lambda bomb: bomb[:6],
)
def test_bombs_cost_little(bomb: str) -> None:
    """What would hold the sanitizer for minutes is capped first, and the result is still safe and stable."""
    started = time.process_time()
    html = clean_html(bomb, BASE)

    assert time.process_time() - started < 5
    assert len(html) <= MAX_HTML_CHARS
    assert_safe(html)
    assert clean_html(html, BASE) == html
    assert plain_text(html) == plain_text(html).strip()
    one_line(bomb)


def test_too_many_tags_leave_the_text() -> None:
    """Markup beyond the cap comes back as its plain text."""
    html = clean_html("<b>one</b> &amp; <i>two</i> " * MAX_TAGS, BASE)

    assert html.startswith("<p>one &amp; two one &amp; two ")


def test_a_long_text_is_cut_and_keeps_its_markup() -> None:
    """Text beyond the cap on length is cut, not refused."""
    html = clean_html("<p>" + "word " * 90 + "</p>" + ("<p>" + "word " * 400 + "</p>") * 200, BASE)

    assert html.startswith("<p>word word")
    assert MAX_HTML_CHARS // 2 < len(html) <= MAX_HTML_CHARS


def test_pictures_inside_the_text_do_not_use_up_the_cap() -> None:
    """An inline picture of a megabyte is dropped, and the article behind it is there."""
    html = clean_html(f'<p>a</p><img src="data:image/png;base64,{"A" * 1_000_000}"><p>b</p>', BASE)

    assert html == "<p>a</p><img><p>b</p>"


def test_plain_text_has_lines_for_blocks() -> None:
    """Blocks start lines, inline markup leaves nothing, entities are characters."""
    html = clean_html(
        '<h1>Title</h1><p>a&nbsp;&amp; <b>b</b>old<br>c &lt;d&gt;</p><ul><li>1<li>2</ul><img alt="x>y">', BASE
    )

    assert plain_text(html) == "Title\na & bold\nc <d>\n1\n2"


def test_plain_text_of_tables_parts_the_cells() -> None:
    """Words of two cells do not run together."""
    assert plain_text(clean_html("<table><tr><td>a</td><td>b</td></tr></table>", BASE)) == "a b"


@given(st.text(max_size=80))
def test_text_survives_html(text: str) -> None:
    """Plain text written as HTML and read again has the same words."""
    assert plain_text(text_html(text)).split() == flat(text).split()


def test_text_html_shows_markup_as_text() -> None:
    """Text that looks like markup is shown, not obeyed."""
    assert text_html("a <b>\nc\n\nd & e") == "<p>a &lt;b&gt;<br>c</p><p>d &amp; e</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("plain", "plain"),
        ("a\n  b\t\u00a0c", "a b c"),
        ("<b>Bold</b> &amp; <i>it</i>", "Bold & it"),
        ("AT&T", "AT&T"),
        ("2 < 3", "2 < 3"),
        ("R&amp;D", "R&D"),
        ("<script>x</script>a", "a"),
        ("e\u0301", "é"),
    ],
)
def test_one_line(html: str, expected: str) -> None:
    """A short piece of HTML becomes one line of text."""
    assert one_line(html) == expected


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_xml_chars_are_those_of_the_specification(text: str) -> None:
    """Each character is kept or dropped by itself, as production 2 of XML 1.0 has it."""
    kept = [(0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF)]

    assert xml_chars(text) == "".join(
        char for char in text if char in "\t\n\r" or any(first <= ord(char) <= last for first, last in kept)
    )


@given(st.lists(st.one_of(PIECES, st.sampled_from(["\xa0", "\u2028", " \t", "&nbsp;", "é"])), max_size=25).map("".join))
def test_plain_text_is_lines_without_needless_blanks(soup: str) -> None:
    """No line is empty, begins or ends with a blank, or has two in a row; none of the words is lost."""
    html = clean_html(soup, BASE)
    text = plain_text(html)

    assert all(line == " ".join(line.split()) != "" for line in text.split("\n")) or not text
    assert "".join(text.split()) == xml_clean("".join(unescape(re.sub("<[^<>]*>", " ", html)).split()))


def test_half_a_character_in_a_title_is_dropped() -> None:
    """JSON can spell it, and no library takes it; the rest of the title is there."""
    assert one_line("a <b>\ud83d b</b>") == "a b"


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_xml_clean_leaves_only_xml(text: str) -> None:
    """Whatever comes in, XML and UTF-8 can carry what comes out; doing it again changes nothing."""
    clean = xml_clean(text)

    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", clean)
    assert clean.encode("utf-8", "strict").decode() == clean
    assert xml_clean(clean) == clean


FRAGMENTS = st.sampled_from(
    [
        '<a href="https://a.example/x y">',
        '<a href="/rel">',
        "<a HREF = '//a.example/'>",
        '<a\nhref\n=\n"rel">',
        '<a href="http:foo">',
        '<a href="&#104;ttps://x/">',
        '<a href="https://a.example/&#10;b">',
        "<img src=x.png>",
        '<video poster="p.png" src="https://a.example/v">',
        '<q cite="c">',
        "<pre>\n\nx",
        "</a>",
        "&nbsp;",
        "\xa0",
        "\r\n",
        "\f",
        "2 > 1",
        "words",
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=6), max_size=8).map("".join), st.sampled_from([BASE, None]))
def test_short_cuts_change_nothing(html: str, base: str | None) -> None:
    """Text without markup, and markup without relative addresses, comes out as it would the long way."""
    always = re.compile("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean, "_MARKUP", always)
        patch.setattr(clean, "_RELATIVE", always)
        long_way = clean_html(html, base)

    assert clean_html(html, base) == long_way
