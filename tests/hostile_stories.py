"""Stories of feeds that mean no good, seeded: in RSS, Atom and JSON Feed, odd in every field."""

from __future__ import annotations

import json
import random
from html import escape

WORDS = (
    *(
        "<b>bold</b> claims",
        "a < b && c > d",
        "&lt;i&gt;",
        "&amp;amp;",
        "AT&T &copy; &#x80; &#133;",
        "]]>",
        "<![CDATA[x]]>",
    ),
    *("<script>alert(1)</script>", "</title></channel>", "{{7*7}} %s ${x}", "<!-- x --", "<?xml version='1.0'?>"),
    *(
        "\u202eright to left",
        "zero\u200bwidth",
        "e\u0301 \u00e9",
        "\u0092quoted\u0093 \u0085",
        "\ufffd?",
        "\ufdd0\U0001ffff",
    ),
    *(
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "中文標題，沒有空格",
        "עברית",
        "line\r\nbreak\tand tab",
        "\x7f del",
        " ",
        "",
    ),
    *(
        "</b></p></div>",
        "<a href=javascript:alert(1)>x</a>",
        "' onmouseover='x",
        "\\u0000 \\x00",
        "Ω≈ç√∫",
        "&nbsp;&bogus;",
    ),
)
ADDRESSES = (
    *(
        "https://h.example/a b?c d=é#f g",
        "HTTP://H.EXAMPLE:80/./x/../y",
        "https://h.example/%zz%",
        "/relative?q=[1]{2}|3",
    ),
    *(
        "https://müller.example/straße?ä=ö",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://u:p@h.example/x",
        "//h.example/y",
    ),
    *(
        "http://[::1]/x",
        "https://h.example",
        "https://h.example?x=1",
        "https://h_under.example/x",
        "http://localhost/x",
    ),
    *(
        'https://h.example/"<>^`\\',
        "https://h.example/#a#b",
        "mailto:a@h.example",
        "urn:x:y",
        "https://h..example/",
        "?only=query",
    ),
)
HTML = (
    *(
        "<p>one<p>two</p></p>",
        "<b><i>crossed</b></i>",
        "<table><td>cell</table>text",
        "<a href='#f'>note</a>",
        "<ul><p>x<li>y</ul>",
    ),
    *(
        "<img src=x onerror=alert(1)>",
        "<a href='/r?x=[1]&y'>rel</a>",
        "<h1><h2>in</h2></h1>",
        "<a><a>x</a></a>",
        "<p><div>d</div></p>",
    ),
    *(
        "<svg><script>x</script></svg>",
        "<math><mi>x</mi></math>",
        "<style>p{}</style>",
        "<b title='</b>'>t</b>",
        "<tr><td>1",
        "</p></br>",
    ),
    *(
        "<details open><summary>s</summary>d</details>",
        "<video src='v.mp4' poster='//p'></video>",
        "<ruby>漢<rt>かん</ruby>",
    ),
    *(
        "<q cite=x>q</q>",
        "<li>no list",
        "<table><caption>c<tr><th>h</table>",
        "<pre>\n\nx</pre>",
        "<dl><dd>x<dt>y</dl>",
        "<col><td>x",
    ),
    *(
        "<form><input><button>b</button></form>",
        "<iframe src=x></iframe>",
        "<time datetime='x'>t</time>",
        "<ol start=x><li value=y>z</ol>",
    ),
    *(
        "<table><tr><p>foster</p></tr></table>",
        "<em><p>block in inline</p></em>",
        "<a href=x><table><tr><td><a href=y>z</a></table></a>",
    ),
)
DATES = (
    *(
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "2031-01-01T00:00:00Z",
        "yesterday",
        "2026-02-30T10:00:00Z",
        "",
    ),
    *(
        "Mon, 23 Nov 2026 10:00:00 +0000",
        "2026-11-23T10:00:00.123456789+05:45",
        "1895-12-28",
        "9999-12-31T23:59:59-14:00",
    ),
)
TONGUES = ("en", "de-AT", "english", "x-klingon", "xx", "", "fr_FR", "zh-Hant-TW", "qaa", "a", "und")
TYPES = ("audio/mpeg", "mp3", 'audio/mpeg; codecs="x"', "", "x/y/z", "image/*", "text/html;charset=utf-8", "ä/ö")
PEOPLE = ("Ann <ann@h.example>", "ann@h.example (Ann)", "<a@h.example>", "\u2028", "A" * 400, "<b>Bob</b> & Co")


def hostile_text(chance: random.Random) -> str:
    """Put a few odd words in a row."""
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 4)))


def hostile_html(chance: random.Random) -> str:
    """Put a few odd pieces of markup in a row, some inside others."""
    parts = chance.choices(HTML, k=chance.randint(1, 5))
    text = hostile_text(chance)
    return f"<div>{parts[0]}{text}" + "".join(f"<p>{part}" for part in parts[1:])


def xml(text: str) -> str:
    """Escape text for XML, without what no XML may hold."""
    return escape("".join(one for one in text if one in "\t\n\r" or 0x20 <= ord(one) < 0xFFFE or ord(one) > 0xFFFF))


def hostile_feed(seed: int, count: int) -> tuple[str, bytes]:
    """Write a feed of so many stories → media type, body; its format goes by the seed."""
    chance = random.Random(seed)
    make = (hostile_rss, hostile_atom, hostile_json)[seed % 3]
    return make(chance, seed, count)


def hostile_rss(chance: random.Random, seed: int, count: int) -> tuple[str, bytes]:
    """Write RSS with media and Apple's tags."""
    items = []
    for number in range(count):
        media = "".join(
            f'<media:content url="{xml(chance.choice(ADDRESSES))}" type="{xml(chance.choice(TYPES))}" '
            f'fileSize="{chance.choice(("0", "-1", "12", "x"))}" duration="{chance.choice(("61", "1:01", "x"))}" '
            f'width="{chance.choice(("0", "640", "x"))}"/>'
            for _ in range(chance.randint(0, 3))
        )
        items.append(
            f"<item><guid>{seed}-{number}</guid><title>{xml(hostile_text(chance))} {number}</title>"
            f"<link>{xml(chance.choice(ADDRESSES))}</link><author>{xml(chance.choice(PEOPLE))}</author>"
            f"<description>{xml(hostile_html(chance))}</description><pubDate>{chance.choice(DATES)}</pubDate>"
            f"<category>{xml(hostile_text(chance))}</category><category>{xml(chance.choice(WORDS))}</category>"
            f'<enclosure url="{xml(chance.choice(ADDRESSES))}" length="{chance.choice(("5", "-1", "x", ""))}" '
            f'type="{xml(chance.choice(TYPES))}"/>{media}<media:thumbnail url="{xml(chance.choice(ADDRESSES))}"/>'
            f"<itunes:duration>{chance.choice(('61', '1:01:01', 'x', '-5'))}</itunes:duration>"
            f"<itunes:episode>{chance.choice(('1', '0', 'x'))}</itunes:episode>"
            f"<itunes:explicit>{chance.choice(('yes', 'true', 'clean', 'x'))}</itunes:explicit></item>"
        )
    body = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        f"<channel><title>{xml(hostile_text(chance))}</title><link>{xml(chance.choice(ADDRESSES))}</link>"
        f"<language>{chance.choice(TONGUES)}</language><description>d</description>{''.join(items)}</channel></rss>"
    )
    return "application/rss+xml", body.encode("utf-8", "ignore")


def hostile_atom(chance: random.Random, seed: int, count: int) -> tuple[str, bytes]:
    """Write Atom whose titles are of all types, with an id of its own that may be none."""
    items = []
    for number in range(count):
        kind = chance.choice(("text", "html"))
        items.append(
            f'<entry xml:lang="{chance.choice(TONGUES)}"><id>tag:{seed},{number}</id>'
            f'<title type="{kind}">{xml(hostile_text(chance))} {number}</title>'
            f'<link href="{xml(chance.choice(ADDRESSES))}"/><updated>{chance.choice(DATES)}</updated>'
            f'<author><name>{xml(chance.choice(PEOPLE))}</name></author><content type="html">'
            f"{xml(hostile_html(chance))}</content><summary>{xml(hostile_text(chance))}</summary>"
            f'<category term="{xml(hostile_text(chance))}" scheme="{xml(chance.choice(ADDRESSES))}"/>'
            f'<link rel="enclosure" href="{xml(chance.choice(ADDRESSES))}" type="{xml(chance.choice(TYPES))}" '
            f'length="{chance.choice(("7", "x", "-1"))}" title="{xml(chance.choice(WORDS))}"/></entry>'
        )
    id_ = chance.choice(("tag:h.example,2026:x", "HTTP://H.Example:80/a/../b", "not an id", "urn:UUID:1", ""))
    body = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{id_}</id><title>{xml(hostile_text(chance))}</title>'
        f'<link href="{xml(chance.choice(ADDRESSES))}"/>{"".join(items)}</feed>'
    )
    return "application/atom+xml", body.encode("utf-8", "ignore")


def hostile_json(chance: random.Random, seed: int, count: int) -> tuple[str, bytes]:
    """Write JSON Feed, which may hold characters that XML may not."""
    items = [
        {
            "id": f"{seed}-{number}",
            "url": chance.choice(ADDRESSES),
            "title": f"{hostile_text(chance)} \x00\x1b {number}",
            "content_html": hostile_html(chance) + chance.choice(("\ud800", "\x08", "\ufffe")),
            "summary": hostile_text(chance),
            "date_published": chance.choice(DATES),
            "authors": [{"name": chance.choice(PEOPLE)}],
            "tags": chance.choices(WORDS, k=3),
            "language": chance.choice(TONGUES),
            "image": chance.choice(ADDRESSES),
            "attachments": [
                {
                    "url": chance.choice(ADDRESSES),
                    "mime_type": chance.choice(TYPES),
                    "title": chance.choice(WORDS),
                    "size_in_bytes": chance.choice((3, -1, 0, 1.5)),
                    "duration_in_seconds": chance.choice((61, 0, -1)),
                }
            ],
        }
        for number in range(count)
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": hostile_text(chance), "items": items}
    return "application/feed+json", json.dumps(document).encode()
