"""How the polls of a round ended, as its asker is told. IO: none but the tasks that it is given."""

from __future__ import annotations

import asyncio
from typing import Any

from ingest.cluster import ClusterError
from ingest.poll import Report


def told(source: str, task: asyncio.Task[Report]) -> dict[str, Any]:
    """Tell of one ended poll, also of one that could not be written."""
    if task.cancelled():
        return broken_off(source)
    error = task.exception()
    if error is not None:
        who = "cluster" if isinstance(error, ClusterError) else "archive"
        return {"source": source, "good": False, "outcome": "not-recorded", "error": f"{who}: {error}"}
    report = task.result()
    return {
        "source": report.source,
        "good": report.good,
        "outcome": report.outcome,
        "error": report.error,
        "entries": report.entries,
        "new": report.new,
        "changed": report.changed,
        "stories": report.stories,
    }


def broken_off(source: str) -> dict[str, Any]:
    """Tell of a poll that came to no end, or was not begun."""
    return {"source": source, "good": False, "outcome": "broken-off", "error": "the daemon stopped or reloaded"}


def totals(polled: list[dict[str, Any]]) -> dict[str, int]:
    """Count what a round brought."""
    return {
        "new_stories": sum(one.get("stories", 0) for one in polled),
        "new_entries": sum(one.get("new", 0) for one in polled),
        "changed": sum(one.get("changed", 0) for one in polled),
        "failed": sum(not one["good"] for one in polled),
    }
