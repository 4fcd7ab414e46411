"""When a digest is due: at a time of day in a time zone, each day or on one day of the week. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.output import Rhythm

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Due(NamedTuple):
    """The times at which digests are due; ``weekday`` 0 is Monday, None is every day; ``zone`` is an IANA name."""

    weekday: int | None
    hour: int
    minute: int
    zone: str = "UTC"

    @property
    def rhythm(self) -> Rhythm:
        """Tell how long a period is."""
        return "day" if self.weekday is None else "week"


def last_due(due: Due, now: datetime) -> datetime:
    """Find the last time, not after ``now``, at which a digest was due → in UTC. Raises ZoneInfoNotFoundError.

    A day has one such time: where the clocks go back over it, the first; where they go forward over it, the moment
    that the clocks would have shown it, had they gone on.
    """
    zone = ZoneInfo(due.zone)
    for day in back_from(now.astimezone(zone).date() + timedelta(days=1)):
        if due.weekday in (None, day.weekday()):
            moment = datetime.combine(day, time(due.hour, due.minute), zone).astimezone(UTC)
            if moment <= now:
                return moment
    raise AssertionError("every week has each day")


def back_from(day: date) -> Iterator[date]:
    """List a day and those before it."""
    while True:
        yield day
        day -= timedelta(days=1)
