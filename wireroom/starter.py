"""A fresh folder to begin with: a commented config, the sample feeds that it names, a folder to publish in. IO: files.

The config and the samples are the shipped ones: in the wheel beside this module, in a checkout at its top.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from db.files import put_new

PACKED = Path(__file__).with_name("starter")
SHIPPED = PACKED if PACKED.is_dir() else Path(__file__).parent.parent
TOKEN_LINE = re.compile(r"^# token( +=) \"…\" {2}( *)", re.MULTILINE)
"""Where the shipped config has the key, commented out."""
LISTEN_LINE = re.compile(r'^(listen +=) "127\.0\.0\.1:8000"  ', re.MULTILINE)
IGNORED = "# What Wireroom makes anew, or holds your reading habits.\n/wireroom.db*\n/public/\n"


class InTheWayError(Exception):
    """There is a config already; nothing was written."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What was written: the config, and what else, by name; the owner's token, where one was asked for."""

    config: Path
    others: tuple[str, ...]
    token: str | None


def begin(config: Path, *, token: bool, listen: str | None = None) -> Begun:
    """Make the config at that path, and in its folder all else → what was written.

    Nothing that is there is touched. The config comes last and whole: what a kill leaves can be begun again. ``token``:
    with a secret for the owner to sign in with; only its owner may read the file then. ``listen``: the address and port
    to serve at. Raises InTheWayError, OSError.
    """
    if os.path.lexists(config):
        raise InTheWayError(config)
    folder = config.parent
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    others = []
    for sample in sorted((SHIPPED / "samples").iterdir()):
        if sample.is_file():
            others += written(folder / "samples" / sample.name, sample.read_bytes())
    if not (folder / "public").exists():
        (folder / "public").mkdir()
        others.append("public/")
    others += [".gitignore"] if written(folder / ".gitignore", IGNORED.encode()) else []
    secret = secrets.token_urlsafe(32) if token else None
    text = (SHIPPED / "config.toml").read_text(encoding="utf-8")
    if secret is not None:
        text, found = TOKEN_LINE.subn(rf'token\1 "{secret}"  ', text, count=1)
        assert found, "the shipped config has no line for the token"
    if listen is not None:
        text, found = LISTEN_LINE.subn(lambda line: f"{line[1]} {json.dumps(listen)}  ", text, count=1)
        assert found, "the shipped config does not say where it listens"
    if not written(config, text.encode(), mode=0o600 if secret else 0o644):
        raise InTheWayError(config)
    return Begun(config, tuple(others), secret)


def written(path: Path, body: bytes, mode: int = 0o644) -> list[str]:
    """Write a new file, whole or not at all → its name; nothing where there is one already. Raises OSError."""
    if os.path.lexists(path):
        return []
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode & ~umask())
        try:
            put_new(Path(name), path)
        except FileExistsError:
            return []
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()
    return [path.name]


def umask() -> int:
    """Read what new files may not have."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
