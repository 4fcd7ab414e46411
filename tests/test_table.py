"""Rows as a table for the terminal."""

from __future__ import annotations

import pytest

from wireroom.table import table

SOURCES = "harbour-wire, meridian-courier, paper-lantern, and 2 more"
TITLE = "Türkiye hosts talks between Washington and Moscow on Black Sea shipping"


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_title_has_room_beside_long_lists(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Lists of sources are cut for it, so that each row stays one line; where there is room nothing is cut."""
    monkeypatch.setenv("COLUMNS", str(width))

    told = table(
        [{"id": 3, "seen": "2026-11-26T01:25:05Z", "sources": SOURCES, "title": TITLE}],
        ["id", "seen", "sources", "title"],
    )

    row = told.splitlines()[-1]
    assert len(row) <= width
    assert "2026-11-26T01:25:05Z" in row
    assert TITLE[:25] in row
    assert (width < 200) == ("…" in row)
