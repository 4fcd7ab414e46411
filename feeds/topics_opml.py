"""All topics as OPML 2.0, for who subscribes to all of them at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from feeds.channel import feed_path
from feeds.item import xml_text

OPML_TYPE = "text/x-opml; charset=utf-8"


def topics_opml(topics: Iterable[tuple[str, str]], *, base_url: str) -> bytes:
    """Write the list of topics, each (public name, title) → UTF-8 bytes, the same for the same topics.

    The address is that of the Atom feed: its items tell their sources best. ``type`` is ``rss`` for any feed (OPML 2.0,
    "Subscription lists").
    """
    outlines = "".join(
        f'    <outline type="rss" text={quoted(title or name)} title={quoted(title or name)} '
        f"xmlUrl={quoted(base_url + feed_path(name, 'atom'))} htmlUrl={quoted(f'{base_url}topics/{name}/')}/>\n"
        for name, title in topics
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head>\n    <title>Wireroom</title>\n'
        f"  </head>\n  <body>\n{outlines}  </body>\n</opml>\n"
    ).encode()


def quoted(text: str) -> str:
    """Write a text as the value of an attribute; characters that XML can't hold are dropped."""
    return f'"{escape(" ".join(xml_text(text).split()))}"'
