"""The archive opened for who works on it: found sound, copied before an upgrade; what is odd is logged. IO: sqlite."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from db.archive import IO_ERROR, ArchiveError, open_writer
from db.restore import take_back
from db.soundness import check_sound
from db.upgrade import keep_copy, need_room_to_change
from wireroom.config import Config
from wireroom.log import Log


def open_archive(config: Config, log: Log) -> Database:
    """Open the archive that a config names, on the writer's thread. Raises ArchiveError."""

    def keep(archive: Path, version: int) -> None:
        kept = None
        if config.backup.before_upgrade:
            kept = keep_copy(archive, config.backup.folder)
        else:
            need_room_to_change(archive)
        log.warning("upgrade", archive=str(archive), schema=version, backup=None if kept is None else str(kept))

    try:
        take_back(config.archive)
    except OSError as error:
        raise ArchiveError(IO_ERROR, f"{error.filename}: can't be read or written: {error.strerror}") from error
    check_sound(config.archive)
    return open_writer(
        config.archive,
        before_upgrade=keep,
        checkpoints=not config.backup.litestream,
        tell=lambda said: log.warning("archive", remark=said),
    )
