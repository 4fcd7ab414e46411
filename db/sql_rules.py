"""What somebody's SQL may do to the archive: read, call harmless functions, and nothing of what is secret. Pure.

SQLite asks for each thing that a statement does while it compiles it (its "authorizer"); the numbers are those of
``sqlite3.h``. What is not named here is not done: a version of SQLite that learns something new teaches it to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection

OK, DENY, IGNORE = 0, 1, 2
SELECT, READ, PRAGMA, FUNCTION, RECURSIVE, UPDATE = 21, 20, 19, 31, 33, 23

WORDS = dict(
    enumerate(
        (
            *("", "CREATE INDEX", "CREATE TABLE", "CREATE TEMP INDEX", "CREATE TEMP TABLE", "CREATE TEMP TRIGGER"),
            *("CREATE TEMP VIEW", "CREATE TRIGGER", "CREATE VIEW", "DELETE", "DROP INDEX", "DROP TABLE"),
            *("DROP TEMP INDEX", "DROP TEMP TABLE", "DROP TEMP TRIGGER", "DROP TEMP VIEW", "DROP TRIGGER"),
            *("DROP VIEW", "INSERT", "PRAGMA", "READ", "SELECT", "a transaction", "UPDATE", "ATTACH", "DETACH"),
            *("ALTER TABLE", "REINDEX", "ANALYZE", "CREATE VIRTUAL TABLE", "DROP VIRTUAL TABLE", "FUNCTION"),
            "SAVEPOINT",
        )
    )
)
"""How what is not done is called."""
VERBS = frozenset(
    "ALTER ANALYZE ATTACH CREATE DELETE DETACH DROP INSERT REINDEX REPLACE UPDATE".split()  # noqa: SIM905
)
"""With what a statement begins that does something else, whatever SQLite calls it."""

SECRETS: dict[str, frozenset[str]] = {
    "subscriptions": frozenset({"token", "secret"}),
    "subscribers": frozenset({"callback", "asked", "secret"}),
    "tokens": frozenset({"token"}),
    "webhooks": frozenset({"gone_url"}),
    "sqlite_stat4": frozenset({"sample"}),
}
"""Columns that read as NULL: keys, addresses that nobody can guess, and what may have samples of them."""

FUNCTIONS = frozenset(
    """
    abs changes char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely lower
    ltrim max min nullif octet_length printf quote random randomblob replace round rtrim sign soundex
    sqlite_compileoption_get sqlite_compileoption_used sqlite_source_id sqlite_version substr substring trim typeof
    unhex unicode unistr unistr_quote unlikely upper zeroblob
    date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp
    avg count group_concat string_agg sum total median percentile percentile_cont percentile_disc
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power
    radians sin sinh sqrt tan tanh trunc
    json json_array json_array_length json_error_position json_extract json_group_array json_group_object json_insert
    json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid -> ->>
    jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch
    jsonb_remove jsonb_replace jsonb_set
    bm25 highlight snippet match
    """.split()  # noqa: SIM905 - a list of words is read with ease
)

PRAGMAS = frozenset(
    """
    table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list function_list collation_list
    compile_options data_version
    """.split()  # noqa: SIM905 - a list of words is read with ease
)
"""Those that read, whatever is said to them."""

ASKED_PRAGMAS = frozenset(
    "application_id encoding freelist_count page_count page_size schema_version user_version".split()  # noqa: SIM905
)
"""Those that read where nothing is said to them."""

TABLES = frozenset(
    {"json_each", "json_tree", "dbstat", "sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"}
    | {f"pragma_{name}" for name in PRAGMAS}
)
"""What can be read beside the archive's own tables."""

LIMITS = {
    "SQLITE_LIMIT_LENGTH": 16_000_000,
    "SQLITE_LIMIT_SQL_LENGTH": 100_000,
    "SQLITE_LIMIT_COLUMN": 500,
    "SQLITE_LIMIT_EXPR_DEPTH": 200,
    "SQLITE_LIMIT_COMPOUND_SELECT": 100,
    "SQLITE_LIMIT_VDBE_OP": 100_000,
    "SQLITE_LIMIT_FUNCTION_ARG": 100,
    "SQLITE_LIMIT_ATTACHED": 0,
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH": 1_000,
    "SQLITE_LIMIT_VARIABLE_NUMBER": 250,
    "SQLITE_LIMIT_TRIGGER_DEPTH": 10,
    "SQLITE_LIMIT_WORKER_THREADS": 0,
}
"""SQLite's own bounds (``sqlite3_limit``): bytes of a value and of a statement, columns, depth, terms …"""


def allowed(tables: Collection[str], action: int, first: str | None, second: str | None) -> tuple[int, str]:
    """Tell whether a statement may do this → the authorizer's answer, and what to call it where it may not.

    ``tables``: the archive's tables and views, in small letters. ``first`` and ``second`` are what SQLite says of it.
    """
    name, more = (first or "").lower(), (second or "").lower()
    if action in (SELECT, RECURSIVE):
        return OK, ""
    if action == READ:
        if more in SECRETS.get(name, ()):
            return IGNORE, ""
        # SQLite names no column where a table is only counted, also one of the statement's own (WITH)
        return (OK, "") if not more or name in tables or name in TABLES else (DENY, f"reading {first}")
    if action == FUNCTION:
        return (OK, "") if more in FUNCTIONS else (DENY, f"the function {second}()")
    if action == PRAGMA:
        good = name in PRAGMAS or (name in ASKED_PRAGMAS and second is None)
        return (OK, "") if good else (DENY, f"PRAGMA {first}")
    return DENY, WORDS.get(action, f"action {action}")


def joins_secrets(sql: str, secret_views: Collection[str] = ()) -> str | None:
    """Find a table with secrets in a statement that joins by the names of columns → its name, or None.

    SQLite does not ask the authorizer for columns of NATURAL JOIN and USING (3.40 to 3.50, tried), so that such a join
    would tell them. Names and keywords can't be written otherwise than they are, so their letters are enough; a text
    that merely has both is refused too. ``secret_views``: views that read such tables.
    """
    if not re.search(r"\b(?:natural|using)\b", sql, re.IGNORECASE):
        return None
    names = (*SECRETS, *secret_views)
    return next((name for name in names if name.lower() in sql.lower()), None)
