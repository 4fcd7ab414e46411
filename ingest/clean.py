"""Foreign text made safe: HTML that no reader need fear, plain text, text that XML can carry. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from unicodedata import normalize

import nh3

MAX_HTML_CHARS = 256 * 1024
MAX_TAGS = 5000
"""Beyond it only the plain text is kept: the sanitizer's time has no bound that we know (80,000 ``<div>``: 42 s)."""
MAX_ATTRIBUTES = 20_000  # likewise, of all its tags
MAX_DEPTH = 300
"""Elements inside one another, likewise: quadratic (300 items of 4,900 nested ``<div>``: 11 s)."""
MAX_TAG_ATTRIBUTES = 2000  # likewise, of one tag (60 items of 19,000: 3 s)

_TAGS = (
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup dd "
    "del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav "
    "ol p picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot "
    "th thead time tr tt u ul var video wbr"
)
TAGS = frozenset(_TAGS.split())
# Not cite: the sanitizer does not check its scheme.
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "img": {"src", "alt", "width", "height"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "width", "height"},
}
# Dropped with all that is in them; of any other tag that is not allowed, the content stays.
_EMPTIED = "script style svg math template iframe object embed noembed noframes textarea select title"
EMPTIED = frozenset(_EMPTIED.split())
SCHEMES = {"http", "https", "mailto"}

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_INLINE_DATA = re.compile(r"data:[\w/+.-]{1,80};base64,[A-Za-z0-9+/=\s]{64,}")
_LINES_IN_PRE = re.compile(r"(<pre\b[^<>]{0,500}>)[\r\n]+", re.IGNORECASE)
# Elements that hold others of their name; the HTML parser ends a p, li, td… itself where the next one begins.
_NESTING = re.compile(r"<(/?)(?!(?:p|li|d[dt]|t[dhr]|a|option|br|hr|img|wbr|input|source|meta|link|col)\b)[a-zA-Z]")
_LONG_TAG = re.compile(r"[^<]{4000,}")
_ATTRIBUTE = re.compile(r"\w=\S")
_ANY_TAG = re.compile(r"<[^<>]*>?")
# nh3 writes a tag as <name a="…" b="…">, and < or > nowhere else but in an attribute's quotes.
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|"
    r"header|hr|li|main|nav|ol|p|pre|section|summary|table|tr|ul)(?: [a-z]++=\"[^\"]*+\")*+ ?/?>"
)
_MARKUP = re.compile("[<>&\r\f\xa0]")  # markup, and what the sanitizer writes in another way
# An address that needs a base, or may: a sanitizer is made for each base, which costs as much as using it.
# Only by the last letter of href, src, poster and cite: what is looked for first is quicker the rarer it is.
_RELATIVE = re.compile(r"=(?<=[fcreFCRE\s]=)(?!\"https?://[a-z0-9])")
_CELL = re.compile(r"</t[dh]>")
_INLINE = re.compile(r"</?[a-z][a-z0-9]*+(?: [a-z]++=\"[^\"]*+\")*+ ?/?>")


def clean_html(html: str, base_url: str | None) -> str:
    """Sanitize a fragment → HTML with known tags only, http(s) and mailto links made absolute, no script, no style.

    Relative links are dropped where there is no base. Cleaning the result again changes nothing. What is too much for
    the sanitizer (``MAX_…``) is cut, or comes back as one paragraph of plain text.
    """
    html = xml_chars(html)
    if len(html) > MAX_HTML_CHARS:
        html = _INLINE_DATA.sub("data:,", html)  # pictures inside the text are dropped in any case
    if len(html) > MAX_HTML_CHARS:
        room = MAX_HTML_CHARS * 3 // 4  # what is cut must not grow beyond the cap by the attributes that are added
        at = html.rfind("<", room // 2, room)
        html = html[: at if at > 0 else room]
    if _is_heavy(html):
        return _as_text(html)
    if not _MARKUP.search(html):
        return html  # which the sanitizer would leave as it is
    cleaner = _cleaner(base_url if base_url and _RELATIVE.search(html) else None)
    for _ in range(4):  # one pass, and one to see that it was enough: misnested links and tables may need more
        cleaned = xml_chars(cleaner.clean(_LINES_IN_PRE.sub(r"\1", html)))
        if cleaned == html:
            break
        html = cleaned
        if len(html) > MAX_HTML_CHARS or _is_heavy(html):
            return _as_text(html)
    else:
        return _as_text(html)
    return html


def plain_text(safe_html: str) -> str:
    """Read HTML that ``clean_html`` made → its text: blocks on lines of their own, entities decoded, no markup."""
    text = safe_html.replace("\n", " ")  # from here on, one is where a block begins or ends
    if "<" in text:
        text = _BLOCK.sub("\n", text)
        text = _INLINE.sub("", _CELL.sub(" ", text))
    lines = (_one_spaced(line) for line in unescape(text).split("\n"))
    return xml_clean("\n".join(line for line in lines if line)).strip()


def text_html(text: str) -> str:
    """Write plain text as safe HTML: paragraphs at blank lines, breaks at the others."""
    paragraphs = re.split(r"\n[^\S\n]*\n\s*", text.replace("\r\n", "\n").replace("\r", "\n").strip())
    made = "".join(
        f"<p>{'<br>'.join(escape(line, quote=False) for line in paragraph.split(chr(10)))}</p>"
        for paragraph in paragraphs
        if paragraph
    )
    return clean_html(made, None)


def one_line(html: str) -> str:
    """Read a short piece of HTML, such as a title → its text on one line."""
    if "<" in html:
        html = html.encode("utf-8", "ignore").decode()  # without halves of characters, which JSON can spell
        html = _strip_tags(html) if _is_heavy(html) else nh3.clean(html, tags=set())
    return flat(unescape(html))


def flat(text: str) -> str:
    """Put text on one line: white space collapsed, XML characters only."""
    return _one_spaced(xml_clean(text))


def xml_chars(text: str) -> str:
    """Keep only the characters that XML 1.0 allows (production 2, ``Char``): no controls, no surrogates."""
    try:  # to see that all are allowed, as nearly always, in a fraction of the regular expression's time
        encoded = text.encode()
    except UnicodeEncodeError:  # a surrogate
        return _NOT_XML.sub("", text)
    if len(encoded.translate(None, _CONTROLS)) == len(encoded) and "\ufffe" not in text and "\uffff" not in text:
        return text
    return _NOT_XML.sub("", text)


def xml_clean(text: str) -> str:
    """Keep only XML 1.0 characters, and compose accents (NFC).

    For text alone: on markup, NFC could join a ``>`` with a combining stroke after it, and open a tag again.
    """
    return normalize("NFC", xml_chars(text))


@lru_cache(maxsize=256)
def _cleaner(base_url: str | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(EMPTIED),
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        url_relative=("rewrite_with_base", base_url) if base_url else "deny",
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


def _is_heavy(html: str) -> bool:
    """Tell whether the sanitizer could take long over it."""
    tags = html.count("<")
    if tags > MAX_TAGS or html.count("=") > MAX_ATTRIBUTES:
        return True
    if tags > MAX_DEPTH:
        depth = 0
        for closing in _NESTING.findall(html):
            depth += -1 if closing and depth else 0 if closing else 1
            if depth > MAX_DEPTH:
                return True
    return any(len(_ATTRIBUTE.findall(part[0])) > MAX_TAG_ATTRIBUTES for part in _LONG_TAG.finditer(html))


def _one_spaced(text: str) -> str:
    return " ".join(text.split())


def _strip_tags(html: str) -> str:
    return _ANY_TAG.sub(" ", html)


def _as_text(html: str) -> str:
    """Give the text of markup that is too heavy, as one paragraph."""
    text = escape(flat(unescape(_strip_tags(html))), quote=False)[: MAX_HTML_CHARS - 16]
    amp = text.rfind("&")
    if amp >= 0 and ";" not in text[amp:]:
        text = text[:amp]  # cut inside &amp;
    return f"<p>{text.strip()}</p>" if text.strip() else ""
