"""What adaptive spacing costs and misses: `python bench/spacing.py [DAYS] [SEED]`, beside two other rules.

Simulated feeds publish by rhythms of recorded shape; three pollers read each of them for DAYS (90) days: ours
(`ingest/schedule.py`, nothing else of Wireroom), one that polls every 60 minutes, and one that waits half the mean gap
between the entries of the document. All three keep the same floor (10 minutes) and ceiling (24 hours). Printed are the
requests a day, how many entries were never seen, and the median and 95th percentile of the time from
publication to sight. With `--markdown` it prints the table of docs/spacing.md.
"""

from __future__ import annotations

import random
import statistics
import sys
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ingest.schedule import News, Rhythm, after_success, first_spacing_s, next_pace, next_spacing_s

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
RHYTHM = Rhythm(floor_s=600, ceiling_s=86_400)
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed that publishes at ``times`` (seconds from the start, rising) and shows its newest ``length`` entries."""

    name: str
    length: int
    times: list[float]
    dated: bool = True

    def shown(self, now: float) -> list[float]:
        """List the entries that a fetch at ``now`` has, newest first; an entry is known by its time."""
        upto = bisect_right(self.times, now)
        return self.times[max(0, upto - self.length) : upto][::-1]


def random_times(days: int, rate_at: Callable[[float], float], dice: random.Random) -> list[float]:
    """Draw times at a varying rate (entries an hour), two months before the start and ``days`` after it."""
    times, now = [], -60 * DAY
    while now < days * DAY:
        rate = max(rate_at(now), 1e-9)
        step = dice.expovariate(rate) * 3600
        if step > 1800:  # the rate may have changed meanwhile
            now += 1800
            continue
        now += step
        times.append(now)
    return times


def newsroom(a_day: float) -> Callable[[float], float]:
    """Give a newsroom's rate: asleep at night, half at weekends, most between 8 and 20 hours."""

    def rate(now: float) -> float:
        hour, weekday = now / 3600 % 24, int(now // DAY) % 7
        share = 0.15 if hour < 6 else 1.7 if 8 <= hour < 20 else 0.7
        return a_day / 24 * share * (0.5 if weekday >= 5 else 1.15)

    return rate


def feeds(days: int, dice: random.Random) -> list[Feed]:
    """Make the feeds."""
    bursts = [dice.uniform(-60, days) * DAY for _ in range((days + 60) * 2 // 7)]  # breaking news, twice a week

    def bursty(now: float) -> float:
        return newsroom(80)(now) + sum(18.0 for burst in bursts if burst <= now < burst + 5400)

    news = random_times(days, bursty, dice)
    wire = random_times(days, newsroom(500), dice)
    weekly = [week * 7 * DAY + dice.gauss(0, 0.5) * DAY for week in range(-30, days // 7 + 1)]
    paper = [day * DAY + 5 * 3600 + n * 20 for day in range(-60, days) for n in range(25)]
    episodes = [day * DAY + 6 * 3600 + dice.uniform(0, 900) for day in range(-60, days) if day % 7 < 5]
    return [
        Feed(name="bursty news, 90 a day, 30 shown", length=30, times=news),
        Feed(name="the same without dates", length=30, times=news, dated=False),
        Feed(name="a wire, 500 a day, 50 shown", length=50, times=wire),
        Feed(name="a morning paper, 25 at once, 40 shown", length=40, times=paper),
        Feed(name="a weekday podcast, 20 shown", length=20, times=episodes),
        Feed(name="a weekly blog, 10 shown", length=10, times=sorted(weekly)),
        Feed(name="a dead feed, 15 shown", length=15, times=[-400 * DAY + n * DAY for n in range(15)]),
        Feed(
            name="every item edited at each poll, 5 a day, 20 shown",
            length=20,
            times=random_times(days, newsroom(5), dice),
        ),
    ]


class Ours:
    """The rule of ingest/schedule.py, with the state that the archive keeps for it."""

    name = "Wireroom"

    def __init__(self) -> None:
        self.spacing = float(first_spacing_s(RHYTHM))
        self.pace: float | None = None
        self.last: float | None = None

    def next(self, now: float, shown: list[float], new: int, feed: Feed) -> float:
        """Give the next poll's time."""
        moment = START + timedelta(seconds=now)
        dates = [START + timedelta(seconds=time) for time in shown] if feed.dated else []
        elapsed = None if self.last is None else now - self.last
        news = News(entries=len(shown), new=new, elapsed_s=elapsed, published=dates)
        self.pace = next_pace(self.pace, news, moment, RHYTHM.floor_s)
        self.spacing = next_spacing_s(self.spacing, self.pace, len(shown), RHYTHM)
        self.last = now
        return (after_success(moment, self.spacing, None, RHYTHM, feed.name) - START).total_seconds()


class Hourly:
    """Every 60 minutes, whatever comes."""

    name = "every 60 min"

    def next(self, now: float, _shown: list[float], _new: int, _feed: Feed) -> float:
        """Give the next poll's time."""
        return now + 3600


class HalfGap:
    """Half the mean gap between the entries of the document (60 minutes where they have no dates)."""

    name = "half the mean gap"

    def next(self, now: float, shown: list[float], _new: int, feed: Feed) -> float:
        """Give the next poll's time."""
        if not feed.dated or len(shown) < 2:
            return now + 3600
        gap = (max(now, shown[0]) - shown[-1]) / len(shown)
        return now + min(max(gap / 2, RHYTHM.floor_s), RHYTHM.ceiling_s)


Poller = Ours | Hourly | HalfGap


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one poller did with one feed."""

    requests_a_day: float
    published: int
    missed: int
    median_h: float
    late_h: float


def simulate(feed: Feed, poller: Poller, days: int) -> Outcome:
    """Let a poller read a feed for ``days`` days."""
    now, requests = 0.0, 0
    seen: dict[float, float] = {}
    while now < days * DAY:
        requests += 1
        shown = feed.shown(now)
        fresh = [time for time in shown if time not in seen]
        seen |= dict.fromkeys(fresh, now)
        now = poller.next(now, shown, len(fresh), feed)
    published = [time for time in feed.times if 0 < time < (days - 1) * DAY]
    delays = [(seen[time] - time) / 3600 for time in published if time in seen] or [0.0]
    return Outcome(
        requests_a_day=requests / days,
        published=len(published),
        missed=sum(time not in seen for time in published),
        median_h=statistics.median(delays),
        late_h=sorted(delays)[int(len(delays) * 0.95)],
    )


def main() -> None:
    """Print the table."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    days, seed = (*numbers, *(90, 7)[len(numbers) :])[:2]
    markdown = "--markdown" in sys.argv
    head = ("feed", "poller", "requests a day", "missed", "median delay", "95 % within")
    if markdown:
        print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    else:
        print(f"{days} days, seed {seed}; floor 10 min, ceiling 24 h")
        print("{:52}{:20}{:>15}{:>16}{:>14}{:>13}".format(*head))
    for feed in feeds(days, random.Random(seed)):
        for poller in (Ours(), Hourly(), HalfGap()):
            done = simulate(feed, poller, days)
            missed = f"{done.missed:,} of {done.published:,}" if done.published else "–"
            delays = (f"{done.median_h:.1f} h", f"{done.late_h:.1f} h") if done.published else ("–", "–")
            row = (feed.name, poller.name, f"{done.requests_a_day:.1f}", missed, *delays)
            print(f"| {' | '.join(row)} |" if markdown else "{:52}{:20}{:>15}{:>16}{:>14}{:>13}".format(*row))


if __name__ == "__main__":
    main()
