"""docs/archive.md is true: it is written from the schema, and every table and column has a meaning."""

from __future__ import annotations

import re

import pytest

from db.document import NEEDED, NEEDED_VIEWS, comments, fresh_archive, markdown, tables_of
from db.inner_meanings import TRIGGERS_SAID
from db.meant import MEANINGS, SECRET
from house import ROOT

TABLES = tables_of(fresh_archive())
BY_NAME = {table.name: table for table in TABLES}


def test_page_is_what_the_schema_says() -> None:
    """To the letter."""
    assert markdown(TABLES) == (ROOT / "docs" / "archive.md").read_text(encoding="utf-8"), (
        "write it anew: python -m db.document > docs/archive.md"
    )


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_table_and_columns_have_a_meaning(table: object) -> None:
    """By a comment of the migrations or a line of db/meanings.py; those that people ask have an example each."""
    found = BY_NAME[table.name]  # type: ignore[attr-defined]

    assert found.said
    assert [column.name for column in found.columns if not column.said] == []
    if found.name in {*NEEDED, *NEEDED_VIEWS}:
        assert [column.name for column in found.columns if not column.example] == []


def test_meanings_are_of_columns_that_there_are() -> None:
    """No line outlives its column."""
    there = {table.name: {"", *(column.name for column in table.columns)} for table in TABLES}

    assert {(name, column) for name, columns in MEANINGS.items() for column in columns} <= {
        (name, column) for name, columns in there.items() for column in columns
    }
    assert set(SECRET) <= set(there)
    assert {*NEEDED, *NEEDED_VIEWS} <= set(there)


def test_number_is_no_time_and_a_list_counts_nothing() -> None:
    """A unit is of the name and the type: ``topics.published`` counts changes, ``stories.published`` is a time."""
    units = {(table.name, column.name): column.unit for table in TABLES for column in table.columns}

    assert units["topics", "published"] == units["archive_pages", "published"] == units["grouping", "since"] == ""
    assert units["merges", "words"] == units["sources", "skip_hours"] == ""
    assert units["stories", "published"] == units["published", "selected_at"] == "time, UTC"
    assert (units["stories", "words"], units["source_health", "usual_gap_hours"]) == ("words", "hours")


def test_every_trigger_is_told() -> None:
    """A line each, and none for what is no trigger."""
    assert set(TRIGGERS_SAID) == {name for table in TABLES for name in table.triggers}


def test_every_view_is_among_those_to_ask() -> None:
    """None is made for the daemon alone."""
    assert {table.name for table in TABLES if table.kind == "view"} == set(NEEDED_VIEWS)


def test_comment_belongs_to_the_column_that_began_last() -> None:
    """Behind its comma, over several lines, inside a definition that was added, and behind an AS."""
    table = """CREATE TABLE "t" (  -- the whole
      a TEXT NOT NULL DEFAULT 'x, y (z)',-- of a …
      -- … and more
      b INTEGER REFERENCES o(a) -- of b
    , c TEXT -- of c
      DEFAULT NULL, UNIQUE (a, b)) STRICT"""
    view = "CREATE VIEW v AS -- the whole\nSELECT x.a AS a, -- of a\n (SELECT y AS b FROM z) AS c -- of c\nFROM x"

    assert comments(table, ["a", "b", "c"]) == {"": "the whole", "a": "of a … … and more", "b": "of b", "c": "of c"}
    assert comments(view, ["a", "c"]) == {"": "the whole", "a": "of a", "c": "of c"}


def test_foreign_keys_lead_to_tables_of_the_page() -> None:
    """Each link of the page has a place where it leads."""
    page = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
    places = set(re.findall(r"^### (\w+)$", page, re.MULTILINE))

    assert len(places) == len(TABLES)
    assert set(re.findall(r"\]\(#(\w+)\)", page)) == places


def test_what_others_put_there_is_read_as_far_as_it_can_be() -> None:
    """Datasette's metadata are of an archive: in it a view may lead nowhere."""
    db = fresh_archive()
    db.conn.executescript(
        "CREATE VIEW stale AS SELECT a FROM taken_away; CREATE VIEW mine AS SELECT title FROM stories"
    )
    found = {table.name: [column.name for column in table.columns] for table in tables_of(db)}
    assert (found["stale"], found["mine"]) == ([], ["title"])
