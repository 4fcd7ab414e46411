"""How long an answer may be kept: Cache-Control says when the next change is likely. Pure.

What changed a minute ago changes again soon, what was silent for hours stays so for a while: a tenth of the time since
the last change, as caches reckon themselves where nobody tells them (RFC 9111 4.2.2). It follows each topic's own
rhythm, needs no history, and is the same after a restart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LEAST_S = 60
"""The publisher looks for changes every second; who asks more often than by the minute gains nothing."""
MOST_S = 600
"""News may come at any time: nobody learns of it later than this for a cache's sake."""
STEP_S = 30
"""Of a max-age: it is the same for everybody who asks within so long."""
SHARE = 10
STALE_S = 86400
"""A feed of yesterday is better than none where we can't be reached (RFC 5861)."""
CLOSED = "public, max-age=86400, stale-while-revalidate=604800, stale-if-error=2592000"
"""Of an archive page: it changes only where a story is taken out of it, or a text was corrected."""
ASK_AGAIN = "private, no-cache"
"""Of what is made for who asks: keep it, but ask each time; the ETag makes that cheap."""


def max_age_s(changed: datetime, now: datetime) -> int:
    """Give the seconds that a document that changed then may be kept from ``now`` on."""
    share = (now - changed).total_seconds() / SHARE
    return int(max(LEAST_S, min(MOST_S, share)) // STEP_S * STEP_S)


def cache_control(last_modified: str, now: datetime, *, unlisted: bool = False) -> str:
    """Write Cache-Control for a document with this Last-Modified, an HTTP date, or "" for one made just now.

    ``unlisted``: for the client's own cache alone; whoever keeps what several people share must not have it.
    """
    changed = http_date(last_modified)
    if changed is None:
        return ASK_AGAIN
    seconds = max_age_s(changed, now)
    if unlisted:
        return f"private, max-age={seconds}"
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error={STALE_S}"


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None where it is none (RFC 9110 13.1.3: then it asks nothing)."""
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
