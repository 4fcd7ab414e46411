"""What a feed asks of those who poll it: how long to wait, when not to come, which hub tells of its news. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ingest.urls import absolute

MAX_TTL_S = 31 * 86_400
MAX_HEAD_CHARS = 200_000
"""Of what stands before the first item, and as much behind the last, is searched for skipHours and skipDays."""

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ITEM = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_SKIPS = re.compile(r"<(?:[\w.-]{1,40}:)?(skiphours|skipdays)\s*>", re.IGNORECASE)
_END = {name: re.compile(rf"</(?:[\w.-]{{1,40}}:)?{name}\s*>", re.IGNORECASE) for name in ("skiphours", "skipdays")}
_HOUR = re.compile(r"<(?:[\w.-]{1,40}:)?hour\s*>\s*([0-9]{1,2})\s*<", re.IGNORECASE)
_DAY = re.compile(r"<(?:[\w.-]{1,40}:)?day\s*>\s*([a-z]{3,9})\s*<", re.IGNORECASE)
_MAX_SKIPS_CHARS = 4000  # twenty-four hours, with white space


def spacing_s(*, ttl: str | None, period: str | None, frequency: str | None) -> int | None:
    """Read how long a feed asks to be left alone → seconds, or None: the longer of ``ttl`` and ``sy:``.

    ``ttl`` is in minutes (RSS 2.0). ``sy:updatePeriod`` is divided by ``sy:updateFrequency``; without a period it is
    ``daily``, without a frequency 1 (RSS 1.0 module Syndication).
    """
    asked = [_number(ttl) * 60]
    times = _number(frequency)
    length = _PERIODS.get((period or "").strip().lower())
    if length is None and not (period or "").strip() and times:
        length = _PERIODS["daily"]
    if length is not None:
        asked.append(length // (times or 1))
    return min(max(asked), MAX_TTL_S) or None


def skips(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Read ``skipHours`` and ``skipDays`` (RSS 0.91 to 2.0) of a channel → hours (UTC, 0 to 23), days (0 is Monday).

    ``text`` is the document from its root on. feedparser keeps only the last hour. Hour 24 is hour 0, as in RSS 0.91.
    """
    first = _ITEM.search(text)
    head = text[: first.start() if first else len(text)][:MAX_HEAD_CHARS]
    tail = text[-MAX_HEAD_CHARS:] if first else ""
    ends = [mark.end() for mark in _ITEM_END.finditer(tail)]
    tail = tail[ends[-1] :] if ends else ""
    hours: set[int] = set()
    days: set[int] = set()
    for part in (head, tail):
        for name, inside in _inside(_without_comments(part)):
            if name == "skiphours":
                hours.update(int(hour) % 24 for hour in _HOUR.findall(inside) if int(hour) <= 24)
            else:
                days.update(DAYS.index(day) for each in _DAY.findall(inside) if (day := each.lower()) in DAYS)
    return tuple(sorted(hours)), tuple(sorted(days))


def related(links: Iterable[Mapping[str, Any]], rel: str, base: str | None) -> str | None:
    """Find the first http(s) address among a feed's links that has the relation ``rel``."""
    for link in links:
        href = link.get("href")
        if isinstance(href, str) and link.get("rel") == rel and (url := absolute(href, base)):
            return url
    return None


def _inside(text: str) -> Iterator[tuple[str, str]]:
    for mark in islice(_SKIPS.finditer(text), 4):
        name = mark[1].lower()
        end = _END[name].search(text, mark.end(), mark.end() + _MAX_SKIPS_CHARS)
        if end:
            yield name, text[mark.end() : end.start()]


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


def _number(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
