"""Make a body fit for the XML parser: decoded, without what XML forbids, its prolog reduced to what is harmless. Pure.

Whatever stands before the root element costs the parser much and gives us nothing: long blank runs, comments and
repeated DOCTYPEs take it quadratic time, chains of entities crash it. So the prolog is written anew.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from html.entities import name2codepoint

from ingest.clean import xml_chars
from ingest.parsed import MalformedError

MAX_ENTITIES = 300  # the character entities of HTML are 253
MAX_ENTITY_CHARS = 100
MAX_DOCTYPE_CHARS = 64 * 1024

# Byte order marks, and how "<?xm" begins in encodings that ASCII does not reach (XML 1.0, appendix F).
_SIGNS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_EBCDIC = "cp037"
_WIDE = frozenset(("utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"))
_WESTERN = frozenset(("ascii", "iso8859-1", "cp1252"))
# Codecs that Python counts as text, but that no document is written in: some take very long, some run escapes.
_NEVER = frozenset(("utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "mbcs", "oem"))
_DECLARED = re.compile(rb"\s{0,1000}<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]{1,40})\s*[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)

_NOT_ASCII = re.compile(r"[^\x00-\x7f\ufffd]")

_CHARREF = r"&#(?:[xX][0-9a-fA-F]+|[0-9]+);"
_CHARREFS = re.compile(f"{_CHARREF}(?:{_CHARREF})*")  # so written, it begins with a text that the search can look for
_TYPOGRAPHIC = frozenset(f"&#{code};" for code in (*range(160, 256), *range(0x2010, 0x2028), 34, 38, 39, 60, 62))
"""References that nearly all are: quotes, dashes, dots, Western letters; valid, as is seen at once."""
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,10});")
_SPACE = re.compile(r"\s*")
_IN_DOCTYPE = re.compile(r"<!--|[\"'\[\]>]")
_ENTITY = re.compile(r"<!ENTITY\s+(\w{1,60})\s+(?:\"(&#\w{1,10};|[^\"&%<>]*)\"|'(&#\w{1,10};|[^'\"&%<>]*)')\s*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """XML text that begins with its declaration.

    ``root`` is where its root element begins. ``lines_cut``: its lines are that many further on in the original.
    """

    text: str
    root: int
    lines_cut: int = 0
    salvaged: bool = False
    remark: str | None = None


def prepare(body: bytes, content_type: str | None) -> Prepared:
    """Decode a body and write its prolog anew → XML in UTF-8 terms, with the HTML entities that it uses declared.

    Raises MalformedError where the DOCTYPE is a danger: over ``MAX_ENTITIES`` or ``MAX_DOCTYPE_CHARS``, or without end.
    """
    decoded, bad = decode(body, content_type)
    text = _CHARREFS.sub(lambda match: _valid_charrefs(match[0]), xml_chars(decoded))
    root, doctype = _scan_prolog(text)
    entities = _entities(doctype)
    for name in set(_NAMED.findall(text)) & name2codepoint.keys() - {"lt", "gt", "amp", "quot"}:
        entities.setdefault(name, f"&#{name2codepoint[name]};")
    # feedparser tells RSS 0.91 of Netscape by this word, and reads entities one to a line.
    kind = "netscape" if "netscape" in doctype.lower() else "feed" if entities else None
    declared = "".join(f'<!ENTITY {name} "{value}">\n' for name, value in sorted(entities.items()))
    head = "<?xml version='1.0' encoding='utf-8'?>\n" + (f"<!DOCTYPE {kind} [\n{declared}]>\n" if kind else "")
    remark = f"{bad} bytes were not valid UTF-8 and are lost" if bad else None
    lines_cut = text.count("\n", 0, root) - head.count("\n")
    return Prepared(text=head + text[root:], root=len(head), lines_cut=lines_cut, salvaged=bad > 0, remark=remark)


def decode(body: bytes, content_type: str | None) -> tuple[str, int]:
    """Decode a document → its text, and how many bad sequences were replaced in it.

    Order: the HTTP charset, byte order mark or first bytes, the XML declaration, UTF-8, and the two legacy encodings
    that feedparser tries last. A claim that the bytes contradict is passed over, as is a Western one (a server's
    default) for what is in truth UTF-8.
    """
    names = claims_of(body, content_type)
    if names and names[0] in _WESTERN:
        names.insert(0, "utf-8")
    for name in dict.fromkeys([*names, "utf-8"]):
        try:
            return body.decode(name).lstrip("\ufeff"), 0
        except (UnicodeError, ValueError):
            pass
    if not names or names[0] == "utf-8":
        text = body.decode("utf-8", "replace").lstrip("\ufeff")
        bad = text.count("\ufffd")
        if bad * 4 < len(_NOT_ASCII.findall(text)):
            return text, bad
    try:
        return body.decode("cp1252"), 0
    except UnicodeDecodeError:
        return body.decode("iso8859-2"), 0


def claims_of(body: bytes, content_type: str | None) -> list[str]:
    """List the encodings that header, first bytes and declaration claim, by Python's names, the strongest first."""
    signed = next((name for sign, name in _SIGNS if body.startswith(sign)), None)
    start = body[:1000].decode(signed, "replace").encode("ascii", "replace") if signed else body[:1000]
    declared = _DECLARED.match(start)
    charset = _CHARSET.search(content_type or "")
    claims = [charset[1] if charset else None, declared[1].decode("ascii", "replace") if declared else None]
    claims.insert(2 if signed == _EBCDIC else 0, signed)  # of that family, the declaration says which one
    return [name for claim in claims if claim and (name := _codec(claim)) and (signed in _WIDE or name not in _WIDE)]


def _codec(name: str) -> str | None:
    """Give Python's name for an encoding; None for one that is unknown or that no document is written in."""
    try:
        found = codecs.lookup(name).name
        b"<".decode(found, "replace")  # raises LookupError for codecs that are no text encodings (base64, zip…)
    except LookupError:
        return None
    except (UnicodeError, ValueError):  # one that cannot replace, such as idna
        pass
    if found.replace("_", "-") in _NEVER:
        return None
    return "gb18030" if found == "gb2312" else found  # the superset, which is what is meant


def _valid_charrefs(written: str) -> str:
    """Drop character references that XML forbids, and join the halves of a surrogate pair into its character."""
    if written in _TYPOGRAPHIC:
        return written
    refs = written[2:-1].split(";&#")
    codes = [int(ref[1:], 16) if ref[0] in "xX" else int(ref) for ref in refs if len(ref) <= 10]
    text = "".join(chr(code) for code in codes if code <= 0x10FFFF)
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    clean = xml_chars(joined)
    if clean == text and len(codes) == len(refs) == len(text):
        return written
    return "".join(f"&#{ord(char)};" for char in clean)


def _scan_prolog(text: str) -> tuple[int, str]:
    """Find where the root element begins, and the first DOCTYPE before it. Linear, whatever stands there."""
    at, doctype, closed = 0, "", {"?>": True, "-->": True}
    while at < len(text):
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if text.startswith("<!--", at) or text.startswith("<?", at):
            mark = "?>" if text[at + 1] == "?" else "-->"
            end = text.find(mark, at + 2) if closed[mark] else -1
            closed[mark] = end >= 0
            at = end + len(mark) if end >= 0 else at + 2
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
            doctype = doctype or text[at:end]
            at = end
        elif text.startswith("<", at) and (text[at + 1 : at + 2].isalpha() or text[at + 1 : at + 2] == "_"):
            return at, doctype
        else:  # text or rubbish before the root, such as a server's warning
            found = text.find("<", at + 1)
            at = found if found >= 0 else len(text)
    return len(text), doctype


def _doctype_end(text: str, start: int) -> int:
    simple = text.find(">", start) + 1 or len(text)
    if "[" not in text[start:simple]:
        return simple
    at, inside = start, False
    while mark := _IN_DOCTYPE.search(text, at, start + MAX_DOCTYPE_CHARS):
        at = mark.end()
        if mark[0] in ("[", "]"):
            inside = mark[0] == "["
        elif mark[0] == ">":
            if not inside:
                return at
        else:
            closing = "-->" if mark[0] == "<!--" else mark[0]
            end = text.find(closing, at)
            if end < 0:
                break
            at = end + len(closing)
    raise MalformedError(f"its DOCTYPE does not end within {MAX_DOCTYPE_CHARS} characters")


def _entities(doctype: str) -> dict[str, str]:
    """Read the entities that are safe to keep: short text without other entities in it."""
    count = doctype.count("<!ENTITY")
    if count > MAX_ENTITIES:
        raise MalformedError(f"it declares {count} entities; more than {MAX_ENTITIES} are refused")
    found: dict[str, str] = {}
    for name, double, single in _ENTITY.findall(doctype):
        value = double or single
        if len(value) <= MAX_ENTITY_CHARS:
            found.setdefault(name, value)
    return found
