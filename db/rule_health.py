"""How rules do, as ``wireroom status`` tells it: how often each hit, when last, which never did. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database


def rule_status(db: Database, rules: Sequence[str]) -> list[dict[str, Any]]:
    """Read the rules of these config ids, in their order: hits, the last one, since when the rule says what it says.

    ``idle``: it has not hit anything since then. A rule that the archive does not know yet has no hits, and no since.
    """
    rows = {
        row["rule"]: row
        for row in db.query(
            "SELECT r.config_id AS rule, r.hits AS hits, r.last_hit_at AS last_hit, r.added_at AS added, "
            "f.since AS since FROM rules r "
            "LEFT JOIN config_in_force f ON f.kind = 'rule' AND f.config_id = r.config_id "
            "WHERE r.config_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(rules))],
        )
    }
    unknown = {"hits": 0, "last_hit": None, "added": None, "since": None}
    return [with_idle(rows.get(rule) or {"rule": rule, **unknown}) for rule in rules]


def with_idle(row: dict[str, Any]) -> dict[str, Any]:
    """Say whether a rule is of no use as it is now."""
    since, last = row["since"], row["last_hit"]
    return {**row, "idle": since is not None and (last is None or last < since)}


def idle_notes(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Name the rules that never hit, and those that have not since they were edited; and those not at work yet."""
    notes = []
    for row in rows:
        if row["since"] is None:
            notes.append(f"rule {row['rule']} is not at work yet: the daemon has not read it (`wireroom changes`)")
        elif row["idle"] and row["hits"]:
            notes.append(f"rule {row['rule']} has not hit anything since it was edited, {row['since']}")
        elif row["idle"]:
            notes.append(f"rule {row['rule']} has never hit anything since it is there, {row['added'] or row['since']}")
    return notes
