"""Response headers: freshness, Retry-After, validators that can be sent back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from ingest.headers import fresh_s, retry_after_s, storable

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Fri, 20 Nov 2026 12:02:00 GMT", 120),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Fri, 99 Nov 99999 12:02:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("१२", None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, seconds: int | None) -> None:
    """Seconds or a date; what makes no sense is no answer (RFC 9110 10.2.3)."""
    assert retry_after_s(value, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=300"}, 300),
        ({"cache-control": 'public, Max-Age="60"'}, 60),
        ({"Cache-Control": "no-cache, max-age=300"}, None),
        ({"Cache-Control": "max-age=junk", "Expires": "Fri, 20 Nov 2026 13:00:00 GMT"}, 3600),
        ({"Expires": "Fri, 20 Nov 2026 13:00:00 GMT", "Date": "Fri, 20 Nov 2026 12:30:00 GMT"}, 1800),
        ({"Cache-Control": "max-age=5", "Expires": "Fri, 20 Nov 2026 13:00:00 GMT"}, 5),
        ({"Expires": "0"}, None),
        ({}, None),
    ],
)
def test_freshness(headers: dict[str, str], seconds: int | None) -> None:
    """max-age beats Expires, Expires counts from Date (RFC 9111 4.2.1)."""
    assert fresh_s(CIMultiDict(headers), NOW) == seconds


def test_validators_that_cannot_be_sent_back_are_not_kept() -> None:
    """Odd but sendable ones are kept byte for byte; control characters and giants are not."""
    assert storable('W/"weak"') == 'W/"weak"'
    assert storable("unquoted odd;value") == "unquoted odd;value"
    assert storable('"a\x07b"') is None
    assert storable('"' + "x" * 2000 + '"') is None
    assert storable('"\udcff\udcfe"') is None
    assert storable('"é"') == '"é"'
