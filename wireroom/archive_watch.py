"""What befalls the archive's file is told once when it begins, and once when it is over. IO: files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireroom.engine import Engine


class ArchiveWatch:
    """The daemon's job: a line in the log for each change, whatever number of polls meets it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._trouble: str | None = None
        self._warning: str | None = None

    async def tick(self) -> None:
        """Tell what has changed."""
        guard, log = self._engine.writer.guard, self._engine.log
        trouble, warning = guard.trouble, guard.warning
        if trouble != self._trouble:
            say = log.info if trouble is None else log.error
            say("archive", trouble=trouble)
        if (warning is None) != (self._warning is None):
            say = log.info if warning is None else log.warning
            say("archive log", trouble=warning, bytes=guard.log_bytes)
        self._trouble, self._warning = trouble, warning
