"""The command ``wireroom prune``: what has had its time goes, now. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireroom.command import command, read_config

if TYPE_CHECKING:
    from wireroom.config import Config


@click.option("--dry-run", is_flag=True, help="Only tell what would go, and why; nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def prune(path: Path, *, dry_run: bool, as_json: bool) -> None:
    """Have go what has had its time by [keep], and give free space back to the disk.

    The daemon does so by itself, a little at a time; this does all of it now. What is gone is known again and never
    new, but it can't be brought back: try --dry-run first, and have a backup. Broken off, it is harmless to repeat.
    Works beside a running daemon, which goes on polling.
    """
    from datetime import UTC, datetime

    from db.archive import open_reader
    from wireroom.holder import by_the_holder
    from wireroom.kept_told import pruned_lines

    config = read_config(path)
    if not config.archive.exists():
        open_reader(config.archive)  # says that there is none
    if dry_run:
        from wireroom.keep import would_prune

        result = would_prune(config, datetime.now(UTC))
    else:

        async def own(engine: Any) -> dict[str, Any]:
            from wireroom.keep import prune_now

            return await prune_now(engine, lambda _: None)

        result = by_the_holder(config, {"do": "prune"}, own, lambda _: None)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for line in pruned_lines(result):
        click.echo(line)
    if not result["stories"] and forever(config):
        click.echo("wireroom: the config keeps all stories for ever: [keep] has no `stories` or `newest`", err=True)


def forever(config: Config) -> bool:
    """Tell whether no story ever has its time, whatever its source."""
    from db.keeping import FOREVER

    said = [config.keep.of_all, *(source.keep for source in config.sources if source.keep is not None)]
    return all((keep.stories_s, keep.per_source) == (FOREVER, None) for keep in said)
