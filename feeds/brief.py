"""An item without its full text: a summary, and where to read on. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from db.output import FeedItem
from feeds.item import link, shortened, source_name
from feeds.strict import address

SUMMARY_CHARS = 300
OWN_CHARS = 600
"""An entry's own summary may be longer: its source wrote it as one."""

# A full stop ends no sentence after one or two letters: "U.S.", "Mr.", "p.m."; in Chinese no space comes after it.
_END = re.compile(r"""(?:(?<=\w\w\w)\.|[!?…])["'”’»)\]]*(?=\s)|[。！？][”’」』）]*|(?=\n)""")


def briefed(item: FeedItem) -> FeedItem:
    """Give the item with its summary in the place of its text, and with a link to the source."""
    said = summary(item)
    paragraphs = [escape(line, quote=False) for line in said.splitlines() if line.strip()]
    if url := address(item.url):
        paragraphs.append(link(f"Read on at {source_name(item.coverage[item.lead])}", url))
    return replace(item, html="\n".join(f"<p>{one}</p>" for one in paragraphs), text=said)


def summary(item: FeedItem) -> str:
    """Give the entry's own summary, plain text; where it has none, the beginning of its text."""
    own = (item.summary or "").strip()
    return own if 0 < len(own) <= OWN_CHARS else beginning(own or item.text, SUMMARY_CHARS)


def beginning(text: str, chars: int) -> str:
    """Give the beginning of a text, at most ``chars`` long, to the end of a sentence or paragraph.

    Where none ends in the last three quarters of it, it is cut between words.
    """
    text = text.strip()
    if len(text) <= chars:
        return text
    ends = [found.end() for found in _END.finditer(text, 0, chars + 1) if chars // 4 <= found.end() <= chars]
    return text[: ends[-1]].strip() if ends else shortened(text, chars)
