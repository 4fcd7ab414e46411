"""A story and its event, told in lines."""

from __future__ import annotations

from typing import Any

from wireroom.explained import event_lines


def test_an_event_that_one_story_tells_of_says_so() -> None:
    """Rather than a bare number, or nothing that was forgotten; others are named where there are any."""
    alone: dict[str, Any] = {"event": 7, "score": None, "words": [], "stories": []}
    other = {"story_id": 2, "sources": 3, "score": 1.5, "words": ["Ombra"], "title": "Growers buy a plant"}

    assert event_lines(None) == []
    assert event_lines(alone) == ["event 7", "no other story tells of it"]
    assert event_lines({**alone, "stories": [other]}) == [
        "event 7",
        "also story 2, 3 sources, 1.50 (Ombra): Growers buy a plant",
    ]
