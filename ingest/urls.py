"""Addresses in a feed: make them absolute and safe, and give the form by which identity compares them. Pure."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, urljoin, urlsplit

MAX_URL_CHARS = 4096
"""A longer address is dropped: no server takes it, and no reader shows it."""

# Campaign and click marks that say where a reader came from, never which article it is. Short on purpose: a name that
# any site could use for its articles (id, p, source, ref, session, article, page, story…) must never be here.
_TRACKERS = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid ysclid igshid igsh "  # click ids
    "mc_cid mc_eid mkt_tok _hsenc _hsmi __hssc __hstc __hsfp hsctatracking vero_id vero_conv "  # mailings
    "oly_anon_id oly_enc_id _openstat ref_src "
    "pk_campaign pk_kwd pk_source pk_medium mtm_campaign mtm_kwd mtm_source mtm_medium mtm_content mtm_cid mtm_group "
    "ns_mchannel ns_source ns_campaign ns_linkname ns_fee at_medium at_campaign at_campaign_type at_format "  # BBC
    "at_bbc_team at_ptr_name wt_mc wt_mc_id wt.mc_id wt_zmc xtor cmpid maca traffic_source"
)
TRACKERS = frozenset(_TRACKERS.split())
TRACKER_PREFIXES = ("utm_", "at_link_", "at_custom")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SLASHES = re.compile(r"(https?:)/{3,}", re.IGNORECASE)
_ILLEGAL = re.compile(r"[\s\"<>^`{|}\\]")
_HOST = re.compile(r"[^\x00-\x20\x7f\"<>^`{|}\\%/?#@\[\]:]{1,253}")
_ASCII_HOST = re.compile(r"[a-z0-9_.!$&'()*+,;=~-]{1,253}")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_TO_ENCODE = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?]")
_NORMAL = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, as JSON can spell it: no text can carry it
# An absolute address in which there is nothing to mend: most are of this kind, and need not be taken apart.
_CHARS = r"A-Za-z0-9\-._~!$&'()*+,=:@/"
_PLAIN = re.compile(
    rf"https?://((?=[^/?#]{{1,253}}(?:[/?#]|\Z))[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)*+)"
    rf"(/[{_CHARS}%]*+)?+(?:\?([{_CHARS}%;?]++))?+(?:#([{_CHARS}%;?]++))?+"
)


def absolute(url: str | None, base: str | None) -> str | None:
    """Resolve ``url`` against ``base`` → an http(s) address, or None for anything else (``javascript:``, ``data:``…).

    White space around it and control characters anywhere are dropped, as browsers do, and backslashes in the path are
    slashes, so that what is checked here is what a browser will see. User names and passwords are taken out: they
    are nobody's business but the poller's.
    """
    if url and _plain(url):
        return url
    text = _CONTROL.sub("", url or "").strip()
    if not text or len(text) > MAX_URL_CHARS or _SURROGATE.search(text):
        return None
    cut = min((at for at in (text.find("?"), text.find("#")) if at >= 0), default=len(text))
    text = _SLASHES.sub(r"\1//", text[:cut].replace("\\", "/")) + text[cut:]
    try:
        parts = urlsplit(urljoin(base or "", text))
        host, port = parts.hostname, parts.port
    except ValueError:  # a bad port, an unclosed IPv6 bracket, a host that turns into another under NFKC
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or not _is_host(host):
        return None
    written = _as_written(parts)
    if written.lower() != host.lower():  # brackets amid a name: which of its parts is the host depends on who asks
        return None
    return _ILLEGAL.sub(_encoded, _with_netloc(parts, _netloc(written, port)))


def canonical_link(url: str | None) -> str | None:
    """Give the form of a link that identity compares → ``//host/path?query``, or None if it is no http(s) address.

    No scheme, host in lower-case ASCII (IDNA), no default port, no user name, dot segments resolved, percent-encoding
    normalized (RFC 3986, 6.2.2), trackers dropped, the other parameters sorted, no fragment but ``#!…`` and ``#/…``
    (addresses inside one page applications). Taking the canonical form of it again changes nothing.
    """
    bare = (url or "").startswith("//")
    text = f"http:{url}" if bare else url
    if text and (plain := _plain(text)):
        host, path, query, fragment = plain.groups("")
        return f"//{host.lower()}{_rest(path, query, fragment)}"
    safe = absolute(text, None)
    if safe is None:
        return None
    parts = urlsplit(safe)
    ascii_host = _ascii_host(parts.hostname or "")
    if ascii_host is None:
        return None
    port = parts.port if bare or parts.port != _DEFAULT_PORTS[parts.scheme] else None
    return f"//{_netloc(ascii_host, port)}{_rest(parts.path, parts.query, parts.fragment)}"


def is_specific(canonical: str, site: str | None) -> bool:
    """Tell whether a canonical link can stand for one article: not a bare host, and not the feed's own site link."""
    if canonical == site:
        return False
    parts = urlsplit(canonical)
    return bool(parts.path.strip("/") or parts.query or parts.fragment)


def document_base(url: str | None) -> str | None:
    """Give what relative links of the document at ``url`` are resolved against; None for a file.

    Without its query, which may hold a subscriber's secret: ``<a href="#note">`` would publish it.
    """
    safe = absolute(url, None)
    return urlsplit(safe)._replace(query="", fragment="").geturl() if safe else None


def _plain(url: str) -> re.Match[str] | None:
    """Match an address in which there is nothing to mend → its host, path, query and fragment."""
    return _PLAIN.fullmatch(url) if len(url) <= MAX_URL_CHARS and ":///" not in url else None


def _rest(path: str, query: str, fragment: str) -> str:
    """Give what follows the host in a canonical link."""
    path = _without_dots(_normal(path)) or "/"
    params = (_normal(param) for param in query.split("&") if param)
    query = "&".join(sorted(param for param in params if param and not is_tracker(param)))
    fragment = _normal(fragment) if fragment.startswith(("!", "/")) else ""
    return f"{path}{'?' + query if query else ''}{'#' + fragment if fragment else ''}"


def is_tracker(param: str) -> bool:
    """Tell whether a parameter (``name=value``) says where a reader came from, and nothing else."""
    name = param.partition("=")[0].lower()
    return name in TRACKERS or name.startswith(TRACKER_PREFIXES)


def _normal(text: str) -> str:
    """Normalize percent-encoding: unreserved characters plain, the rest of what is not allowed as ``%XX``."""
    if _NORMAL.fullmatch(text):
        return text
    return _TO_ENCODE.sub(_normal_encoding, text)


def _normal_encoding(match: re.Match[str]) -> str:
    if match[1] is None:
        return _encoded(match)
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()


def _encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _without_dots(path: str) -> str:
    """Resolve ``.`` and ``..`` (RFC 3986, 5.2.4) of an absolute path."""
    if "/." not in path:
        return path
    done: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(done) > 1:
                done.pop()
        elif segment != ".":
            done.append(segment)
    if segments[-1] in (".", ".."):
        done.append("")
    return "/".join(done)


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            IPv6Address(host)
        except AddressValueError:
            return False
        return True
    return _HOST.fullmatch(host) is not None and host.strip(".") != ""


def _ascii_host(host: str) -> str | None:
    if ":" in host:
        return IPv6Address(host).compressed
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:  # no such name can exist
            return None
    host = host.rstrip(".").lower()
    return host if _ASCII_HOST.fullmatch(host) else None


def _as_written(parts: SplitResult) -> str:
    """Give the host as it was written: ``hostname`` would put it in lower case."""
    host = parts.netloc.rpartition("@")[2]
    return host[: host.index("]")].lstrip("[") if host.startswith("[") else host.partition(":")[0]


def _netloc(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _with_netloc(parts: SplitResult, netloc: str) -> str:
    return parts._replace(netloc=netloc).geturl()
