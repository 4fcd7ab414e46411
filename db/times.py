"""Times as the archive has them: ISO 8601 UTC text ending in ``Z``, whole seconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache


@lru_cache(maxsize=64)  # a poll writes its own "now" several times
def iso(moment: datetime) -> str:
    """Write an aware datetime → ``2026-11-24T09:30:00Z``."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"


def iso_after(moment: datetime) -> str:
    """Write the first whole second that is not before ``moment``: "not before" must never come early."""
    return iso(moment + timedelta(microseconds=999_999))


def parse_iso(text: str) -> datetime:
    """Read the archive's own form of a time → an aware UTC datetime. Raises ValueError."""
    return datetime.fromisoformat(text)
