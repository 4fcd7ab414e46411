"""The farm's feeds, each made from its number alone: the same bytes at every run. Pure.

Twenty items of about 3 KB, as news sites and blogs write them: paragraphs, links, a figure, a list, an author, two or
three categories. Seven of ten feeds are RSS 2.0, a quarter Atom, one of twenty RDF (RSS 1.0). The words are made up,
but some are frequent and most are rare, as in any language: what a full-text index costs depends on it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from xml.sax.saxutils import escape

ITEMS = 20
WORDS = 20_000
FIRST = datetime(2025, 6, 1, tzinfo=UTC)
CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
}

ONSETS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "st",
)
VOWELS = ("a", "a", "a", "e", "e", "e", "e", "i", "i", "o", "o", "u", "ai", "ea", "ou", "io")
CODAS = (*("",) * 12, "n", "r", "s", "l", "t", "m", "nd", "nt", "st", "rk", "ng", "ck")
ACCENTED = {"a": "á", "e": "é", "i": "í", "o": "ö", "u": "ü"}

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom"'
)


@dataclass(frozen=True, slots=True)
class Edition:
    """A feed at one time: how often its build date was touched, how many items it has had."""

    touches: int = 0
    items: int = ITEMS

    @property
    def at(self) -> datetime:
        """When it was built: a day after the first items, and then at every change."""
        return FIRST + timedelta(days=1, hours=self.touches + self.items - ITEMS)


@dataclass(frozen=True, slots=True)
class Item:
    """One item; ``html`` is well-formed XML too."""

    link: str
    guid: str
    title: str
    summary: str
    html: str
    author: str
    categories: tuple[str, ...]
    at: datetime


@cache
def tape() -> list[str]:
    """Make the vocabulary, each word as often as its rank makes it (Zipf): to draw from blindly."""
    rng = random.Random("vocabulary")
    words: dict[str, None] = {}
    while len(words) < WORDS:
        longest = 1 if len(words) < 60 else 2 if len(words) < 1000 else 3
        syllables = rng.randint(1 if longest == 1 else 2, longest)
        word = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(syllables))
        if rng.random() < 0.04:
            word = "".join(ACCENTED.get(letter, letter) for letter in word)
        words[word] = None
    return [word for rank, word in enumerate(words) for _ in range(max(1, round(WORDS / (rank + 2.7))))]


def common_word() -> str:
    """Name a word that about one of twenty items has."""
    return list(dict.fromkeys(tape()))[700]


def phrase(rng: random.Random, count: int) -> str:
    """Write some words."""
    return " ".join(rng.choices(tape(), k=count))


def sentence(rng: random.Random) -> str:
    """Write a sentence, with commas, a number, a quotation now and then."""
    words = rng.choices(tape(), k=rng.randint(6, 24))
    words[0] = words[0].capitalize()
    dice = rng.random()
    if dice < 0.4:
        words[len(words) // 2] += ","
    elif dice < 0.5:
        words[-2] = str(rng.randint(2, 2030))
    elif dice < 0.6:
        words[1], words[-1] = "“" + words[1], words[-1] + "”"
    elif dice < 0.65:
        words[3] += " –"
    return " ".join(words) + "."


def paragraph(rng: random.Random, sentences: int) -> str:
    """Write some sentences."""
    return " ".join(sentence(rng) for _ in range(sentences))


def item(number: int, index: int) -> Item:
    """Make the item ``index`` (0: the oldest) of the feed ``number``."""
    rng = random.Random(f"{number} {index}")
    site = f"https://www.site-{number}.example"
    title = phrase(rng, rng.randint(5, 9)).capitalize()
    summary = paragraph(rng, 2)
    picture = f"{site}/media/{rng.randrange(10**6)}.jpg"
    away = f"https://other-{rng.randrange(1000)}.example/{rng.randrange(10**6)}?a=1&amp;b=2"
    near = f"/tag/{rng.choice(tape())}" if number % 5 == 0 else f"{site}/tag/{rng.choice(tape())}"
    points = "".join(f"<li>{sentence(rng)}</li>\n" for _ in range(3))
    html = (
        f"<p>{summary}</p>\n"
        f'<figure class="wp-block-image"><img src="{picture}" alt="{phrase(rng, 4)}" width="1024" height="683" />'
        f"<figcaption>{sentence(rng)}</figcaption></figure>\n"
        f'<p>{paragraph(rng, 3)} <a href="{away}" rel="noopener">{phrase(rng, 3)}</a> {paragraph(rng, 2)}</p>\n'
        f"<h3>{phrase(rng, 4)} &amp; {phrase(rng, 2)}</h3>\n"
        f"<p>{paragraph(rng, 2)} <em>{phrase(rng, 2)}</em> {sentence(rng)}</p>\n<ul>\n{points}</ul>\n"
        f'<p><strong>{phrase(rng, 3)}:</strong> {paragraph(rng, 3)} <a href="{near}">{phrase(rng, 2)}</a></p>\n'
    )
    return Item(
        link=f"{site}/2025/06/{index}/{'-'.join(title.lower().split()[:5])}/",
        guid=f"{site}/?p={1000 + index}",
        title=title,
        summary=summary,
        html=html,
        author=phrase(rng, 2).title(),
        categories=tuple(rng.choice(tape()).capitalize() for _ in range(2 + index % 2)),
        at=FIRST + timedelta(minutes=71 * index + number % 60),
    )


def kind_of(number: int) -> str:
    """Say what a feed is: rss, atom or rdf."""
    place = number * 7 % 20
    return "rss" if place < 14 else "atom" if place < 19 else "rdf"


def edition(number: int, touches: int, churns: int) -> Edition:
    """Give a feed's edition when all were touched so often, and when so often one of ten had one to three new items."""
    news = sum((number + number // 10) % 10 == churn % 10 for churn in range(churns)) * (1 + number % 3)
    return Edition(touches=touches, items=ITEMS + news)


def document(number: int, edition: Edition, address: str) -> bytes:
    """Write an edition of a feed as it is at its address."""
    items = [item(number, index) for index in reversed(range(edition.items - ITEMS, edition.items))]
    write = {"rss": rss, "atom": atom, "rdf": rdf}[kind_of(number)]
    return write(number, edition.at, address, items).encode()


def cdata(text: str) -> str:
    """Wrap a text that has no ``]]>``."""
    return f"<![CDATA[{text}]]>"


def rss(number: int, at: datetime, address: str, items: list[Item]) -> str:
    """Write RSS 2.0; every third feed escapes its HTML, the others have CDATA."""
    wrap = escape if number % 3 == 0 else cdata
    lines = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {NAMESPACES}>\n<channel>\n'
        f'<title>Site {number}</title>\n<atom:link href="{address}" rel="self" type="application/rss+xml" />\n'
        f"<link>https://www.site-{number}.example</link>\n<description>News of site {number}</description>\n"
        f"<lastBuildDate>{format_datetime(at)}</lastBuildDate>\n<language>en-US</language>\n"
        "<sy:updatePeriod>hourly</sy:updatePeriod>\n<sy:updateFrequency>1</sy:updateFrequency>\n"
    ]
    for one in items:
        categories = "".join(f"<category>{wrap(name)}</category>\n" for name in one.categories)
        lines.append(
            f"<item>\n<title>{escape(one.title)}</title>\n<link>{one.link}</link>\n"
            f"<dc:creator>{wrap(one.author)}</dc:creator>\n<pubDate>{format_datetime(one.at)}</pubDate>\n{categories}"
            f'<guid isPermaLink="false">{escape(one.guid)}</guid>\n<description>{wrap(one.summary)}</description>\n'
            f"<content:encoded>{wrap(one.html)}</content:encoded>\n</item>\n"
        )
    return "".join([*lines, "</channel>\n</rss>\n"])


def atom(number: int, at: datetime, address: str, items: list[Item]) -> str:
    """Write Atom; every third feed has XHTML, the others escaped HTML."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f'<title>Site {number}</title>\n<link href="{address}" rel="self" />\n'
        f'<link href="https://www.site-{number}.example/" />\n<updated>{at.isoformat()}</updated>\n'
        f"<id>https://www.site-{number}.example/</id>\n"
    ]
    for one in items:
        categories = "".join(f'<category term="{name}" />\n' for name in one.categories)
        if number % 3 == 0:
            content = f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{one.html}</div></content>'
        else:
            content = f'<content type="html">{escape(one.html)}</content>'
        lines.append(
            f'<entry>\n<title>{escape(one.title)}</title>\n<link href="{one.link}" rel="alternate" />\n'
            f"<id>{escape(one.guid)}</id>\n<published>{one.at.isoformat()}</published>\n"
            f"<updated>{one.at.isoformat()}</updated>\n<author><name>{one.author}</name></author>\n{categories}"
            f'<summary type="html">{escape(one.summary)}</summary>\n{content}\n</entry>\n'
        )
    return "".join([*lines, "</feed>\n"])


def rdf(number: int, at: datetime, address: str, items: list[Item]) -> str:
    """Write RSS 1.0."""
    listed = "".join(f'<rdf:li rdf:resource="{one.link}" />\n' for one in items)
    lines = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES} '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'<channel rdf:about="{address}">\n<title>Site {number}</title>\n'
        f"<link>https://www.site-{number}.example</link>\n<description>News of site {number}</description>\n"
        f"<dc:date>{at.isoformat()}</dc:date>\n<items><rdf:Seq>\n{listed}</rdf:Seq></items>\n</channel>\n"
    ]
    for one in items:
        categories = "".join(f"<dc:subject>{name}</dc:subject>\n" for name in one.categories)
        lines.append(
            f'<item rdf:about="{one.link}">\n<title>{escape(one.title)}</title>\n<link>{one.link}</link>\n'
            f"<dc:creator>{one.author}</dc:creator>\n<dc:date>{one.at.isoformat()}</dc:date>\n{categories}"
            f"<description>{escape(one.summary)}</description>\n"
            f"<content:encoded>{cdata(one.html)}</content:encoded>\n</item>\n"
        )
    return "".join([*lines, "</rdf:RDF>\n"])
