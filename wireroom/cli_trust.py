"""The commands that show what would be: ``wireroom preview | changes``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireroom.cli_decisions import as_json_option, show
from wireroom.command import command, fail, query_command, read_config

if TYPE_CHECKING:
    from wireroom.config import Config, Topic

since_option = click.option("--since", default="30d", show_default=True, help="Stories first seen since then.")


@click.argument("query", metavar="QUERY|TOPIC")
@click.option("--topic", "against", metavar="ID", help="Compare with what this topic has selected.")
@since_option
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True, help="How many examples.")
@as_json_option
@query_command
def preview(path: Path, query: str, against: str | None, since: str, limit: int, *, as_json: bool) -> None:
    """Show what QUERY would take from the archive: how many stories, by day and source, the newest of them.

    For the id of a TOPIC it is what that topic's query, as the config has it now, would take, and what is different
    from what it has selected; --topic compares a new QUERY with a topic. Reads only, also beside a running daemon.

    \b
    Examples:
      wireroom preview 'embassy OR ambassador' --since 7d
      wireroom preview us-russia
      wireroom preview 'subject:diplomacy AND moscow' --topic us-russia
    """
    from db.archive import open_reader
    from db.preview import change
    from db.preview import preview as ask
    from db.query_names import read_query
    from db.query_text import written
    from db.search import with_archived
    from wireroom.config_queries import names_of
    from wireroom.preview_told import preview_lines
    from wireroom.tag_hints import tag_hints

    config, now = read_config(path), datetime.now(UTC)
    start = time_of(since, now)
    topic = topic_named(config, query.removeprefix("@"))
    if against is not None and topic_named(config, against) is None:
        fail(2, f"there is no topic {against!r}; the topics are {', '.join(one.id for one in config.topics) or 'none'}")
    compared = against or (topic.id if topic is not None else None)
    db = open_reader(config.archive)
    names = with_archived(db, names_of(config))
    tree = read_query(f"@{topic.id}" if topic is not None else query, names)  # as `@id` a topic is all that it asks
    wanted = query
    if topic is not None:
        wanted = topic.match if read_query(topic.match, names) == tree else written(tree)
    told: dict[str, Any] = {
        "query": wanted,
        "topic": topic.id if topic is not None else None,
        "compared": compared,
        **ask(db, tree, start, now, limit),
        "change": change(db, tree, compared, start, now, limit) if compared is not None else None,
    }
    show(told, preview_lines(told, shutil.get_terminal_size((100, 24)).columns), as_json=as_json)
    for hint in tag_hints(db, tree, names):
        click.echo(f"wireroom: {hint}", err=True)


@since_option
@click.option("--limit", type=click.IntRange(0, 100), default=3, show_default=True, help="How many examples of each.")
@as_json_option
@command
def changes(path: Path, since: str, limit: int, *, as_json: bool) -> None:
    """Show what the edited config would change, before it is loaded: compared with the one that is in force.

    Sources, rules, queries and topics that are new, gone or edited; and of the stories first seen since --since, which
    would gain or lose tags, enter or leave topics. Reads only, also beside a running daemon. Exits with 0 where nothing
    is edited, with 1 where something is.
    """
    from db.archive import open_reader
    from db.query_faults import QueryError
    from db.times import iso
    from wireroom.before import before
    from wireroom.changes_told import change_lines, edit_told
    from wireroom.effects import effects

    config, now = read_config(path), datetime.now(UTC)
    start = iso(time_of(since, now))
    db = open_reader(config.archive)
    old = before(db, config)
    told: dict[str, Any] = {
        "since": old.since if old is not None else None,
        "edits": [edit_told(edit) for edit in old.edits] if old is not None else [],
        "stories_since": start,
        "effects": None,
        "trouble": None,
    }
    if old is not None and old.edits:
        if old.unread:
            told["trouble"] = f"this version does not understand {', '.join(old.unread)} as it is in force"
        else:
            try:
                told["effects"] = effects(db, old, config, start, iso(now), limit)
            except QueryError as error:
                told["trouble"] = str(error)
    show(told, change_lines(told, shutil.get_terminal_size((100, 24)).columns), as_json=as_json)
    if told["edits"]:
        raise click.exceptions.Exit(1)


def topic_named(config: Config, name: str) -> Topic | None:
    """Find a topic of the config by its id."""
    return next((topic for topic in config.topics if topic.id == name), None)


def time_of(since: str, now: datetime) -> datetime:
    """Read ``--since``."""
    from wireroom.since import read_since

    try:
        return read_since(since, now)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
