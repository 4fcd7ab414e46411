"""The commands of a curator: ``wireroom pin | unpin | hide | unhide | tag | untag | lead``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wireroom.cli_decisions import as_json_option, by_option, decide
from wireroom.command import command, fail


@click.argument("topic")  # on a finished command the lowest argument is the first
@click.argument("story")
@by_option
@as_json_option
@command
def pin(path: Path, story: str, topic: str, *, by: str, as_json: bool) -> None:
    """Show STORY first in TOPIC, for good; the topic selects it now, if it has not.

    A rule that drops or holds the story counts no more. `wireroom unpin` takes it back. Works beside a running daemon.
    """
    decide(path, {"do": "pin", "story": story, "topic": topic, "by": by}, as_json=as_json)


@click.argument("topic")
@click.argument("story")
@by_option
@as_json_option
@command
def unpin(path: Path, story: str, topic: str, *, by: str, as_json: bool) -> None:
    """Show STORY no longer first in TOPIC; what only the pin had brought into it leaves it.

    Works beside a running daemon.
    """
    decide(path, {"do": "unpin", "story": story, "topic": topic, "by": by}, as_json=as_json)


@click.argument("topic", required=False)
@click.argument("story")
@by_option
@as_json_option
@command
def hide(path: Path, story: str, topic: str | None, *, by: str, as_json: bool) -> None:
    """Keep STORY out of TOPIC, for good; without TOPIC: out of all. Search still finds it.

    `wireroom unhide` takes it back. Works beside a running daemon.
    """
    decide(path, {"do": "hide", "story": story, "topic": topic, "by": by}, as_json=as_json)


@click.argument("topic", required=False)
@click.argument("story")
@by_option
@as_json_option
@command
def unhide(path: Path, story: str, topic: str | None, *, by: str, as_json: bool) -> None:
    """Let STORY into TOPIC again, out of which `wireroom hide` kept it; without TOPIC: into all that take it.

    Without TOPIC it also releases a story that a rule drops or holds, whatever rules say from then on. Works beside a
    running daemon.
    """
    decide(path, {"do": "unhide", "story": story, "topic": topic, "by": by}, as_json=as_json)


@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.argument("story")
@by_option
@as_json_option
@command
def tag(path: Path, story: str, tags: tuple[str, ...], *, by: str, as_json: bool) -> None:
    """Give STORY each TAG (kind:name), for good, also one that was taken away by `wireroom untag`.

    Rules and topics see it at once. Works beside a running daemon.
    """
    from wireroom.tag_hints import called_by

    named = checked(tags)
    decide(path, {"do": "tag", "story": story, "tags": named, "by": by}, as_json=as_json)
    for kind, name in named:
        if usual := called_by(kind, name):
            click.echo(f"wireroom: names in texts give {kind}:{usual}, not {kind}:{name}", err=True)


@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.argument("story")
@by_option
@as_json_option
@command
def untag(path: Path, story: str, tags: tuple[str, ...], *, by: str, as_json: bool) -> None:
    """Take each TAG (kind:name) from STORY, for good, whatever gives it: its sources, names in it, rules, a person.

    Topics that took it only for that tag show it no more. `wireroom tag` undoes it. Works beside a running daemon.
    """
    named = [one.split(":", 1) for one in tags if ":" in one]
    if len(named) < len(tags):
        fail(2, f"{next(one for one in tags if ':' not in one)!r} is no tag; write kind:name")
    decide(path, {"do": "untag", "story": story, "tags": named, "by": by}, as_json=as_json)


@click.argument("entry", type=click.IntRange(1, 2**63 - 1), required=False)
@click.argument("story")
@click.option("--auto", is_flag=True, help="Choose the entry again as if nobody had.")
@by_option
@as_json_option
@command
def lead(path: Path, story: str, entry: int | None, *, auto: bool, by: str, as_json: bool) -> None:
    """Have STORY show ENTRY, whatever comes. `wireroom explain STORY` lists the entries.

    It is no news of the story: nobody is told. Works beside a running daemon.
    """
    if auto == (entry is not None):
        fail(2, "give the entry that is to be shown, or --auto, and not both")
    decide(path, {"do": "lead", "story": story, "entry": entry, "by": by}, as_json=as_json)


def checked(tags: tuple[str, ...]) -> list[Any]:
    """Read tags in their canonical form → [kind, name] each; ends with exit code 2 where one is none."""
    from wireroom.config_tags import check_tag

    found = []
    for one in tags:
        try:
            found.append(check_tag(one).split(":", 1))
        except ValueError as error:
            fail(2, str(error).replace("|", "; "))
    return found


COMMANDS = (pin, unpin, hide, unhide, tag, untag, lead)
