"""Health of sources in a word, and what their owner should know of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlite_utils import Database

from db.health import source_status
from db.schema import migrations
from house import House

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WELL: dict[str, Any] = {"last_outcome": "ok", "last_good_at": "2026-11-20T11:00:00Z"}
QUIET = {**WELL, "last_new_at": "2026-11-10T00:00:00Z"}


def status(*others: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """Give the status of one source with these columns, beside ``others``."""
    db = Database(memory=True)
    migrations.apply(db)
    for one in (columns, *others):
        row = {"config_id": "one", "url": "http://one.example/", "added_at": "2026-01-01T00:00:00Z", **one}
        db.execute(f"INSERT INTO sources ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    return source_status(db, NOW)[0]


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
        (
            {"moving_to": "http://new.example/", "moving_polls": -1},
            "http://new.example/ to another feed: if it is right",
        ),
        ({"moving_to": "http://new.example/", "moving_polls": 2}, "http://new.example/ (2 polls): not believed yet"),
        ({"offers": '["http://one.example/feed"]'}, "advertises http://one.example/feed"),
        ({"doubts": 2}, "304 answers hid news"),
        ({"crowded": 2}, "last 2 documents were all new"),
        ({**QUIET, "usual_gap_s": 43_200}, "nothing new since 2026-11-10T00:00:00Z"),
    ],
)
def test_notes_say_what_to_do(columns: dict[str, Any], note: str) -> None:
    """One note for each thing; a source that is well has none."""
    (found,) = status(**{**WELL, **columns})["notes"]

    assert note in found
    assert status(**WELL)["notes"] == []


@pytest.mark.parametrize("place", ["url", "moved_url"])
def test_move_to_the_place_of_another_source_is_told(place: str) -> None:
    """The config would not take that address a second time."""
    moved = {**WELL, "moved_url": "http://new.example/"}
    twin = {"config_id": "two", "url": "http://two.example/", place: "http://new.example/"}

    assert "so is 'two'; take one of the two out" in status(twin, **moved)["notes"][0]
    assert "put that into the config" in status({**twin, "removed_at": "2026-11-01T00:00:00Z"}, **moved)["notes"][0]


def test_search_leaves_room_for_the_title(house: House) -> None:
    """A story that many sources carry names three of them in the table, and all in JSON."""
    text = "Ferries and ports: one report that five publishers carry in the very same words, each under its own address"
    for n in range(5):
        item = f"<item><title>Harbour</title><link>http://{n}.example/</link><description>{text}</description></item>"
        (house.folder / f"{n}.xml").write_text(f"<rss version='2.0'><channel><title>{n}</title>{item}</channel></rss>")
    house.configure({f"s{n}": f"{n}.xml" for n in range(5)})
    house.wireroom("poll")

    assert ", and 2 more  Harbour" in house.wireroom("search", "ferries").out
    (row,) = json.loads(house.wireroom("search", "ferries", "--json").out)
    assert sorted(row["sources"]) == ["s0", "s1", "s2", "s3", "s4"]


def test_status_tells_the_whole_remark_on_any_terminal(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mend stands at the end of a remark: it is never cut to the terminal's width."""
    monkeypatch.setenv("COLUMNS", "80")
    house.configure({"typo": "example.org/feed"})
    house.wireroom("poll")

    told = house.wireroom("status").out

    (remark,) = [line for line in told.splitlines() if line.startswith("  typo: ")]
    assert remark.endswith("check the source's url (a web address begins with https://)")
