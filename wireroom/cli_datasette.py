"""The command ``wireroom datasette``. IO: terminal.

Heavy parts are imported by the command that needs them, as in ``cli.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from wireroom.command import NOT_INSTALLED, command, fail, read_config


@click.option("--port", type=click.IntRange(1, 65_535), default=8001, show_default=True, help="Where it listens.")
@click.option("--metadata", "prints", is_flag=True, help="Print the metadata for a Datasette of your own, and end.")
@command
def datasette(path: Path, port: int, *, prints: bool) -> None:
    """Show the archive in Datasette, read-only, in a browser of this machine.

    Works beside a running daemon. Tables and columns are described there, and the worked questions of
    docs/questions.md are its queries. docs/datasette.md tells more, also how to show an archive to others.
    """
    from db.archive import open_reader
    from db.document import tables_of
    from wireroom.datasette_metadata import metadata

    archive = read_config(path).archive
    db = open_reader(archive)
    try:
        told = metadata(archive.stem, tables_of(db))
    finally:
        db.close()
    if prints:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    try:
        from wireroom.datasette_served import HOST, listen, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "datasette":
            raise
        fail(NOT_INSTALLED, "Datasette is not installed; install it beside Wireroom: pip install 'wireroom[datasette]'")
    try:
        listener = listen(port)
    except OSError as error:
        fail(74, f"{HOST}:{port}: {error.strerror}; name another with --port")
    click.echo(f"http://{HOST}:{port}/{archive.stem} (Ctrl-C ends it)", err=True)
    serve(archive, told, listener)
