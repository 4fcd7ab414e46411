"""docs/questions.md is true: every question is run against the worked archive, and answers what the page says."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from db.questions import QUESTIONS, Question
from house import ROOT
from worked import Wire, at, fill, worked_archive
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


def asked(conn: sqlite3.Connection, id_: str, **params: str) -> list[tuple[object, ...]]:
    """Ask one of the questions."""
    (question,) = (one for one in QUESTIONS if one.id == id_)
    return conn.execute(question.sql, params).fetchall()


def test_story_that_a_rule_took_in_vain_is_told_of_it(tmp_path: Path) -> None:
    """A person let it go, or another rule's word was stronger; and a merged story is not there twice."""
    wire = Wire(tmp_path / "wireroom.db")
    fill(wire)
    sea = [row[0] for row in asked(wire.db.conn, "what_a_rule_did", rule="sea")]
    wire.say("unhide", 9, at(26, "14:00"), None)
    wire.db.execute("UPDATE stories SET merged_into = 4 WHERE id = 7")

    assert asked(wire.db.conn, "what_a_rule_did", rule="hold-rumours") == [
        (9, "Rumour: harbour board to be sold", "took it, but it was let go")
    ]
    assert 7 in sea
    assert [row[0] for row in asked(wire.db.conn, "what_a_rule_did", rule="sea")] == [id_ for id_ in sea if id_ != 7]
    wire.db.execute("UPDATE stories SET withheld = 'drop', withheld_by = 'adverts' WHERE id = 9")
    assert asked(wire.db.conn, "what_a_rule_did", rule="hold-rumours")[0][2] == "took it, but adverts said drop"


def test_source_whose_pauses_are_unknown_can_stop_too(tmp_path: Path) -> None:
    """It had news once, and never again: nobody knows how long it usually pauses."""
    db = worked_archive(tmp_path / "wireroom.db")
    db.execute("UPDATE sources SET usual_gap_s = NULL WHERE config_id = 'quiet-gazette'")

    assert [row[0] for row in asked(db.conn, "who_stopped", now="2026-11-25T10:00:00Z")] == ["valley-letter"]
    assert asked(db.conn, "who_stopped", now="2026-11-26T10:00:00Z")[0][:4:3] == ("quiet-gazette", None)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.id for question in QUESTIONS])
def test_question_says_what_its_parameters_are(question: Question) -> None:
    """Each that the SQL asks for, and no other."""
    asked = {word.strip("),':") for word in question.sql.split() if word.startswith(":")}
    asked |= {part.partition(",")[0].strip() for part in question.sql.split("nullif(:")[1:]}

    assert asked - {""} == set(question.params)
