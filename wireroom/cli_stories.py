"""The commands about stories: ``wireroom diff | regroup | retag | suggest``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from feeds.pages.words import counted
from wireroom.command import command, fail, read_config
from wireroom.escape import escaped


@click.argument("story")
@click.option("--all", "minor", is_flag=True, help="Minor changes too: typos, counters, markup, links.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def diff(path: Path, story: str, *, minor: bool, as_json: bool) -> None:
    """Show how the entries of STORY were changed since they were first seen, word by word.

    STORY is its id (as `wireroom search` shows it), the id of a published item (urn:uuid:…), or the address of an
    article. What was removed stands in [-...-], what was added in {+...+}. Exits with 2 where there is no such story.
    """
    from db.archive import open_reader
    from db.explain import find_story
    from db.merge import MergeError, living
    from db.revisions import histories, story_title
    from wireroom.decide import link_key
    from wireroom.diff_told import lines, told

    db = open_reader(read_config(path).archive)
    try:
        asked = find_story(db, story, link_key(story))
        now = living(db, asked)
    except MergeError as error:
        fail(2, str(error))
    if now != asked:
        click.echo(f"wireroom: story {asked} turned out to be story {now}", err=True)
    title, entries = story_title(db, now), histories(db, now)
    if as_json:
        result = {"story_id": now, "asked": asked, "title": title, "entries": told(entries, minor=minor)}
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    click.echo(f"story {now}: {escaped(title)}")
    for line in lines(entries, minor=minor, colour=sys.stdout.isatty()):
        click.echo(line)


@click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier one has done.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def regroup(path: Path, *, restart: bool, as_json: bool) -> None:
    """Find copies and events anew, as a poll would have, had it known the config of today.

    For after an upgrade (`wireroom status` says so), and after a change of `dedupe`, `grouping` or `priority`, where
    that is to hold for what is there already. Stories that turn out to be one are joined; none is taken apart
    (`wireroom split` does that). Broken off, it goes on where it stood. Works beside a running daemon, which goes on
    polling, and finishes it if this is stopped.
    """
    from db.archive import open_reader
    from wireroom.holder import by_the_holder

    config = read_config(path)
    if not config.archive.exists():
        open_reader(config.archive)  # says that there is none
    request = {"do": "regroup", "restart": restart}
    progress = Progress("regroup", "joined", lambda told: (told["merged"], told["stage"] is None))

    async def own(engine: Any) -> dict[str, Any]:
        from wireroom.regroup import regroup as carry_out

        return await carry_out(engine, request, progress)

    result = by_the_holder(config, request, own, progress)
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return
    click.echo(
        f"regrouped: {counted(result['entries'], 'entry')} compared, "
        f"{counted(result['stories'], 'story')} gone through; "
        f"{result['merged']} joined to others, {result['leads']} led by another entry"
    )


class Since(click.ParamType[str]):
    """A time back from now, as the config writes durations, or a date → a time as the archive has them."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it."""
        from datetime import UTC, datetime

        from db.times import iso
        from wireroom.since import read_since

        try:
            return iso(read_since(value, datetime.now(UTC)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.option("--since", type=Since(), help="Only stories first seen since then: 30d, a date; all, if not given.")
@click.option("--dry-run", is_flag=True, help="Tell what it would change, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def retag(path: Path, since: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Apply the tags, rules and topics of today to the stories that are there.

    For after an edit of the config, where that is to hold for the past too. Nothing is announced: a story that a topic
    takes only now enters the topic's archive, not its feed; one that it takes no longer is not shown there any more;
    taken again, it is back in its old place. What a person decided stays. Broken off, it is harmless to repeat. Works
    beside a running daemon, which goes on polling.
    """
    from db.archive import open_reader
    from wireroom.holder import by_the_holder
    from wireroom.retag import retag_lines

    config = read_config(path)
    if not config.archive.exists():
        open_reader(config.archive)  # says that there is none
    request = {"do": "retag", "since": since, "dry_run": dry_run}
    progress = Progress("retag", "changed", lambda told: (told["changed"], told["last"]))

    async def own(engine: Any) -> dict[str, Any]:
        from wireroom.retag import retag as carry_out

        return await carry_out(engine, request, progress)

    result = by_the_holder(config, request, own, progress)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for line in retag_lines(result):
        click.echo(line)


@click.option("--since", type=Since(), default="30d", help="Stories seen since then: 12h, a date; 30d, if not given.")
@click.option("--topic", help="Only stories that this topic took.")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, help="How many of each at most; 30, if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def suggest(path: Path, *, since: str, topic: str | None, limit: int, as_json: bool) -> None:
    """Name what the config might know: names that keep coming up, categories that give no subject.

    What is printed can be put into the config as it stands. The archive and the config are only read. Names are told by
    their capitals, so scripts without any are left out. Best are names of which many stories of several sources tell,
    against how common their words are.
    """
    from db.archive import open_reader
    from wireroom.suggest import suggestions
    from wireroom.suggested import toml_lines

    config = read_config(path)
    if topic is not None and topic not in (one.id for one in config.topics):
        fail(2, f"--topic: the config has no topic {topic!r}")
    result = suggestions(open_reader(config.archive), config, since, topic, limit)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for line in toml_lines(result, has_categories=bool(config.categories)):
        click.echo(line)


class Progress:
    """How far a ``command`` is, on standard error: a bar on a terminal, else a line now and then.

    ``read`` gives of what it tells: how many were changed (a word for which is ``did``), and whether that was all.
    """

    def __init__(self, command: str, did: str, read: Callable[[dict[str, Any]], tuple[int, bool]]) -> None:
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._command, self._did, self._read = command, did, read
        self._tenths = 0

    def __call__(self, told: dict[str, Any]) -> None:
        """Show ``done`` of ``total``, and how many stories were changed."""
        total, (changed, last) = max(1, told["total"]), self._read(told)
        done = total if last else told["done"]
        text = f"{done} of {total}, {changed} {self._did}"
        if self._is_terminal:
            filled = 24 * done // total
            click.echo(f"\r[{'█' * filled}{'·' * (24 - filled)}] {text}\x1b[K", err=True, nl=last)
        elif 10 * done // total > self._tenths:
            self._tenths = 10 * done // total
            click.echo(f"{self._command}: {text}", err=True)
