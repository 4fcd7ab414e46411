"""Hostile documents: each ends with entries or a clear error, opens nothing, runs nowhere, harms no other source."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import get_args

import pytest

from db.plan import Outcome
from hostile import BOMBS, ODDITIES, Make
from scripted import Script, reply
from stage import Case, Played, play, reads, steady

NEIGHBOURS = 12
ACTIVE = re.compile(r"<script|\son\w+=|javascript:", re.IGNORECASE)
MAX_TITLE_CHARS = 10_000
MAX_ENTRY_CHARS = 3_000_000


def serving(make: Make) -> Script:
    """Serve what is made, with an ETag."""
    return lambda asked: reply(make(asked.canary), ETag='"hostile"', Content_Type="application/xml")


def survived(played: Played) -> None:
    """Expect one end, clearly told, and harmless entries or none."""
    (poll,) = played.polls
    assert poll["outcome"] in get_args(Outcome)
    assert (poll["outcome"] == "ok") == (played.now["failures"] == 0)
    assert played.entries or played.now["last_error"] or poll["entries"] == 0
    assert "Traceback" not in (played.now["last_error"] or "")
    assert len(played.now["last_error"] or "") <= 600
    assert len(played.requests) == 1
    for entry in played.entries:
        assert not ACTIVE.search(entry["html"])
        assert not (entry["url"] or "").startswith("javascript")
        assert "root:" not in entry["title"] + entry["text"]
        assert len(entry["title"]) <= MAX_TITLE_CHARS
        assert len(entry["html"]) + len(entry["text"]) <= MAX_ENTRY_CHARS
        assert "\x00" not in entry["title"] + entry["text"]
        assert entry["published"] is None or 1000 < datetime.fromisoformat(entry["published"]).year < 9999


def not_opened(played: Played) -> None:
    """Expect that a body is never taken for a name."""
    survived(played)
    assert (played.outcomes, played.entries) == (["not-a-feed"], [])


def literal(played: Played) -> None:
    """Expect templates as plain text."""
    survived(played)
    assert "{{7*7}} {0.__class__} %s %(x)s ${HOME}" in played.entries[0]["text"]


def capped(played: Played) -> None:
    """Expect the first 5,000 entries, and no validator that would hide the rest."""
    survived(played)
    assert len(played.entries) == 5000 or played.outcomes == ["too-heavy"]
    assert played.now["etag"] is None
    assert played.now["last_error"]


CHECKS: dict[str, Callable[[Played], None]] = {
    "body-path": not_opened,
    "body-file": not_opened,
    "body-url": not_opened,
    "formats": literal,
    "items": capped,
    "json-items": capped,
}

CASES = [
    *(Case(name, (make.__doc__ or name), serving(make), CHECKS.get(name, survived)) for name, make in BOMBS.items()),
    *(Case(name, (make.__doc__ or name), serving(make), CHECKS.get(name, survived)) for name, make in ODDITIES.items()),
    *(
        Case(f"neighbour-{n}", "who is well is read all the same", steady(), reads(entries=3))
        for n in range(NEIGHBOURS)
    ),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them once."""
    return play(tmp_path_factory.mktemp("hostile"), CASES, 1, poll={"timeout": "30s"})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hostile(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])


def test_no_document_led_to_the_canary(played: dict[str, Played]) -> None:
    """No entity, style sheet, picture or enclosure is fetched."""
    assert played["dtd"].server.touched == []
