"""A story and its event, told in lines."""

from __future__ import annotations

from typing import Any

from wireroom.explained import event_lines
from wireroom.verdict_lines import reasons


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


def test_what_a_person_said_of_all_topics_is_told_of_those_that_it_concerns() -> None:
    """A story that was let in is not told of as shown in a topic that does not take it."""
    one: dict[str, Any] = {
        "topic": "sea", "takes": False, "matched": [], "failed": ["ferry"], "missing": [], "selections": [],
        "waits_until": None, "marks": ["hide", "show"],
    }  # fmt: skip

    assert [*reasons(one)] == ["failed: ferry"]
    assert [*reasons({**one, "marks": ["pin"]})] == ["failed: ferry", "a person said: pinned there"]
    assert [*reasons({**one, "takes": True, "failed": [], "marks": ["show"]})] == [
        "a person said: shown, whatever rules say"
    ]
