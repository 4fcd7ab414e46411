"""docs/asking.md is true: what its commands print is what stands below them, and its bounds are those of the code."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlencode

import pytest

from db.exported import COLUMNS
from db.sql_ask import Question
from db.sql_rules import LIMITS, SECRETS
from feeds import api_sql
from house import ROOT, House
from reading_room import reading_room
from reading_site import TOKEN, asked_site
from wireroom.cli_ask import ROWS, SUFFIXES, TEMP_BYTES, TIMEOUT_S

PAGE = (ROOT / "docs" / "asking.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\nwireroom (.*?)\n```\n```\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A Wireroom with the archive that the page tells of."""
    house = House(tmp_path_factory.mktemp("asking"))
    reading_room(house.archive).db.close()
    house.configure({})
    return house


def sizeless(text: str) -> str:
    """Leave out how large a file is: that is the schema's, and of no interest here."""
    return re.sub(r"\([\d.]+ (?:bytes|kB|MB)\)", "(…)", text.replace("\r\n", "\n"))


@pytest.mark.parametrize(("command", "said"), EXAMPLES, ids=[command[:50] for command, _ in EXAMPLES])
def test_command_prints_what_the_page_says(house: House, command: str, said: str) -> None:
    """On standard output, or what is wrong."""
    done = house.wireroom(*shlex.split(command))

    assert sizeless(done.out + done.err) == sizeless(said)


def test_address_answers_what_the_page_says(house: House, tmp_path: Path) -> None:
    """As curl would send it."""
    ((command, said),) = re.findall(r"```sh\ncurl (.*?)\n```\n```json\n(.*?)\n```", PAGE, re.DOTALL)
    fields = dict(one.split("=", 1) for one in re.findall(r'--data-urlencode ["\'](.*?)["\'](?= |$)', command))

    with asked_site(tmp_path, house.archive) as ask:
        answer = ask(f"api/sql?{urlencode(fields)}", authorization=f"Bearer {TOKEN}")

    assert answer.json == json.loads(said)


def test_numbers_and_names_are_those_of_the_code() -> None:
    """Each that the page gives."""
    assert (len(EXAMPLES), PAGE.count("```sh")) == (6, 7)
    assert (ROWS, TIMEOUT_S, TEMP_BYTES, Question(sql="").memory_bytes) == (1_000, 20, 1_000_000_000, 256_000_000)
    assert (LIMITS["SQLITE_LIMIT_LENGTH"], LIMITS["SQLITE_LIMIT_SQL_LENGTH"]) == (16_000_000, 100_000)
    assert (api_sql.LIMIT_S, api_sql.MOST_BYTES, api_sql.MEMORY_BYTES) == (5, 2_000_000, 128_000_000)
    assert (api_sql.AT_ONCE, api_sql.MAX_WAITING) == (2, 8)
    assert (api_sql.USUAL_ROWS, api_sql.MOST_ROWS) == (100, 1_000)
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == set(api_sql.SQL_PARAMETERS)
    assert {
        one for row in re.findall(r"^\| (`\..*?) \| ", PAGE, re.MULTILINE) for one in re.findall(r"`(\.\w+)`", row)
    } == set(SUFFIXES)
    secrets = PAGE.split("**Secrets read as NULL**")[1].split("NATURAL")[0]
    for table, columns in SECRETS.items():
        if not table.startswith("sqlite_"):
            assert f"`{table}." in secrets
            assert all(f".{column}`" in secrets for column in columns)
    named = PAGE.split("A query's stories have ")[1].split(", the newest first")[0]
    assert tuple(re.findall(r"`(\w+)`", named)) == COLUMNS
