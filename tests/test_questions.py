"""docs/questions.md is true: every question is run against the worked archive, and answers what the page says."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from db.questions import QUESTIONS, Question
from house import ROOT
from worked import worked_archive
from worked_page import page

PAGE = ROOT / "docs" / "questions.md"


def test_page_is_what_the_worked_archive_answers(tmp_path: Path) -> None:
    """All of it, to the letter; two archives that are made alike answer alike."""
    assert page(tmp_path / "wireroom.db") == PAGE.read_text(encoding="utf-8"), (
        "write it anew: python tests/worked_page.py > docs/questions.md"
    )


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """Give the worked archive."""
    db = worked_archive(tmp_path_factory.mktemp("worked") / "wireroom.db")
    return db.conn


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.id for question in QUESTIONS])
@pytest.mark.parametrize("empty", ["", None])
def test_question_without_values_has_an_answer(conn: sqlite3.Connection, question: Question, empty: str | None) -> None:
    """Whoever opens it in Datasette, or forgets to set a parameter, sees rows; but days are those of the real clock."""
    rows = conn.execute(question.sql, dict.fromkeys(question.params, empty)).fetchall()

    assert rows or question.id == "find" or "now" in question.params


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.id for question in QUESTIONS])
def test_question_says_what_its_parameters_are(question: Question) -> None:
    """Each that the SQL asks for, and no other."""
    asked = {word.strip("),':") for word in question.sql.split() if word.startswith(":")}
    asked |= {part.partition(",")[0].strip() for part in question.sql.split("nullif(:")[1:]}

    assert asked - {""} == set(question.params)
