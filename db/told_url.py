"""Addresses, and texts with addresses, as anybody may read them: a key in one is the owner's. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

_SECRET = re.compile(
    r"(?:^|[^a-z])(?:(?:api|access|private|secret|user|feed|rss|auth)[_.-]?(?:key|token|code|hash)|key|token|auth|secret"
    r"|pass(?:word|wd|phrase)?|pwd|sig|signature|credentials?|sid|session(?:[_.-]?id)?|jwt|bearer)$"
)
"""Names of parameters whose values let somebody in: a paid podcast's ``auth``, a mailbox's ``token`` ..."""
_USER = re.compile(r"(https?://)[^\s/?#]*@", re.IGNORECASE)
_FILE = re.compile(r"^/.*?(?=: )")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*?(?=[;,]?(?:\s|$))", re.IGNORECASE)


@lru_cache(maxsize=4096)
def told_url(url: str) -> str:
    """Take out of an http(s) address the parameters that are somebody's key; any other stays as it is to the letter."""
    if "?" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    kept = [part for part in re.split(r"[&;]", parts.query) if not _SECRET.search(part.partition("=")[0].lower())]
    if len(kept) == len(re.split(r"[&;]", parts.query)):
        return url
    return parts._replace(query="&".join(kept)).geturl()


def without_secrets(text: str, *, all_of_it: bool = False) -> str:
    """Take what may be secret out of the addresses in a text: users, passwords, and what stands behind ``?``.

    Where a file is, of which the text begins, is nobody's business either. ``all_of_it``: for the owner, who has put
    it there; only users and passwords are taken out.
    """
    text = _USER.sub(r"\1", text)
    return text if all_of_it else _QUERY.sub(r"\1", _FILE.sub("its file", text))
