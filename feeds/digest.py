"""A digest's title and text: a period's stories, each with its summary, its sources and its link. Pure.

The names of days and months are our own: the process's locale is not asked, and feedgen changes it.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from db.output import Digest, FeedItem, TopicFeed
from feeds.brief import beginning, summary
from feeds.channel import feed_title
from feeds.item import EXCERPT_CHARS, coverage_html, link, moment, shortened, title
from feeds.strict import address

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

LINE_CHARS = 240
"""So long is a story's summary."""


def digest_title(feed: TopicFeed, digest: Digest) -> str:
    """Name a digest: its topic, its day, or the day on which its week ends, and how many stories that are."""
    until = "week to " if digest.rhythm == "week" else ""
    day = day_name(local(digest.period_to, digest.zone))
    return f"{feed_title(feed)}, {until}{day}: {counted(digest)}"


def digest_html(digest: Digest) -> str:
    """Write a digest: of when it is, its stories, how many more there were."""
    start, end = (local(one, digest.zone) for one in (digest.period_from, digest.period_to))
    span = f"From {day_name(start)}, {clock(start)}, to {day_name(end)}, {clock(end)} ({digest.zone})"
    parts = [f"<p>{escape(span)}: {counted(digest)}</p>", *(story_html(story) for story in digest.stories)]
    if digest.more:
        parts.append(f"<p>And {digest.more} more {'story' if digest.more == 1 else 'stories'}.</p>")
    return "\n".join(parts)


def story_html(item: FeedItem) -> str:
    """Write one story of a digest."""
    said = " ".join(beginning(summary(item), LINE_CHARS).split())
    lines = [f"<h3>{link(title(item), address(item.url))}</h3>"]
    if said and said != title(item):
        lines.append(f"<p>{escape(said, quote=False)}</p>")
    return "\n".join([*lines, f"<p>{coverage_html(item)}</p>"])


def digest_excerpt(digest: Digest) -> str:
    """Give the beginning of a digest as plain text: its stories' titles."""
    return shortened(" · ".join(title(story) for story in digest.stories), EXCERPT_CHARS)


def counted(digest: Digest) -> str:
    """Say how many stories a period had."""
    many = len(digest.stories) + digest.more
    return "1 story" if many == 1 else f"{many} stories"


def digest_time(digest: Digest) -> datetime:
    """Give the time that a digest is of: when it was due, however late it was made."""
    return moment(digest.period_to)


def local(time: str, zone: str) -> datetime:
    """Read one of the archive's times as the clocks of a zone show it."""
    return moment(time).astimezone(ZoneInfo(zone))


def day_name(day: datetime) -> str:
    """Write ``Wednesday 25 November 2026``."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def clock(time: datetime) -> str:
    """Write ``07:00``."""
    return f"{time.hour:02}:{time.minute:02}"
