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
        self._faults = 0

    async def tick(self) -> None:
        """Tell what has changed."""
        guard, log = self._engine.writer.guard, self._engine.log
        trouble, warning, (faults, fault) = guard.trouble, guard.warning, guard.faults
        if faults != self._faults and trouble is None:  # it is over already
            log.error("archive", trouble=fault)
            log.info("archive", trouble=None)
        elif trouble != self._trouble:
            say = log.info if trouble is None else log.error
            say("archive", trouble=trouble)
        self._faults = faults
        if (warning is None) != (self._warning is None):
            say = log.info if warning is None else log.warning
            say("archive log", trouble=warning, bytes=guard.log_bytes)
        if warning is not None:
            self._engine.warnings["log"] = warning
        else:
            self._engine.warnings.pop("log", None)
        self._trouble, self._warning = trouble, warning
