"""What the strictest reader asks of text, addresses, languages: written so, every reader gets it alike. Pure.

The asking is RFC 4287's, RFC 3986's, RSS 2.0's, and the remarks of the W3C feed validator, errors and warnings alike
(github.com/w3c/feedvalidator).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el "
    "en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu "
    "ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na "
    "nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so "
    "sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ace "
    "ach ada ady afa afh ain akk ale alg alt ang anp apa arc arn arp art arw ast ath aus awa bad bai bal ban bas bat "
    "bej bem ber bho bik bin bla bnt bra btk bua bug byn cad cai car cau ceb cel chb chg chk chm chn cho chp chr chy "
    "cmc cop cpe cpf cpp crh crp csb cus dak dar day del den dgr din doi dra dsb dua dum dyu efi egy eka elx enm ewo "
    "fan fat fil fiu fon frm fro frr frs fur gaa gay gba gem gez gil gmh goh gon gor got grb grc gsw gwi hai haw hil "
    "him hit hmn hsb hup iba ijo ilo inc ine inh ira iro jbo jpr jrb kaa kab kac kam kar kaw kbd kha khi kho kmb kok "
    "kos kpe krc krl kro kru kum kut lad lah lam lez lol loz lua lui lun luo lus mad mag mai mak man map mas mdf mdr "
    "men mga mic min mkh mnc mni mno moh mos mul mun mus mwl mwr myn myv nah nai nap nds new nia nic niu nog non nso "
    "nub nwc nym nyn nyo nzi osa ota oto paa pag pal pam pap pau peo phi phn pon pra pro raj rap rar roa rom rup sad "
    "sah sai sal sam sas sat scn sco sel sem sga sgn shn sid sio sit sla sma smi smj smn sms snk sog son srn srr ssa "
    "suk sus sux syr tai tem ter tet tig tiv tkl tlh tli tmh tog tpi tsi tum tup tut tvl tyv udm uga umb vai vot wak "
    "wal war was wen xal yao yap ypk zap zen znd zun "
)
LANGUAGES = frozenset(_CODES.split())
"""ISO 639-1, and of ISO 639-2 those that have no code of two letters (Library of Congress)."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_END_TAG = re.compile(r"<(?=/\w)")
_EMAIL = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_URI = re.compile(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?#]([0-9A-Za-z;/?:@&=+$._!~*'(),-]|%[0-9A-Fa-f]{2})*)?")
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
_KEPT = ";/?:@&=+$._!~*'()%,-"
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_FILE_URI = re.compile(r"https?://([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(:[0-9]{1,5})?/.*")
_SAME_URI = re.compile(
    r"(?:https?://[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::(?!80/|443/)[1-9][0-9]{0,4})?(?:/(?!\.\.?(?:[/?#]|$))[A-Za-z0-9_.~!$&'()*+,;=:@-]*)+"
    r"(?:\?[A-Za-z0-9_.~!$&'()*+,;=:@/?-]*)?"
    r"|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,[0-9]{4}(?:-[0-9]{2}){0,2}:[A-Za-z0-9;/?:@&=+$._!~*'(),-]*)"
)

# Bytes of UTF-8 that XML and JSON may hold and no text means: controls, what stands for a character that could not be
# read, and code points that are no characters.
# Each branch begins with one byte, so that the search passes over all others quickly.
_ODD = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xef\xbf\xbd|\xef\xb7[\x90-\xaf]|"
    + b"|".join(
        lead + rb"[\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]" for lead in (rb"\xf0", rb"\xf1", rb"\xf2", rb"\xf3", rb"\xf4")
    )
)
_ODD_LEADS = (b"\x7f", b"\xc2", b"\xef", *(bytes([0xF0 + plane]) for plane in range(5)))
_ODD_CHARACTER = re.compile("[\x7f-\x9f\ufffd\ufdd0-\ufdef\U0001fffe-\U0001ffff]")
_MEANT = {f"{code:c}".encode(): bytes([code]).decode("cp1252", "ignore").encode() for code in range(0x80, 0xA0)}
_MEANT["\ufffd".encode()] = b"?"


def plain(text: str) -> str:
    """Give plain text as no reader can take it for markup: a word joiner, which is not seen, parts ``<`` from ``/``.

    What no text means is replaced here as in ``meant``: then what has no other words is known to have none.
    """
    if ("\x7f" in text or not text.isascii()) and _ODD_CHARACTER.search(text):
        text = " ".join(meant(text.encode()).decode().split())
    return _END_TAG.sub("<\u2060", text) if "</" in text else text


@lru_cache(maxsize=8192)
def plain_name(text: str) -> str:
    """Give the name of who wrote it: without an address that stands beside it as ``<who@where>``."""
    if "@" in text and "<" in text:
        text = " ".join(_EMAIL.sub(" ", text).split()) or text.replace("<", "").replace(">", "")
    return plain(text).strip()


def meant(written: bytes) -> bytes:
    """Replace what no text means in what was written as UTF-8: by what was meant, as browsers do, or by nothing.

    Controls of C1 are Windows-1252 that was read as Latin-1 (WHATWG HTML, "numeric character reference end state").
    """
    if not any(lead in written for lead in _ODD_LEADS):  # far quicker than the search, and mostly so
        return written
    return _ODD.sub(lambda found: _MEANT.get(found[0], b""), written)


@lru_cache(maxsize=8192)
def address(url: str | None) -> str | None:
    """Write a web address in the characters that RFC 3986 has; None for what is none. It has no name and password.

    A host's name is written as IDNA has it, anything else in percent.
    """
    if url is None or _URI.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if not host.isascii():
            name, colon, port = host.partition(":")
            host = name.encode("idna").decode() + colon + port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    rest, hash_, fragment = url[url.index(parts.netloc) + len(parts.netloc) :].partition("#")
    try:
        rest, fragment = (_STRAY.sub("%25", quote(one, safe=_KEPT)) for one in (rest, fragment))
    except UnicodeError:  # a lone surrogate
        return None
    return f"{parts.scheme}://{host}{rest}{hash_}{fragment}"


def is_file_address(url: str) -> bool:
    """Tell whether an address can be an RSS enclosure's: its host has a point in it, and a path follows."""
    return _FILE_URI.fullmatch(url) is not None


def is_lasting(uri: str) -> bool:
    """Tell whether an id can be compared letter by letter as Atom's are (RFC 4287, 4.2.6.1): it has one spelling."""
    return _SAME_URI.fullmatch(uri) is not None


def language_tag(tag: str | None) -> str | None:
    """Give a language tag that has the form of one (BCP 47) and begins with a language's code; else None."""
    if tag is None or not _LANGUAGE.fullmatch(tag):
        return None
    return tag if tag.partition("-")[0].lower() in LANGUAGES else None
