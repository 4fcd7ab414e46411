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

    ``last_modified`` is the time of its last change, as an HTTP date. ``unlisted``: no search engine, and no cache that
    several people share, is to keep it.
    """

    body: bytes = field(repr=False)
    gzip: bytes = field(repr=False)
    etag: str
    gzip_etag: str
    last_modified: str
    media_type: str
    unlisted: bool = False


OURS = re.compile(rf"[a-z0-9][a-z0-9._-]*\.(?:{'|'.join(FORMATS)})")
PAGE = "index.html"
TEMPORARY = re.compile(r"\.wireroom-[a-z0-9_]{8}\.tmp")


class Publisher:
    """The publish folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, body: bytes, media_type: str) -> Published:
        """Make ``body`` the file ``name`` → the document. Raises PublishError.

        ``name`` is ``index.html`` or ``topics/ID.FORMAT``. Links inside the folder are not followed: what is behind
        one may be somebody else's file. The folder itself may be a link.
        """
        folder, _, file = name.rpartition("/")
        if not (name == PAGE or (folder == "topics" and OURS.fullmatch(file))):
            raise PublishError(
                f"{name!r} is no name of a published file; give the topic an id of a-z, 0-9, '.', '_', '-'"
            )
        path = self._folder / name
        try:
            for place in (path.parent, path):
                if place != self._folder and place.is_symlink():
                    raise PublishError(f"{place}: is a link, which is not followed; take it away ([wireroom] publish)")
            if not has_bytes(path, body):
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, body)
            changed = int(path.stat().st_mtime)
        except OSError as error:
            raise PublishError(
                f"{path}: can't be written: {error.strerror or error}; check the folder, its rights and the disk "
                "([wireroom] publish)"
            ) from error
        compressed = gzip.compress(body, mtime=0)
        return Published(
            body=body,
            gzip=compressed,
            etag=strong_etag(body),
            gzip_etag=strong_etag(compressed),
            last_modified=formatdate(changed, usegmt=True),
            media_type=media_type,
        )

    def tidy(self, gone: set[str]) -> None:
        """Take away the feeds of topics whose public names are ``gone``, and what a killed process left half written.

        Nothing else in the folder is touched, and no links. Raises PublishError.
        """
        topics = self._folder / "topics"
        for folder in (self._folder, topics):
            try:
                if not folder.is_dir() or (folder == topics and topics.is_symlink()):
                    continue
                for path in folder.iterdir():
                    old = folder == topics and OURS.fullmatch(path.name) and path.stem in gone
                    if (old or TEMPORARY.fullmatch(path.name)) and path.is_file() and not path.is_symlink():
                        path.unlink()
            except OSError as error:
                raise PublishError(f"{folder}: can't be tidied: {error.strerror or error}; check its rights") from error


def strong_etag(body: bytes) -> str:
    """Name just these bytes (RFC 9110, 8.8.3); each encoding of a document has its own."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def has_bytes(path: Path, body: bytes) -> bool:
    """Tell whether the file is there with just these bytes."""
    return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body


def replace_file(path: Path, body: bytes) -> None:
    """Write by a temporary file, fsync and rename: who reads the path sees the old bytes or the new ones, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".wireroom-", suffix=".tmp")
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
