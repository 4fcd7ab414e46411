"""Published documents as files, also compressed: written only when their bytes change, and always whole. IO: files.

Beside each document are ``.gz`` and ``.br``, as a web server wants them that serves the folder. All three have the
same time, that of the last change of the content: who finds other times knows that a write was broken off.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import brotli

from db.files import sync
from db.model import FORMATS
from feeds.files import has_bytes, is_of, modified, put_file

GZIP_LEVEL = 5
BROTLI_QUALITY = 5
"""Of 77 kB of text: 1.9 and 2.0 ms, 28.8 and 27.6 kB. One step more of gzip saves 0.7 % and costs half as much again;
from brotli's 7 on it takes ten times as long."""

SIBLINGS = (".gz", ".br")


class PublishError(Exception):
    """A document can't be written; the text names the path and the mend. The file that was there is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A document ready to be served: its bytes, also compressed, and what names this state of it.

    ``last_modified`` is the time of its last change, ``changed`` (seconds since 1970), as an HTTP date. ``unlisted``:
    no search engine, and no cache that several people share, is to keep it.
    """

    body: bytes = field(repr=False)
    gzip: bytes = field(repr=False)
    br: bytes = field(default=b"", repr=False)
    etag: str
    gzip_etag: str
    br_etag: str = ""
    last_modified: str
    media_type: str
    unlisted: bool = False
    changed: int = 0


NAME = r"[a-z0-9][a-z0-9._-]*"
SUFFIX = "|".join(FORMATS)
TOPIC_NAME = re.compile(NAME)
TOPIC_FILE = re.compile(rf"(?P<name>{NAME})\.(?:{SUFFIX})(?:\.gz|\.br)?")
FOLDER_FILE = re.compile(rf"(?:(?P<page>[1-9][0-9]*)\.(?:{SUFFIX})|index\.html)(?:\.gz|\.br)?")
"""What of ours may be in the folder of topics, and in that of one topic."""

OURS = re.compile(
    rf"index\.html|topics\.opml|static/{NAME}|topics/{NAME}\.(?:{SUFFIX})"
    rf"|topics/{NAME}/(?:index\.html|[1-9][0-9]*\.(?:{SUFFIX}))"
)
"""The names of published files."""

TEMPORARY = re.compile(r"\.wireroom-[a-z0-9_]{8}\.tmp")


class Publisher:
    """The publish folder."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now

    def write(self, name: str, body: bytes, media_type: str, *, changed: int | None = None) -> Published:
        """Make ``body`` the file ``name`` → the document. Raises PublishError.

        ``changed``: when its content changed to these very bytes, where that is known; else it is told by the file, if
        it has them, and is now if it has not. Links inside the folder are not followed: what is behind one may be
        somebody else's file. The folder itself may be a link.
        """
        path = self._path(name)
        try:
            self._check_links(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            there = has_bytes(path, body)
            if changed is None:  # HTTP dates are whole seconds: two changes in one would look like the same state
                newest = max(modified(each) for each in (path, *siblings(path)))
                changed = modified(path) if there else max(int(self._now()), newest + 1)
            gz, br = write_whole(path, body, changed, there=there)
            return published(body, gz, br, changed, media_type)
        except OSError as error:
            raise PublishError(
                f"{path}: can't be written: {error.strerror or error}; check the folder, its rights and the disk "
                "([wireroom] publish)"
            ) from error

    def read(self, name: str, media_type: str) -> Published | None:
        """Read a document that was published → None where it is not there, or not whole. Raises PublishError."""
        path = self._path(name)
        try:
            self._check_links(path)
            if len({each.stat().st_mtime_ns for each in (path, *siblings(path))}) > 1:
                return None
            gz, br = (each.read_bytes() for each in siblings(path))
            return published(path.read_bytes(), gz, br, modified(path), media_type)
        except OSError:
            return None

    def changed(self, name: str) -> int:
        """Read when a document's content changed last, seconds since 1970; 0 where it is not there."""
        return modified(self._folder / name)

    def pages(self, name: str) -> set[int]:
        """Find the archive pages of the topic of this public name that are there, in all formats and encodings."""
        there: dict[int, int] = {}
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._folder / "topics" / name):
                found = FOLDER_FILE.fullmatch(entry.name)
                if found and found["page"]:
                    there[int(found["page"])] = there.get(int(found["page"]), 0) + 1
        return {page for page, files in there.items() if files == len(FORMATS) * (1 + len(SIBLINGS))}

    def move_pages(self, before: str, name: str) -> None:
        """Have a renamed topic's archive pages be found under its new name, until they are written anew there."""
        topics = self._folder / "topics"
        with contextlib.suppress(OSError):  # they will be
            if all(TOPIC_NAME.fullmatch(each) for each in (before, name)) and not (topics / name).exists():
                (topics / before).rename(topics / name)

    def drop_pages(self, name: str, *, after: int) -> None:
        """Take away archive pages of a topic that come after its last: another archive was published there."""
        for page in self.pages(name):
            if page > after:
                for fmt in FORMATS:
                    path = self._folder / "topics" / name / f"{page}.{fmt}"
                    for each in (path, *siblings(path)):
                        with contextlib.suppress(OSError):
                            each.unlink()

    def tidy(self, gone: set[str]) -> None:
        """Take away what is of topics whose public names are ``gone``, and what a killed process left half written.

        Nothing else in the folder is touched, and no links. Raises PublishError.
        """
        topics = self._folder / "topics"
        for folder in (self._folder, self._folder / "static", topics):
            with tidying(folder):
                if folder == self._folder or not folder.is_symlink():
                    for path in files_of(folder):
                        found = TOPIC_FILE.fullmatch(path.name) if folder == topics else None
                        if (found and found["name"] in gone) or TEMPORARY.fullmatch(path.name):
                            path.unlink()
        with tidying(topics):
            for folder in [] if topics.is_symlink() else entries_of(topics):
                if folder.is_dir() and not folder.is_symlink():
                    tidy_topic(folder, gone=folder.name in gone)

    def _path(self, name: str) -> Path:
        if not OURS.fullmatch(name) or ".." in name:
            raise PublishError(
                f"{name!r} is no name of a published file; give the topic an id of a-z, 0-9, '.', '_', '-'"
            )
        return self._folder / name

    def _check_links(self, path: Path) -> None:
        """Refuse what is a link, or in one. Raises PublishError."""
        inside = [parent for parent in path.parents if self._folder in parent.parents]
        for place in (*inside, path, *siblings(path)):
            if place.is_symlink():
                raise PublishError(f"{place}: is a link, which is not followed; take it away ([wireroom] publish)")


@contextlib.contextmanager
def tidying(folder: Path) -> Iterator[None]:
    """Say what could not be tidied."""
    try:
        yield
    except OSError as error:
        raise PublishError(f"{folder}: can't be tidied: {error.strerror or error}; check its rights") from error


def tidy_topic(folder: Path, *, gone: bool) -> None:
    """Take away what is in a topic's folder, where that is ``gone``, and what was left half written. Raises OSError."""
    for path in files_of(folder):
        if (gone and FOLDER_FILE.fullmatch(path.name)) or TEMPORARY.fullmatch(path.name):
            path.unlink()
    if gone:
        with contextlib.suppress(OSError):  # there is something in it that is not ours
            folder.rmdir()


def files_of(folder: Path) -> list[Path]:
    """List the files in a folder that are no links; none where there is no folder."""
    return [path for path in entries_of(folder) if path.is_file() and not path.is_symlink()]


def entries_of(folder: Path) -> list[Path]:
    """List all that is in a folder."""
    return list(folder.iterdir()) if folder.is_dir() else []


def published(body: bytes, gz: bytes, br: bytes, changed: int, media_type: str) -> Published:
    """Name this state of a document."""
    return Published(
        body=body,
        gzip=gz,
        br=br,
        etag=strong_etag(body),
        gzip_etag=strong_etag(gz),
        br_etag=strong_etag(br),
        last_modified=formatdate(changed, usegmt=True),
        media_type=media_type,
        changed=changed,
    )


def strong_etag(body: bytes) -> str:
    """Name just these bytes (RFC 9110, 8.8.3); each encoding of a document has its own."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def siblings(path: Path) -> list[Path]:
    """Name the compressed files beside a document."""
    return [path.with_name(path.name + end) for end in SIBLINGS]


def write_whole(path: Path, body: bytes, changed: int, *, there: bool) -> tuple[bytes, bytes]:
    """Write what is not there yet of a document and what is compressed of it → the latter.

    ``there``: its own file has its bytes. The document last: it is never newer than what is compressed.
    """
    made = []
    written = False
    for each, compress in zip(siblings(path), (gzipped, brotlied), strict=True):
        if there and is_of(each, changed):
            made.append(each.read_bytes())
        else:
            made.append(compress(body))
            put_file(each, made[-1], changed)
            written = True
    if not there:
        put_file(path, body, changed)
        written = True
    elif not is_of(path, changed):
        os.utime(path, (changed, changed))
    if written:
        sync(path.parent)
    return made[0], made[1]


def gzipped(body: bytes) -> bytes:
    """Compress, the same bytes to the same."""
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def brotlied(body: bytes) -> bytes:
    """Compress likewise."""
    return bytes(brotli.compress(body, quality=BROTLI_QUALITY, mode=brotli.MODE_TEXT))
