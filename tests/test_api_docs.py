"""docs/api.md is true: its examples are answered as it says, and it names every address and status."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from db.model import FORMATS
from db.output import MAX_BYTES
from db.readers import MAX_READ_S
from feeds.api import CALLS, OPENAPI
from feeds.api_answers import MOST, USUAL
from feeds.api_sql import SQL_ADDRESS
from feeds.live import MOST_STORIES
from house import ROOT
from reading_room import reading_room
from reading_site import Asker, asked_site

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```\nGET (.*?)\n```\n```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Serve the archive that the page tells of."""
    room = reading_room(tmp_path_factory.mktemp("docs") / "wireroom.db")
    with asked_site(tmp_path_factory.mktemp("site"), room.path, rates={}) as asker:
        yield asker


def has(answer: Any, said: Any) -> bool:
    """Tell whether an answer has what is said: members and elements that are not, are left out."""
    if isinstance(said, dict):
        return isinstance(answer, dict) and all(name in answer and has(answer[name], one) for name, one in said.items())
    if isinstance(said, list):
        return isinstance(answer, list) and all(any(has(there, one) for there in answer) for one in said)
    return bool(answer == said)


@pytest.mark.parametrize(("address", "said"), EXAMPLES, ids=[address for address, _ in EXAMPLES])
def test_example_is_answered_as_the_page_says(ask: Asker, address: str, said: str) -> None:
    """With what stands there, and more."""
    answer = ask(address.replace(" ", "%20"))

    assert has(answer.json, json.loads(said)), answer.json


def test_examples_are_there() -> None:
    """Else none would be run."""
    assert len(EXAMPLES) == PAGE.count("GET /api")


def test_every_address_is_named() -> None:
    """And no other."""
    rows = re.findall(r"^\| `(/api/[^`]*)` \|", PAGE, re.MULTILINE)

    assert sorted(rows) == sorted([*(path for path, *_ in CALLS), SQL_ADDRESS])


def test_every_status_is_named() -> None:
    """Those that say what is wrong."""
    described = json.loads(OPENAPI.read_bytes())["components"]["responses"]

    assert re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE) == sorted(described)


def test_numbers_are_those_of_the_code() -> None:
    """Each that the page gives."""
    assert f"{USUAL} if nothing is said and\n{MOST} at most" in PAGE
    assert f"the newest {MOST_STORIES} stories, as many as fit into {MAX_BYTES // 1000} kB" in PAGE
    assert MAX_READ_S == 5
    assert all(f".{fmt}`" in PAGE for fmt in FORMATS)
