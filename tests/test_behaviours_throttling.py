"""Throttling: Retry-After is a hold that even a forced poll obeys; without it our own backoff; success ends both.

RFC 9110 10.2.3 and 15.6.4, RFC 6585 4.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scripted import Act, Answer, Asked, Script, reply
from stage import FAR_PAST, Case, Played, Stage, in_turn, play, reads, seconds, steady

HOUR = 3600


def dated(status: int, form: str) -> Script:
    """Answer so once, with the moment in two hours from then, in this form."""

    def busy(_: Asked) -> Answer:
        return reply(b"busy", status, Retry_After=f"{datetime.now(UTC) + timedelta(hours=2):{form}}")

    return in_turn(busy, steady())


def throttled(status: int, value: str | None) -> Script:
    """Answer so, with this Retry-After, twice; then with the feed."""
    fields = {} if value is None else {"Retry_After": value}
    busy = lambda _: reply(b"busy", status, ETag='"busy"', **fields)  # noqa: E731 - a script is a function
    return in_turn(busy, busy, steady())


def throttled_once(status: int, value: str) -> Script:
    """Answer so, with this Retry-After, once; then with the feed."""
    return in_turn(lambda _: reply(b"busy", status, Retry_After=value), steady())


def held(least_h: float, most_h: float) -> Callable[[Played], None]:
    """Expect a hold of so many hours from the first answer on: obeyed in the second round, over in the third."""

    def check(played: Played) -> None:
        first, second, third = played.states
        assert (first["last_outcome"], played.polls[0]["status"] in (429, 503)) == ("throttled", True)
        assert least_h * HOUR - 60 <= seconds(first["last_poll_at"], first["held_until"]) <= most_h * HOUR + 60
        assert first["next_poll_at"] >= first["held_until"]
        assert [len(round_) for round_ in played.asked] == [1, 0, 1], "a forced poll broke the hold"
        assert second == first
        well_again(third)
        assert len(played.entries) == 3

    return check


def well_again(state: dict[str, object]) -> None:
    """Expect nothing left of the throttling."""
    assert (state["last_outcome"], state["last_error"]) == ("ok", None)
    assert (state["failures"], state["setback"], state["held_until"]) == (0, 0, None)
    assert state["etag"] is None


POLL_S = 5
"""What a poll may take itself, and the rounding of its times."""


def backs_off(played: Played) -> None:
    """Expect no hold, a wait that grows from poll to poll, and all well again after the third."""
    first, _, third = played.states
    assert played.outcomes == ["throttled", "throttled", "ok"]
    assert "come back later" in first["last_error"] or str(played.polls[0]["status"]) in first["last_error"]
    assert [len(round_) for round_ in played.asked] == [1, 1, 1]
    assert first["held_until"] is None or seconds(first["last_poll_at"], first["held_until"]) < 60
    assert 600 <= played.wait_s(0) <= played.wait_s(1) + POLL_S
    assert played.wait_s(1) <= 24 * HOUR * 1.15
    asked_back_at_once = played.name in ("429-zero", "429-past")
    assert played.wait_s(0) < played.wait_s(1) or asked_back_at_once
    well_again(third)


def behind_a_redirect(asked: Asked) -> Answer | Act:
    """Redirect to what is throttled."""
    if not asked.rest:
        return reply(b"", 302, Location=f"/{asked.name}/there")
    return throttled_once(429, "7200")(asked)


def heard_behind_a_redirect(played: Played) -> None:
    """Expect the same hold though the redirect itself answered well."""
    assert [len(round_) for round_ in played.asked] == [2, 0, 2]
    assert len(played.entries) == 3


CASES = [
    Case("429-seconds", "seconds", throttled_once(429, "7200"), held(2, 2)),
    Case("503-seconds", "also with 503", throttled_once(503, "7200"), held(2, 2)),
    Case("429-spaces", "with spaces around", throttled_once(429, "  7200  "), held(2, 2)),
    Case("429-zeros", "with zeros before", throttled_once(429, "0007200"), held(2, 2)),
    Case("429-date", "an HTTP date", dated(429, "%a, %d %b %Y %H:%M:%S GMT"), held(2, 2)),
    Case("503-date", "also with 503", dated(503, "%a, %d %b %Y %H:%M:%S GMT"), held(2, 2)),
    Case("429-rfc850", "of 1987", dated(429, "%A, %d-%b-%y %H:%M:%S GMT"), held(2, 2)),
    Case("429-asctime", "of C", dated(429, "%a %b %d %H:%M:%S %Y"), held(2, 2)),
    Case("429-absurd", "three years are a day", throttled_once(429, "99999999"), held(24, 27)),
    Case("429-digits", "so are 400 digits", throttled_once(429, "9" * 400), held(24, 27)),
    Case("503-year-9999", "so is the year 9999", throttled_once(503, "Fri, 31 Dec 9999 23:59:59 GMT"), held(24, 27)),
    Case("behind-redirect", "a hold behind a redirect", behind_a_redirect, heard_behind_a_redirect),
    Case("429-bare", "without Retry-After we wait longer each time", throttled(429, None), backs_off),
    Case("503-bare", "also with 503", throttled(503, None), backs_off),
    Case("429-zero", "zero is no hold", throttled(429, "0"), backs_off),
    Case("429-past", "nor is the past", throttled(429, "Tue, 03 Nov 2020 07:00:00 GMT"), backs_off),
    Case("429-negative", "nor a negative number", throttled(429, "-7200"), backs_off),
    Case("429-fraction", "nor a fraction", throttled(429, "7200.5"), backs_off),
    Case("429-junk", "nor a word", throttled(429, "tomorrow"), backs_off),
    Case("429-empty", "nor nothing", throttled(429, ""), backs_off),
    Case("neighbour", "who shares the host is polled as ever", steady(), reads(entries=3)),
]


def let_time_pass(stage: Stage, round_: int) -> None:
    """Before the second round holds of some seconds are over, before the third all."""
    if round_:
        over = datetime.now(UTC) + timedelta(minutes=1 if round_ == 1 else 10_000)
        stage.write("UPDATE sources SET held_until = ? WHERE held_until < ?", FAR_PAST, f"{over:%Y-%m-%dT%H:%M:%SZ}")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them three times, each time by force; the third time after the holds."""
    return play(tmp_path_factory.mktemp("throttling"), CASES, 3, between=let_time_pass)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_throttling(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
