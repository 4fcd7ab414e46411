"""``wireroom poll``: one round, by ourselves or by the daemon that holds the archive, and its telling.

IO: network, sqlite, sockets, terminal.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from feeds.pages.words import counted
from wireroom.config import Config
from wireroom.control import Progress
from wireroom.escape import escaped
from wireroom.holder import by_the_holder

if TYPE_CHECKING:
    from wireroom.engine import Engine

NOT_RECORDED = "not-recorded"
"""The outcome of a poll that is not in the archive."""


def poll_round(config: Config, sources: Sequence[str], *, due: bool, progress: Progress) -> dict[str, Any]:
    """Poll once and publish → the round's result (see ``Engine.round``).

    Takes the archive's lock; where a daemon has it, the daemon does the round; where another `wireroom poll` has it,
    waits for that one to end. Raises ControlError, ArchiveError, OSError.
    """

    async def own_round(engine: Engine) -> dict[str, Any]:
        await engine.ready()
        logging.getLogger().setLevel(logging.ERROR)  # the round's own summary tells of failed sources
        return await engine.round(sources, due=due, progress=progress)

    return by_the_holder(config, {"do": "poll", "sources": list(sources), "due": due}, own_round, progress)


class ProgressBar:
    """A bar on standard error while a round goes on, if that is a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, progress: dict[str, Any]) -> None:
        """Draw the bar at ``progress``: done and total sources, new stories, failures."""
        if not self._shown:
            return
        done, total = progress["done"], progress["total"]
        filled = 24 * done // total if total else 24
        click.echo(
            f"\r[{'█' * filled}{'·' * (24 - filled)}] {done} of {total} sources, "
            f"{progress['new_stories']} new stories, {progress['failed']} failed\x1b[K",
            err=True,
            nl=done == total,
        )


def clusterless(result: dict[str, Any]) -> bool:
    """Tell whether nothing at all could be polled, for want of a cluster that does it."""
    polled = result["polled"]
    return bool(polled) and all(
        one["outcome"] == NOT_RECORDED and str(one["error"]).startswith("cluster: ") for one in polled
    )


def round_lines(result: dict[str, Any]) -> list[str]:
    """Tell a round in lines: what it brought, then each source that failed or waits."""
    polled = result["polled"]
    lines = [
        f"{counted(len(polled), 'source')} polled: {counted(result['new_stories'], 'new story')}, "
        f"{counted(result['new_entries'], 'new entry')}, "
        f"{result['changed']} changed, {result['failed']} failed"
    ]
    unwritten = Counter(one["error"] for one in polled if one["outcome"] == NOT_RECORDED)
    lines += [
        f"  {one['source']}: {one['outcome']}: {escaped(one['error'] or '')}"
        for one in polled
        if (not one["good"] or one["error"]) and (one["outcome"] != NOT_RECORDED or unwritten[one["error"]] == 1)
    ]
    lines += [f"  {count} sources: {NOT_RECORDED}: {escaped(why)}" for why, count in unwritten.items() if count > 1]
    lines += [
        f"  {one['source']}: not polled: {one['why']}" + (f" until {one['until']}" if one["until"] else "")
        for one in result["waiting"]
    ]
    return lines
