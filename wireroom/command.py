"""What every command has: its config, its errors in one clear line each, its exit codes. IO: terminal."""

from __future__ import annotations

import functools
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from wireroom.escape import escaped

if TYPE_CHECKING:
    from wireroom.config import Config

ALREADY_RUNNING, BUG, CONFIG_BAD, NO_CLUSTER = 75, 70, 78, 69
NOT_INSTALLED = 69
TOO_SLOW = 124  # as timeout(1) has it
DEBUG_HELP = "Show the traceback of an error; log the polls too that found nothing new."


def fail(code: int, *lines: str) -> NoReturn:
    """Say what is wrong on standard error, a line each, and exit with ``code``."""
    for line in lines:
        click.echo(f"wireroom: {line}", err=True)
    raise click.exceptions.Exit(code)


def option_fault(error: ValueError) -> str:
    """Tell what the config's check says of an option's value: on a command line, nothing has to be in quotes."""
    return str(error).replace("|", "; ").replace(" in quotes", "")


class Seconds(click.FloatRange):
    """An option that is a number of seconds, also written as the config writes durations: ``2``, ``"2s"``, ``"5m"``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it → seconds, within the range."""
        if isinstance(value, str) and value[-1:].isalpha():
            from wireroom.units import parse_duration

            try:
                value = parse_duration(value)
            except ValueError as error:
                self.fail(option_fault(error), param, ctx)
        return super().convert(value, param, ctx)


def command(function: Callable[..., None], made: type[click.Command] = click.Command) -> click.Command:
    """Make a command that has ``--config`` and ``--debug`` and turns every error into one clear line; of a class."""

    @functools.wraps(function)
    def guarded(config_path: Path | None, *, debug: bool, **options: Any) -> None:
        context = click.get_current_context()
        path = config_path or context.obj["config_path"] or Path("config.toml")
        debug = context.obj["debug"] = debug or context.obj["debug"]
        try:
            function(path, **options)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            raise click.exceptions.Exit(128 + signal.SIGINT) from None
        except Exception as error:
            if debug:
                raise
            fail(*explained(error))

    debug_option = click.option("--debug", is_flag=True, help=DEBUG_HELP)
    return click.command(cls=made)(config_option(debug_option(guarded)))


def query_command(function: Callable[..., None]) -> click.Command:
    """Make a command, likewise, that takes a query."""
    return command(function, QueryCommand)


class QueryCommand(click.Command):
    """A command that takes a query, which may begin with a ``-``: ``-sport place:russia``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a query that looks like options behind a ``--``, where click takes it as it stands."""
        if "--" not in args:
            for at, arg in enumerate(args):
                if re.match(r"-[^-].", arg) and not (at and self.awaits(ctx, args[at - 1])):
                    args = [*args[:at], *args[at + 1 :], "--", arg]
                    break
        return super().parse_args(ctx, args)

    def awaits(self, ctx: click.Context, option: str) -> bool:
        """Tell whether this is an option with a value, which is the next word."""
        return any(
            isinstance(one, click.Option) and not one.is_flag and not one.count and option in one.opts
            for one in self.get_params(ctx)
        )


def config_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``-c/--config``."""
    return click.option(
        "-c",
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The config file; config.toml in this folder, if not given.",
    )(function)


def explained(error: Exception) -> tuple[int, *tuple[str, ...]]:
    """Turn an error into the exit code and the lines that explain it."""
    import sqlite3

    from db.archive import ArchiveError, archive_error
    from db.query_faults import QueryError, pointed
    from db.sql_fault import SqlError, TooSlowError
    from ingest.cluster import ClusterError
    from wireroom.config_faults import ConfigError
    from wireroom.control import ControlError

    if isinstance(error, ConfigError):
        return CONFIG_BAD, *(str(fault) for fault in error.faults)
    if isinstance(error, ArchiveError | ControlError):
        return error.code, str(error)
    if isinstance(error, sqlite3.DatabaseError):
        found = archive_error(Path("the archive"), error)
        return found.code, str(found)
    if isinstance(error, QueryError):
        lines: list[str] = [f"query: {error}", *(f"  {line}" for line in pointed(error))]
        return 2, *lines
    if isinstance(error, TooSlowError):
        return TOO_SLOW, f"sql: {error}; or give it more: --timeout"
    if isinstance(error, SqlError):
        return 2, f"sql: {escaped(str(error))}"
    if isinstance(error, ClusterError):
        return NO_CLUSTER, str(error)
    if type(error).__name__ == "ListenError":  # its module is heavy; only `run` has imported it
        return 74, str(error)
    if isinstance(error, OSError):
        return 74, f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return BUG, f"internal error: {type(error).__name__}: {error}; --debug shows where; please report it"


def read_config(path: Path) -> Config:
    """Load the config. Raises ConfigError."""
    from wireroom.config import load_config

    return load_config(path)
