"""The config file edited: sources are added, all else stays byte for byte. IO: files.

Written by a temporary file, fsync and rename, so that a reader, and a power cut, meet the old file or the new one; and
only if the whole new config is good.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from db.files import sync
from wireroom.config import Config, load_config
from wireroom.config_faults import ConfigError
from wireroom.source_tables import NewSource, with_sources

Choose = Callable[[Config], Sequence[NewSource]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an edit wrote, or would write: the new sources, and the line of the first."""

    path: Path
    line: int | None
    sources: tuple[NewSource, ...]


def add_sources(path: Path, choose: Choose, *, dry_run: bool = False) -> Written:
    """Add to the config at ``path`` the sources that ``choose`` names, after its last source → what was written.

    ``choose`` is given the config as it is under the lock, so that of two commands at once neither takes the other's
    id. With ``dry_run`` all is done but the writing. Raises ConfigError (the file as it is, or as it would be, is bad),
    OSError, and what ``choose`` raises.
    """
    real = path.resolve()
    load_config(path)  # a file that is not there, or no file, is best explained by this
    with locked(real) as old:
        sources = tuple(choose(load_config(path)))
        if not sources:
            return Written(path=path, line=None, sources=())
        mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
        text = old.removeprefix(mark).decode()
        new, line = with_sources(text, sources)
        check_alike(text, new, sources)
        with temporary(real, mark + new.encode()) as written:
            try:
                load_config(written)
            except ConfigError as error:
                raise ConfigError([replace(fault, file=path) for fault in error.faults]) from None
            if not dry_run:
                if real.read_bytes() != old:
                    raise OSError(None, "was changed by another program just now; try again", str(path))
                try:
                    written.replace(real)
                except OSError as error:  # a file that is mounted by itself into a container can't be replaced
                    raise OSError(error.errno, f"can't be replaced: {error.strerror}", str(path)) from error
                sync(real.parent)
    return Written(path=path, line=line, sources=sources)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bytes]:
    """Hold a lock on the config file while the body runs → its bytes. The lock ends with the process.

    The lock is on the file that the name leads to: who waited for another's edit finds that one's new file there, and
    locks that.
    """
    while True:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file.read()
                return


@contextlib.contextmanager
def temporary(path: Path, content: bytes) -> Iterator[Path]:
    """Write ``content`` to disk beside ``path``, with its mode and owner; what the body leaves there is taken away."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            like = path.stat()
            with contextlib.suppress(PermissionError):  # only root may give a file away; who can't, owns it
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), like.st_mode & 0o7777)
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def check_alike(old: str, new: str, sources: Sequence[NewSource]) -> None:
    """Make sure that ``new`` says what ``old`` says, and the new sources. Raises RuntimeError: then it is our bug."""
    expected, found = tomllib.loads(old), tomllib.loads(new)
    added = [
        {
            "id": source.id,
            "url": source.url,
            **({"tags": list(source.tags)} if source.tags else {}),
            **({"every": source.every} if source.every is not None else {}),
        }
        for source in sources
    ]
    expected["source"] = [*expected.get("source", []), *added]
    if found != expected:
        raise RuntimeError("the config could not be edited without changing more than its sources")
