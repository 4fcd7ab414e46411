"""The commands about topics: ``wireroom topic list | rotate``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from wireroom.command import command, read_config


@click.group()
def topic() -> None:
    """Show where topics are published, and give a secret one another address."""


@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def list_(path: Path, *, as_json: bool) -> None:
    """Show the addresses of all topics.

    Secret ones too: whoever has such an address can read the topic. A secret topic of a config that was not taken over
    yet has none.
    """
    from db.archive import open_reader
    from wireroom.rotate import topic_addresses

    config = read_config(path)
    rows = topic_addresses(config, open_reader(config.archive))
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max((len(row["topic"]) for row in rows), default=0)
    for row in rows:  # no table: it would cut the addresses to the terminal's width
        address = row["rss"] or "not published yet: `wireroom poll` or the daemon does it"
        click.echo(f"{row['topic']:{width}}  {address}{'  (secret)' if row['secret'] else ''}")


@click.argument("topic_id", metavar="TOPIC")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def rotate(path: Path, topic_id: str, *, as_json: bool) -> None:
    """Give a secret TOPIC another address.

    For when somebody knows it who should not: the old one is gone at once, and answered with 410. Its subscribers must
    be told the new one; ids stay, so that whoever subscribes anew sees no story as another one. Works beside a running
    daemon.
    """
    from wireroom.holder import by_the_holder

    config = read_config(path)
    request = {"do": "rotate", "topic": topic_id}

    async def own(engine: Any) -> dict[str, Any]:
        from wireroom.rotate import rotate as carry_out

        return await carry_out(engine, request)

    row = by_the_holder(config, request, own, lambda _: None)
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    for fmt in ("rss", "atom", "json"):
        click.echo(row[fmt])


topic.add_command(list_, "list")
topic.add_command(rotate)
