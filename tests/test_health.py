"""Health of sources in a word, and what their owner should know of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlite_utils import Database

from db.health import source_status
from db.schema import migrations

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WELL: dict[str, Any] = {"last_outcome": "ok", "last_good_at": "2026-11-20T11:00:00Z"}
QUIET = {**WELL, "last_new_at": "2026-11-10T00:00:00Z"}


def status(**columns: Any) -> dict[str, Any]:
    """Give the status of one source with these columns."""
    db = Database(memory=True)
    migrations.apply(db)
    row = {"config_id": "one", "url": "http://one.example/", "added_at": "2026-01-01T00:00:00Z", **columns}
    db.execute(f"INSERT INTO sources ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    (told,) = source_status(db, NOW)
    return told


@pytest.mark.parametrize(
    ("columns", "health"),
    [
        ({}, "new"),
        (WELL, "good"),
        ({**WELL, "last_error": "the markup is broken"}, "remark"),
        ({**WELL, "held_until": "2026-11-20T13:00:00Z", "last_outcome": "throttled", "failures": 1}, "held"),
        ({**WELL, "last_outcome": "http-error", "failures": 3}, "failing"),
        ({**WELL, "last_outcome": "wall", "failures": 3}, "wall"),
        ({**WELL, "last_outcome": "offline"}, "offline"),
        ({**WELL, "last_outcome": "gone", "gone_at": "2026-11-20T11:00:00Z"}, "gone"),
        ({**QUIET, "usual_gap_s": 86_400}, "silent"),
        ({**QUIET, "usual_gap_s": 5 * 86_400}, "good"),
        ({**QUIET, "usual_gap_s": None}, "good"),
        ({**WELL, "last_new_at": "2026-11-19T12:00:00Z", "usual_gap_s": 600}, "good"),  # a day is no silence yet
    ],
)
def test_health_is_one_word(columns: dict[str, Any], health: str) -> None:
    """The gravest thing is named."""
    assert status(**columns)["health"] == health


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"moved_url": "http://new.example/"}, "polled at http://new.example/: put that into the config"),
        ({"moving_to": "http://new.example/", "moving_polls": 2}, "http://new.example/ (2 polls: not believed yet)"),
        ({"moving_to": "http://new.example/", "moving_polls": 0}, "http://new.example/ (another feed: not believed)"),
        ({"offers": '["http://one.example/feed"]'}, "advertises http://one.example/feed"),
        ({"doubts": 2}, "304 answers twice"),
        ({"crowded": 2}, "last 2 documents were all new"),
        ({**QUIET, "usual_gap_s": 43_200}, "nothing new since 2026-11-10T00:00:00Z"),
    ],
)
def test_notes_say_what_to_do(columns: dict[str, Any], note: str) -> None:
    """One note for each thing; a source that is well has none."""
    (found,) = status(**{**WELL, **columns})["notes"]

    assert note in found
    assert status(**WELL)["notes"] == []
