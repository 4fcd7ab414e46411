"""The command ``wireroom status``: how sources, rules, topics and who is told of them are doing. IO: terminal.

Heavy parts are imported by the command, as in ``cli.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from wireroom.command import Seconds, command, fail, read_config
from wireroom.escape import escaped


@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--watch", "watching", is_flag=True, help="Show the whole on one screen, anew and anew; q ends it.")
@click.option("--every", default=2.0, type=Seconds(0.2, 3600), show_default=True, help="Seconds between, or as in 5m.")
@click.option("--health", is_flag=True, help="Only ask the daemon whether it is well; exits with 1 where it is not.")
@command
def status(path: Path, *, as_json: bool, watching: bool, every: float, health: bool) -> None:
    """Show how each source, topic and rule is doing: last outcome, next poll, entries, health; stories; hits.

    A topic's `stories` were announced; `archived` ones never were, `left` ones it takes no longer, `waiting` ones it
    will look at once more.
    """
    if watching or health:
        show_daemon(path, every if watching else None)
        return
    from datetime import UTC, datetime

    from db.archive import open_reader
    from db.gone import gone_count
    from db.health import source_status, topic_status, unseen_status
    from db.regroup import status as index_status
    from db.rule_health import idle_notes, rule_status
    from db.times import iso
    from db.vacuum import room_of
    from ingest.grouping import GROUPING_VERSION
    from wireroom.backups import backup_lines, backup_status
    from wireroom.kept_told import keep_lines, keep_status
    from wireroom.subscribers_told import told_lines, told_status
    from wireroom.table import table
    from wireroom.upkeep import PRINTS_FOR

    now = datetime.now(UTC)
    config = read_config(path)
    db = open_reader(config.archive)
    unseen = unseen_status(db)
    sources, topics = source_status(db, now), [row | unseen.get(row["topic"], {}) for row in topic_status(db)]
    rules = rule_status(db, [rule.id for rule in config.rules])
    grouping = index_status(db, GROUPING_VERSION, iso(now - PRINTS_FOR))
    told = told_status(config, db, iso(now))
    own = sum(source.keep is not None for source in config.sources)
    keep = keep_status(config.keep, own, room_of(db), gone_count(db))
    backups = backup_status(config, now)
    if as_json:
        found: dict[str, Any] = {
            "sources": sources,
            "rules": rules,
            "topics": topics,
            "grouping": grouping,
            "keep": keep,
        }
        found |= {**told, "backup": backups}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    click.echo(table(sources, ["source", "health", "outcome", "entries", "last_poll", "next_poll"]))
    for source in sources:  # whole, not in the table: the mend stands at the end
        remark = "; ".join(filter(None, [source["error"], *source["notes"]]))
        if remark:
            click.echo(f"  {source['source']}: {escaped(remark)}")
    click.echo()
    click.echo(table(topics, ["topic", "stories", "archived", "left", "waiting", "newest_at", "newest"]))
    if rules:
        click.echo()
        click.echo(table(rules, ["rule", "hits", "last_hit"]))
    for line in (*told_lines(told), *backup_lines(backups)):
        click.echo(line)
    click.echo()
    for line in keep_lines(keep):
        click.echo(line)
    for note in (*idle_notes(rules), *grouping["notes"], *keep["notes"]):
        click.echo(f"\n  {note}")


def show_daemon(path: Path, every: float | None) -> None:
    """Watch it, drawn anew after so many seconds; None: only ask whether it is well."""
    from wireroom.control import NoDaemonError
    from wireroom.watch import health_lines, watch

    config = read_config(path)
    if every is not None:
        watch(config, every)
        return
    try:
        well, lines = health_lines(config)
    except NoDaemonError:
        fail(1, f"{config.archive}: no daemon is at work on it; start it with `wireroom run`")
    for line in lines:
        click.echo(escaped(line))
    if not well:
        raise click.exceptions.Exit(1)
