"""The commands that bring sources in, ``wireroom add | import``; and the list of ``export``. IO: terminal, files.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.pages.words import counted
from wireroom.command import command, fail, option_fault, read_config
from wireroom.escape import escaped

if TYPE_CHECKING:
    from wireroom.config import Config
    from wireroom.source_tables import NewSource


def checked(check: Callable[[object], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Make click check an option's value, or each of its values, as the config checks it."""

    def one(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as error:
            raise click.BadParameter(option_fault(error)) from None

    def callback(_: click.Context, __: click.Parameter, value: Any) -> Any:
        return tuple(map(one, value)) if isinstance(value, tuple) else value if value is None else one(value)

    return callback


def check_id(value: object) -> str:
    """Check ``--id``."""
    from wireroom.config_tables import check_id as check

    return check(value)


def check_tag(value: object) -> str:
    """Check ``--tag``."""
    from wireroom.config_tags import check_tag as check

    return check(value)


def check_url(value: object) -> str:
    """Check the address to add: not yet with or without a scheme."""
    from wireroom.source_names import addresses

    addresses(str(value))
    return str(value)


def check_every(value: object) -> str:
    """Check ``--every`` → as it was written."""
    from wireroom.units import parse_duration

    parse_duration(value)
    return str(value)


@click.argument("url", callback=checked(check_url))
@click.option("--id", "id_", callback=checked(check_id), help="Its id; made from the feed's title, if not given.")
@click.option("--tag", "tags", multiple=True, callback=checked(check_tag), help="A tag for all its stories, kind:name.")
@click.option("--every", callback=checked(check_every), help='Its own rhythm, such as "2h"; adaptive, if not given.')
@click.option("--dry-run", is_flag=True, help="Show all, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def add(
    path: Path, url: str, *, id_: str | None, tags: tuple[str, ...], every: str | None, dry_run: bool, as_json: bool
) -> None:
    """Find the feed at URL, show what it brings, and write it into the config as a source.

    URL may be a feed or a page: then the feeds that the page offers are tried. Comments and order of the config stay
    as they are. A running daemon takes the new source over at once. Exits with 1 where there is no feed, or where the
    config has it already.
    """
    from wireroom.add import AddError, refuse_known
    from wireroom.config_edit import add_sources
    from wireroom.one_off import find_feed
    from wireroom.source_memory import places_of
    from wireroom.source_names import Ids
    from wireroom.source_tables import NewSource
    from wireroom.sources_told import daemon_line, described, described_lines, source_told, table_told

    config = read_config(path)
    refuse_taken(config, id_)

    def choose(now: Config) -> Sequence[NewSource]:
        refuse_known(places_of(now.sources, now.archive), found.url)
        refuse_taken(now, id_)
        made = id_ or Ids(now.sources).make(found.document.title, found.url)
        return [NewSource(id=made, url=found.url, tags=tuple(dict.fromkeys(tags)), every=every)]

    try:
        found = find_feed(config, url)
        written = add_sources(path, choose, dry_run=dry_run)
    except AddError as error:
        fail(1, *map(escaped, str(error).split("\n")))
    told, source = described(found), written.sources[0]
    daemon = None if dry_run else tell(config)
    if as_json:
        result = {**told, "source": source_told(source), "written": not dry_run, "file": str(path)}
        click.echo(json.dumps({**result, "line": written.line, "daemon": daemon}, ensure_ascii=False, indent=2))
        return
    for line in described_lines(told):
        click.echo(line)
    click.echo(f"\n{'would be written to' if dry_run else 'written to'} {path}, line {written.line}:\n")
    click.echo(table_told(source))
    if daemon is not None:
        click.echo(daemon_line(daemon))


def refuse_taken(config: Config, id_: str | None) -> None:
    """Raise BadParameter for an ``--id`` that a source has, or had."""
    from wireroom.source_names import Ids

    holder = Ids(config.sources).holder(id_) if id_ is not None else None
    if holder is not None:
        raise click.BadParameter(f"{id_!r} is used already by source {holder!r}; choose another", param_hint="--id")


def tell(config: Config) -> dict[str, Any]:
    """Have a running daemon take the config over."""
    from wireroom.reload import tell_daemon

    return tell_daemon(config)


@click.argument("place", metavar="FILE|URL|-")
@click.option("--dry-run", is_flag=True, help="Show all, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def import_(path: Path, place: str, *, dry_run: bool, as_json: bool) -> None:
    """Take over the subscriptions of another reader: an OPML list, from a file, an address, or standard input (-).

    Its folders become folder: tags. No feed is fetched; the daemon polls the new sources when they are due. Feeds that
    the config has already, and addresses that can't be polled, are named and passed over. Exits with 1 where there is
    nothing to take over; a list that is known already is no failure.
    """
    from ingest.guard import Guard
    from wireroom.add import AddError
    from wireroom.config_edit import add_sources
    from wireroom.one_off import read_list
    from wireroom.opml import OpmlError, read_opml
    from wireroom.opml_import import Remark, plan_import
    from wireroom.source_memory import places_of
    from wireroom.source_names import is_typed_address, shown
    from wireroom.sources_told import daemon_line, import_lines, source_told

    config = read_config(path)
    name = shown(place) if is_typed_address(place) else place
    try:
        outlines, passed = read_opml(read_list(config, place))
    except AddError as error:
        fail(1, escaped(str(error)))
    except OpmlError as error:
        fail(1, escaped(f"{name}: {error}"))
    remarks: list[Remark] = []

    def choose(now: Config) -> Sequence[NewSource]:
        places = places_of(now.sources, now.archive)
        new, remarks[:] = plan_import(outlines, passed, now.sources, places, Guard(now.poll.allow).permits)
        return new

    written = add_sources(path, choose, dry_run=dry_run)
    daemon = tell(config) if written.sources and not dry_run else None
    counts = {kind: sum(remark.kind == kind for remark in remarks) for kind in ("known", "refused", "passed")}
    counts = {"feeds": len(outlines), "added": len(written.sources), **counts}
    if as_json:
        result = {**counts, "written": bool(written.sources) and not dry_run, "file": str(path), "line": written.line}
        lists = {"sources": list(map(source_told, written.sources)), "remarks": [one.told() for one in remarks]}
        click.echo(json.dumps({**result, "daemon": daemon, **lists}, ensure_ascii=False, indent=2))
    else:
        for line in import_lines(name, written.sources if dry_run else (), remarks):
            click.echo(line)
        added = f"{counts['added']:,} {'would be ' if dry_run else ''}added"
        where = f" ({path}, from line {written.line})" if written.line else ""
        feeds, others = counted(counts["feeds"], "feed"), counted(counts["passed"], "other outline")
        click.echo(
            f"{feeds}: {added}{where}, {counts['known']:,} known already, {counts['refused']:,} refused; "
            f"{others} passed over"
        )
        if daemon is not None:
            click.echo(daemon_line(daemon))
    if not written.sources and not counts["known"]:
        raise click.exceptions.Exit(1)


def export_sources(path: Path, file: Path) -> None:
    """Write all sources as an OPML 2.0 list, for another reader or another Wireroom: to FILE, or standard output."""
    from datetime import UTC, datetime

    from feeds.files import replace_file
    from wireroom.opml import write_opml
    from wireroom.opml_export import listed
    from wireroom.source_memory import names_of

    config = read_config(path)
    names, trouble = names_of(config.archive)
    feeds = [listed(source, names) for source in config.sources if source.path is None]
    files = [source.id for source in config.sources if source.path is not None]
    body = write_opml(feeds, title="Wireroom's sources", now=datetime.now(UTC))
    if file == Path("-"):
        sys.stdout.buffer.write(body)  # UTF-8, whatever the terminal's own encoding
    elif file.exists() and not file.is_file():
        file.write_bytes(body)
    else:
        try:
            replace_file(file.resolve(), body)
        except OSError as error:  # it would name the temporary file
            raise OSError(error.errno, f"can't be written: {error.strerror}", str(file)) from error
    for line in (trouble, f"left out, since they are files: {', '.join(files)}" if files else None):
        if line is not None:
            click.echo(f"wireroom: {line}", err=True)
