"""On which line a key stands: true for whatever TOML a person may write."""

from __future__ import annotations

import time
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.toml_lines import key_lines, line_of

VALUES = [
    "1",
    '"plain"',
    '""',
    '"ends in a backslash \\\\"',
    '"a \\" quote, a # and a ["',
    "'literal \\'",
    "'[x] = # 1'",
    '"""one line"""',
    '"""\n[not.a.table]\nkey = 1\n"""',
    '"""a\\\\"""',
    '"""a\\""""',
    '"""quote at the end""""',
    '"""two quotes at the end"""""',
    "'''\nkey = '1'\n'''",
    "'''quote at the end''''",
    "[]",
    '[\n  "a]",  # ]\n  [1, 2],\n]',
    "[ # [\n  '#', { x = [1] },\n]",
    "{ x = 1, y = '}' }",
    "2026-11-24T09:30:00Z",
    '"a\u2028b\u0085c"',
]
PARTS = {"bare-key_1": "bare-key_1", '"quoted.key"': "quoted.key", "'it = [x]'": "it = [x]", '"a\\"b"': 'a"b'}
BETWEEN = ["", "# [[comment]] = '", "   ", '\t# """']


Path = tuple[str | int, ...]


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[Path, int]]:
    """Write a TOML document → with the line of each of its keys and tables."""
    text = ""
    lines: dict[Path, int] = {}
    arrays = 0
    for number in range(draw(st.integers(1, 4))):
        headers: list[tuple[str, Path]] = draw(
            st.sampled_from(
                [
                    [] if number == 0 else [(f"[t{number}]", (f"t{number}",))],
                    [(f"[ t{number} . 'x]' ]  # [", (f"t{number}", "x]"))],
                    [(f'["t{number}"."a\\"b"]', (f"t{number}", 'a"b'))],
                    [("[[a]]", ("a", arrays))],
                    [(" [[ a ]] # a = 1", ("a", arrays)), ("[a.sub]", ("a", arrays, "sub"))],
                    [("[[a]]", ("a", arrays)), ("[[a.b]]", ("a", arrays, "b", 0)), ("[[a.b]]", ("a", arrays, "b", 1))],
                ]
            )
        )
        table: Path = ()
        for header, table in headers:
            text += header + "\n"
            lines[table] = text.count("\n")
        arrays += bool(headers) and headers[0][1][0] == "a"
        for key in draw(st.lists(st.sampled_from(sorted(PARTS)), max_size=3, unique=True)):
            dotted = draw(st.booleans())
            text += draw(st.sampled_from(BETWEEN)) + "\n" + draw(st.sampled_from(["", "  "]))
            lines[(*table, "k", PARTS[key]) if dotted else (*table, PARTS[key])] = text.count("\n") + 1
            text += f"{f'k . {key}' if dotted else key} = {draw(st.sampled_from(VALUES))}"
            text += draw(st.sampled_from(["\n", " # ]]\n", "  \n"]))
    return text, lines


@given(documents())
def test_every_key_is_found_where_it_stands(document: tuple[str, dict[Path, int]]) -> None:
    """Whatever values, comments and headers are around it."""
    text, lines = document
    tomllib.loads(text)

    assert key_lines(text) == lines


def paths(value: Any, path: Path = ()) -> list[Path]:
    """List the paths of everything in a parsed document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [path, *(found for key, one in inside for found in paths(one, (*path, key)))]


@given(documents())
def test_every_path_of_the_parsed_document_has_a_line(
    document: tuple[str, dict[Path, int]],
) -> None:
    """What the parser finds, down into arrays and inline tables, has a line: its own or that of what is around it."""
    text, _ = document
    lines = key_lines(text)

    assert [path for path in paths(tomllib.loads(text)) if path and line_of(path, lines) is None] == []


def test_table_without_a_header_has_the_line_of_its_first_key() -> None:
    """A fault of the whole table is shown where the table begins."""
    lines = key_lines("\n[source.a]\nid = 1\n[[poll]]\nx.y = 1\n")

    assert [line_of(path, lines) for path in [("source",), ("poll",), ("poll", 0, "x"), ("rule",)]] == [2, 4, 5, None]


@pytest.mark.parametrize("item", ["  '10.0.0.0/8:80',\n", "  # ' \n", "  [1],\n"])
def test_long_value_is_read_once(item: str) -> None:
    """Ten thousand lines of one array take no time worth naming: the work grows with the text, not its square."""
    begun = time.perf_counter()

    lines = key_lines("allow = [\n" + item * 10_000 + "]\nlast = 1\n")

    assert lines == {("allow",): 1, ("last",): 10_003}
    assert time.perf_counter() - begun < 5
