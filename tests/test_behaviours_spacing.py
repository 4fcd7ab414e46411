"""Spacing: what a server or a feed asks for is obeyed up to the ceiling, and beats `every`.

RFC 9111 4.2 and 5.2 (max-age, Expires, Age), RSS 2.0 (ttl, skipHours, skipDays), the syndication module of RSS 1.0.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scripted import Answer, Asked, Script, reply
from stage import Case, Played, ends, in_turn, news, page, play, steady

HOUR = 3600
CEILING_H = 24
SLACK = 1.15
"""Sources are spread over a tenth of their spacing."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOW = datetime.now(UTC)
SY = "http://purl.org/rss/1.0/modules/syndication/"


def dated(expires_h: float, date_h: float | None = None, **fields: str) -> Script:
    """Serve a feed with Expires (and Date) so many hours from the moment of the answer."""

    def script(asked: Asked) -> Answer:
        hours = {"Expires": expires_h, "Date": date_h}
        moments = {name: datetime.now(UTC) + timedelta(hours=h) for name, h in hours.items() if h is not None}
        dates = {name: f"{moment:%a, %d %b %Y %H:%M:%S GMT}" for name, moment in moments.items()}
        return reply(news(asked, 1, 2, 3), **fields, **dates)

    return script


def waits(least_h: float, most_h: float | None = None) -> Callable[[Played], None]:
    """Expect the next poll so many hours after the last, a few seconds and the spread allowed for."""

    def check(played: Played) -> None:
        assert played.now["failures"] == 0
        most_s = (most_h or least_h) * HOUR * SLACK + 60
        assert least_h * HOUR - 60 <= played.wait_s() <= most_s, played.wait_s() / HOUR

    return check


def waits_as_usual(played: Played) -> None:
    """Expect the spacing of a source that asks for nothing."""
    assert played.now["failures"] == 0
    assert 600 <= played.wait_s() <= 2 * HOUR


def falls_on(
    hours: tuple[int, ...] = tuple(range(24)), days: tuple[int, ...] = tuple(range(7))
) -> Callable[[Played], None]:
    """Expect the next poll in one of these hours on one of these days (UTC), at the first chance or nearly so."""

    def check(played: Played) -> None:
        at = datetime.fromisoformat(played.now["next_poll_at"])
        assert (at.hour in hours, at.weekday() in days) == (True, True), at
        assert 0 < played.wait_s() <= CEILING_H * HOUR * SLACK

    return check


def skip_hours(*hours: int) -> str:
    """Write the element."""
    return f"<skipHours>{''.join(f'<hour>{hour % 24}</hour>' for hour in hours)}</skipHours>"


def skip_days(*days: int) -> str:
    """Write the element."""
    return f"<skipDays>{''.join(f'<day>{DAYS[day % 7]}</day>' for day in days)}</skipDays>"


def sy(period: str, frequency: int | None = None) -> Script:
    """Serve a feed that says so in the syndication module."""
    more = f"<sy:updatePeriod xmlns:sy='{SY}'>{period}</sy:updatePeriod>"
    if frequency is not None:
        more += f"<sy:updateFrequency xmlns:sy='{SY}'>{frequency}</sy:updateFrequency>"
    return steady(more=more)


def then_304(**fields: str) -> Script:
    """Serve a feed, then 304 with these fields."""

    def script(asked: Asked) -> Answer:
        return reply(b"", 304, **fields) if asked.conditional else reply(news(asked, 1, 2, 3), ETag='"1"')

    return script


HERE = NOW.hour
HOURS_LATER = [(HERE + later) % 24 for later in range(24)]
"""The hours from the present one on."""

CASES = [
    Case("silent", "a source that asks for nothing is polled at its own rhythm", steady(), waits_as_usual),
    Case("max-age", "max-age is waited for", steady(Cache_Control="public, max-age=18000"), waits(5)),
    Case(
        "max-age-case", "in any case, quoted, with spaces", steady(Cache_Control='Public , MAX-AGE="18000"'), waits(5)
    ),
    Case("max-age-404", "an unknown directive does no harm", steady(Cache_Control="x=y, max-age=18000, =,"), waits(5)),
    Case("max-age-0", "max-age=0 asks for nothing", steady(Cache_Control="max-age=0"), waits_as_usual),
    Case("max-age-minus", "nor a negative one", steady(Cache_Control="max-age=-18000"), waits_as_usual),
    Case("max-age-junk", "nor one that is no number", steady(Cache_Control="max-age=later"), waits_as_usual),
    Case("max-age-years", "ten years are a day", steady(Cache_Control="max-age=315360000"), waits(CEILING_H)),
    Case("max-age-huge", "a number of 400 digits too", steady(Cache_Control=f"max-age={'9' * 400}"), waits(CEILING_H)),
    Case("age", "the time in a cache counts", steady(Cache_Control="max-age=18000", Age="7200"), waits(3, 3.3)),
    Case("no-cache", "no-cache asks for nothing", steady(Cache_Control="no-cache, max-age=18000"), waits_as_usual),
    Case("no-store", "nor no-store", steady(Cache_Control="no-store"), waits_as_usual),
    Case("expires", "Expires is waited for, from Date on", dated(-4, -9), waits(5)),
    Case("expires-alone", "without Date, from now on", dated(5), waits(5)),
    Case("expires-past", "Expires in the past asks for nothing", dated(-5), waits_as_usual),
    Case("expires-zero", "nor one that is no date", steady(Expires="0"), waits_as_usual),
    Case(
        "max-age-wins",
        "max-age beats Expires",
        dated(9, 0, Cache_Control="max-age=18000"),
        waits(5),
    ),
    Case("ttl", "ttl is minutes", steady(more="<ttl>300</ttl>"), waits(5)),
    Case("ttl-spaces", "with spaces", steady(more="<ttl>\n 300 </ttl>"), waits(5)),
    Case("ttl-junk", "one that is no number asks for nothing", steady(more="<ttl>often</ttl>"), waits_as_usual),
    Case("ttl-minus", "nor a negative one", steady(more="<ttl>-300</ttl>"), waits_as_usual),
    Case("ttl-years", "years are a day", steady(more="<ttl>99999999</ttl>"), waits(CEILING_H)),
    Case("longest", "the longest wish counts", steady(more="<ttl>120</ttl>", Cache_Control="max-age=18000"), waits(5)),
    Case(
        "skip-hours",
        "hours to skip are skipped",
        steady(more=skip_hours(*HOURS_LATER[:6])),
        falls_on(tuple(HOURS_LATER[6:])),
    ),
    Case(
        "skip-but-one",
        "all but one",
        steady(more=skip_hours(*HOURS_LATER[:8], *HOURS_LATER[9:])),
        falls_on((HOURS_LATER[8],)),
    ),
    Case("skip-all-hours", "all of them: at the ceiling", steady(more=skip_hours(*range(24))), waits(0.1, CEILING_H)),
    Case(
        "skip-junk",
        "no hours: nothing is asked",
        steady(more="<skipHours><hour>99</hour><hour>x</hour></skipHours>"),
        waits_as_usual,
    ),
    Case(
        "skip-days",
        "days to skip are skipped",
        steady(more=skip_days(*(NOW.weekday() + d for d in (0, 2, 3, 4, 5, 6)))),
        falls_on(days=((NOW.weekday() + 1) % 7,)),
    ),
    Case("skip-all-days", "all of them: at the ceiling", steady(more=skip_days(*range(7))), waits(0.1, CEILING_H)),
    Case("sy-daily", "daily, four times: every six hours", sy("daily", 4), waits(6)),
    Case("sy-alone", "a period alone is once in it", sy("daily"), waits(24)),
    Case("sy-hourly", "hourly, twice: every half hour", sy("hourly", 2), waits(0.5, 2)),
    Case("sy-weekly", "weekly: at the ceiling", sy("weekly", 1), waits(CEILING_H)),
    Case("sy-zero", "a frequency of none: once in the period", sy("daily", 0), waits(0.15, CEILING_H)),
    Case("sy-junk", "an unknown period asks for nothing", sy("fortnightly"), waits_as_usual),
    Case("on-304", "a 304 may ask too", then_304(Cache_Control="max-age=18000"), waits(5)),
    Case(
        "no-more", "a wish lasts one answer", in_turn(steady(Cache_Control="max-age=18000"), steady()), waits_as_usual
    ),
    Case(
        "ttl-304",
        "the document's wish outlives a 304",
        in_turn(steady(more="<ttl>300</ttl>", ETag='"1"'), page(b"", 304)),
        waits(5),
    ),
    Case("every", "`every` replaces the rhythm", steady(), waits(2), every="2h"),
    Case("every-asked", "what is asked for beats `every`", steady(Cache_Control="max-age=18000"), waits(5), every="1h"),
    Case("every-ttl", "ttl too", steady(more="<ttl>300</ttl>"), waits(5), every="1h"),
    Case("every-longer", "`every` beats what asks for less", steady(Cache_Control="max-age=60"), waits(2), every="2h"),
    Case("every-second", "the floor beats `every`", steady(), waits(1 / 6), every="1s"),
    Case("fail", "a failed source waits too", page(b"", 500), ends("http-error", 500)),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them twice, with the floor at 10 minutes and the ceiling at a day."""
    return play(tmp_path_factory.mktemp("spacing"), CASES, 2)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_spacing(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
