"""Backups packed and unpacked as a stream, and compared with what went in. IO: files."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal, cast

from db.archive import CORRUPT, ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packing = Literal["none", "gzip", "zstd"]
SUFFIXES: Mapping[Packing, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
BEGINNINGS: Mapping[bytes, Packing] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
ZSTD_LEVEL, GZIP_LEVEL = 3, 4
CHUNK_BYTES = 1 << 20


def pack(path: Path, packed: Path, packing: Packing) -> None:
    """Pack a file into ``packed``, which is synced and, unpacked again, has the same bytes. Raises ArchiveError 65."""
    with packed.open("wb") as raw:
        digest = hashlib.sha256()
        with path.open("rb") as source, packer(raw, packing) as target:
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
        raw.flush()
        os.fsync(raw.fileno())
    again = hashlib.sha256()
    with unpacker(packed, packing) as source:
        while chunk := source.read(CHUNK_BYTES):
            again.update(chunk)
    if again.digest() != digest.digest():
        raise ArchiveError(
            CORRUPT, f"{packed.parent}: what was written there reads otherwise; the disk can't be trusted"
        )


def unpack(path: Path, target: Path) -> None:
    """Copy a backup, unpacked if it is packed, whatever its name, to ``target``, synced.

    Raises OSError; ArchiveError 65 where it is cut short or damaged.
    """
    with path.open("rb") as file:
        beginning = file.read(4)
    known = (packing for start, packing in BEGINNINGS.items() if beginning.startswith(start))
    packing: Packing = next(known, "none")
    try:
        with unpacker(path, packing) as source, target.open("wb") as made:
            shutil.copyfileobj(source, made, CHUNK_BYTES)
            made.flush()
            os.fsync(made.fileno())
    except (EOFError, gzip.BadGzipFile, zstd.ZstdError, ValueError) as error:
        raise ArchiveError(CORRUPT, f"{path}: damaged, or cut short ({error}); take another backup") from error


def packer(raw: IO[bytes], packing: Packing) -> IO[bytes]:
    """Open what packs into ``raw``, which stays open."""
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=GZIP_LEVEL, mtime=0))
    return cast("IO[bytes]", zstd.ZstdFile(raw, mode="wb", options=zstd_options()))


def unpacker(path: Path, packing: Packing) -> IO[bytes]:
    """Open a file to be read unpacked."""
    if packing == "none":
        return path.open("rb")
    return cast("IO[bytes]", gzip.open(path) if packing == "gzip" else zstd.open(path))


def zstd_options() -> dict[int, Any]:
    """Say how zstd packs: with a checksum of what went in."""
    return {zstd.CompressionParameter.compression_level: ZSTD_LEVEL, zstd.CompressionParameter.checksum_flag: 1}
