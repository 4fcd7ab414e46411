"""How long a topic takes to render: 50 stories of 5 KB in all formats, the same with one new, and one after another.

    python bench/render.py [STORIES] [BYTES]

Processor time in ms, the median of many rounds, beside lxml building the same elements and json the same objects.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from db.model import FORMATS, Coverage, Enclosure
from db.output import FeedItem, TopicFeed
from feeds.fit import parts_of
from feeds.render import ItemCache, assembled, render, topic_channel

BASE = "https://wire.example/"
SENTENCE = (
    "The harbour of Example was closed on Tuesday &amp; opens <b>again</b> on Friday, “as planned”, its office said. "
)


def story(number: int, size: int) -> FeedItem:
    """Make one story of so many bytes of HTML, carried by three sources."""
    paragraph = f"<p>{SENTENCE * 4}</p>\n"
    html = paragraph * (size // len(paragraph.encode()) + 1)
    coverage = tuple(
        Coverage(
            source=f"s{n}",
            source_title=f"Source {n}",
            source_url=f"https://s{n}.example/feed.xml",
            site_url=f"https://s{n}.example/",
            url=f"https://s{n}.example/news/{number}",
            title=f"Harbour {number} closed",
            first_seen="2026-11-20T10:00:00Z",
        )
        for n in range(3)
    )
    return FeedItem(
        guid=f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        number=number,
        story_id=number,
        title=f"Harbour {number} closed",
        url=coverage[0].url,
        author="Ann Author",
        html=html,
        text=html.replace("<p>", "").replace("</p>", ""),
        language="en",
        published="2026-11-20T09:00:00Z",
        updated="2026-11-20T12:00:00Z",
        first_seen="2026-11-20T10:00:00Z",
        selected_at="2026-11-20T10:00:01Z",
        tags=("place:example", "subject:ports", "category:harbours"),
        enclosures=(Enclosure(url=f"https://s0.example/{number}.jpg", type="image/jpeg", length=12_345),),
        coverage=coverage,
        lead=0,
    )


def topic(count: int, size: int) -> TopicFeed:
    """Make a topic of so many stories."""
    items = tuple(story(number, size) for number in range(count, 0, -1))
    return TopicFeed(id="t", title="Harbours", urn="urn:uuid:0", created_at="2026-11-01T00:00:00Z", items=items)


def in_all_formats(feed: TopicFeed, caches: ItemCache | None) -> int:
    """Render a topic in all formats → bytes."""
    parts = parts_of(feed, caches)
    return sum(len(assembled(topic_channel(feed, fmt, BASE), fmt, parts[fmt])) for fmt in FORMATS)


def spent_ms(work: Callable[[int], object], rounds: int) -> float:
    """Measure → the median of processor time, ms."""
    times = []
    for number in range(rounds):
        before = time.process_time_ns()
        work(number)
        times.append((time.process_time_ns() - before) / 1e6)
    return statistics.median(times)


def main() -> None:
    """Print the figures."""
    count, size = (int(word) for word in (*sys.argv[1:], *("50", "5000")[len(sys.argv) - 1 :]))
    feed = topic(count, size)
    total = in_all_formats(feed, None)
    for fmt in FORMATS:
        one = spent_ms(lambda _, fmt=fmt: render(feed, fmt, topic_channel(feed, fmt, BASE)), 60)
        print(f"{count} stories of {size} bytes, {fmt}: {one:.2f} ms")
    print(f"in all formats: {spent_ms(lambda _: in_all_formats(feed, None), 60):.2f} ms for {total // 1000} kB")
    cache = ItemCache()
    in_all_formats(feed, cache)
    news = [replace(feed, items=(story(count + 1 + n, size), *feed.items[: count - 1])) for n in range(60)]
    print(f"one of them new: {spent_ms(lambda n: in_all_formats(news[n], cache), 60):.2f} ms")
    print(f"none new: {spent_ms(lambda _: in_all_formats(feed, cache), 60):.2f} ms")


if __name__ == "__main__":
    main()
