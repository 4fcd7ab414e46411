"""A command asks the daemon to read the config anew: whatever the daemon's state, it is told what came of it."""

from __future__ import annotations

import asyncio
from typing import Any

from faulty import running
from house import House, until
from origin import Origin, item, rss
from wireroom.config import load_config
from wireroom.control import control_server
from wireroom.lock import ArchiveLock
from wireroom.reload import Reloader, tell_daemon


async def test_daemon_that_is_starting_is_waited_for(house: House) -> None:
    """It has the archive but no door yet, and may have read the config before the edit: it is asked once it answers."""
    house.configure({})
    config = load_config(house.config)
    asked: list[dict[str, Any]] = []

    async def answer(request: dict[str, Any], _: object) -> dict[str, Any]:
        asked.append(request)
        return {"sources": 2, "config": str(config.path)}

    assert tell_daemon(config) == {"state": "none", "said": None}
    with ArchiveLock(config.archive, "run"):
        telling = asyncio.create_task(asyncio.to_thread(tell_daemon, config))
        done, _ = await asyncio.wait({telling}, timeout=0.5)
        assert not done
        async with control_server(config.archive, answer):
            assert await telling == {"state": "reloaded", "said": "2 sources"}
    assert asked == [{"do": "reload"}]
    with ArchiveLock(config.archive, "poll"):
        assert tell_daemon(config)["state"] == "none"


async def test_litestream_needs_a_restart(house: House) -> None:
    """Who writes the log back is settled at the start: a reload that took it over in words alone would be a lie."""
    house.configure({})
    async with running(house) as engine:
        house.config.write_text(f"{house.config.read_text()}\n[backup]\nlitestream = true\n")
        (fault,) = await Reloader(engine).reload()
        assert fault.endswith("a restart is needed to change [backup] litestream")
        assert not engine.config.backup.litestream


def test_daemon_that_works_by_another_config_is_named(house: House, origin: Origin) -> None:
    """The same archive, another file: what was written there is not what the daemon reads."""
    origin.feed("/f", rss(item(1)))
    house.configure({}, allow=origin.port)
    other = house.folder / "other.toml"
    other.write_text(house.config.read_text(), encoding="utf-8")
    with house.daemon():
        done = house.wireroom("add", "-c", "other.toml", origin.url("/f"))

    assert done.code == 0
    assert f"has not taken it over: it works by another config, {house.config}" in done.out


def test_bad_config_is_refused_in_the_daemons_words(house: House, origin: Origin) -> None:
    """A later edit by hand broke it: whoever asks is told, the log has it too, the old config stays."""
    house.configure({})
    with house.daemon() as daemon:
        config = load_config(house.config)
        house.config.write_text(house.config.read_text() + "oops\n", encoding="utf-8")

        told = tell_daemon(config)

        assert told["state"] == "refused"
        assert "no valid TOML" in told["said"]
        assert daemon.get("/healthz")[0] == 200
        until(lambda: b"old one stays" in (house.folder / "daemon.log").read_bytes(), "the log does not say so")
