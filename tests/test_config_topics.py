"""What the config may say of a topic's output, and what is wrong where it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.due import Due
from db.output import Policy
from test_config import faults, load
from wireroom.units import check_zone, parse_digest

TOPIC = '[[topic]]\nid = "t"\ntitle = "T"\nmatch = "a"\n'


def test_keys_of_a_topics_output_mean_what_they_say(tmp_path: Path) -> None:
    """Seconds, weekdays, zones; and what holds where nothing is said."""
    (plain,) = load(tmp_path, TOPIC).topics
    assert plain.policy == Policy(limit=50)
    assert (plain.full_text, plain.digest, plain.secret) == (True, None, False)

    keys = 'per_source = 5\norder = "coverage"\nwindow = "36h"\nfull_text = false\nsecret = true\n'
    (full,) = load(tmp_path, TOPIC + keys).topics
    assert full.policy == Policy(limit=50, per_source=5, order="coverage", window_s=36 * 3600)
    assert (full.full_text, full.secret) == (False, True)
    (daily,) = load(tmp_path, TOPIC + 'digest = "07:00"\n').topics
    assert daily.digest == Due(None, 7, 0, "UTC")
    (weekly,) = load(tmp_path, TOPIC + 'digest = "sun 23:59"\ntimezone = "Europe/Berlin"\n').topics
    assert weekly.digest == Due(6, 23, 59, "Europe/Berlin")


def test_every_key_is_told_from_the_others_by_what_is_noted_of_it(tmp_path: Path) -> None:
    """An edit of any of them is noticed; those of the front are told from those of the style."""
    (plain,) = load(tmp_path, TOPIC).topics
    for key in ("limit = 9", 'dedupe = "off"', "per_source = 5", 'order = "coverage"'):
        (other,) = load(tmp_path, f"{TOPIC}{key}\n").topics
        assert other.fronted_by != plain.fronted_by
        assert other.styled_by == plain.styled_by
    for key in ('grouping = "off"', "full_text = false", 'digest = "07:00"', "secret = true"):
        (other,) = load(tmp_path, f"{TOPIC}{key}\n").topics
        assert other.fronted_by == plain.fronted_by
        assert other.styled_by != plain.styled_by


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("per_source = 0", '5: topic "t": per_source: 0 does not fit'),
        ("order = 'newest'", "5: topic \"t\": order: 'newest' does not fit: input should be 'new' or 'coverage'"),
        (
            "window = '24h'",
            '5: topic "t": window: is used with an order by coverage only; write order = "coverage" too',
        ),
        ("order = 'new'\nwindow = '24h'", '6: topic "t": window: is used with an order by coverage only'),
        ("order = 'coverage'\nwindow = '0s'", "6: topic \"t\": window: '0s' does not fit"),
        (
            "order = 'coverage'\nwindow = '1d'\ndigest = '07:00'",
            '6: topic "t": window: says nothing: a digest has its whole period; take it out',
        ),
        ("digest = '7:00'", '5: topic "t": digest: \'7:00\' is no time for a digest; write "07:00" for every day'),
        ("digest = 'monday 07:00'", "'monday 07:00' is no time for a digest"),
        ("digest = '24:00'", "'24:00' is no time for a digest"),
        ("digest = 07:00:00", "is no time for a digest"),
        (
            "digest = '07:00'\ntimezone = 'Europe/Berlyn'",
            "6: topic \"t\": timezone: 'Europe/Berlyn' is no time zone; did you mean 'Europe/Berlin'?",
        ),
        ("digest = '07:00'\ntimezone = 'Europe'", "'Europe' is no time zone"),
        ("digest = '07:00'\ntimezone = '../../etc/passwd'", "is no time zone"),
        ("digest = '07:00'\ntimezone = ''", "is no time zone"),
        ("digest = '07:00'\ntimezone = 1", "is no time zone"),
        ("timezone = 'UTC'", '5: topic "t": timezone: is used with a digest only; write digest = "07:00" too'),
        (
            "digest = '07:00'\nfull_text = true",
            '6: topic "t": full_text: says nothing: a digest has summaries; take it',
        ),
        ("full_text = 'no'", "5: topic \"t\": full_text: 'no' does not fit: it should be true or false"),
        ("secret = 'please'", "5: topic \"t\": secret: 'please' does not fit: it should be true or false"),
        ("secrets = true", "5: topic \"t\": secrets: unknown key; did you mean 'secret'?"),
    ],
)
def test_fault_of_a_topics_output_names_line_key_problem_and_mend(tmp_path: Path, keys: str, said: str) -> None:
    """One wrong thing, one fault."""
    (fault,) = faults(tmp_path, f"{TOPIC}{keys}\n")

    assert said in fault
    assert "; " in fault


@given(st.text(max_size=12) | st.integers() | st.none())
def test_whatever_is_written_is_read_or_is_a_fault(value: object) -> None:
    """Never another error than the one that becomes a fault."""
    for check in (parse_digest, check_zone):
        said = "|"
        try:
            check(value)
        except ValueError as error:
            said = str(error)
        assert "|" in said


@pytest.mark.parametrize("end", ["rss", "atom", "json"])
def test_topic_whose_archive_would_be_at_anothers_feed_is_refused(tmp_path: Path, end: str) -> None:
    """``topics/a.rss`` is a file of ``a``, and would be a folder of ``a.rss``."""
    said = faults(tmp_path, TOPIC.replace('"t"', f'"a.{end}"'))

    assert said == [f"2: topic \"a.{end}\": id: 'a.{end}' ends as a feed's address does; give it an id without .{end}"]
