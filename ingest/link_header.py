"""The Link header (RFC 8288): which addresses a response names, and as what. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.urls import absolute

_LINK = re.compile(r"<([^<>]{0,4096})>((?:[^<\",]|\"(?:[^\"\\]|\\.){0,1000}\"){0,2000})")
_PARAM = re.compile(r";\s*([\w*-]{1,40})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,1000})\"|([^\s;,\"]{1,200}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLink:
    """One link of a header: an absolute http(s) address, its relations and media type in small letters."""

    url: str
    rel: tuple[str, ...]
    type: str | None


def header_links(fields: Iterable[str], base: str) -> list[HeaderLink]:
    """Read the values of Link headers → the links that have a relation, in order. Raises nothing.

    Of a parameter that is repeated the first counts (RFC 8288 3.3).
    """
    found = []
    for field in fields:
        for target, params in _LINK.findall(field[:20_000]):
            given: dict[str, str] = {}
            for name, quoted, token in _PARAM.findall(params):
                given.setdefault(name.lower(), quoted or token)
            url = absolute(target, base)
            if url is not None and given.get("rel"):
                kind = given.get("type", "").partition(";")[0].strip().lower() or None
                found.append(HeaderLink(url=url, rel=tuple(given["rel"].lower().split()), type=kind))
    return found
