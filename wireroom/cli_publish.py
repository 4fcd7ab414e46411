"""The command ``wireroom publish``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from feeds.pages.words import counted
from wireroom.command import command, read_config


@click.option("--once", is_flag=True, help="Write and end, as it does anyway: the daemon is `wireroom run`.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def publish(path: Path, *, once: bool, as_json: bool) -> None:
    """Write all feeds and pages from the archive, without polling.

    What is as it was keeps its file and its date. The folder can be served by any web server as it is. Works beside a
    running daemon too, which then does it.
    """
    from wireroom.holder import by_the_holder

    del once
    config = read_config(path)

    async def own(engine: Any) -> dict[str, Any]:
        from wireroom.publish_all import publish_all

        return await publish_all(engine)

    done = by_the_holder(config, {"do": "publish"}, own, lambda _: None)
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False, indent=2))
        return
    pages = sum(topic["archive_pages"] for topic in done["topics"])
    topics = len(done["topics"])
    are = "is" if topics == 1 else "are"
    click.echo(f"{counted(topics, 'topic')} with {counted(pages, 'archive page')} {are} in {done['folder']}")
