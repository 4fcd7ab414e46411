"""Items as a parser read them → entries as the archive keeps them: clean, safe, absolute, with their keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from db.model import Document, Entry, Keys
from db.text import words
from ingest.clean import clean_html, flat, one_line, plain_text, text_html, xml_chars, xml_clean
from ingest.language import language_of
from ingest.media import enclosures, marks_of, picture, podcast_of
from ingest.parsed import MAX_ENTRIES, Item, Markup, Parsed
from ingest.prints import prints_of
from ingest.twins import page_of
from ingest.urls import absolute, canonical_link, is_specific

MAX_ID_CHARS = 1024
MAX_TITLE_CHARS = 1000
MAX_AUTHORS = 100
MAX_AUTHOR_CHARS = 300
MAX_SUMMARY_CHARS = 10_000
MAX_CATEGORIES = 50
MAX_CATEGORY_CHARS = 100

_MAX_LINE_CHARS = 20_000  # more of a title or a name is not even looked at
_PLAIN_SHARE = 0.8  # plain text is preferred to HTML only where the HTML says clearly less
_PICTURE = re.compile(r"<(?:img|audio|video) ")
_PICTURE_CHARS = 100  # what a picture counts beside text
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{1,8}){0,4})")
_NO_LANGUAGE = frozenset(("und", "zxx", "mis", "mul"))
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!//[^/?#]*@)[^\s<>\"{}|\\^`]+")
_URL_ID = re.compile(r"https?:(//)([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def normalize(parsed: Parsed, *, comparing: bool = False) -> Document:
    """Normalize a whole document; raises nothing that its items could cause.

    ``comparing``: the entries get what texts are compared by.
    """
    site = absolute(parsed.site_url, parsed.base)
    site_link = canonical_link(site)
    language = clean_language(parsed.language)
    entries = (entry(item, parsed, language=language, site_link=site_link) for item in parsed.items)
    return Document(
        format=parsed.format,
        title=_line(parsed.title, MAX_TITLE_CHARS) or None,
        site_url=site,
        language=language,
        ttl_s=parsed.ttl_s,
        entries=tuple(map(with_prints, entries) if comparing else entries),
        truncated=parsed.truncated,
        salvaged=parsed.salvaged,
        skip_hours=parsed.skip_hours,
        skip_days=parsed.skip_days,
        hub=absolute(parsed.hub, parsed.base),
        self_url=absolute(parsed.self_url, parsed.base),
        feed_id=clean_feed_id(parsed.feed_id),
        remark=parsed.remark
        or (f"more than {MAX_ENTRIES:,} entries: the rest was not read" if parsed.truncated else None),
    )


def entry(item: Item, parsed: Parsed, *, language: str | None, site_link: str | None) -> Entry:
    """Normalize one item. ``language`` is the feed's, ``site_link`` the canonical link of the feed's own page."""
    url = absolute(item.link, parsed.base)
    title = _line(item.title, MAX_TITLE_CHARS)
    html, text, summary = _choose(item, _base(parsed, url))
    author = _shorten(", ".join(_distinct(_plain_name(name) for name in item.authors[:MAX_AUTHORS])), MAX_AUTHOR_CHARS)
    image, podcast = picture(item.images, parsed.base), podcast_of(item.episode, parsed.base)
    link = canonical_link(url)
    tokens = words(title) + words(text)
    tongue, tongue_from = language_of(title, text, len(tokens), clean_language(item.language) or language)
    made = Entry(
        raw_id=clean_id(item.id),
        url=url,
        title=title,
        author=author or None,
        html=html,
        summary=summary,
        text=text,
        language=tongue,
        language_from=tongue_from,
        published=item.published,
        updated=item.updated,
        categories=tuple(_categories(item.categories)),
        enclosures=tuple(enclosures(item.attachments, parsed.base, item.episode)),
        keys=Keys(id=None, loose_id=None, link=None, print=0),
        version=0,
        words=len(tokens),
        image=image,
        podcast=podcast,
    )
    canonical = canonical_link(absolute(item.canonical, parsed.base))
    return replace(made, keys=_keys(made, tokens, link, site_link, canonical), version=_version(made, link))


def with_prints(made: Entry) -> Entry:
    """Give an entry what its text is compared by."""
    return replace(made, prints=prints_of(made.title, made.text))


def with_keys(made: Entry, site_link: str | None) -> Entry:
    """Give an entry that comes from the archive the keys, and the number of words, that it had when it was read.

    But for the page that its feed gave as canonical: the archive does not keep it, and what is known needs none.
    """
    tokens = words(made.title) + words(made.text)
    return replace(made, keys=_keys(made, tokens, canonical_link(made.url), site_link), words=len(tokens))


def clean_id(raw: str | None) -> str | None:
    """Keep an id as published; of a giant one a prefix and a hash of the whole."""
    made = xml_chars(raw or "")
    if len(made) > MAX_ID_CHARS:
        digest = blake2b(made.encode(), digest_size=16).hexdigest()
        made = f"{made[: MAX_ID_CHARS - len(digest) - 1]}#{digest}"
    return made or None


def clean_feed_id(raw: str | None) -> str | None:
    """Keep a feed's id as published, where it may be one: an absolute IRI (RFC 4287, 4.2.6), no password in it."""
    made = (raw or "").strip()
    return made if len(made) <= MAX_ID_CHARS and _IRI.fullmatch(made) and xml_chars(made) == made else None


def clean_language(text: str | None) -> str | None:
    """Read a language tag → its usual spelling (BCP 47: ``en-GB``, ``zh-Hant-TW``), or None for what is none."""
    head = re.split(r"[.@;,\s]", (text or "").strip(), maxsplit=1)[0]
    match = _LANGUAGE.fullmatch(head.replace("_", "-"))
    if not match or match[1].lower() in _NO_LANGUAGE:
        return None
    parts = match[2].split("-")[1:]
    return "-".join([match[1].lower(), *(_subtag(part) for part in parts)])


def key(kind: str, value: str) -> int:
    """Hash an identity of one kind → 64 bits, signed as SQLite's integers are."""
    digest = blake2b(f"{kind}\0{value}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _keys(
    made: Entry, tokens: list[str], link: str | None, site_link: str | None, canonical: str | None = None
) -> Keys:
    loose = _URL_ID.fullmatch(made.raw_id or "")
    # With no words at all, what else there is must tell two entries apart.
    wordless = "\n".join([made.raw_id or "", link or "", *(each.url for each in made.enclosures)])
    return Keys(
        id=key("id", made.raw_id) if made.raw_id else None,
        loose_id=key("loose_id", f"{loose[1]}{loose[2].lower()}{loose[3]}") if loose else None,
        link=key("link", link) if link and is_specific(link, site_link) else None,
        print=key("print", " ".join(tokens)) if tokens else key("wordless", wordless),
        page=next((key("page", page) for page in _pages(canonical, link, site_link)), None),
    )


def _pages(canonical: str | None, link: str | None, site_link: str | None) -> Iterator[str]:
    """List the pages that a copy elsewhere may be found by, the feed's own word first: some name their front page."""
    site = page_of(site_link) if site_link else None
    for address in (canonical, link):
        if address and is_specific(page := page_of(address), site):
            yield page


def _version(made: Entry, link: str | None) -> int:
    """Hash what a reader sees, but for the dates, the marks of trackers, and the order of parameters."""
    files = [canonical_link(each.url) or each.url for each in made.enclosures]
    parts = [made.title, made.html, made.author or "", link or made.url or "", *made.categories, "", *files]
    parts += marks_of(made.image, made.podcast)
    return key("version", "\0".join(parts))


def _base(parsed: Parsed, url: str | None) -> str | None:
    """Give what relative links in an item's text refer to, where it does not say so itself.

    Atom and JSON Feed: the document's own address (RFC 3986, 5.1.3). RSS says nothing, and what people write into
    it is taken from the article's page.
    """
    return parsed.base if parsed.format.startswith(("atom", "json")) else url or parsed.base


def _choose(item: Item, base: str | None) -> tuple[str, str, str | None]:
    """Choose the fullest text of an item, by length and kind, not by place → its HTML, its plain text, the summary.

    A caption (``media:description``) may stand where the description should, and the description behind it.
    """
    read = []
    for body in item.bodies:
        html = clean_html(body.value, absolute(body.base, None) or base) if body.is_html else text_html(body.value)
        read.append((html, plain_text(html)))
    if not read:
        return "", "", None
    weights = [
        (len(text) + _PICTURE_CHARS * len(_PICTURE.findall(html))) * (1 if body.is_html else _PLAIN_SHARE)
        for body, (html, text) in zip(item.bodies, read, strict=True)
    ]
    best = max(range(len(read)), key=lambda n: (weights[n], len(read[n][0]), -n))
    html, text = read[best]
    others = sorted((n for n in range(len(read)) if n != best), key=lambda n: (n != item.summary, -len(read[n][1]), n))
    summary = next((read[n][1] for n in others if read[n][1] and read[n][1] != text), None)
    return html, text, _shorten(summary, MAX_SUMMARY_CHARS) if summary else None


def _line(markup: Markup | None, limit: int) -> str:
    if markup is None:
        return ""
    value = markup.value[:_MAX_LINE_CHARS]
    return _shorten(one_line(value) if markup.is_html else flat(value), limit)


def _plain_name(text: str) -> str:
    """Read a name that may hold markup or entities, although the formats say plain text."""
    return one_line(text[:_MAX_LINE_CHARS])


def _categories(categories: Sequence[str]) -> list[str]:
    names = (_shorten(_plain_name(category), MAX_CATEGORY_CHARS) for category in categories[: MAX_CATEGORIES * 4])
    return _distinct(names)[:MAX_CATEGORIES]


def _distinct(texts: Iterable[str]) -> list[str]:
    """Drop empty texts and repeats in any case of letters; the first spelling stays."""
    found: dict[str, str] = {}
    for text in texts:
        if text:
            found.setdefault(text.casefold(), text)
    return list(found.values())


def _subtag(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{xml_clean(text[: limit - 1]).rstrip()}…"
