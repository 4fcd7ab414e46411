"""What a response's headers ask of us: how long it is fresh, when to come back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from multidict import MultiMapping


def retry_after_s(value: str | None, now: datetime) -> int | None:
    """Read ``Retry-After`` → seconds from now, at least 0; None where it is absent or makes no sense (RFC 9110 10.2.3).

    Both forms: a number of seconds, or an HTTP date.
    """
    if value is None:
        return None
    value = value.strip()
    seconds = whole(value)
    if seconds is not None:
        return seconds
    date = http_date(value)
    return None if date is None else max(0, int((date - now).total_seconds()))


def fresh_s(headers: MultiMapping[str], now: datetime) -> int | None:
    """Read how long the response asks to be left alone → seconds; None where it does not say (RFC 9111 4.2).

    ``max-age`` beats ``Expires``; ``no-cache`` and ``no-store`` ask nothing of a poller that revalidates anyway.
    ``Expires`` counts from the response's own ``Date``, so that a wrong clock on either side does no harm. What has
    passed in caches on the way (``Age``) is passed.
    """
    control = headers.getall("Cache-Control", ())
    asked, max_age = directives(",".join(control)) if control else (True, None)
    if not asked:
        return None
    age = whole(headers.get("Age", "")) or 0
    if max_age is not None:
        return max(0, max_age - age)
    expires = http_date(headers.get("Expires"))
    if expires is None:
        return None
    date = http_date(headers.get("Date")) or now
    return max(0, int((expires - date).total_seconds()) - age)


@lru_cache(maxsize=256)
def directives(control: str) -> tuple[bool, int | None]:
    """Read ``Cache-Control`` → whether it asks anything of us at all, and its first ``max-age`` that makes sense."""
    words = [part.strip().lower() for part in control.split(",")]
    if "no-cache" in words or "no-store" in words:
        return False, None
    for word in words:
        name, _, value = word.partition("=")
        seconds = whole(value.strip('" '))
        if name.strip() == "max-age" and seconds is not None:
            return True, seconds
    return True, None


def whole(text: str) -> int | None:
    """Read a number of seconds (RFC 9110, delta-seconds); of an absurd one so many digits that it stays absurd."""
    return int(text[:12]) if text.isascii() and text.isdigit() else None


def http_date(value: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110 5.6.7) → UTC; None where it is none."""
    if not value:
        return None
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, IndexError, TypeError, OverflowError):  # also the last hours of the year 9999
        return None


def storable(validator: str | None) -> str | None:
    """Let a validator through only if it can be sent back as it is: short, of visible characters (RFC 9110 8.8).

    A byte that is no UTF-8 arrives as a lone surrogate, which neither the archive nor a request can carry.
    """
    if not validator or len(validator) > 1024:
        return None
    if validator.isascii() and validator.isprintable():
        return validator
    good = all(" " <= char <= "~" or "\xa0" <= char < "\ud800" for char in validator)
    return validator if good else None
