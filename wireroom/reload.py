"""The config read anew by a running daemon, and a command's asking for it. IO: files, sockets, log."""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireroom.clock import utc_now
from wireroom.config import Config, load_config
from wireroom.config_faults import ConfigError
from wireroom.control import NO_DOOR_S, ControlError, NoDaemonError, ask
from wireroom.entities import gazetteer_of
from wireroom.garbage import keep_what_is_there, uncollected
from wireroom.lock import beside
from wireroom.trials import run_trials

if TYPE_CHECKING:
    from wireroom.engine import Engine

FIXED: Mapping[str, Callable[[Config], object]] = {
    "[wireroom] archive": lambda config: config.archive,
    "[wireroom] publish": lambda config: config.publish,
    "[wireroom] listen": lambda config: (config.listen_host, config.listen_port),
    "[backup] litestream": lambda config: config.backup.litestream,
}
"""What a daemon can't change while it runs."""


class Reloader:
    """Reads the config anew for a running daemon, one time at a time: a signal and a command may come together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._one = asyncio.Lock()

    async def on(self, hup: asyncio.Event) -> None:
        """Reload at every SIGHUP; the log says how it went."""
        while True:
            await hup.wait()
            hup.clear()
            await self.reload()

    async def answer(self) -> dict[str, Any]:
        """Reload because a command asks for it → what it is told. Raises ControlError where the old config stays."""
        faults = await self.reload()
        if faults:
            raise ControlError("; ".join(faults))
        return {"sources": len(self._engine.config.sources), "config": str(self._engine.config.path)}

    async def reload(self) -> list[str]:
        """Read the config anew → the faults for which the old one stays; none where the new one is at work."""
        async with self._one:
            self._engine.notifier.reloading()
            try:
                return await self._reload()
            finally:
                self._engine.notifier.ready("serving")

    async def _reload(self) -> list[str]:
        engine = self._engine
        try:
            with uncollected():
                config = await asyncio.to_thread(load_again, engine.config)
                fixed = [name for name, of in FIXED.items() if of(config) != of(engine.config)]
                if not fixed:
                    await engine.reload(config)
                    keep_what_is_there()
            if not fixed:
                await engine.press.publish(everything=True)
        except ConfigError as error:
            faults = [str(fault) for fault in error.faults]
        except Exception as error:
            engine.log.exception("config not reloaded; the old one stays", fault=str(error))
            return [str(error) or type(error).__name__]
        else:
            if not fixed:
                engine.log.info("config reloaded", sources=len(config.sources), topics=len(config.topics))
                return []
            faults = [f"{config.path}: a restart is needed to change {', '.join(fixed)}"]
        for fault in faults:
            engine.log.error("config not reloaded; the old one stays", fault=fault)
        return faults


def load_again(old: Config) -> Config:
    """Read the config's file anew; sources of which nothing has changed stay what they are. Raises ConfigError.

    They need their memory once then, and the garbage collector has looked at them already. What finds names in texts
    is built here, not where the daemon's other work waits: of very many it takes seconds.
    """
    new = load_config(old.path)
    known = {source.id: source for source in old.sources}
    entities = old.entities if old.entities.named == new.entities.named else new.entities
    gazetteer_of(entities, known=new.gazetteer)
    sources = tuple(known[one.id] if known.get(one.id) == one else one for one in new.sources)
    new = replace(new, sources=sources, entities=entities)
    run_trials(new, utc_now())  # an edit that breaks a test of its own is not taken over
    return new


def tell_daemon(config: Config) -> dict[str, Any]:
    """Ask the daemon of ``config``'s archive to read the config anew → ``{"state": …, "said": …}``.

    ``state``: ``reloaded``, ``none`` (no daemon runs), or ``refused``, where ``said`` is why. Never raises: what was
    written is written, whatever the daemon makes of it.
    """
    patience = time.monotonic() + NO_DOOR_S
    while True:
        try:
            result = ask(config.archive, {"do": "reload"}, lambda _: None)
        except NoDaemonError:
            if not starting(config):
                return {"state": "none", "said": None}
            if time.monotonic() > patience:
                return {"state": "refused", "said": "it does not answer; restart it"}
            time.sleep(0.1)
        except (ControlError, ValueError, LookupError) as error:
            return {"state": "refused", "said": str(error)}
        else:
            if Path(result["config"]).resolve() != config.path.resolve():
                return {"state": "refused", "said": f"it works by another config, {result['config']}"}
            count = result["sources"]
            return {"state": "reloaded", "said": f"{count} source{'' if count == 1 else 's'}"}


def starting(config: Config) -> bool:
    """Tell whether a daemon has the archive but no door yet: it may have read the config before it was changed."""
    try:
        with beside(config.archive, ".lock").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return b'"run"' in file.read(1000)
    except OSError:
        pass
    return False
