"""How far back a command looks: ``--since 30d``, ``--since 2026-11-01``. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wireroom.units import parse_duration

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def read_since(text: str, now: datetime) -> datetime:
    """Read a duration before ``now``, or a date or time (UTC, if it names no zone). Raises ValueError with the mend."""
    try:
        return max(now - timedelta(seconds=parse_duration(text)), EARLIEST)
    except OverflowError:
        return EARLIEST
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
        return max((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC), EARLIEST)
    except (ValueError, OverflowError):
        raise ValueError(f'{text!r} is no time; write how long ago, such as "30d" or "12h", or a date') from None
