"""The commands about one story: ``wireroom explain | merge | split | undo``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from wireroom.command import command, fail, read_config

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def named(_: click.Context, __: click.Parameter, value: str) -> str:
    """Write a name in one line. Raises click.BadParameter where nothing is left of it."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in value).split())[:100]
    if not plain:
        raise click.BadParameter("give a name, as the archive is to remember who decided")
    return plain


def login_name() -> str:
    """Tell who is logged in; in a container the user may have a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


by_option = click.option("--by", default=login_name, callback=named, help="Who decides it; if not given, your login.")


@click.argument("story", metavar="STORY|URL")
@click.option("--topic", metavar="ID", help="Tell only why this topic takes it, or does not.")
@as_json_option
@command
def explain(path: Path, story: str, topic: str | None, *, as_json: bool) -> None:
    """Tell why STORY is what it is, from the polls that brought it to the topics that publish it.

    Its lead, each entry with its poll, its identity keys and what joined it, merges, decisions, event, each tag with
    its cause, and each topic of the config: does it take the story, and which parts of its query matched or failed.

    STORY is its id (as `wireroom search` shows it), the id of a published item (urn:uuid:…), or the address of an
    article.
    """
    from db.archive import open_reader
    from db.explain import explain as find
    from db.merge import MergeError
    from db.times import iso
    from wireroom.decide import link_key
    from wireroom.explained import explained_lines, lead_reason
    from wireroom.verdict_lines import topic_lines
    from wireroom.verdicts import with_verdicts

    config = read_config(path)
    if topic is not None and all(one.id != topic for one in config.topics):
        fail(2, f"there is no topic {topic!r}; the topics are {', '.join(one.id for one in config.topics) or 'none'}")
    db = open_reader(config.archive)
    try:
        told = with_verdicts(db, find(db, story, link_key(story)), config, iso(datetime.now(UTC)), topic)
    except MergeError as error:
        fail(2, str(error))
    told["lead_because"] = (
        "a person chose it" if told["led_by_hand"] else lead_reason(told["entries"], told.pop("priority"))
    )
    if topic is not None:
        (only,) = told["verdicts"]
        show({"story_id": told["story_id"], "title": told["title"], **only}, topic_lines(told), as_json=as_json)
        return
    show(told, explained_lines(told), as_json=as_json)


@click.argument("other")  # on a finished command the lowest argument is the first
@click.argument("story")
@by_option
@as_json_option
@command
def merge(path: Path, story: str, other: str, *, by: str, as_json: bool) -> None:
    """Make STORY and OTHER one story, for good; the older one's id lives, and the younger one's leads to it.

    Works beside a running daemon. Exits with 2 where they are one story already, or one of them is not there.
    """
    decide(path, {"do": "merge", "stories": [story, other], "by": by}, as_json=as_json)


@click.argument("entry", type=click.IntRange(1, 2**63 - 1))
@click.argument("story")
@by_option
@as_json_option
@command
def split(path: Path, story: str, entry: int, *, by: str, as_json: bool) -> None:
    """Take ENTRY out of STORY, for good: it becomes a story of its own. `wireroom explain STORY` lists the entries.

    Works beside a running daemon. Exits with 2 where ENTRY is not in STORY, or is all that it has.
    """
    decide(path, {"do": "split", "story": story, "entry": entry, "by": by}, as_json=as_json)


@click.argument("decision", type=click.IntRange(1, 2**63 - 1), required=False)
@click.option("--list", "lists", is_flag=True, help="Show all decisions, undo nothing.")
@by_option
@as_json_option
@command
def undo(path: Path, decision: int | None, *, lists: bool, by: str, as_json: bool) -> None:
    """Take back what a person decided, the last of it or DECISION: a merge, a split, a pin… All is as it was before.

    What joined a story meanwhile stays with the one that lives. Works beside a running daemon. Exits with 2 where
    there is nothing to undo, or a later decision builds on it.
    """
    if not lists:
        decide(path, {"do": "undo", "decision": decision, "by": by}, as_json=as_json)
        return
    from db.archive import open_reader
    from db.explain import decisions
    from wireroom.explained import decision_line

    found = decisions(open_reader(read_config(path).archive))
    if decision is not None:
        found = [one for one in found if one["decision"] == decision]
    show(found, [decision_line(one) for one in found] or ["nothing was decided yet"], as_json=as_json)


def decide(path: Path, request: dict[str, Any], *, as_json: bool) -> None:
    """Have a decision carried out by whoever holds the archive, and tell it."""
    from db.archive import open_reader
    from wireroom.explained import decided_lines
    from wireroom.holder import by_the_holder

    config = read_config(path)
    if not config.archive.exists():
        open_reader(config.archive)  # says that there is none

    async def own(engine: Any) -> dict[str, Any]:
        from wireroom.decide import decide as carry_out

        return await carry_out(engine, request)

    result = by_the_holder(config, request, own, lambda _: None)
    show(result, decided_lines(result), as_json=as_json)


def show(result: Any, lines: list[str], *, as_json: bool) -> None:
    """Print a result, for programs or for people."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for line in lines:
        click.echo(line)
