"""Write docs/questions.md: the questions with their SQL, and what the worked archive answers.

``python tests/worked_page.py > docs/questions.md`` makes the page anew; tests/test_questions.py holds it to be true.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from db.questions import QUESTIONS, Question
from db.times import iso
from worked import CONFIG, NOW, worked_archive

ASKED: Mapping[str, Mapping[str, str]] = {
    "who_had_it_first": {"story": "4"},
    "headline_changes": {"story": "4"},
    "published_on": {"day": "2026-11-24"},
    "in_the_feed": {"topic": "shipping"},
    "what_a_rule_did": {"rule": "hold-rumours"},
    "in_no_topic": {"kind": "region"},
    "one_event": {"event": "4"},
    "find": {"words": "ferry AND ice"},
}
"""With which values the page asks; ``now`` is the end of the worked archive."""

HEAD = """# Questions, worked
Each question with its SQL, and what a small archive answers that the tests make: six invented sources, eleven days,
polled by the real parts.
`python tests/worked_page.py > docs/questions.md` writes this page, and a test runs every query and compares.
`docs/archive.md` has all views and tables.

Ask with whatever reads SQLite, also while the daemon runs:

```sh
wireroom sql "SELECT source, health FROM source_health"
sqlite3 -readonly -box wireroom.db "SELECT source, health FROM source_health"
sqlite-utils wireroom.db "SELECT source, health FROM source_health" --table
duckdb -c "ATTACH 'wireroom.db' AS w (TYPE sqlite, READ_ONLY); SELECT source, health FROM w.source_health"
```

In Python, `pandas.read_sql("SELECT …", sqlite3.connect("file:wireroom.db?mode=ro", uri=True))`; in the browser
`wireroom datasette` has all of these as forms (`docs/datasette.md`).
Names like `:story` are parameters: with `wireroom sql` `--param story=4`, with `sqlite-utils` `-p story 4`, in the
`sqlite3` shell `.parameter set :story 4`, where text needs quotes of both kinds, `.parameter set :day "'2026-11-24'"`,
since `2026-11-24` is 1991 there.
One that is empty means what is said beside it: `--param story=`, `-p story ''`, in the shell what is not set.

The archive is polled by this config, and it is the morning of {now}:

```toml
{config}
```
"""


def page(path: Path) -> str:
    """Make the worked archive at ``path``, ask it → the page."""
    db = worked_archive(path)
    try:
        parts = [HEAD.format(now=iso(NOW)[:10], config=CONFIG.strip())]
        parts += ["\n".join(section(question, *answer(db.conn, question))) for question in QUESTIONS]
    finally:
        db.close()
    return "\n".join(parts)


def values(question: Question) -> dict[str, str]:
    """Give the values of a question's parameters on the page."""
    return {name: ASKED.get(question.id, {}).get(name, iso(NOW) if name == "now" else "") for name in question.params}


def answer(conn: object, question: Question) -> tuple[list[str], list[tuple[object, ...]]]:
    """Ask → the names of the columns, the rows."""
    cursor = conn.execute(question.sql, values(question))  # type: ignore[attr-defined]
    return [name for name, *_ in cursor.description], cursor.fetchall()


def section(question: Question, names: list[str], rows: list[tuple[object, ...]]) -> Iterator[str]:
    """Write one question."""
    yield f"## {question.title}"
    for name, meaning in question.params.items():
        here = values(question)[name]
        yield f"`:{name}` is {meaning}. Here {f'`{here}`' if here else 'it is empty'}.\n"
    yield f"```sql{question.sql.rstrip()};\n```\n"
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(told(value) for value in row)} |"
    if question.note:
        yield f"\n{question.note}"
    yield ""


def told(value: object) -> str:
    """Write a value as the page has it; null is an empty cell."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).replace("|", "\\|")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(page(Path(folder) / "wireroom.db"))
