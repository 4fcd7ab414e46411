"""Addresses as anybody may read them: of one with a key in it, the key is the owner's. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

_SECRET = re.compile(
    r"(?:^|[^a-z])(?:(?:api|access|private|secret|user|feed|rss|auth)[_.-]?(?:key|token|code|hash)|key|token|auth|secret"
    r"|pass(?:word|wd|phrase)?|pwd|sig|signature|credentials?|sid|session(?:[_.-]?id)?|jwt|bearer)$"
)
"""Names of parameters whose values let somebody in: a paid podcast's ``auth``, a mailbox's ``token`` ..."""


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
