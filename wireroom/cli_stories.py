"""The commands about single stories: ``wireroom diff``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from wireroom.command import command, fail, read_config
from wireroom.escape import escaped

STORY_ID = click.IntRange(1, 2**63 - 1)


@click.argument("story", type=STORY_ID)
@click.option("--all", "minor", is_flag=True, help="Minor changes too: typos, counters, markup, links.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def diff(path: Path, story: int, *, minor: bool, as_json: bool) -> None:
    """Show how the entries of STORY (its number) were changed since they were first seen, word by word.

    What was removed stands in [-...-], what was added in {+...+}. `wireroom search` names the numbers of stories. Exits
    with 2 where there is no such story.
    """
    from db.archive import open_reader
    from db.revisions import histories, story_now, story_title
    from wireroom.diff_told import lines, told

    db = open_reader(read_config(path).archive)
    now = story_now(db, story)
    if now is None:
        fail(2, f"there is no story {story}; `wireroom search` finds stories and names their numbers")
    if now != story:
        click.echo(f"wireroom: story {story} turned out to be story {now}", err=True)
    title, entries = story_title(db, now), histories(db, now)
    if as_json:
        result = {"story_id": now, "asked": story, "title": title, "entries": told(entries, minor=minor)}
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    click.echo(f"story {now}: {escaped(title)}")
    for line in lines(entries, minor=minor, colour=sys.stdout.isatty()):
        click.echo(line)
