"""One page under several addresses (AMP, mobile, with and without www) → the one by which sources are compared. Pure.

Only for finding copies in other sources: what is shown, and what identifies an entry within its own source, stays the
canonical link. Two articles have one page only where nothing but these marks tells their addresses apart; a name that a
site could give to its articles is no mark. AMP's own forms: amp.dev, "Optimize your AMP pages for discovery" and
"AMP Cache URL format".
"""

from __future__ import annotations

import re

from ingest.urls import canonical_link, is_tracker

# Hosts that say how a page is served; the same path on the bare domain is the same page. www is one of them: whether
# the desktop page of m.example.org is at www.example.org or at example.org, only the site knows.
_HOST_MARKS = ("www.", "amp.", "m.", "mobile.")
_MOBILE_WIKI = re.compile(
    r"([a-z0-9-]+)\.m\.((?:wikipedia|wiktionary|wikinews|wikiquote|wikibooks|wikisource|wikiversity|wikivoyage|wikimedia)\.org)"
)
_CARRIED = re.compile(
    r"//(?:"
    r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}/amp/"  # the viewer of a search
    r"|(?:[a-z0-9-]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)/(?:c|v|wp)/"  # caches: a page, in a viewer, as a package
    r")(?:s/)?([^/?#]+\.[^/?#]+.*)",
    re.DOTALL,
)
_AMP_ENDING = re.compile(r"(?<=[^./])\.amp(?=\Z|\.html?\Z)")
_BLOGGER = re.compile(r"/\d{4}/\d\d/[^/]+\.html")  # its mobile pages are marked in the query
_AMP_SWITCHES = frozenset(f"{name}{value}" for name in ("amp", "_amp", "is_amp") for value in ("", "=", "=1", "=true"))
_AMP_MARKS = frozenset(("outputtype=amp", "output=amp", "format=amp", "noamp=1", "noamp=mobile", "noamp=available"))
_OF_CACHES = frozenset(("amp_js_v", "amp_gsa", "amp_r", "amp_ct"))


def page_of(canonical: str) -> str:
    """Give the page that a canonical link and all its twins stand for → a canonical link again; most often the same.

    Takes away: what an AMP viewer or cache puts around the address; ``www.``, ``amp.``, ``m.`` and ``mobile.`` before
    the host; ``amp`` as the first or last part of the path, or its ending; AMP's switches in the query, and what is
    left of ``&amp;`` there; the slash at the end. Doing it again changes nothing.
    """
    while (made := _without_a_mark(canonical)) != canonical:
        canonical = made
    return canonical


def _without_a_mark(link: str) -> str:
    carried = _CARRIED.fullmatch(link)
    if carried and (inner := canonical_link(f"//{carried[1]}")):
        return inner
    host, path, tail = _parts(link)
    query, mark, fragment = tail.partition("#")
    return f"//{_bare_host(host)}{_bare_path(path)}{_bare_query(query, path)}{mark}{fragment}"


def _parts(link: str) -> tuple[str, str, str]:
    """Take ``//host/path?query#fragment`` apart → host with port, path, and the rest with its question mark."""
    host, _, rest = link[2:].partition("/")
    cut = min((at for at in (rest.find("?"), rest.find("#")) if at >= 0), default=len(rest))
    return host, f"/{rest[:cut]}", rest[cut:]


def _bare_host(host: str) -> str:
    wiki = _MOBILE_WIKI.fullmatch(host)
    if wiki:
        return f"{wiki[1]}.{wiki[2]}"
    for mark in _HOST_MARKS:
        rest = host.removeprefix(mark)
        # m.example is a site of its own; so is mobile.de; and no mark stands before a number.
        if rest != host and "." in rest and not rest.replace(".", "").isdigit():
            return rest
    return host


def _bare_path(path: str) -> str:
    path = path.removesuffix("/") or "/"
    if path.startswith("/amp/"):
        return path[len("/amp") :]
    if path.endswith(("/amp", "/amp.html")):
        return path[: path.rindex("/")] or "/"
    return _AMP_ENDING.sub("", path)


def _bare_query(query: str, path: str) -> str:
    params = [param.removeprefix("amp;") for param in query[1:].split("&")]  # the feed escaped the ampersand twice
    kept = sorted(param for param in params if param and not is_tracker(param) and not _is_mark(param.lower(), path))
    return f"?{'&'.join(kept)}" if kept else ""


def _is_mark(param: str, path: str) -> bool:
    if param in _AMP_SWITCHES or param in _AMP_MARKS or param.partition("=")[0] in _OF_CACHES:
        return True
    return param in ("m=0", "m=1") and _BLOGGER.fullmatch(path) is not None
