"""When is a source polled next? Pure.

The schedule is a column, ``sources.next_poll_at``, read by one tick; this is the arithmetic behind it. A source is
polled just often enough that consecutive documents overlap: by the time of the next poll, at most ``AIM`` of a
document should be new. How quickly that happens at the busiest (``pace``) is read from the dates in each document and
from how much of each fetch was new, and fades slowly, so that a quiet night or weekend is not taken for the rule.
What the server or the feed asks for is obeyed up to the ceiling; ``every`` replaces the rhythm, never what was asked
for. ``bench/spacing.py`` shows what it costs and misses; ``docs/spacing.md`` has its table.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_SPACING = 3
"""A source of which nothing is known begins at this many floors."""

AIM = 0.45
"""So much of a document may be new at the next poll: consecutive fetches then overlap by about half."""

FADE_S = 5 * 86_400
"""In so long a remembered pace halves: a weekend makes a news feed no slower than by a quarter or so."""

WEEK_S, WARY_S = 7 * 86_400, 1800
"""A document that covers less than a week has not shown the week's busiest hours: at first it is polled every half
hour (or every three floors, where that is longer), and less often as that fades."""

UNDATED = 1.5
"""How much quicker than it looks a feed without dates is taken to be: between two polls it may come in bursts."""

MOST_LONGER, BLINDLY_LONGER = 2.0, 1.25
"""One poll lengthens the spacing by this factor at the most: dates in a feed may lie. The other: with no pace known."""

SPREAD = 0.1
"""Sources with one spacing are spread over this share of it, by a hash of their id: no stampede, no dice."""

MAX_SETBACK = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The limits of spacing, seconds: the config's floor and ceiling, and the source's ``every``."""

    floor_s: float
    ceiling_s: float
    every_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one document brought: its number of entries, how many of them were new, and the dates that they give.

    ``elapsed_s``: since the last poll that read the source well; None at the first.
    """

    entries: int
    new: int
    elapsed_s: float | None
    published: Sequence[datetime] = ()


def first_spacing_s(rhythm: Rhythm) -> int:
    """Give the spacing of a source that was never polled."""
    return int(min(rhythm.floor_s * FIRST_SPACING, rhythm.ceiling_s))


def next_pace(pace: float | None, news: News, now: datetime, floor_s: float) -> float | None:
    """Give the source's pace after a poll → new entries an hour at the busiest; None while nothing is known.

    The quickest of: what is remembered (faded), what this fetch shows (twice that where nothing of it was known:
    more may have come and gone), and the shortest time in which as much as ``AIM`` of the document was published.
    """
    found = [] if pace is None else [pace * 0.5 ** ((news.elapsed_s or 0) / FADE_S)]
    dated = dated_pace(news.entries, news.published, now, floor_s)
    if dated is not None:
        found.append(dated)
        if pace is None and (now - min(news.published)).total_seconds() < WEEK_S:
            found.append(aimed(news.entries) * 3600 / max(FIRST_SPACING * floor_s, WARY_S))
    all_new = news.new >= news.entries
    if news.elapsed_s and news.new and (dated is None or all_new):
        found.append((2 if all_new else UNDATED) * news.new * 3600 / max(news.elapsed_s, 60))
    return max(found, default=None)


def dated_pace(entries: int, published: Sequence[datetime], now: datetime, floor_s: float) -> float | None:
    """Read the pace at the busiest from the dates of a document → entries an hour; None where they don't tell.

    What came within the floor counts as one batch, since no poll can come between. Dates ahead of us are lies.
    """
    if not published:
        return None
    times = sorted((moment.timestamp() for moment in published if moment <= now), reverse=True)
    step = aimed(entries)
    spans = (newer - older for newer, older in zip(times, times[step:], strict=False))
    shortest = min((span for span in spans if span > floor_s), default=None)
    if shortest is None and len(times) > 1 and times[0] - times[-1] > floor_s:  # fewer dates than a step
        shortest, step = times[0] - times[-1], len(times) - 1
    return None if shortest is None else step * 3600 / shortest


def aimed(entries: int) -> int:
    """Give how many entries of a document of that length may be new at the next poll."""
    return max(1, math.floor(entries * AIM))


def next_spacing_s(spacing_s: float, pace: float | None, entries: int, rhythm: Rhythm) -> int:
    """Give the spacing after a good poll → whole seconds between floor and ceiling. ``entries``: in its document."""
    longest = spacing_s * (MOST_LONGER if pace else BLINDLY_LONGER)
    wanted = aimed(entries) * 3600 / pace if pace else longest
    return round(min(max(min(wanted, longest), rhythm.floor_s, 1), rhythm.ceiling_s))


def after_success(now: datetime, spacing_s: float, asked_s: int | None, rhythm: Rhythm, source: str) -> datetime:
    """Give the next poll's time after a good one. ``asked_s``: what the server or the feed asks for."""
    asked = min(asked_s or 0, rhythm.ceiling_s)
    if rhythm.every_s is not None:
        return spread(now, max(rhythm.every_s, rhythm.floor_s, asked, 1), source)
    wait = max(spacing_s, rhythm.floor_s, 1)
    if wait > asked and wait * (1 + SPREAD) > rhythm.ceiling_s:  # spread out below the ceiling, which is a promise
        wait = max(min(wait, rhythm.ceiling_s / (1 + SPREAD)), rhythm.floor_s)
    return min(spread(now, max(wait, asked), source), now + timedelta(seconds=max(rhythm.ceiling_s, rhythm.floor_s)))


def after_failure(now: datetime, setback: int, rhythm: Rhythm, source: str) -> datetime:
    """Give the next attempt's time after failures in a row of the weight ``setback`` (1 or more).

    It doubles with each point, from the floor to the ceiling, and never ends.
    """
    base = max(rhythm.floor_s, 1)
    wait = min(base * 2 ** min(setback - 1, MAX_SETBACK), max(rhythm.ceiling_s, base))
    return min(spread(now, wait, source), now + timedelta(seconds=max(rhythm.ceiling_s, base * (1 + SPREAD))))


def spread(now: datetime, wait_s: float, source: str) -> datetime:
    """Add a wait to ``now``, a little longer by the source's own phase."""
    return now + timedelta(seconds=wait_s * (1 + SPREAD * phase(source)))


def held_until(now: datetime, retry_after_s: int, ceiling_s: float) -> datetime:
    """Give the time before which the server wants no request: its Retry-After, clamped to the ceiling."""
    return now + timedelta(seconds=min(retry_after_s, ceiling_s))


def outside_skips(moment: datetime, hours: Collection[int], days: Collection[int], latest: datetime) -> datetime:
    """Move a poll out of the hours and days (0 is Monday; UTC) in which the feed wants none, but not past ``latest``.

    RSS 2.0, ``skipHours`` and ``skipDays``.
    """
    if len(hours) >= 24 or len(days) >= 7:
        return max(moment, latest)
    start = moment
    while (moment.hour in hours or moment.weekday() in days) and moment < latest:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment if moment == start else max(start, min(moment, latest))


def phase(source: str) -> float:
    """Give a source's own place in 0 ≤ phase < 1, the same for ever."""
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=4).digest()) / 2**32
