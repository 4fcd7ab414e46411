"""docs/query.md is true: each query takes what it says, each fault says what it says, all fields are there."""

from __future__ import annotations

import re
import tomllib
from typing import Any, get_args

import pytest

from db.desk import DraftDesk
from db.query import FIELDS, parse
from db.query_dates import UNITS
from db.query_faults import MAX_CHARS, MAX_DEPTH, MAX_EXPANDED, MAX_TERMS, QueryError
from db.query_names import Names, kinds_of, read_query
from db.query_sql import newest
from db.query_tree import Holding, Is, State, leaves
from db.search import MAX_SEARCH_S
from house import ROOT
from naive_query import NOW, Copy, Story, archive_of, draft_of, in_company

PAGE = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
BLOCKS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
ROWS = re.findall(r"^\| `([^`]+)` \| .*? \| ([\d, ]+|none) \|$", PAGE, re.MULTILINE)
FAULTS = re.findall(r"^\| `([^`]+)` \| (column .*?) \|$", PAGE, re.MULTILINE)


def story(raw: dict[str, Any]) -> Story:
    """Make one of the page's stories."""
    copies = tuple(Copy(**copy) for copy in raw.pop("copies"))
    return Story(copies=copies, tags=frozenset(raw.pop("tags")), length=raw.pop("words"), **raw)


STORIES = in_company([story(dict(raw)) for raw in BLOCKS[0].values()])
SOURCES = tuple(dict.fromkeys(copy.source for told in STORIES for copy in told.copies))
ARCHIVE = archive_of(STORIES, SOURCES)
NAMES = Names(
    saved={each["id"]: parse(each["match"]) for each in (*BLOCKS[1]["query"], *BLOCKS[1]["topic"])},
    kinds=kinds_of(tag for told in STORIES for tag in told.tags),
    sources=frozenset(SOURCES),
    all_sources=True,
)


@pytest.mark.parametrize(("text", "takes"), ROWS, ids=[text for text, _ in ROWS])
def test_query_takes_what_the_page_says(text: str, takes: str) -> None:
    """In the archive, and on the desk but for what is known only later."""
    query = read_query(text, NAMES)
    sql, params = newest(query, NOW)
    said = [] if takes == "none" else [int(number) for number in takes.split(", ")]

    assert sorted(id_ for (id_,) in ARCHIVE.execute(sql, [*params, 100, 0])) == said
    if not any(isinstance(leaf, Is) for leaf in leaves(query)):
        desk = DraftDesk()
        drafts = [draft_of(n, told, SOURCES) for n, told in enumerate(STORIES, start=1)]
        desk.lay(drafts, dict(enumerate(SOURCES, start=1)), NOW)
        assert sorted(desk.matching(query)) == said


@pytest.mark.parametrize(("text", "said"), FAULTS, ids=[text for text, _ in FAULTS])
def test_fault_says_what_the_page_says(text: str, said: str) -> None:
    """To the letter; the page may leave off the end."""
    with pytest.raises(QueryError, match=re.escape(said)):
        read_query(text, NAMES)


def test_page_has_all_of_the_language() -> None:
    """Each field stands in a query that is run; each value of has: and is:, each unit, each limit is told."""
    run = " ".join(text for text, _ in ROWS)

    assert [field for field in FIELDS if f"{field}:" not in run] == []
    assert [what for what in get_args(Holding) if f"`has:{what}`" not in PAGE] == []
    assert [what for what in get_args(State) if f"`is:{what}`" not in PAGE] == []
    assert "`" + "`, `".join(UNITS) + "`" in PAGE
    limits = re.sub(r"\s+", " ", PAGE.partition("## Limits")[2])
    assert f"at most {MAX_CHARS} characters and {MAX_TERMS} terms, with all that it names {MAX_EXPANDED};" in limits
    assert f"nest at most {MAX_DEPTH} deep" in limits
    assert f"longer than {MAX_SEARCH_S:g} seconds" in limits


def test_every_row_of_the_page_is_run() -> None:
    """None is left out since its form is another."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]

    assert len(rows) == len(ROWS) + len(FAULTS) > 90
