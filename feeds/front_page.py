"""The front page: the topics, and where to subscribe. Pure."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from db.model import FORMATS
from feeds.item import xml_text
from feeds.render import MEDIA_TYPES, feed_path

NAMES = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --soft: #5d5a54; --line: #dcd8d0; --paper: #fbfaf7; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e6df; --soft: #a5a199; --line: #3a3833; --paper: #191815; --link: #8fc1ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 44rem; padding: 2rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.5 system-ui, sans-serif; }
h1 { font: 600 1.75rem/1.2 Georgia, serif; margin: 0 0 .25rem; }
h2 { font: 600 1.2rem/1.3 Georgia, serif; margin: 0; }
h2, p { overflow-wrap: anywhere; }
p { margin: .25rem 0; }
time { display: block; }
.soft, footer { color: var(--soft); font-size: .9375rem; }
ul { list-style: none; margin: 1.5rem 0 0; padding: 0; }
ul > li { border-top: 1px solid var(--line); padding: 1rem 0; }
a { color: var(--link); }
.feeds a { display: inline-block; margin: .25rem 1rem .25rem 0; padding: .125rem 0; }
footer { border-top: 1px solid var(--line); margin-top: .5rem; padding-top: 1rem; }
"""

META_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""What the page says itself, for hosts that send no headers: this style sheet, and nothing else."""
PAGE_POLICY = f"{META_POLICY}; frame-ancestors 'none'"
"""Its Content-Security-Policy as a header; who may frame a page can't be said in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSummary:
    """A topic as the front page shows it; ``newest`` is its newest story's title, ``newest_at`` its selection time.

    ``rhythm``: how often it has a digest, if it has any; then these are the newest one's.
    """

    id: str
    title: str
    stories: int
    newest: str | None
    newest_at: str | None
    rhythm: str | None = None


def index_page(topics: Sequence[TopicSummary], *, base_url: str) -> bytes:
    """Write the page → UTF-8 bytes. Absolute links begin with ``base_url``."""
    links = "\n".join(
        f'<link rel="alternate" type="{MEDIA_TYPES[fmt].partition(";")[0]}" '
        f'title="{shown(topic.title)} ({NAMES[fmt]})" href="{escape(base_url + feed_path(topic.id, fmt))}">'
        for topic in topics
        for fmt in FORMATS
    )
    listed = "\n".join(topic_item(topic) for topic in topics)
    body = f"<ul>\n{listed}\n</ul>" if topics else "<p>No topics yet: add a [[topic]] to config.toml.</p>"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{META_POLICY}">
<title>Wireroom</title>
{links}
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Wireroom</h1>
<p class="soft">Each story once, with all its sources. Subscribe to a topic in any feed reader.</p>
{body}
</main>
<footer>
<p>Search the archive with <code>wireroom search</code>, SQLite, or Datasette.</p>
<p>For programs: in a JSON Feed, <code>_wireroom</code> has each story’s number in its topic and its coverage: the
entries of all sources, in order of first sight.</p>
</footer>
</body>
</html>
""".encode()


def topic_item(topic: TopicSummary) -> str:
    """Write one topic of the list; its links are relative, so that the page works from any place it is served at."""
    stories = "1 story" if topic.stories == 1 else f"{topic.stories} stories"
    newest = ""
    if topic.newest is not None and topic.newest_at is not None:
        newest = (
            f'<p><bdi>{shown(topic.newest)}</bdi> <time class="soft" datetime="{escape(topic.newest_at)}">'
            f"{escape(topic.newest_at[:16].replace('T', ' '))} UTC</time></p>\n"
        )
    feeds = " ".join(
        f'<a href="{escape(feed_path(topic.id, fmt))}" aria-label="{NAMES[fmt]}: {shown(topic.title)}">{NAMES[fmt]}</a>'
        for fmt in FORMATS
    )
    title = f'<h2><a href="topics/{escape(topic.id)}/"><bdi>{shown(topic.title)}</bdi></a></h2>'
    if topic.rhythm is not None:
        stories += f", {shown(topic.rhythm)}"
    return f'<li>{title}\n<p class="soft">{stories}</p>\n{newest}<p class="feeds">{feeds}</p></li>'


def shown(text: str) -> str:
    """Escape a text for the page, attributes too; characters that no document may hold are dropped."""
    return escape(xml_text(text))
