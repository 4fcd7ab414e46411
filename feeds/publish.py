"""Published documents as files, also compressed: written only when their bytes change, and always whole. IO: files.

Beside each document are ``.gz`` and ``.br``, as a web server wants them that serves the folder. All three have the
same time, that of the last change of the content: who finds other times knows that a write was broken off.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import brotli

from db.model import FORMATS
from feeds.files import Part, has_bytes, is_of, modified, put_in_place
from feeds.places import ENDS, Spot, spot, spot_of_file
from feeds.tidy import tidy

GZIP_LEVEL = 5
BROTLI_QUALITY = 5
"""Of 77 kB of text: 1.9 and 2.0 ms, 28.8 and 27.6 kB. One step more of gzip saves 0.7 % and costs half as much again;
from brotli's 7 on it takes ten times as long."""

TOGETHER = 240
"""So many files are laid, and then put in their places together: those of some twenty topics."""


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


class Publisher:
    """The publish folder.

    After ``begin`` what is written is only laid there, and gets its place with what else was by then (``settle``).
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._parts: list[Part] = []
        self._failed: dict[str, PublishError] = {}

    def begin(self, key: str) -> None:
        """Begin to lay documents of one matter, a topic for instance: none is done when another of them fails."""
        self._parts.append(Part(key))

    def give_up(self) -> None:
        """Take back what is laid of the matter that was begun last, since another of its documents can't be made.

        Its archive pages may get their places: they lead to nothing that is not there.
        """
        for part in self._parts[-1:]:
            part.take_back([path for path, one in part.files.items() if one.order])

    def afterwards(self, do: Callable[[], Future[Any] | None]) -> None:
        """Have something done when all that was written of this matter is in its place; a future is waited for."""
        if self._parts:
            self._parts[-1].then.append(do)
        elif (future := do()) is not None:
            future.result()

    def settle(self) -> None:
        """Put what is laid in its place, and go on laying. Raises what is raised by what is to be done afterwards."""
        parts, self._parts = self._parts, [Part(part.key) for part in self._parts[-1:]]
        for part in parts:
            if part.key in self._failed:  # what came before is not there, and this may lead to it
                part.take_back([*part.files])
        put_in_place(parts)
        for part in parts:
            if part.error is not None:
                place = part.error.filename2 or self._folder  # no temporary name: it would be another one each time
                self._failed.setdefault(part.key, unwritable(place, part.error))
        done = [do() for part in parts if part.key not in self._failed for do in part.then]
        for future in done:
            if future is not None:
                future.result()

    def end(self) -> dict[str, PublishError]:
        """Put what is laid in its place, and lay no more → the matters that can't be written."""
        try:
            self.settle()
        finally:
            failed = self._failed
            self.drop()
        return failed

    def drop(self) -> None:
        """Take back what is laid, and lay no more."""
        for part in self._parts:
            part.take_back([*part.files])
        self._parts, self._failed = [], {}

    def write(self, name: str, body: bytes, media_type: str, *, changed: int | None = None) -> Published:
        """Make ``body`` the file ``name`` → the document. Raises PublishError.

        ``changed``: when its content changed to these very bytes, where that is known; else it is told by the file, if
        it has them, and is now if it has not. Links inside the folder are not followed: what is behind one may be
        somebody else's file. The folder itself may be a link.
        """
        if sum(len(part.files) for part in self._parts) >= TOGETHER:
            self.settle()
        part = self._parts[-1] if self._parts else Part("")
        path, order = self._path(name), self._spot(name).order
        part.take_back([path, *siblings(path)])  # written twice in one go: the last counts
        try:
            self._check_links(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            there = has_bytes(path, body)
            if changed is None:  # HTTP dates are whole seconds: two changes in one would look like the same state
                newest = max(modified(each) for each in (path, *siblings(path)))
                changed = modified(path) if there else max(int(self._now()), newest + 1)
            try:
                gz, br = lay_whole(part, path, body, changed, order, there=there)
            except BaseException:
                part.take_back([path, *siblings(path)])
                raise
        except OSError as error:
            raise unwritable(path, error) from error
        if not self._parts:
            put_in_place([part])
            if part.error is not None:
                raise unwritable(path, part.error)
        return published(body, gz, br, changed, media_type)

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
                found = spot_of_file(f"topics/{name}/{entry.name}")
                if found and found.page:
                    there[found.page] = there.get(found.page, 0) + 1
        return {page for page, files in there.items() if files == len(FORMATS) * (1 + len(ENDS))}

    def move_pages(self, before: str, name: str) -> None:
        """Have a renamed topic's archive pages be found under its new name, until they are written anew there."""
        topics = self._folder / "topics"
        with contextlib.suppress(OSError):  # they will be
            if all(spot(f"topics/{each}/index.html") for each in (before, name)) and not (topics / name).exists():
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

    def tidy(self, gone: Collection[str]) -> None:
        """Take away what is of topics whose public names are ``gone``, and what a killed process left half written.

        Nothing must be laid meanwhile. Raises PublishError.
        """
        try:
            tidy(self._folder, gone)
        except OSError as error:
            named, topics = Path(error.filename or self._folder), self._folder / "topics"
            place = topics if named.is_relative_to(topics) else named  # what is in it may have a secret topic's name
            raise PublishError(f"{place}: can't be tidied: {error.strerror or error}; check its rights") from error

    def _path(self, name: str) -> Path:
        self._spot(name)
        return self._folder / name

    def _spot(self, name: str) -> Spot:
        if (found := spot(name)) is None:
            raise PublishError(
                f"{name!r} is no name of a published file; give the topic an id of a-z, 0-9, '.', '_', '-'"
            )
        return found

    def _check_links(self, path: Path) -> None:
        """Refuse what is a link, or in one. Raises PublishError."""
        inside = [parent for parent in path.parents if self._folder in parent.parents]
        for place in (*inside, path, *siblings(path)):
            if place.is_symlink():
                raise PublishError(f"{place}: is a link, which is not followed; take it away ([wireroom] publish)")


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
    return [path.with_name(path.name + end) for end in ENDS]


def lay_whole(part: Part, path: Path, body: bytes, changed: int, order: int, *, there: bool) -> tuple[bytes, bytes]:
    """Lay what is not there yet of a document and what is compressed of it → the latter. Raises OSError.

    ``there``: its own file has its bytes. The document last: it is never newer than what is compressed.
    """
    made = []
    for each, compress in zip(siblings(path), (gzipped, brotlied), strict=True):
        if there and is_of(each, changed):
            made.append(each.read_bytes())
        else:
            made.append(compress(body))
            part.lay(each, made[-1], changed, order)
    if not (there and is_of(path, changed)):
        part.lay(path, body, changed, order)
    return made[0], made[1]


def unwritable(path: Path | str, error: OSError) -> PublishError:
    """Say that it can't be written."""
    return PublishError(
        f"{path}: can't be written: {error.strerror or error}; check the folder, its rights and the disk "
        "([wireroom] publish)"
    )


def gzipped(body: bytes) -> bytes:
    """Compress, the same bytes to the same."""
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def brotlied(body: bytes) -> bytes:
    """Compress likewise."""
    return bytes(brotli.compress(body, quality=BROTLI_QUALITY, mode=brotli.MODE_TEXT))
