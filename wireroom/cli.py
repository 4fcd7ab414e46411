"""The command line: ``wireroom run | poll | check``; the rest in ``cli_…`` files. IO: terminal.

Heavy parts are imported by the command that needs them: ``wireroom --help`` answers at once.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from feeds.pages.words import counted
from wireroom import (
    __version__,
    cli_ask,
    cli_curation,
    cli_datasette,
    cli_decisions,
    cli_init,
    cli_keep,
    cli_publish,
    cli_search,
    cli_sources,
    cli_status,
    cli_stories,
    cli_topics,
    cli_trust,
    cli_vault,
)
from wireroom.command import (
    ALREADY_RUNNING,
    CONFIG_BAD,
    DEBUG_HELP,
    NO_CLUSTER,
    command,
    config_option,
    fail,
    read_config,
)
from wireroom.streams import write_whole

COUNTED = {"sources": "source", "rules": "rule", "topics": "topic", "entities": "entity"}
"""What `check` counts, and what one of it is called."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@config_option
@click.option("--debug", is_flag=True, help=DEBUG_HELP)
@click.version_option(__version__, prog_name="wireroom")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, *, debug: bool) -> None:
    """Wireroom polls feeds, keeps each story once with all its sources, tags it, and publishes topic feeds.

    Everything is said in one file, config.toml. Begin with `wireroom init`, `wireroom check`, then `wireroom run`.
    """
    context.obj = {"config_path": config_path, "debug": debug}


@cli.add_command
@command
def run(path: Path) -> None:
    """Run the daemon: poll every source when it is due, publish the topic feeds, serve them.

    Stop it with Ctrl-C or SIGTERM; SIGHUP reads the config anew. Only one daemon can hold an archive: a second one
    exits with code 75.
    """
    import contextlib

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the daemon listens: at its start it reads the config anyway
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # likewise: nothing has begun yet
    from wireroom.lock import ArchiveLock

    config = read_config(path)
    with waiting_for_lock(lambda: ArchiveLock(config.archive, "run"), config.archive):
        from wireroom.daemon import run_daemon  # half a second: a second daemon is told at once that it is one
        from wireroom.log import open_log
        from wireroom.loop import run as run_in_loop

        log = open_log(debug=click.get_current_context().obj["debug"], daemon=True)
        try:
            with contextlib.closing(run_daemon(config, log)) as daemon:  # if a stop comes before it is run
                run_in_loop(daemon)
        finally:
            logging.shutdown()  # why it ends is said last


def waiting_for_lock(make: Callable[[], Any], archive: Path) -> Any:
    """Take the archive's lock for the daemon: wait for a `wireroom poll` to end, but not for another daemon."""
    import contextlib
    import time

    from wireroom.lock import LockHeldError

    @contextlib.contextmanager
    def taken() -> Any:
        for attempt in range(10**9):
            try:
                lock = make().__enter__()
            except LockHeldError as held:
                if held.holder is None and attempt < 20:  # it has the lock, but has not yet said who it is
                    time.sleep(0.1)
                    continue
                if held.holder is None or held.holder.command == "run":
                    pid = f" (process {held.holder.pid})" if held.holder is not None else ""
                    fail(ALREADY_RUNNING, f"{archive}: another wireroom daemon{pid} is at work on this archive")
                if attempt == 0:
                    click.echo("wireroom: waiting for a `wireroom poll` to end", err=True)
                time.sleep(0.2)
            else:
                break
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    return taken()


@cli.add_command
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--due", is_flag=True, help="Only the sources whose time has come.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def poll(path: Path, sources: tuple[str, ...], *, due: bool, as_json: bool) -> None:
    """Poll once, now, and publish: the SOURCEs named (by id), or all.

    Without --due the spacing between polls is ignored; a server's Retry-After and "410 Gone", and the limits per host,
    never are. Works beside a running daemon, which then does the polling. Exits with 0 when the round was completed
    (failed sources are listed), with 1 when every source failed, with 69 when that is the cluster's fault.
    """
    from wireroom.round import ProgressBar, clusterless, poll_round, round_lines

    result = poll_round(read_config(path), sources, due=due, progress=ProgressBar())
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        for line in round_lines(result):
            click.echo(line)
    if clusterless(result):
        raise click.exceptions.Exit(NO_CLUSTER)
    if result["polled"] and result["failed"] == len(result["polled"]):
        raise click.exceptions.Exit(1)


@cli.add_command
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@command
def check(path: Path, *, as_json: bool) -> None:
    """Check the config file, run the tests in it, and name everything that is wrong; exits with 78 then."""
    from datetime import UTC, datetime

    from wireroom.config_faults import ConfigError
    from wireroom.tag_hints import config_hints
    from wireroom.trials import run_trials

    try:
        config = read_config(path)
        run_trials(config, datetime.now(UTC))
        entities = len(config.entities.named)
    except ConfigError as error:
        if not as_json:
            raise
        faults = [
            {"file": str(f.file), "line": f.line, "key": f.key, "problem": f.problem, "mend": f.mend}
            for f in error.faults
        ]
        click.echo(json.dumps({"good": False, "faults": faults}, ensure_ascii=False, indent=2))
        raise click.exceptions.Exit(CONFIG_BAD) from None
    counts = {"sources": len(config.sources), "rules": len(config.rules), "topics": len(config.topics)}
    counts |= {"entities": entities} if entities else {}
    notes = [*config_hints(config)]
    if as_json:
        click.echo(json.dumps({"good": True, "faults": [], "notes": notes, **counts}, ensure_ascii=False, indent=2))
        return
    told = ", ".join(counted(count, COUNTED[what]) for what, count in counts.items())
    click.echo(f"{path}: good: {told}")
    for note in notes:
        click.echo(f"wireroom: {note}", err=True)


cli.add_command(cli_init.init)
cli.add_command(cli_search.search)
cli.add_command(cli_status.status)
cli.add_command(cli_datasette.datasette)
cli.add_command(cli_trust.preview)
cli.add_command(cli_trust.changes)
cli.add_command(cli_publish.publish)
cli.add_command(cli_keep.prune)
cli.add_command(cli_vault.backup)
cli.add_command(cli_vault.restore)
cli.add_command(cli_vault.verify)
cli.add_command(cli_sources.add)
cli.add_command(cli_sources.import_, "import")
cli.add_command(cli_ask.sql)
cli.add_command(cli_ask.export)
for about_a_story in (
    cli_decisions.explain,
    cli_decisions.merge,
    cli_decisions.split,
    cli_decisions.undo,
    cli_stories.diff,
    cli_stories.regroup,
    cli_stories.suggest,
    cli_stories.retag,
    *cli_curation.COMMANDS,
    cli_topics.topic,
):
    cli.add_command(about_a_story)


def main() -> None:
    """Run the command line."""
    write_whole()
    cli(prog_name="wireroom")
