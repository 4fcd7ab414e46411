"""The commands ``wireroom backup | restore | verify``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from feeds.pages.words import counted
from wireroom.command import ALREADY_RUNNING, command, fail, read_config
from wireroom.escape import escaped

COUNTED = {"stories": "story", "entries": "entry", "polls": "poll"}
"""What is told of an archive, and what one of it is called."""


@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def backup(path: Path, *, file: Path | None, as_json: bool) -> None:
    """Copy the archive as it is at this moment to FILE, and check the copy; a running daemon works on meanwhile.

    Packed, where FILE ends in .zst or .gz. Without FILE it goes into the folder that `[backup]` names, with the time in
    its name, and those there that need not stay are taken away. A file that is there is never overwritten.
    """
    from datetime import UTC, datetime

    from db.backup import make_backup, packing_of
    from feeds.pages.words import size
    from wireroom.backups import back_up

    config = read_config(path)
    progress = bar("copied")
    if file is not None:
        made, dropped = make_backup(config.archive, file, packing=packing_of(file), progress=progress), 0
    elif config.backup.folder is None:
        fail(2, 'where to? name a FILE, or write folder = "backups" under [backup] in the config')
    else:
        done = back_up(config, datetime.now(UTC), full=True, progress=progress)
        made, dropped = done.backup, len(done.dropped)
    facts = made.facts
    tell_lost(facts.lost)
    if as_json:
        told = {"file": str(made.path), "bytes": made.size, "schema": facts.version, "rows": facts.rows}
        click.echo(json.dumps(told | {"dropped": dropped}, ensure_ascii=False, indent=2))
        return
    gone = f"; {dropped} older {'one' if dropped == 1 else 'ones'} taken away" if dropped else ""
    click.echo(f"{made.path}: {told_rows(facts.rows)}, {size(made.size)}, checked{gone}")


@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def restore(path: Path, *, file: Path, as_json: bool) -> None:
    """Put the backup FILE in the archive's place, once it is checked; stop the daemon first.

    What was there is kept beside it under another name. Ids stay, so the feeds are what they were then: the next
    `wireroom publish`, or the daemon's start, writes them.
    """
    from datetime import UTC, datetime

    from db.restore import restore as put_back
    from wireroom.lock import ArchiveLock, LockHeldError

    config = read_config(path)
    try:
        with ArchiveLock(config.archive, "restore"):
            done = put_back(config.archive, file, datetime.now(UTC))
    except LockHeldError as held:
        pid = f" (process {held.holder.pid})" if held.holder is not None else ""
        fail(ALREADY_RUNNING, f"{config.archive}: another wireroom{pid} is at work on it; stop that first")
    kept = None if done.kept is None else str(done.kept)
    tell_lost(done.facts.lost)
    if as_json:
        told = {"archive": str(config.archive), "schema": done.facts.version, "rows": done.facts.rows, "kept": kept}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.echo(f"{config.archive}: {told_rows(done.facts.rows)}, as {file} has them")
    if kept is not None:
        click.echo(f"what was there is {kept}")
    click.echo("start the daemon, or `wireroom publish`, to have the feeds as they were then")


@click.option("--quick", is_flag=True, help="Leave out what takes long on a large archive.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def verify(path: Path, *, quick: bool, as_json: bool) -> None:
    """Check the archive, the promise, and that what is published is what the archive gives; a daemon works on.

    Exits with 0 where all is well, with 65 where the archive is damaged, and with 1 where something is amiss that needs
    no backup to be mended. Each finding has its mend.
    """
    from dataclasses import asdict

    from wireroom.verify import lines, worst
    from wireroom.verify import verify as check_all

    config = read_config(path)
    checks = check_all(config, quick=quick, progress=told_progress())
    code = worst(checks)
    if as_json:
        told = {"good": code == 0, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in lines(checks):
            click.echo(escaped(line))
    if code:
        raise click.exceptions.Exit(code)


def tell_lost(rows: int) -> None:
    """Say that not all is well with what was copied."""
    if rows:
        what = "1 row in it points" if rows == 1 else f"{rows:,} rows in it point"
        click.echo(f"wireroom: {what} nowhere, as in the archive; see `wireroom verify`", err=True)


def told_rows(rows: dict[str, int]) -> str:
    """Tell in a few words what an archive has."""
    return ", ".join(counted(rows[name], one) for name, one in COUNTED.items() if name in rows)


def told_progress() -> Any:
    """Make what shows which check is under way on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda *_: None

    def show(what: str, done: int, whole: int) -> None:
        share = f" {100 * done // whole} %" if whole else ""
        click.echo(f"\r\x1b[K{what}{share} ", err=True, nl=False)

    return show


def bar(what: str) -> Any:
    """Make what shows progress on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda *_: None

    def show(done: int, whole: int) -> None:
        click.echo(f"\r{what}: {100 * done // max(whole, 1)} % ", err=True, nl=done >= whole)

    return show
