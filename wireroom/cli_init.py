"""The command ``wireroom init``: a fresh folder to begin with. IO: terminal.

Heavy parts are imported by the command, as in ``cli.py``.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from wireroom.command import command, fail


@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--token", is_flag=True, help="Make a secret too, with which you sign in on the pages.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where the daemon serves, if not there: 127.0.0.1:8000.")
@command
def init(path: Path, folder: Path, *, token: bool, listen: str | None) -> None:
    """Make a fresh FOLDER (this one, if not given): a commented config, sample feeds, a folder to publish in.

    With no network at all the samples work. Nothing that is there is touched: where there is a config, nothing is
    written.
    """
    from db.archive import CANNOT_CREATE
    from wireroom.config_addresses import is_loopback, parse_listen
    from wireroom.starter import InTheWayError, begin

    if listen is not None:
        try:
            parse_listen(listen)
        except ValueError as error:
            fail(2, f"--listen: {str(error).replace('|', '; ')}")
        token = token or not is_loopback(listen)  # whom others reach has one
    try:
        begun = begin(folder / path, token=token, listen=listen)
    except InTheWayError:
        fail(CANNOT_CREATE, f"{folder / path}: there is a config already; nothing was written; name another folder")
    except OSError as error:
        why = error.strerror or str(error)
        fail(
            CANNOT_CREATE, f"{error.filename or folder}: can't be created: {why}; choose another folder, or its rights"
        )
    also = f", {len(begun.others)} files beside it" if begun.others else ""
    click.echo(f"{begun.config}: written{also}")
    if begun.token is not None:
        click.echo(f"sign in on the pages with this token (it is in the config): {begun.token}")
    home = begun.config.parent
    more = "" if begun.config.name == "config.toml" else f" -c {shlex.quote(begun.config.name)}"
    click.echo("put your own sources and topics into it, or look at the samples first; then:")
    if home.resolve() != Path.cwd():
        click.echo(f"  cd {shlex.quote(str(home))}")
    click.echo(f"  wireroom check{more}   is all well?")
    click.echo(f"  wireroom poll{more}    one round, now")
    click.echo(f"  wireroom run{more}     the daemon; its front page tells the rest")
