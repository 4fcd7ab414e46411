"""What the service manager hears: over a real datagram socket, of a real daemon."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from house import House
from origin import Origin, item, rss
from wireroom.notify import Notifier, notifier_of


def heard(manager: socket.socket) -> list[str]:
    """Wait for a message → its lines."""
    return manager.recv(4096).decode().split("\n")


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Be the service manager: its socket, and what ``NOTIFY_SOCKET`` says."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        name = str(tmp_path / "notify") if request.param == "path" else f"@wireroom-test-{secrets.token_hex(8)}"
        listener.bind(name.replace("@", "\0") if request.param == "abstract" else name)
        listener.settimeout(30)
        yield listener, name


def test_messages_arrive(manager: tuple[socket.socket, str]) -> None:
    """At a socket in the file system, and at one that is only a name."""
    listener, name = manager
    notifier = notifier_of({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "7"}, 7)

    notifier.ready("3 sources\nMAINPID=1")
    assert heard(listener) == ["READY=1", "STATUS=3 sources MAINPID=1"]
    notifier.reloading()
    reloading, at, status = heard(listener)
    assert (reloading, at.startswith("MONOTONIC_USEC="), status.startswith("STATUS=")) == ("RELOADING=1", True, True)
    notifier.alive("well")
    assert heard(listener) == ["WATCHDOG=1", "STATUS=well"]
    notifier.stopping()
    assert heard(listener)[0] == "STOPPING=1"
    assert notifier.watchdog_s == 120


def test_nobody_is_told_where_nobody_asks(tmp_path: Path) -> None:
    """No socket, one that is gone, a watchdog of another process: nothing is raised."""
    assert Notifier().tell("READY=1") is False
    assert Notifier(str(tmp_path / "gone")).tell("READY=1") is False
    assert notifier_of({"NOTIFY_SOCKET": "relative", "WATCHDOG_USEC": "5"}, 1).watchdog_s is None
    assert notifier_of({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "2"}, 1).watchdog_s is None
    assert notifier_of({"WATCHDOG_USEC": "5000000"}, 1).watchdog_s is None


def test_address_is_not_handed_on() -> None:
    """Workers are not the daemon: what names the socket is taken out of the environment."""
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "5000000", "HOME": "/root"}

    assert notifier_of(environ, 1).watchdog_s == 5
    assert environ == {"HOME": "/root"}


def test_daemon_tells_all_its_life(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """More time at the start, ready when it serves, signs of life, a reload and its end, stopping."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, allow=origin.port)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "n"))
        listener.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        with house.daemon() as daemon:
            assert heard(listener)[0].startswith("EXTEND_TIMEOUT_USEC=")
            wait_for(listener, "READY=1")
            assert daemon.get("/healthz")[0] == 200
            asked = house.wireroom("status", "--health")
            assert (asked.code, asked.out.split()[0] in ("starting", "well")) == (0, True)
            wait_for(listener, "WATCHDOG=1")
            os.kill(daemon.process.pid, signal.SIGHUP)
            wait_for(listener, "RELOADING=1")
            wait_for(listener, "READY=1")
            daemon.stop()
            wait_for(listener, "STOPPING=1")

    assert daemon.process.returncode == 0


def wait_for(manager: socket.socket, line: str) -> None:
    """Read messages until one has the line; the socket's time limit ends it."""
    while line not in heard(manager):
        pass
