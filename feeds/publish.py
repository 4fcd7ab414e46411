"""Published documents as files: written only when their bytes change, and always whole. IO: files."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from db.model import FORMATS


class PublishError(Exception):
    """A document can't be written; the text names the path and the mend. The file that was there is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A document ready to be served: its bytes, also compressed, and what names this state of it.

    ``last_modified`` is the time of its last change, as an HTTP date.
    """

    body: bytes = field(repr=False)
    gzip: bytes = field(repr=False)
    etag: str
    gzip_etag: str
    last_modified: str
    media_type: str


OURS = re.compile(rf"[a-z0-9][a-z0-9._-]*\.(?:{'|'.join(FORMATS)})")


class Publisher:
    """The publish folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, body: bytes, media_type: str) -> Published:
        """Make ``body`` the file ``name`` (a path below the folder) → the document. Raises PublishError."""
        path = self._folder / name
        try:
            if not has_bytes(path, body):
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, body)
            changed = int(path.stat().st_mtime)
        except OSError as error:
            raise PublishError(
                f"{path}: can't be written: {error.strerror or error}; check the folder, its rights and the disk "
                "([wireroom] publish)"
            ) from error
        digest = hashlib.sha256(body).hexdigest()[:32]
        return Published(
            body=body,
            gzip=gzip.compress(body, mtime=0),
            etag=f'"{digest}"',
            gzip_etag=f'"{digest}-gzip"',
            last_modified=formatdate(changed, usegmt=True),
            media_type=media_type,
        )

    def remove_others(self, kept: set[str]) -> None:
        """Take away feeds of topics that are gone: only names of our own kind, no links. Raises PublishError."""
        folder = self._folder / "topics"
        try:
            for path in folder.iterdir() if folder.is_dir() else ():
                if OURS.fullmatch(path.name) and path.is_file() and not path.is_symlink() and path.stem not in kept:
                    path.unlink()
        except OSError as error:
            raise PublishError(f"{folder}: can't be tidied: {error.strerror or error}; check its rights") from error


def has_bytes(path: Path, body: bytes) -> bool:
    """Tell whether the file is there with just these bytes."""
    return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body


def replace_file(path: Path, body: bytes) -> None:
    """Write by a temporary file, fsync and rename: who reads the path sees the old bytes or the new ones, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # a web server of another user may serve it
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
